//! Recorded events: of each record only who (as a number that leads nowhere), when, and how many the visitor's events were.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::engine::EventTime;
use crate::wire::genesys::instant;

/// How many wrappers may be around one event.
const LAYERS: usize = 2;

/// Names under which bridges put an event as text.
const NAMES: [&str; 9] = ["Message", "message", "Body", "body", "data", "value", "payload", "record", "detail"];

/// What of a recorded web or app event is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recorded {
    /// The visitor, over all visits where the event tells; a hash.
    pub visitor: u64,
    /// The visit; a hash.
    pub visit: u64,
    /// How many events of this visitor there had been, this one included.
    pub total: Option<u64>,
    /// When it happened.
    pub at: EventTime,
    /// The event itself; a hash.
    pub id: u64,
}

impl Recorded {
    /// Reads a record; `None` where it is no web or app event with a visit and a time.
    pub fn read(record: &[u8]) -> Option<Self> {
        let whole: Value = serde_json::from_slice(record).ok()?;
        let body = body_of(&whole, LAYERS)?;
        let kind = body.get("eventType")?.as_str()?;
        let said = match kind.rsplit('.').next().unwrap_or(kind) {
            "WebEvent" => body.get("webEvent"),
            "AppEvent" => body.get("appEvent"),
            _ => return None,
        };
        let visit = hash(body.pointer("/session/id")?.as_str()?);
        Some(Self {
            visitor: body.get("customerId").and_then(Value::as_str).map_or(visit, hash),
            visit,
            total: said.and_then(|said| said.get("totalEventCount")).and_then(Value::as_u64),
            at: time_of(body.get("createdDate")?)?,
            id: body.get("id").and_then(Value::as_str).map_or_else(|| hash_of(record), hash),
        })
    }
}

/// A time as text or as milliseconds.
pub fn time_of(value: &Value) -> Option<EventTime> {
    match value.as_i64() {
        Some(millis) => crate::wire::genesys::instant::of_our_time(millis),
        None => instant(value.as_str()?),
    }
}

fn hash(text: &str) -> u64 {
    hash_of(text.as_bytes())
}

fn hash_of(bytes: &[u8]) -> u64 {
    blake3::hash(bytes).as_bytes().first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
}

/// The event in an envelope, a notification or on its own, in so many wrappers.
pub fn body_of(value: &Value, layers: usize) -> Option<Value> {
    let object = value.as_object()?;
    if let Some(body) = value.pointer("/detail/eventBody").or_else(|| object.get("eventBody")) {
        return Some(body.clone());
    }
    if object.contains_key("eventType") {
        return Some(value.clone());
    }
    let left = layers.checked_sub(1)?;
    NAMES.iter().find_map(|name| {
        let text = object.get(*name)?.as_str()?;
        let inner = serde_json::from_str(text).ok();
        let inner: Value = inner.or_else(|| serde_json::from_slice(&STANDARD.decode(text).ok()?).ok())?;
        body_of(&inner, left)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"id":"e1","createdDate":"2026-11-20T10:13:00.250Z","customerId":"me","session":{"id":"s1"},"eventType":"com.genesys.WebEvent","webEvent":{"totalEventCount":4}}"#;

    #[test]
    fn an_event_reads_the_same_in_every_envelope() {
        let bare = Recorded::read(BODY.as_bytes()).unwrap();
        assert_eq!((bare.total, bare.at.millis() % 1_000), (Some(4), 250));
        assert_ne!(bare.visitor, bare.visit);
        let text = serde_json::to_string(BODY).unwrap();
        for record in [
            format!(r#"{{"detail-type":"x","source":"y","detail":{{"eventBody":{BODY}}}}}"#),
            format!(r#"{{"topicName":"x","eventBody":{BODY}}}"#),
            format!(r#"{{"Message":{text}}}"#),
            format!(r#"{{"data":"{}"}}"#, STANDARD.encode(BODY)),
        ] {
            assert_eq!(Recorded::read(record.as_bytes()), Some(bare), "{record}");
        }
    }

    #[test]
    fn whatever_is_no_web_or_app_event_is_passed_over() {
        for record in [
            String::new(),
            "[]".to_owned(),
            BODY.replace("com.genesys.WebEvent", "WebActionEvent"),
            BODY.replace("\"session\":{\"id\":\"s1\"},", ""),
            BODY.replace("2026-11-20T10:13:00.250Z", "soon"),
        ] {
            assert_eq!(Recorded::read(record.as_bytes()), None, "{record}");
        }
        let without = Recorded::read(BODY.replace("\"customerId\":\"me\",", "").as_bytes()).unwrap();
        assert_eq!(without.visitor, without.visit);
        assert_eq!(Recorded::read(BODY.replace(":4}", ":null}").as_bytes()).unwrap().total, None);
    }
}
