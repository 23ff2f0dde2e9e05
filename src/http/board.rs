//! The board: what the counting loop last showed, for whoever asks.

use std::collections::BTreeMap;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Shared;
use crate::engine::Span;
use crate::engine::fact::OrganizationIndex;
use crate::io::Counter;
use crate::io::counter::CounterError;

/// A visit counts as staying after this long on one kind of page.
const DWELL: Span = Span::from_minutes(5);

type Labels = Vec<(String, String)>;

/// What was last shown.
#[derive(Debug, Clone, Default)]
struct Shown {
    caught_up: bool,
    figures: BTreeMap<(&'static str, Labels), i64>,
}

/// What the counting loop last showed.
#[derive(Debug, Clone, Default)]
pub struct Board(Shared<Shown>);

/// Every metric and its sentence.
pub const METRICS: [(&str, &str); 7] = [
    (
        "journeycast_records",
        "Records read since the data folder was made, by source and outcome; the four outcomes add up",
    ),
    ("journeycast_set_aside", "Records set aside since the data folder was made, by source and class"),
    ("journeycast_facts", "Facts taken in since the start, by what became of them"),
    ("journeycast_remembered", "Entities that are remembered, by kind"),
    (
        "journeycast_live_visits",
        "Visits that are on a page of this class now, and those that have been there for five minutes",
    ),
    ("journeycast_watermark_seconds", "Event time up to which nothing more is waited for, by organization"),
    ("journeycast_unrouted_actions", "Actions whose action map leads to no planning group"),
];

impl Board {
    /// Shows where the counting loop stands.
    pub fn show(&self, counter: &Counter, caught_up: bool) -> Result<(), CounterError> {
        let mut figures = BTreeMap::new();
        let label = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for account in counter.log().accounting()? {
            let labels = label(&[("source", &account.source), ("outcome", &account.outcome)]);
            *figures.entry(("journeycast_records", labels)).or_default() += number(account.records);
            if !account.class.is_empty() {
                let labels = label(&[("source", &account.source), ("class", &account.class)]);
                *figures.entry(("journeycast_set_aside", labels)).or_default() += number(account.records);
            }
        }
        let engine = counter.engine();
        let totals = engine.totals();
        for (what, n) in [
            ("action", totals.action_facts),
            ("visit", totals.visit_facts),
            ("conversation", totals.conversation_facts),
            ("repeated", totals.repeated),
            ("state_gone", totals.state_gone),
        ] {
            figures.insert(("journeycast_facts", label(&[("kind", what)])), number(n));
        }
        for (kind, n) in ["action", "conversation", "visit"].into_iter().zip(engine.remembered()) {
            figures.insert(("journeycast_remembered", label(&[("kind", kind)])), i64::try_from(n).unwrap_or(i64::MAX));
        }
        for (place, id) in counter.organizations().iter().enumerate() {
            let organization = OrganizationIndex(u16::try_from(place).unwrap_or(u16::MAX));
            for (class, count) in engine.live_visits(organization, DWELL) {
                for (stay, n) in [("now", count.now), ("five_minutes", count.longer)] {
                    let labels =
                        label(&[("organization", id), ("page_class", class.unwrap_or("none")), ("stay", stay)]);
                    figures.insert(("journeycast_live_visits", labels), number(n));
                }
            }
            if let Some(watermark) = engine.watermark(organization) {
                figures.insert(("journeycast_watermark_seconds", label(&[("organization", id)])), watermark.seconds());
            }
        }
        let unrouted = engine.unrouted().map(|(_, n)| n).sum();
        figures.insert(("journeycast_unrouted_actions", Labels::new()), unrouted);
        self.0.set(Shown { caught_up, figures });
        Ok(())
    }

    /// Whether the loop had caught up when it last showed.
    pub fn is_caught_up(&self) -> bool {
        self.0.get().caught_up
    }

    /// Everything in the text format of OpenMetrics.
    pub fn metrics(&self) -> String {
        let shown = self.0.get();
        let mut registry = Registry::default();
        for (name, help) in METRICS {
            let family = Family::<Labels, Gauge>::default();
            registry.register(name, help, family.clone());
            for ((_, labels), value) in shown.figures.iter().filter(|((figure, _), _)| *figure == name) {
                family.get_or_create(labels).set(*value);
            }
        }
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }

    /// Live visits in a sentence each, for a person.
    pub fn view(&self) -> String {
        let shown = self.0.get();
        let lines = shown.figures.iter().map(|((name, labels), value)| {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{name} {} {value}\n", labels.join(" "))
        });
        lines.collect()
    }
}
