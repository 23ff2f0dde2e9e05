//! Lengths of time as an operator writes them: a whole number and a unit, `90s` or `7d`.

use crate::engine::Span;

/// Longer than anything that a setting can sensibly mean.
const LONGEST: Span = Span::from_days(3_650);
/// The units, the longest first, with their length.
const UNITS: [(&str, Span); 5] = [
    ("d", Span::from_days(1)),
    ("h", Span::from_minutes(60)),
    ("m", Span::from_minutes(1)),
    ("s", Span::from_seconds(1)),
    ("ms", Span::from_millis(1)),
];

/// Reads a length of time, or says what is wrong with it.
pub fn parse(text: &str) -> Result<Span, String> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    if number.is_empty() {
        return Err(match text.chars().next() {
            None => "is empty; write a whole number and a unit, such as \"30s\"".to_owned(),
            Some('-') => format!("{text:?} is negative; a length of time never is"),
            Some(_) => format!("{text:?} does not start with a whole number; write one and a unit, such as \"30s\""),
        });
    }
    let Some((_, one)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(wrong_unit(text, number, unit, digits));
    };
    number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(one.millis()))
        .map(Span::from_millis)
        .filter(|span| *span <= LONGEST)
        .ok_or_else(|| format!("{text:?} is too long; at most {}", say(LONGEST)))
}

fn wrong_unit(text: &str, number: &str, unit: &str, digits: usize) -> String {
    if unit.is_empty() {
        return format!("{text:?} has no unit; write \"{number}s\" for seconds, or one of ms, s, m, h, d");
    }
    if unit.starts_with(['.', ',']) {
        return format!("{text:?} is no whole number; take a smaller unit");
    }
    format!("{text:?} has {unit:?} at character {}, which is no unit; units are ms, s, m, h, d", digits + 1)
}

/// Writes a length of time in the longest unit that divides it.
pub fn say(span: Span) -> String {
    let whole = UNITS.iter().find(|(_, one)| span != Span::ZERO && span.millis() % one.millis() == 0);
    let (unit, one) = whole.map_or(("s", 1_000), |(unit, one)| (*unit, one.millis()));
    format!("{}{unit}", span.millis() / one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back_in_the_longest_that_fits() {
        for (text, millis, back) in [
            ("0s", 0, "0s"),
            ("250ms", 250, "250ms"),
            ("1000ms", 1_000, "1s"),
            ("90s", 90_000, "90s"),
            ("60m", 3_600_000, "1h"),
            ("24h", 86_400_000, "1d"),
            ("7d", 604_800_000, "7d"),
        ] {
            let span = parse(text).unwrap();
            assert_eq!(span.millis(), millis, "{text}");
            assert_eq!(say(span), back);
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_with_the_place_and_the_remedy() {
        for (text, says) in [
            ("", "is empty"),
            ("-5s", "negative"),
            ("soon", "does not start with a whole number"),
            ("30", "write \"30s\" for seconds"),
            ("10 m", "at character 3"),
            ("10min", "\"min\" at character 3"),
            ("1.5h", "take a smaller unit"),
            ("٣s", "does not start with a whole number"),
            ("9999999999999999999999d", "too long; at most 3650d"),
            ("9223372036854775807d", "too long"),
            ("3651d", "too long"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(says), "{text:?}: {said}");
        }
    }
}
