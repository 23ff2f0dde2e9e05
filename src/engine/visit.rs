//! Live visits: who is on which kind of page now and for how long, as counts and never as persons.

use std::collections::BTreeMap;

use super::fact::{OrganizationIndex, VisitFact};
use super::label::Label;
use super::names::Names;
use super::roster::Roster;
use super::time::{EventTime, Span};

/// A visit ends when nothing has happened for this long (Genesys' own session time-out).
pub const VISIT_ENDS_AFTER: Span = Span::from_minutes(20);
/// A visit is not remembered for longer than this after its last event.
const REMEMBERED: Span = Span::from_minutes(120);
/// Pages of one visit that are remembered; older ones no longer change what is live.
const PAGES: usize = 64;

/// One visit: the pages that it saw, in the order of time.
#[derive(Debug)]
struct Visit {
    organization: OrganizationIndex,
    pages: Vec<(EventTime, Option<Label>)>,
    latest: EventTime,
    is_regulated: bool,
}

/// How many visits are on one kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveCount {
    /// The page class; `None` for pages of no class.
    pub class: Option<Label>,
    /// Visits that are there now.
    pub now: u64,
    /// Of those, visits that have been there for longer than asked.
    pub longer: u64,
}

/// All visits that may still be going on.
#[derive(Debug, Default)]
pub struct LiveVisits {
    visits: Roster<Visit>,
}

impl LiveVisits {
    /// Takes in one fact; false where it says nothing new.
    pub fn learn(&mut self, organization: OrganizationIndex, names: &Names, at: EventTime, fact: &VisitFact) -> bool {
        let nothing_known =
            || Visit { organization, pages: Vec::new(), latest: EventTime::DISTANT_PAST, is_regulated: false };
        let found = self.visits.settle(names, nothing_known);
        let Some(visit) = self.visits.get_mut(found.place) else { return false };
        if let Some(other) = found.absorbed {
            visit.latest = visit.latest.max(other.latest);
            visit.is_regulated |= other.is_regulated;
            other.pages.into_iter().for_each(|(at, class)| {
                visit.see(at, class);
            });
        }
        let later = at > visit.latest;
        visit.latest = visit.latest.max(at);
        match fact {
            VisitFact::Page(class) => visit.see(at, *class) || later,
            VisitFact::App | VisitFact::Segment(_) => later,
            VisitFact::Regulated => !std::mem::replace(&mut visit.is_regulated, true),
        }
    }

    /// How many visits of an organization are on each kind of page at `now`, and how many of them for longer than `dwell`;
    /// a visit that saw a regulated page is none of them.
    pub fn live(&self, organization: OrganizationIndex, now: EventTime, dwell: Span) -> Vec<LiveCount> {
        let mut counts: BTreeMap<Option<Label>, LiveCount> = BTreeMap::new();
        let earliest = now.before(VISIT_ENDS_AFTER);
        let is_live =
            |visit: &&Visit| visit.organization == organization && visit.latest > earliest && !visit.is_regulated;
        for visit in self.visits.iter().filter(is_live) {
            let Some((class, since)) = visit.current() else { continue };
            let count = counts.entry(class).or_insert(LiveCount { class, now: 0, longer: 0 });
            count.now += 1;
            count.longer += u64::from(now.since(since) > dwell);
        }
        counts.into_values().collect()
    }

    /// Forgets visits that are long over.
    pub fn forget(&mut self, organization: OrganizationIndex, watermark: EventTime) {
        let earliest = watermark.before(REMEMBERED);
        self.visits.forget(|visit| visit.organization == organization && visit.latest < earliest);
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.visits.len()
    }

    /// True where none is.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }
}

impl Visit {
    fn see(&mut self, at: EventTime, class: Option<Label>) -> bool {
        let Err(place) = self.pages.binary_search(&(at, class)) else { return false };
        self.pages.insert(place, (at, class));
        if self.pages.len() > PAGES {
            self.pages.remove(0);
        }
        true
    }

    /// The kind of page that it is on, and since when without leaving it.
    fn current(&self) -> Option<(Option<Label>, EventTime)> {
        let (_, class) = self.pages.last()?;
        let stay = self.pages.iter().rev().take_while(|(_, other)| other == class).last()?;
        Some((*class, stay.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::label::Labels;
    use super::super::names::Name;
    use super::*;

    const ORG: OrganizationIndex = OrganizationIndex(0);
    const DWELL: Span = Span::from_minutes(5);

    fn at(minute: i64) -> EventTime {
        EventTime::from_seconds(minute * 60)
    }

    fn called(own: u128, before: Option<u128>) -> Names {
        Names { own: Name(own), before: before.map(Name) }
    }

    fn pricing() -> Option<Label> {
        Some(Labels::default().intern("pricing"))
    }

    /// Visits that saw these pages: number of the visit, minute, and whether it was the pricing page.
    fn visits(pages: &[(u128, i64, bool)]) -> LiveVisits {
        let mut visits = LiveVisits::default();
        for (visit, minute, is_pricing) in pages {
            let fact = VisitFact::Page(if *is_pricing { pricing() } else { None });
            visits.learn(ORG, &called(*visit, None), at(*minute), &fact);
        }
        visits
    }

    /// On pricing now, and of those for more than five minutes.
    fn on_pricing(visits: &LiveVisits, now: i64) -> (u64, u64) {
        let counts = visits.live(ORG, at(now), DWELL);
        counts.iter().find(|count| count.class == pricing()).map_or((0, 0), |count| (count.now, count.longer))
    }

    #[test]
    fn two_are_on_pricing_now_one_of_them_for_more_than_five_minutes() {
        let visits = visits(&[(1, 0, true), (1, 4, true), (2, 4, true), (3, 3, true), (3, 5, false)]);
        assert_eq!(on_pricing(&visits, 6), (2, 1));
    }

    #[test]
    fn exactly_five_minutes_are_not_more_than_five() {
        assert_eq!(on_pricing(&visits(&[(1, 0, true)]), 5), (1, 0));
    }

    #[test]
    fn a_look_at_another_page_starts_the_stay_anew() {
        assert_eq!(on_pricing(&visits(&[(1, 0, true), (1, 5, false), (1, 6, true)]), 8), (1, 0));
    }

    #[test]
    fn the_order_of_arrival_and_copies_change_nothing() {
        let pages = [(1, 6, true), (1, 0, true), (1, 5, false), (1, 0, true), (1, 6, true)];
        assert_eq!(on_pricing(&visits(&pages), 12), (1, 1));
    }

    #[test]
    fn a_visit_is_over_twenty_minutes_after_its_last_event_of_any_kind() {
        let mut visits = visits(&[(1, 0, true)]);
        assert_eq!(on_pricing(&visits, 20), (0, 0));
        visits.learn(ORG, &called(1, None), at(10), &VisitFact::App);
        assert_eq!(on_pricing(&visits, 29), (1, 1));
    }

    #[test]
    fn two_names_that_turn_out_to_be_one_visit_count_once_and_live_as_long_as_the_longer() {
        let mut visits = visits(&[(1, 0, true), (2, 3, true)]);
        visits.learn(ORG, &called(2, None), at(18), &VisitFact::App);
        visits.learn(ORG, &called(1, Some(2)), at(4), &VisitFact::Page(pricing()));
        assert_eq!((visits.len(), on_pricing(&visits, 30)), (1, (1, 1)));
    }

    #[test]
    fn a_visit_that_saw_a_regulated_page_is_counted_nowhere_whenever_that_is_learned() {
        let mut visits = visits(&[(1, 0, true), (2, 0, true)]);
        visits.learn(ORG, &called(2, None), at(1), &VisitFact::Regulated);
        assert_eq!(on_pricing(&visits, 6), (1, 1));
        visits.learn(ORG, &called(1, Some(2)), at(2), &VisitFact::App);
        assert_eq!(on_pricing(&visits, 6), (0, 0));
    }

    #[test]
    fn one_organization_never_sees_the_visits_of_another() {
        let visits = visits(&[(1, 0, true)]);
        assert!(visits.live(OrganizationIndex(1), at(1), DWELL).is_empty());
    }

    #[test]
    fn what_is_long_over_is_forgotten() {
        let mut visits = visits(&[(1, 0, true), (2, 100, true)]);
        visits.forget(ORG, at(121));
        assert_eq!(visits.len(), 1);
    }
}
