//! Facts: what one record says about one action, visit or conversation, without anything personal.

use super::label::Label;
use super::names::{Domain, Names};
use super::policy::Regime;
use super::time::{EventTime, Span};

/// Of when a visit saw a regulated page, no more than the day (UTC) is kept for as long as facts are.
pub const TAINT_STRETCH: Span = Span::from_days(1);
/// For as long as visits are, no more than the hour.
pub const REGULATED_STRETCH: Span = Span::from_minutes(60);

/// The organization that a fact belongs to: its place among the configured ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationIndex(pub u16);

/// A set element with a time: applying it twice, or in another order, changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whose it is.
    pub organization: OrganizationIndex,
    /// When it happened.
    pub at: EventTime,
    /// The entity that it is about, as keyed hashes.
    pub names: Names,
    /// What it says.
    pub about: About,
}

impl Fact {
    /// The end of the stretch in which it happened; where its time is not coarse, its time.
    pub const fn latest(&self) -> EventTime {
        match &self.about {
            About::Taint(_) => self.at.after(TAINT_STRETCH),
            About::Visit(VisitFact::Regulated) => self.at.after(REGULATED_STRETCH),
            About::Visit(VisitFact::Page(_) | VisitFact::App | VisitFact::Segment(_))
            | About::Action(_)
            | About::Conversation(_) => self.at,
        }
    }
}

/// What a fact says, by the kind of entity that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A web action took a step or was blocked.
    Action(ActionFact),
    /// A visitor did something on the site.
    Visit(VisitFact),
    /// A conversation took a step.
    Conversation(ConversationFact),
    /// A visit saw a page under this regime. The visit's name is of the taint domain.
    Taint(Regime),
}

impl About {
    /// The domain of the names under which it is said.
    pub const fn domain(&self) -> Domain {
        match self {
            Self::Action(_) => Domain::Action,
            Self::Visit(_) => Domain::Visit,
            Self::Conversation(_) => Domain::Conversation,
            Self::Taint(_) => Domain::Taint,
        }
    }

    /// The action that a conversation came of, where it says so.
    pub const fn came_of(&self) -> Option<&Names> {
        match self {
            Self::Conversation(ConversationFact::Started { action, .. }) => action.as_ref(),
            Self::Conversation(_) | Self::Action(_) | Self::Visit(_) | Self::Taint(_) => None,
        }
    }
}

/// What one event says about a web action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFact {
    /// The step, or the block.
    pub event: ActionEvent,
    /// The action map that the event names.
    pub map: Option<Label>,
    /// The action map's version that the event names.
    pub version: Option<u32>,
    /// The medium that the event names.
    pub medium: Option<Medium>,
    /// The visit that it belongs to, under the taint domain's keys; only where a policy regulates anything.
    pub visit: Option<Names>,
}

/// What happened to a web action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionEvent {
    /// It reached a state.
    Reached(OfferState),
    /// It took a step that names no state, or one of tomorrow.
    Stepped,
    /// It was held back.
    Blocked(BlockingReason),
}

/// The 14 states of a web action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfferState {
    /// The visitor qualified for the offer.
    Qualified,
    /// The offer was shown.
    Offered,
    /// The visitor took it.
    Accepted,
    /// The visitor declined it.
    Rejected,
    /// The invitation timed out.
    TimedOut,
    /// The visitor did nothing.
    Ignored,
    /// It failed.
    Errored,
    /// The chat was started.
    Started,
    /// An agent engaged.
    Engaged,
    /// The chat was given up.
    Abandoned,
    /// The chat was completed.
    Completed,
    /// Qualified outside the schedule.
    QualifiedOutsideSchedule,
    /// Would have been offered outside the schedule.
    OfferedOutsideSchedule,
    /// The frequency cap held it back.
    FrequencyCapReached,
}

impl OfferState {
    /// Every state.
    pub const ALL: [Self; 14] = [
        Self::Qualified,
        Self::Offered,
        Self::Accepted,
        Self::Rejected,
        Self::TimedOut,
        Self::Ignored,
        Self::Errored,
        Self::Started,
        Self::Engaged,
        Self::Abandoned,
        Self::Completed,
        Self::QualifiedOutsideSchedule,
        Self::OfferedOutsideSchedule,
        Self::FrequencyCapReached,
    ];
}

/// Why an offer was held back; the order is that of the published enum and breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockingReason {
    /// No reason, or one of tomorrow.
    Unknown,
    /// The page conditions no longer hold.
    PageUrlConditionsNotMatching,
    /// The service level would suffer.
    ServiceLevelThrottling,
    /// Another offer is already there.
    AlreadyExistingOffer,
    /// The trigger lies in the future.
    TriggerDateInFuture,
    /// Several offers at once.
    MultipleSimultaneousOffers,
    /// Nobody is there to answer.
    NoAvailableAgents,
    /// The frequency cap.
    FrequencyCapping,
    /// Outside the schedule.
    OfferedOutsideSchedule,
}

impl BlockingReason {
    /// Every reason, in the order of the published enum.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::PageUrlConditionsNotMatching,
        Self::ServiceLevelThrottling,
        Self::AlreadyExistingOffer,
        Self::TriggerDateInFuture,
        Self::MultipleSimultaneousOffers,
        Self::NoAvailableAgents,
        Self::FrequencyCapping,
        Self::OfferedOutsideSchedule,
    ];

    /// The name that Genesys gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::PageUrlConditionsNotMatching => "PageUrlConditionsNotMatching",
            Self::ServiceLevelThrottling => "ServiceLevelThrottling",
            Self::AlreadyExistingOffer => "AlreadyExistingOffer",
            Self::TriggerDateInFuture => "TriggerDateInFuture",
            Self::MultipleSimultaneousOffers => "MultipleSimultaneousOffers",
            Self::NoAvailableAgents => "NoAvailableAgents",
            Self::FrequencyCapping => "FrequencyCapping",
            Self::OfferedOutsideSchedule => "OfferedOutsideSchedule",
        }
    }
}

/// The medium of an action. The order is that of the published names as text, so that ties fall as the names would;
/// what Genesys has not published falls into the gap where its name would stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Medium(u8);

impl Medium {
    const PUBLISHED: [&'static str; 6] =
        ["architectFlow", "contentOffer", "integrationAction", "openAction", "webMessagingOffer", "webchat"];

    /// A web messaging offer.
    pub const WEB_MESSAGING_OFFER: Self = Self(9);
    /// A legacy web chat offer.
    pub const WEB_CHAT: Self = Self(11);

    /// The medium of this name.
    pub fn named(name: &str) -> Self {
        let place = Self::PUBLISHED.partition_point(|published| *published < name);
        let is_published = Self::PUBLISHED.get(place) == Some(&name);
        Self(u8::try_from(place).unwrap_or(0) * 2 + u8::from(is_published))
    }

    /// As a number for the log.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Back from the number; `None` where no medium has it.
    pub const fn from_code(code: u8) -> Option<Self> {
        if code <= 12 { Some(Self(code)) } else { None }
    }

    /// The published name, if there is one.
    pub fn published_name(self) -> Option<&'static str> {
        if self.0.is_multiple_of(2) { None } else { Self::PUBLISHED.get(usize::from(self.0 / 2)).copied() }
    }
}

/// What one event says about a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitFact {
    /// A page was seen: of this configured class, or of none.
    Page(Option<Label>),
    /// Something happened in an app.
    App,
    /// The visitor was put into a segment or taken out of it.
    Segment(Option<Label>),
    /// A page was seen of which nothing may be known: the visit counts no more.
    Regulated,
}

/// What one detail event says about a conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConversationFact {
    /// It started from an action, an action map, or both.
    Started {
        /// The action, under the action domain's keys.
        action: Option<Names>,
        /// The action map.
        map: Option<Label>,
        /// The visit that it came from, under the taint domain's keys; only where a policy regulates anything.
        visit: Option<Box<Names>>,
    },
    /// It entered a queue.
    Queued(RouteKey),
    /// It left a queue.
    LeftQueue {
        /// The queue.
        queue: Option<Label>,
        /// How.
        outcome: QueueOutcome,
    },
    /// An agent's part ended.
    AgentLeft {
        /// The queue that it came from.
        queue: Option<Label>,
        /// Interacting and held together.
        handled: Span,
    },
    /// After-call work ended.
    WrappedUp {
        /// The queue that it came from.
        queue: Option<Label>,
        /// After-call work.
        wrapup: Span,
    },
}

/// How a conversation looks for an agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteKey {
    /// The queue.
    pub queue: Option<Label>,
    /// The media type, in lower case.
    pub media_type: Option<Label>,
    /// The language asked for.
    pub language: Option<Label>,
    /// The skills asked for, sorted, each once.
    pub skills: Vec<Label>,
}

/// How a conversation left a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueOutcome {
    /// An agent answered.
    Answered,
    /// The customer gave up.
    Abandoned,
    /// It flowed out, or nobody knows.
    Other,
}
