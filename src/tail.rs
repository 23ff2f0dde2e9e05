//! Tail: prints what was said, as JSON lines, and stays for more where asked to.

use std::io::Write;
use std::time::Duration;

use crate::engine::EventTime;
use crate::io::Embedded;
use crate::io::kafka::Told;
use crate::perform::Failure;
use crate::wire::{adjustment, v1, write_json};

/// So many revisions are read at once.
const AT_ONCE: usize = 1_000;
const PAUSE: Duration = Duration::from_millis(200);

/// What to print.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Only this planning group.
    pub planning_group: Option<&'a str>,
    /// Every revision.
    pub revisions: bool,
    /// Stay for more.
    pub follow: bool,
}

/// A log whose rows can be printed.
pub trait Rows {
    /// The newest revision of every row; what is said after this was asked is given by [`Self::next_revisions`].
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn newest_rows(&mut self) -> Result<Vec<Vec<u8>>, Failure>;

    /// Up to `limit` revisions after those that were given before, from the very first on where the newest were never
    /// asked for; none where all were.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn next_revisions(&mut self, limit: usize) -> Result<Vec<Vec<u8>>, Failure>;
}

/// The rows of the embedded log.
#[derive(Debug)]
pub struct EmbeddedRows {
    log: Embedded,
    after: u64,
}

impl EmbeddedRows {
    /// All of them.
    pub const fn of(log: Embedded) -> Self {
        Self { log, after: 0 }
    }
}

impl Rows for EmbeddedRows {
    fn newest_rows(&mut self) -> Result<Vec<Vec<u8>>, Failure> {
        self.after = self.log.last_revision()?;
        Ok(self.log.newest_rows(EventTime::DISTANT_PAST)?)
    }

    fn next_revisions(&mut self, limit: usize) -> Result<Vec<Vec<u8>>, Failure> {
        let revisions = self.log.revisions(self.after, limit)?;
        self.after = revisions.last().map_or(self.after, |last| last.seq);
        Ok(revisions.into_iter().map(|revision| revision.body).collect())
    }
}

/// The rows of the topics.
pub struct KafkaRows {
    told: Told,
    follows: bool,
}

impl KafkaRows {
    /// All of them.
    pub const fn of(told: Told) -> Self {
        Self { told, follows: false }
    }
}

impl Rows for KafkaRows {
    fn newest_rows(&mut self) -> Result<Vec<Vec<u8>>, Failure> {
        self.told.follow_revisions(false)?;
        self.follows = true;
        Ok(self.told.newest_rows()?)
    }

    fn next_revisions(&mut self, limit: usize) -> Result<Vec<Vec<u8>>, Failure> {
        if !self.follows {
            self.told.follow_revisions(true)?;
            self.follows = true;
        }
        Ok(self.told.next_revisions(limit)?)
    }
}

/// Prints adjustments; a reader that goes away ends it without complaint.
pub fn tail(rows: &mut dyn Rows, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    match print_all(rows, wanted, out) {
        Err(Stop::Reader) | Ok(()) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

enum Stop {
    Reader,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn print_all(rows: &mut dyn Rows, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Stop> {
    if !wanted.revisions {
        for body in rows.newest_rows()? {
            print_row(&body, wanted, out)?;
        }
    }
    if wanted.revisions || wanted.follow {
        print_revisions(rows, wanted, out)?;
    }
    out.flush().map_err(|_| Stop::Reader)
}

fn print_revisions(rows: &mut dyn Rows, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Stop> {
    loop {
        let revisions = rows.next_revisions(AT_ONCE)?;
        for body in &revisions {
            print_row(body, wanted, out)?;
        }
        if !revisions.is_empty() {
            continue;
        }
        if !wanted.follow {
            return Ok(());
        }
        out.flush().map_err(|_| Stop::Reader)?;
        std::thread::sleep(PAUSE);
    }
}

fn print_row(body: &[u8], wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Stop> {
    let row: v1::VolumeAdjustment = adjustment::to_message(&adjustment::decode(body)?);
    if wanted.planning_group.is_some_and(|group| group != row.planning_group_id) {
        return Ok(());
    }
    let mut line = Vec::new();
    write_json(&row, &mut line);
    line.push(b'\n');
    out.write_all(&line).map_err(|_| Stop::Reader)
}
