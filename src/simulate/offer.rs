//! An offer: who qualifies for it, what holds it back and what the visitor makes of it.

use super::conversation::Talk;
use super::delay::Delay;
use super::dice::Dice;
use super::page::PageSeen;
use super::place::{ActionMap, Medium, Unit, maps};

/// The states of a web action that this site sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The visitor qualified.
    Qualified,
    /// The offer was shown.
    Offered,
    /// The visitor took it.
    Accepted,
    /// The chat was started.
    Started,
    /// An agent engaged.
    Engaged,
    /// The visitor left before an agent came.
    Abandoned,
    /// The chat is over.
    Completed,
    /// The visitor declined.
    Rejected,
    /// The invitation closed by itself.
    TimedOut,
    /// The visitor did nothing.
    Ignored,
    /// It failed.
    Errored,
    /// The visitor qualified while nobody was there.
    QualifiedOutsideSchedule,
    /// The offer was due while nobody was there.
    OfferedOutsideSchedule,
    /// The visitor had seen enough of it.
    FrequencyCapReached,
}

impl State {
    /// Its name on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::Engaged => "engaged",
            Self::Abandoned => "abandoned",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timedout",
            Self::Ignored => "ignored",
            Self::Errored => "errored",
            Self::QualifiedOutsideSchedule => "qualifiedOutsideSchedule",
            Self::OfferedOutsideSchedule => "offeredOutsideSchedule",
            Self::FrequencyCapReached => "frequencyCapReached",
        }
    }
}

/// Why an offer was held back, in the order of the published list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The visitor had gone to another page.
    PageUrlConditionsNotMatching,
    /// The service level was at risk.
    ServiceLevelThrottling,
    /// Another offer was open.
    AlreadyExistingOffer,
    /// Two offers came at once.
    MultipleSimultaneousOffers,
    /// Nobody was free.
    NoAvailableAgents,
    /// The visitor had seen enough of it.
    FrequencyCapping,
    /// Nobody was there.
    OfferedOutsideSchedule,
}

impl Reason {
    /// Its name on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Self::PageUrlConditionsNotMatching => "PageUrlConditionsNotMatching",
            Self::ServiceLevelThrottling => "ServiceLevelThrottling",
            Self::AlreadyExistingOffer => "AlreadyExistingOffer",
            Self::MultipleSimultaneousOffers => "MultipleSimultaneousOffers",
            Self::NoAvailableAgents => "NoAvailableAgents",
            Self::FrequencyCapping => "FrequencyCapping",
            Self::OfferedOutsideSchedule => "OfferedOutsideSchedule",
        }
    }
}

/// What happens to a web action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It reaches a state.
    Reaches(State),
    /// It is held back.
    IsBlocked(Reason),
}

/// A visitor qualifies for an action map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Qualification {
    /// For which.
    pub map: &'static ActionMap,
    /// When, in seconds since the visit began.
    pub at: f64,
    /// Not for the first time in this visit.
    pub again: bool,
}

/// The probability that a visitor is of those whom a map addresses.
pub const ADDRESSED: f64 = 0.6;

/// Everything that a visit qualifies for.
pub fn qualifications(dice: &mut Dice, unit: &'static Unit, visit: &[PageSeen]) -> Vec<Qualification> {
    let mut found = Vec::new();
    for map in maps().filter(|map| map.unit == unit) {
        if !dice.chance(ADDRESSED) {
            continue;
        }
        let long_enough = visit.iter().filter(|page| page.class == map.page && page.dwell > map.dwell);
        for (count, page) in long_enough.take(3).enumerate() {
            found.push(Qualification { map, at: page.at + map.dwell, again: count > 0 });
        }
    }
    found
}

/// How long it takes to show an offer.
pub const SHOWING: Delay = Delay::Even { least: 1.0, most: 9.0 };
/// How long it takes to hold one back.
pub const BLOCKING: Delay = Delay::Even { least: 0.2, most: 3.0 };
/// How long a blocked visitor waits for another chance.
pub const RETRYING: Delay = Delay::Memoryless { mean: 110.0, most: 600.0 };
/// How long a visitor takes to accept.
pub const ACCEPTING: Delay = Delay::LongTailed { median: 13.0, shape: 1.9, most: 170.0 };
/// How long an accepted offer takes to become a conversation.
pub const STARTING: Delay = Delay::Even { least: 1.0, most: 4.0 };
/// The probability that a blocked visitor gets another chance.
pub const RETRIED: f64 = 0.2;
/// The probability that an accepted offer fails.
pub const FAILED: f64 = 0.02;

/// A web action as it truly went; times are in seconds on the same clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// Its steps.
    pub steps: Vec<(f64, Step)>,
    /// The conversation that it became.
    pub talk: Option<Talk>,
}

impl Life {
    fn reaches(&mut self, at: f64, state: State) {
        self.steps.push((at, Step::Reaches(state)));
    }

    fn is_blocked(&mut self, at: f64, reason: Reason) {
        self.steps.push((at, Step::IsBlocked(reason)));
    }
}

/// Lives through what a qualification leads to; `at` is when it happened, in seconds.
pub fn live(dice: &mut Dice, map: &'static ActionMap, at: f64, again: bool, open: bool) -> Life {
    let mut life = Life { steps: Vec::new(), talk: None };
    if again {
        capped(dice, &mut life, at, map.medium);
    } else if !open {
        outside_hours(dice, &mut life, at, map.medium);
    } else if dice.chance(map.blocked) {
        if let Some(shown) = blocked(dice, &mut life, at) {
            offered(dice, &mut life, map, shown);
        }
    } else {
        life.reaches(at, State::Qualified);
        let shown = at + SHOWING.draw(dice);
        offered(dice, &mut life, map, shown);
    }
    life
}

fn capped(dice: &mut Dice, life: &mut Life, at: f64, medium: Medium) {
    if medium == Medium::Content || dice.chance(0.6) {
        life.reaches(at, State::FrequencyCapReached);
    } else {
        life.reaches(at, State::Qualified);
        life.is_blocked(at + BLOCKING.draw(dice), Reason::FrequencyCapping);
    }
}

fn outside_hours(dice: &mut Dice, life: &mut Life, at: f64, medium: Medium) {
    if medium == Medium::Content || dice.chance(0.5) {
        life.reaches(at, State::QualifiedOutsideSchedule);
        if dice.chance(0.2) {
            life.reaches(at + SHOWING.draw(dice), State::OfferedOutsideSchedule);
        }
    } else {
        life.reaches(at, State::Qualified);
        life.is_blocked(at + BLOCKING.draw(dice), Reason::OfferedOutsideSchedule);
    }
}

/// Holds an action back; says when it is shown all the same.
fn blocked(dice: &mut Dice, life: &mut Life, at: f64) -> Option<f64> {
    const REASONS: [(f64, Reason); 5] = [
        (0.30, Reason::ServiceLevelThrottling),
        (0.28, Reason::NoAvailableAgents),
        (0.17, Reason::PageUrlConditionsNotMatching),
        (0.15, Reason::AlreadyExistingOffer),
        (0.10, Reason::MultipleSimultaneousOffers),
    ];
    if dice.chance(0.85) {
        life.reaches(at, State::Qualified);
    }
    let held = at + BLOCKING.draw(dice);
    life.is_blocked(held, dice.weighted(&REASONS, Reason::NoAvailableAgents));
    if dice.chance(0.25) {
        life.is_blocked(held + dice.between(20.0, 1_500.0), dice.weighted(&REASONS, Reason::NoAvailableAgents));
    }
    dice.chance(RETRIED).then(|| held + RETRYING.draw(dice))
}

fn offered(dice: &mut Dice, life: &mut Life, map: &'static ActionMap, at: f64) {
    life.reaches(at, State::Offered);
    if dice.chance(map.accepted) {
        let taken = at + ACCEPTING.draw(dice);
        accepted(dice, life, map, taken);
        return;
    }
    let (state, least, most) = dice.weighted(
        &[
            (0.34, (State::Rejected, 2.0, 90.0)),
            (0.44, (State::Ignored, 60.0, 900.0)),
            (0.19, (State::TimedOut, 180.0, 181.0)),
            (0.03, (State::Errored, 1.0, 5.0)),
        ],
        (State::Ignored, 60.0, 900.0),
    );
    life.reaches(at + dice.between(least, most), state);
}

fn accepted(dice: &mut Dice, life: &mut Life, map: &'static ActionMap, at: f64) {
    life.reaches(at, State::Accepted);
    if dice.chance(FAILED) {
        life.reaches(at + dice.between(0.5, 6.0), State::Errored);
        return;
    }
    if map.medium == Medium::Content {
        return;
    }
    let started = at + STARTING.draw(dice);
    let talk = Talk::from_offer(dice, map, started);
    if dice.chance(0.9) {
        life.reaches(started, State::Started);
    }
    if let Some(answered) = talk.answered {
        life.reaches(answered, State::Engaged);
    } else if talk.queued() {
        life.reaches(talk.ended, State::Abandoned);
    }
    if talk.answered.is_some() && dice.chance(0.8) {
        life.reaches(talk.ended, State::Completed);
    }
    life.talk = Some(talk);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::page::PageClass;
    use crate::simulate::place::{DUBLIN, PRICING_HELP};

    #[test]
    fn who_stays_long_enough_qualifies_and_then_qualifies_again() {
        let page = |at: f64, dwell: f64| PageSeen { at, class: PageClass::Pricing, dwell };
        let visit = [page(0.0, 59.0), page(59.0, 61.0), page(120.0, 300.0)];
        let mut found = Vec::new();
        for seed in 0..40 {
            found = qualifications(&mut Dice::new(seed, &[]), &DUBLIN, &visit);
            if !found.is_empty() {
                break;
            }
        }
        let told: Vec<_> = found.iter().map(|found| (found.map.id, found.at, found.again)).collect();
        assert_eq!(told, [("am-pricing-help", 119.0, false), ("am-pricing-help", 180.0, true)]);
    }

    #[test]
    fn every_life_begins_when_the_visitor_qualifies_and_goes_forward() {
        let mut dice = Dice::new(11, &[]);
        for round in 0..3_000 {
            let life = live(&mut dice, &PRICING_HELP, 100.0, round % 7 == 0, round % 5 != 0);
            assert!(!life.steps.is_empty() && life.steps.iter().all(|(at, _)| *at >= 100.0));
            let accepted = life.steps.iter().any(|(_, step)| *step == Step::Reaches(State::Accepted));
            assert!(accepted || life.talk.is_none());
        }
    }
}
