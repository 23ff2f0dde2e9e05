//! What can go wrong with the embedded log, what becomes of it, and what the operator can do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

use crate::audit::Wrong;
use crate::io::log::{Fate, LogError};
use crate::io::master::MasterError;
use crate::wire::Unreadable;

/// Why the embedded log did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The data folder cannot be used.
    #[error("the data folder {folder} cannot be used: {source}; make it writable for this user, or set [log] path")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration asks for the other log.
    #[error("[log] kind = \"kafka\" has no data folder; set kind = \"embedded\"")]
    NotEmbedded,
    /// Another runner counts here.
    #[error(
        "another journeycast{} already runs on {folder}; stop it, or set another [log] path",
        .pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
    )]
    AlreadyRunning {
        /// The data folder.
        folder: PathBuf,
        /// The other's process id, where it is readable.
        pid: Option<u32>,
    },
    /// The disk, or the limit of the file, is full.
    #[error("no space is left for {file}; nothing that was stored is lost: free some space and start again")]
    Full {
        /// The database.
        file: PathBuf,
    },
    /// The disk failed.
    #[error(
        "{file} could not be read or written ({source}); nothing that was stored is lost: look at the disk, its space \
         and its permissions, and start again"
    )]
    Disk {
        /// The database.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Others kept the database busy for too long.
    #[error("{file} was busy with another process for too long; nothing was stored by this one")]
    Busy {
        /// The database.
        file: PathBuf,
    },
    /// The database is damaged.
    #[error(
        "{file} is damaged ({source}): put the data folder of a backup in its place, or move it away and ingest again"
    )]
    Corrupt {
        /// The database.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is no database of ours.
    #[error("{file} is not a database of journeycast: set another [log] path, or move the file away")]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A later version wrote the database.
    #[error(
        "{file} has schema version {found}, and this version of journeycast knows {known}: start the version that wrote it"
    )]
    NewerSchema {
        /// The database.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// There is no usable master key.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The master key that the state was made with is gone.
    #[error(
        "the master key {file} is missing, and {database} was made with it: put the file back; docs/operating.md says \
         how to go on without it"
    )]
    MasterMissing {
        /// The key file.
        file: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// The master key is another than the one that the state was made with.
    #[error(
        "the master key at {file} is not the one that {database} was made with: put the right key back; \
         docs/operating.md says how to go on without it"
    )]
    MasterOther {
        /// The key file.
        file: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// An epoch's key was changed by somebody else.
    #[error(
        "the {domain} key of epoch {epoch} in {file} does not open with the master key: somebody changed it; put the \
         data folder of a backup in its place, or move it away and ingest again"
    )]
    KeyDamaged {
        /// The database.
        file: PathBuf,
        /// The epoch's number.
        epoch: i32,
        /// The domain's name.
        domain: &'static str,
    },
    /// The audit does not go on with this key, or was changed.
    #[error(
        "the audit in {file} cannot go on: {why}; nothing was done: put back the right [keys] audit_key_file (without one the \
         master key signs), or the data folder of a backup"
    )]
    AuditBroken {
        /// The database.
        file: PathBuf,
        /// Why.
        why: Wrong,
    },
    /// A record of facts cannot be read.
    #[error(
        "record {seq} of facts in {file} cannot be read ({why}); nothing was erased: put the data folder of a backup in its place"
    )]
    FactsDamaged {
        /// The database.
        file: PathBuf,
        /// Its number.
        seq: u64,
        /// Why.
        why: Unreadable,
    },
    /// A revision was said before, and what was said is never changed.
    #[error("revision {revision} of {key} or a later one was said before; no row of this commit was stored")]
    SaidBefore {
        /// The row's key.
        key: String,
        /// Its revision.
        revision: u64,
    },
    /// Anything else that the database says.
    #[error("{file} refused what it was asked: {source}")]
    Database {
        /// The database.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl EmbeddedError {
    /// What becomes of the work.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::Busy { .. } => Fate::Retry,
            Self::Folder { .. }
            | Self::NotEmbedded
            | Self::AlreadyRunning { .. }
            | Self::Full { .. }
            | Self::Disk { .. }
            | Self::Corrupt { .. }
            | Self::Foreign { .. }
            | Self::NewerSchema { .. }
            | Self::Master(_)
            | Self::MasterMissing { .. }
            | Self::MasterOther { .. }
            | Self::KeyDamaged { .. }
            | Self::AuditBroken { .. }
            | Self::FactsDamaged { .. }
            | Self::SaidBefore { .. }
            | Self::Database { .. } => Fate::Halt,
        }
    }

    /// What an error of SQLite means for this file.
    pub(super) fn of(file: &Path, source: rusqlite::Error) -> Self {
        let file = file.to_path_buf();
        match source.sqlite_error() {
            Some(failure) if failure.code == ErrorCode::DiskFull => Self::Full { file },
            Some(failure) if is_busy(failure) => Self::Busy { file },
            Some(failure) if failure.code == ErrorCode::DatabaseCorrupt => Self::Corrupt { file, source },
            Some(failure) if failure.code == ErrorCode::NotADatabase => Self::Foreign { file },
            Some(failure) if is_of_the_disk(failure) => Self::Disk { file, source },
            Some(_) | None => Self::Database { file, source },
        }
    }
}

impl From<EmbeddedError> for LogError {
    fn from(error: EmbeddedError) -> Self {
        Self::new(error.fate(), error)
    }
}

fn is_busy(failure: &ffi::Error) -> bool {
    matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
}

fn is_of_the_disk(failure: &ffi::Error) -> bool {
    matches!(
        failure.code,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied
    )
}
