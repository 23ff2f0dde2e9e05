//! Watermarks: a promise that nothing older is on its way; the slowest active source leads, idle ones are not waited for.

use std::collections::BTreeMap;

use super::fact::{About, OrganizationIndex, VisitFact};
use super::time::{EventTime, Span};

/// What kind of events a feed brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Web and app events, segments.
    Visits,
    /// Steps and blocks of web actions.
    Offers,
    /// Conversation detail events.
    Conversations,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 3] = [Self::Visits, Self::Offers, Self::Conversations];

    /// What it is called where progress is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Offers => "offers",
            Self::Conversations => "conversations",
        }
    }

    /// The feed that brings such facts; what is regulated leads no watermark.
    pub const fn of(about: &About) -> Option<Self> {
        match about {
            About::Visit(VisitFact::Regulated) | About::Taint(_) => None,
            About::Visit(_) => Some(Self::Visits),
            About::Action(_) => Some(Self::Offers),
            About::Conversation(_) => Some(Self::Conversations),
        }
    }
}

/// The place of an input partition in its owner's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionIndex(pub u16);

/// A source of events that leads a watermark of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Everything of one kind, where the log does not tell by what way it came.
    Feed(Feed),
    /// A partition of an input topic, whatever it brings.
    Partition(PartitionIndex),
}

impl Source {
    /// The input partition that it is, if it is one.
    pub const fn partition(self) -> Option<PartitionIndex> {
        match self {
            Self::Partition(partition) => Some(partition),
            Self::Feed(_) => None,
        }
    }
}

/// How far one source has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The newest event that was heard of.
    pub newest: EventTime,
    /// Whether it is caught up and silent.
    pub idle: bool,
}

/// How far all sources of all organizations have come.
#[derive(Debug, Clone, Default)]
pub struct Watermarks {
    sources: BTreeMap<OrganizationIndex, BTreeMap<Source, Progress>>,
    ended: bool,
}

impl Watermarks {
    /// An event was heard of.
    pub fn hear(&mut self, organization: OrganizationIndex, source: Source, at: EventTime) {
        let sources = self.sources.entry(organization).or_default();
        let progress = sources.entry(source).or_insert(Progress { newest: at, idle: false });
        progress.newest = progress.newest.max(at);
        progress.idle = false;
    }

    /// A source is caught up and silent, for every organization.
    pub fn quiet(&mut self, source: Source) {
        for sources in self.sources.values_mut() {
            if let Some(progress) = sources.get_mut(&source) {
                progress.idle = true;
            }
        }
    }

    /// All input has ended.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// The watermark of an organization; `None` before anything was heard of it. Where all sources are idle, the
    /// furthest leads: nothing is waited for any more, and the clock says nothing about what happened.
    pub fn of(&self, organization: OrganizationIndex, out_of_orderness: Span) -> Option<EventTime> {
        if self.ended {
            return Some(EventTime::END_OF_INPUT);
        }
        let sources = self.sources.get(&organization)?;
        let active = sources.values().filter(|progress| !progress.idle).map(|progress| progress.newest).min();
        let newest = active.or_else(|| sources.values().map(|progress| progress.newest).max());
        newest.map(|newest| newest.before(out_of_orderness))
    }

    /// Everything, to be kept with the positions.
    pub fn progress(&self) -> impl Iterator<Item = (OrganizationIndex, Source, Progress)> {
        self.sources.iter().flat_map(|(organization, sources)| {
            sources.iter().map(|(source, progress)| (*organization, *source, *progress))
        })
    }

    /// Takes up what was kept with the positions.
    pub fn resume(&mut self, organization: OrganizationIndex, source: Source, progress: Progress) {
        self.sources.entry(organization).or_default().insert(source, progress);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrganizationIndex = OrganizationIndex(0);
    const OFFERS: Source = Source::Feed(Feed::Offers);
    const CONVERSATIONS: Source = Source::Feed(Feed::Conversations);

    fn at(minute: i64) -> EventTime {
        EventTime::from_seconds(minute * 60)
    }

    #[test]
    fn the_slowest_active_source_leads_until_it_falls_silent() {
        let mut watermarks = Watermarks::default();
        watermarks.hear(ORG, OFFERS, at(30));
        watermarks.hear(ORG, CONVERSATIONS, at(10));
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(10)));
        watermarks.quiet(CONVERSATIONS);
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(30)));
        watermarks.hear(ORG, CONVERSATIONS, at(12));
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(12)));
    }

    #[test]
    fn where_all_are_silent_the_furthest_leads() {
        let mut watermarks = Watermarks::default();
        watermarks.hear(ORG, OFFERS, at(30));
        watermarks.hear(ORG, Source::Feed(Feed::Visits), at(40));
        Feed::ALL.into_iter().for_each(|feed| watermarks.quiet(Source::Feed(feed)));
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(40)));
    }

    #[test]
    fn one_organization_never_closes_the_intervals_of_another() {
        let mut watermarks = Watermarks::default();
        watermarks.hear(ORG, OFFERS, at(30));
        watermarks.hear(OrganizationIndex(1), OFFERS, at(3));
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(30)));
        assert_eq!(watermarks.of(OrganizationIndex(2), Span::ZERO), None);
    }

    #[test]
    fn of_two_partitions_the_one_that_lags_leads_until_its_reader_says_that_it_is_silent() {
        let [fast, slow] = [0, 1].map(|n| Source::Partition(PartitionIndex(n)));
        let mut watermarks = Watermarks::default();
        watermarks.hear(ORG, fast, at(600));
        watermarks.hear(ORG, slow, at(10));
        watermarks.hear(ORG, fast, at(900));
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(10)));
        watermarks.quiet(slow);
        assert_eq!(watermarks.of(ORG, Span::ZERO), Some(at(900)));
    }
}
