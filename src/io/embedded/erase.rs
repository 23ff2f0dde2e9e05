//! Erases facts where they rest: rewrites the records that hold them, and tells the runner to count anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Embedded, EmbeddedError, Mishap, as_counted, as_stored, sweep};
use crate::audit::{Event, Holds};
use crate::engine::names::Epoch;
use crate::engine::{Erasure, Labels, WallTime};
use crate::io::Sought;
use crate::io::log::{Stored, Stream};
use crate::wire::facts;

/// Under this name it is noted how often something was erased.
const ERASURES: &str = "erasures";
/// Where facts rest.
const STREAMS: [Stream; 2] = [Stream::Facts, Stream::Visits];
/// Records that are looked through at once.
const AT_ONCE: usize = 64;

/// What an erasure left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// False where another process still reads the journal: the bytes leave the disk with the next sweep.
    pub journal_is_empty: bool,
    /// The matters for which something stays.
    pub on_hold: BTreeSet<String>,
}

impl Embedded {
    /// The epochs whose keys are still there: what happened in others has no name any more.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn epochs(&self) -> Result<Vec<Epoch>, EmbeddedError> {
        self.look(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT epoch FROM keys ORDER BY epoch")?;
            statement.query_map([], |row| row.get(0).map(Epoch::numbered))?.collect()
        })
    }

    /// How often something was erased: who counted before the last time counts anew.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn erasures(&self) -> Result<u64, EmbeddedError> {
        Ok(self.number(ERASURES)?.map_or(0, as_counted))
    }

    /// Takes out of all facts what is sought and is not on hold, and tells the audit what `told` makes of it, in one
    /// transaction that is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Where the database fails, a record is damaged or the audit cannot go on; then nothing was erased.
    pub fn erase(
        &mut self,
        now: WallTime,
        erasure: &mut Erasure,
        organizations: &[Arc<str>],
        told: impl FnOnce(&Erasure) -> Event,
    ) -> Result<Erased, EmbeddedError> {
        let mut found = Vec::new();
        for stream in STREAMS {
            found.push((stream, self.records_with(stream, erasure, organizations)?));
        }
        let (scribe, file) = (self.scribe(now), self.file.clone());
        let on_hold = self.change(|transaction, _| {
            let holds = Holds::of(&scribe.entries(transaction, &file)?);
            let (mut changed, mut sought) = (0, Sought::of(erasure, &holds));
            for (stream, (places, last)) in &found {
                // What was appended since the look at it is looked at now, when nothing can be appended.
                for place in places.iter().copied().chain(appended_after(transaction, *stream, *last)?) {
                    let body: Vec<u8> = transaction
                        .query_row(&format!("SELECT body FROM {} WHERE seq = ?1", stream.name()), [place], |row| {
                            row.get(0)
                        })
                        .optional()?
                        .unwrap_or_default();
                    let damaged = |why| EmbeddedError::FactsDamaged { file: file.clone(), seq: as_counted(place), why };
                    let left = without(*stream, &body, &mut sought, organizations).map_err(damaged)?;
                    if let Some((body, n)) = left {
                        let sql = format!("UPDATE {} SET body = ?1, n = ?2 WHERE seq = ?3", stream.name());
                        changed += transaction.execute(&sql, params![body, n, place])?;
                    }
                }
            }
            if changed > 0 {
                let sql = "INSERT INTO meta (key, value) VALUES (?1, 1) ON CONFLICT DO UPDATE SET value = value + 1";
                transaction.execute(sql, [ERASURES])?;
            }
            scribe.tell(transaction, &file, vec![told(sought.erasure())])?;
            Ok(sought.on_hold)
        })?;
        Ok(Erased { journal_is_empty: self.look(sweep::empty_the_journal)?, on_hold })
    }

    /// The records of a stream that say anything about what is sought, and the last one that was looked at.
    fn records_with(
        &self,
        stream: Stream,
        erasure: &Erasure,
        organizations: &[Arc<str>],
    ) -> Result<(Vec<i64>, i64), EmbeddedError> {
        let (mut places, mut last) = (Vec::new(), 0);
        loop {
            let records = self.read(stream, last, AT_ONCE)?;
            let Some(newest) = records.last() else { return Ok((places, as_stored(last))) };
            last = newest.seq;
            for Stored { seq, body, .. } in &records {
                let damaged = |why| EmbeddedError::FactsDamaged { file: self.file.clone(), seq: *seq, why };
                let decoded = facts::decode(body, organizations, &mut Labels::default()).map_err(damaged)?;
                if decoded.facts.iter().any(|fact| erasure.concerns(fact)) {
                    places.push(as_stored(*seq));
                }
            }
        }
    }
}

fn appended_after(transaction: &Transaction<'_>, stream: Stream, last: i64) -> Result<Vec<i64>, Mishap> {
    let mut statement = transaction.prepare(&format!("SELECT seq FROM {} WHERE seq > ?1", stream.name()))?;
    let places = statement.query_map([last], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(places)
}

/// A record without what is sought, and how many facts it still holds; `None` where nothing of it is there. The record
/// itself stays, even an empty one: positions lead past it.
fn without(
    stream: Stream,
    body: &[u8],
    sought: &mut Sought<'_>,
    organizations: &[Arc<str>],
) -> Result<Option<(Vec<u8>, i64)>, crate::wire::Unreadable> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut labels = Labels::default();
    let mut facts = facts::decode(body, organizations, &mut labels)?.facts;
    let mut changed = false;
    facts.retain_mut(|fact| {
        let must_change = sought.must_change(stream, fact);
        changed |= must_change;
        !must_change || sought.take_out(stream, fact)
    });
    Ok(changed.then(|| (facts::encode(&facts, organizations, &labels), as_stored(facts.len() as u64))))
}
