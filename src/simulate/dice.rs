//! Chance, drawn from a seed and nothing else.

use std::fmt;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde::{Serialize, Serializer};

/// A stream of chance that is the same for the same seed and path.
#[derive(Debug, Clone)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// The stream at the end of a path: streams of different paths know nothing of each other.
    pub fn new(seed: u64, path: &[i64]) -> Self {
        let mixed = path.iter().fold(scrambled(seed), |mixed, step| scrambled(mixed ^ step.cast_unsigned()));
        Self(Pcg64Mcg::seed_from_u64(mixed))
    }

    /// A number from 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from `least` up to, but not including, `most`.
    pub fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below `end`, or 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.unit() * end as f64) as usize).min(end.saturating_sub(1))
    }

    /// One of these; the fallback where there are none.
    pub fn one_of<T: Copy>(&mut self, choices: &[T], fallback: T) -> T {
        let place = self.below(choices.len());
        choices.get(place).copied().unwrap_or(fallback)
    }

    /// One of these by weight; the fallback where there are none.
    pub fn weighted<T: Copy>(&mut self, choices: &[(f64, T)], fallback: T) -> T {
        let mut left = self.unit() * choices.iter().map(|(weight, _)| weight).sum::<f64>();
        for (weight, choice) in choices {
            left -= weight;
            if left < 0.0 {
                return *choice;
            }
        }
        fallback
    }

    /// The time until the next event of a Poisson process, in the unit of which `rate` counts events.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// A fresh identifier.
    pub fn id(&mut self) -> Id {
        let mut bytes = (u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())).to_be_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Id(bytes)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
const fn scrambled(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A random UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id([u8; 16]);

impl Id {
    /// Calls `with` with its text, hyphens included.
    fn spelled<T>(self, with: impl FnOnce(&str) -> T) -> T {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut place = 0;
        for byte in self.0 {
            if matches!(place, 8 | 13 | 18 | 23) {
                place += 1;
            }
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 15)];
            place += 2;
        }
        with(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spelled(|text| out.write_str(text))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spelled(|text| serializer.serialize_str(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_path_gives_the_same_chance_and_another_path_another() {
        let draw = |path: &[i64]| Dice::new(7, path).unit().to_bits();
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
    }

    #[test]
    fn an_identifier_reads_like_a_uuid() {
        let text = Dice::new(1, &[]).id().to_string();
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
}
