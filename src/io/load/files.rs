//! Files of a run: `run.json`, `rates.csv`, `latencies.hlog` and `report.html` in one folder.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde_json::Value;

use crate::engine::WallTime;
use crate::load::summary::{COLUMNS, SCHEMA, shown};
use crate::load::{Figures, RunSummary, page};

/// The name of the file that a report is read from.
const RUN: &str = "run.json";

/// Its name while it is written.
const UNFINISHED: &str = "run.json.unfinished";

/// A step, and when it began.
#[derive(Debug)]
pub struct Made {
    /// When it began.
    pub began: WallTime,
    /// What came of it.
    pub figures: Figures,
}

/// Makes the folder of a run that is still to come, and tries whether it can be written to.
///
/// # Errors
///
/// A named answer where it cannot, or where something is in it already.
pub fn prepare(folder: &Path) -> Result<(), String> {
    let unwritable = |error: io::Error| format!("unwritable: {error}");
    fs::create_dir_all(folder).map_err(unwritable)?;
    if fs::read_dir(folder).map_err(unwritable)?.next().is_some() {
        return Err("not_empty: no run is written over what is there; name a new folder".to_owned());
    }
    let unfinished = folder.join(UNFINISHED);
    fs::write(&unfinished, "").map_err(unwritable)?;
    fs::remove_file(unfinished).map_err(unwritable)
}

/// Writes the files of a run.
///
/// # Errors
///
/// Where the folder cannot be written to.
pub fn write(folder: &Path, run: &RunSummary, made: &[Made]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("report.html"), page::page(&[run]))?;
    let mut rates = csv::Writer::from_path(folder.join("rates.csv"))?;
    rates.write_record(COLUMNS)?;
    for step in &run.steps {
        rates.write_record(step.row())?;
    }
    rates.flush()?;
    fs::write(folder.join("latencies.hlog"), log(made)?)?;
    // The file from which reports are made comes last and whole.
    let unfinished = folder.join(UNFINISHED);
    fs::write(&unfinished, format!("{}\n", serde_json::to_string_pretty(run)?))?;
    fs::rename(unfinished, folder.join(RUN))
}

/// One histogram for each step, in microseconds, tagged with its rate.
fn log(made: &[Made]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let since_1970 = |at: WallTime| Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0));
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("[Latencies in microseconds, from when an event should have been sent; taken events only]");
    if let Some(first) = made.first() {
        builder.with_start_time(UNIX_EPOCH + since_1970(first.began));
    }
    let mut log = builder.begin_log_with(&mut out, &mut serializer)?;
    for Made { began, figures } in made {
        let tag = format!("rate_{}", shown(figures.step.per_second));
        log.write_histogram(&figures.latency, since_1970(*began), figures.kept(), Tag::new(&tag))
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
    }
    Ok(out)
}

/// Reads a run back, by its folder or its `run.json`.
///
/// # Errors
///
/// A named answer where there is none.
pub fn read(path: &Path) -> Result<RunSummary, String> {
    let file = if path.is_dir() { path.join(RUN) } else { path.to_path_buf() };
    let name = file.display();
    let bytes = fs::read(&file).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            format!("{name}: not_found: give the folder that `load run --out` wrote")
        } else {
            format!("{name}: unreadable: {error}")
        }
    })?;
    let not_a_run = |says: String| format!("{name}: not_a_run: {says}");
    let said: Value = serde_json::from_slice(&bytes).map_err(|error| not_a_run(error.to_string()))?;
    // A run of another version is told as such, and not by the first of its fields that differs.
    match said.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => serde_json::from_value(said).map_err(|error| not_a_run(error.to_string())),
        Some(other) => Err(not_a_run(format!("its schema is {other:?}, and this version reads {SCHEMA:?}"))),
        None => Err(not_a_run("it has no schema".to_owned())),
    }
}
