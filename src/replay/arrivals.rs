//! Arrivals: facts put into the order in which their records arrived, in bounded memory whatever their number.

use std::hash::BuildHasher;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::vec;

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

use super::runs::{Merge, Runs};
use crate::engine::{EventTime, Fact, Labels};

/// Where a record stands among all: by its arrival, then by what it says.
///
/// The record itself may not rest, so its 128-bit hash stands for it: a function of its bytes alone, so the order is
/// the same however the records lie in files. Records that share it are taken for copies, whose facts are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// When it arrived.
    pub at: EventTime,
    /// What it says.
    pub record: u128,
}

static ONE_HALF: SharedSeed = SharedSeed::from_u64(1);
static OTHER_HALF: SharedSeed = SharedSeed::from_u64(2);

impl Turn {
    /// The turn of a record that arrived at this time.
    pub fn of(at: EventTime, record: &[u8]) -> Self {
        let half = |seed| u128::from(SeedableRandomState::with_seed(0, seed).hash_one(record));
        Self { at, record: half(&ONE_HALF) << 64 | half(&OTHER_HALF) }
    }
}

/// A fact and the turn of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The turn.
    pub turn: Turn,
    /// The fact.
    pub fact: Fact,
}

/// How much is held in memory at once.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// So many facts are sorted together; more of them are runs of a temporary file.
    pub run: usize,
    /// So many facts of a run are read at once.
    pub block: usize,
    /// So many runs are merged at once; more of them are merged into longer ones first.
    pub merged: usize,
}

impl Bounds {
    /// About 10 MB for a run, and 5 MB for the blocks of those that are merged.
    pub const USUAL: Self = Self { run: 65_536, block: 128, merged: 256 };
}

/// Where facts rest that are too many: for the shortest time, in a file without a name that is gone when the process is.
#[derive(Debug, Clone)]
pub struct Store {
    /// The folder of the file.
    pub folder: PathBuf,
    /// The organizations that facts count in.
    pub organizations: Vec<Arc<str>>,
    /// How much is held in memory.
    pub bounds: Bounds,
}

/// Facts that wait for being put in order.
#[derive(Debug)]
pub struct Arrivals {
    store: Store,
    waiting: Vec<Arrived>,
    runs: Option<Runs>,
}

impl Arrivals {
    /// None yet.
    pub const fn new(store: Store) -> Self {
        Self { store, waiting: Vec::new(), runs: None }
    }

    /// One more; `labels` is the table in which its labels are interned.
    pub fn push(&mut self, arrived: Arrived, labels: &Labels) -> io::Result<()> {
        self.waiting.push(arrived);
        if self.waiting.len() < self.store.bounds.run { Ok(()) } else { self.spill(labels) }
    }

    /// All of them, in order. `labels` is the table in which their labels are interned.
    pub fn in_order(mut self, labels: &mut Labels) -> io::Result<InOrder> {
        if self.runs.is_some() && !self.waiting.is_empty() {
            self.spill(labels)?;
        }
        Ok(match self.runs {
            Some(runs) => {
                // What is merged now needs the room more than what will never be pushed.
                drop(self.waiting);
                InOrder::Spilled(runs.merge(&self.store, labels)?)
            }
            None => {
                self.waiting.sort_unstable_by_key(|arrived| arrived.turn);
                InOrder::Held(self.waiting.into_iter())
            }
        })
    }

    fn spill(&mut self, labels: &Labels) -> io::Result<()> {
        self.waiting.sort_unstable_by_key(|arrived| arrived.turn);
        let runs = match &mut self.runs {
            Some(runs) => runs,
            none => none.insert(Runs::in_folder(&self.store.folder)?),
        };
        let mut writing = runs.add(&self.store);
        for arrived in self.waiting.drain(..) {
            writing.push(arrived, labels)?;
        }
        writing.end(labels)
    }
}

/// Facts in order.
#[derive(Debug)]
pub enum InOrder {
    /// They were few.
    Held(vec::IntoIter<Arrived>),
    /// They come from a temporary file.
    Spilled(Merge),
}

impl InOrder {
    /// The next one.
    pub fn next(&mut self, labels: &mut Labels) -> io::Result<Option<Arrived>> {
        match self {
            Self::Held(arrived) => Ok(arrived.next()),
            Self::Spilled(merge) => merge.next(labels),
        }
    }
}
