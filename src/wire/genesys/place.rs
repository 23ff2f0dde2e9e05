//! The fields that are needed, and where they stand.

use std::sync::Arc;

/// How a record presents its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Inside the EventBridge envelope.
    EventBridge,
    /// As a notification's body.
    Notification,
    /// On its own.
    Bare,
}

/// An object on the way to needed fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The EventBridge envelope.
    Envelope,
    /// The notification.
    Notification,
    /// The event's body.
    Body,
    /// `session`.
    Session,
    /// `webActionEvent` or `blockedWebActionOfferEvent`.
    Part,
    /// `action`.
    Action,
    /// `actionMap`.
    ActionMap,
    /// `webEvent`.
    WebEvent,
    /// `appEvent`.
    AppEvent,
    /// `page`.
    Page,
    /// `attributes`: keys that the site chose.
    Attributes,
    /// One attribute.
    Attribute(Asked),
    /// `segmentAssignmentEvent`.
    SegmentAssignment,
    /// `segment`.
    Segment,
    /// `journeyContext`.
    JourneyContext,
}

/// What a policy asks of the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Consent.
    Consent,
    /// Global Privacy Control.
    PrivacyControl,
}

/// The attributes for which a policy asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalNames {
    /// The one that carries consent.
    pub consent: Arc<str>,
    /// The one that carries Global Privacy Control.
    pub privacy_control: Arc<str>,
}

impl SignalNames {
    fn place_of(&self, key: &[u8]) -> Option<Place> {
        if key == self.consent.as_bytes() {
            Some(Place::Consent)
        } else {
            (key == self.privacy_control.as_bytes()).then_some(Place::PrivacyControl)
        }
    }
}

/// Which of the two parts of an action event holds the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `webActionEvent`.
    Step,
    /// `blockedWebActionOfferEvent`.
    Block,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Step, Self::Block];

    /// Where it stands.
    pub const fn place(self) -> Place {
        match self {
            Self::Step => Place::WebActionEvent,
            Self::Block => Place::BlockedWebActionOfferEvent,
        }
    }

    /// The one that stands here, if one does.
    pub fn at(place: Place) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.place() == place)
    }
}

macro_rules! body_path {
    ($form:expr, $suffix:expr) => {
        match $form {
            Form::EventBridge => concat!("$.detail.eventBody.", $suffix),
            Form::Notification => concat!("$.eventBody.", $suffix),
            Form::Bare => concat!("$.", $suffix),
        }
    };
}

macro_rules! part_path {
    ($form:expr, Part::Step, $suffix:expr) => {
        body_path!($form, concat!("webActionEvent.", $suffix))
    };
    ($form:expr, Part::Block, $suffix:expr) => {
        body_path!($form, concat!("blockedWebActionOfferEvent.", $suffix))
    };
}

macro_rules! places {
    (
        envelope { $($envelope:ident at $envelope_path:literal;)+ }
        notification { $($notice:ident at $notice_path:literal;)+ }
        body { $($body:ident at $body_path:literal;)+ }
        part { $($part:ident at $part_path:literal;)+ }
    ) => {
        /// A field that is needed, or that says where needed ones are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Place {
            $(#[doc = $envelope_path] $envelope,)+
            $(#[doc = $notice_path] $notice,)+
            $(#[doc = $body_path] $body,)+
            $(#[doc = $part_path] $part,)+
        }

        impl Place {
            /// How many there are.
            pub const COUNT: usize = [
                $(stringify!($envelope),)+ $(stringify!($notice),)+ $(stringify!($body),)+ $(stringify!($part),)+
            ].len();

            /// The JSON path.
            pub const fn path(self, form: Form, part: Part) -> &'static str {
                match (self, part) {
                    $((Self::$envelope, _) => $envelope_path,)+
                    $((Self::$notice, _) => match form {
                        Form::EventBridge => concat!("$.detail.", $notice_path),
                        Form::Notification | Form::Bare => concat!("$.", $notice_path),
                    },)+
                    $((Self::$body, _) => body_path!(form, $body_path),)+
                    $((Self::$part, Part::Step) => part_path!(form, Part::Step, $part_path),)+
                    $((Self::$part, Part::Block) => part_path!(form, Part::Block, $part_path),)+
                }
            }
        }
    };
}

places! {
    envelope {
        Wrapper at "$";
        DetailType at "$.detail-type";
        Detail at "$.detail";
        Source at "$.source";
        Time at "$.time";
    }
    notification {
        Body at "eventBody";
        TopicName at "topicName";
        Timestamp at "timestamp";
    }
    body {
        EventType at "eventType";
        CreatedDate at "createdDate";
        Session at "session";
        SessionId at "session.id";
        WebActionEvent at "webActionEvent";
        BlockedWebActionOfferEvent at "blockedWebActionOfferEvent";
        WebEvent at "webEvent";
        Page at "webEvent.page";
        HostName at "webEvent.page.hostname";
        PathName at "webEvent.page.pathname";
        Url at "webEvent.page.url";
        AppEvent at "appEvent";
        Attributes at "webEvent.attributes";
        Consent at "webEvent.attributes.consent";
        ConsentValue at "webEvent.attributes.consent.value";
        PrivacyControl at "webEvent.attributes.privacyControl";
        PrivacyControlValue at "webEvent.attributes.privacyControl.value";
        SegmentAssignmentEvent at "segmentAssignmentEvent";
        Segment at "segmentAssignmentEvent.segment";
        SegmentId at "segmentAssignmentEvent.segment.id";
        EventTime at "eventTime";
        ConversationId at "conversationId";
        QueueId at "queueId";
        JourneyContext at "journeyContext";
        ContextActionId at "journeyContext.actionId";
        ContextActionMapId at "journeyContext.actionMapId";
        ContextSessionId at "journeyContext.sessionId";
        MediaType at "mediaType";
        AcdOutcome at "acdOutcome";
        SkillIds at "requestedRoutingSkillIds";
        LanguageId at "requestedLanguageId";
        Interacting at "interactingDurationMs";
        Held at "heldDurationMs";
        Wrapup at "wrapupDurationMs";
    }
    part {
        Action at "action";
        ActionId at "action.id";
        ActionState at "action.state";
        ActionMediaType at "action.mediaType";
        ActionMap at "actionMap";
        ActionMapId at "actionMap.id";
        ActionMapVersion at "actionMap.version";
        BlockingReason at "blockingReason";
    }
}

impl Place {
    /// What this key of such an object is needed for, where a policy asks for attributes; without one, none is read.
    #[inline]
    pub fn asked_of(level: Level, key: &[u8], signals: Option<&SignalNames>) -> Option<Self> {
        match (level, signals) {
            (Level::Attributes, Some(names)) => names.place_of(key),
            _ => Self::of(level, key).filter(|place| signals.is_some() || !place.is_asked_for()),
        }
    }

    const fn is_asked_for(self) -> bool {
        matches!(self, Self::AppEvent | Self::Attributes)
    }

    /// What this key of such an object is needed for.
    #[inline]
    pub fn of(level: Level, key: &[u8]) -> Option<Self> {
        match level {
            Level::Envelope => Self::of_envelope(key),
            Level::Notification => Self::of_notification(key),
            Level::Body => Self::of_body(key),
            Level::Session => (key == b"id").then_some(Self::SessionId),
            Level::Part => match key {
                b"action" => Some(Self::Action),
                b"actionMap" => Some(Self::ActionMap),
                b"blockingReason" => Some(Self::BlockingReason),
                _ => None,
            },
            Level::Action => match key {
                b"id" => Some(Self::ActionId),
                b"state" => Some(Self::ActionState),
                b"mediaType" => Some(Self::ActionMediaType),
                _ => None,
            },
            Level::ActionMap => match key {
                b"id" => Some(Self::ActionMapId),
                b"version" => Some(Self::ActionMapVersion),
                _ => None,
            },
            Level::WebEvent => match key {
                b"page" => Some(Self::Page),
                b"attributes" => Some(Self::Attributes),
                _ => None,
            },
            Level::AppEvent => (key == b"attributes").then_some(Self::Attributes),
            Level::Attributes => None,
            Level::Attribute(asked) => (key == b"value").then_some(match asked {
                Asked::Consent => Self::ConsentValue,
                Asked::PrivacyControl => Self::PrivacyControlValue,
            }),
            Level::Page => match key {
                b"hostname" => Some(Self::HostName),
                b"pathname" => Some(Self::PathName),
                b"url" => Some(Self::Url),
                _ => None,
            },
            Level::SegmentAssignment => (key == b"segment").then_some(Self::Segment),
            Level::Segment => (key == b"id").then_some(Self::SegmentId),
            Level::JourneyContext => match key {
                b"actionId" => Some(Self::ContextActionId),
                b"actionMapId" => Some(Self::ContextActionMapId),
                b"sessionId" => Some(Self::ContextSessionId),
                _ => None,
            },
        }
    }

    fn of_envelope(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"detail-type" => Self::DetailType,
            b"detail" => Self::Detail,
            b"source" => Self::Source,
            b"time" => Self::Time,
            _ => return None,
        })
    }

    fn of_notification(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"eventBody" => Self::Body,
            b"topicName" => Self::TopicName,
            b"timestamp" => Self::Timestamp,
            _ => return None,
        })
    }

    fn of_body(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"eventType" => Self::EventType,
            b"createdDate" => Self::CreatedDate,
            b"session" => Self::Session,
            b"webActionEvent" => Self::WebActionEvent,
            b"blockedWebActionOfferEvent" => Self::BlockedWebActionOfferEvent,
            b"webEvent" => Self::WebEvent,
            b"appEvent" => Self::AppEvent,
            b"segmentAssignmentEvent" => Self::SegmentAssignmentEvent,
            b"eventTime" => Self::EventTime,
            b"conversationId" => Self::ConversationId,
            b"queueId" => Self::QueueId,
            b"journeyContext" => Self::JourneyContext,
            b"mediaType" => Self::MediaType,
            b"acdOutcome" => Self::AcdOutcome,
            b"requestedRoutingSkillIds" => Self::SkillIds,
            b"requestedLanguageId" => Self::LanguageId,
            b"interactingDurationMs" => Self::Interacting,
            b"heldDurationMs" => Self::Held,
            b"wrapupDurationMs" => Self::Wrapup,
            _ => return None,
        })
    }

    /// What kind of object stands here, where it holds needed fields.
    pub const fn inside(self) -> Option<Level> {
        Some(match self {
            Self::Detail => Level::Notification,
            Self::Body => Level::Body,
            Self::Session => Level::Session,
            Self::WebActionEvent | Self::BlockedWebActionOfferEvent => Level::Part,
            Self::Action => Level::Action,
            Self::ActionMap => Level::ActionMap,
            Self::WebEvent => Level::WebEvent,
            Self::AppEvent => Level::AppEvent,
            Self::Attributes => Level::Attributes,
            Self::Consent => Level::Attribute(Asked::Consent),
            Self::PrivacyControl => Level::Attribute(Asked::PrivacyControl),
            Self::Page => Level::Page,
            Self::SegmentAssignmentEvent => Level::SegmentAssignment,
            Self::Segment => Level::Segment,
            Self::JourneyContext => Level::JourneyContext,
            Self::Wrapper
            | Self::DetailType
            | Self::Source
            | Self::Time
            | Self::TopicName
            | Self::Timestamp
            | Self::EventType
            | Self::CreatedDate
            | Self::SessionId
            | Self::HostName
            | Self::PathName
            | Self::Url
            | Self::SegmentId
            | Self::EventTime
            | Self::ConversationId
            | Self::QueueId
            | Self::ContextActionId
            | Self::ContextActionMapId
            | Self::ContextSessionId
            | Self::ConsentValue
            | Self::PrivacyControlValue
            | Self::MediaType
            | Self::AcdOutcome
            | Self::SkillIds
            | Self::LanguageId
            | Self::Interacting
            | Self::Held
            | Self::Wrapup
            | Self::ActionId
            | Self::ActionState
            | Self::ActionMediaType
            | Self::ActionMapId
            | Self::ActionMapVersion
            | Self::BlockingReason => return None,
        })
    }

    /// Whether a visitor may say here whatever he likes, twice too.
    pub const fn is_of_a_visitor(self) -> bool {
        const THEIRS: u64 = Place::WebEvent.bit()
            | Place::Page.bit()
            | Place::HostName.bit()
            | Place::PathName.bit()
            | Place::Url.bit()
            | Place::AppEvent.bit()
            | Place::Attributes.bit()
            | Place::Consent.bit()
            | Place::ConsentValue.bit()
            | Place::PrivacyControl.bit()
            | Place::PrivacyControlValue.bit()
            | Place::SegmentAssignmentEvent.bit()
            | Place::Segment.bit()
            | Place::SegmentId.bit();
        THEIRS & self.bit() != 0
    }

    /// The needed places inside the object that stands here.
    pub const fn within(self) -> u64 {
        const ACTION: u64 = Place::ActionId.bit() | Place::ActionState.bit() | Place::ActionMediaType.bit();
        const MAP: u64 = Place::ActionMapId.bit() | Place::ActionMapVersion.bit();
        const PART: u64 = Place::Action.bit() | Place::ActionMap.bit() | Place::BlockingReason.bit() | ACTION | MAP;
        match self.inside() {
            Some(Level::Session) => Self::SessionId.bit(),
            Some(Level::Part) => PART,
            Some(Level::Action) => ACTION,
            Some(Level::ActionMap) => MAP,
            Some(Level::JourneyContext) => Self::ContextActionId.bit() | Self::ContextActionMapId.bit(),
            Some(
                Level::Envelope
                | Level::Notification
                | Level::Body
                | Level::WebEvent
                | Level::AppEvent
                | Level::Page
                | Level::Attributes
                | Level::Attribute(_)
                | Level::SegmentAssignment
                | Level::Segment,
            )
            | None => 0,
        }
    }

    /// As a member of a set.
    pub const fn bit(self) -> u64 {
        1 << self as u32
    }
}
