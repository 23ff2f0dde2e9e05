//! Stories of a data folder: who writes beside whom, what survives, what is refused and what is gone.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::engine::{EventTime, Span, WallTime};
use crate::io::log::{
    Accounted, Append, Commit, Fate, HiddenLabel, Intake, Packed, Pointer, Positions, SaidRow, Stored, Stream,
};

mod auditing;
mod erasing;
mod keys;
mod retention;
mod writing;

const NOW: WallTime = WallTime::from_millis(1_795_424_400_000);

const KEEP: Retention = Retention {
    visits: Span::from_minutes(120),
    facts: Span::from_days(7),
    adjustments: Span::from_days(400),
    set_aside: Span::from_days(30),
};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> Embedded {
    Embedded::open(folder.path(), None).unwrap()
}

fn packed(body: &[u8]) -> Option<Packed> {
    Some(Packed { body: body.to_vec(), n: 1, newest: EventTime::from_millis(NOW.millis()) })
}

fn facts(body: &[u8]) -> Append<'static> {
    Append { facts: packed(body), ..Append::default() }
}

fn visits(body: &[u8]) -> Append<'static> {
    Append { visits: packed(body), ..Append::default() }
}

fn row(group: &str, quarter: i64, revision: u64) -> SaidRow {
    SaidRow {
        key: format!("v1/org-1/bu-1/{group}/{quarter}"),
        business_unit: Arc::from("bu-1"),
        planning_group: Arc::from(group),
        interval_start: EventTime::from_seconds(1_795_424_400 + 900 * quarter),
        revision,
        body: format!("{group} {quarter} r{revision}").into_bytes(),
    }
}

fn counted(facts: u64, visits: u64) -> Positions {
    Positions { facts, visits, baseline: 0 }
}

fn bodies(log: &Embedded, stream: Stream) -> Vec<String> {
    let stored = log.read(stream, 0, 1_000).unwrap();
    stored.into_iter().map(|stored| String::from_utf8(stored.body).unwrap()).collect()
}

fn rows(log: &Embedded) -> Vec<String> {
    log.newest_rows(EventTime::DISTANT_PAST).unwrap().into_iter().map(|body| String::from_utf8(body).unwrap()).collect()
}

/// How often a text is found in any file of a folder.
fn found_on_disk(folder: &Path, text: &str) -> usize {
    let finder = memchr::memmem::Finder::new(text);
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| finder.find_iter(&bytes).count()).sum()
}
