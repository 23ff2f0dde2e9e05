//! Levels below the queue: a birth-death chain up to the state in which all are busy, seen from its top.

use super::blocking::Inverse;

/// The states up to one, weighed by their probability over that of the topmost.
#[derive(Debug, Clone, Copy)]
pub struct Levels<const FIGURES: usize> {
    /// The sum of all probabilities over the topmost: Erlang's `1/B` where rates are those of his system.
    pub epsilon: f64,
    /// Means over these states.
    pub means: [f64; FIGURES],
}

impl<const FIGURES: usize> Levels<FIGURES> {
    /// The state in which nobody is there, and its figures.
    pub const fn empty(figures: [f64; FIGURES]) -> Self {
        Self { epsilon: 1.0, means: figures }
    }

    /// One state more: left downwards at the rate `completions`, reached from below at the rate `arrivals`.
    pub fn and(self, completions: f64, arrivals: f64, figures: [f64; FIGURES]) -> Self {
        let below = self.epsilon * (completions / arrivals);
        let epsilon = 1.0 + below;
        // Means are weighed, never summed: sums would leave the range of floating point.
        let share = epsilon.recip();
        let mut means = self.means;
        means.iter_mut().zip(figures).for_each(|(mean, figure)| *mean += share * (figure - *mean));
        Self { epsilon, means }
    }

    /// The sum, as the queue above takes it.
    pub const fn inverse(&self) -> Inverse {
        Inverse::Plain(self.epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erlangs_own_rates_give_erlangs_b() {
        // 1/B(2, 1) = 5, and the mean of Poisson(1) cut off at 2 is (1 + 2/2) / (1 + 1 + 1/2) = 0.8.
        let levels = Levels::empty([0.0]).and(1.0, 1.0, [1.0]).and(2.0, 1.0, [2.0]);
        assert!((levels.epsilon - 5.0).abs() < 1e-15);
        assert!((levels.means[0] - 0.8).abs() < 1e-15);
    }

    #[test]
    fn what_is_never_reached_weighs_nothing() {
        let levels = Levels::empty([1.0]).and(1.0, 0.0, [5.0]).and(1.0, 0.0, [5.0]);
        assert_eq!((levels.epsilon, levels.means[0]), (f64::INFINITY, 1.0));
    }
}
