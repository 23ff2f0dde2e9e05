//! The embedded log: facts, state and adjustments of one machine in one SQLite file, beside its key and its lock.
//!
//! Any number of processes append and read beside the one runner that counts. Every change is one transaction that
//! survives a crash, or it has not happened.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::master::{self as keys, Master};
use crate::audit::Signer;

mod error;
pub use error::EmbeddedError;

mod schema;

mod master;

mod epoch_keys;

mod append;

mod read;
pub use read::{SetAside, StoredRevision};

mod commit;

mod meta;

mod sweep;
pub use sweep::{OnHold, Retention, Swept};

mod erase;
pub use erase::Erased;

mod audit;

mod lock;
pub use lock::RunnerLock;

mod runner;
pub use runner::Runner;

mod retained;
pub use retained::{OpenTo, Retained};

mod onlooker;
pub use onlooker::Onlooker;

#[cfg(test)]
mod tests;

/// The name of the database in the data folder.
const DATABASE: &str = "journeycast.db";
/// The name of the master key that is made where no other is configured.
const MASTER_KEY: &str = "master.key";

/// One process's hold on a data folder.
#[derive(Debug)]
pub struct Embedded {
    connection: Connection,
    file: PathBuf,
    master: Master,
    signer: Signer,
}

impl Embedded {
    /// Opens the log in `folder`, which is made where it is missing. Without a `key_file`, its own master key is made once.
    ///
    /// # Errors
    ///
    /// Where the folder, the database or the master key cannot be used; the error says what to do.
    pub fn open(folder: &Path, key_file: Option<&Path>) -> Result<Self, EmbeddedError> {
        let trouble = |source| EmbeddedError::Folder { folder: folder.to_path_buf(), source };
        make_folder(folder).map_err(trouble)?;
        let one_opens_at_a_time = File::open(folder).map_err(trouble)?;
        one_opens_at_a_time.lock().map_err(trouble)?;
        let file = folder.join(DATABASE);
        let connection = schema::open(&file)?;
        let master = match key_file {
            Some(key_file) => Master::read(key_file)?,
            None => master::own(&folder.join(MASTER_KEY), || master::is_known(&connection, &file))?,
        };
        let signer = Signer::of(&master.audit_seed());
        let mut embedded = Self { connection, file, master, signer };
        embedded.recognize_master(key_file.unwrap_or(&folder.join(MASTER_KEY)))?;
        Ok(embedded)
    }

    /// The same, with a key of its own for the audit in place of the one that comes of the master.
    ///
    /// # Errors
    ///
    /// Where the file holds no key.
    pub fn signing_with(mut self, audit_key_file: Option<&Path>) -> Result<Self, EmbeddedError> {
        if let Some(file) = audit_key_file {
            self.signer = Signer::of(&keys::audit_seed(file)?);
        }
        Ok(self)
    }

    /// Opens the log in `folder`, which must be there, to read what was published: rows stay readable where the master key
    /// is lost.
    ///
    /// # Errors
    ///
    /// Where the folder or the database cannot be used.
    pub fn open_published(folder: &Path) -> Result<Self, EmbeddedError> {
        let trouble = |source| EmbeddedError::Folder { folder: folder.to_path_buf(), source };
        let one_opens_at_a_time = File::open(folder).map_err(trouble)?;
        one_opens_at_a_time.lock().map_err(trouble)?;
        let file = folder.join(DATABASE);
        let master = Master::of_a_reader()?;
        let signer = Signer::of(&master.audit_seed());
        Ok(Self { connection: schema::open(&file)?, file, master, signer })
    }

    /// Whether a log is in this folder; looking makes none.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(DATABASE).exists()
    }

    /// Where everything is.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// The key under which labels that the configuration does not name are hidden; the same for as long as the master is.
    const fn master_label_key(&self) -> [u8; 32] {
        self.master.label_key()
    }

    /// Runs one transaction that nobody else's can come between; where `work` fails, nothing has happened.
    fn change<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &Master) -> Result<T, Mishap>,
    ) -> Result<T, EmbeddedError> {
        let Self { connection, file, master, .. } = self;
        let whole = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction, master)?;
            transaction.commit()?;
            Ok(result)
        };
        whole().map_err(|mishap: Mishap| mishap.at(file))
    }

    /// Looks something up.
    fn look<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, EmbeddedError> {
        work(&self.connection).map_err(|error| EmbeddedError::of(&self.file, error))
    }
}

/// Nobody else may look into a folder that is made here; what is there already stays as it is.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// What can go wrong within a transaction.
enum Mishap {
    /// The database's own trouble.
    Database(rusqlite::Error),
    /// Ours.
    Ours(EmbeddedError),
}

impl Mishap {
    fn at(self, file: &Path) -> EmbeddedError {
        match self {
            Self::Database(error) => EmbeddedError::of(file, error),
            Self::Ours(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Mishap {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<EmbeddedError> for Mishap {
    fn from(error: EmbeddedError) -> Self {
        Self::Ours(error)
    }
}

/// A count or position as SQLite keeps it.
fn as_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or position as SQLite kept it.
fn as_counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
