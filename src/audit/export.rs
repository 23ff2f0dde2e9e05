//! The audit as lines of JSON: entry, hash and head of each, in the one way to write them.

use serde_json::{Value, json};

use super::{Hash, Kept};

/// One line, without its line feed.
pub fn line(kept: &Kept) -> String {
    let entry: Value = serde_json::from_str(&kept.entry).unwrap_or_default();
    json!({"entry": entry, "hash": kept.hash, "head": kept.head}).to_string()
}

/// A line back; none where it is not as it was written.
pub fn read(text: &str) -> Option<Kept> {
    let value: Value = serde_json::from_str(text).ok()?;
    let word = |name: &str| value.get(name).and_then(Value::as_str);
    let kept = Kept {
        entry: value.get("entry")?.to_string(),
        hash: Hash::from_hex(word("hash")?)?,
        head: word("head")?.to_owned(),
    };
    (line(&kept) == text).then_some(kept)
}
