//! What the record of one planning group and interval is called in its topic.

use super::timestamp::{Rfc3339, from_rfc3339};
use crate::engine::EventTime;

/// `v1/ORG/BU/PG/2026-11-23T09:00:00Z/900`: the ids percent-encoded, the interval's first second as it is written, its length in seconds.
pub fn interval_key(ids: [&str; 3], interval_start: EventTime, interval_seconds: u32) -> String {
    let mut key = String::with_capacity(96);
    key.push_str("v1/");
    for id in ids {
        push_encoded(&mut key, id);
        key.push('/');
    }
    let whole_second = Rfc3339::from(EventTime::from_seconds(interval_start.seconds()));
    key + &format!("{whole_second}/{interval_seconds}")
}

/// The planning group and the start of the interval that such a key names; none where it is no such key.
pub fn of_interval(key: &str) -> Option<(String, EventTime)> {
    let mut parts = key.split('/');
    let (Some("v1"), Some(_), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return None };
    Some((decoded(parts.next()?)?, from_rfc3339(parts.next()?)?))
}

/// The text of which this is the percent-encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(if byte == b'%' { digit()? << 4 | digit()? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

/// Appends `id` with everything but the unreserved characters of RFC 3986 percent-encoded.
pub fn push_encoded(out: &mut String, id: &str) {
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            out.extend(['%', high, low]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(id: &str) -> String {
        let mut out = String::new();
        push_encoded(&mut out, id);
        out
    }

    #[test]
    fn a_key_names_the_row_in_plain_text() {
        let nine = EventTime::from_seconds(1_795_424_400);
        assert_eq!(
            interval_key(["org-1", "bu-1", "pg-web",], nine, 900),
            "v1/org-1/bu-1/pg-web/2026-11-23T09:00:00Z/900"
        );
    }

    #[test]
    fn what_could_be_mistaken_for_the_keys_own_signs_is_encoded() {
        for (id, text) in [
            ("a/b", "a%2Fb"),
            ("50%", "50%25"),
            ("a b", "a%20b"),
            ("über~x", "%C3%BCber~x"),
            ("a:b", "a%3Ab"),
            ("", ""),
        ] {
            assert_eq!(encoded(id), text);
        }
    }

    proptest! {
        #[test]
        fn an_encoded_id_says_exactly_which_id_it_was(id in any::<String>()) {
            let text = encoded(&id);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            prop_assert_eq!(decoded(&text), Some(id));
        }

        #[test]
        fn a_key_says_exactly_which_row_it_is_of(ids in any::<[String; 3]>(), second in 0_i64..4_000_000_000, seconds in any::<u32>()) {
            let at = EventTime::from_seconds(second);
            let key = interval_key([&ids[0], &ids[1], &ids[2]], at, seconds);
            let parts: Vec<&str> = key.split('/').collect();
            prop_assert_eq!(parts.len(), 6);
            let read: Option<Vec<String>> = parts[1..4].iter().map(|part| decoded(part)).collect();
            prop_assert_eq!(read.as_deref(), Some(ids.as_slice()));
            prop_assert_eq!(of_interval(&key), Some((ids[2].clone(), at)));
            prop_assert_eq!(crate::wire::timestamp::from_rfc3339(parts[4]), Some(at));
            prop_assert_eq!(parts[5], seconds.to_string());
        }
    }
}
