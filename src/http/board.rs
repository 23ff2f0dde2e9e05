//! The board: what the counting loop last showed, for whoever asks.

use std::collections::BTreeMap;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter as Total;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Shared;
use crate::engine::fact::OrganizationIndex;
use crate::engine::{Engine, Span, Unrouted};
use crate::io::Counter;
use crate::io::log::{Accounted, Log};

/// A visit counts as staying after this long on one kind of page.
const DWELL: Span = Span::from_minutes(5);

type Labels = Vec<(String, String)>;
type Figures = BTreeMap<(&'static str, Labels), i64>;

/// What was last shown.
#[derive(Debug, Clone, Default)]
struct Shown {
    caught_up: bool,
    figures: Figures,
}

/// What the counting loop last showed.
#[derive(Debug, Clone, Default)]
pub struct Board(Shared<Shown>);

/// Whether a figure only grows.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Total,
    Gauge,
}

/// Every metric, its kind and its sentence; the name of a total ends in `_total` where it is written out.
const METRICS: [(&str, Kind, &str); 11] = [
    (
        "journeycast_records",
        Kind::Total,
        "Records read since the log was made, by source and outcome; the four outcomes add up",
    ),
    ("journeycast_set_aside", Kind::Total, "Records set aside since the log was made, by source and class"),
    ("journeycast_facts", Kind::Total, "Facts taken in since the start, by what became of them"),
    ("journeycast_remembered", Kind::Gauge, "Entities that are remembered, by kind"),
    (
        "journeycast_live_visits",
        Kind::Gauge,
        "Visits that are on a page of this class now, and those that have been there for five minutes",
    ),
    ("journeycast_watermark_seconds", Kind::Gauge, "Event time up to which nothing more is waited for"),
    (
        "journeycast_regulated_actions",
        Kind::Gauge,
        "Actions of regulated visits by regime, of the days that had at least five; they are in no row",
    ),
    ("journeycast_unrouted_actions", Kind::Gauge, "Actions whose action map leads to no planning group, by map"),
    ("journeycast_lag_records", Kind::Gauge, "Records that are not read, or not counted, yet; of Kafka, by stage"),
    ("journeycast_partitions_owned", Kind::Gauge, "Partitions that this worker owns; of Kafka, by stage"),
    ("journeycast_commits", Kind::Total, "Transactions of counting since the start; of Kafka, by how they ended"),
];

/// The names of all metrics as they are written out, for those who draw them and those who wake somebody by them.
pub fn metric_names() -> impl Iterator<Item = String> {
    METRICS.iter().map(|(name, kind, _)| match kind {
        Kind::Total => format!("{name}_total"),
        Kind::Gauge => (*name).to_owned(),
    })
}

/// What stages of a log that several workers share tell of themselves: metric, label, its value, figure.
pub type StageFigure = (&'static str, &'static str, &'static str, u64);

/// What a worker shows.
#[derive(Debug)]
pub struct Showing<'a, L> {
    /// The owners that count here.
    pub counters: &'a [&'a Counter<L>],
    /// What became of all records.
    pub accounting: &'a [Accounted],
    /// Which unlisted action maps may be told.
    pub texts: &'a BTreeMap<String, String>,
    /// What the stages tell of themselves.
    pub stages: &'a [StageFigure],
    /// Whether nothing is left to be counted; of a shared log, whether everything that is owned is counted.
    pub caught_up: bool,
}

fn label(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn account_for(accounting: &[Accounted], figures: &mut Figures) {
    for account in accounting {
        let labels = label(&[("source", &account.source), ("outcome", &account.outcome)]);
        *figures.entry(("journeycast_records", labels)).or_default() += number(account.records);
        if !account.class.is_empty() {
            let labels = label(&[("source", &account.source), ("class", &account.class)]);
            *figures.entry(("journeycast_set_aside", labels)).or_default() += number(account.records);
        }
    }
}

fn remember(engine: &Engine, figures: &mut Figures) {
    let totals = engine.totals();
    for (what, n) in [
        ("action", totals.action_facts),
        ("visit", totals.visit_facts),
        ("conversation", totals.conversation_facts),
        ("taint", totals.taint_facts),
        ("repeated", totals.repeated),
        ("state_gone", totals.state_gone),
    ] {
        *figures.entry(("journeycast_facts", label(&[("kind", what)]))).or_default() += number(n);
    }
    for (regime, _, actions) in engine.regulated() {
        let labels = label(&[("regime", regime.name())]);
        *figures.entry(("journeycast_regulated_actions", labels)).or_default() += actions.unwrap_or(0);
    }
    for (kind, n) in ["action", "conversation", "visit"].into_iter().zip(engine.remembered()) {
        *figures.entry(("journeycast_remembered", label(&[("kind", kind)]))).or_default() += number(n as u64);
    }
}

fn look_at(engine: &Engine, organization: OrganizationIndex, id: &str, figures: &mut Figures) {
    for (class, count) in engine.live_visits(organization, DWELL) {
        for (stay, n) in [("now", count.now), ("five_minutes", count.longer)] {
            let labels = label(&[("organization", id), ("page_class", class.unwrap_or("none")), ("stay", stay)]);
            *figures.entry(("journeycast_live_visits", labels)).or_default() += number(n);
        }
    }
    if let Some(watermark) = engine.watermark(organization) {
        figures.insert(("journeycast_watermark_seconds", label(&[("organization", id)])), watermark.seconds());
    }
}

fn lead_nowhere(unrouted: Unrouted, figures: &mut Figures) {
    for (map, actions) in unrouted.action_maps.iter().map(|(map, n)| (map.as_str(), *n)).chain([("", unrouted.other)]) {
        *figures.entry(("journeycast_unrouted_actions", label(&[("action_map", map)]))).or_default() += actions;
    }
}

impl Board {
    /// Shows where the counting loop stands.
    pub fn show<L: Log>(&self, showing: &Showing<'_, L>) {
        let mut figures = Figures::new();
        account_for(showing.accounting, &mut figures);
        for counter in showing.counters {
            let engine = counter.engine();
            remember(engine, &mut figures);
            for (place, id) in counter.organizations().iter().enumerate() {
                let organization = OrganizationIndex(u16::try_from(place).unwrap_or(u16::MAX));
                look_at(engine, organization, id, &mut figures);
            }
            lead_nowhere(Unrouted::of(engine.unrouted(), showing.texts), &mut figures);
        }
        for (metric, name, value, n) in showing.stages {
            *figures.entry((metric, label(&[(name, value)]))).or_default() += number(*n);
        }
        self.0.set(Shown { caught_up: showing.caught_up, figures });
    }

    /// Whether the loop had caught up when it last showed.
    pub fn is_caught_up(&self) -> bool {
        self.0.get().caught_up
    }

    /// Everything in the text format of OpenMetrics.
    pub fn metrics(&self) -> String {
        let shown = self.0.get();
        let mut registry = Registry::default();
        for (name, kind, help) in METRICS {
            let figures = shown.figures.iter().filter(|((figure, _), _)| *figure == name);
            match kind {
                Kind::Total => {
                    let family = Family::<Labels, Total>::default();
                    registry.register(name, help, family.clone());
                    figures.for_each(|((_, labels), value)| {
                        family.get_or_create(labels).inc_by(u64::try_from(*value).unwrap_or(0));
                    });
                }
                Kind::Gauge => {
                    let family = Family::<Labels, Gauge>::default();
                    registry.register(name, help, family.clone());
                    figures.for_each(|((_, labels), value)| {
                        family.get_or_create(labels).set(*value);
                    });
                }
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
