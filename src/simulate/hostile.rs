//! Records that are valid and vicious: they say the same, but a careless reader hears something else.

use super::dice::Dice;
use super::persona::PERSONAL_MARKER;

/// Any string of JSON may be written with escapes; these keys are needed, so they are.
const ESCAPES: [(&str, &str); 9] = [
    ("\"detail\":{", "\"d\\u0065tail\":{"),
    ("\"eventBody\":{", "\"event\\u0042ody\":{"),
    ("\"eventType\":", "\"event\\u0054ype\":"),
    ("\"createdDate\":", "\"\\u0063reatedDate\":"),
    ("\"action\":{", "\"\\u0061ction\":{"),
    ("\"state\":", "\"st\\u0061te\":"),
    ("\"actionMap\":{", "\"action\\u004dap\":{"),
    ("\"conversationId\":", "\"conversation\\u0049d\":"),
    ("\"queueId\":", "\"\\u0071ueueId\":"),
];

/// A second copy of keys that nobody needs, half a surrogate, and a number that no machine can hold.
const ODDITIES: [(&str, &str); 4] = [
    ("\"ipAddress\":", "\"ipAddress\":\"10.0.0.1\",\"ipAddress\":"),
    ("\"displayName\":", "\"displayName\":7,\"displayName\":"),
    ("\"customerIdType\":", "\"customerNote\":\"\\ud83d \\u0000\",\"customerIdType\":"),
    ("\"provider\":", "\"priority\":1e400,\"size\":123456789012345678901234567890,\"provider\":"),
];

/// The same record, written by somebody who means harm.
pub fn made_hostile(dice: &mut Dice, line: Vec<u8>) -> Vec<u8> {
    let Ok(mut text) = String::from_utf8(line) else { return Vec::new() };
    let body = "\"eventBody\":{";
    if dice.chance(0.7) {
        text = text.replacen(body, &format!("{body}{}", decoys(dice)), 1);
    }
    for (plain, odd) in ESCAPES.into_iter().chain(ODDITIES) {
        if dice.chance(0.4) {
            text = text.replacen(plain, odd, 1);
        }
    }
    text.into_bytes()
}

/// The right words in the wrong places, in front of the right ones.
fn decoys(dice: &mut Dice) -> String {
    let depth = 20 + dice.below(70);
    let nest = format!("{}\"{PERSONAL_MARKER}\"{}", "[".repeat(depth), "]".repeat(depth));
    let decoy = format!(
        "{{\"action\":{{\"id\":\"{PERSONAL_MARKER}\",\"state\":\"engaged\"}},\"createdDate\":\"1999-01-01T00:00:00Z\",\
         \"eventType\":\"WebEvent\",\"queueId\":\"q-decoy\",\"detail\":{{\"eventBody\":{{}}}},\"text\":\"\\\",\\\"state\\\":\\\"rejected\"}}"
    );
    format!("\"tomorrow\":{decoy},\"attributes\":{{\"eventBody\":{decoy},\"nest\":{nest}}},")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_record_still_says_the_same() {
        let plain = br#"{"detail":{"eventBody":{"createdDate":"2026-11-02T09:00:00.000Z","eventType":"WebActionEvent","webActionEvent":{"action":{"id":"a","state":"offered"}}}}}"#;
        let mut dice = Dice::new(9, &[]);
        for _ in 0..50 {
            let line = made_hostile(&mut dice, plain.to_vec());
            let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
            let body = &value["detail"]["eventBody"];
            assert_eq!(body["createdDate"], "2026-11-02T09:00:00.000Z");
            assert_eq!(body["webActionEvent"]["action"]["state"], "offered");
        }
    }
}
