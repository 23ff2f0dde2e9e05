//! The way that decides: every record is taken apart member by member, and nothing about it is assumed.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::class::{Class, SetAside};
use super::found::{Found, Value};
use super::journey::Kind;
use super::members::{Members, text_of};
use super::place::{Form, Level, Part, Place, SignalNames};
use super::wrapper::{self, LAYERS};
use super::{DEEPEST_LEVEL, LARGEST_RECORD, Reading, Rules, stripped, verdict};
use crate::engine::EventTime;

/// Reads one record as [`read`](super::read) does, without its short cut: what this says holds.
pub fn read_slowly<'a>(record: &'a [u8], recorded: Option<EventTime>, rules: &Rules) -> Reading<'a> {
    let record = stripped(record);
    if record.len() > LARGEST_RECORD {
        return Reading::SetAside(SetAside::whole(Class::TooLarge));
    }
    if record.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        return Reading::Blank;
    }
    match validated(record).and_then(|value| wrapper::open(value, LAYERS, rules.signals.as_ref())) {
        Ok(mut found) => verdict::judge(&mut found, recorded, rules),
        Err(class) => Reading::SetAside(SetAside::whole(class)),
    }
}

/// When a record says that it arrived, whatever becomes of it; `None` where it cannot be told.
pub fn arrival(record: &[u8]) -> Option<EventTime> {
    let record = Some(stripped(record)).filter(|record| record.len() <= LARGEST_RECORD)?;
    let found = validated(record).and_then(|value| wrapper::open(value, LAYERS, None)).ok()?;
    verdict::told_arrival(&found)
}

fn validated(record: &[u8]) -> Result<&RawValue, Class> {
    let text = simdutf8::basic::from_utf8(record).map_err(|_| Class::NotUtf8)?;
    let value: &RawValue = serde_json::from_str(text).map_err(|_| Class::NotJson)?;
    if depth(record) > DEEPEST_LEVEL { Err(Class::TooDeep) } else { Ok(value) }
}

/// How many levels deep valid JSON is.
pub fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for &byte in json {
        if in_string {
            in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else {
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// The event of an object that presents one as EventBridge does, as a notification does or on its own.
pub fn presented<'a>(members: &Members<'a>, signals: Option<&SignalNames>) -> Option<Found<'a>> {
    let has = |names: &[&str]| names.iter().any(|name| members.get(name).is_some());
    let detail = members.get("detail").and_then(Members::of);
    if let Some(detail) = detail.filter(|_| has(&["detail-type", "source"])) {
        let mut found = Found::nothing(Form::EventBridge);
        fill(Level::Envelope, members, &mut found, signals);
        fill(Level::Notification, &detail, &mut found, signals);
        return Some(found);
    }
    if has(&["eventBody", "topicName"]) {
        let mut found = Found::nothing(Form::Notification);
        fill(Level::Notification, members, &mut found, signals);
        return Some(found);
    }
    if has(&["eventType", "createdDate", "conversationId"]) {
        let mut found = Found::nothing(Form::Bare);
        found.put(Place::Body, Value::Object);
        fill(Level::Body, members, &mut found, signals);
        return Some(found);
    }
    None
}

/// Puts down what stands at the places of an object, and of the objects inside it. Of a needed key that stands
/// there twice, the last copy holds, as with most readers of JSON.
fn fill<'a>(level: Level, members: &Members<'a>, found: &mut Found<'a>, signals: Option<&SignalNames>) {
    let mut inner = Vec::new();
    for (key, value) in &members.0 {
        let Some(place) = Place::asked_of(level, &key.0, signals) else { continue };
        if !found.meet(place) {
            if place.is_of_a_visitor() {
                continue;
            }
            inner.retain(|(earlier, _)| *earlier != place);
        }
        match value_of(value, place, found) {
            Value::Object => inner.push((place, *value)),
            value @ (Value::Absent
            | Value::Texts
            | Value::Text(_)
            | Value::Integer(_)
            | Value::Number
            | Value::Other) => found.put(place, value),
        }
    }
    if level == Level::Body {
        found.part = part_of(found);
    }
    for (place, value) in inner {
        found.put(place, Value::Object);
        let is_needed = Part::at(place).map_or(place != Place::Detail, |part| part == found.part);
        if let (Some(level), true, Some(members)) = (place.inside(), is_needed, Members::of(value)) {
            fill(level, &members, found, signals);
        }
    }
}

/// The part that holds the action, by the event type.
fn part_of(found: &Found<'_>) -> Part {
    let Value::Text(event_type) = found.at(Place::EventType) else { return Part::Step };
    if Kind::of(event_type) == Some(Kind::Action(Part::Block)) { Part::Block } else { Part::Step }
}

fn value_of<'a>(raw: &'a RawValue, place: Place, found: &mut Found<'a>) -> Value<'a> {
    match raw.get().as_bytes().first() {
        Some(b'{') => Value::Object,
        Some(b'"') => text_of(raw).map_or(Value::Other, Value::Text),
        Some(b'n') => Value::Absent,
        Some(b'-' | b'0'..=b'9') => raw.get().parse().map_or(Value::Number, Value::Integer),
        Some(b'[') if place == Place::SkillIds => match texts(raw) {
            Some(texts) => {
                found.skills = texts;
                Value::Texts
            }
            None => Value::Other,
        },
        _ => Value::Other,
    }
}

fn texts(raw: &RawValue) -> Option<Vec<Cow<'_, str>>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    items.into_iter().map(text_of).collect()
}
