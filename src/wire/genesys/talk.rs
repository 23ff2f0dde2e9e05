//! What conversation detail events say.

use std::borrow::Cow;
use std::mem;

use super::class::Class;
use super::faults::Faults;
use super::found::{Found, Value};
use super::place::Place;
use super::verdict::{Meaning, any_text, expect_object, happened, needed_text, text, whole_below};
use crate::engine::Span;
use crate::engine::event::{ConversationStep, What};
use crate::engine::fact::QueueOutcome;

const BODY: [Place; 8] = [
    Place::EventTime,
    Place::ConversationId,
    Place::QueueId,
    Place::JourneyContext,
    Place::MediaType,
    Place::AcdOutcome,
    Place::ContextActionId,
    Place::ContextActionMapId,
];
/// The end of the durations that count as such: 2^53 milliseconds, where whole numbers of JSON cease to be exact.
const DURATIONS: i64 = 1 << 53;

/// What the body of a conversation detail event says.
pub fn meaning<'a>(step: &str, found: &mut Found<'a>, faults: &mut Faults) -> Meaning<'a> {
    let step = match step {
        "customer.start" => started(found, faults),
        "acd.start" => queued(found, faults),
        "acd.end" => left_queue(found, faults),
        "user.end" => agent_left(found, faults),
        "acw" => wrapped_up(found, faults),
        _ => return Meaning::Irrelevant,
    };
    faults.note_twice(found, &BODY);
    let Some(step) = step else {
        return Meaning::Irrelevant;
    };
    let id = needed_text(found, Place::ConversationId, faults);
    Meaning::Said { at: happened(found, Place::EventTime, faults), what: id.map(|id| What::Conversation { id, step }) }
}

/// `None` where no offer is behind it.
fn started<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Option<ConversationStep<'a>> {
    expect_object(found, Place::JourneyContext, faults);
    let mut name = |place| text(found, place, faults).filter(|name| !name.is_empty());
    let (action, map) = (name(Place::ContextActionId), name(Place::ContextActionMapId));
    let is_proactive = action.is_some() || map.is_some();
    let session = any_text(found, Place::ContextSessionId).filter(|session| !session.is_empty());
    is_proactive.then_some(ConversationStep::Started { action, map, session })
}

fn queued<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Option<ConversationStep<'a>> {
    faults.note_twice(found, &[Place::SkillIds, Place::LanguageId]);
    let queue = text(found, Place::QueueId, faults);
    let media_type = text(found, Place::MediaType, faults);
    let language = text(found, Place::LanguageId, faults);
    let skills = skills(found, faults);
    Some(ConversationStep::Queued { queue, media_type, language, skills })
}

fn skills<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Vec<Cow<'a, str>> {
    match found.at(Place::SkillIds) {
        Value::Texts | Value::Absent => {}
        Value::Object | Value::Text(_) | Value::Integer(_) | Value::Number | Value::Other => {
            faults.note_field(Class::WrongType, Place::SkillIds, found);
        }
    }
    mem::take(&mut found.skills)
}

fn left_queue<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Option<ConversationStep<'a>> {
    let queue = text(found, Place::QueueId, faults);
    let outcome = match text(found, Place::AcdOutcome, faults).as_deref() {
        Some("ANSWERED") => QueueOutcome::Answered,
        Some("ABANDON") => QueueOutcome::Abandoned,
        Some(_) | None => QueueOutcome::Other,
    };
    Some(ConversationStep::LeftQueue { queue, outcome })
}

fn agent_left<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Option<ConversationStep<'a>> {
    faults.note_twice(found, &[Place::Interacting, Place::Held]);
    let handled = duration(found, Place::Interacting, faults).and(duration(found, Place::Held, faults));
    Some(ConversationStep::AgentLeft { queue: text(found, Place::QueueId, faults), handled })
}

fn wrapped_up<'a>(found: &mut Found<'a>, faults: &mut Faults) -> Option<ConversationStep<'a>> {
    faults.note_twice(found, &[Place::Wrapup]);
    let wrapup = duration(found, Place::Wrapup, faults);
    Some(ConversationStep::WrappedUp { queue: text(found, Place::QueueId, faults), wrapup })
}

fn duration(found: &Found<'_>, place: Place, faults: &mut Faults) -> Span {
    whole_below(DURATIONS, found, place, faults).map_or(Span::ZERO, Span::from_millis)
}
