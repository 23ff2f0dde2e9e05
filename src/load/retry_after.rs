//! Retry-After: how long an endpoint asks to be left alone.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::engine::WallTime;

/// Longer than this nobody waits.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Reads the header: seconds, or the date of an end; `None` where it is neither. At most an hour.
pub fn retry_after(text: &str, now: WallTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What no number can hold is longer than anybody waits.
        return Some(text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    let millis = until.as_millisecond().saturating_sub(now.millis());
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        let now = WallTime::from_millis(784_111_777_000 - 5_000);
        for (text, seconds) in [
            ("1", Some(1)),
            (" 30 ", Some(30)),
            ("999999", Some(3_600)),
            ("99999999999999999999999999", Some(3_600)),
            ("Tue, 31 Dec 2999 23:59:59 GMT", Some(3_600)),
            ("Sun, 06 Nov 1994 08:49:37 -0500", Some(3_600)),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
            ("1.5", None),
            ("+3", None),
            ("1e9", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(5)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
