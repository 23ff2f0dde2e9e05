//! A business unit's local time: its staffing intervals, its opening hours and the rhythm of its visitors.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::place::Unit;

/// Visitors by local hour, relative to each other.
const BY_HOUR: [f64; 24] = [
    0.30, 0.18, 0.12, 0.10, 0.12, 0.22, 0.45, 0.80, 1.20, 1.50, 1.65, 1.60, 1.45, 1.50, 1.55, 1.45, 1.35, 1.30, 1.40,
    1.60, 1.70, 1.45, 1.00, 0.60,
];

/// Visitors by local day from Monday, relative to each other.
const BY_DAY: [f64; 7] = [1.12, 1.08, 1.05, 1.04, 0.98, 0.80, 0.93];

/// Rates are constant for so long, in seconds: every zone's hours begin and end with such a piece.
pub const PIECE_SECONDS: i64 = 900;

/// The calendar of one business unit.
#[derive(Debug)]
pub struct Calendar {
    /// Whose it is.
    pub unit: &'static Unit,
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of a unit, from the zone data that is built in: no machine has another opinion.
    pub fn of(unit: &'static Unit) -> Self {
        let zone = TimeZoneDatabase::bundled().get(unit.time_zone).unwrap_or(TimeZone::UTC);
        Self { unit, zone }
    }

    /// The first instant of the local day of an instant, both in seconds since 1970.
    pub fn midnight(&self, seconds: i64) -> i64 {
        let local = instant(seconds).to_zoned_datetime(self.zone.clone());
        local.start_of_day().map_or(seconds, |midnight| midnight.timestamp().as_second())
    }

    /// The start of the staffing interval of an instant, both in seconds since 1970.
    pub fn interval_start(&self, seconds: i64) -> i64 {
        let midnight = self.midnight(seconds);
        seconds - (seconds - midnight) % self.unit.interval_seconds
    }

    /// How busy the site is, as a factor of its mean over a week.
    pub fn busyness(&self, seconds: i64) -> f64 {
        let (day, hour) = self.day_and_hour(seconds);
        let share =
            |of: &[f64], place: usize| of.get(place).copied().unwrap_or(1.0) * of.len() as f64 / of.iter().sum::<f64>();
        share(&BY_DAY, day) * share(&BY_HOUR, hour)
    }

    /// Whether offers may be made.
    pub fn is_open(&self, seconds: i64) -> bool {
        let (day, hour) = self.day_and_hour(seconds);
        if day < 5 { (8..21).contains(&hour) } else { (10..18).contains(&hour) }
    }

    /// The local day from Monday and the local hour.
    fn day_and_hour(&self, seconds: i64) -> (usize, usize) {
        let local = instant(seconds).to_zoned_datetime(self.zone.clone());
        let (day, hour) = (local.weekday().to_monday_zero_offset(), local.hour());
        (usize::try_from(day).unwrap_or(0), usize::try_from(hour).unwrap_or(0))
    }
}

/// An instant of the years that a site may live in; outside of them, 1970.
pub fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::place::{DUBLIN, NEW_YORK};
    use crate::simulate::plan::FIRST_MONDAY_SECONDS;

    fn seconds(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn the_first_monday_is_a_monday() {
        assert_eq!(FIRST_MONDAY_SECONDS, seconds("2026-11-02T00:00:00Z"));
        assert_eq!(Calendar::of(&DUBLIN).day_and_hour(FIRST_MONDAY_SECONDS), (0, 0));
        assert_eq!(Calendar::of(&NEW_YORK).day_and_hour(FIRST_MONDAY_SECONDS), (6, 19));
    }

    #[test]
    fn intervals_are_counted_from_local_midnight_by_elapsed_time() {
        for (unit, at, start) in [
            (&DUBLIN, "2026-11-02T09:14:59Z", "2026-11-02T09:00:00Z"),
            (&NEW_YORK, "2026-11-02T09:45:00Z", "2026-11-02T09:30:00Z"),
            (&NEW_YORK, "2026-11-01T06:29:59Z", "2026-11-01T06:00:00Z"),
            (&DUBLIN, "2026-10-25T00:59:59Z", "2026-10-25T00:45:00Z"),
        ] {
            assert_eq!(Calendar::of(unit).interval_start(seconds(at)), seconds(start), "{at}");
        }
    }

    #[test]
    fn a_week_is_as_busy_as_its_mean() {
        let calendar = Calendar::of(&NEW_YORK);
        let pieces = (0..7 * 96).map(|piece| calendar.busyness(FIRST_MONDAY_SECONDS + piece * PIECE_SECONDS));
        assert!((pieces.sum::<f64>() / 672.0 - 1.0).abs() < 1e-9);
    }
}
