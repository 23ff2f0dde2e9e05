//! The two ways agree on whatever arrives: common records, disfigured ones, and bytes of no meaning.

use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::simulate::{ORGANIZATION, Pathologies, Site, SitePlan};

/// Records of a site, some of them spoilt; every kind of event is among them.
static RECORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let plan = SitePlan { seed: 5, days: 1.0, pathologies: Pathologies::ALL, ..SitePlan::default() };
    Site::new(plan).step_by(7).take(1_500).map(|sent| sent.line).collect()
});

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    organizations: vec![Arc::from(ORGANIZATION)],
    default_organization: Some(Arc::from(ORGANIZATION)),
    signals: Some(SignalNames { consent: "consent".into(), privacy_control: "gpc".into() }),
    max_clock_ahead: Span::from_minutes(10),
    correction_horizon: Span::from_days(7),
});

fn agree(record: &[u8]) -> Result<(), TestCaseError> {
    let slow = read_slowly(record, None, &RULES);
    prop_assert_eq!(read(record, None, &RULES), slow, "{}", String::from_utf8_lossy(record));
    Ok(())
}

/// Choices of a sender, one byte each, over and over.
struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        self.at += 1;
        self.bytes.get(self.at % self.bytes.len()).copied().unwrap_or(0)
    }

    fn one_in(&mut self, so_many: u8) -> bool {
        self.next().is_multiple_of(so_many)
    }
}

/// Writes JSON as no one sender would: keys in any order and twice, white space, escapes, other types.
struct Writer<'a> {
    choices: Choices<'a>,
    /// How rarely something is spoilt; one time in so many.
    rarity: u8,
    out: String,
}

impl Writer<'_> {
    fn space(&mut self) {
        const SPACES: [&str; 5] = [" ", "\t", "\r\n", "  ", "\u{a0}"];
        if self.choices.one_in(9) {
            let place = usize::from(self.choices.next()) % if self.choices.one_in(200) { 5 } else { 4 };
            self.out.push_str(SPACES.get(place).unwrap());
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        let escapes = self.choices.one_in(self.rarity);
        for char in text.chars() {
            match char {
                '"' | '\\' => self.out.extend(['\\', char]),
                '\0'..=' ' => self.out.push_str(&format!("\\u{:04x}", u32::from(char))),
                _ if escapes && char.is_ascii() && self.choices.one_in(3) => {
                    self.out.push_str(&format!("\\u{:04X}", u32::from(char)));
                }
                _ => self.out.push(char),
            }
        }
        self.out.push('"');
    }

    fn junk(&mut self) {
        const JUNK: [&str; 16] = [
            "null",
            "7",
            "-0",
            "1e400",
            "1.5",
            "99999999999999999999",
            "true",
            "[]",
            "{}",
            r#""""#,
            r#""\ud800""#,
            "[[{}]]",
            r#""{}""#,
            r#"{"id":"x","id":7}"#,
            "1793610000000",
            "01",
        ];
        let place = usize::from(self.choices.next()) % JUNK.len();
        self.out.push_str(JUNK.get(place).unwrap());
    }

    fn value(&mut self, value: &Value) {
        self.space();
        if self.choices.one_in(self.rarity) && self.choices.one_in(3) {
            self.junk();
            return self.space();
        }
        match value {
            Value::Object(members) => self.object(members),
            Value::Array(items) => {
                self.out.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        self.out.push(',');
                    }
                    self.value(item);
                }
                self.out.push(']');
            }
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => self.out.push_str(&value.to_string()),
        }
        self.space();
    }

    fn object(&mut self, members: &serde_json::Map<String, Value>) {
        let mut members: Vec<(&String, &Value)> = members.iter().collect();
        for place in (1..members.len()).rev() {
            members.swap(place, usize::from(self.choices.next()) % (place + 1));
        }
        if self.choices.one_in(self.rarity) {
            members.extend(members.first().copied());
        }
        if self.choices.one_in(self.rarity) {
            members.pop();
        }
        self.out.push('{');
        for (place, (key, value)) in members.into_iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            self.space();
            self.text(key);
            self.space();
            self.out.push(':');
            self.value(value);
        }
        self.out.push('}');
    }
}

/// A record of the site, or what is inside its envelope.
fn part_of(record: &[u8], inner: u8) -> Option<Value> {
    let whole: Value = serde_json::from_slice(record).ok()?;
    let part = match inner % 4 {
        0 | 1 => None,
        2 => whole.get("detail"),
        _ => whole.pointer("/detail/eventBody"),
    };
    part.cloned().or(Some(whole))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn on_records_as_any_sender_might_write_them(
        place in 0_usize..1_500, inner in any::<u8>(), choices in vec(any::<u8>(), 1..200), rarity in 2_u8..120, wrapped in 0_u8..6,
    ) {
        let Some(value) = RECORDS.get(place).and_then(|record| part_of(record, inner)) else { return Ok(()) };
        let mut writer = Writer { choices: Choices { bytes: &choices, at: 0 }, rarity, out: String::new() };
        writer.value(&value);
        agree(writer.out.as_bytes())?;
        if wrapped == 0 {
            agree(serde_json::json!({ "time": 7, "detail": writer.out }).to_string().as_bytes())?;
        }
    }

    #[test]
    fn on_records_that_were_cut_or_whose_bytes_were_changed(
        place in 0_usize..1_500, cut in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let Some(record) = RECORDS.get(place).filter(|record| !record.is_empty()) else { return Ok(()) };
        agree(record.get(..cut.index(record.len())).unwrap_or(record))?;
        let mut changed = record.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed.splice(at..=at, [byte]);
            agree(&changed)?;
        }
    }

    #[test]
    fn on_text_that_looks_a_little_like_json(text in r#"[ \t\[\]{}:,"\\u0-9a-fA-F.eE+-]{0,40}|\{("detail"|"eventType"|"source"|"x"):[\[\]{}:,"\\0-9tru.eE+-]{0,12}\}"#) {
        agree(text.as_bytes())?;
    }
}

#[test]
fn on_a_record_cut_at_every_byte() {
    for record in RECORDS.iter().filter(|record| record.len() < 4_000).take(12) {
        for end in 0..record.len() {
            let cut = record.get(..end).unwrap();
            assert_eq!(read(cut, None, &RULES), read_slowly(cut, None, &RULES));
        }
    }
}

#[test]
fn every_usable_record_of_a_healthy_site_takes_the_short_cut() {
    let plan = SitePlan { seed: 6, days: 0.2, pathologies: Pathologies::NONE, ..SitePlan::default() };
    for sent in Site::new(plan).take(2_000) {
        let is_short = fast::read(&sent.line, None, &RULES).is_some();
        let is_usable = !matches!(
            read_slowly(&sent.line, None, &RULES),
            Reading::SetAside(_) | Reading::Untimely(..) | Reading::Blank
        );
        assert_eq!(is_short, is_usable, "{}", String::from_utf8_lossy(&sent.line));
    }
}
