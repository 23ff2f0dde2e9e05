//! Records that carry another one as text, as SNS, SQS and Kinesis do.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;

use super::DEEPEST_LEVEL;
use super::class::Class;
use super::found::{Found, Value};
use super::members::{Members, text_of, text_with_marks};
use super::place::{Place, SignalNames};
use super::slow::{depth, presented};
use super::verdict::organization_of;

/// How many wrappers may be around one event.
pub const LAYERS: usize = 2;
const DETAIL: &str = "detail";
/// In the order in which they are tried.
const NAMES: [&str; 9] = ["Message", "message", "Body", "body", "data", "value", "payload", "record", DETAIL];
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What is found in a record, within as many wrappers.
pub fn open<'a>(value: &'a RawValue, layers: usize, signals: Option<&SignalNames>) -> Result<Found<'a>, Class> {
    let members = Members::of(value).ok_or(Class::UnknownShape)?;
    if let Some(found) = presented(&members, signals) {
        return Ok(found);
    }
    if layers == 0 {
        return Err(Class::UnknownShape);
    }
    for name in NAMES {
        if let Some(inner) = members.get(name).and_then(object_in) {
            return unwrap(&inner, name, &members, layers - 1, signals);
        }
    }
    Err(Class::UnknownShape)
}

/// The JSON object that a string holds, as it is or in base64.
fn object_in(value: &RawValue) -> Option<String> {
    let text = text_with_marks(value)?;
    if is_object(&text) {
        return Some(text.into_owned());
    }
    let decoded = String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()?;
    is_object(&decoded).then_some(decoded)
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|value| value.get().starts_with('{'))
}

fn unwrap(
    inner: &str,
    name: &str,
    outer: &Members<'_>,
    layers: usize,
    signals: Option<&SignalNames>,
) -> Result<Found<'static>, Class> {
    if depth(inner.as_bytes()) > DEEPEST_LEVEL {
        return Err(Class::TooDeep);
    }
    let value: &RawValue = serde_json::from_str(inner).map_err(|_| Class::NotJson)?;
    let mut found = open(value, layers, signals)?.into_owned();
    if outer.count(name) > 1 {
        found.meet_twice(Place::Wrapper);
    }
    if name == DETAIL {
        hold_outer(outer, &mut found);
    }
    Ok(found)
}

/// Where `detail` is a string, source and time of the object around it hold.
fn hold_outer(outer: &Members<'_>, found: &mut Found<'static>) {
    for (name, place) in [("source", Place::Source), ("time", Place::Time)] {
        if outer.count(name) > 1 {
            found.meet_twice(place);
        }
    }
    if let Some(time) = outer.get("time").filter(|time| time.get() != "null") {
        let is_integer = time.get().parse().map_or(Value::Other, Value::Integer);
        found.put(Place::Time, text_of(time).map_or(is_integer, |text| Value::Text(text.into_owned().into())));
    }
    if let Some(source) = outer.get("source").filter(|source| source.get() != "null") {
        match text_of(source) {
            Some(text) if organization_of(&text).is_some() => {
                found.put(Place::Source, Value::Text(text.into_owned().into()));
            }
            Some(_) => {}
            None => found.put(Place::Source, Value::Other),
        }
    }
}
