//! When something happened, as Genesys and its bridges write it.

use crate::engine::EventTime;

const FIRST_SECOND: i64 = 946_684_800;
const END_SECOND: i64 = 4_133_980_800;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads RFC 3339 text with a zone, its fraction cut to milliseconds; `None` where it is none or not of the years 2000 to 2100.
pub fn instant(text: &str) -> Option<EventTime> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't', h0, h1, b':', n0, n1, b':', s0, s1] = *head else {
        return None;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(n0, n1)?, two(s0, s1)?);
    if hour > 23 || minute > 59 || second > 59 || day == 0 || day > days_in(year, month)? {
        return None;
    }
    let (millis, zone) = fraction(rest)?;
    let clock = hour * 3_600 + minute * 60 + second;
    let seconds = days_since_1970(year, month, day) * SECONDS_PER_DAY + clock - offset(zone)?;
    of_our_time(seconds.checked_mul(1_000)?.checked_add(millis)?)
}

/// The instant so many milliseconds after 1970; `None` where it is not of the years 2000 to 2100.
pub fn of_our_time(millis: i64) -> Option<EventTime> {
    let years = FIRST_SECOND * 1_000..END_SECOND * 1_000;
    years.contains(&millis).then_some(EventTime::from_millis(millis))
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The milliseconds of a fraction, if there is one, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', digits)) = rest.split_first() else {
        return Some((0, rest));
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, zone) = digits.split_at_checked(length)?;
    let millis = (0..3).fold(0, |millis, place| millis * 10 + digits.get(place).copied().and_then(digit).unwrap_or(0));
    if digits.is_empty() { None } else { Some((millis, zone)) }
}

/// The seconds that a zone is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
            let ahead = hours * 3_600 + minutes * 60;
            let is_zone = hours < 24 && minutes < 60;
            is_zone.then_some(if sign == b'-' { -ahead } else { ahead })
        }
        _ => None,
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`. Years begin in March, so that the leap day is the last; 719,468 days lie between
/// 0000-03-01 and 1970-01-01.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Rfc3339;
    use crate::wire::timestamp::from_rfc3339;

    #[test]
    fn a_time_needs_a_zone_and_a_place_in_the_calendar() {
        let table = [
            ("2026-11-02T00:00:00Z", Some(1_793_577_600_000)),
            ("2026-11-02t00:00:00.9999z", Some(1_793_577_600_999)),
            ("2026-11-02T00:00:00.1z", Some(1_793_577_600_100)),
            ("2026-11-02T05:45:00.123456789123+05:45", Some(1_793_577_600_123)),
            ("2026-11-01T20:30:00-03:30", Some(1_793_577_600_000)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("2000-01-01T00:00:00Z", Some(946_684_800_000)),
            ("2100-12-31T23:59:59.999Z", Some(4_133_980_799_999)),
            ("1999-12-31T23:59:59.999Z", None),
            ("2101-01-01T00:00:00Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-31T00:00:00Z", None),
            ("2026-11-00T00:00:00Z", None),
            ("2026-11-02T24:00:00Z", None),
            ("2026-11-02T23:59:60Z", None),
            ("2026-11-02T00:00:00", None),
            ("2026-11-02T00:00:00.Z", None),
            ("2026-11-02T00:00:00,5Z", None),
            ("2026-11-02 00:00:00Z", None),
            ("2026-11-02T00:00:00+0100", None),
            ("2026-11-02T00:00:00+24:00", None),
            ("2026-11-02T00:00:00Z ", None),
            ("2026-11-02", None),
            ("+292277026596-12-04T15:30:07Z", None),
            ("", None),
        ];
        for (text, millis) in table {
            assert_eq!(instant(text), millis.map(EventTime::from_millis), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_millisecond_of_these_years_is_read_as_the_calendar_has_it(millis in FIRST_SECOND * 1_000..END_SECOND * 1_000) {
            let text = Rfc3339::from(EventTime::from_millis(millis)).to_string();
            prop_assert_eq!(instant(&text), from_rfc3339(&text));
            prop_assert_eq!(of_our_time(millis), from_rfc3339(&text));
        }
    }
}
