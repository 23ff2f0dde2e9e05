//! The truth: what must be counted, told from how the site was made.
//!
//! Written from the contract alone and without the engine: two honest programs must agree on it.

use std::collections::BTreeMap;

use super::calendar::Calendar;
use super::conversation::{QueueEnd, TalkStep};
use super::fate::Fate;
use super::offer::{Reason, State, Step};
use super::place::{ActionMap, Group, Listed, Medium, UNITS, group_of_queue};

/// What a usable record told of a web action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When, as it claims, in milliseconds since 1970.
    pub at_millis: i64,
    /// What.
    pub step: Step,
    /// A copy on the action topic: it names neither state nor medium nor version.
    pub bare: bool,
}

/// The counts of one planning group and interval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Visitors who qualified.
    pub qualified: u64,
    /// Offers shown.
    pub offered: u64,
    /// Offers taken.
    pub accepted: u64,
    /// Offers that an agent engaged in.
    pub engaged: u64,
    /// Offers declined.
    pub rejected: u64,
    /// Offers that closed by themselves.
    pub timed_out: u64,
    /// Offers nobody reacted to.
    pub ignored: u64,
    /// Offers that failed.
    pub errored: u64,
    /// Actions held back, by reason.
    pub blocked: BTreeMap<&'static str, u64>,
    /// Conversations that queued.
    pub queued: u64,
    /// Conversations that were answered.
    pub answered: u64,
    /// Expected conversations that queue, before chance.
    pub mean_queued: f64,
}

/// Unit, planning group and interval start in seconds since 1970.
pub type Key = (&'static str, &'static str, i64);

/// Collects the truth while a site is made.
#[derive(Debug)]
pub struct Truth {
    calendars: [Calendar; 2],
    rows: BTreeMap<Key, Counts>,
    records: BTreeMap<Fate, u64>,
}

impl Default for Truth {
    fn default() -> Self {
        Self { calendars: UNITS.map(Calendar::of), rows: BTreeMap::new(), records: BTreeMap::new() }
    }
}

impl Truth {
    /// The counts by unit, planning group and interval start.
    pub const fn rows(&self) -> &BTreeMap<Key, Counts> {
        &self.rows
    }

    /// How many records end how.
    pub const fn records(&self) -> &BTreeMap<Fate, u64> {
        &self.records
    }

    /// A record was sent.
    pub fn record(&mut self, fate: Fate) {
        *self.records.entry(fate).or_default() += 1;
    }

    /// So many conversations are expected to queue at about this second.
    pub fn expect(&mut self, group: &'static Group, seconds: i64, queued: f64) {
        self.row(group, seconds).mean_queued += queued;
    }

    /// Counts a web action by all that usable records told of it.
    pub fn count_action(&mut self, map: &'static ActionMap, told: &[Told]) {
        let Some(group) = group_as_told(map, told) else { return };
        let knows_medium = told.iter().any(|told| !told.bare && matches!(told.step, Step::Reaches(_)));
        let has_steps = told.iter().any(|told| matches!(told.step, Step::Reaches(_)));
        if has_steps && !(knows_medium && map.medium == Medium::Messaging) {
            return;
        }
        for (metric, at_millis) in metrics(told) {
            let counts = self.row(group, at_millis.div_euclid(1_000));
            match metric {
                Metric::Qualified => counts.qualified += 1,
                Metric::Offered => counts.offered += 1,
                Metric::Accepted => counts.accepted += 1,
                Metric::Engaged => counts.engaged += 1,
                Metric::Rejected => counts.rejected += 1,
                Metric::TimedOut => counts.timed_out += 1,
                Metric::Ignored => counts.ignored += 1,
                Metric::Errored => counts.errored += 1,
                Metric::Blocked(reason) => *counts.blocked.entry(reason.text()).or_default() += 1,
            }
        }
    }

    /// Counts the conversation of an offer by all that usable records told of it, with the milliseconds that they claim.
    pub fn count_talk(&mut self, named: Option<&'static ActionMap>, told: &[(i64, TalkStep)]) {
        if !told.iter().any(|(_, step)| matches!(step, TalkStep::CustomerStart)) {
            return;
        }
        let fallback = named.and_then(|map| match map.listed {
            Listed::ById(group) => Some(group),
            Listed::ByVersion(_) | Listed::Nowhere => None,
        });
        let mut entries: Vec<(i64, &str, &'static Group)> = Vec::new();
        let mut ends: Vec<(i64, &str, QueueEnd)> = Vec::new();
        for (at, step) in told {
            match step {
                TalkStep::AcdStart { queue } => {
                    entries.extend(group_of_queue(queue).or(fallback).map(|group| (*at, *queue, group)));
                }
                TalkStep::AcdEnd { queue, end, .. } => ends.push((*at, queue, *end)),
                TalkStep::CustomerStart
                | TalkStep::FlowStart
                | TalkStep::UserEnd { .. }
                | TalkStep::AfterWork { .. }
                | TalkStep::CustomerEnd => {}
            }
        }
        entries.sort_by_key(|(at, ..)| *at);
        ends.sort_by_key(|(at, ..)| *at);
        let (mut queued, mut ended): (Vec<&Group>, Vec<&Group>) = (Vec::new(), Vec::new());
        for (at, _, group) in &entries {
            if !queued.contains(group) {
                queued.push(group);
                self.row(group, at.div_euclid(1_000)).queued += 1;
            }
        }
        for (at, queue, end) in ends {
            let entry = entries.iter().rfind(|(entered, of, _)| *of == queue && *entered <= at);
            let Some((.., group)) = entry.filter(|(.., group)| !ended.contains(group)) else { continue };
            ended.push(group);
            if end == QueueEnd::Answered {
                self.row(group, at.div_euclid(1_000)).answered += 1;
            }
        }
    }

    fn row(&mut self, group: &'static Group, seconds: i64) -> &mut Counts {
        let calendar = self.calendars.iter().find(|calendar| calendar.unit == group.unit);
        let start = calendar.map_or(seconds, |calendar| calendar.interval_start(seconds));
        self.rows.entry((group.unit.id, group.id, start)).or_default()
    }
}

/// Where an action counts: a map that is listed by its version needs a record that names the version.
fn group_as_told(map: &'static ActionMap, told: &[Told]) -> Option<&'static Group> {
    let names_version = |told: &Told| !told.bare && matches!(told.step, Step::Reaches(_));
    match map.listed {
        Listed::ById(group) if !told.is_empty() => Some(group),
        Listed::ByVersion(group) if told.iter().any(names_version) => Some(group),
        Listed::ById(_) | Listed::ByVersion(_) | Listed::Nowhere => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Qualified,
    Offered,
    Accepted,
    Engaged,
    Rejected,
    TimedOut,
    Ignored,
    Errored,
    Blocked(Reason),
}

const ASIDE: [State; 3] = [State::QualifiedOutsideSchedule, State::OfferedOutsideSchedule, State::FrequencyCapReached];
const TAKEN: [State; 4] = [State::Started, State::Engaged, State::Abandoned, State::Completed];
const ANSWERED: [(Metric, State); 4] = [
    (Metric::Rejected, State::Rejected),
    (Metric::TimedOut, State::TimedOut),
    (Metric::Ignored, State::Ignored),
    (Metric::Errored, State::Errored),
];

/// What a web action adds, and when.
fn metrics(told: &[Told]) -> Vec<(Metric, i64)> {
    let reached = |told: &&Told| matches!(told.step, Step::Reaches(_));
    let states: Vec<(i64, State)> = told
        .iter()
        .filter(|told| !told.bare)
        .filter_map(|told| match told.step {
            Step::Reaches(state) => Some((told.at_millis, state)),
            Step::IsBlocked(_) => None,
        })
        .collect();
    if !states.is_empty() && states.iter().all(|(_, state)| ASIDE.contains(state)) {
        return Vec::new();
    }
    let first = |of: &[State]| states.iter().filter(|(_, state)| of.contains(state)).map(|(at, _)| *at).min();
    let mut found = Vec::new();
    found.extend(told.iter().filter(reached).map(|told| told.at_millis).min().map(|at| (Metric::Qualified, at)));
    let accepted = first(&TAKEN)
        .into_iter()
        .chain(first(&[State::Accepted]))
        .min()
        .filter(|_| first(&[State::Errored]).is_none() || first(&TAKEN).is_some());
    let shown = [State::Offered, State::Accepted, State::Rejected, State::TimedOut, State::Ignored];
    let offered = first(&shown).into_iter().chain(first(&TAKEN)).min();
    found.extend(offered.map(|at| (Metric::Offered, at)));
    found.extend(accepted.map(|at| (Metric::Accepted, at)));
    found.extend(first(&[State::Engaged]).map(|at| (Metric::Engaged, at)));
    if accepted.is_none() {
        found.extend(ANSWERED.iter().find_map(|(metric, state)| first(&[*state]).map(|at| (*metric, at))));
    }
    let block = told
        .iter()
        .filter_map(|told| match told.step {
            Step::IsBlocked(reason) => Some((told.at_millis, reason)),
            Step::Reaches(_) => None,
        })
        .min();
    found.extend(block.filter(|_| offered.is_none()).map(|(at, reason)| (Metric::Blocked(reason), at)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::place::{GROUPS, PRICING_HELP};

    fn told(at_millis: i64, state: State) -> Told {
        Told { at_millis, step: Step::Reaches(state), bare: false }
    }

    #[test]
    fn an_accepted_offer_that_failed_is_not_accepted() {
        let story =
            [told(1, State::Qualified), told(2, State::Offered), told(3, State::Accepted), told(4, State::Errored)];
        assert_eq!(metrics(&story), [(Metric::Qualified, 1), (Metric::Offered, 2), (Metric::Errored, 4)]);
    }

    #[test]
    fn a_bare_copy_alone_counts_nowhere() {
        let mut truth = Truth::default();
        truth.count_action(&PRICING_HELP, &[Told { bare: true, ..told(1, State::Qualified) }]);
        assert!(truth.rows().is_empty());
    }

    #[test]
    fn a_block_counts_unless_the_offer_was_made_all_the_same() {
        let block = Told { at_millis: 5, step: Step::IsBlocked(Reason::NoAvailableAgents), bare: false };
        assert_eq!(metrics(&[block]), [(Metric::Blocked(Reason::NoAvailableAgents), 5)]);
        assert_eq!(metrics(&[block, told(9, State::Offered)]), [(Metric::Qualified, 9), (Metric::Offered, 9)]);
    }

    #[test]
    fn a_conversation_queues_once_per_group_and_only_where_its_start_is_known() {
        let queue = GROUPS[0].queue;
        let steps = [
            (0, TalkStep::CustomerStart),
            (1_000, TalkStep::AcdStart { queue }),
            (2_000, TalkStep::AcdEnd { queue, end: QueueEnd::FlowedOut, waited: 1.0 }),
            (3_000, TalkStep::AcdStart { queue }),
            (4_000, TalkStep::AcdEnd { queue, end: QueueEnd::Answered, waited: 1.0 }),
        ];
        let mut truth = Truth::default();
        truth.count_talk(None, &steps[1..]);
        assert!(truth.rows().is_empty());
        truth.count_talk(None, &steps);
        let counts = truth.rows().values().next().unwrap();
        assert_eq!((counts.queued, counts.answered), (1, 0));
    }
}
