//! What journey events say: offers, blocks, pages, apps and segments.

use std::borrow::Cow;

use super::class::Class;
use super::faults::Faults;
use super::found::{Found, Value};
use super::place::{Part, Place};
use super::verdict::{Meaning, any_text, expect_object, happened, is_object, needed_text, text, whole_below};
use crate::engine::event::{Path, Signal, Signals, What};
use crate::engine::fact::{ActionEvent, BlockingReason, Medium, OfferState};
use crate::engine::host_and_path;

const BODY: [Place; 6] = [
    Place::CreatedDate,
    Place::EventType,
    Place::Session,
    Place::WebActionEvent,
    Place::BlockedWebActionOfferEvent,
    Place::SessionId,
];
const ACTION: [Place; 8] = [
    Place::Action,
    Place::ActionMap,
    Place::BlockingReason,
    Place::ActionId,
    Place::ActionState,
    Place::ActionMediaType,
    Place::ActionMapId,
    Place::ActionMapVersion,
];
/// The end of the versions that an action map can have.
const VERSIONS: i64 = 1 << 31;

/// The journey events that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happened on the site.
    Web,
    /// Something happened in an app.
    App,
    /// The visitor was put into a segment or taken out of it.
    Segment,
    /// A web action took a step, or was blocked.
    Action(Part),
    /// An outcome was reached.
    Outcome,
}

impl Kind {
    /// The kind that an event type names, by its last part.
    pub fn of(event_type: &str) -> Option<Self> {
        // Most have one part only, and no name of a kind has a dot.
        Self::named(event_type).or_else(|| event_type.rsplit_once('.').and_then(|(_, name)| Self::named(name)))
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "WebEvent" => Self::Web,
            "AppEvent" => Self::App,
            "SegmentAssignmentEvent" => Self::Segment,
            "WebActionEvent" => Self::Action(Part::Step),
            "BlockedWebActionOfferEvent" => Self::Action(Part::Block),
            "OutcomeAchievedEvent" | "OutcomeAttributionEvent" => Self::Outcome,
            _ => return None,
        })
    }
}

/// What the body of a journey event says.
pub fn meaning<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Meaning<'a> {
    faults.note_twice(found, &BODY);
    let Some(kind) = kind(found, faults) else {
        happened(found, Place::CreatedDate, faults);
        return Meaning::Said { at: None, what: None };
    };
    if kind == Kind::Outcome {
        return Meaning::Irrelevant;
    }
    expect_object(found, Place::Session, faults);
    let session = text(found, Place::SessionId, faults).filter(|session| !session.is_empty());
    let what = match (kind, session) {
        (Kind::Action(part), session) => action(part, session, found, faults),
        (Kind::Outcome, _) | (_, None) => return Meaning::Irrelevant,
        (Kind::Web, Some(session)) => Some(page(session, found)),
        (Kind::App, Some(session)) => Some(What::App { session, signals: signals(found) }),
        (Kind::Segment, Some(session)) => Some(What::Segment { session, segment: any_text(found, Place::SegmentId) }),
    };
    Meaning::Said { at: happened(found, Place::CreatedDate, faults), what }
}

fn kind(found: &Found<'_>, faults: &mut Faults) -> Option<Kind> {
    let class = match found.at(Place::EventType) {
        Value::Text(event_type) => match Kind::of(event_type) {
            Some(kind) => return Some(kind),
            None => Class::UnknownShape,
        },
        Value::Absent if is_bare_conversation(found) => Class::UnknownShape,
        Value::Absent => Class::MissingField,
        Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => Class::WrongType,
    };
    faults.note_field(class, Place::EventType, found);
    None
}

/// A conversation's body names no family: only its topic would.
const fn is_bare_conversation(found: &Found<'_>) -> bool {
    found.has_any(Place::ConversationId.bit()) && !found.has_any(Place::EventType.bit() | Place::CreatedDate.bit())
}

/// A page stands where it says; what it does not say, its address does. What stands there and is no text cannot be read.
fn page<'a>(session: Cow<'a, str>, found: &mut Found<'a>) -> What<'a> {
    let host = any_text(found, Place::HostName).filter(|host| !host.is_empty());
    let path = without_query(text_at(found, Place::PathName));
    let (host, path) = match (text_at(found, Place::Url), path) {
        (Path::Said(url), path) if host.is_none() || path == Path::Unsaid => {
            let (its_host, its_path) = host_and_path(&url);
            let its_path = its_path.map_or(Path::Unsaid, |path| Path::Said(Cow::Owned(path)));
            (host.or(its_host.map(Cow::Owned)), if path == Path::Unsaid { its_path } else { path })
        }
        (Path::Unreadable, Path::Unsaid) => (host, Path::Unreadable),
        (Path::Said(_) | Path::Unsaid | Path::Unreadable, path) => (host, path),
    };
    What::Page { session, host, path, signals: signals(found) }
}

fn text_at<'a>(found: &mut Found<'a>, place: Place) -> Path<'a> {
    match found.take(place) {
        Value::Text(text) if !text.is_empty() => Path::Said(text),
        Value::Text(_) | Value::Absent => Path::Unsaid,
        Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => Path::Unreadable,
    }
}

fn without_query(path: Path<'_>) -> Path<'_> {
    const MARKS: [char; 2] = ['?', '#'];
    match path {
        Path::Said(Cow::Borrowed(path)) => {
            Path::Said(Cow::Borrowed(path.split_once(MARKS).map_or(path, |(before, _)| before)))
        }
        Path::Said(Cow::Owned(mut path)) => {
            path.truncate(path.find(MARKS).unwrap_or(path.len()));
            Path::Said(Cow::Owned(path))
        }
        Path::Unsaid | Path::Unreadable => path,
    }
}

fn signals<'a>(found: &mut Found<'a>) -> Signals<'a> {
    let within = [Place::Attributes, Place::Consent, Place::ConsentValue, Place::PrivacyControl];
    if !found.has_any(within.into_iter().fold(0, |places, place| places | place.bit())) {
        return Signals::default();
    }
    Signals {
        consent: signal(found, Place::Consent, Place::ConsentValue),
        privacy_control: signal(found, Place::PrivacyControl, Place::PrivacyControlValue),
    }
}

/// What an attribute says. What stands there twice, or is no text, says nothing clear.
fn signal<'a>(found: &mut Found<'a>, attribute: Place, value: Place) -> Signal<'a> {
    if found.twice(&[Place::Attributes, attribute, value]).is_some() {
        return Signal::Unclear;
    }
    let said = match found.take(attribute) {
        Value::Object => found.take(value),
        said @ (Value::Absent | Value::Texts | Value::Text(_) | Value::Integer(_) | Value::Number | Value::Other) => {
            said
        }
    };
    match said {
        Value::Text(said) => Signal::Said(said),
        Value::Absent => Signal::Nothing,
        Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => Signal::Unclear,
    }
}

fn action<'a>(
    part: Part,
    session: Option<Cow<'a, str>>,
    found: &mut Found<'a>,
    faults: &mut Faults,
) -> Option<What<'a>> {
    faults.note_twice(found, &ACTION);
    if !is_object(found, part.place(), faults) || !is_object(found, Place::Action, faults) {
        expect_object(found, Place::ActionMap, faults);
        return None;
    }
    let id = needed_text(found, Place::ActionId, faults);
    if id.as_deref() == Some("") {
        faults.note_field(Class::MissingField, Place::ActionId, found);
    }
    expect_object(found, Place::ActionMap, faults);
    let map = text(found, Place::ActionMapId, faults);
    let version = whole_below(VERSIONS, found, Place::ActionMapVersion, faults);
    let medium = text(found, Place::ActionMediaType, faults);
    let state = text(found, Place::ActionState, faults);
    let reason = text(found, Place::BlockingReason, faults);
    let (event, medium) = match part {
        Part::Step => {
            (state.as_deref().and_then(state_named).map_or(ActionEvent::Stepped, ActionEvent::Reached), medium)
        }
        Part::Block => (ActionEvent::Blocked(reason_named(reason.as_deref())), None),
    };
    let version = version.and_then(|version| u32::try_from(version).ok());
    Some(What::Action { session, id: id?, event, map, version, medium: medium.as_deref().map(Medium::named) })
}

fn state_named(name: &str) -> Option<OfferState> {
    Some(match name {
        "qualified" => OfferState::Qualified,
        "offered" => OfferState::Offered,
        "accepted" => OfferState::Accepted,
        "rejected" => OfferState::Rejected,
        "timedout" => OfferState::TimedOut,
        "ignored" => OfferState::Ignored,
        "errored" => OfferState::Errored,
        "started" => OfferState::Started,
        "engaged" => OfferState::Engaged,
        "abandoned" => OfferState::Abandoned,
        "completed" => OfferState::Completed,
        "qualifiedOutsideSchedule" => OfferState::QualifiedOutsideSchedule,
        "offeredOutsideSchedule" => OfferState::OfferedOutsideSchedule,
        "frequencyCapReached" => OfferState::FrequencyCapReached,
        _ => return None,
    })
}

fn reason_named(name: Option<&str>) -> BlockingReason {
    let known = BlockingReason::ALL.into_iter().find(|reason| Some(reason.name()) == name);
    known.unwrap_or(BlockingReason::Unknown)
}
