//! What is known of one web action: the earliest time of each step, and what the steps name.

use super::fact::{ActionEvent, ActionFact, BlockingReason, Medium, OfferState, OrganizationIndex};
use super::label::{Label, Labels};
use super::policy::Regime;
use super::tally::{Metric, OtherMedium};
use super::time::EventTime;

/// Fourteen states, a step without one, and a block.
const KINDS: usize = OfferState::ALL.len() + 2;
const STEPPED: usize = OfferState::ALL.len();
const BLOCKED: usize = STEPPED + 1;
/// Most actions take no more different steps than this; their times stand in the action itself.
const FEW: usize = 6;
const HAS_VERSION: u8 = 1 << 7;
const MAP: usize = 0;
const VERSION: usize = 1;
const MEDIUM: usize = 2;

const OFFERED: [OfferState; 9] = [
    OfferState::Offered,
    OfferState::Accepted,
    OfferState::Rejected,
    OfferState::TimedOut,
    OfferState::Ignored,
    OfferState::Started,
    OfferState::Engaged,
    OfferState::Abandoned,
    OfferState::Completed,
];
const TAKEN: [OfferState; 4] = [OfferState::Started, OfferState::Engaged, OfferState::Abandoned, OfferState::Completed];
const ACCEPTED: [OfferState; 5] =
    [OfferState::Accepted, OfferState::Started, OfferState::Engaged, OfferState::Abandoned, OfferState::Completed];
/// States that keep an action out of every other count where it has no others; the last of the list that it has is told.
const ASIDE: [(OfferState, Metric); 3] = [
    (OfferState::QualifiedOutsideSchedule, Metric::QualifiedOutsideSchedule),
    (OfferState::OfferedOutsideSchedule, Metric::OfferedOutsideSchedule),
    (OfferState::FrequencyCapReached, Metric::FrequencyCapped),
];
const OUTCOMES: [(OfferState, Metric); 4] = [
    (OfferState::Rejected, Metric::Rejected),
    (OfferState::TimedOut, Metric::TimedOut),
    (OfferState::Ignored, Metric::Ignored),
    (OfferState::Errored, Metric::Errored),
];

/// Times as offsets from a base where they fit, else in full.
#[derive(Debug, Clone)]
enum Times {
    Narrow { base: i64, carried: [i32; 3], steps: [i32; FEW] },
    Wide(Box<WideTimes>),
}

#[derive(Debug, Clone)]
struct WideTimes {
    carried: [i64; 3],
    steps: [i64; KINDS],
}

/// One web action.
#[derive(Debug, Clone)]
pub struct Action {
    organization: OrganizationIndex,
    kinds: u16,
    reason: BlockingReason,
    medium: Option<Medium>,
    map: Option<Label>,
    /// Whether a version is known, in the top bit; below it the place of the regime among all. One byte more would make
    /// every action longer by eight.
    marks: u8,
    version: u32,
    times: Times,
}

impl Action {
    /// An action of which nothing is known yet.
    pub fn of(organization: OrganizationIndex, at: EventTime) -> Self {
        Self {
            organization,
            kinds: 0,
            reason: BlockingReason::Unknown,
            medium: None,
            map: None,
            marks: 0,
            version: 0,
            times: Times::Narrow { base: at.millis(), carried: [0; 3], steps: [0; FEW] },
        }
    }

    /// Whose it is.
    pub const fn organization(&self) -> OrganizationIndex {
        self.organization
    }

    /// The action map of the earliest event that names one.
    pub const fn map(&self) -> Option<Label> {
        self.map
    }

    /// The version of the earliest event that names one.
    pub const fn version(&self) -> Option<u32> {
        if self.marks & HAS_VERSION == 0 { None } else { Some(self.version) }
    }

    /// The regime of the visit that it came of.
    pub fn regime(&self) -> Regime {
        let place = usize::from(self.marks & !HAS_VERSION);
        Regime::ALL.get(place).copied().unwrap_or(Regime::Unregulated)
    }

    /// It came of a visit under this regime; false where that is nothing new.
    pub fn fall_under(&mut self, regime: Regime) -> bool {
        let is_stricter = regime > self.regime();
        if is_stricter {
            self.marks = self.marks & HAS_VERSION | regime as u8;
        }
        is_stricter
    }

    /// Takes in what one event says; false where it says nothing new.
    pub fn learn(&mut self, at: EventTime, fact: &ActionFact, labels: &Labels) -> bool {
        let mut changed = self.learn_event(at, fact.event);
        changed |= fact.map.is_some_and(|map| self.learn_map(at, map, labels));
        changed |= fact.version.is_some_and(|version| self.learn_version(at, version));
        changed |= fact.medium.is_some_and(|medium| self.learn_medium(at, medium));
        changed
    }

    /// Takes in all that is known of another action that turned out to be the same.
    pub fn absorb(&mut self, other: &Self, labels: &Labels) {
        self.fall_under(other.regime());
        for (at, event) in other.events() {
            self.learn_event(at, event);
        }
        other.map.map(|map| self.learn_map(other.carried_at(MAP), map, labels));
        other.version().map(|version| self.learn_version(other.carried_at(VERSION), version));
        other.medium.map(|medium| self.learn_medium(other.carried_at(MEDIUM), medium));
    }

    fn learn_event(&mut self, at: EventTime, event: ActionEvent) -> bool {
        match event {
            ActionEvent::Reached(state) => self.learn_step(state as usize, at),
            ActionEvent::Stepped => self.learn_step(STEPPED, at),
            ActionEvent::Blocked(reason) => self.learn_block(at, reason),
        }
    }

    fn learn_map(&mut self, at: EventTime, map: Label, labels: &Labels) -> bool {
        let known = self.map.map(|known| (self.carried_at(MAP), labels.text(known)));
        if known.is_some_and(|known| known <= (at, labels.text(map))) {
            return false;
        }
        self.map = Some(map);
        self.set_carried(MAP, at);
        true
    }

    fn learn_version(&mut self, at: EventTime, version: u32) -> bool {
        if self.version().is_some_and(|known| (self.carried_at(VERSION), known) <= (at, version)) {
            return false;
        }
        self.marks |= HAS_VERSION;
        self.version = version;
        self.set_carried(VERSION, at);
        true
    }

    fn learn_medium(&mut self, at: EventTime, medium: Medium) -> bool {
        if self.medium.is_some_and(|known| (self.carried_at(MEDIUM), known) <= (at, medium)) {
            return false;
        }
        self.medium = Some(medium);
        self.set_carried(MEDIUM, at);
        true
    }

    fn events(&self) -> impl Iterator<Item = (EventTime, ActionEvent)> {
        let states = OfferState::ALL.into_iter().map(ActionEvent::Reached);
        let all = states.chain([ActionEvent::Stepped, ActionEvent::Blocked(self.reason)]).enumerate();
        all.filter_map(|(kind, event)| Some((self.step_at(kind)?, event)))
    }

    /// The earliest event that is known.
    pub fn first_event(&self) -> Option<EventTime> {
        self.events().map(|(at, _)| at).min()
    }

    /// Everything that this action adds to the counts.
    pub fn counts(&self) -> Vec<(Metric, EventTime)> {
        if !self.can_become_an_interaction() {
            return self.first_event().map(|at| (Metric::OtherMedia(self.other_medium()), at)).into_iter().collect();
        }
        let states = self.kinds & ((1 << STEPPED) - 1);
        let aside = ASIDE.iter().fold(0, |bits, (state, _)| bits | 1 << *state as u16);
        if states != 0 && states & !aside == 0 {
            let told = ASIDE.iter().rev().find_map(|(state, metric)| Some((*metric, self.reached(*state)?)));
            return told.into_iter().collect();
        }
        let mut counts = Vec::with_capacity(4);
        let steps = (0..=STEPPED).filter_map(|kind| self.step_at(kind));
        counts.extend(steps.min().map(|at| (Metric::Qualified, at)));
        let offered = self.earliest(&OFFERED);
        counts.extend(offered.map(|at| (Metric::Offered, at)));
        let failed = self.reached(OfferState::Errored).is_some() && self.earliest(&TAKEN).is_none();
        let accepted = self.earliest(&ACCEPTED).filter(|_| !failed);
        counts.extend(accepted.map(|at| (Metric::Accepted, at)));
        counts.extend(self.reached(OfferState::Engaged).map(|at| (Metric::Engaged, at)));
        if accepted.is_none() {
            let outcome = OUTCOMES.iter().find_map(|(state, metric)| Some((*metric, self.reached(*state)?)));
            counts.extend(outcome);
        }
        if offered.is_none() {
            counts.extend(self.step_at(BLOCKED).map(|at| (Metric::Blocked(self.reason), at)));
        }
        counts
    }

    /// The latest event that is known.
    pub fn latest(&self) -> EventTime {
        (0..KINDS).filter_map(|kind| self.step_at(kind)).max().unwrap_or(EventTime::DISTANT_PAST)
    }

    fn can_become_an_interaction(&self) -> bool {
        match self.medium {
            Some(medium) => medium == Medium::WEB_MESSAGING_OFFER || medium == Medium::WEB_CHAT,
            None => self.kinds == 1 << BLOCKED,
        }
    }

    fn other_medium(&self) -> OtherMedium {
        let name = self.medium.and_then(Medium::published_name);
        OtherMedium::ALL.into_iter().find(|medium| Some(medium.name()) == name).unwrap_or(OtherMedium::Unknown)
    }

    fn reached(&self, state: OfferState) -> Option<EventTime> {
        self.step_at(state as usize)
    }

    fn earliest(&self, states: &[OfferState]) -> Option<EventTime> {
        states.iter().filter_map(|state| self.reached(*state)).min()
    }

    fn learn_step(&mut self, kind: usize, at: EventTime) -> bool {
        if self.step_at(kind).is_some_and(|known| known <= at) {
            return false;
        }
        self.set_step(kind, at);
        true
    }

    fn learn_block(&mut self, at: EventTime, reason: BlockingReason) -> bool {
        if self.step_at(BLOCKED).is_some_and(|known| (known, self.reason) <= (at, reason)) {
            return false;
        }
        self.set_step(BLOCKED, at);
        self.reason = reason;
        true
    }

    /// Where the time of a kind stands among the narrow times: after those of all lower kinds that are known.
    fn rank(&self, kind: usize) -> usize {
        (self.kinds & ((1 << kind) - 1)).count_ones() as usize
    }

    fn step_at(&self, kind: usize) -> Option<EventTime> {
        if self.kinds & 1 << kind == 0 {
            return None;
        }
        let millis = match &self.times {
            Times::Narrow { base, steps, .. } => base + i64::from(*steps.get(self.rank(kind))?),
            Times::Wide(wide) => *wide.steps.get(kind)?,
        };
        Some(EventTime::from_millis(millis))
    }

    fn set_step(&mut self, kind: usize, at: EventTime) {
        let (known, rank) = (self.kinds & 1 << kind != 0, self.rank(kind));
        let full = !known && self.kinds.count_ones() as usize == FEW;
        if full || !self.fits(at) {
            self.widen();
        }
        match &mut self.times {
            Times::Narrow { base, steps, .. } => {
                if !known && let Some(rest) = steps.get_mut(rank..) {
                    rest.rotate_right(1);
                }
                if let (Some(step), Ok(offset)) = (steps.get_mut(rank), i32::try_from(at.millis() - *base)) {
                    *step = offset;
                }
            }
            Times::Wide(wide) => {
                if let Some(step) = wide.steps.get_mut(kind) {
                    *step = at.millis();
                }
            }
        }
        self.kinds |= 1 << kind;
    }

    fn carried_at(&self, what: usize) -> EventTime {
        EventTime::from_millis(match &self.times {
            Times::Narrow { base, carried, .. } => base + i64::from(carried.get(what).copied().unwrap_or(0)),
            Times::Wide(wide) => wide.carried.get(what).copied().unwrap_or(0),
        })
    }

    fn set_carried(&mut self, what: usize, at: EventTime) {
        if !self.fits(at) {
            self.widen();
        }
        match &mut self.times {
            Times::Narrow { base, carried, .. } => {
                if let (Some(place), Ok(offset)) = (carried.get_mut(what), i32::try_from(at.millis() - *base)) {
                    *place = offset;
                }
            }
            Times::Wide(wide) => {
                if let Some(place) = wide.carried.get_mut(what) {
                    *place = at.millis();
                }
            }
        }
    }

    fn fits(&self, at: EventTime) -> bool {
        match &self.times {
            Times::Narrow { base, .. } => i32::try_from(at.millis().saturating_sub(*base)).is_ok(),
            Times::Wide(_) => true,
        }
    }

    fn widen(&mut self) {
        if matches!(self.times, Times::Wide(_)) {
            return;
        }
        let mut wide = WideTimes { carried: [0; 3], steps: [0; KINDS] };
        for (kind, step) in wide.steps.iter_mut().enumerate() {
            *step = self.step_at(kind).map_or(0, EventTime::millis);
        }
        for (what, carried) in wide.carried.iter_mut().enumerate() {
            *carried = self.carried_at(what).millis();
        }
        self.times = Times::Wide(Box::new(wide));
    }
}
