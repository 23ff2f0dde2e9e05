//! What is known of one conversation: the set of its steps, and the queues of which planning groups it reached.

use std::collections::BTreeMap;

use super::fact::{ConversationFact, OrganizationIndex, QueueOutcome, RouteKey};
use super::label::Label;
use super::ledger::{Amount, Contribution};
use super::names::Names;
use super::routing::{EntryIndex, GroupIndex, Routing};
use super::tally::Metric;
use super::time::{EventTime, Span};

/// One conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    organization: OrganizationIndex,
    steps: Vec<(EventTime, ConversationFact)>,
    is_regulated: bool,
    /// What it has added to the ledger.
    pub counted: Vec<Contribution>,
}

/// What is known of the action that a conversation came from.
#[derive(Debug, Clone, Copy)]
pub struct OriginAction {
    /// Its action map.
    pub map: Option<Label>,
    /// Its version.
    pub version: Option<u32>,
    /// Whether it came of a regulated visit.
    pub is_regulated: bool,
}

/// An entry into a queue, with the planning group that it belongs to.
#[derive(Debug, Clone, Copy)]
struct QueueEntry {
    at: EventTime,
    queue: Option<Label>,
    group: GroupIndex,
}

impl Conversation {
    /// A conversation of which nothing is known yet.
    pub const fn of(organization: OrganizationIndex) -> Self {
        Self { organization, steps: Vec::new(), is_regulated: false, counted: Vec::new() }
    }

    /// Takes in one step; false where it was known.
    pub fn learn(&mut self, at: EventTime, fact: &ConversationFact) -> bool {
        let key = (at, fact.clone());
        match self.steps.binary_search(&key) {
            Ok(_) => false,
            Err(place) => {
                self.steps.insert(place, key);
                true
            }
        }
    }

    /// Takes in all steps of another conversation that turned out to be the same.
    pub fn absorb(&mut self, other: &Self) {
        self.is_regulated |= other.is_regulated;
        for (at, fact) in &other.steps {
            self.learn(*at, fact);
        }
    }

    /// It came of a regulated visit; false where that is nothing new.
    pub const fn fall_under_policy(&mut self) -> bool {
        !std::mem::replace(&mut self.is_regulated, true)
    }

    /// Whether it, or an action that it came from, came of a regulated visit.
    pub fn is_regulated(&self, action_of: &impl Fn(&Names) -> Option<OriginAction>) -> bool {
        self.is_regulated || self.origins().any(|names| action_of(&names).is_some_and(|action| action.is_regulated))
    }

    /// Whose it is.
    pub const fn organization(&self) -> OrganizationIndex {
        self.organization
    }

    /// The latest step that is known.
    pub fn latest(&self) -> EventTime {
        self.steps.last().map_or(EventTime::DISTANT_PAST, |(at, _)| *at)
    }

    /// The actions that its starts name.
    pub fn origins(&self) -> impl Iterator<Item = Names> {
        self.starts().filter_map(|(_, action, _)| action)
    }

    /// Everything that this conversation adds to the counts.
    pub fn counts(&self, routing: &Routing, action_of: &impl Fn(&Names) -> Option<OriginAction>) -> Vec<Contribution> {
        if self.starts().next().is_none() {
            return Vec::new();
        }
        let origin = self.origin(routing, action_of);
        let entries = self.queue_entries(routing, origin.and_then(|entry| routing.group_of(entry)));
        let mut first: BTreeMap<GroupIndex, EventTime> = BTreeMap::new();
        for entry in &entries {
            let at = first.entry(entry.group).or_insert(entry.at);
            *at = entry.at.min(*at);
        }
        let add = |group, what, at| Contribution { group, entry: origin, what, at };
        let mut counts: Vec<Contribution> =
            first.iter().map(|(group, at)| add(*group, Amount::Count(Metric::Queued), *at)).collect();
        for (group, (at, outcome)) in self.first_ends(&entries, routing) {
            match outcome {
                QueueOutcome::Answered => counts.push(add(group, Amount::Count(Metric::Answered), at)),
                QueueOutcome::Abandoned => counts.push(add(group, Amount::Count(Metric::AbandonedInQueue), at)),
                QueueOutcome::Other => {}
            }
        }
        for (group, handled) in self.handle_times(&entries, routing) {
            counts.extend(first.get(&group).map(|at| add(group, Amount::Handled(handled), *at)));
        }
        counts
    }

    fn starts(&self) -> impl Iterator<Item = (EventTime, Option<Names>, Option<Label>)> {
        self.steps.iter().filter_map(|(at, fact)| match fact {
            ConversationFact::Started { action, map, visit: _ } => Some((*at, *action, *map)),
            ConversationFact::Queued(_)
            | ConversationFact::LeftQueue { .. }
            | ConversationFact::AgentLeft { .. }
            | ConversationFact::WrappedUp { .. } => None,
        })
    }

    /// The configured entry of the map that the earliest start names, else of its action; of equals the smaller map.
    fn origin(&self, routing: &Routing, action_of: &impl Fn(&Names) -> Option<OriginAction>) -> Option<EntryIndex> {
        let earliest = |entries: &mut dyn Iterator<Item = (EventTime, EntryIndex)>| {
            let map_of = |entry: EntryIndex| routing.entry(entry).map(|entry| &entry.action_map);
            entries.min_by_key(|(at, entry)| (*at, map_of(*entry))).map(|(_, entry)| entry)
        };
        let mut named = self.starts().filter_map(|(at, action, map)| {
            let map = map?;
            let action = action.as_ref().and_then(action_of).filter(|action| action.map == Some(map));
            Some((at, routing.entry_of(self.organization, map, action.and_then(|action| action.version))?))
        });
        let mut through_actions = self.starts().filter_map(|(at, action, _)| {
            let action = action_of(action.as_ref()?)?;
            Some((at, routing.entry_of(self.organization, action.map?, action.version)?))
        });
        earliest(&mut named).or_else(|| earliest(&mut through_actions))
    }

    fn queue_entries(&self, routing: &Routing, fallback: Option<GroupIndex>) -> Vec<QueueEntry> {
        let entered = self.steps.iter().filter_map(|(at, fact)| match fact {
            ConversationFact::Queued(key) => Some((*at, key)),
            ConversationFact::Started { .. }
            | ConversationFact::LeftQueue { .. }
            | ConversationFact::AgentLeft { .. }
            | ConversationFact::WrappedUp { .. } => None,
        });
        let group = |key: &RouteKey| routing.group_of_path(self.organization, key).or(fallback);
        entered.filter_map(|(at, key)| Some(QueueEntry { at, queue: key.queue, group: group(key)? })).collect()
    }

    /// The first end of queueing in each planning group.
    fn first_ends(&self, entries: &[QueueEntry], routing: &Routing) -> BTreeMap<GroupIndex, (EventTime, QueueOutcome)> {
        let mut ends: BTreeMap<GroupIndex, (EventTime, QueueOutcome)> = BTreeMap::new();
        for (at, fact) in &self.steps {
            if let ConversationFact::LeftQueue { queue, outcome } = fact
                && let Some(group) = group_before(entries, *queue, *at, routing)
            {
                let first = ends.entry(group).or_insert((*at, *outcome));
                *first = (*at, *outcome).min(*first);
            }
        }
        ends
    }

    /// Interacting, held and after-call work in each planning group where an agent's part ended.
    fn handle_times(&self, entries: &[QueueEntry], routing: &Routing) -> BTreeMap<GroupIndex, Span> {
        let mut handled: BTreeMap<GroupIndex, Span> = BTreeMap::new();
        let mut wrapped: Vec<(GroupIndex, Span)> = Vec::new();
        for (at, fact) in &self.steps {
            let (queue, span, is_wrapup) = match fact {
                ConversationFact::AgentLeft { queue, handled } => (*queue, *handled, false),
                ConversationFact::WrappedUp { queue, wrapup } => (*queue, *wrapup, true),
                ConversationFact::Started { .. } | ConversationFact::Queued(_) | ConversationFact::LeftQueue { .. } => {
                    continue;
                }
            };
            let Some(group) = group_before(entries, queue, *at, routing) else { continue };
            if is_wrapup {
                wrapped.push((group, span));
            } else {
                let sum = handled.entry(group).or_default();
                *sum = sum.and(span);
            }
        }
        for (group, span) in wrapped {
            if let Some(sum) = handled.get_mut(&group) {
                *sum = sum.and(span);
            }
        }
        handled
    }
}

/// The planning group of the latest entry into this queue up to `at`; of equals the one with the greater id.
fn group_before(entries: &[QueueEntry], queue: Option<Label>, at: EventTime, routing: &Routing) -> Option<GroupIndex> {
    let before = entries.iter().filter(|entry| entry.queue == queue && entry.at <= at);
    before.max_by_key(|entry| (entry.at, routing.group_id(entry.group))).map(|entry| entry.group)
}
