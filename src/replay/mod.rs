//! Replay: the same engine over files, without a log; same records, same bytes out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::fact::Fact;
use crate::engine::names::{Domain, EpochKey};
use crate::engine::plan::SourceScheme;
use crate::engine::{Decision, Engine, EventTime, Labels, Span, Step, VolumeAdjustment, baseline};
use crate::io::clock::Watch;
use crate::io::reading::{Accounting, EpochKeys, Reader, Taken};
use crate::io::{Lines, random};
use crate::settings::Settings;
use crate::wire::genesys::{self, SetAside};
use crate::wire::{adjustment, baseline_csv, write_json};

mod arrivals;
use arrivals::{Arrivals, Arrived, Bounds, InOrder, Store, Turn};

mod runs;

mod summary;
use summary::{Summary, write_timing};

#[cfg(test)]
mod stories;

/// So many facts at most are handed to the engine at once.
const PART: usize = 4_096;

/// The newest row by business unit, planning group and start.
type Newest = BTreeMap<(Arc<str>, Arc<str>, EventTime), Arc<VolumeAdjustment>>;

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
        error: io::Error,
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

/// What is known of all records when they were read: the facts wait to be put in order.
struct Heard {
    arrivals: Arrivals,
    accounts: BTreeMap<String, Accounting>,
    /// When the first and the last of the facts happened.
    span: Option<(EventTime, EventTime)>,
}

impl Replay<'_> {
    /// Reads everything, counts it in the order of arrival, and writes the five files.
    pub fn run(&self) -> Result<Summary, ReplayError> {
        self.run_within(Bounds::USUAL)
    }

    fn run_within(&self, bounds: Bounds) -> Result<Summary, ReplayError> {
        let watch = Watch::start();
        std::fs::create_dir_all(self.out).map_err(|error| self.failed(self.out, error))?;
        let plan = self.settings.plan(SourceScheme::One);
        // Nothing of a replay rests, so the key that hides unlisted labels may be anybody's; ties must fall alike every time.
        let mut reader = Reader::of_files(self.settings, [0; 32], plan.names());
        let heard = self.read(&mut reader, bounds)?;
        let admission = reader.into_admission();
        let strangers = admission.strangers().texts();
        let mut engine = Engine::new(plan, admission.into_labels());
        self.expect_baseline(&mut engine)?;
        let mut facts = heard.arrivals.in_order(engine.labels_mut()).map_err(|error| self.failed(self.out, error))?;
        let newest = self.count(&mut engine, &mut facts)?;
        self.write_rows(&newest)?;
        let summary = Summary::of(&heard.accounts, &engine, &strangers, heard.span, newest.len());
        self.write("summary.json", |out| out.write_all(summary.to_json().as_bytes()))?;
        self.write("timing.json", |out| write_timing(out, watch.elapsed()))?;
        Ok(summary)
    }

    /// Reads the files in the order of their names, so that pointers can be written as they come up.
    fn read(&self, reader: &mut Reader, bounds: Bounds) -> Result<Heard, ReplayError> {
        let (folder, organizations) = (self.out.to_path_buf(), reader.organizations().to_vec());
        let arrivals = Arrivals::new(Store { folder, organizations, bounds });
        let mut heard = Heard { arrivals, accounts: BTreeMap::new(), span: None };
        let mut files: Vec<(String, &Path)> =
            self.events.iter().map(|path| (path.to_string_lossy().into_owned(), path.as_path())).collect();
        files.sort();
        let path = self.out.join("set-aside.ndjson");
        let mut pointers = BufWriter::new(File::create(&path).map_err(|error| self.failed(&path, error))?);
        for (name, events) in files {
            self.read_file(&name, events, reader, &mut heard, &mut pointers)?;
        }
        pointers.flush().map_err(|error| self.failed(&path, error))?;
        Ok(heard)
    }

    fn read_file(
        &self,
        name: &str,
        path: &Path,
        reader: &mut Reader,
        heard: &mut Heard,
        pointers: &mut impl Write,
    ) -> Result<(), ReplayError> {
        let mut lines = Lines::open(path).map_err(|error| self.failed(path, error))?;
        let account = heard.accounts.entry(name.to_owned()).or_default();
        while let Some((number, line)) = lines.next_line().map_err(|error| self.failed(path, error))? {
            let taken = reader.read(line, |_| fresh_keys())?;
            if self.until.is_some_and(|until| arrival_of(&taken, line) >= Some(until)) {
                continue;
            }
            account.note(&taken);
            match taken {
                Taken::Fact(at, fact) => {
                    let (first, last) = heard.span.unwrap_or((fact.at, fact.at));
                    heard.span = Some((first.min(fact.at), last.max(fact.at)));
                    self.push(heard_at(at, line, *fact), reader, &mut heard.arrivals)?;
                }
                Taken::NotPermitted(at, facts) => {
                    for fact in facts {
                        self.push(heard_at(at, line, fact), reader, &mut heard.arrivals)?;
                    }
                }
                Taken::SetAside(aside) => {
                    write_pointer(name, number, &aside, pointers)
                        .map_err(|error| self.failed(&self.out.join("set-aside.ndjson"), error))?;
                }
                Taken::NotRelevant | Taken::Blank => {}
            }
        }
        Ok(())
    }

    fn push(&self, arrived: Arrived, reader: &Reader, arrivals: &mut Arrivals) -> Result<(), ReplayError> {
        arrivals.push(arrived, reader.admission().labels()).map_err(|error| self.failed(self.out, error))
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

    /// Counts everything in order; says what changed whenever arrival time enters another stretch of `publish.replay_every`.
    fn count(&self, engine: &mut Engine, facts: &mut InOrder) -> Result<Newest, ReplayError> {
        let mut newest = Newest::new();
        let every = self.settings.replay_every.max(Span::from_millis(1));
        self.write("revisions.ndjson", |out| {
            let mut stretches = Stretches { facts, every, next: None };
            let mut part = Vec::with_capacity(PART);
            while let Some(is_last) = stretches.next_part(&mut part, engine.labels_mut())? {
                engine.step(Step::Facts { facts: &part, not_after: None, partition: None });
                if is_last {
                    say(engine.step(Step::Say), &mut newest, out)?;
                }
            }
            if self.until.is_none() {
                engine.step(Step::EndOfInput);
            }
            say(engine.step(Step::Say), &mut newest, out)
        })?;
        Ok(newest)
    }

    fn write_rows(&self, newest: &Newest) -> Result<(), ReplayError> {
        self.write("adjustments.ndjson", |out| newest.values().try_for_each(|row| write_row(row, out)))
    }

    fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), ReplayError> {
        let path = self.out.join(name);
        let failed = |error| self.failed(&path, error);
        let mut out = BufWriter::new(File::create(&path).map_err(failed)?);
        fill(&mut out).and_then(|()| out.flush()).map_err(failed)
    }

    fn failed(&self, path: &Path, error: io::Error) -> ReplayError {
        ReplayError::File { path: path.display().to_string(), error }
    }
}

/// Facts in order, cut where arrival time enters another stretch.
struct Stretches<'a> {
    facts: &'a mut InOrder,
    every: Span,
    next: Option<Arrived>,
}

impl Stretches<'_> {
    /// Fills `part` with what comes next of one stretch; says whether the stretch ends with it. `None` where all is over.
    fn next_part(&mut self, part: &mut Vec<Fact>, labels: &mut Labels) -> io::Result<Option<bool>> {
        part.clear();
        let mut next = match self.next.take() {
            Some(next) => Some(next),
            None => self.facts.next(labels)?,
        };
        let stretch_of = |arrived: &Arrived| arrived.turn.at.millis().div_euclid(self.every.millis());
        let Some(stretch) = next.as_ref().map(stretch_of) else { return Ok(None) };
        while let Some(arrived) = next {
            if stretch_of(&arrived) != stretch || part.len() == PART {
                let is_last = stretch_of(&arrived) != stretch;
                self.next = Some(arrived);
                return Ok(Some(is_last));
            }
            part.push(arrived.fact);
            next = self.facts.next(labels)?;
        }
        Ok(Some(true))
    }
}

fn heard_at(at: EventTime, record: &[u8], fact: Fact) -> Arrived {
    Arrived { turn: Turn::of(at, record), fact }
}

/// When a record arrived, as far as it says so: what is not relevant or set aside may say nothing of it.
fn arrival_of(taken: &Taken, record: &[u8]) -> Option<EventTime> {
    match taken {
        Taken::Fact(at, _) | Taken::NotPermitted(at, _) => Some(*at),
        Taken::NotRelevant | Taken::SetAside(_) => genesys::arrival(record),
        Taken::Blank => None,
    }
}

fn write_pointer(file: &str, line: u64, aside: &SetAside, out: &mut impl Write) -> io::Result<()> {
    let pointer = serde_json::json!({"file": file, "line": line, "class": aside.class.name(), "path": aside.path});
    writeln!(out, "{pointer}")
}

fn say(decisions: Vec<Decision>, newest: &mut Newest, out: &mut dyn Write) -> io::Result<()> {
    for Decision::Say(row) in decisions {
        write_row(&row, out)?;
        let identity = &row.identity;
        let [unit, group] = [&identity.business_unit_id, &identity.planning_group_id].map(Arc::clone);
        newest.insert((unit, group, identity.interval_start), row);
    }
    Ok(())
}

fn write_row(row: &VolumeAdjustment, out: &mut dyn Write) -> io::Result<()> {
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
