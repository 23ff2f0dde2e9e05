//! Regulated visits: which visits saw a regulated page, and which actions and conversations came of them, in whatever order that is learned.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fact::OrganizationIndex;
use super::names::{Name, Names};
use super::policy::Regime;
use super::roster::Roster;
use super::time::EventTime;

/// A figure of one regime and day is told from so many actions on: fewer might be somebody in particular.
pub const TOLD_FROM: i64 = 5;

/// One visit, under its name in the taint domain, which no other domain can be joined with.
#[derive(Debug)]
struct Visit {
    organization: OrganizationIndex,
    regime: Regime,
    latest: EventTime,
    /// One name of each action and conversation that came of it.
    came_of_it: Vec<Offspring>,
}

/// What came of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offspring {
    /// An action.
    Action(Name),
    /// A conversation.
    Conversation(Name),
}

/// What must be counted anew, since it came of a regulated visit.
#[derive(Debug, PartialEq, Eq)]
pub struct Tainted {
    /// The strictest regime of the visit's pages.
    pub regime: Regime,
    /// All that is known to have come of it.
    pub came_of_it: Vec<Offspring>,
}

/// All visits of which a policy wants to know.
#[derive(Debug, Default)]
pub struct RegulatedVisits {
    visits: Roster<Visit>,
    /// Actions of regulated visits, by regime and the day of their first event.
    counts: BTreeMap<(Regime, Date), i64>,
}

/// What a visit adds to the figure of its regime.
pub type Figure = (Regime, Date);

impl RegulatedVisits {
    /// A visit saw a page under this regime. `None` where that is nothing new.
    pub fn saw(
        &mut self,
        organization: OrganizationIndex,
        names: &Names,
        at: EventTime,
        regime: Regime,
    ) -> (bool, Option<Tainted>) {
        self.change(organization, names, at, |visit| {
            let is_stricter = regime > visit.regime;
            visit.regime = visit.regime.max(regime);
            is_stricter
        })
    }

    /// An action or a conversation came of a visit.
    pub fn link(
        &mut self,
        organization: OrganizationIndex,
        names: &Names,
        at: EventTime,
        offspring: Offspring,
    ) -> Option<Tainted> {
        let link = |visit: &mut Visit| {
            let is_new = !visit.came_of_it.contains(&offspring);
            if is_new {
                visit.came_of_it.push(offspring);
            }
            is_new
        };
        self.change(organization, names, at, link).1
    }

    fn change(
        &mut self,
        organization: OrganizationIndex,
        names: &Names,
        at: EventTime,
        change: impl FnOnce(&mut Visit) -> bool,
    ) -> (bool, Option<Tainted>) {
        let nothing_known = || Visit { organization, regime: Regime::Unregulated, latest: at, came_of_it: Vec::new() };
        let found = self.visits.settle(names, nothing_known);
        let Some(visit) = self.visits.get_mut(found.place) else { return (false, None) };
        let mut is_new = change(visit);
        visit.latest = visit.latest.max(at);
        if let Some(other) = found.absorbed {
            is_new = true;
            visit.regime = visit.regime.max(other.regime);
            visit.latest = visit.latest.max(other.latest);
            visit.came_of_it.extend(other.came_of_it);
        }
        let is_tainted = is_new && visit.regime > Regime::Unregulated;
        (is_new, is_tainted.then(|| Tainted { regime: visit.regime, came_of_it: visit.came_of_it.clone() }))
    }

    /// Counts an action of a regulated visit, or takes it out again.
    pub fn count(&mut self, figure: Figure, n: i64) {
        *self.counts.entry(figure).or_default() += n;
    }

    /// How many actions are regulated, by regime and day; `None` where they are too few to be told.
    pub fn told(&self) -> impl Iterator<Item = (Regime, Date, Option<i64>)> {
        told(&self.counts)
    }

    /// The figures themselves, to be added to those of others before they are told.
    pub const fn counts(&self) -> &BTreeMap<Figure, i64> {
        &self.counts
    }

    /// Forgets visits that are long over.
    pub fn forget(&mut self, organization: OrganizationIndex, earliest: EventTime) {
        self.visits.forget(|visit| visit.organization == organization && visit.latest < earliest);
    }
}

/// Figures as they may be told: `None` where they are too few.
pub fn told(counts: &BTreeMap<Figure, i64>) -> impl Iterator<Item = (Regime, Date, Option<i64>)> {
    let known = counts.iter().filter(|(_, n)| **n > 0);
    known.map(|((regime, day), n)| (*regime, *day, (*n >= TOLD_FROM).then_some(*n)))
}

/// The day of an instant, in UTC.
pub fn day_of(at: EventTime) -> Date {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or(Date::ZERO, |instant| TimeZone::UTC.to_datetime(instant).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrganizationIndex = OrganizationIndex(0);
    const ACTION: Offspring = Offspring::Action(Name(7));
    const TALK: Offspring = Offspring::Conversation(Name(8));

    fn called(own: u128, before: Option<u128>) -> Names {
        Names { own: Name(own), before: before.map(Name) }
    }

    fn at(second: i64) -> EventTime {
        EventTime::from_seconds(second)
    }

    #[test]
    fn whichever_comes_first_the_visit_or_what_came_of_it_the_same_is_tainted() {
        let mut early = RegulatedVisits::default();
        assert_eq!(
            early.saw(ORG, &called(1, None), at(1), Regime::Health),
            (true, Some(Tainted { regime: Regime::Health, came_of_it: vec![] }))
        );
        let linked = early.link(ORG, &called(1, None), at(2), ACTION);
        assert_eq!(linked, Some(Tainted { regime: Regime::Health, came_of_it: vec![ACTION] }));

        let mut late = RegulatedVisits::default();
        assert_eq!(late.link(ORG, &called(1, None), at(2), ACTION), None);
        let (is_new, tainted) = late.saw(ORG, &called(1, None), at(1), Regime::Health);
        assert_eq!((is_new, tainted), (true, linked));
    }

    #[test]
    fn what_was_said_before_is_nothing_new() {
        let mut visits = RegulatedVisits::default();
        visits.saw(ORG, &called(1, None), at(1), Regime::Children);
        assert_eq!(visits.saw(ORG, &called(1, None), at(5), Regime::Mifid2), (false, None));
        visits.link(ORG, &called(1, None), at(2), TALK);
        assert_eq!(visits.link(ORG, &called(1, None), at(2), TALK), None);
    }

    #[test]
    fn two_halves_of_a_visit_over_the_end_of_an_epoch_taint_each_other() {
        let mut visits = RegulatedVisits::default();
        visits.link(ORG, &called(1, None), at(1), ACTION);
        visits.saw(ORG, &called(2, None), at(3), Regime::Mifid2);
        let tainted = visits.link(ORG, &called(2, Some(1)), at(2), TALK).unwrap();
        assert_eq!(tainted.regime, Regime::Mifid2);
        assert!(tainted.came_of_it.contains(&ACTION) && tainted.came_of_it.contains(&TALK));
    }

    #[test]
    fn few_actions_of_a_day_are_not_told() {
        let mut visits = RegulatedVisits::default();
        let (monday, tuesday) = (day_of(at(0)), day_of(at(86_400)));
        visits.count((Regime::Mifid2, monday), 5);
        visits.count((Regime::Mifid2, tuesday), 4);
        let told: Vec<_> = visits.told().collect();
        assert_eq!(told, [(Regime::Mifid2, monday, Some(5)), (Regime::Mifid2, tuesday, None)]);
    }
}
