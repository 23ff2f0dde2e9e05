//! How long things take: distributions that can be both drawn and known.
//!
//! The same closed form serves the visitor, who draws from it, and the true mean, which integrates it.

use super::dice::Dice;

/// A length of time in seconds, as a distribution cut at `most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// Any time between the two is as likely as any other.
    Even {
        /// The shortest, in seconds.
        least: f64,
        /// The longest, in seconds.
        most: f64,
    },
    /// Exponential: how long it has taken says nothing of how long it still takes.
    Memoryless {
        /// The mean before the cut, in seconds.
        mean: f64,
        /// The longest, in seconds.
        most: f64,
    },
    /// Log-logistic: mostly short, now and then very long.
    LongTailed {
        /// The median before the cut, in seconds.
        median: f64,
        /// How thin the tail is; above 1.
        shape: f64,
        /// The longest, in seconds.
        most: f64,
    },
}

impl Delay {
    /// The longest that it takes, in seconds.
    pub const fn most(self) -> f64 {
        match self {
            Self::Even { most, .. } | Self::Memoryless { most, .. } | Self::LongTailed { most, .. } => most,
        }
    }

    /// The probability that it takes at most so many seconds.
    pub fn share_by(self, seconds: f64) -> f64 {
        if seconds >= self.most() {
            return 1.0;
        }
        if seconds <= 0.0 {
            return 0.0;
        }
        self.uncut(seconds) / self.uncut(self.most())
    }

    /// Draws one, in seconds.
    pub fn draw(self, dice: &mut Dice) -> f64 {
        let share = dice.unit() * self.uncut(self.most());
        match self {
            Self::Even { least, most } => least + share * (most - least),
            Self::Memoryless { mean, .. } => -(1.0 - share).ln() * mean,
            Self::LongTailed { median, shape, .. } => median * (share / (1.0 - share)).powf(1.0 / shape),
        }
    }

    /// The distribution function before the cut.
    fn uncut(self, seconds: f64) -> f64 {
        match self {
            Self::Even { least, most } => ((seconds - least) / (most - least)).clamp(0.0, 1.0),
            Self::Memoryless { mean, .. } => 1.0 - (-seconds / mean).exp(),
            Self::LongTailed { median, shape, .. } => 1.0 / (1.0 + (seconds / median).powf(-shape)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_follows_what_is_known() {
        let mut dice = Dice::new(3, &[]);
        for delay in [
            Delay::Even { least: 2.0, most: 9.0 },
            Delay::Memoryless { mean: 40.0, most: 120.0 },
            Delay::LongTailed { median: 30.0, shape: 1.6, most: 600.0 },
        ] {
            let drawn: Vec<f64> = (0..20_000).map(|_| delay.draw(&mut dice)).collect();
            for point in [3.0, 8.0, 30.0, 100.0, 500.0] {
                let seen = drawn.iter().filter(|seconds| **seconds <= point).count() as f64 / 20_000.0;
                assert!((seen - delay.share_by(point)).abs() < 0.015, "{delay:?} at {point}: {seen}");
            }
            assert!(drawn.iter().all(|seconds| (0.0..=delay.most()).contains(seconds)));
        }
    }
}
