//! The embedded log as the two loops see it, and the hold of the one runner that counts.

use super::{Embedded, EmbeddedError, RunnerLock};
use crate::engine::names::Epoch;
use crate::engine::{EventTime, WallTime};
use crate::io::log::{Append, Commit, EpochKeys, Erasures, Intake, Log, LogError, Positions, Stored, Stream};
use crate::settings::{self, Settings};

impl Embedded {
    /// Opens the log that a configuration names.
    ///
    /// # Errors
    ///
    /// Where it names another kind of log, or its folder cannot be used.
    pub fn of(settings: &Settings) -> Result<Self, EmbeddedError> {
        match &settings.log {
            settings::Log::Embedded { path } => {
                Self::open(path, settings.key_file.as_deref())?.signing_with(settings.audit_key_file.as_deref())
            }
            settings::Log::Kafka { .. } => Err(EmbeddedError::NotEmbedded),
        }
    }
}

impl Embedded {
    /// Opens the log that a configuration names to read what was published, without the master key.
    ///
    /// # Errors
    ///
    /// Where it names another kind of log, or its folder cannot be used.
    pub fn published(settings: &Settings) -> Result<Self, EmbeddedError> {
        match &settings.log {
            settings::Log::Embedded { path } => Self::open_published(path),
            settings::Log::Kafka { .. } => Err(EmbeddedError::NotEmbedded),
        }
    }
}

impl Intake for Embedded {
    fn label_key(&self) -> [u8; 32] {
        self.master_label_key()
    }

    fn epoch_keys(&mut self, epoch: Epoch, now: WallTime) -> Result<EpochKeys, LogError> {
        Ok(Self::epoch_keys(self, epoch, now)?)
    }

    fn destructions(&mut self) -> Result<u64, LogError> {
        Ok(Self::destructions(self)?)
    }

    fn append(&mut self, now: WallTime, what: &Append<'_>) -> Result<(), LogError> {
        Ok(Self::append(self, now, what)?)
    }
}

/// The one process that counts in a data folder.
#[derive(Debug)]
pub struct Runner {
    log: Embedded,
    _lock: RunnerLock,
}

impl Runner {
    /// Becomes the runner of the folder that a configuration names.
    ///
    /// # Errors
    ///
    /// Where another process is the runner, the log cannot be opened, or its audit cannot go on.
    pub fn of(settings: &Settings) -> Result<Self, EmbeddedError> {
        let log = Embedded::of(settings)?.audited()?;
        let lock = RunnerLock::take(log.folder())?;
        Ok(Self { log, _lock: lock })
    }

    /// The log, to be read.
    pub const fn log(&self) -> &Embedded {
        &self.log
    }

    /// The log, to be swept.
    pub const fn log_mut(&mut self) -> &mut Embedded {
        &mut self.log
    }
}

impl Log for Runner {
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError> {
        Ok(self.log.positions()?)
    }

    fn ends(&mut self) -> Result<Positions, LogError> {
        Ok(self.log.ends()?)
    }

    fn read(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.log.read(stream, after, limit)?)
    }

    fn newest_rows(&mut self, from: EventTime) -> Result<Vec<Vec<u8>>, LogError> {
        Ok(self.log.newest_rows(from)?)
    }

    fn erasures(&mut self) -> Result<Erasures, LogError> {
        // One transaction begins and ends it.
        let number = self.log.erasures()?;
        Ok(Erasures { begun: number, ended: number })
    }

    fn commit(&mut self, now: WallTime, what: &Commit<'_>) -> Result<(), LogError> {
        Ok(self.log.commit(now, what)?)
    }
}
