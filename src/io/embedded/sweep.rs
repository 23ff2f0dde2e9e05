//! Keeps the promise of how long things are kept: what is due is overwritten in the file and gone from its journal.

use rusqlite::{Connection, Transaction, params};

use super::epoch_keys::{DESTROYED_UP_TO, DESTRUCTIONS};
use super::{Embedded, EmbeddedError};
use crate::engine::names::EPOCH_LENGTH;
use crate::engine::{Span, WallTime};

/// Under this name the latest sweep is noted.
const SWEPT_AT: &str = "swept_at";

/// How long what is kept, from when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Facts under visit names.
    pub visits: Span,
    /// All other facts; and epoch keys, from the end of their epoch or from when they were made, whichever is later.
    pub facts: Span,
    /// Rows, their revisions and the baseline.
    pub adjustments: Span,
    /// Pointers to records that were set aside, and what stand-ins stand for.
    pub set_aside: Span,
}

/// How much was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Records of facts.
    pub facts: usize,
    /// Records of visits.
    pub visits: usize,
    /// Records of a baseline.
    pub baseline: usize,
    /// Rows.
    pub rows: usize,
    /// Revisions.
    pub revisions: usize,
    /// Pointers to records that were set aside.
    pub set_aside: usize,
    /// Texts of hidden labels.
    pub labels: usize,
    /// Epoch keys.
    pub keys: usize,
    /// How far the clock is behind the latest sweep before this one.
    pub clock_went_back: Span,
    /// False where another process still reads the journal: the deleted bytes leave the disk with the next sweep.
    pub journal_is_empty: bool,
}

impl Embedded {
    /// Deletes what is due. What was not counted yet stays, however old it is.
    ///
    /// # Errors
    ///
    /// Where the database fails; what was deleted by then stays deleted.
    pub fn sweep(&mut self, now: WallTime, retention: &Retention) -> Result<Swept, EmbeddedError> {
        let mut swept = self.change(|transaction, _| {
            let mut swept = delete(transaction, now, retention)?;
            swept.clock_went_back = went_back(transaction, now)?;
            Ok(swept)
        })?;
        swept.journal_is_empty = self.look(empty_the_journal)?;
        Ok(swept)
    }
}

/// How far the clock is behind the latest sweep. What is due goes by the clock as it is: all that was due by the later
/// time is gone already, and what is written now would be deleted too early if the later time were held.
fn went_back(transaction: &Transaction<'_>, now: WallTime) -> rusqlite::Result<Span> {
    let latest = "INSERT INTO meta (key, value) VALUES (?1, ?2) \
                  ON CONFLICT DO UPDATE SET value = max(value, excluded.value) RETURNING value";
    let latest: i64 =
        transaction.prepare_cached(latest)?.query_row(params![SWEPT_AT, now.millis()], |row| row.get(0))?;
    Ok(WallTime::from_millis(latest).since(now))
}

/// Deletes keys, and notes that it did and up to which epoch.
fn destroy_keys(transaction: &Transaction<'_>, until: WallTime) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM keys WHERE max((epoch + 1) * ?1, created_at) <= ?2 RETURNING epoch";
    let mut statement = transaction.prepare_cached(sql)?;
    let destroyed = statement.query_map(params![EPOCH_LENGTH.millis(), until.millis()], |row| row.get::<_, i64>(0))?;
    let destroyed = destroyed.collect::<rusqlite::Result<Vec<i64>>>()?;
    let Some(last) = destroyed.iter().max() else { return Ok(0) };
    let note = |name, number, sql| transaction.prepare_cached(sql)?.execute(params![name, number]);
    note(
        DESTRUCTIONS,
        1,
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = value + excluded.value",
    )?;
    note(
        DESTROYED_UP_TO,
        *last,
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
    )?;
    Ok(destroyed.len())
}

fn delete(transaction: &Transaction<'_>, now: WallTime, retention: &Retention) -> rusqlite::Result<Swept> {
    let older_than = |keep: Span, sql: &str| transaction.prepare_cached(sql)?.execute([now.before(keep).millis()]);
    Ok(Swept {
        facts: older_than(
            retention.facts,
            "DELETE FROM facts WHERE appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'facts')",
        )?,
        visits: older_than(
            retention.visits,
            "DELETE FROM visits WHERE appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'visits')",
        )?,
        baseline: older_than(
            retention.adjustments,
            "DELETE FROM baseline WHERE appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'baseline')",
        )?,
        rows: older_than(retention.adjustments, "DELETE FROM rows WHERE said_at <= ?1")?,
        revisions: older_than(retention.adjustments, "DELETE FROM revisions WHERE said_at <= ?1")?,
        set_aside: older_than(retention.set_aside, "DELETE FROM set_aside WHERE at <= ?1")?,
        labels: older_than(retention.set_aside, "DELETE FROM unrouted_labels WHERE seen_at <= ?1")?,
        keys: destroy_keys(transaction, now.before(retention.facts))?,
        clock_went_back: Span::ZERO,
        journal_is_empty: false,
    })
}

/// Brings everything from the journal into the file and cuts the journal to nothing; says whether that was possible.
pub(super) fn empty_the_journal(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}
