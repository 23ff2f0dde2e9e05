//! Rows for the tests of this room: one that shows every field, and any that could be.

use std::sync::Arc;

use proptest::array::uniform4;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::engine::EventTime;
use crate::engine::adjustment::{
    ActionMapCounts, ActionMapEntry, Assumption, Components, Evidence, HandleTime, HandleTimeSource, Horizon, Identity,
    RowState, Volume, VolumeAdjustment,
};
use crate::engine::fact::BlockingReason;
use crate::engine::tally::{Metric, OtherMedium, Tally};
use crate::staffing::Agents;

/// A row with something in every field.
pub fn one_row() -> VolumeAdjustment {
    let mut counts = Tally { qualified: 5, offered: 4, accepted: 2, queued: 2, ..Tally::default() };
    counts.add(Metric::Blocked(BlockingReason::NoAvailableAgents), 1);
    counts.add(Metric::OtherMedia(OtherMedium::OpenAction), 7);
    let action_map = ActionMapEntry { id: Arc::from("am-14"), version: Some(3) };
    let assumption = Assumption { name: "reach", action_map: Some(action_map.clone()), value: 0.8 };
    VolumeAdjustment {
        identity: Identity {
            organization_id: Arc::from("org-1"),
            business_unit_id: Arc::from("bu-1"),
            planning_group_id: Arc::from("pg-web-sales"),
            interval_start: EventTime::from_seconds(1_795_424_400),
            interval_seconds: 900,
            time_zone: Arc::from("Europe/Dublin"),
            utc_offset_seconds: 0,
        },
        revision: 3,
        state: RowState::Final,
        horizon: Horizon::Realised,
        additional_offered: Volume::certain(1.6),
        gross_additional_offered: Volume::certain(1.6),
        components: Components { realised: 1.6, ..Components::default() },
        handle_time: Some(HandleTime { seconds: 312.5, source: HandleTimeSource::Measured }),
        baseline_offered: Some(10.0),
        required_agents_baseline: Agents::new(6).ok(),
        required_agents_adjusted: Agents::new(7).ok(),
        evidence: Evidence { counts: counts.clone(), assumptions: vec![assumption] },
        by_action_map: vec![ActionMapCounts { action_map, counts }],
        policy_version: Arc::from("none"),
        watermark: Some(EventTime::from_millis(1_795_425_900_250)),
    }
}

/// Any row that the engine could say, and many that it never would.
pub fn any_row() -> impl Strategy<Value = VolumeAdjustment> {
    let told = (any_identity(), any::<u64>(), any_state(), any_horizon(), option::of(any_time()));
    let figures = (any_volume(), any_volume(), any_components(), option::of(any_handle_time()), option::of(finite()));
    let reasons = (any_evidence(), vec(any_action_map_counts(), 0..4), "[0-9a-f]{16}|none");
    (told, figures, any_agents(), any_agents(), reasons).prop_map(|(told, figures, before, after, reasons)| {
        let (identity, revision, state, horizon, watermark) = told;
        let (additional_offered, gross_additional_offered, components, handle_time, baseline_offered) = figures;
        let (evidence, by_action_map, policy_version) = reasons;
        VolumeAdjustment {
            identity,
            revision,
            state,
            horizon,
            additional_offered,
            gross_additional_offered,
            components,
            handle_time,
            baseline_offered,
            required_agents_baseline: before,
            required_agents_adjusted: after,
            evidence,
            by_action_map,
            policy_version: Arc::from(policy_version),
            watermark,
        }
    })
}

/// Any identifier: text of any script, never empty.
pub fn any_id() -> impl Strategy<Value = Arc<str>> {
    "\\PC{1,12}".prop_map(Arc::from)
}

/// Any instant of the years 1900 to 2200, and the two ends of time.
pub fn any_time() -> impl Strategy<Value = EventTime> {
    prop_oneof![
        20 => (-2_208_988_800_000_i64..7_258_118_400_000).prop_map(EventTime::from_millis),
        1 => Just(EventTime::END_OF_INPUT),
        1 => Just(EventTime::DISTANT_PAST),
    ]
}

/// Any number that counts as one.
pub fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("a number", |value| value.is_finite())
}

fn any_identity() -> impl Strategy<Value = Identity> {
    let places = (any_id(), any_id(), any_id(), "[A-Za-z_/]{0,20}");
    (places, 946_684_800_i64..4_133_980_800, any::<u32>(), any::<i32>()).prop_map(
        |(places, second, interval_seconds, utc_offset_seconds)| Identity {
            organization_id: places.0,
            business_unit_id: places.1,
            planning_group_id: places.2,
            interval_start: EventTime::from_seconds(second),
            interval_seconds,
            time_zone: Arc::from(places.3),
            utc_offset_seconds,
        },
    )
}

fn any_state() -> impl Strategy<Value = RowState> {
    prop::sample::select(vec![RowState::Open, RowState::Final, RowState::Corrected, RowState::Withdrawn])
}

fn any_horizon() -> impl Strategy<Value = Horizon> {
    prop::sample::select(vec![Horizon::Realised, Horizon::Nowcast, Horizon::Intraday, Horizon::Planning])
}

fn any_volume() -> impl Strategy<Value = Volume> {
    uniform4(finite()).prop_map(|[mean, p10, p50, p90]| Volume { mean, p10, p50, p90 })
}

fn any_components() -> impl Strategy<Value = Components> {
    (uniform4(finite()), finite(), finite()).prop_map(
        |([realised, pending, qualifying, future], absorbed, cannibalised)| Components {
            realised,
            pending,
            qualifying,
            future,
            absorbed,
            cannibalised,
        },
    )
}

fn any_handle_time() -> impl Strategy<Value = HandleTime> {
    let sources = vec![HandleTimeSource::Measured, HandleTimeSource::Configured, HandleTimeSource::Baseline];
    (finite(), prop::sample::select(sources)).prop_map(|(seconds, source)| HandleTime { seconds, source })
}

fn any_agents() -> impl Strategy<Value = Option<Agents>> {
    option::of((0..=Agents::MOST.count()).prop_map(|count| Agents::new(count).expect("it is answered")))
}

fn any_tally() -> impl Strategy<Value = Tally> {
    let counts = any::<[[i64; 4]; 4]>();
    (counts, any::<[i64; BlockingReason::ALL.len()]>(), any::<[i64; OtherMedium::ALL.len()]>()).prop_map(
        |([first, second, third, fourth], blocked, other_media)| Tally {
            qualified: first[0],
            qualified_outside_schedule: first[1],
            offered_outside_schedule: first[2],
            frequency_capped: first[3],
            offered: second[0],
            accepted: second[1],
            engaged: second[2],
            rejected: second[3],
            timed_out: third[0],
            ignored: third[1],
            errored: third[2],
            queued: third[3],
            answered: fourth[0],
            abandoned_in_queue: fourth[1],
            handled: fourth[2],
            handle_time_millis: fourth[3],
            blocked,
            other_media,
        },
    )
}

fn any_entry() -> impl Strategy<Value = ActionMapEntry> {
    (any_id(), option::of(any::<u32>())).prop_map(|(id, version)| ActionMapEntry { id, version })
}

fn any_action_map_counts() -> impl Strategy<Value = ActionMapCounts> {
    (any_entry(), any_tally()).prop_map(|(action_map, counts)| ActionMapCounts { action_map, counts })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let assumption = (option::of(any_entry()), finite()).prop_map(|(action_map, value)| Assumption {
        name: "reach",
        action_map,
        value,
    });
    (any_tally(), vec(assumption, 0..3)).prop_map(|(counts, assumptions)| Evidence { counts, assumptions })
}
