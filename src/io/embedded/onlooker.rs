//! Somebody who counts what the runner counted, beside it, and commits nothing.

use super::{Embedded, EmbeddedError};
use crate::engine::{EventTime, WallTime};
use crate::io::log::{Commit, Fate, Log, LogError, Positions, Stored, Stream};
use crate::settings::Settings;

/// A view of a data folder up to what was committed: facts alone, which is what nobody else tells.
#[derive(Debug)]
pub struct Onlooker {
    log: Embedded,
}

impl Onlooker {
    /// Looks at the folder that a configuration names.
    ///
    /// # Errors
    ///
    /// Where the log cannot be opened.
    pub fn of(settings: &Settings) -> Result<Self, EmbeddedError> {
        Ok(Self { log: Embedded::of(settings)? })
    }
}

impl Log for Onlooker {
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError> {
        Ok(self.log.positions()?)
    }

    fn ends(&mut self) -> Result<Positions, LogError> {
        Ok(self.log.positions()?.0)
    }

    fn read(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        match stream {
            Stream::Facts => Ok(self.log.read(stream, after, limit)?),
            Stream::Visits | Stream::Baseline => Ok(Vec::new()),
        }
    }

    fn newest_rows(&mut self, _: EventTime) -> Result<Vec<Vec<u8>>, LogError> {
        Ok(Vec::new())
    }

    fn commit(&mut self, _: WallTime, _: &Commit<'_>) -> Result<(), LogError> {
        Err(LogError::new(Fate::Halt, "an onlooker commits nothing"))
    }
}
