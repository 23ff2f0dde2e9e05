//! What becomes of a record, by what was found in it: one of the four outcomes, and the earliest class where several fit.

use std::borrow::Cow;
use std::sync::Arc;

use super::class::{Class, SetAside};
use super::faults::Faults;
use super::found::{Found, Value};
use super::instant::{instant, of_our_time};
use super::place::Place;
use super::{Reading, Rules, journey, talk};
use crate::engine::event::What;
use crate::engine::fact::OrganizationIndex;
use crate::engine::{Event, EventTime};

const ENVELOPE: [Place; 7] =
    [Place::Wrapper, Place::Detail, Place::Source, Place::Time, Place::Body, Place::TopicName, Place::Timestamp];
/// The places that say which event it is.
const WHOLE: [Place; 4] = [Place::Wrapper, Place::Detail, Place::Body, Place::TopicName];
const DETAIL_TOPICS: &str = "v2.detail.events.";
const CONVERSATION_TOPICS: &str = "conversation.";
const HEARTBEATS: [&str; 2] = ["channel.metadata", "v2.system.socket_closing"];

/// What a family of events makes of a body.
pub enum Meaning<'a> {
    /// Something happened at this time, if nothing is wrong.
    Said {
        /// When; `None` where that was noted as a fault.
        at: Option<EventTime>,
        /// What; `None` where something in it was noted as a fault.
        what: Option<What<'a>>,
    },
    /// It feeds nothing, if nothing needed stands there twice.
    Irrelevant,
}

/// Judges what was found. Its places are emptied.
pub fn judge<'a>(found: &mut Found<'a>, recorded: Option<EventTime>, rules: &Rules) -> Reading<'a> {
    let mut faults = Faults::default();
    let meaning = meaning(found, &mut faults);
    let event = match meaning {
        Meaning::Irrelevant => None,
        Meaning::Said { at, what } => {
            let arrival = arrival(found, at, recorded, &mut faults);
            if let (Some(at), Some(arrival)) = (at, arrival) {
                if at.since(arrival) > rules.max_clock_ahead {
                    faults.note(Class::FromTheFuture, time_place(found));
                }
                if arrival.since(at) > rules.correction_horizon {
                    faults.note(Class::BeyondHorizon, time_place(found));
                }
            }
            let organization = organization(found, rules, &mut faults);
            compose(organization, at, arrival, what)
        }
    };
    match (faults.told(found), event) {
        (Some(aside), Some(event)) if rules.signals.is_some() && is_untimely_page(&event, aside) => {
            Reading::Untimely(event, aside)
        }
        (Some(aside), _) => Reading::SetAside(aside),
        (None, Some(event)) => Reading::Admitted(event),
        (None, None) => Reading::NotRelevant,
    }
}

fn is_untimely_page(event: &Event<'_>, aside: SetAside) -> bool {
    matches!(event.what, What::Page { .. }) && matches!(aside.class, Class::FromTheFuture | Class::BeyondHorizon)
}

fn compose(
    organization: Option<OrganizationIndex>,
    at: Option<EventTime>,
    arrival: Option<EventTime>,
    what: Option<What<'_>>,
) -> Option<Event<'_>> {
    Some(Event { organization: organization?, at: at?, arrival: arrival?, what: what? })
}

fn meaning<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Meaning<'a> {
    faults.note_twice(found, &ENVELOPE);
    if found.twice(&WHOLE).is_some() {
        return Meaning::Irrelevant;
    }
    let topic = match found.take(Place::TopicName) {
        Value::Text(topic) => topic,
        Value::Absent => Cow::Borrowed(""),
        Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => {
            faults.note_field(Class::WrongType, Place::TopicName, found);
            Cow::Borrowed("")
        }
    };
    if HEARTBEATS.contains(&topic.as_ref()) {
        return Meaning::Irrelevant;
    }
    if !is_object(found, Place::Body, faults) {
        return Meaning::Said { at: None, what: None };
    }
    if let Some(detail) = topic.strip_prefix(DETAIL_TOPICS) {
        let step = detail.strip_prefix(CONVERSATION_TOPICS).and_then(|named| named.split_once('.'));
        return step.map_or(Meaning::Irrelevant, |(_, step)| talk::meaning(step, found, faults));
    }
    if topic.ends_with(".journey.sessions") {
        return Meaning::Irrelevant;
    }
    journey::meaning(found, faults)
}

/// Whether an object that must be there is there.
pub fn is_object(found: &Found<'_>, place: Place, faults: &mut Faults) -> bool {
    match found.at(place) {
        Value::Object => return true,
        Value::Absent => faults.note_field(Class::MissingField, place, found),
        Value::Texts | Value::Text(_) | Value::Integer(_) | Value::Number | Value::Other => {
            faults.note_field(Class::WrongType, place, found);
        }
    }
    false
}

/// An object that may be absent must be one where it is there.
pub fn expect_object(found: &Found<'_>, place: Place, faults: &mut Faults) {
    if !matches!(found.at(place), Value::Absent) {
        is_object(found, place, faults);
    }
}

/// A text that may be absent.
pub fn text<'a>(found: &mut Found<'a>, place: Place, faults: &mut Faults) -> Option<Cow<'a, str>> {
    match found.take(place) {
        Value::Text(text) => return Some(text),
        Value::Absent => {}
        Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => {
            faults.note_field(Class::WrongType, place, found);
        }
    }
    None
}

/// A text that must be there.
pub fn needed_text<'a>(found: &mut Found<'a>, place: Place, faults: &mut Faults) -> Option<Cow<'a, str>> {
    if matches!(found.at(place), Value::Absent) {
        faults.note_field(Class::MissingField, place, found);
    }
    text(found, place, faults)
}

/// A text of a visitor's making: whatever is no text is none.
pub fn any_text<'a>(found: &mut Found<'a>, place: Place) -> Option<Cow<'a, str>> {
    match found.take(place) {
        Value::Text(text) => Some(text),
        Value::Absent | Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => None,
    }
}

/// A whole number that may be absent, and must lie below `end`.
pub fn whole_below(end: i64, found: &Found<'_>, place: Place, faults: &mut Faults) -> Option<i64> {
    match *found.at(place) {
        Value::Integer(number) if (0..end).contains(&number) => return Some(number),
        Value::Absent => {}
        Value::Object | Value::Texts | Value::Text(_) | Value::Integer(_) | Value::Number | Value::Other => {
            faults.note_field(Class::WrongType, place, found);
        }
    }
    None
}

/// When it happened, which must be said.
pub fn happened(found: &Found<'_>, place: Place, faults: &mut Faults) -> Option<EventTime> {
    let (at, class) = match found.at(place) {
        Value::Text(text) => (instant(text), Class::BadTime),
        Value::Integer(millis) => (of_our_time(*millis), Class::BadTime),
        Value::Number => (None, Class::BadTime),
        Value::Absent => (None, Class::MissingField),
        Value::Object | Value::Texts | Value::Other => (None, Class::WrongType),
    };
    if at.is_none() {
        faults.note_field(class, place, found);
    }
    at
}

/// When it arrived: as the envelope says, else the notification, else the log, else when it happened.
fn arrival(
    found: &Found<'_>,
    at: Option<EventTime>,
    recorded: Option<EventTime>,
    faults: &mut Faults,
) -> Option<EventTime> {
    for place in [Place::Time, Place::Timestamp] {
        let said = match found.at(place) {
            Value::Absent => continue,
            Value::Text(text) => instant(text),
            Value::Integer(millis) => of_our_time(*millis),
            Value::Object | Value::Texts | Value::Number | Value::Other => None,
        };
        if said.is_none() {
            faults.note_field(Class::BadTime, place, found);
        }
        return said;
    }
    recorded.or(at)
}

/// When a record arrived as far as it says so itself, even one that cannot be used or feeds nothing.
pub fn told_arrival(found: &Found<'_>) -> Option<EventTime> {
    let places = [Place::Time, Place::Timestamp, Place::CreatedDate, Place::EventTime];
    let place =
        places.into_iter().find(|place| !matches!(found.at(*place), Value::Absent) || found.is_twice(*place))?;
    match found.at(place) {
        Value::Text(text) if !found.is_twice(place) => instant(text),
        Value::Integer(millis) if !found.is_twice(place) => of_our_time(*millis),
        Value::Absent
        | Value::Object
        | Value::Texts
        | Value::Text(_)
        | Value::Integer(_)
        | Value::Number
        | Value::Other => None,
    }
}

/// Where the record says when it happened.
fn time_place(found: &Found<'_>) -> Place {
    if matches!(found.at(Place::CreatedDate), Value::Absent) { Place::EventTime } else { Place::CreatedDate }
}

/// Whose the record is: as its source says, else the default one's; both must agree.
fn organization(found: &mut Found<'_>, rules: &Rules, faults: &mut Faults) -> Option<OrganizationIndex> {
    let source = text(found, Place::Source, faults);
    let named = source.as_deref().and_then(organization_of);
    let default = rules.default_organization.as_deref();
    let agreed = match (named, default) {
        (Some(named), Some(default)) if named != default => None,
        (Some(named), _) => Some(named),
        (None, default) => default,
    };
    let index =
        agreed.and_then(|agreed| rules.organizations.binary_search_by(|known| Arc::as_ref(known).cmp(agreed)).ok());
    let index = index.and_then(|index| u16::try_from(index).ok()).map(OrganizationIndex);
    if index.is_none() {
        faults.note(Class::UnknownOrganization, Place::Source);
    }
    index
}

/// The organization that a source names, where it is one of Genesys Cloud.
pub fn organization_of(source: &str) -> Option<&str> {
    let vendor = source.strip_prefix("aws.partner/genesys.com")?;
    let rest = vendor.strip_prefix(".test").unwrap_or(vendor).strip_prefix("/cloud/")?;
    rest.split_once('/').map(|(organization, _)| organization).filter(|organization| !organization.is_empty())
}
