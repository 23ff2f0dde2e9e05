//! Keeps the promise of how long things are kept: what is due is overwritten in the file and gone from its journal.

use std::path::Path;

use rusqlite::{Connection, Row, Transaction, params};

use super::audit::Scribe;
use super::epoch_keys::{DESTROYED_UP_TO, DESTRUCTIONS};
use super::{Embedded, EmbeddedError, Mishap};
use crate::audit::{Event, Holds, Spot};
use crate::engine::names::EPOCH_LENGTH;
use crate::engine::{EventTime, Span, WallTime};
use crate::settings::retention::Store;
use crate::wire::{baseline, facts, key};

/// Under this name the latest sweep is noted.
const SWEPT_AT: &str = "swept_at";

/// How long what is kept, from when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Facts under visit names.
    pub visits: Span,
    /// All other facts; and epoch keys, from the end of their epoch or from when they were made, whichever is later.
    pub facts: Span,
    /// Rows, their revisions, the baseline and the audit.
    pub adjustments: Span,
    /// Pointers to records that were set aside, and what stand-ins stand for.
    pub set_aside: Span,
}

/// What was due and stays, for a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnHold {
    /// Where.
    pub store: Store,
    /// For which matter.
    pub matter: String,
    /// How many records.
    pub records: usize,
}

/// How much was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// Entries of the audit.
    pub audit: usize,
    /// What was due and stays.
    pub on_hold: Vec<OnHold>,
    /// How far the clock is behind the latest sweep before this one.
    pub clock_went_back: Span,
    /// False where another process still reads the journal: the deleted bytes leave the disk with the next sweep.
    pub journal_is_empty: bool,
}

impl Embedded {
    /// Deletes what is due. What was not counted yet stays, however old it is, and so does what is on hold.
    ///
    /// # Errors
    ///
    /// Where the database fails or the audit cannot go on; then nothing was deleted.
    pub fn sweep(&mut self, now: WallTime, retention: &Retention) -> Result<Swept, EmbeddedError> {
        let (scribe, file) = (self.scribe(now), self.file.clone());
        let mut swept = self.change(|transaction, _| {
            let holds = Holds::of(&scribe.entries(transaction, &file)?);
            let mut swept = delete(transaction, now, retention, &holds)?;
            swept.keys = destroy(transaction, now, retention, &scribe, &file)?;
            swept.audit = shorten(transaction, now, retention, &scribe, &file, &holds, &mut swept.on_hold)?;
            swept.clock_went_back = went_back(transaction, now)?;
            Ok(swept)
        })?;
        swept.journal_is_empty = self.look(empty_the_journal)?;
        Ok(swept)
    }
}

/// A table whose records are due after some time.
struct Due {
    store: Store,
    table: &'static str,
    keep: Span,
    /// When one is due; `?1` stands for the time before which it was written.
    when: &'static str,
    /// What is needed to know what holds it.
    columns: &'static str,
    /// The matters for which one is held.
    matters: fn(&Holds, &Row<'_>) -> rusqlite::Result<Vec<String>>,
}

fn delete(
    transaction: &Transaction<'_>,
    now: WallTime,
    retention: &Retention,
    holds: &Holds,
) -> rusqlite::Result<Swept> {
    let mut swept = Swept::default();
    for due in dues(retention) {
        let written_by = now.before(due.keep);
        let deleted = if holds.matters_in(due.store).is_empty() {
            let sql = format!("DELETE FROM {} WHERE {}", due.table, due.when);
            transaction.prepare_cached(&sql)?.execute([written_by.millis()])?
        } else {
            delete_what_is_free(transaction, &due, written_by, holds, &mut swept.on_hold)?
        };
        match due.store {
            Store::Facts => swept.facts = deleted,
            Store::Visits => swept.visits = deleted,
            Store::Adjustments => swept.rows = deleted,
            Store::Revisions => swept.revisions = deleted,
            Store::Baseline => swept.baseline = deleted,
            Store::SetAside => swept.set_aside = deleted,
            // None is deleted record by record, or by holds.
            Store::Audit
            | Store::Keys
            | Store::Labels
            | Store::Progress
            | Store::Input
            | Store::MasterKey
            | Store::Logs
            | Store::Files => {}
        }
    }
    let labels = "DELETE FROM unrouted_labels WHERE seen_at <= ?1";
    swept.labels = transaction.prepare_cached(labels)?.execute([now.before(retention.set_aside).millis()])?;
    Ok(swept)
}

fn dues(retention: &Retention) -> [Due; 6] {
    let due = |store, table, keep, when, columns, matters| Due { store, table, keep, when, columns, matters };
    let counted = "appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'facts')";
    let seen = "appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'visits')";
    let known = "appended_at <= ?1 AND seq <= (SELECT seq FROM positions WHERE name = 'baseline')";
    let said = "said_at <= ?1";
    [
        due(Store::Facts, "facts", retention.facts, counted, "body", of_facts),
        due(Store::Visits, "visits", retention.visits, seen, "seq", |_, _| Ok(Vec::new())),
        due(Store::Baseline, "baseline", retention.adjustments, known, "body", of_baseline),
        due(Store::Adjustments, "rows", retention.adjustments, said, "planning_group, interval_start", of_row),
        due(Store::Revisions, "revisions", retention.adjustments, said, "key", of_revision),
        due(Store::SetAside, "set_aside", retention.set_aside, "at <= ?1", "seq", of_pointer),
    ]
}

/// A record of facts stays whole where any fact of it may be held: it is appended and read as one.
fn of_facts(holds: &Holds, row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let body: Vec<u8> = row.get(1)?;
    let spot = match facts::time_span(&body) {
        Ok(Some((oldest, newest))) => Spot::Between(oldest, newest),
        // What was erased left nothing to hold.
        Ok(None) => return Ok(Vec::new()),
        Err(_) => Spot::Anywhere,
    };
    Ok(owned(&holds.matters(Store::Facts, spot)))
}

fn of_baseline(holds: &Holds, row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let body: Vec<u8> = row.get(1)?;
    let matters = match baseline::decode(&body) {
        Ok(told) => {
            let spot = Spot::Interval { planning_group: &told.planning_group_id, start: told.start };
            owned(&holds.matters(Store::Baseline, spot))
        }
        Err(_) => owned(&holds.matters(Store::Baseline, Spot::Anywhere)),
    };
    Ok(matters)
}

fn of_row(holds: &Holds, row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let (planning_group, start): (String, i64) = (row.get(1)?, row.get(2)?);
    let spot = Spot::Interval { planning_group: &planning_group, start: EventTime::from_millis(start) };
    Ok(owned(&holds.matters(Store::Adjustments, spot)))
}

fn of_revision(holds: &Holds, row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let name: String = row.get(1)?;
    let place = key::of_interval(&name);
    let spot = match &place {
        Some((planning_group, start)) => Spot::Interval { planning_group, start: *start },
        None => Spot::Anywhere,
    };
    Ok(owned(&holds.matters(Store::Revisions, spot)))
}

fn of_pointer(holds: &Holds, _: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    Ok(owned(&holds.matters(Store::SetAside, Spot::Anywhere)))
}

fn owned(matters: &[&str]) -> Vec<String> {
    matters.iter().map(|matter| (*matter).to_owned()).collect()
}

fn delete_what_is_free(
    transaction: &Transaction<'_>,
    due: &Due,
    written_by: WallTime,
    holds: &Holds,
    on_hold: &mut Vec<OnHold>,
) -> rusqlite::Result<usize> {
    let sql = format!("SELECT rowid, {} FROM {} WHERE {}", due.columns, due.table, due.when);
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([written_by.millis()])?;
    let mut free = Vec::<i64>::new();
    while let Some(row) = rows.next()? {
        let matters = (due.matters)(holds, row)?;
        if matters.is_empty() {
            free.push(row.get(0)?);
        }
        for matter in matters {
            note(on_hold, due.store, matter);
        }
    }
    let mut delete = transaction.prepare(&format!("DELETE FROM {} WHERE rowid = ?1", due.table))?;
    for place in &free {
        delete.execute([place])?;
    }
    Ok(free.len())
}

fn note(on_hold: &mut Vec<OnHold>, store: Store, matter: String) {
    match on_hold.iter_mut().find(|held| held.store == store && held.matter == matter) {
        Some(held) => held.records += 1,
        None => on_hold.push(OnHold { store, matter, records: 1 }),
    }
}

/// Keys are destroyed on their day under any hold; it is told, and noted up to which epoch.
fn destroy(
    transaction: &Transaction<'_>,
    now: WallTime,
    retention: &Retention,
    scribe: &Scribe,
    file: &Path,
) -> Result<usize, Mishap> {
    let due = params![EPOCH_LENGTH.millis(), now.before(retention.facts).millis()];
    let sql = "DELETE FROM keys WHERE max((epoch + 1) * ?1, created_at) <= ?2 RETURNING epoch";
    let mut statement = transaction.prepare_cached(sql)?;
    let destroyed = statement.query_map(due, |row| row.get(0))?.collect::<rusqlite::Result<Vec<i32>>>()?;
    let mut epochs = destroyed.clone();
    epochs.sort_unstable();
    epochs.dedup();
    let Some(last) = epochs.last() else { return Ok(0) };
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
    scribe.tell(transaction, file, vec![Event::KeysDestroyed { epochs }])?;
    Ok(destroyed.len())
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

/// The audit is cut at its beginning only, so that the rest still verifies, and never up to a hold that is active.
fn shorten(
    transaction: &Transaction<'_>,
    now: WallTime,
    retention: &Retention,
    scribe: &Scribe,
    file: &Path,
    holds: &Holds,
    on_hold: &mut Vec<OnHold>,
) -> Result<usize, Mishap> {
    let up_to = now.before(retention.adjustments);
    let matters = holds.matters_in(Store::Audit);
    if matters.is_empty() {
        let before = holds.oldest_entry().unwrap_or(u64::MAX);
        return scribe.shorten(transaction, file, up_to, before);
    }
    let sql = "SELECT count(*) FROM audit WHERE at <= ?1";
    let due: i64 = transaction.prepare_cached(sql)?.query_row([up_to.millis()], |row| row.get(0))?;
    if let Some(records) = usize::try_from(due).ok().filter(|due| *due > 0) {
        on_hold.extend(matters.iter().map(|matter| OnHold {
            store: Store::Audit,
            matter: (*matter).to_owned(),
            records,
        }));
    }
    Ok(0)
}

/// Brings everything from the journal into the file and cuts the journal to nothing; says whether that was possible.
pub(super) fn empty_the_journal(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}
