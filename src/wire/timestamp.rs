//! Points in time at the edges: as protobuf timestamps and as RFC 3339 text.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike};
use prost_types::Timestamp;
use serde::{Serialize, Serializer};

use crate::engine::EventTime;

/// 0001-01-01T00:00:00Z, the first second that a protobuf timestamp may name.
const FIRST_SECOND: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z, the last one.
const LAST_SECOND: i64 = 253_402_300_799;
const NANOS_PER_MILLI: i32 = 1_000_000;
const LAST_NANO: i32 = 999_999_999;

/// As a protobuf timestamp. What lies beyond the years 1 to 9999, as the end of all input does, becomes their first or
/// last instant, and that instant is read back as [`EventTime::DISTANT_PAST`] or [`EventTime::END_OF_INPUT`].
pub fn to_timestamp(at: EventTime) -> Timestamp {
    let seconds = at.seconds();
    if seconds < FIRST_SECOND {
        Timestamp { seconds: FIRST_SECOND, nanos: 0 }
    } else if seconds > LAST_SECOND {
        Timestamp { seconds: LAST_SECOND, nanos: LAST_NANO }
    } else {
        let millis = i32::try_from(at.millis().rem_euclid(1_000)).unwrap_or_default();
        Timestamp { seconds, nanos: millis * NANOS_PER_MILLI }
    }
}

/// Back again, cut to milliseconds; `None` where it is no valid protobuf timestamp.
pub fn from_timestamp(timestamp: &Timestamp) -> Option<EventTime> {
    let Timestamp { seconds, nanos } = *timestamp;
    if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) || !(0..=LAST_NANO).contains(&nanos) {
        return None;
    }
    Some(match (seconds, nanos) {
        (FIRST_SECOND, 0) => EventTime::DISTANT_PAST,
        (LAST_SECOND, LAST_NANO) => EventTime::END_OF_INPUT,
        _ => EventTime::from_millis(seconds * 1_000 + i64::from(nanos / NANOS_PER_MILLI)),
    })
}

/// Reads RFC 3339 text with a zone, cut to milliseconds; `None` where it is none, leap seconds included.
pub fn from_rfc3339(text: &str) -> Option<EventTime> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    let is_leap_second = at.nanosecond() > LAST_NANO.unsigned_abs();
    if is_leap_second { None } else { Some(EventTime::from_millis(at.timestamp_millis())) }
}

/// A timestamp written as proto3 JSON wants it: UTC with `Z`, and a fraction of 3, 6 or 9 digits only where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Rfc3339(pub Timestamp);

impl From<EventTime> for Rfc3339 {
    fn from(at: EventTime) -> Self {
        Self(to_timestamp(at))
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds.clamp(FIRST_SECOND, LAST_SECOND);
        let nanos = self.0.nanos.clamp(0, LAST_NANO);
        let at = DateTime::from_timestamp(seconds, 0).ok_or(fmt::Error)?;
        write!(f, "{:04}-{:02}-{:02}T", at.year(), at.month(), at.day())?;
        write!(f, "{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())?;
        match (nanos, nanos % NANOS_PER_MILLI, nanos % 1_000) {
            (0, ..) => {}
            (_, 0, _) => write!(f, ".{:03}", nanos / NANOS_PER_MILLI)?,
            (_, _, 0) => write!(f, ".{:06}", nanos / 1_000)?,
            _ => write!(f, ".{nanos:09}")?,
        }
        f.write_str("Z")
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_only_the_digits_that_it_needs() {
        let table = [
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_795_424_400, 0, "2026-11-23T09:00:00Z"),
            (951_782_400, 120_000_000, "2000-02-29T00:00:00.120Z"),
            (-1, 500_000, "1969-12-31T23:59:59.000500Z"),
            (0, 1, "1970-01-01T00:00:00.000000001Z"),
            (FIRST_SECOND, 0, "0001-01-01T00:00:00Z"),
            (LAST_SECOND, LAST_NANO, "9999-12-31T23:59:59.999999999Z"),
        ];
        for (seconds, nanos, text) in table {
            assert_eq!(Rfc3339(Timestamp { seconds, nanos }).to_string(), text);
        }
    }

    #[test]
    fn the_end_of_all_input_comes_back_as_itself() {
        for at in [EventTime::END_OF_INPUT, EventTime::DISTANT_PAST] {
            assert_eq!(from_timestamp(&to_timestamp(at)), Some(at));
        }
    }

    #[test]
    fn what_is_no_valid_timestamp_is_no_instant() {
        for (seconds, nanos) in [(LAST_SECOND + 1, 0), (FIRST_SECOND - 1, 0), (0, -1), (0, LAST_NANO + 1)] {
            assert_eq!(from_timestamp(&Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn rfc_3339_is_read_with_its_zone_and_cut_to_milliseconds() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1970-01-01t00:00:00.9999z", Some(999)),
            ("1970-01-01T00:00:00", None),
            ("1970-01-01", None),
            ("1969-12-31T23:59:60Z", None),
            ("", None),
        ];
        for (text, millis) in table {
            assert_eq!(from_rfc3339(text), millis.map(EventTime::from_millis), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_millisecond_of_the_calendar_comes_back(millis in FIRST_SECOND * 1_000 + 1..=LAST_SECOND * 1_000 + 999) {
            let at = EventTime::from_millis(millis);
            prop_assert_eq!(from_timestamp(&to_timestamp(at)), Some(at));
            prop_assert_eq!(from_rfc3339(&Rfc3339::from(at).to_string()), Some(at));
        }
    }
}
