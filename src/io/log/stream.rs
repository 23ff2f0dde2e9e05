//! The three streams that are counted, places in them, and the records they hold.

use std::sync::Arc;

use crate::engine::WallTime;

/// What is appended and read in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Action, conversation and taint facts.
    Facts,
    /// What visitors did, under visit names; gone after two hours.
    Visits,
    /// Volumes that the forecast already holds.
    Baseline,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 3] = [Self::Facts, Self::Visits, Self::Baseline];

    /// Its name: what the embedded log calls its table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Visits => "visits",
            Self::Baseline => "baseline",
        }
    }
}

/// A place in each stream: the number of its last record there, 0 before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    /// In the facts.
    pub facts: u64,
    /// In the visits.
    pub visits: u64,
    /// In the baseline.
    pub baseline: u64,
}

impl Positions {
    /// The place in one stream.
    pub const fn of(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Facts => self.facts,
            Stream::Visits => self.visits,
            Stream::Baseline => self.baseline,
        }
    }

    /// Moves the place in one stream.
    pub const fn set(&mut self, stream: Stream, place: u64) {
        match stream {
            Stream::Facts => self.facts = place,
            Stream::Visits => self.visits = place,
            Stream::Baseline => self.baseline = place,
        }
    }

    /// Whether every stream was followed up to `ends`.
    pub fn reach(&self, ends: &Self) -> bool {
        Stream::ALL.into_iter().all(|stream| self.of(stream) >= ends.of(stream))
    }
}

/// How often something was erased from what had been appended. Between the two numbers records may be missing where they
/// were, and lie further on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erasures {
    /// How often it was begun: who starts to count then reads everything.
    pub begun: u64,
    /// How often it had ended, counted like the beginnings: who counted before counts anew.
    pub ended: u64,
}

/// By what way facts came into the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    /// The log does not tell.
    #[default]
    Untold,
    /// From partitions of input topics: in the order of the facts, so many from each.
    Partitions(Vec<(Arc<str>, usize)>),
    /// From none: the record says that a partition is caught up and silent.
    Silence(Arc<str>),
}

/// A record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the stream; it grows, and none is given twice.
    pub seq: u64,
    /// When it was appended.
    pub appended_at: WallTime,
    /// By what way its facts came.
    pub way: Way,
    /// Whether it was written again, as an erasure left it: it is no news of its source.
    pub is_copy: bool,
    /// The bytes.
    pub body: Vec<u8>,
}
