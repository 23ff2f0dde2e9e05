//! What readers see: streams in order, rows, revisions, and what became of the records.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::{Embedded, EmbeddedError, as_counted, as_stored};
use crate::engine::{EventTime, WallTime};
use crate::io::log::{Accounted, Pointer, Positions, Stored, Stream, Way};

/// A revision as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRevision {
    /// Its number among all revisions.
    pub seq: u64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A record that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its number among those.
    pub seq: u64,
    /// When.
    pub at: WallTime,
    /// Where it lies, and why.
    pub pointer: Pointer,
}

impl Embedded {
    /// Up to `limit` records of a stream after the number `after`, in order.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn read(&self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, EmbeddedError> {
        let sql = match stream {
            Stream::Facts => "SELECT seq, appended_at, body FROM facts WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            Stream::Visits => "SELECT seq, appended_at, body FROM visits WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            Stream::Baseline => "SELECT seq, appended_at, body FROM baseline WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        };
        self.page(sql, after, limit, |row| {
            Ok(Stored {
                is_copy: false,
                seq: as_counted(row.get(0)?),
                appended_at: WallTime::from_millis(row.get(1)?),
                way: Way::Untold,
                body: row.get(2)?,
            })
        })
    }

    /// The last number that each stream gave; deleting does not take it back.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn ends(&self) -> Result<Positions, EmbeddedError> {
        self.places("SELECT name, seq FROM sqlite_sequence")
    }

    /// How far the streams were counted, and the counting's own note of it; zeros and nothing before the first commit.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn positions(&self) -> Result<(Positions, Vec<u8>), EmbeddedError> {
        let sql = "SELECT name, seq, (SELECT body FROM progress) FROM positions";
        self.look(|connection| {
            let (mut positions, mut progress) = (Positions::default(), Vec::new());
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                place(&mut positions, row)?;
                progress = row.get(2)?;
            }
            Ok((positions, progress))
        })
    }

    /// The newest revision of every row that starts at `from` or later, by business unit, planning group and start.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn newest_rows(&self, from: EventTime) -> Result<Vec<Vec<u8>>, EmbeddedError> {
        let sql = "SELECT body FROM rows WHERE interval_start >= ?1 \
                   ORDER BY business_unit, planning_group, interval_start";
        self.look(|connection| connection.prepare_cached(sql)?.query_map([from.millis()], |row| row.get(0))?.collect())
    }

    /// Up to `limit` revisions after the number `after`, in the order in which they were said.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn revisions(&self, after: u64, limit: usize) -> Result<Vec<StoredRevision>, EmbeddedError> {
        let sql = "SELECT seq, body FROM revisions WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        self.page(sql, after, limit, |row| Ok(StoredRevision { seq: as_counted(row.get(0)?), body: row.get(1)? }))
    }

    /// The number of the last revision; 0 before the first.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn last_revision(&self) -> Result<u64, EmbeddedError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM revisions";
        self.look(|connection| Ok(as_counted(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)))
    }

    /// What became of all records so far, by source, outcome and class.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn accounting(&self) -> Result<Vec<Accounted>, EmbeddedError> {
        self.list("SELECT source, outcome, class, records FROM accounting ORDER BY 1, 2, 3", |row| {
            let records = as_counted(row.get(3)?);
            Ok(Accounted { source: row.get(0)?, outcome: row.get(1)?, class: row.get(2)?, records })
        })
    }

    /// Up to `limit` records that were set aside after the number `after`, in order.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn set_aside(&self, after: u64, limit: usize) -> Result<Vec<SetAside>, EmbeddedError> {
        let sql = "SELECT seq, at, source, container, partition, position, class, path FROM set_aside \
                   WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        self.page(sql, after, limit, |row| {
            let pointer = Pointer {
                source: row.get(2)?,
                container: row.get(3)?,
                partition: row.get(4)?,
                position: as_counted(row.get(5)?),
                class: row.get(6)?,
                path: row.get(7)?,
            };
            Ok(SetAside { seq: as_counted(row.get(0)?), at: WallTime::from_millis(row.get(1)?), pointer })
        })
    }

    /// Unlisted action maps that may be told: what is kept of each, and its text.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn told_labels(&self) -> Result<BTreeMap<String, String>, EmbeddedError> {
        let told = self.list("SELECT stand_in, text FROM unrouted_labels", |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(told.into_iter().collect())
    }

    fn places(&self, sql: &str) -> Result<Positions, EmbeddedError> {
        self.look(|connection| {
            let mut positions = Positions::default();
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                place(&mut positions, row)?;
            }
            Ok(positions)
        })
    }

    fn list<T>(&self, sql: &str, one: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, EmbeddedError> {
        self.look(|connection| connection.prepare_cached(sql)?.query_map([], one)?.collect())
    }

    fn page<T>(
        &self,
        sql: &str,
        after: u64,
        limit: usize,
        one: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, EmbeddedError> {
        let limit = as_stored(limit as u64);
        self.look(|connection| {
            connection.prepare_cached(sql)?.query_map(params![as_stored(after), limit], one)?.collect()
        })
    }
}

/// Takes in a stream's name and number.
fn place(positions: &mut Positions, row: &Row<'_>) -> rusqlite::Result<()> {
    let name: String = row.get(0)?;
    if let Some(stream) = Stream::ALL.into_iter().find(|stream| stream.name() == name) {
        positions.set(stream, as_counted(row.get(1)?));
    }
    Ok(())
}
