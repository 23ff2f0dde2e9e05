//! The bodies of conversation detail events: milliseconds for times, upper case for enums.

use serde::Serialize;

use super::conversation::TalkStep;
use super::dice::{Dice, Id};
use super::persona::Persona;

/// How a conversation names the offer that it came from.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JourneyContext {
    /// The visit.
    pub session_id: Id,
    /// What kind of visit.
    pub session_id_type: &'static str,
    /// The web action, where it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_id: Option<Id>,
    /// The action map, where it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_map_id: Option<&'static str>,
}

/// One conversation detail event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TalkBody<'a> {
    event_time: i64,
    conversation_id: Id,
    participant_id: Id,
    session_id: Id,
    media_type: &'static str,
    provider: &'static str,
    direction: &'static str,
    division_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ani: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_contact_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journey_context: Option<JourneyContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_routing_skill_ids: Option<[&'static str; 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_priority: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acd_outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interacting_duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerting_duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapup_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapup_duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapup_notes: Option<String>,
}

fn millis(seconds: f64) -> Option<i64> {
    Some((seconds * 1_000.0) as i64)
}

impl<'a> TalkBody<'a> {
    /// What the platform tells of one step of a conversation.
    pub fn new(
        dice: &mut Dice,
        persona: &'a Persona,
        conversation_id: Id,
        context: Option<JourneyContext>,
        at_millis: i64,
        step: TalkStep,
    ) -> Self {
        let mut body = Self::head(dice, conversation_id, at_millis);
        match step {
            TalkStep::CustomerStart => {
                body.message_type = Some("WEBMESSAGING");
                body.ani = Some(&persona.phone);
                body.address_from = Some(persona.mail());
                body.external_contact_id = Some(persona.contact);
                body.journey_context = context;
            }
            TalkStep::FlowStart => {
                body.flow_id = Some("fl-welcome");
                body.ani = Some(&persona.phone);
            }
            TalkStep::AcdStart { queue } => {
                body.queue_id = Some(queue);
                body.requested_routing_skill_ids = Some([]);
                body.routing_priority = Some(0);
            }
            TalkStep::AcdEnd { queue, end, waited } => {
                body.queue_id = Some(queue);
                body.acd_outcome = Some(end.text());
                body.connected_duration_ms = millis(waited);
            }
            TalkStep::UserEnd { queue, talked, held } => {
                body.queue_id = Some(queue);
                body.interacting_duration_ms = millis(talked);
                body.held_duration_ms = millis(held);
                body.alerting_duration_ms = Some(900);
            }
            TalkStep::AfterWork { queue, worked } => {
                body.queue_id = Some(queue);
                body.wrapup_code = Some("wc-helped");
                body.wrapup_duration_ms = millis(worked);
                body.wrapup_notes = Some(format!("{} {} asked to be called back", persona.given, persona.family));
            }
            TalkStep::CustomerEnd => body.ani = Some(&persona.phone),
        }
        body
    }

    fn head(dice: &mut Dice, conversation_id: Id, event_time: i64) -> Self {
        Self {
            event_time,
            conversation_id,
            participant_id: dice.id(),
            session_id: dice.id(),
            media_type: "MESSAGE",
            provider: "PureCloud Webmessaging",
            direction: "INBOUND",
            division_id: "dv-home",
            message_type: None,
            ani: None,
            address_from: None,
            external_contact_id: None,
            journey_context: None,
            flow_id: None,
            queue_id: None,
            requested_routing_skill_ids: None,
            routing_priority: None,
            acd_outcome: None,
            connected_duration_ms: None,
            interacting_duration_ms: None,
            held_duration_ms: None,
            alerting_duration_ms: None,
            wrapup_code: None,
            wrapup_duration_ms: None,
            wrapup_notes: None,
        }
    }
}
