//! Baseline intervals as Kafka records, and back; others may write them too, so every figure is looked at.

use prost::Message;

use super::adjustment::{instant, named};
use super::key::interval_key;
use super::timestamp::to_timestamp;
use super::{Unreadable, v1};
use crate::engine::BaselineInterval;

/// The record's key: which interval it is of.
pub fn key(interval: &BaselineInterval) -> String {
    let ids = [&*interval.organization_id, &*interval.business_unit_id, &*interval.planning_group_id];
    interval_key(ids, interval.start, interval.interval_seconds)
}

/// The record's value. Equal intervals have equal bytes.
pub fn encode(interval: &BaselineInterval) -> Vec<u8> {
    let message = v1::BaselineInterval {
        organization_id: interval.organization_id.to_string(),
        business_unit_id: interval.business_unit_id.to_string(),
        planning_group_id: interval.planning_group_id.to_string(),
        interval_start: Some(to_timestamp(interval.start)),
        interval_seconds: interval.interval_seconds,
        offered: interval.offered + 0.0,
        average_handle_time_seconds: interval.handle_time_seconds.map(|seconds| seconds + 0.0),
    };
    message.encode_to_vec()
}

/// The interval back from the record's value.
pub fn decode(bytes: &[u8]) -> Result<BaselineInterval, Unreadable> {
    let message = v1::BaselineInterval::decode(bytes)?;
    let start = message.interval_start.ok_or(Unreadable::Missing("interval_start"))?;
    if start.nanos != 0 {
        return Err(Unreadable::meaningless("interval_start", "a fraction of a second"));
    }
    if message.interval_seconds == 0 {
        return Err(Unreadable::Missing("interval_seconds"));
    }
    let handle_time_seconds = message.average_handle_time_seconds;
    Ok(BaselineInterval {
        organization_id: named("organization_id", message.organization_id)?,
        business_unit_id: named("business_unit_id", message.business_unit_id)?,
        planning_group_id: named("planning_group_id", message.planning_group_id)?,
        start: instant("interval_start", &start)?,
        interval_seconds: message.interval_seconds,
        offered: figure("offered", message.offered)?,
        handle_time_seconds: handle_time_seconds
            .map(|seconds| figure("average_handle_time_seconds", seconds))
            .transpose()?,
    })
}

fn figure(field: &'static str, value: f64) -> Result<f64, Unreadable> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(Unreadable::meaningless(field, value)) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::engine::EventTime;
    use crate::wire::arbitrary::{any_id, finite};

    fn monday_at_nine() -> BaselineInterval {
        BaselineInterval {
            organization_id: Arc::from("org-1"),
            business_unit_id: Arc::from("bu-1"),
            planning_group_id: Arc::from("pg-web-sales"),
            start: EventTime::from_seconds(1_795_424_400),
            interval_seconds: 900,
            offered: 12.25,
            handle_time_seconds: Some(312.0),
        }
    }

    #[test]
    fn a_baseline_is_called_as_the_row_that_it_is_for() {
        assert_eq!(key(&monday_at_nine()), "v1/org-1/bu-1/pg-web-sales/2026-11-23T09:00:00Z/900");
    }

    #[test]
    fn figures_that_no_forecast_has_are_refused() {
        for offered in [-0.5, f64::NAN, f64::INFINITY] {
            let bytes = encode(&BaselineInterval { offered, ..monday_at_nine() });
            assert_eq!(decode(&bytes), Err(Unreadable::meaningless("offered", offered)));
        }
        let bytes = encode(&BaselineInterval { handle_time_seconds: Some(-1.0), ..monday_at_nine() });
        assert_eq!(decode(&bytes), Err(Unreadable::meaningless("average_handle_time_seconds", -1.0)));
    }

    #[test]
    fn an_interval_starts_on_a_whole_second_and_has_a_length() {
        let bytes = encode(&BaselineInterval { start: EventTime::from_millis(500), ..monday_at_nine() });
        assert_eq!(decode(&bytes), Err(Unreadable::meaningless("interval_start", "a fraction of a second")));
        let bytes = encode(&BaselineInterval { interval_seconds: 0, ..monday_at_nine() });
        assert_eq!(decode(&bytes), Err(Unreadable::Missing("interval_seconds")));
    }

    #[test]
    fn an_empty_record_is_no_interval() {
        assert_eq!(decode(b""), Err(Unreadable::Missing("interval_start")));
    }

    prop_compose! {
        fn any_interval()(
            ids in (any_id(), any_id(), any_id()),
            second in 946_684_800_i64..4_133_980_800,
            interval_seconds in 1_u32..,
            offered in finite(),
            handle_time in option::of(finite()),
        ) -> BaselineInterval {
            BaselineInterval {
                organization_id: ids.0,
                business_unit_id: ids.1,
                planning_group_id: ids.2,
                start: EventTime::from_seconds(second),
                interval_seconds,
                offered: offered.abs(),
                handle_time_seconds: handle_time.map(f64::abs),
            }
        }
    }

    proptest! {
        #[test]
        fn an_interval_comes_back_from_its_bytes_exactly(interval in any_interval()) {
            prop_assert_eq!(decode(&encode(&interval)), Ok(interval));
        }
    }
}
