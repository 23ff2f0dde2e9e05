//! What a record says before names replace its identifiers: it borrows from the record and never rests anywhere.

use std::borrow::Cow;

use super::fact::{ActionEvent, Medium, OrganizationIndex, QueueOutcome};
use super::time::{EventTime, Span};

/// What a usable record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Whose it is.
    pub organization: OrganizationIndex,
    /// When it happened.
    pub at: EventTime,
    /// When it arrived; the event's own time where nothing else says so.
    pub arrival: EventTime,
    /// What happened.
    pub what: What<'a>,
}

/// The path of a page, without query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path<'a> {
    /// The record says none.
    Unsaid,
    /// This one.
    Said(Cow<'a, str>),
    /// Something stands there that is no text.
    Unreadable,
}

impl Path<'_> {
    /// The path, where it is known.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Said(path) => Some(path),
            Self::Unsaid | Self::Unreadable => None,
        }
    }
}

/// What an attribute says that a policy asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Signal<'a> {
    /// It is not there, or nobody asks for it.
    #[default]
    Nothing,
    /// It says this.
    Said(Cow<'a, str>),
    /// It is there, and says nothing that can be read.
    Unclear,
}

/// The two signals that a policy asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals<'a> {
    /// Consent.
    pub consent: Signal<'a>,
    /// Global Privacy Control.
    pub privacy_control: Signal<'a>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What<'a> {
    /// A web action took a step or was blocked.
    Action {
        /// The session's id, where the record names one.
        session: Option<Cow<'a, str>>,
        /// The action's id.
        id: Cow<'a, str>,
        /// The step, or the block.
        event: ActionEvent,
        /// The action map's id.
        map: Option<Cow<'a, str>>,
        /// The action map's version.
        version: Option<u32>,
        /// The medium.
        medium: Option<Medium>,
    },
    /// A page was seen, or anything else happened on the site.
    Page {
        /// The session's id.
        session: Cow<'a, str>,
        /// The page's host name.
        host: Option<Cow<'a, str>>,
        /// The page's path.
        path: Path<'a>,
        /// Whether the visitor agrees, as far as that is asked.
        signals: Signals<'a>,
    },
    /// Something happened in an app.
    App {
        /// The session's id.
        session: Cow<'a, str>,
        /// Whether the visitor agrees, as far as that is asked.
        signals: Signals<'a>,
    },
    /// The visitor was put into a segment, or taken out of it.
    Segment {
        /// The session's id.
        session: Cow<'a, str>,
        /// The segment's id.
        segment: Option<Cow<'a, str>>,
    },
    /// A conversation took a step.
    Conversation {
        /// The conversation's id.
        id: Cow<'a, str>,
        /// Which.
        step: ConversationStep<'a>,
    },
}

/// The steps of a conversation that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationStep<'a> {
    /// `customer.start`; at least one of the two is there.
    Started {
        /// The action that it came from.
        action: Option<Cow<'a, str>>,
        /// The action map that it came from.
        map: Option<Cow<'a, str>>,
        /// The session that it came from.
        session: Option<Cow<'a, str>>,
    },
    /// `acd.start`.
    Queued {
        /// The queue.
        queue: Option<Cow<'a, str>>,
        /// The media type as sent.
        media_type: Option<Cow<'a, str>>,
        /// The language asked for.
        language: Option<Cow<'a, str>>,
        /// The skills asked for, as sent.
        skills: Vec<Cow<'a, str>>,
    },
    /// `acd.end`.
    LeftQueue {
        /// The queue.
        queue: Option<Cow<'a, str>>,
        /// How.
        outcome: QueueOutcome,
    },
    /// `user.end`.
    AgentLeft {
        /// The queue.
        queue: Option<Cow<'a, str>>,
        /// Interacting and held together.
        handled: Span,
    },
    /// `acw`.
    WrappedUp {
        /// The queue.
        queue: Option<Cow<'a, str>>,
        /// After-call work.
        wrapup: Span,
    },
}
