//! Events: bodies for `POST …/webevents`, invented or from a file, each with a visitor and a time of its own.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// So many visitors take turns.
pub(super) const VISITORS: u64 = 10_000;

/// Most events that are taken from a file.
const MOST_EVENTS: usize = 100_000;

/// The longest event of a file, in bytes.
const LONGEST: usize = 1 << 20;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A page was viewed.
    Pageview,
    /// Something that the site's makers named.
    Custom,
}

/// Why a file has no events that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvent {
    /// Nothing in it.
    #[error("empty: it holds no event")]
    Empty,
    /// Not JSON.
    #[error("not_json: line {line}: {says}")]
    NotJson {
        /// The line, from 1.
        line: u64,
        /// What the reader says.
        says: String,
    },
    /// JSON, but no event.
    #[error("not_an_event: line {line}: {says}")]
    NotAnEvent {
        /// The line, from 1.
        line: u64,
        /// What is missing or wrong.
        says: &'static str,
    },
    /// Larger than any event.
    #[error("too_large: line {line}: an event of more than 1 MiB")]
    TooLarge {
        /// The line, from 1.
        line: u64,
    },
    /// More events than are kept.
    #[error("too_many: it holds more than 100000 events")]
    TooMany,
}

/// The bodies that a run sends, in turn.
#[derive(Debug, Clone)]
pub struct EventShape {
    bodies: Vec<Map<String, Value>>,
}

impl EventShape {
    /// An invented event.
    pub fn invented(kind: EventKind) -> Self {
        let page = json!({"url": "https://shop.example/pricing", "title": "Pricing", "lang": "en"});
        let browser = json!({"family": "Chrome", "version": "142", "lang": "en", "viewHeight": 900, "viewWidth": 1440});
        let device =
            json!({"category": "desktop", "type": "Personal computer", "isMobile": false, "osFamily": "Linux"});
        let mut body = Map::new();
        let name = match kind {
            EventKind::Pageview => "page_viewed",
            EventKind::Custom => "load_test_sent",
        };
        body.insert("eventName".to_owned(), name.into());
        body.insert("page".to_owned(), page);
        body.insert("browser".to_owned(), browser);
        body.insert("device".to_owned(), device);
        body.insert("referrerUrl".to_owned(), "https://shop.example/".into());
        if kind == EventKind::Custom {
            let attributes = json!({
                "purpose": {"value": "load test", "dataType": "STRING"},
                "basket_total": {"value": "88.5", "dataType": "NUMBER"},
            });
            body.insert("attributes".to_owned(), attributes);
        }
        Self { bodies: vec![body] }
    }

    /// Events of a file: one JSON object, or one a line.
    ///
    /// # Errors
    ///
    /// Where there is none, or something that is no event.
    pub fn read(bytes: &[u8]) -> Result<Self, NoEvent> {
        if let Ok(whole) = serde_json::from_slice::<Value>(bytes) {
            return Ok(Self { bodies: vec![body_of(whole, 1)?] });
        }
        let mut bodies = Vec::new();
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if text.trim_ascii().is_empty() {
                continue;
            }
            if text.len() > LONGEST {
                return Err(NoEvent::TooLarge { line });
            }
            if bodies.len() == MOST_EVENTS {
                return Err(NoEvent::TooMany);
            }
            let value =
                serde_json::from_slice(text).map_err(|error| NoEvent::NotJson { line, says: error.to_string() })?;
            bodies.push(body_of(value, line)?);
        }
        if bodies.is_empty() { Err(NoEvent::Empty) } else { Ok(Self { bodies }) }
    }

    /// All events, in their order.
    pub(super) fn all(&self) -> &[Map<String, Value>] {
        &self.bodies
    }

    /// The nth body, happening at this time. An invented event gets one of many visitors, and so does one without any.
    pub fn body(&self, nth: u64, created: &str) -> Vec<u8> {
        let turn = usize::try_from(nth % self.bodies.len().max(1) as u64).unwrap_or(0);
        let mut body = self.bodies.get(turn).cloned().unwrap_or_default();
        body.insert("createdDate".to_owned(), created.into());
        body.entry("customerCookieId").or_insert_with(|| visitor(nth % VISITORS).into());
        Value::Object(body).to_string().into_bytes()
    }
}

/// A name for a visitor in the form of a UUID of version 8, which is for such inventions.
fn visitor(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}-10ad-8{:03x}-8000-{number:012x}", mixed >> 32, mixed & 0xfff)
}

fn body_of(value: Value, line: u64) -> Result<Map<String, Value>, NoEvent> {
    let Value::Object(body) = value else {
        return Err(NoEvent::NotAnEvent { line, says: "it is no object" });
    };
    match lacking(&body) {
        None => Ok(body),
        Some(says) => Err(NoEvent::NotAnEvent { line, says }),
    }
}

/// What an event of `POST …/webevents` must have, and this one has not.
fn lacking(body: &Map<String, Value>) -> Option<&'static str> {
    match body.get("eventName").and_then(Value::as_str) {
        None => return Some("it has no eventName"),
        Some(name) if !is_event_name(name) => {
            return Some("its eventName may only have letters, digits and underscores");
        }
        Some(_) => {}
    }
    if !body.get("page").is_some_and(|page| page.get("url").is_some_and(Value::is_string)) {
        return Some("it has no page with a url");
    }
    body.get("customerCookieId").is_some_and(|id| !id.is_string()).then_some("its customerCookieId is no text")
}

fn is_event_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a body is an event, as far as a stand-in looks.
pub fn is_event(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Glance<'a> {
        #[serde(borrow)]
        event_name: std::borrow::Cow<'a, str>,
    }
    serde_json::from_slice::<Glance<'_>>(body).is_ok_and(|glance| is_event_name(&glance.event_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T10:00:00.000Z";

    fn parsed(shape: &EventShape, nth: u64) -> Value {
        serde_json::from_slice(&shape.body(nth, NOW)).unwrap()
    }

    #[test]
    fn an_invented_event_has_everything_that_the_endpoint_asks_for() {
        for (kind, name) in [(EventKind::Pageview, "page_viewed"), (EventKind::Custom, "load_test_sent")] {
            let shape = EventShape::invented(kind);
            let (first, second) = (parsed(&shape, 0), parsed(&shape, 1));
            assert_eq!((&first["eventName"], &first["createdDate"]), (&Value::from(name), &Value::from(NOW)));
            assert_ne!(first["customerCookieId"], second["customerCookieId"]);
            assert_eq!(first["customerCookieId"].as_str().map(str::len), Some(36));
            assert!(lacking(first.as_object().unwrap()).is_none());
            assert!(is_event(&shape.body(7, NOW)));
        }
    }

    #[test]
    fn events_of_a_file_take_turns_and_happen_now() {
        let text = br#"{"eventName":"a_b","page":{"url":"https://x.example/"},"customerCookieId":"me","createdDate":"2020-01-01T00:00:00Z"}

{"eventName":"c","page":{"url":"https://x.example/"}}
"#;
        let shape = EventShape::read(text).unwrap();
        let names: Vec<Value> = (0..3).map(|nth| parsed(&shape, nth)["eventName"].clone()).collect();
        assert_eq!(names, ["a_b", "c", "a_b"]);
        assert_eq!(parsed(&shape, 0)["customerCookieId"], "me");
        assert_eq!(parsed(&shape, 0)["createdDate"], NOW);
        assert_eq!(parsed(&shape, 1)["customerCookieId"].as_str().map(str::len), Some(36));
    }

    #[test]
    fn a_file_over_several_lines_is_one_event() {
        let shape = EventShape::read(b"{\n \"eventName\": \"a\",\n \"page\": {\"url\": \"x\"}\n}\n").unwrap();
        assert_eq!(parsed(&shape, 5)["eventName"], "a");
    }

    #[test]
    fn a_file_that_is_no_event_is_refused_by_name_and_line() {
        let good = r#"{"eventName":"a","page":{"url":"x"}}"#;
        for (text, says) in [
            (String::new(), "empty"),
            ("\n \n".to_owned(), "empty"),
            ("<html>".to_owned(), "not_json: line 1"),
            (format!("{good}\n{{\"eventName\":"), "not_json: line 2"),
            ("[1]".to_owned(), "not_an_event: line 1: it is no object"),
            (format!("{good}\n{{}}"), "not_an_event: line 2: it has no eventName"),
            (r#"{"eventName":"a b","page":{"url":"x"}}"#.to_owned(), "letters"),
            (r#"{"eventName":"a"}"#.to_owned(), "no page"),
            (r#"{"eventName":"a","page":{"url":"x"},"customerCookieId":7}"#.to_owned(), "customerCookieId"),
            (format!("{good}\n{{\"x\":\"{}\"}}", "y".repeat(LONGEST)), "too_large: line 2"),
        ] {
            let said = EventShape::read(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_stand_in_takes_no_word_for_an_event() {
        for body in ["", "{}", "[]", r#"{"eventName":7}"#, r#"{"eventName":"a b"}"#, "{\"eventName\":\"a\""] {
            assert!(!is_event(body.as_bytes()), "{body}");
        }
    }
}
