//! Counting: the second of the two loops reads facts, lets the engine decide, and commits rows and positions together.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::embedded::{
    Commit, Embedded, EmbeddedError, Fate, Positions, Retention, RunnerLock, SaidRow, Stored, Stream,
};
use crate::engine::fact::OrganizationIndex;
use crate::engine::plan::{Plan, SourceScheme};
use crate::engine::watermark::{Feed, Progress};
use crate::engine::{BaselineInterval, Decision, Engine, EventTime, Labels, Span, Step, WallTime};
use crate::settings::{Log, Settings};
use crate::wire::{Unreadable, adjustment, baseline, facts};

/// Records of each stream that are taken at once; each holds up to some thousand facts.
const AT_ONCE: usize = 8;
/// A baseline's records hold one interval each, and all that was uploaded is known before anything is counted.
const BASELINE_AT_ONCE: usize = 100_000;
/// The order in which streams are taken.
const STREAMS: [Stream; 3] = [Stream::Baseline, Stream::Facts, Stream::Visits];
/// A commit that found the log busy is tried again so often before the runner gives up.
const TRIES: u32 = 5;
const PLAN: &str = "plan";
const UNITS: &str = "units";

/// Why counting cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// The log.
    #[error(transparent)]
    Log(#[from] EmbeddedError),
    /// A record of the log is damaged.
    #[error(
        "record {seq} of {stream} cannot be read ({why}); nothing was changed: restore the data folder from a copy, or ask for help with this number"
    )]
    Damaged {
        /// The stream.
        stream: &'static str,
        /// Its number.
        seq: u64,
        /// Why.
        why: Unreadable,
    },
    /// Intervals of existing rows would move.
    #[error(
        "business unit {unit:?} had {before}, and now has {now}: its rows would no longer fit; set it back, or start with an empty data folder"
    )]
    UnitChanged {
        /// Which.
        unit: String,
        /// Interval and zone of the existing rows.
        before: String,
        /// Interval and zone of the configuration.
        now: String,
    },
    /// Kept state cannot be read.
    #[error("the data folder's {what} cannot be read: {error}")]
    State {
        /// What.
        what: &'static str,
        /// Why.
        error: serde_json::Error,
    },
    /// The log is not the embedded one.
    #[error("[log] kind = \"kafka\" is not built yet; set kind = \"embedded\"")]
    NotEmbedded,
}

/// How far a source had come, as kept beside the positions.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    organization: String,
    feed: String,
    newest: i64,
    idle: bool,
}

/// The one runner of a data folder.
#[derive(Debug)]
pub struct Counter {
    log: Embedded,
    engine: Engine,
    organizations: Vec<Arc<str>>,
    positions: Positions,
    heard: [Option<WallTime>; 3],
    idle_after: Span,
    clock_ahead: Span,
    _lock: RunnerLock,
}

const fn at_once(stream: Stream) -> usize {
    match stream {
        Stream::Baseline => BASELINE_AT_ONCE,
        Stream::Facts | Stream::Visits => AT_ONCE,
    }
}

/// Where the embedded log is.
pub fn folder_of(settings: &Settings) -> Result<PathBuf, CounterError> {
    match &settings.log {
        Log::Embedded { path } => Ok(path.clone()),
        Log::Kafka { .. } => Err(CounterError::NotEmbedded),
    }
}

/// Opens the embedded log of a configuration.
pub fn open_log(settings: &Settings) -> Result<Embedded, CounterError> {
    Ok(Embedded::open(&folder_of(settings)?, settings.key_file.as_deref())?)
}

impl Counter {
    /// Takes the lock, reads back its own facts up to the committed positions, and is then where it was.
    pub fn start(settings: &Settings) -> Result<Self, CounterError> {
        let folder = folder_of(settings)?;
        let log = open_log(settings)?;
        let lock = RunnerLock::take(&folder)?;
        let plan = settings.plan(SourceScheme::ByKind);
        let mut counter = Self {
            organizations: plan.organizations.clone(),
            engine: Engine::new(plan.clone(), Labels::default()),
            log,
            positions: Positions::default(),
            heard: [None; 3],
            idle_after: settings.windows.source_idle_after,
            clock_ahead: settings.windows.max_clock_ahead,
            _lock: lock,
        };
        counter.check_units(&plan)?;
        counter.resume()?;
        counter.check_plan(&plan)?;
        Ok(counter)
    }

    /// What is known.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The organizations, in the order in which the engine counts them.
    pub fn organizations(&self) -> &[Arc<str>] {
        &self.organizations
    }

    /// The log.
    pub const fn log(&self) -> &Embedded {
        &self.log
    }

    /// Whether everything that was appended is counted and committed.
    pub fn is_caught_up(&self) -> Result<bool, CounterError> {
        Ok(self.positions.reach(&self.log.ends()?))
    }

    /// Takes what is there, and commits what follows from it; false where there was nothing.
    pub fn turn(&mut self, now: WallTime) -> Result<bool, CounterError> {
        let mut positions = self.positions;
        let mut moved = false;
        for stream in STREAMS {
            for stored in self.log.read(stream, positions.of(stream), at_once(stream))? {
                self.take(stream, &stored)?;
                positions.set(stream, stored.seq);
                moved = true;
            }
        }
        if !moved {
            self.note_silence(now);
        }
        let decisions = self.engine.step(Step::Say);
        if moved || !decisions.is_empty() {
            self.commit(now, positions, decisions)?;
        }
        Ok(moved)
    }

    /// Deletes what has been kept for long enough.
    pub fn sweep(&mut self, now: WallTime, settings: &Settings) -> Result<(), CounterError> {
        let swept = self.log.sweep(now, &retention(settings))?;
        tracing::debug!(?swept, "swept what was kept for long enough");
        Ok(())
    }

    fn take(&mut self, stream: Stream, stored: &Stored) -> Result<(), CounterError> {
        let damaged = |why| CounterError::Damaged { stream: stream.name(), seq: stored.seq, why };
        if stream == Stream::Baseline {
            let interval: BaselineInterval = baseline::decode(&stored.body).map_err(damaged)?;
            self.engine.step(Step::Baseline(&[interval]));
            return Ok(());
        }
        let decoded = facts::decode(&stored.body, &self.organizations, self.engine.labels_mut()).map_err(damaged)?;
        for fact in &decoded.facts {
            if let Some(heard) = self.heard.get_mut(Feed::of(&fact.about) as usize) {
                *heard = Some(stored.appended_at);
            }
        }
        let not_after = EventTime::from_millis(stored.appended_at.after(self.clock_ahead).millis());
        self.engine.step(Step::Facts { facts: &decoded.facts, not_after: Some(not_after) });
        Ok(())
    }

    fn note_silence(&mut self, now: WallTime) {
        for feed in Feed::ALL {
            let heard = self.heard.get(feed as usize).copied().flatten();
            if heard.is_some_and(|heard| now.since(heard) >= self.idle_after) {
                self.engine.step(Step::Quiet(feed));
            }
        }
    }

    fn commit(&mut self, now: WallTime, positions: Positions, decisions: Vec<Decision>) -> Result<(), CounterError> {
        let rows: Vec<SaidRow> = decisions
            .into_iter()
            .map(|Decision::Say(row)| SaidRow {
                key: adjustment::key(&row.identity),
                business_unit: Arc::clone(&row.identity.business_unit_id),
                planning_group: Arc::clone(&row.identity.planning_group_id),
                interval_start: row.identity.interval_start,
                revision: row.revision,
                body: adjustment::encode(&row),
            })
            .collect();
        let progress = self.progress()?;
        let commit = Commit { rows: &rows, positions, progress: &progress };
        let mut tries = 0;
        while let Err(error) = self.log.commit(now, &commit) {
            tries += 1;
            if error.fate() != Fate::Retry || tries == TRIES {
                return Err(error.into());
            }
            tracing::warn!(%error, "the log is busy; the same commit is tried again");
        }
        self.positions = positions;
        Ok(())
    }

    fn progress(&self) -> Result<Vec<u8>, CounterError> {
        let kept = self.engine.progress().map(|(organization, feed, progress)| Kept {
            organization: self
                .organizations
                .get(usize::from(organization.0))
                .map(|id| id.to_string())
                .unwrap_or_default(),
            feed: format!("{feed:?}"),
            newest: progress.newest.millis(),
            idle: progress.idle,
        });
        serde_json::to_vec(&kept.collect::<Vec<_>>()).map_err(|error| CounterError::State { what: "progress", error })
    }

    fn resume(&mut self) -> Result<(), CounterError> {
        let (positions, progress) = self.log.positions()?;
        for stream in STREAMS {
            let mut after = 0;
            loop {
                let stored = self.log.read(stream, after, at_once(stream))?;
                let Some(last) = stored.last().map(|stored| stored.seq) else { break };
                for stored in stored.iter().filter(|stored| stored.seq <= positions.of(stream)) {
                    self.take(stream, stored)?;
                }
                after = last;
                if after >= positions.of(stream) {
                    break;
                }
            }
        }
        for body in self.log.newest_rows()? {
            match adjustment::decode(&body) {
                Ok(row) => self.engine.resume_row(row),
                Err(why) => return Err(CounterError::Damaged { stream: "rows", seq: 0, why }),
            }
        }
        self.resume_progress(&progress)?;
        self.engine.resumed();
        self.positions = positions;
        Ok(())
    }

    fn resume_progress(&mut self, progress: &[u8]) -> Result<(), CounterError> {
        if progress.is_empty() {
            return Ok(());
        }
        let kept: Vec<Kept> =
            serde_json::from_slice(progress).map_err(|error| CounterError::State { what: "progress", error })?;
        for kept in kept {
            let organization = self.organizations.iter().position(|id| **id == *kept.organization);
            let feed = Feed::ALL.into_iter().find(|feed| format!("{feed:?}") == kept.feed);
            if let (Some(organization), Some(feed)) = (organization, feed) {
                let progress = Progress { newest: EventTime::from_millis(kept.newest), idle: kept.idle };
                let organization = OrganizationIndex(u16::try_from(organization).unwrap_or(u16::MAX));
                self.engine.resume_progress(organization, feed, progress);
            }
        }
        Ok(())
    }

    /// Interval and zone of a unit that has rows may not change: they would no longer fit.
    fn check_units(&mut self, plan: &Plan) -> Result<(), CounterError> {
        let what = |error| CounterError::State { what: "list of business units", error };
        let mut known: std::collections::BTreeMap<String, String> = match self.log.get_meta(UNITS)? {
            Some(kept) => serde_json::from_slice(&kept).map_err(what)?,
            None => std::collections::BTreeMap::new(),
        };
        for unit in &plan.units {
            let now = format!("intervals of {} s in {}", unit.interval.seconds(), unit.time_zone);
            match known.get(&*unit.id) {
                Some(before) if *before != now => {
                    return Err(CounterError::UnitChanged { unit: unit.id.to_string(), before: before.clone(), now });
                }
                Some(_) => {}
                None => {
                    known.insert(unit.id.to_string(), now);
                }
            }
        }
        let kept = serde_json::to_vec(&known).map_err(what)?;
        Ok(self.log.set_meta(UNITS, &kept)?)
    }

    /// Under another routing than the one before, every row that is remembered is looked at again.
    fn check_plan(&mut self, plan: &Plan) -> Result<(), CounterError> {
        let now = blake3::hash(format!("{:?}{}", plan.groups, plan.conversations_feed).as_bytes());
        let before = self.log.get_meta(PLAN)?;
        if before.as_ref().is_some_and(|before| before != now.as_bytes()) {
            self.engine.step(Step::PlanChanged);
        }
        Ok(self.log.set_meta(PLAN, now.as_bytes())?)
    }
}

/// How long each store keeps what it holds.
pub const fn retention(settings: &Settings) -> Retention {
    Retention {
        visits: Span::from_minutes(120),
        facts: settings.windows.correction_horizon.and(Span::from_days(5)),
        adjustments: settings.retention.adjustments,
        set_aside: settings.retention.set_aside,
    }
}
