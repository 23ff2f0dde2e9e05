//! Evidence as a protobuf message: the counts of a row or of one of its action maps, and what was assumed.

use std::sync::Arc;

use super::{Unreadable, v1};
use crate::engine::adjustment::{ActionMapCounts, ActionMapEntry, Assumption, Evidence};
use crate::engine::fact::BlockingReason;
use crate::engine::tally::{Metric, OtherMedium, Tally};

/// Every name that an assumption may have.
const ASSUMPTION_NAMES: [&str; 1] = ["reach"];

/// The whole row's evidence.
pub fn to_message(evidence: &Evidence) -> v1::Evidence {
    let assumptions = evidence.assumptions.iter().map(assumption_to_message).collect();
    v1::Evidence { assumptions, ..counts_to_message(&evidence.counts) }
}

/// Back again.
pub fn from_message(message: v1::Evidence) -> Result<Evidence, Unreadable> {
    let counts = counts_from_message(&message)?;
    let assumptions = message.assumptions.into_iter().map(assumption_from_message).collect::<Result<_, _>>()?;
    Ok(Evidence { counts, assumptions })
}

/// The counts of one action map.
pub fn action_map_to_message(by_map: &ActionMapCounts) -> v1::ActionMapEvidence {
    v1::ActionMapEvidence {
        action_map_id: by_map.action_map.id.to_string(),
        action_map_version: by_map.action_map.version,
        evidence: Some(counts_to_message(&by_map.counts)),
    }
}

/// Back again.
pub fn action_map_from_message(message: v1::ActionMapEvidence) -> Result<ActionMapCounts, Unreadable> {
    let evidence = message.evidence.ok_or(Unreadable::Missing("by_action_map.evidence"))?;
    let action_map = ActionMapEntry { id: Arc::from(message.action_map_id), version: message.action_map_version };
    Ok(ActionMapCounts { action_map, counts: counts_from_message(&evidence)? })
}

fn counts_to_message(counts: &Tally) -> v1::Evidence {
    let blocked = BlockingReason::ALL.map(BlockingReason::name).into_iter().zip(counts.blocked);
    let other_media = OtherMedium::ALL.map(OtherMedium::name).into_iter().zip(counts.other_media);
    v1::Evidence {
        qualified: counts.qualified,
        qualified_outside_schedule: counts.qualified_outside_schedule,
        offered_outside_schedule: counts.offered_outside_schedule,
        frequency_capped: counts.frequency_capped,
        offered: counts.offered,
        accepted: counts.accepted,
        engaged: counts.engaged,
        rejected: counts.rejected,
        timed_out: counts.timed_out,
        ignored: counts.ignored,
        errored: counts.errored,
        queued: counts.queued,
        answered: counts.answered,
        abandoned_in_queue: counts.abandoned_in_queue,
        blocked: blocked.filter(|(_, n)| *n != 0).map(|(name, n)| (name.to_owned(), n)).collect(),
        other_media: other_media.filter(|(_, n)| *n != 0).map(|(name, n)| (name.to_owned(), n)).collect(),
        handled_conversations: counts.handled,
        handle_time_milliseconds: counts.handle_time_millis,
        assumptions: Vec::new(),
    }
}

fn counts_from_message(message: &v1::Evidence) -> Result<Tally, Unreadable> {
    let mut counts = Tally {
        qualified: message.qualified,
        qualified_outside_schedule: message.qualified_outside_schedule,
        offered_outside_schedule: message.offered_outside_schedule,
        frequency_capped: message.frequency_capped,
        offered: message.offered,
        accepted: message.accepted,
        engaged: message.engaged,
        rejected: message.rejected,
        timed_out: message.timed_out,
        ignored: message.ignored,
        errored: message.errored,
        queued: message.queued,
        answered: message.answered,
        abandoned_in_queue: message.abandoned_in_queue,
        blocked: Default::default(),
        other_media: Default::default(),
        handled: message.handled_conversations,
        handle_time_millis: message.handle_time_milliseconds,
    };
    for (name, n) in &message.blocked {
        let reason = BlockingReason::ALL.into_iter().find(|reason| reason.name() == name);
        counts.add(Metric::Blocked(reason.ok_or_else(|| Unreadable::not_known("evidence.blocked", name))?), *n);
    }
    for (name, n) in &message.other_media {
        let medium = OtherMedium::ALL.into_iter().find(|medium| medium.name() == name);
        counts.add(Metric::OtherMedia(medium.ok_or_else(|| Unreadable::not_known("evidence.other_media", name))?), *n);
    }
    Ok(counts)
}

fn assumption_to_message(assumption: &Assumption) -> v1::Assumption {
    v1::Assumption {
        name: assumption.name.to_owned(),
        action_map_id: assumption.action_map.as_ref().map(|entry| entry.id.to_string()),
        action_map_version: assumption.action_map.as_ref().and_then(|entry| entry.version),
        value: assumption.value + 0.0,
    }
}

fn assumption_from_message(message: v1::Assumption) -> Result<Assumption, Unreadable> {
    let name = ASSUMPTION_NAMES.into_iter().find(|name| *name == message.name);
    let version = message.action_map_version;
    Ok(Assumption {
        name: name.ok_or_else(|| Unreadable::not_known("evidence.assumptions.name", message.name))?,
        action_map: message.action_map_id.map(|id| ActionMapEntry { id: Arc::from(id), version }),
        value: message.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_other_media_are_told_under_genesys_own_names() {
        let mut counts = Tally::default();
        counts.add(Metric::Blocked(BlockingReason::NoAvailableAgents), 3);
        counts.add(Metric::OtherMedia(OtherMedium::ContentOffer), 2);
        let message = counts_to_message(&counts);
        assert_eq!(message.blocked.into_iter().collect::<Vec<_>>(), [("NoAvailableAgents".to_owned(), 3)]);
        assert_eq!(message.other_media.into_iter().collect::<Vec<_>>(), [("contentOffer".to_owned(), 2)]);
    }

    #[test]
    fn a_reason_of_tomorrow_is_refused_by_name() {
        let message = v1::Evidence { blocked: [("LunchBreak".to_owned(), 1)].into(), ..v1::Evidence::default() };
        assert_eq!(from_message(message), Err(Unreadable::not_known("evidence.blocked", "LunchBreak")));
    }

    #[test]
    fn an_assumption_of_tomorrow_is_refused_by_name() {
        let message = v1::Assumption { name: "mood".to_owned(), ..v1::Assumption::default() };
        assert_eq!(assumption_from_message(message), Err(Unreadable::not_known("evidence.assumptions.name", "mood")));
    }
}
