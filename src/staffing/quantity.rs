//! The quantities of staffing, each checked once: agents, erlangs, shares and lengths of time.

use super::Refusal;

/// The largest number of agents, erlangs or seconds that is answered; more is a slip of the pen.
pub const MOST: f64 = 1e9;

/// The least offered load above none: below it, floating point has fewer digits than a figure needs.
pub const LEAST_ERLANGS: f64 = f64::MIN_POSITIVE;

/// The least that a contact gives up in one handle time, where it gives up at all: its patience squared must still be a
/// number.
pub const LEAST_GIVING_UP: f64 = 1e-140;

/// How often one contact would give up in one handle time: 0, or a number whose inverse can be calculated with.
pub fn giving_up(input: &'static str, value: f64) -> Result<f64, Refusal> {
    let value = at_least_zero(input, value)?;
    if value > 0.0 && value < LEAST_GIVING_UP { Err(Refusal::TooSmall { input }) } else { Ok(value) }
}

/// How many agents serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Agents(u32);

impl Agents {
    /// The most that is answered.
    pub const MOST: Self = Self(1_000_000_000);

    /// Nobody.
    pub const NONE: Self = Self(0);

    /// So many.
    pub fn new(count: u64) -> Result<Self, Refusal> {
        let count = u32::try_from(count).ok().filter(|count| *count <= Self::MOST.0);
        count.map(Self).ok_or(Refusal::TooLarge { input: "agents" })
    }

    /// So many, where an input says it as a real number.
    pub fn read(input: &'static str, value: f64) -> Result<Self, Refusal> {
        let value = at_least_zero(input, value)?;
        if value.fract() == 0.0 { Ok(Self(value as u32)) } else { Err(Refusal::NotWhole { input }) }
    }

    /// About as many as the load keeps busy.
    pub fn about(load: Erlangs) -> Self {
        Self(load.real().min(Self::MOST.real()) as u32)
    }

    /// The number.
    pub const fn count(self) -> u64 {
        self.0 as u64
    }

    /// The number, to calculate with.
    pub fn real(self) -> f64 {
        f64::from(self.0)
    }

    /// One fewer; `None` where there is nobody.
    pub const fn one_fewer(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(fewer) => Some(Self(fewer)),
            None => None,
        }
    }

    /// So many more, but never above [`Agents::MOST`].
    pub fn and(self, more: u64) -> Self {
        let sum = u32::try_from(self.count().saturating_add(more)).unwrap_or(u32::MAX);
        Self(sum.min(Self::MOST.0))
    }

    /// So many fewer, but never below nobody.
    pub fn without(self, fewer: u64) -> Self {
        Self(u32::try_from(self.count().saturating_sub(fewer)).unwrap_or(0))
    }

    /// The number in the middle of two.
    pub const fn midway(self, other: Self) -> Self {
        Self(u32::midpoint(self.0, other.0))
    }
}

/// Offered load: contacts that arrive in one average handle time. Zero, or at least [`LEAST_ERLANGS`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Erlangs(f64);

impl Erlangs {
    /// So much, where an input says it.
    pub fn read(input: &'static str, value: f64) -> Result<Self, Refusal> {
        let value = at_least_zero(input, value)?;
        if value > 0.0 && value < LEAST_ERLANGS { Err(Refusal::TooSmall { input }) } else { Ok(Self(value)) }
    }

    /// The number, to calculate with.
    pub const fn real(self) -> f64 {
        self.0
    }

    /// Whether nothing is offered at all.
    pub const fn is_none(self) -> bool {
        self.0 == 0.0
    }
}

/// A finite number from 0 to [`MOST`].
pub fn at_least_zero(input: &'static str, value: f64) -> Result<f64, Refusal> {
    if !value.is_finite() {
        Err(Refusal::NotANumber { input })
    } else if value < 0.0 {
        Err(Refusal::Negative { input })
    } else if value > MOST {
        Err(Refusal::TooLarge { input })
    } else {
        // Minus zero is zero.
        Ok(value + 0.0)
    }
}

/// A finite number above 0, so far from it that its inverse is finite too, and at most [`MOST`].
pub fn above_zero(input: &'static str, value: f64) -> Result<f64, Refusal> {
    let value = at_least_zero(input, value)?;
    if value == 0.0 {
        Err(Refusal::Zero { input })
    } else if value < LEAST_ERLANGS {
        Err(Refusal::TooSmall { input })
    } else {
        Ok(value)
    }
}

/// A number from 0 to 1.
pub fn share(input: &'static str, value: f64) -> Result<f64, Refusal> {
    let value = at_least_zero(input, value)?;
    if value > 1.0 { Err(Refusal::NotAShare { input }) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_refused_by_name() {
        let input = "agents";
        let table = [
            (f64::NAN, Refusal::NotANumber { input }),
            (f64::INFINITY, Refusal::NotANumber { input }),
            (-1.0, Refusal::Negative { input }),
            (2.5, Refusal::NotWhole { input }),
            (1e9 + 1.0, Refusal::TooLarge { input }),
        ];
        for (value, refusal) in table {
            assert_eq!(Agents::read(input, value), Err(refusal));
        }
        assert_eq!(Agents::read(input, 1e9), Ok(Agents::MOST));
        assert_eq!(above_zero(input, 0.0), Err(Refusal::Zero { input }));
        assert_eq!(share(input, 80.0), Err(Refusal::NotAShare { input }));
    }

    #[test]
    fn a_load_that_floating_point_cannot_hold_is_told_from_none() {
        assert!(Erlangs::read("load", 0.0).unwrap().is_none());
        assert!(Erlangs::read("load", -0.0).unwrap().is_none());
        assert_eq!(Erlangs::read("load", 1e-310), Err(Refusal::TooSmall { input: "load" }));
        assert_eq!(Erlangs::read("load", 1e-300).map(Erlangs::real), Ok(1e-300));
    }
}
