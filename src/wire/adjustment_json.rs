//! Volume adjustments as lines of proto3 JSON, for people and their tools.
//!
//! Identity, revision, volumes and components always show; a count shows where it is not zero, and what is absent does not.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::timestamp::Rfc3339;
use super::v1;

/// Appends the message as one line of proto3 JSON, without the line's end. Equal messages make equal lines.
pub fn write_json(message: &v1::VolumeAdjustment, out: &mut Vec<u8>) {
    serde_json::to_writer(out, &Row::of(message)).expect("text, numbers and maps by text always fit into a vector");
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    organization_id: &'a str,
    business_unit_id: &'a str,
    planning_group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_start: Option<Rfc3339>,
    interval_seconds: u32,
    time_zone: &'a str,
    utc_offset_seconds: i32,
    revision: Integer<u64>,
    state: EnumValue,
    horizon: EnumValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_offered: Option<Volume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_additional_offered: Option<Volume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Components>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_handle_time_seconds: Option<Double>,
    #[serde(skip_serializing_if = "EnumValue::is_unspecified")]
    average_handle_time_source: EnumValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_offered: Option<Double>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjusted_offered: Option<Double>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_agents_baseline: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_agents_adjusted: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_action_map: Vec<ByActionMap<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark: Option<Rfc3339>,
    model_version: &'a str,
    policy_version: &'a str,
}

impl<'a> Row<'a> {
    fn of(message: &'a v1::VolumeAdjustment) -> Self {
        let state = v1::AdjustmentState::try_from(message.state).map(|state| state.as_str_name());
        let horizon = v1::AdjustmentHorizon::try_from(message.horizon).map(|horizon| horizon.as_str_name());
        let source = v1::HandleTimeSource::try_from(message.average_handle_time_source).map(|it| it.as_str_name());
        Self {
            organization_id: &message.organization_id,
            business_unit_id: &message.business_unit_id,
            planning_group_id: &message.planning_group_id,
            interval_start: message.interval_start.map(Rfc3339),
            interval_seconds: message.interval_seconds,
            time_zone: &message.time_zone,
            utc_offset_seconds: message.utc_offset_seconds,
            revision: Integer(message.revision),
            state: EnumValue { number: message.state, name: state.ok() },
            horizon: EnumValue { number: message.horizon, name: horizon.ok() },
            additional_offered: message.additional_offered.map(Volume::from),
            gross_additional_offered: message.gross_additional_offered.map(Volume::from),
            components: message.components.map(Components::from),
            average_handle_time_seconds: message.average_handle_time_seconds.map(Double),
            average_handle_time_source: EnumValue { number: message.average_handle_time_source, name: source.ok() },
            baseline_offered: message.baseline_offered.map(Double),
            adjusted_offered: message.adjusted_offered.map(Double),
            required_agents_baseline: message.required_agents_baseline,
            required_agents_adjusted: message.required_agents_adjusted,
            evidence: message.evidence.as_ref().map(Evidence),
            by_action_map: message.by_action_map.iter().map(ByActionMap::from).collect(),
            watermark: message.watermark.map(Rfc3339),
            model_version: &message.model_version,
            policy_version: &message.policy_version,
        }
    }
}

#[derive(Serialize)]
struct Volume {
    mean: Double,
    p10: Double,
    p50: Double,
    p90: Double,
}

impl From<v1::Volume> for Volume {
    fn from(message: v1::Volume) -> Self {
        let v1::Volume { mean, p10, p50, p90 } = message;
        Self { mean: Double(mean), p10: Double(p10), p50: Double(p50), p90: Double(p90) }
    }
}

#[derive(Serialize)]
struct Components {
    realised: Double,
    pending: Double,
    qualifying: Double,
    future: Double,
    absorbed: Double,
    cannibalised: Double,
}

impl From<v1::Components> for Components {
    fn from(message: v1::Components) -> Self {
        let v1::Components { realised, pending, qualifying, future, absorbed, cannibalised } = message;
        Self {
            realised: Double(realised),
            pending: Double(pending),
            qualifying: Double(qualifying),
            future: Double(future),
            absorbed: Double(absorbed),
            cannibalised: Double(cannibalised),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByActionMap<'a> {
    action_map_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_map_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
}

impl<'a> From<&'a v1::ActionMapEvidence> for ByActionMap<'a> {
    fn from(message: &'a v1::ActionMapEvidence) -> Self {
        Self {
            action_map_id: &message.action_map_id,
            action_map_version: message.action_map_version,
            evidence: message.evidence.as_ref().map(Evidence),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assumption<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_map_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_map_version: Option<u32>,
    value: Double,
}

impl<'a> From<&'a v1::Assumption> for Assumption<'a> {
    fn from(message: &'a v1::Assumption) -> Self {
        Self {
            name: &message.name,
            action_map_id: message.action_map_id.as_deref(),
            action_map_version: message.action_map_version,
            value: Double(message.value),
        }
    }
}

/// The counts that are not zero, in the order of the message.
struct Evidence<'a>(&'a v1::Evidence);

impl Serialize for Evidence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(message) = self;
        let steps = [
            ("qualified", message.qualified),
            ("qualifiedOutsideSchedule", message.qualified_outside_schedule),
            ("offeredOutsideSchedule", message.offered_outside_schedule),
            ("frequencyCapped", message.frequency_capped),
            ("offered", message.offered),
            ("accepted", message.accepted),
            ("engaged", message.engaged),
            ("rejected", message.rejected),
            ("timedOut", message.timed_out),
            ("ignored", message.ignored),
            ("errored", message.errored),
            ("queued", message.queued),
            ("answered", message.answered),
            ("abandonedInQueue", message.abandoned_in_queue),
        ];
        let maps = [("blocked", &message.blocked), ("otherMedia", &message.other_media)];
        let handling = [
            ("handledConversations", message.handled_conversations),
            ("handleTimeMilliseconds", message.handle_time_milliseconds),
        ];
        let mut object = serializer.serialize_map(None)?;
        for (name, count) in steps.into_iter().filter(|(_, count)| *count != 0) {
            object.serialize_entry(name, &Integer(count))?;
        }
        for (name, counts) in maps.into_iter().filter(|(_, counts)| !counts.is_empty()) {
            object.serialize_entry(name, &Counts(counts))?;
        }
        for (name, count) in handling.into_iter().filter(|(_, count)| *count != 0) {
            object.serialize_entry(name, &Integer(count))?;
        }
        if !message.assumptions.is_empty() {
            object.serialize_entry(
                "assumptions",
                &message.assumptions.iter().map(Assumption::from).collect::<Vec<_>>(),
            )?;
        }
        object.end()
    }
}

struct Counts<'a>(&'a BTreeMap<String, i64>);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, Integer(*count))))
    }
}

/// An integer of 64 bits, which proto3 JSON writes as text.
struct Integer<T>(T);

impl<T: std::fmt::Display> Serialize for Integer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A number of 64 bits; proto3 JSON writes as text what JSON has no number for.
struct Double(f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            _ => serializer.serialize_str("NaN"),
        }
    }
}

/// The name of an enum's value, or its number where only a later version knows the name.
struct EnumValue {
    number: i32,
    name: Option<&'static str>,
}

impl EnumValue {
    const fn is_unspecified(&self) -> bool {
        self.number == 0
    }
}

impl Serialize for EnumValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.name {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_i32(self.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::adjustment::to_message;
    use crate::wire::arbitrary::{any_row, one_row};

    fn line(message: &v1::VolumeAdjustment) -> String {
        let mut out = Vec::new();
        write_json(message, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_reads_as_the_contract_says() {
        let expected = concat!(
            r#"{"organizationId":"org-1","businessUnitId":"bu-1","planningGroupId":"pg-web-sales","#,
            r#""intervalStart":"2026-11-23T09:00:00Z","intervalSeconds":900,"timeZone":"Europe/Dublin","#,
            r#""utcOffsetSeconds":0,"revision":"3","state":"ADJUSTMENT_STATE_FINAL","horizon":"ADJUSTMENT_HORIZON_REALISED","#,
            r#""additionalOffered":{"mean":1.6,"p10":1.6,"p50":1.6,"p90":1.6},"#,
            r#""grossAdditionalOffered":{"mean":1.6,"p10":1.6,"p50":1.6,"p90":1.6},"#,
            r#""components":{"realised":1.6,"pending":0.0,"qualifying":0.0,"future":0.0,"absorbed":0.0,"cannibalised":0.0},"#,
            r#""averageHandleTimeSeconds":312.5,"averageHandleTimeSource":"HANDLE_TIME_SOURCE_MEASURED","#,
            r#""baselineOffered":10.0,"adjustedOffered":11.6,"#,
            r#""requiredAgentsBaseline":6,"requiredAgentsAdjusted":7,"#,
            r#""evidence":{"qualified":"5","offered":"4","accepted":"2","queued":"2","blocked":{"NoAvailableAgents":"1"},"#,
            r#""otherMedia":{"openAction":"7"},"#,
            r#""assumptions":[{"name":"reach","actionMapId":"am-14","actionMapVersion":3,"value":0.8}]},"#,
            r#""byActionMap":[{"actionMapId":"am-14","actionMapVersion":3,"#,
            r#""evidence":{"qualified":"5","offered":"4","accepted":"2","queued":"2","blocked":{"NoAvailableAgents":"1"},"#,
            r#""otherMedia":{"openAction":"7"}}}],"#,
            r#""watermark":"2026-11-23T09:25:00.250Z","modelVersion":"none","policyVersion":"none"}"#,
        );
        assert_eq!(line(&to_message(&one_row())), expected);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let mut row = one_row();
        (row.handle_time, row.baseline_offered, row.watermark) = (None, None, None);
        (row.required_agents_baseline, row.required_agents_adjusted) = (None, None);
        let value: Value = serde_json::from_str(&line(&to_message(&row))).unwrap();
        let absent = [
            "averageHandleTimeSeconds",
            "averageHandleTimeSource",
            "baselineOffered",
            "adjustedOffered",
            "requiredAgentsBaseline",
            "requiredAgentsAdjusted",
            "watermark",
        ];
        for name in absent {
            assert_eq!(value.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_state_of_tomorrow_is_told_by_its_number() {
        let message = v1::VolumeAdjustment { state: 9, ..to_message(&one_row()) };
        let value: Value = serde_json::from_str(&line(&message)).unwrap();
        assert_eq!(value["state"], json!(9));
    }

    #[test]
    fn what_json_has_no_number_for_is_told_in_words() {
        for (value, words) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
            assert_eq!(serde_json::to_value(Double(value)).unwrap(), json!(words));
        }
    }

    proptest! {
        #[test]
        fn every_row_is_one_line_of_json_that_keeps_its_figures(row in any_row()) {
            let text = line(&to_message(&row));
            prop_assert!(!text.contains('\n'));
            let value: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&value["planningGroupId"], &json!(&*row.identity.planning_group_id));
            prop_assert_eq!(&value["revision"], &json!(row.revision.to_string()));
            prop_assert_eq!(&value["additionalOffered"]["mean"], &json!(row.additional_offered.mean + 0.0));
            prop_assert_eq!(value["byActionMap"].as_array().map_or(0, Vec::len), row.by_action_map.len());
        }
    }
}
