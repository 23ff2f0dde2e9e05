//! Tail: prints what was said, as JSON lines, and stays for more where asked to.

use std::io::Write;
use std::time::Duration;

use crate::engine::EventTime;
use crate::io::Embedded;
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

/// Prints adjustments; a reader that goes away ends it without complaint.
pub fn tail(log: &Embedded, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    match print_all(log, wanted, out) {
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

fn print_all(log: &Embedded, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<(), Stop> {
    let mut after = 0;
    if !wanted.revisions {
        after = log.last_revision()?;
        for body in log.newest_rows(EventTime::DISTANT_PAST)? {
            print_row(&body, wanted, out)?;
        }
    }
    let wants_more = wanted.revisions || wanted.follow;
    if !wants_more {
        return out.flush().map_err(|_| Stop::Reader);
    }
    loop {
        let revisions = log.revisions(after, AT_ONCE)?;
        let Some(last) = revisions.last().map(|revision| revision.seq) else {
            if !wanted.follow {
                break;
            }
            out.flush().map_err(|_| Stop::Reader)?;
            std::thread::sleep(PAUSE);
            continue;
        };
        for revision in &revisions {
            print_row(&revision.body, wanted, out)?;
        }
        after = last;
    }
    out.flush().map_err(|_| Stop::Reader)
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
