//! How appenders write: packed facts with their accounting, in one transaction.

use rusqlite::{Transaction, params};

use super::{Embedded, EmbeddedError, as_stored};
use crate::engine::WallTime;
use crate::io::log::{Accounted, Append, HiddenLabel, Packed, Pointer};

impl Embedded {
    /// Appends in one transaction that is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Where the database fails; then nothing was appended.
    pub fn append(&mut self, now: WallTime, what: &Append<'_>) -> Result<(), EmbeddedError> {
        self.change(|transaction, _| {
            if let Some(packed) = &what.facts {
                let sql = "INSERT INTO facts (appended_at, newest_event, n, body) VALUES (?1, ?2, ?3, ?4)";
                put_packed(transaction, sql, packed, now)?;
            }
            if let Some(packed) = &what.visits {
                let sql = "INSERT INTO visits (appended_at, newest_event, n, body) VALUES (?1, ?2, ?3, ?4)";
                put_packed(transaction, sql, packed, now)?;
            }
            count(transaction, what.accounting)?;
            put_aside(transaction, what.set_aside, now)?;
            Ok(remember_labels(transaction, what.labels, now)?)
        })
    }

    /// Appends records of a baseline, all or none.
    ///
    /// # Errors
    ///
    /// Where the database fails; then nothing was appended.
    pub fn append_baseline(&mut self, now: WallTime, bodies: &[Vec<u8>]) -> Result<(), EmbeddedError> {
        self.change(|transaction, _| {
            let mut insert = transaction.prepare_cached("INSERT INTO baseline (appended_at, body) VALUES (?1, ?2)")?;
            for body in bodies {
                insert.execute(params![now.millis(), body])?;
            }
            Ok(())
        })
    }
}

fn put_packed(transaction: &Transaction<'_>, sql: &str, packed: &Packed, now: WallTime) -> rusqlite::Result<()> {
    let n = as_stored(packed.n as u64);
    transaction.prepare_cached(sql)?.execute(params![now.millis(), packed.newest.millis(), n, packed.body])?;
    Ok(())
}

fn count(transaction: &Transaction<'_>, accounting: &[Accounted]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO accounting (source, outcome, class, records) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT DO UPDATE SET records = records + excluded.records";
    let mut insert = transaction.prepare_cached(sql)?;
    for Accounted { source, outcome, class, records } in accounting {
        insert.execute(params![source, outcome, class, as_stored(*records)])?;
    }
    Ok(())
}

fn put_aside(transaction: &Transaction<'_>, pointers: &[Pointer], now: WallTime) -> rusqlite::Result<()> {
    let sql = "INSERT INTO set_aside (at, source, container, partition, position, class, path) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = transaction.prepare_cached(sql)?;
    for Pointer { source, container, partition, position, class, path } in pointers {
        insert.execute(params![now.millis(), source, container, partition, as_stored(*position), class, path])?;
    }
    Ok(())
}

fn remember_labels(transaction: &Transaction<'_>, labels: &[HiddenLabel], now: WallTime) -> rusqlite::Result<()> {
    let sql = "INSERT INTO unrouted_labels (stand_in, text, seen_at) VALUES (?1, ?2, ?3) \
               ON CONFLICT DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)";
    let mut insert = transaction.prepare_cached(sql)?;
    for HiddenLabel { stand_in, text } in labels {
        insert.execute(params![stand_in, text, now.millis()])?;
    }
    Ok(())
}
