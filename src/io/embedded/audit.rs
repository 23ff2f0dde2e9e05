//! The audit of a data folder: entries are appended in the transaction of what they tell, or nothing happens at all.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Embedded, EmbeddedError, Mishap, as_stored};
use crate::audit::{self, Entry, Event, Hash, Holds, Kept, Signer, Wrong};
use crate::engine::WallTime;

/// What else an erasure, a sweep or a maker of keys needs to tell what it did.
#[derive(Debug, Clone)]
pub(super) struct Scribe {
    signer: Signer,
    at: WallTime,
}

impl Scribe {
    /// What every entry says, where the audit is whole and as its key signed it.
    pub(super) fn entries(&self, connection: &Connection, file: &Path) -> Result<Vec<Entry>, Mishap> {
        let broken = |why| EmbeddedError::AuditBroken { file: file.to_path_buf(), why };
        let kept = all(connection)?;
        if kept.is_empty() && is_emptied(connection)? {
            return Err(broken(Wrong::Emptied).into());
        }
        Ok(audit::trusted(&kept, Some(&self.signer.public_key())).map_err(broken)?)
    }

    /// Appends entries; nothing where there is nothing to tell.
    pub(super) fn tell(&self, transaction: &Transaction<'_>, file: &Path, events: Vec<Event>) -> Result<(), Mishap> {
        if events.is_empty() {
            return Ok(());
        }
        let sql = "SELECT entry, hash, head FROM audit ORDER BY seq DESC LIMIT 1";
        let last = transaction.prepare_cached(sql)?.query_row([], kept).optional()?;
        let broken = |why| EmbeddedError::AuditBroken { file: file.to_path_buf(), why };
        let new = audit::after(last.as_ref(), self.at, events, &self.signer).map_err(broken)?;
        let sql = "INSERT INTO audit (seq, at, entry, hash, head) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = transaction.prepare_cached(sql)?;
        for kept in &new {
            let sequence = kept.read().map_err(broken)?.sequence;
            insert.execute(params![as_stored(sequence), self.at.millis(), kept.entry, kept.hash.0, kept.head])?;
        }
        Ok(())
    }

    /// Deletes the oldest entries, up to this time and before this number, and tells it; the newest entry is always that.
    pub(super) fn shorten(
        &self,
        transaction: &Transaction<'_>,
        file: &Path,
        up_to: WallTime,
        before: u64,
    ) -> Result<usize, Mishap> {
        let sql = "SELECT max(seq) FROM audit WHERE seq < ?1 \
                   AND seq < (SELECT coalesce(min(seq), ?1) FROM audit WHERE at > ?2)";
        let through: Option<i64> =
            transaction.prepare_cached(sql)?.query_row(params![as_stored(before), up_to.millis()], |row| row.get(0))?;
        let Some(through) = through else { return Ok(0) };
        self.tell(transaction, file, vec![Event::AuditShortened { through: super::as_counted(through) }])?;
        Ok(transaction.prepare_cached("DELETE FROM audit WHERE seq <= ?1")?.execute([through])?)
    }
}

/// What is noted of a folder that is older than the audit: the last epoch whose keys were made before it.
const KEYS_BEFORE: &str = "SELECT coalesce((SELECT value FROM meta WHERE key = 'keys_before_audit'), -1)";

fn all(connection: &Connection) -> rusqlite::Result<Vec<Kept>> {
    connection.prepare_cached("SELECT entry, hash, head FROM audit ORDER BY seq")?.query_map([], kept)?.collect()
}

/// Whether keys are there, which are made on the record alone, and no record.
fn is_emptied(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM keys WHERE epoch > ({KEYS_BEFORE}))");
    connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { entry: row.get(0)?, hash: Hash(row.get(1)?), head: row.get(2)? })
}

impl Embedded {
    /// Every entry of the audit that is kept, oldest first.
    ///
    /// # Errors
    ///
    /// Where the database fails, or everything was deleted.
    pub fn audit(&self) -> Result<Vec<Kept>, EmbeddedError> {
        let kept = self.look(all)?;
        if kept.is_empty() && self.look(is_emptied)? {
            return Err(EmbeddedError::AuditBroken { file: self.file.clone(), why: Wrong::Emptied });
        }
        Ok(kept)
    }

    /// The same log, whose audit is whole and goes on with this key: for whoever does what it tells of.
    ///
    /// # Errors
    ///
    /// Where the database fails, or the audit cannot go on.
    pub fn audited(self) -> Result<Self, EmbeddedError> {
        self.holds().map(|_| self)
    }

    /// The holds that are active.
    ///
    /// # Errors
    ///
    /// Where the database fails, or the audit was changed or signed with another key.
    pub fn holds(&self) -> Result<Holds, EmbeddedError> {
        let scribe = self.scribe(WallTime::from_millis(0));
        let read = scribe.entries(&self.connection, &self.file).map_err(|mishap| mishap.at(&self.file))?;
        Ok(Holds::of(&read))
    }

    /// Who signs the audit.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Appends what is decided in view of all entries, when no other can come between; what refuses appends nothing.
    ///
    /// # Errors
    ///
    /// Where the database fails, or the audit cannot go on with this key; then nothing was appended.
    pub fn record<R>(
        &mut self,
        now: WallTime,
        decide: impl FnOnce(&[Entry]) -> Result<Vec<Event>, R>,
    ) -> Result<Result<(), R>, EmbeddedError> {
        let (scribe, file) = (self.scribe(now), self.file.clone());
        self.change(|transaction, _| match decide(&scribe.entries(transaction, &file)?) {
            Ok(events) => scribe.tell(transaction, &file, events).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        })
    }

    /// Whoever tells the audit what happens now.
    pub(super) fn scribe(&self, now: WallTime) -> Scribe {
        Scribe { signer: self.signer.clone(), at: now }
    }
}
