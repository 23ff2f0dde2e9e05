//! Records: web events as an event bridge brings them to a topic, each with a number, in a shape that a reader takes.

use std::fmt;

use http::Uri;
use serde::Serialize;
use serde_json::{Map, Value};

use super::event::{EventShape, VISITORS};

/// The end of the name of the bridge from which every record says to come.
const BRIDGE: &str = "journeycast-load";

/// An account number as the documentation of event bridges invents it.
const ACCOUNT: &str = "111122223333";

/// What an invented id is the id of.
#[derive(Debug, Clone, Copy)]
enum IdOf {
    Event = 1,
    Visitor = 2,
    Session = 3,
    Record = 4,
}

/// An id in the form of a UUID of version 8, which is for such inventions: run, what it is of, number.
#[derive(Debug, Clone, Copy)]
struct Id(u32, IdOf, u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-10ad-8{:03x}-8000-{:012x}", self.0, self.1 as u32, self.2 & 0xffff_ffff_ffff)
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    version: &'static str,
    id: Id,
    #[serde(rename = "detail-type")]
    detail_type: &'static str,
    source: &'a str,
    account: &'static str,
    time: &'a str,
    region: &'static str,
    resources: [&'static str; 0],
    detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    topic_name: String,
    version: &'static str,
    timestamp: &'a str,
    event_body: Body<'a>,
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    correlation_id: Id,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: Id,
    correlation_id: Id,
    created_date: &'a str,
    customer_id: Id,
    customer_id_type: &'static str,
    session: Session,
    event_type: &'static str,
    web_event: WebEvent<'a>,
}

#[derive(Serialize)]
struct Session {
    id: Id,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebEvent<'a> {
    total_event_count: u64,
    total_pageview_count: u64,
    authenticated: bool,
    #[serde(flatten)]
    told: &'a Map<String, Value>,
}

/// The records that a run writes, in turn.
#[derive(Debug, Clone)]
pub struct RecordShape {
    told: Vec<Map<String, Value>>,
    source: String,
    run: u32,
}

impl RecordShape {
    /// The events of a shape as records of an organization. Whose an event was in a file does not matter: every visitor is
    /// invented, and `run` sets the ids of one run apart from those of another.
    pub fn of(shape: &EventShape, organization: &str, run: u32) -> Self {
        let told = shape.all().iter().map(as_it_comes).collect();
        Self { told, source: format!("aws.partner/genesys.com/cloud/{organization}/{BRIDGE}"), run }
    }

    /// The nth record, of an event that happened at this time (RFC 3339 with milliseconds).
    pub fn record(&self, nth: u64, created: &str) -> Vec<u8> {
        let nothing = Map::new();
        let turn = usize::try_from(nth % self.told.len().max(1) as u64).unwrap_or(0);
        let id = |of: IdOf, number: u64| Id(self.run, of, number);
        let (visitor, total) = (nth % VISITORS, nth / VISITORS + 1);
        let body = Body {
            id: id(IdOf::Event, nth),
            correlation_id: id(IdOf::Record, nth),
            created_date: created,
            customer_id: id(IdOf::Visitor, visitor),
            customer_id_type: "cookie",
            session: Session { id: id(IdOf::Session, visitor), kind: "web" },
            event_type: "WebEvent",
            web_event: WebEvent {
                total_event_count: total,
                total_pageview_count: total,
                authenticated: false,
                told: self.told.get(turn).unwrap_or(&nothing),
            },
        };
        let envelope = Envelope {
            version: "0",
            id: id(IdOf::Record, nth),
            detail_type: "v2.journey.sessions.{id}.web.events",
            source: &self.source,
            account: ACCOUNT,
            time: created,
            region: "eu-west-1",
            resources: [],
            detail: Detail {
                topic_name: format!("v2.journey.sessions.{}.web.events", body.session.id),
                version: "2",
                timestamp: created,
                event_body: body,
                metadata: Metadata { correlation_id: id(IdOf::Record, nth) },
            },
        };
        // Numbers and text only: nothing of it has no form in JSON.
        serde_json::to_vec(&envelope).unwrap_or_default()
    }
}

/// An event as it was posted, as it is told afterwards: without what stands in the body now, and with the parts of the page's address.
fn as_it_comes(posted: &Map<String, Value>) -> Map<String, Value> {
    let mut told = posted.clone();
    for known in ["createdDate", "customerCookieId", "totalEventCount", "totalPageviewCount", "authenticated"] {
        told.remove(known);
    }
    let url = posted.get("page").and_then(|page| page.get("url")).and_then(Value::as_str);
    let uri: Option<Uri> = url.and_then(|url| url.parse().ok());
    if let (Some(uri), Some(Value::Object(page))) = (uri, told.get_mut("page")) {
        if let Some(host) = uri.host() {
            page.entry("hostname").or_insert_with(|| host.into());
        }
        page.entry("pathname").or_insert_with(|| uri.path().into());
    }
    told
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::load::{EventKind, Recorded};

    const NOW: &str = "2026-11-24T10:00:00.250Z";

    fn parsed(shape: &RecordShape, nth: u64) -> Value {
        serde_json::from_slice(&shape.record(nth, NOW)).unwrap()
    }

    #[test]
    fn a_record_is_an_envelope_whose_numbers_lead_back_to_its_turn() {
        let shape = RecordShape::of(&EventShape::invented(EventKind::Pageview), "org-1", 0xabcd);
        let record = parsed(&shape, 20_005);
        let body = &record["detail"]["eventBody"];
        assert_eq!(record["source"], "aws.partner/genesys.com/cloud/org-1/journeycast-load");
        assert_eq!((&record["time"], &body["createdDate"]), (&NOW.into(), &NOW.into()));
        assert_eq!(body["id"], "0000abcd-10ad-8001-8000-000000004e25");
        assert_eq!(body["webEvent"]["totalEventCount"], 3, "each of ten thousand visitors had two before");
        assert_eq!(body["webEvent"]["page"]["pathname"], "/pricing");
        assert_eq!(body["session"]["id"], parsed(&shape, 5)["detail"]["eventBody"]["session"]["id"]);
        let other = RecordShape::of(&EventShape::invented(EventKind::Pageview), "org-1", 0xabce);
        assert_ne!(parsed(&other, 5)["detail"]["eventBody"]["id"], parsed(&shape, 5)["detail"]["eventBody"]["id"]);
    }

    #[test]
    fn every_record_is_read_as_a_visit_and_no_two_as_the_same_event() {
        let shape = RecordShape::of(&EventShape::invented(EventKind::Custom), "org-1", 7);
        let read: Vec<Recorded> =
            (0..1_000).map(|nth| Recorded::read(&shape.record(nth, NOW)).expect("it is an event")).collect();
        assert_eq!(read.iter().map(|event| event.id).collect::<BTreeSet<_>>().len(), 1_000);
        assert_ne!(read[0].visitor, read[0].visit);
    }

    #[test]
    fn nobody_of_a_file_is_named_in_a_record() {
        let text = br#"{"eventName":"a","page":{"url":"https://x.example/a?b"},"customerCookieId":"someone","totalEventCount":9}"#;
        let shape = RecordShape::of(&EventShape::read(text).unwrap(), "org-1", 7);
        let line = String::from_utf8(shape.record(0, NOW)).unwrap();
        assert!(!line.contains("someone"), "{line}");
        assert_eq!(line.matches("totalEventCount").count(), 1, "{line}");
        assert_eq!(parsed(&shape, 0)["detail"]["eventBody"]["webEvent"]["page"]["hostname"], "x.example");
    }
}
