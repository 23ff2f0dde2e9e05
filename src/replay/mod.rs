//! Replay: the same engine over files, without a log; same records, same bytes out.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use foldhash::quality::FixedState;

use crate::engine::fact::Fact;
use crate::engine::names::{Domain, EpochKey};
use crate::engine::plan::SourceScheme;
use crate::engine::{Decision, Engine, EventTime, Span, Step, VolumeAdjustment, baseline};
use crate::io::clock::Watch;
use crate::io::reading::{Accounting, EpochKeys, Reader, Taken};
use crate::io::{Lines, random};
use crate::settings::Settings;
use crate::wire::{adjustment, baseline_csv, write_json};

mod summary;
use summary::{Summary, write_timing};

/// What is replayed.
#[derive(Debug)]
pub struct Replay<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// Files of events.
    pub events: &'a [PathBuf],
    /// A baseline, if there is one.
    pub baseline: Option<&'a Path>,
    /// Records that arrived at this time or later are left out, and nothing is taken to have ended.
    pub until: Option<EventTime>,
    /// The folder that is written to.
    pub out: &'a Path,
}

/// Why a replay failed, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read or written.
    #[error("{path}: {error}; look whether it is there and may be read and written, and whether the disk is full")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The baseline cannot be used.
    #[error("{path}: {why}")]
    Baseline {
        /// The file.
        path: String,
        /// Why, and what to change.
        why: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A fact in the order in which it is replayed: by arrival, then by its record.
#[derive(Debug)]
struct Arrived {
    at: EventTime,
    record: u64,
    fact: Fact,
}

/// A record that was set aside: the file's place among the sorted names, the line, and why.
type Pointer = (String, u64, &'static str, &'static str);

/// Everything that was read.
#[derive(Default)]
struct Heard {
    arrived: Vec<Arrived>,
    accounts: BTreeMap<String, Accounting>,
    set_aside: Vec<Pointer>,
}

impl Replay<'_> {
    /// Reads everything, counts it in the order of arrival, and writes the five files.
    pub fn run(&self) -> Result<Summary, ReplayError> {
        let watch = Watch::start();
        std::fs::create_dir_all(self.out).map_err(|error| self.failed(self.out, error))?;
        let plan = self.settings.plan(SourceScheme::One);
        // Nothing of a replay rests, so the key that hides unlisted labels may be anybody's; ties must fall alike every time.
        let mut reader = Reader::of_files(self.settings, [0; 32], plan.names());
        let mut heard = self.read(&mut reader)?;
        heard.arrived.sort_unstable_by_key(|arrived| (arrived.at, arrived.record));
        let admission = reader.into_admission();
        let strangers = admission.strangers().texts();
        let mut engine = Engine::new(plan, admission.into_labels());
        self.expect_baseline(&mut engine)?;
        let newest = self.count(&mut engine, &heard.arrived)?;
        self.write_rows(&newest)?;
        self.write_set_aside(&mut heard.set_aside)?;
        let times = heard.arrived.iter().map(|arrived| arrived.fact.at);
        let span = times.clone().min().zip(times.max());
        let summary = Summary::of(&heard.accounts, &engine, &strangers, span, newest.len());
        self.write("summary.json", |out| out.write_all(summary.to_json().as_bytes()))?;
        self.write("timing.json", |out| write_timing(out, watch.elapsed()))?;
        Ok(summary)
    }

    fn read(&self, reader: &mut Reader) -> Result<Heard, ReplayError> {
        let mut heard = Heard::default();
        let hasher = FixedState::with_seed(0);
        for path in self.events {
            let name = path.to_string_lossy().into_owned();
            let mut lines = Lines::open(path).map_err(|error| self.failed(path, error))?;
            let account = heard.accounts.entry(name.clone()).or_default();
            while let Some((number, line)) = lines.next_line().map_err(|error| self.failed(path, error))? {
                let taken = reader.read(line, |_| fresh_keys())?;
                account.note(&taken);
                match taken {
                    Taken::Fact(at, fact) => {
                        let record = hasher.hash_one(line);
                        if self.until.is_none_or(|until| at < until) {
                            heard.arrived.push(Arrived { at, record, fact: *fact });
                        }
                    }
                    Taken::SetAside(aside) => {
                        heard.set_aside.push((name.clone(), number, aside.class.name(), aside.path));
                    }
                    Taken::NotRelevant | Taken::Blank => {}
                }
            }
        }
        Ok(heard)
    }

    fn expect_baseline(&self, engine: &mut Engine) -> Result<(), ReplayError> {
        let Some(path) = self.baseline else { return Ok(()) };
        let bytes = std::fs::read(path).map_err(|error| self.failed(path, error))?;
        let refused = |why: String| ReplayError::Baseline { path: path.display().to_string(), why };
        let rows = baseline_csv::read_rows(&bytes).map_err(|error| refused(error.to_string()))?;
        let plan = self.settings.plan(SourceScheme::One);
        let intervals = baseline::into_intervals(&rows, &plan).map_err(|error| refused(error.to_string()))?;
        engine.step(Step::Baseline(&intervals));
        Ok(())
    }

    /// Counts everything in order; says what changed whenever arrival time enters another stretch of `publish.every`.
    fn count(
        &self,
        engine: &mut Engine,
        arrived: &[Arrived],
    ) -> Result<BTreeMap<[String; 3], VolumeAdjustment>, ReplayError> {
        let mut newest = BTreeMap::new();
        let every = self.settings.publish_every.max(Span::from_millis(1)).millis();
        self.write("revisions.ndjson", |out| {
            let stretch_of = |arrived: &Arrived| arrived.at.millis().div_euclid(every);
            for stretch in arrived.chunk_by(|one, next| stretch_of(one) == stretch_of(next)) {
                let facts: Vec<Fact> = stretch.iter().map(|arrived| arrived.fact.clone()).collect();
                engine.step(Step::Facts { facts: &facts, not_after: None });
                say(engine.step(Step::Say), &mut newest, out)?;
            }
            if self.until.is_none() {
                engine.step(Step::EndOfInput);
            }
            say(engine.step(Step::Say), &mut newest, out)
        })?;
        Ok(newest)
    }

    fn write_rows(&self, newest: &BTreeMap<[String; 3], VolumeAdjustment>) -> Result<(), ReplayError> {
        self.write("adjustments.ndjson", |out| newest.values().try_for_each(|row| write_row(row, out)))
    }

    fn write_set_aside(&self, pointers: &mut [Pointer]) -> Result<(), ReplayError> {
        pointers.sort_unstable();
        self.write("set-aside.ndjson", |out| {
            for (file, line, class, path) in pointers.iter() {
                let pointer = serde_json::json!({"file": file, "line": line, "class": class, "path": path});
                writeln!(out, "{pointer}")?;
            }
            Ok(())
        })
    }

    fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), ReplayError> {
        let path = self.out.join(name);
        let failed = |error| self.failed(&path, error);
        let mut out = BufWriter::new(File::create(&path).map_err(failed)?);
        fill(&mut out).and_then(|()| out.flush()).map_err(failed)
    }

    fn failed(&self, path: &Path, error: std::io::Error) -> ReplayError {
        ReplayError::File { path: path.display().to_string(), error }
    }
}

fn say(
    decisions: Vec<Decision>,
    newest: &mut BTreeMap<[String; 3], VolumeAdjustment>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for Decision::Say(row) in decisions {
        write_row(&row, out)?;
        let identity = &row.identity;
        let start = format!("{:020}", identity.interval_start.seconds());
        newest.insert([identity.business_unit_id.to_string(), identity.planning_group_id.to_string(), start], *row);
    }
    Ok(())
}

fn write_row(row: &VolumeAdjustment, out: &mut dyn Write) -> std::io::Result<()> {
    let mut line = Vec::with_capacity(1_024);
    write_json(&adjustment::to_message(row), &mut line);
    line.push(b'\n');
    out.write_all(&line)
}

/// Keys that nobody ever sees again: what is replayed leaves no names behind.
fn fresh_keys() -> Result<EpochKeys, ReplayError> {
    let mut keys = Domain::ALL.map(|domain| (domain, EpochKey([0; 32])));
    for (_, key) in &mut keys {
        key.0 = random::bytes()?;
    }
    Ok(keys)
}
