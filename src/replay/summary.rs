//! The summary of a replay: what became of every record, and what is known of the rest.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Engine, EventTime};
use crate::io::clock::usage;
use crate::io::reading::Accounting;
use crate::wire::Rfc3339;

/// An unlisted action map is named only where at least so many actions came of it: what fewer name may be anything.
const NAMED_FROM: i64 = 5;

/// What became of every record.
#[derive(Debug)]
pub struct Summary {
    value: Value,
}

impl Summary {
    /// Sums up.
    pub fn of(
        accounts: &BTreeMap<String, Accounting>,
        engine: &Engine,
        strangers: &BTreeMap<String, String>,
        span: Option<(EventTime, EventTime)>,
        rows: usize,
    ) -> Self {
        let mut all = Accounting::default();
        accounts.values().for_each(|account| all.add(account));
        let sources: BTreeMap<&String, Value> =
            accounts.iter().map(|(name, account)| (name, figures_with_classes(account))).collect();
        let totals = engine.totals();
        let time = |at: EventTime| Rfc3339::from(at).to_string();
        let value = json!({
            "records": figures(&all),
            "set_aside_by_class": classes(&all),
            "sources": sources,
            "facts": totals.action_facts + totals.visit_facts + totals.conversation_facts,
            "facts_by_kind": {"action": totals.action_facts, "visit": totals.visit_facts, "conversation": totals.conversation_facts},
            "repeated_facts": totals.repeated,
            "state_gone": totals.state_gone,
            "unrouted": unrouted(engine, strangers),
            "first_event_time": span.map(|(first, _)| time(first)),
            "last_event_time": span.map(|(_, last)| time(last)),
            "rows": rows,
        });
        Self { value }
    }

    /// As text.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.value)
    }
}

fn figures(account: &Accounting) -> Value {
    json!({
        "read": account.read(),
        "admitted": account.admitted,
        "not_relevant": account.not_relevant,
        "not_permitted": account.not_permitted,
        "set_aside": account.set_aside_in_all(),
    })
}

fn figures_with_classes(account: &Accounting) -> Value {
    let mut value = figures(account);
    if let Some(object) = value.as_object_mut() {
        object.insert("set_aside_by_class".to_owned(), classes(account));
    }
    value
}

fn classes(account: &Accounting) -> Value {
    account.set_aside.iter().map(|(class, n)| (class.name().to_owned(), Value::from(*n))).collect()
}

/// Actions whose map leads nowhere: named maps, and the rest as one figure.
pub fn unrouted(engine: &Engine, strangers: &BTreeMap<String, String>) -> Value {
    let (mut named, mut rest): (BTreeMap<&str, i64>, i64) = (BTreeMap::new(), 0);
    for (label, actions) in engine.unrouted() {
        match label.and_then(|label| strangers.get(label)) {
            Some(text) if actions >= NAMED_FROM => *named.entry(text).or_default() += actions,
            Some(_) | None => rest += actions,
        }
    }
    json!({"action_maps": named, "other": rest})
}

/// The only file that may differ between two replays of the same records.
pub fn write_timing(out: &mut dyn Write, wall: Duration) -> std::io::Result<()> {
    let used = usage();
    let timing = json!({
        "wall_seconds": wall.as_secs_f64(),
        "cpu_seconds": used.cpu_seconds,
        "peak_memory_bytes": used.peak_bytes,
    });
    writeln!(out, "{timing:#}")
}
