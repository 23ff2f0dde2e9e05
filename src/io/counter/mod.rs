//! Counting: the second of the two loops reads facts, lets the engine decide, and commits rows and positions together.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::log::{Commit, Fate, Log, LogError, Positions, SaidRow, Stored, Stream, Way};
use crate::engine::plan::{Plan, SourceScheme};
use crate::engine::watermark::{Feed, PartitionIndex, Source};
use crate::engine::{BaselineInterval, Decision, Engine, EventTime, Labels, Pace, Span, Step, WallTime};
use crate::settings::Settings;
use crate::wire::{Unreadable, adjustment, baseline, facts};

mod note;
use note::{Note, place_of};

/// The order in which streams are taken.
const STREAMS: [Stream; 3] = [Stream::Baseline, Stream::Facts, Stream::Visits];
/// Everything is read so often where something was erased: what an erasure moves on while the first reading passes lies
/// before the end that the second one sees.
const READINGS: usize = 2;
/// A commit that the log could not take is offered again so often before the owner gives up.
const TRIES: u32 = 5;

/// Why counting cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record of the log is damaged.
    #[error(
        "record {seq} of {stream} cannot be read ({why}); nothing was changed: restore the log from a copy, or ask for help with this number"
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
    /// The counting's own note cannot be read.
    #[error("the note that was committed with the positions cannot be read: {0}; restore the log from a copy")]
    Note(#[from] serde_json::Error),
}

/// The one owner of a share of the log.
#[derive(Debug)]
pub struct Counter<L> {
    log: L,
    engine: Engine,
    plan: Plan,
    organizations: Vec<Arc<str>>,
    /// Input partitions that were heard of.
    partitions: Vec<Arc<str>>,
    /// Those of them that are silent: what is written again does not wake them.
    silent: BTreeSet<PartitionIndex>,
    positions: Positions,
    /// Whether more was read than was committed.
    is_ahead: bool,
    note: Note,
    pace: Pace,
    clock_ahead: Span,
}

impl CounterError {
    /// What becomes of the owner: one that is not told to halt may be started anew.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::Log(error) => error.fate(),
            Self::Damaged { .. } | Self::UnitChanged { .. } | Self::Note(_) => Fate::Halt,
        }
    }
}

impl<L: Log> Counter<L> {
    /// Reads back what was counted up to the committed positions, and is then where the last owner was.
    ///
    /// # Errors
    ///
    /// Where the log fails, or the configuration does not fit the rows that were said.
    pub fn start(settings: &Settings, log: L) -> Result<Self, CounterError> {
        let plan = settings.plan(SourceScheme::ByKind);
        let mut counter = Self {
            organizations: plan.organizations.clone(),
            note: Note::of(&plan),
            engine: Engine::new(plan.clone(), Labels::default()),
            plan,
            log,
            partitions: Vec::new(),
            silent: BTreeSet::new(),
            positions: Positions::default(),
            is_ahead: false,
            pace: Pace::new(settings.publish_every, settings.windows.source_idle_after),
            clock_ahead: settings.windows.max_clock_ahead,
        };
        counter.take_up()?;
        Ok(counter)
    }

    /// Reads back what was counted up to the committed positions; all of it again, where an erasure began meanwhile.
    fn take_up(&mut self) -> Result<(), CounterError> {
        loop {
            self.note.learn(self.log.erasures()?);
            let (positions, note) = self.log.committed()?;
            if let Some(before) = Note::read(&note)? {
                self.note.carry_on(&before)?;
                self.resume(positions, &before)?;
            }
            if self.note.erasures() == self.log.erasures()? {
                return Ok(());
            }
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.engine = Engine::new(self.plan.clone(), Labels::default());
        self.note = Note::of(&self.plan);
        self.partitions.clear();
        self.silent.clear();
        self.positions = Positions::default();
    }

    /// Forgets everything and reads it again, where an erasure ended since; false where none did.
    fn start_anew(&mut self) -> Result<bool, CounterError> {
        if self.log.erasures()?.ended == self.note.erasures().ended {
            return Ok(false);
        }
        self.forget();
        self.take_up()?;
        Ok(true)
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
    pub const fn log(&self) -> &L {
        &self.log
    }

    /// How far is counted and committed.
    pub const fn positions(&self) -> Positions {
        self.positions
    }

    /// The log, for whatever else its owner must do there.
    pub const fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// Whether everything that was appended is counted and committed.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    pub fn is_caught_up(&mut self) -> Result<bool, CounterError> {
        Ok(!self.is_ahead && self.positions.reach(&self.log.ends()?))
    }

    /// Takes what is there, and commits it with what there is to say, if it is time to say something; false where
    /// there was nothing.
    ///
    /// After an error this owner knows more than it committed: it must be dropped, and another started.
    ///
    /// # Errors
    ///
    /// Where the log fails, or holds what cannot be read.
    pub fn turn(&mut self, now: WallTime) -> Result<bool, CounterError> {
        let mut moved = self.start_anew()? || self.is_ahead;
        let mut positions = self.positions;
        for stream in STREAMS {
            let at_once = self.log.at_once(stream);
            for stored in self.log.read(stream, positions.of(stream), at_once)? {
                self.take(stream, &stored)?;
                positions.set(stream, stored.seq);
                moved = true;
            }
        }
        if !moved && self.log.is_at_end() {
            for feed in self.pace.silent(now) {
                self.engine.step(Step::Quiet(Source::Feed(feed)));
            }
        }
        let may_say = self.pace.may_say(now, self.engine.unsaid().len());
        let decisions = if may_say { self.engine.step(Step::Say) } else { Vec::new() };
        if moved || !decisions.is_empty() {
            self.commit(now, positions, decisions)?;
        }
        Ok(moved)
    }

    /// Says whatever is not said yet, without waiting for its time: nothing more is coming, or nobody is left to say it.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    pub fn say_the_rest(&mut self, now: WallTime) -> Result<(), CounterError> {
        let decisions = self.engine.step(Step::Say);
        if decisions.is_empty() { Ok(()) } else { self.commit(now, self.positions, decisions) }
    }

    fn take(&mut self, stream: Stream, stored: &Stored) -> Result<(), CounterError> {
        let damaged = |why| CounterError::Damaged { stream: stream.name(), seq: stored.seq, why };
        if stream == Stream::Baseline {
            self.take_baseline(stored);
            return Ok(());
        }
        if let Way::Silence(name) = &stored.way {
            let silent = place_of(name, &mut self.partitions);
            self.silent.insert(silent);
            self.engine.step(Step::Quiet(Source::Partition(silent)));
            return Ok(());
        }
        let decoded = facts::decode(&stored.body, &self.organizations, self.engine.labels_mut()).map_err(damaged)?;
        let not_after = EventTime::from_millis(stored.appended_at.after(self.clock_ahead).millis());
        let mut left = decoded.facts.as_slice();
        if let Way::Partitions(counts) = &stored.way {
            for (name, count) in counts {
                let Some((facts, rest)) = left.split_at_checked(*count) else { break };
                left = rest;
                let partition = place_of(name, &mut self.partitions);
                self.engine.step(Step::Facts { facts, not_after: Some(not_after), partition: Some(partition) });
                if !stored.is_copy {
                    self.silent.remove(&partition);
                } else if self.silent.contains(&partition) {
                    self.engine.step(Step::Quiet(Source::Partition(partition)));
                }
            }
        }
        // Whether a partition is silent, whoever reads it says; of the rest it is known by when it came.
        for fact in left {
            if let Some(feed) = Feed::of(&fact.about) {
                self.pace.hear(feed, stored.appended_at);
            }
        }
        self.engine.step(Step::Facts { facts: left, not_after: Some(not_after), partition: None });
        Ok(())
    }

    /// Anybody may write a baseline: what is none is passed over by name, and everything else goes on.
    fn take_baseline(&mut self, stored: &Stored) {
        let interval: BaselineInterval = match baseline::decode(&stored.body) {
            Ok(interval) => interval,
            Err(why) => {
                return tracing::warn!(record = stored.seq, %why, "a record of the baseline is none, and is passed over");
            }
        };
        self.engine.step(Step::Baseline(&[interval]));
    }

    fn commit(&mut self, now: WallTime, positions: Positions, decisions: Vec<Decision>) -> Result<(), CounterError> {
        if !decisions.is_empty() {
            self.pace.say(now);
        }
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
        self.note.note(&self.engine, &self.organizations, &self.partitions);
        let note = self.note.write()?;
        let commit = Commit { rows: &rows, positions, progress: &note };
        self.offer(now, &commit)?;
        self.positions = positions;
        self.is_ahead = false;
        Ok(())
    }

    /// Offers the same commit until the log has it: what was decided once is never decided anew.
    fn offer(&mut self, now: WallTime, commit: &Commit<'_>) -> Result<(), CounterError> {
        let mut tries = 1;
        while let Err(error) = self.log.commit(now, commit) {
            let may_try_again = match error.fate() {
                Fate::Retry => true,
                Fate::Undecided => {
                    let (positions, note) = self.log.committed()?;
                    if (positions, note.as_slice()) == (commit.positions, commit.progress) {
                        return Ok(());
                    }
                    true
                }
                Fate::Lost | Fate::Halt => false,
            };
            if !may_try_again || tries == TRIES {
                return Err(error.into());
            }
            tries += 1;
            tracing::warn!(%error, "the log did not take a commit; the same is offered again");
        }
        Ok(())
    }

    fn resume(&mut self, committed: Positions, before: &Note) -> Result<(), CounterError> {
        let was_erased = before.erasures() != self.note.erasures();
        let positions = if was_erased { self.read_everything()? } else { committed };
        for stream in STREAMS.into_iter().filter(|_| !was_erased) {
            self.read_back(stream, 0, positions.of(stream))?;
        }
        for body in self.log.newest_rows(before.oldest_row(&self.organizations))? {
            match adjustment::decode(&body) {
                Ok(row) => self.engine.resume_row(row),
                Err(why) => return Err(CounterError::Damaged { stream: "rows", seq: 0, why }),
            }
        }
        before.resume(&mut self.engine, &self.organizations, &mut self.partitions, was_erased);
        let sources = self.engine.progress().filter(|(_, _, progress)| progress.idle);
        self.silent = sources.filter_map(|(_, source, _)| source.partition()).collect();
        self.positions = positions;
        self.is_ahead = positions != committed;
        if !self.note.counts_like(before) {
            self.engine.step(Step::PlanChanged);
        }
        Ok(())
    }

    /// Reads all that is there. What was counted at the committed places may lie beyond them now.
    fn read_everything(&mut self) -> Result<Positions, CounterError> {
        let mut read = Positions::default();
        for _ in 0..READINGS {
            let ends = self.log.ends()?;
            self.log.wait_for(&ends);
            for stream in STREAMS {
                self.read_back(stream, read.of(stream), ends.of(stream))?;
            }
            read = ends;
        }
        Ok(read)
    }

    fn read_back(&mut self, stream: Stream, after: u64, up_to: u64) -> Result<(), CounterError> {
        let mut after = after;
        while after < up_to {
            let at_once = self.log.at_once(stream);
            let stored = self.log.read(stream, after, at_once)?;
            let Some(last) = stored.last() else { break };
            after = last.seq;
            for stored in stored.iter().filter(|stored| stored.seq <= up_to) {
                self.take(stream, stored)?;
            }
        }
        Ok(())
    }
}
