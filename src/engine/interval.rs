//! Staffing intervals: counted from the business unit's local midnight by elapsed time, whatever the clocks do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::time::{EventTime, Span};

/// Zones change their clocks at whole quarters of an hour.
const QUARTER: i64 = 900;
const DAY: i64 = 86_400;
/// How far before the nominal midnight the first instant of a day may lie.
const EARLIEST: i64 = 3 * 3_600;
/// Enough for every day within the correction horizon; more are found again when asked for.
const DAYS_REMEMBERED: usize = 64;

/// One staffing interval: from its start up to, and without, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalWindow {
    /// First instant.
    pub start: EventTime,
    /// First instant after it.
    pub end: EventTime,
    /// Offset of local time from UTC at the start, in seconds.
    pub utc_offset_seconds: i32,
}

/// The staffing intervals of one business unit.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    granularity: Span,
    first_instants: BTreeMap<i64, i64>,
}

impl Calendar {
    /// Intervals of this length in this zone.
    pub fn new(zone: TimeZone, granularity: Span) -> Self {
        Self { zone, granularity, first_instants: BTreeMap::new() }
    }

    /// Nominal length of an interval in seconds.
    pub fn interval_seconds(&self) -> u32 {
        u32::try_from(self.granularity.seconds()).unwrap_or(u32::MAX)
    }

    /// The interval in which this happened.
    pub fn interval_at(&mut self, at: EventTime) -> IntervalWindow {
        let seconds = at.seconds();
        let day = self.local_day(seconds);
        let (midnight, next_midnight) = (self.first_instant(day), self.first_instant(day + 1));
        let length = self.granularity.seconds().max(1);
        let start = midnight + (seconds - midnight).div_euclid(length) * length;
        IntervalWindow {
            start: EventTime::from_seconds(start),
            end: EventTime::from_seconds((start + length).min(next_midnight.max(start + 1))),
            utc_offset_seconds: self.offset(start),
        }
    }

    /// The first instant of the local day in which this happened.
    pub fn day_start(&mut self, at: EventTime) -> EventTime {
        let day = self.local_day(at.seconds());
        EventTime::from_seconds(self.first_instant(day))
    }

    fn first_instant(&mut self, day: i64) -> i64 {
        if let Some(first) = self.first_instants.get(&day) {
            return *first;
        }
        let nominal = day * DAY;
        let guess = nominal - i64::from(self.offset(nominal - i64::from(self.offset(nominal))));
        let mut first = guess - EARLIEST;
        while self.local_day(first) < day {
            first += QUARTER;
        }
        if self.first_instants.len() >= DAYS_REMEMBERED {
            self.first_instants.pop_first();
        }
        self.first_instants.insert(day, first);
        first
    }

    fn local_day(&self, seconds: i64) -> i64 {
        (seconds + i64::from(self.offset(seconds))).div_euclid(DAY)
    }

    fn offset(&self, seconds: i64) -> i32 {
        Timestamp::from_second(seconds).map_or(0, |instant| self.zone.to_offset(instant).seconds())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 5] =
        ["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"];

    fn calendar(zone: &str, minutes: i64) -> Calendar {
        Calendar::new(TimeZoneDatabase::bundled().get(zone).unwrap(), Span::from_minutes(minutes))
    }

    fn intervals_of_day(zone: &str, minutes: i64, noon: &str) -> Vec<IntervalWindow> {
        let mut calendar = calendar(zone, minutes);
        let noon = EventTime::from_seconds(noon.parse::<Timestamp>().unwrap().as_second());
        let mut at = calendar.day_start(noon);
        let day = calendar.local_day(at.seconds());
        let mut found = Vec::new();
        while calendar.local_day(at.seconds()) == day {
            let window = calendar.interval_at(at);
            at = window.end;
            found.push(window);
        }
        found
    }

    #[test]
    fn a_day_has_as_many_intervals_as_its_clocks_let_pass() {
        for (zone, minutes, noon, expected) in [
            ("Europe/Dublin", 15, "2026-03-29T12:00:00Z", 92),
            ("Europe/Dublin", 15, "2026-10-25T12:00:00Z", 100),
            ("America/New_York", 30, "2026-03-08T16:00:00Z", 46),
            ("America/New_York", 30, "2026-11-01T17:00:00Z", 50),
            ("Australia/Lord_Howe", 15, "2026-04-05T00:00:00Z", 98),
            ("Australia/Lord_Howe", 60, "2026-04-05T00:00:00Z", 25),
            ("Australia/Lord_Howe", 15, "2026-10-04T00:00:00Z", 94),
            ("Asia/Kathmandu", 60, "2026-06-01T06:00:00Z", 24),
        ] {
            assert_eq!(intervals_of_day(zone, minutes, noon).len(), expected, "{zone} {noon}");
        }
    }

    #[test]
    fn the_last_interval_of_lord_howes_long_day_is_cut_at_midnight() {
        let last = *intervals_of_day("Australia/Lord_Howe", 60, "2026-04-05T00:00:00Z").last().unwrap();
        assert_eq!(last.end.since(last.start), Span::from_minutes(30));
    }

    #[test]
    fn the_last_millisecond_of_an_interval_belongs_to_it() {
        let mut calendar = calendar("Europe/Dublin", 15);
        let edge = EventTime::from_seconds(1_794_823_200);
        assert_eq!(calendar.interval_at(edge).start, edge);
        assert_eq!(calendar.interval_at(edge.before(Span::from_millis(1))).end, edge);
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_exactly_one_interval_and_they_touch(
            millis in 1_577_836_800_000_i64..1_893_456_000_000, zone in 0..ZONES.len(), minutes in prop::sample::select(vec![15_i64, 30, 60])
        ) {
            let mut calendar = calendar(ZONES[zone], minutes);
            let at = EventTime::from_millis(millis);
            let window = calendar.interval_at(at);
            prop_assert!(window.start <= at && at < window.end);
            prop_assert_eq!(calendar.interval_at(window.end).start, window.end);
            prop_assert_eq!(calendar.interval_at(window.end.before(Span::from_millis(1))), window);
        }
    }
}
