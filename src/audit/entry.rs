//! An entry: one event with its place in the chain, in the one way to write it.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::Event;
use super::instant::wall;
use super::note::ORIGIN;
use crate::engine::WallTime;

/// The hash of a chain up to some entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// That of a chain without entries.
    pub fn of_nothing() -> Self {
        Self(Sha256::digest(ORIGIN.as_bytes()).into())
    }

    /// That of a chain whose hash was this, and which goes on with an entry of these bytes.
    #[must_use]
    pub fn with(&self, entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(entry).finalize().into())
    }

    /// The hash that these hex digits write.
    pub fn from_hex(text: &str) -> Option<Self> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() || text.chars().any(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            return None;
        }
        let digits = pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        digits.collect::<Option<Vec<u8>>>()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("is no hash"))
    }
}

/// One event and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number, from 1.
    pub sequence: u64,
    /// When.
    #[serde(with = "wall")]
    pub at: WallTime,
    /// The chain's hash before it.
    pub previous: Hash,
    /// What happened.
    pub event: Event,
}

impl Entry {
    /// The one way to write it: JSON without blanks, names sorted, text in UTF-8.
    pub fn written(&self) -> String {
        // A map of plain text and numbers can always be written.
        serde_json::to_value(self).map(|value| value.to_string()).unwrap_or_default()
    }

    /// An entry back from its bytes; none where they are not the one way to write it.
    pub fn read(text: &str) -> Option<Self> {
        let entry: Self = serde_json::from_str(text).ok()?;
        (entry.written() == text).then_some(entry)
    }
}
