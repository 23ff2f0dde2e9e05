//! Whole numbers from ratios, exactly: every input is taken as the shortest decimal that denotes it, so that 0.3 is 3/10.
//!
//! In binary floats 84 / (1 - 0.3) is a little above 120, and its ceiling 121; 13 of 2,800 such pairs go wrong.

use std::cmp::Ordering;

use num_bigint::BigUint;

/// A decimal of at least 0: digits times ten to the power.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    digits: BigUint,
    power: i32,
}

impl Decimal {
    /// The shortest decimal that reads back as `value`, which must be finite and at least 0.
    fn of(value: f64) -> Self {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().unwrap_or_default();
        let places = i32::try_from(fraction.len()).unwrap_or(0);
        Self { digits, power: exponent.parse::<i32>().unwrap_or(0) - places }
    }

    fn whole(value: u64) -> Self {
        Self { digits: BigUint::from(value), power: 0 }
    }

    fn times(self, other: &Self) -> Self {
        Self { digits: self.digits * &other.digits, power: self.power + other.power }
    }

    /// The digits once the last of them stands for ten to this power, which is not above the decimal's own.
    fn digits_at(&self, power: i32) -> BigUint {
        &self.digits * BigUint::from(10_u32).pow(self.power.abs_diff(power))
    }

    fn compared(&self, other: &Self) -> Ordering {
        let power = self.power.min(other.power);
        self.digits_at(power).cmp(&other.digits_at(power))
    }

    /// What is left of 1, where this is at most 1.
    fn left_of_one(&self) -> Self {
        let power = self.power.min(0);
        let one = Self::whole(1).digits_at(power);
        let digits = if self.compared(&Self::whole(1)).is_gt() { BigUint::ZERO } else { one - self.digits_at(power) };
        Self { digits, power }
    }
}

/// A ratio of products of finite numbers of at least 0.
#[derive(Debug, Clone)]
pub struct Ratio {
    above: Decimal,
    below: Decimal,
    nearly: f64,
}

impl Ratio {
    /// The product of `above` over the product of `below`.
    pub fn of(above: &[f64], below: &[f64]) -> Self {
        let product = |factors: &[f64]| {
            factors.iter().fold(Decimal::whole(1), |product, factor| product.times(&Decimal::of(*factor)))
        };
        let nearly = above.iter().product::<f64>() / below.iter().product::<f64>();
        Self { above: product(above), below: product(below), nearly }
    }

    /// The same over a number above 0.
    pub fn over(mut self, number: f64) -> Self {
        self.below = self.below.times(&Decimal::of(number));
        self.nearly /= number;
        self
    }

    /// The same over `1 - share` of it.
    pub fn over_one_less(mut self, share: f64) -> Self {
        self.below = self.below.times(&Decimal::of(share).left_of_one());
        self.nearly /= 1.0 - share;
        self
    }

    /// The least whole number that is not below the ratio; `None` where that is above a billion.
    pub fn rounded_up(&self) -> Option<u64> {
        self.least(Ordering::is_ge)
    }

    /// The least whole number that is above the ratio; `None` where that is above a billion.
    pub fn next_above(&self) -> Option<u64> {
        self.least(Ordering::is_gt)
    }

    fn least(&self, holds: fn(Ordering) -> bool) -> Option<u64> {
        if self.nearly.is_nan() || self.nearly >= 1e9 {
            return None;
        }
        // Floating point is off by less than one, so that the number is one of these four.
        let near = self.nearly.floor() as u64;
        let candidates = near.saturating_sub(1)..=near + 2;
        let compared = |number: u64| Decimal::whole(number).times(&self.below).compared(&self.above);
        candidates.into_iter().find(|number| holds(compared(*number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_decimal_that_was_written() {
        assert_eq!(Ratio::of(&[84.0], &[]).over_one_less(0.3).rounded_up(), Some(120));
        assert_eq!((84.0_f64 / (1.0 - 0.3)).ceil(), 121.0);
        assert_eq!(Ratio::of(&[84.0], &[]).over_one_less(0.29999).rounded_up(), Some(120));
        assert_eq!(Ratio::of(&[84.0], &[]).over_one_less(0.30001).rounded_up(), Some(121));
        assert_eq!(Ratio::of(&[5.0], &[]).over_one_less(1e-300).rounded_up(), Some(6));
        assert_eq!(Ratio::of(&[5.0], &[]).over_one_less(1.0).rounded_up(), None);
    }

    #[test]
    fn a_whole_ratio_is_its_own_ceiling_and_the_next_above_is_one_more() {
        let whole = Ratio::of(&[0.7, 900.0], &[900.0, 0.1]);
        assert_eq!((whole.rounded_up(), whole.next_above()), (Some(7), Some(8)));
        let between = Ratio::of(&[200.0, 300.0], &[900.0, 0.9]);
        assert_eq!((between.rounded_up(), between.next_above()), (Some(75), Some(75)));
        let nothing = Ratio::of(&[0.0], &[1e-300]);
        assert_eq!((nothing.rounded_up(), nothing.next_above()), (Some(0), Some(1)));
    }

    #[test]
    fn a_ratio_above_a_billion_is_no_number_of_agents() {
        assert_eq!(Ratio::of(&[1e9, 1e9], &[1.0]).rounded_up(), None);
        assert_eq!(Ratio::of(&[1.0], &[0.0]).rounded_up(), None);
    }
}
