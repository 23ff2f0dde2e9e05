//! The EventBridge envelope around every body, and how Genesys spells time.

use serde::{Serialize, Serializer};

use super::calendar::instant;
use super::dice::{Dice, Id};
use super::place::ORGANIZATION;

/// An instant on the wire, in milliseconds since 1970, spelled with milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Stamp(pub i64);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        serializer.collect_str(&format_args!("{at:.3}"))
    }
}

/// An instant on the wire, in milliseconds since 1970, spelled in whole seconds.
struct Seconds(i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&instant(self.0.div_euclid(1_000)))
    }
}

/// A topic of the platform, by what names it.
#[derive(Debug, Clone, Copy)]
pub enum Topic {
    /// Web events of a session.
    Web(Id),
    /// Action events of a session.
    Action(Id),
    /// App events of a session.
    App(Id),
    /// Outcome events of a session.
    Outcome(Id),
    /// Segments of a contact.
    Segments(Id),
    /// Sessions of a contact.
    Sessions(Id),
    /// One kind of event of a conversation.
    Conversation(Id, &'static str),
}

impl Topic {
    /// What comes before and after the identifier.
    const fn parts(self) -> (&'static str, Id, &'static str) {
        match self {
            Self::Web(id) => ("v2.journey.sessions", id, "web.events"),
            Self::Action(id) => ("v2.journey.sessions", id, "action.events"),
            Self::App(id) => ("v2.journey.sessions", id, "app.events"),
            Self::Outcome(id) => ("v2.journey.sessions", id, "outcome.events"),
            Self::Segments(id) => ("v2.externalcontacts.contacts", id, "journey.segments"),
            Self::Sessions(id) => ("v2.externalcontacts.contacts", id, "journey.sessions"),
            Self::Conversation(id, step) => ("v2.detail.events.conversation", id, step),
        }
    }
}

struct Template(Topic);

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (before, _, after) = self.0.parts();
        serializer.collect_str(&format_args!("{before}.{{id}}.{after}"))
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (before, id, after) = self.parts();
        serializer.collect_str(&format_args!("{before}.{id}.{after}"))
    }
}

#[derive(Serialize)]
struct Envelope<'a, B> {
    version: &'static str,
    id: Id,
    #[serde(rename = "detail-type")]
    detail_type: Template,
    source: Source,
    account: &'static str,
    time: Seconds,
    region: &'static str,
    resources: [&'static str; 0],
    detail: Detail<'a, B>,
}

struct Source;

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("aws.partner/genesys.com/cloud/{ORGANIZATION}/journeycast"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a, B> {
    topic_name: Topic,
    version: &'static str,
    event_body: &'a B,
    metadata: Metadata,
    timestamp: Stamp,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    correlation_id: Id,
}

/// A whole record as one line of JSON without its end.
pub fn enveloped<B: Serialize>(dice: &mut Dice, topic: Topic, arrival_millis: i64, body: &B) -> Vec<u8> {
    let envelope = Envelope {
        version: "0",
        id: dice.id(),
        detail_type: Template(topic),
        source: Source,
        account: "111122223333",
        time: Seconds(arrival_millis),
        region: "eu-west-1",
        resources: [],
        detail: Detail {
            topic_name: topic,
            version: "2",
            event_body: body,
            metadata: Metadata { correlation_id: dice.id() },
            timestamp: Stamp(arrival_millis),
        },
    };
    let mut line = Vec::with_capacity(2_048);
    match serde_json::to_writer(&mut line, &envelope) {
        Ok(()) => line,
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_stands_outside_and_the_name_inside() {
        let mut dice = Dice::new(1, &[]);
        let id = dice.id();
        let line = enveloped(&mut dice, Topic::Web(id), 1_793_577_600_123, &"body");
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["detail-type"], "v2.journey.sessions.{id}.web.events");
        assert_eq!(value["time"], "2026-11-02T00:00:00Z");
        assert_eq!(value["detail"]["timestamp"], "2026-11-02T00:00:00.123Z");
        assert_eq!(value["detail"]["topicName"], format!("v2.journey.sessions.{id}.web.events"));
    }
}
