//! Volume adjustments as Kafka records: key, headers and protobuf value, and the row back from its bytes.

use std::sync::Arc;

use prost::Message;

use super::key::{interval_key, push_encoded};
use super::timestamp::{from_timestamp, to_timestamp};
use super::{Unreadable, evidence, v1};
use crate::engine::adjustment::{
    Components, HandleTime, HandleTimeSource, Horizon, Identity, RowState, Volume, VolumeAdjustment,
};
use crate::staffing::Agents;

/// What stands where no model has a version.
const NO_VERSION: &str = "none";

/// The record's key: which row it is a version of.
pub fn key(identity: &Identity) -> String {
    let ids = [&*identity.organization_id, &*identity.business_unit_id, &*identity.planning_group_id];
    interval_key(ids, identity.interval_start, identity.interval_seconds)
}

/// The record's headers: CloudEvents 1.0 in binary mode, and the content type that they ask for.
pub fn headers(row: &VolumeAdjustment) -> [(&'static str, String); 5] {
    let mut source = String::from("/organizations/");
    push_encoded(&mut source, &row.identity.organization_id);
    source.push_str("/business-units/");
    push_encoded(&mut source, &row.identity.business_unit_id);
    [
        ("content-type", "application/protobuf".to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", format!("{}#{}", key(&row.identity), row.revision)),
        ("ce_source", source),
        ("ce_type", "journeycast.v1.VolumeAdjustment".to_owned()),
    ]
}

/// The record's value. Equal rows have equal bytes.
pub fn encode(row: &VolumeAdjustment) -> Vec<u8> {
    to_message(row).encode_to_vec()
}

/// The row back from the record's value.
pub fn decode(bytes: &[u8]) -> Result<VolumeAdjustment, Unreadable> {
    from_message(v1::VolumeAdjustment::decode(bytes)?)
}

/// The row as a message. Minus zero becomes zero, which is all that the bytes can tell.
pub fn to_message(row: &VolumeAdjustment) -> v1::VolumeAdjustment {
    let Identity {
        organization_id,
        business_unit_id,
        planning_group_id,
        interval_start,
        interval_seconds,
        time_zone,
        utc_offset_seconds,
    } = &row.identity;
    v1::VolumeAdjustment {
        organization_id: organization_id.to_string(),
        business_unit_id: business_unit_id.to_string(),
        planning_group_id: planning_group_id.to_string(),
        interval_start: Some(to_timestamp(*interval_start)),
        interval_seconds: *interval_seconds,
        time_zone: time_zone.to_string(),
        utc_offset_seconds: *utc_offset_seconds,
        revision: row.revision,
        state: state_to_message(row.state).into(),
        horizon: horizon_to_message(row.horizon).into(),
        additional_offered: Some(volume_to_message(row.additional_offered)),
        gross_additional_offered: Some(volume_to_message(row.gross_additional_offered)),
        components: Some(components_to_message(row.components)),
        average_handle_time_seconds: row.handle_time.map(|known| known.seconds + 0.0),
        average_handle_time_source: source_to_message(row.handle_time.map(|known| known.source)).into(),
        baseline_offered: row.baseline_offered.map(|offered| offered + 0.0),
        adjusted_offered: row.adjusted_offered().map(|offered| offered + 0.0),
        required_agents_baseline: row.required_agents_baseline.map(head_count),
        required_agents_adjusted: row.required_agents_adjusted.map(head_count),
        evidence: Some(evidence::to_message(&row.evidence)),
        by_action_map: row.by_action_map.iter().map(evidence::action_map_to_message).collect(),
        watermark: row.watermark.map(to_timestamp),
        model_version: NO_VERSION.to_owned(),
        policy_version: row.policy_version.to_string(),
    }
}

/// The row back from its message.
pub fn from_message(message: v1::VolumeAdjustment) -> Result<VolumeAdjustment, Unreadable> {
    let watermark = message.watermark.map(|timestamp| instant("watermark", &timestamp)).transpose()?;
    let interval_start = message.interval_start.ok_or(Unreadable::Missing("interval_start"))?;
    let handle_time = handle_time(message.average_handle_time_seconds, message.average_handle_time_source)?;
    let by_action_map = message.by_action_map.into_iter().map(evidence::action_map_from_message);
    Ok(VolumeAdjustment {
        identity: Identity {
            organization_id: named("organization_id", message.organization_id)?,
            business_unit_id: named("business_unit_id", message.business_unit_id)?,
            planning_group_id: named("planning_group_id", message.planning_group_id)?,
            interval_start: instant("interval_start", &interval_start)?,
            interval_seconds: message.interval_seconds,
            time_zone: Arc::from(message.time_zone),
            utc_offset_seconds: message.utc_offset_seconds,
        },
        revision: message.revision,
        state: state_from_message(message.state)?,
        horizon: horizon_from_message(message.horizon)?,
        additional_offered: volume("additional_offered", message.additional_offered)?,
        gross_additional_offered: volume("gross_additional_offered", message.gross_additional_offered)?,
        components: components(message.components)?,
        handle_time,
        baseline_offered: message.baseline_offered,
        required_agents_baseline: agents("required_agents_baseline", message.required_agents_baseline)?,
        required_agents_adjusted: agents("required_agents_adjusted", message.required_agents_adjusted)?,
        evidence: evidence::from_message(message.evidence.ok_or(Unreadable::Missing("evidence"))?)?,
        by_action_map: by_action_map.collect::<Result<_, _>>()?,
        policy_version: Arc::from(message.policy_version),
        watermark,
    })
}

/// An id that every message has.
pub(super) fn named(field: &'static str, id: String) -> Result<Arc<str>, Unreadable> {
    if id.is_empty() { Err(Unreadable::Missing(field)) } else { Ok(Arc::from(id)) }
}

/// An instant of a message.
pub(super) fn instant(
    field: &'static str,
    timestamp: &prost_types::Timestamp,
) -> Result<crate::engine::EventTime, Unreadable> {
    let unreadable = || Unreadable::meaningless(field, format!("{} s {} ns", timestamp.seconds, timestamp.nanos));
    from_timestamp(timestamp).ok_or_else(unreadable)
}

const fn volume_to_message(volume: Volume) -> v1::Volume {
    let Volume { mean, p10, p50, p90 } = volume;
    v1::Volume { mean: mean + 0.0, p10: p10 + 0.0, p50: p50 + 0.0, p90: p90 + 0.0 }
}

fn volume(field: &'static str, message: Option<v1::Volume>) -> Result<Volume, Unreadable> {
    let v1::Volume { mean, p10, p50, p90 } = message.ok_or(Unreadable::Missing(field))?;
    Ok(Volume { mean, p10, p50, p90 })
}

const fn components_to_message(components: Components) -> v1::Components {
    let Components { realised, pending, qualifying, future, absorbed, cannibalised } = components;
    v1::Components {
        realised: realised + 0.0,
        pending: pending + 0.0,
        qualifying: qualifying + 0.0,
        future: future + 0.0,
        absorbed: absorbed + 0.0,
        cannibalised: cannibalised + 0.0,
    }
}

fn components(message: Option<v1::Components>) -> Result<Components, Unreadable> {
    let v1::Components { realised, pending, qualifying, future, absorbed, cannibalised } =
        message.ok_or(Unreadable::Missing("components"))?;
    Ok(Components { realised, pending, qualifying, future, absorbed, cannibalised })
}

fn head_count(agents: Agents) -> u32 {
    u32::try_from(agents.count()).unwrap_or(u32::MAX)
}

fn agents(field: &'static str, count: Option<u32>) -> Result<Option<Agents>, Unreadable> {
    let agents = |count: u32| Agents::new(count.into()).map_err(|_| Unreadable::meaningless(field, count.to_string()));
    count.map(agents).transpose()
}

const fn state_to_message(state: RowState) -> v1::AdjustmentState {
    match state {
        RowState::Open => v1::AdjustmentState::Open,
        RowState::Final => v1::AdjustmentState::Final,
        RowState::Corrected => v1::AdjustmentState::Corrected,
        RowState::Withdrawn => v1::AdjustmentState::Withdrawn,
    }
}

fn state_from_message(number: i32) -> Result<RowState, Unreadable> {
    match v1::AdjustmentState::try_from(number) {
        Ok(v1::AdjustmentState::Open) => Ok(RowState::Open),
        Ok(v1::AdjustmentState::Final) => Ok(RowState::Final),
        Ok(v1::AdjustmentState::Corrected) => Ok(RowState::Corrected),
        Ok(v1::AdjustmentState::Withdrawn) => Ok(RowState::Withdrawn),
        Ok(v1::AdjustmentState::Unspecified) => Err(Unreadable::Missing("state")),
        Err(unknown) => Err(Unreadable::not_known("state", unknown.0)),
    }
}

const fn horizon_to_message(horizon: Horizon) -> v1::AdjustmentHorizon {
    match horizon {
        Horizon::Realised => v1::AdjustmentHorizon::Realised,
        Horizon::Nowcast => v1::AdjustmentHorizon::Nowcast,
        Horizon::Intraday => v1::AdjustmentHorizon::Intraday,
        Horizon::Planning => v1::AdjustmentHorizon::Planning,
    }
}

fn horizon_from_message(number: i32) -> Result<Horizon, Unreadable> {
    match v1::AdjustmentHorizon::try_from(number) {
        Ok(v1::AdjustmentHorizon::Realised) => Ok(Horizon::Realised),
        Ok(v1::AdjustmentHorizon::Nowcast) => Ok(Horizon::Nowcast),
        Ok(v1::AdjustmentHorizon::Intraday) => Ok(Horizon::Intraday),
        Ok(v1::AdjustmentHorizon::Planning) => Ok(Horizon::Planning),
        Ok(v1::AdjustmentHorizon::Unspecified) => Err(Unreadable::Missing("horizon")),
        Err(unknown) => Err(Unreadable::not_known("horizon", unknown.0)),
    }
}

const fn source_to_message(source: Option<HandleTimeSource>) -> v1::HandleTimeSource {
    match source {
        None => v1::HandleTimeSource::Unspecified,
        Some(HandleTimeSource::Measured) => v1::HandleTimeSource::Measured,
        Some(HandleTimeSource::Configured) => v1::HandleTimeSource::Configured,
        Some(HandleTimeSource::Baseline) => v1::HandleTimeSource::Baseline,
    }
}

fn handle_time(seconds: Option<f64>, source: i32) -> Result<Option<HandleTime>, Unreadable> {
    let Some(seconds) = seconds else { return Ok(None) };
    let source = match v1::HandleTimeSource::try_from(source) {
        Ok(v1::HandleTimeSource::Measured) => HandleTimeSource::Measured,
        Ok(v1::HandleTimeSource::Configured) => HandleTimeSource::Configured,
        Ok(v1::HandleTimeSource::Baseline) => HandleTimeSource::Baseline,
        Ok(v1::HandleTimeSource::Unspecified) => return Err(Unreadable::Missing("average_handle_time_source")),
        Err(unknown) => return Err(Unreadable::not_known("average_handle_time_source", unknown.0)),
    };
    Ok(Some(HandleTime { seconds, source }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::EventTime;
    use crate::wire::arbitrary::{any_row, one_row};

    #[test]
    fn a_record_is_a_cloud_event_in_binary_mode() {
        let expected = [
            ("content-type", "application/protobuf"),
            ("ce_specversion", "1.0"),
            ("ce_id", "v1/org%2F1/bu-1/pg-web-sales/2026-11-23T09:00:00Z/900#3"),
            ("ce_source", "/organizations/org%2F1/business-units/bu-1"),
            ("ce_type", "journeycast.v1.VolumeAdjustment"),
        ];
        let mut row = one_row();
        row.identity.organization_id = Arc::from("org/1");
        assert_eq!(headers(&row), expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_message_without_what_every_row_has_is_no_row() {
        let whole = to_message(&one_row());
        type TakeAway = fn(&mut v1::VolumeAdjustment);
        let table: [(&str, TakeAway); 8] = [
            ("organization_id", |message| message.organization_id.clear()),
            ("interval_start", |message| message.interval_start = None),
            ("state", |message| message.state = 0),
            ("horizon", |message| message.horizon = 0),
            ("additional_offered", |message| message.additional_offered = None),
            ("components", |message| message.components = None),
            ("average_handle_time_source", |message| message.average_handle_time_source = 0),
            ("evidence", |message| message.evidence = None),
        ];
        for (field, take_away) in table {
            let mut message = whole.clone();
            take_away(&mut message);
            assert_eq!(from_message(message), Err(Unreadable::Missing(field)));
        }
    }

    #[test]
    fn a_state_of_tomorrow_is_refused_by_number() {
        let message = v1::VolumeAdjustment { state: 9, ..to_message(&one_row()) };
        assert_eq!(from_message(message), Err(Unreadable::not_known("state", 9)));
    }

    #[test]
    fn what_is_no_protobuf_is_no_row() {
        assert!(matches!(decode(b"\xff\xff not a message"), Err(Unreadable::NotProtobuf(_))));
    }

    #[test]
    fn the_end_of_all_input_survives_the_bytes() {
        let row = VolumeAdjustment { watermark: Some(EventTime::END_OF_INPUT), ..one_row() };
        assert_eq!(decode(&encode(&row)), Ok(row));
    }

    proptest! {
        #[test]
        fn a_row_comes_back_from_its_bytes_exactly(row in any_row()) {
            let bytes = encode(&row);
            let back = decode(&bytes);
            prop_assert_eq!(back.as_ref(), Ok(&row));
            prop_assert_eq!(back.map(|row| encode(&row)), Ok(bytes));
        }
    }
}
