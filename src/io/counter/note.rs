//! The counting's own note, committed with the positions: under which plan it counted, and how far the sources had come.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CounterError;
use crate::engine::fact::OrganizationIndex;
use crate::engine::plan::{Plan, PolicyPlan};
use crate::engine::watermark::{self, Feed, PartitionIndex, Progress};
use crate::engine::{Engine, EventTime, Span};
use crate::io::log::Erasures;

/// No interval is longer, whatever the clocks do.
const LONGEST_INTERVAL: Span = Span::from_minutes(180);

/// What is noted.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Interval and zone of every business unit that was ever counted.
    units: BTreeMap<String, String>,
    /// What the rest of the plan hashes to.
    plan: String,
    /// How many erasures had begun and ended when everything was last read.
    #[serde(default)]
    erasures_begun: u64,
    #[serde(default)]
    erasures: u64,
    sources: Vec<Source>,
    /// What is not remembered any more: by organization, whatever happened before this.
    gone_before: BTreeMap<String, i64>,
    /// Rows that had changed and were not said yet: business unit, planning group, start.
    unsaid: Vec<(String, String, i64)>,
}

/// How far a source had come.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Source {
    organization: String,
    feed: String,
    newest: i64,
    idle: bool,
}

impl Source {
    /// The source of this name: a kind of events, or else a partition, which is listed where it was not before.
    fn source(&self, partitions: &mut Vec<Arc<str>>) -> watermark::Source {
        if let Some(feed) = Feed::ALL.into_iter().find(|feed| feed.name() == self.feed) {
            return watermark::Source::Feed(feed);
        }
        watermark::Source::Partition(place_of(&self.feed, partitions))
    }
}

impl Note {
    /// Reads a note; nothing was noted before the first commit.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, CounterError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(bytes)?))
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, CounterError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// The note of a plan, of which nothing is counted yet.
    pub(super) fn of(plan: &Plan) -> Self {
        let unit = |unit: &crate::engine::plan::UnitPlan| {
            (unit.id.to_string(), format!("intervals of {} s in {}", unit.interval.seconds(), unit.time_zone))
        };
        // Rows that were said before there were policies stay as they are for as long as there is none.
        let policy = if plan.policy == PolicyPlan::default() { String::new() } else { format!("{:?}", plan.policy) };
        let routing = blake3::hash(format!("{:?}{}{}", plan.groups, plan.conversations_feed, policy).as_bytes());
        Self { units: plan.units.iter().map(unit).collect(), plan: routing.to_hex().to_string(), ..Self::default() }
    }

    /// How often something had been erased when everything was last read.
    pub(super) const fn erasures(&self) -> Erasures {
        Erasures { begun: self.erasures_begun, ended: self.erasures }
    }

    /// Notes that everything is read now.
    pub(super) const fn learn(&mut self, erasures: Erasures) {
        Erasures { begun: self.erasures_begun, ended: self.erasures } = erasures;
    }

    /// Whether the rows of `before` were said under the same routing, and nothing was erased since.
    pub(super) fn counts_like(&self, before: &Self) -> bool {
        self.plan == before.plan && self.erasures() == before.erasures()
    }

    /// Remembers the units of `before` that are not in the plan any more. One that is there must be as it was:
    /// intervals of existing rows would move.
    pub(super) fn carry_on(&mut self, before: &Self) -> Result<(), CounterError> {
        for (id, was) in &before.units {
            match self.units.get(id) {
                Some(now) if now != was => {
                    return Err(CounterError::UnitChanged { unit: id.clone(), before: was.clone(), now: now.clone() });
                }
                Some(_) => {}
                None => {
                    self.units.insert(id.clone(), was.clone());
                }
            }
        }
        Ok(())
    }

    /// Notes how far the sources have come, and what is still to be said.
    pub(super) fn note(&mut self, engine: &Engine, organizations: &[Arc<str>], partitions: &[Arc<str>]) {
        let source = |(organization, source, progress): (OrganizationIndex, watermark::Source, Progress)| {
            let id = organizations.get(usize::from(organization.0))?;
            let name = match source {
                watermark::Source::Feed(feed) => feed.name(),
                watermark::Source::Partition(place) => partitions.get(usize::from(place.0))?,
            };
            Some(Source {
                organization: id.to_string(),
                feed: name.to_owned(),
                newest: progress.newest.millis(),
                idle: progress.idle,
            })
        };
        self.sources = engine.progress().filter_map(source).collect();
        let gone = organizations.iter().enumerate().map(|(place, id)| (id, engine.gone_before(index(place))));
        let gone = gone.filter(|(_, before)| *before > EventTime::DISTANT_PAST);
        self.gone_before = gone.map(|(id, before)| (id.to_string(), before.millis())).collect();
        let unsaid = engine.unsaid();
        self.unsaid =
            unsaid.map(|(unit, group, start)| (unit.to_string(), group.to_string(), start.millis())).collect();
    }

    /// Where an engine takes up again: nothing is said that was said, and everything that was not. Where it read further
    /// than was committed, what it heard there is not taken back.
    pub(super) fn resume(
        &self,
        engine: &mut Engine,
        organizations: &[Arc<str>],
        partitions: &mut Vec<Arc<str>>,
        read_further: bool,
    ) {
        engine.resumed();
        let heard = engine.progress().filter(|_| read_further).map(|(of, source, progress)| ((of, source), progress));
        let heard: BTreeMap<_, Progress> = heard.collect();
        for (unit, group, start) in &self.unsaid {
            engine.resume_unsaid(unit, group, EventTime::from_millis(*start));
        }
        for source in &self.sources {
            let organization = organizations.iter().position(|id| **id == *source.organization);
            if let Some(organization) = organization {
                let feed = source.source(partitions);
                let noted = Progress { newest: EventTime::from_millis(source.newest), idle: source.idle };
                let heard = heard.get(&(index(organization), feed)).copied().unwrap_or(noted);
                let idle = heard.idle || noted.idle && heard.newest <= noted.newest;
                let progress = Progress { newest: heard.newest.max(noted.newest), idle };
                engine.resume_progress(index(organization), feed, progress);
            }
        }
        for (place, id) in organizations.iter().enumerate() {
            if let Some(before) = self.gone_before.get(&**id) {
                engine.resume_gone(index(place), EventTime::from_millis(*before));
            }
        }
    }

    /// Rows that start before this are not said again.
    pub(super) fn oldest_row(&self, organizations: &[Arc<str>]) -> EventTime {
        let gone = organizations.iter().map(|id| self.gone_before.get(&**id).copied().map(EventTime::from_millis));
        let oldest = gone.map(|before| before.unwrap_or(EventTime::DISTANT_PAST)).min();
        oldest.unwrap_or(EventTime::DISTANT_PAST).before(LONGEST_INTERVAL)
    }
}

/// The place of a partition in the list of those that were heard of; it is listed where it was not before.
pub(super) fn place_of(name: &str, partitions: &mut Vec<Arc<str>>) -> PartitionIndex {
    let known = partitions.iter().position(|known| **known == *name);
    let place = known.unwrap_or(partitions.len());
    if known.is_none() {
        partitions.push(Arc::from(name));
    }
    PartitionIndex(u16::try_from(place).unwrap_or(u16::MAX))
}

fn index(place: usize) -> OrganizationIndex {
    OrganizationIndex(u16::try_from(place).unwrap_or(u16::MAX))
}
