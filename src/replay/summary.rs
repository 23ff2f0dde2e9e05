//! The summary of a replay: what became of every record, and what is known of the rest.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Engine, EventTime, Unrouted};
use crate::io::clock::usage;
use crate::io::reading::Accounting;
use crate::wire::Rfc3339;

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
            "facts": totals.action_facts + totals.visit_facts + totals.conversation_facts + totals.taint_facts,
            "facts_by_kind": {"action": totals.action_facts, "visit": totals.visit_facts, "conversation": totals.conversation_facts, "taint": totals.taint_facts},
            "repeated_facts": totals.repeated,
            "state_gone": totals.state_gone,
            "unrouted": unrouted(engine, strangers),
            "regulated": regulated(engine),
            "policy_version": engine.policy_version(),
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

/// Actions whose map leads nowhere: told maps, and the rest as one figure.
fn unrouted(engine: &Engine, strangers: &BTreeMap<String, String>) -> Value {
    let Unrouted { action_maps, other } = Unrouted::of(engine.unrouted(), strangers);
    json!({"action_maps": action_maps, "other": other})
}

/// Actions of regulated visits by regime and day; where they are so few that they might be somebody in particular, null.
fn regulated(engine: &Engine) -> Value {
    let mut regimes: BTreeMap<&str, BTreeMap<String, Option<i64>>> = BTreeMap::new();
    for (regime, day, actions) in engine.regulated() {
        regimes.entry(regime.name()).or_default().insert(day.to_string(), actions);
    }
    json!(regimes)
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
