//! Many facts in one record of our own log, as few bytes as can be read back quickly.
//!
//! A record is a version byte, the organizations and the labels that it speaks of as text, and then the facts. A fact
//! is a head byte (its kind, and which optional parts follow), the time since the fact before, its names, and its parts.
//! Numbers are LEB128 varints, signed ones zig-zag; names are 16 bytes each, least significant first.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Unreadable;
use super::facts_reading::{self, Reading};
use crate::engine::fact::{
    About, ActionEvent, ActionFact, ConversationFact, OrganizationIndex, QueueOutcome, RouteKey, VisitFact,
};
use crate::engine::{EventTime, Fact, Label, Labels, Name, Names};

/// The layout that this version writes and reads.
pub(super) const VERSION: u8 = 1;

/// The head's bits that say the kind.
pub(super) const KIND_BITS: u8 = 0b0000_1111;
/// The head's bit that says that the name of the epoch before follows.
pub(super) const NAMED_BEFORE: u8 = 0b0001_0000;
/// The head's bits that say which optional parts follow, in their order.
pub(super) const PARTS: [u8; 3] = [0b0010_0000, 0b0100_0000, 0b1000_0000];

/// The kinds of facts, as the head says them.
pub(super) mod kind {
    pub const REACHED: u8 = 0;
    pub const STEPPED: u8 = 1;
    pub const BLOCKED: u8 = 2;
    pub const PAGE: u8 = 3;
    pub const APP: u8 = 4;
    pub const SEGMENT: u8 = 5;
    pub const STARTED: u8 = 6;
    pub const QUEUED: u8 = 7;
    pub const LEFT_QUEUE: u8 = 8;
    pub const AGENT_LEFT: u8 = 9;
    pub const WRAPPED_UP: u8 = 10;
    pub const TAINT: u8 = 11;
    pub const REGULATED: u8 = 12;
    /// No fact, but the taint name of the visit to which the next one belongs.
    pub const OF_VISIT: u8 = 13;
}

/// How a queue was left, in the order of the codes.
pub(super) const OUTCOMES: [QueueOutcome; 3] = [QueueOutcome::Answered, QueueOutcome::Abandoned, QueueOutcome::Other];

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The facts of the organizations that are configured, in the order in which they were packed.
    pub facts: Vec<Fact>,
    /// How many facts were left out, since their organization is configured no longer.
    pub unknown_organization: usize,
}

/// Packs facts into one record.
pub fn encode(facts: &[Fact], organizations: &[Arc<str>], labels: &Labels) -> Vec<u8> {
    let mut writing = Writing::with_capacity(facts.len());
    for fact in facts {
        writing.fact(fact);
    }
    let texts = |index: &OrganizationIndex| organizations.get(usize::from(index.0)).map_or("", |text| text);
    let mut record = Vec::with_capacity(writing.body.len() + 1_024);
    record.push(VERSION);
    put_texts(&mut record, writing.organizations.iter().map(texts));
    put_texts(&mut record, writing.labels.iter().map(|label| labels.text(*label)));
    put_count(&mut record, facts.len());
    record.append(&mut writing.body);
    record
}

/// Unpacks a record; labels that are new to `labels` are added.
///
/// # Errors
///
/// Where the bytes are no record of this layout: cut off, damaged, or written by a later version.
pub fn decode(bytes: &[u8], organizations: &[Arc<str>], labels: &mut Labels) -> Result<Decoded, Unreadable> {
    let mut reading = Reading::of(bytes);
    let version = reading.byte()?;
    if version != VERSION {
        return Err(Unreadable::not_known("the layout of packed facts", version));
    }
    facts_reading::record(&mut reading, organizations, labels)
}

/// The times of the oldest and of the newest fact of a record, whosever they are; none where it holds none.
///
/// # Errors
///
/// As for [`decode`].
pub fn time_span(bytes: &[u8]) -> Result<Option<(EventTime, EventTime)>, Unreadable> {
    let mut reading = Reading::of(bytes);
    let version = reading.byte()?;
    if version != VERSION {
        return Err(Unreadable::not_known("the layout of packed facts", version));
    }
    facts_reading::time_span(&mut reading)
}

/// The facts written so far, and the tables that they refer to.
struct Writing {
    body: Vec<u8>,
    last: EventTime,
    organizations: Vec<OrganizationIndex>,
    organization: usize,
    labels: Vec<Label>,
    places: HashMap<Label, usize, RandomState>,
}

impl Writing {
    fn with_capacity(facts: usize) -> Self {
        Self {
            body: Vec::with_capacity(facts.saturating_mul(48)),
            last: EventTime::from_millis(0),
            organizations: Vec::new(),
            organization: 0,
            labels: Vec::new(),
            places: HashMap::default(),
        }
    }

    fn fact(&mut self, fact: &Fact) {
        if let Some(visit) = visit_of(&fact.about) {
            self.body.push(kind::OF_VISIT | if visit.before.is_some() { NAMED_BEFORE } else { 0 });
            put_names(&mut self.body, *visit);
        }
        let head = head_of(&fact.about) | if fact.names.before.is_some() { NAMED_BEFORE } else { 0 };
        self.body.push(head);
        put_signed(&mut self.body, fact.at.millis().wrapping_sub(self.last.millis()));
        self.last = fact.at;
        let organization = self.place_of(fact.organization);
        put_count(&mut self.body, organization);
        put_names(&mut self.body, fact.names);
        match &fact.about {
            About::Action(action) => self.action(action),
            About::Visit(VisitFact::Page(label) | VisitFact::Segment(label)) => self.label(*label),
            About::Visit(VisitFact::App | VisitFact::Regulated) => {}
            About::Taint(regime) => self.body.push(*regime as u8),
            About::Conversation(conversation) => self.conversation(conversation),
        }
    }

    fn place_of(&mut self, organization: OrganizationIndex) -> usize {
        if self.organizations.get(self.organization) != Some(&organization) {
            let known = self.organizations.iter().position(|other| *other == organization);
            self.organization = known.unwrap_or(self.organizations.len());
            if known.is_none() {
                self.organizations.push(organization);
            }
        }
        self.organization
    }

    fn action(&mut self, action: &ActionFact) {
        match action.event {
            ActionEvent::Reached(state) => self.body.push(state as u8),
            ActionEvent::Stepped => {}
            ActionEvent::Blocked(reason) => self.body.push(reason as u8),
        }
        self.label(action.map);
        if let Some(version) = action.version {
            put_number(&mut self.body, u64::from(version));
        }
        if let Some(medium) = action.medium {
            self.body.push(medium.code());
        }
    }

    fn conversation(&mut self, conversation: &ConversationFact) {
        match conversation {
            ConversationFact::Started { action, map, visit: _ } => {
                if let Some(names) = action {
                    put_names(&mut self.body, *names);
                }
                self.label(*map);
            }
            ConversationFact::Queued(RouteKey { queue, media_type, language, skills }) => {
                self.label(*queue);
                self.label(*media_type);
                self.label(*language);
                put_count(&mut self.body, skills.len());
                for skill in skills {
                    self.label(Some(*skill));
                }
            }
            ConversationFact::LeftQueue { queue, outcome } => {
                self.label(*queue);
                self.body.push(*outcome as u8);
            }
            ConversationFact::AgentLeft { queue, handled: span }
            | ConversationFact::WrappedUp { queue, wrapup: span } => {
                self.label(*queue);
                put_signed(&mut self.body, span.millis());
            }
        }
    }

    fn label(&mut self, label: Option<Label>) {
        let Some(label) = label else { return };
        let next = self.labels.len();
        let place = *self.places.entry(label).or_insert(next);
        if place == next {
            self.labels.push(label);
        }
        put_count(&mut self.body, place);
    }
}

/// The visit that an action or a conversation belongs to, where the fact says so.
fn visit_of(about: &About) -> Option<&Names> {
    match about {
        About::Action(action) => action.visit.as_ref(),
        About::Conversation(ConversationFact::Started { visit, .. }) => visit.as_deref(),
        About::Conversation(_) | About::Visit(_) | About::Taint(_) => None,
    }
}

/// The kind, and the optional parts that are there.
fn head_of(about: &About) -> u8 {
    let (kind, there) = match about {
        About::Action(ActionFact { event, map, version, medium, visit: _ }) => {
            let kind = match event {
                ActionEvent::Reached(_) => kind::REACHED,
                ActionEvent::Stepped => kind::STEPPED,
                ActionEvent::Blocked(_) => kind::BLOCKED,
            };
            (kind, [map.is_some(), version.is_some(), medium.is_some()])
        }
        About::Visit(VisitFact::Page(label)) => (kind::PAGE, [label.is_some(), false, false]),
        About::Visit(VisitFact::App) => (kind::APP, [false; 3]),
        About::Visit(VisitFact::Regulated) => (kind::REGULATED, [false; 3]),
        About::Taint(_) => (kind::TAINT, [false; 3]),
        About::Visit(VisitFact::Segment(label)) => (kind::SEGMENT, [label.is_some(), false, false]),
        About::Conversation(ConversationFact::Started { action, map, visit: _ }) => {
            let before = action.is_some_and(|names| names.before.is_some());
            (kind::STARTED, [action.is_some(), before, map.is_some()])
        }
        About::Conversation(ConversationFact::Queued(route)) => {
            (kind::QUEUED, [route.queue.is_some(), route.media_type.is_some(), route.language.is_some()])
        }
        About::Conversation(ConversationFact::LeftQueue { queue, .. }) => {
            (kind::LEFT_QUEUE, [queue.is_some(), false, false])
        }
        About::Conversation(ConversationFact::AgentLeft { queue, .. }) => {
            (kind::AGENT_LEFT, [queue.is_some(), false, false])
        }
        About::Conversation(ConversationFact::WrappedUp { queue, .. }) => {
            (kind::WRAPPED_UP, [queue.is_some(), false, false])
        }
    };
    PARTS.iter().zip(there).fold(kind, |head, (bit, is_there)| if is_there { head | bit } else { head })
}

fn put_texts<'a>(into: &mut Vec<u8>, texts: impl ExactSizeIterator<Item = &'a str>) {
    put_count(into, texts.len());
    for text in texts {
        put_count(into, text.len());
        into.extend_from_slice(text.as_bytes());
    }
}

fn put_names(into: &mut Vec<u8>, names: Names) {
    let Names { own: Name(own), before } = names;
    into.extend_from_slice(&own.to_le_bytes());
    if let Some(Name(before)) = before {
        into.extend_from_slice(&before.to_le_bytes());
    }
}

fn put_count(into: &mut Vec<u8>, count: usize) {
    put_number(into, count as u64);
}

fn put_signed(into: &mut Vec<u8>, number: i64) {
    put_number(into, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
