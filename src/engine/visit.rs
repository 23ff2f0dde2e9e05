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
        let found =
            self.visits.settle(names, || Visit { organization, pages: Vec::new(), latest: EventTime::DISTANT_PAST });
        let Some(visit) = self.visits.get_mut(found.place) else { return false };
        for (at, class) in found.absorbed.into_iter().flat_map(|other| other.pages) {
            visit.see(at, class);
        }
        let later = at > visit.latest;
        visit.latest = visit.latest.max(at);
        match fact {
            VisitFact::Page(class) => visit.see(at, *class) || later,
            VisitFact::App | VisitFact::Segment(_) => later,
        }
    }

    /// How many visits of an organization are on each kind of page at `now`, and how many of them for longer than `dwell`.
    pub fn live(&self, organization: OrganizationIndex, now: EventTime, dwell: Span) -> Vec<LiveCount> {
        let mut counts: BTreeMap<Option<Label>, LiveCount> = BTreeMap::new();
        let earliest = now.before(VISIT_ENDS_AFTER);
        for visit in self.visits.iter().filter(|visit| visit.organization == organization && visit.latest > earliest) {
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
