//! The tables of the embedded log, and how a connection to them is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::EmbeddedError;

/// "JCST": says in the file's head whose it is.
const APPLICATION: i64 = 0x4A43_5354;
/// The version of the tables below.
const VERSION: i64 = 2;
/// How long one process waits for another's transaction.
const PATIENCE: Duration = Duration::from_secs(30);

const TABLES: &str = "
CREATE TABLE facts (seq INTEGER PRIMARY KEY AUTOINCREMENT, appended_at INTEGER NOT NULL, newest_event INTEGER NOT NULL,
    n INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX facts_by_age ON facts (appended_at);
CREATE TABLE visits (seq INTEGER PRIMARY KEY AUTOINCREMENT, appended_at INTEGER NOT NULL, newest_event INTEGER NOT NULL,
    n INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX visits_by_age ON visits (appended_at);
CREATE TABLE baseline (seq INTEGER PRIMARY KEY AUTOINCREMENT, appended_at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX baseline_by_age ON baseline (appended_at);
CREATE TABLE rows (key TEXT PRIMARY KEY, business_unit TEXT NOT NULL, planning_group TEXT NOT NULL,
    interval_start INTEGER NOT NULL, revision INTEGER NOT NULL, said_at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX rows_in_order ON rows (business_unit, planning_group, interval_start);
CREATE INDEX rows_by_age ON rows (said_at);
CREATE TABLE revisions (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, revision INTEGER NOT NULL,
    said_at INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (key, revision));
CREATE INDEX revisions_by_age ON revisions (said_at);
CREATE TABLE set_aside (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source TEXT NOT NULL,
    container TEXT NOT NULL, partition INTEGER, position INTEGER NOT NULL, class TEXT NOT NULL, path TEXT);
CREATE INDEX set_aside_by_age ON set_aside (at);
CREATE TABLE positions (name TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE progress (only INTEGER PRIMARY KEY CHECK (only = 0), body BLOB NOT NULL);
CREATE TABLE accounting (source TEXT NOT NULL, outcome TEXT NOT NULL, class TEXT NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (source, outcome, class));
CREATE TABLE unrouted_labels (stand_in TEXT PRIMARY KEY, text TEXT NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE keys (epoch INTEGER NOT NULL, domain TEXT NOT NULL, wrapped BLOB NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (epoch, domain));
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);
";
/// What version 2 added.
const AUDIT: &str = "
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry TEXT NOT NULL, hash BLOB NOT NULL,
    head TEXT NOT NULL);
";

/// What a folder of version 1 notes of itself: these keys were made before there was an audit to tell of them.
const UNTOLD: &str = "
INSERT INTO meta (key, value) SELECT 'keys_before_audit', max(epoch) FROM keys HAVING max(epoch) IS NOT NULL;
";

/// Opens the database, and makes its tables where it is new. Only one process may do so at a time.
pub(super) fn open(file: &Path) -> Result<Connection, EmbeddedError> {
    let failed = |error| EmbeddedError::of(file, error);
    let mut connection = Connection::open(file).map_err(failed)?;
    set_up(&connection).map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found = Found::of(&transaction).map_err(failed)?;
    match found {
        Found::Nothing => make(transaction).map_err(failed)?,
        Found::Ours(1) => bring_up(transaction).map_err(failed)?,
        Found::Ours(VERSION) => transaction.commit().map_err(failed)?,
        Found::Ours(found) => {
            return Err(EmbeddedError::NewerSchema { file: file.to_path_buf(), found, known: VERSION });
        }
        Found::Foreign => return Err(EmbeddedError::Foreign { file: file.to_path_buf() }),
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    Ok(connection)
}

/// What is deleted is overwritten; what is committed is on the disk; what is busy is waited for.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// What a file turned out to be.
enum Found {
    Nothing,
    Ours(i64),
    Foreign,
}

impl Found {
    fn of(transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        let application: i64 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok(match (application, tables) {
            (APPLICATION, _) => Self::Ours(version),
            (0, 0) if version == 0 => Self::Nothing,
            _ => Self::Foreign,
        })
    }
}

fn make(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    bring_up(transaction)
}

/// From version 1 to the newest.
fn bring_up(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(AUDIT)?;
    transaction.execute_batch(UNTOLD)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::retention::Store;

    #[test]
    fn every_table_has_a_row_of_retention() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("journeycast.db")).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let tables: Vec<String> = {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        assert!(tables.len() > 10);
        for table in tables {
            let stores = Store::ALL.into_iter().filter(|store| store.tables().contains(&table.as_str()));
            assert_eq!(stores.count(), 1, "{table} has no row, or two: see settings/retention/store.rs");
        }
    }
}
