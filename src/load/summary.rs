//! Summaries: what a run came to, in the shapes that programs read.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::figures::{Figures, millis_at};
use super::judging::{Bar, Finding};

/// The name of the shape of `run.json`; it stays.
pub const SCHEMA: &str = "journeycast.load-run/1";

/// The columns of a list of rates.
pub const COLUMNS: [&str; 16] = [
    "rate",
    "seconds",
    "sent",
    "ok",
    "too_many_requests",
    "other",
    "held_back",
    "throughput_per_second",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "p999_ms",
    "max_ms",
    "generator_lag_p99_ms",
    "taken",
    "other_answers",
];

/// What one rate came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    /// Events per second.
    pub rate: f64,
    /// How long it was kept.
    pub seconds: f64,
    /// Events that were sent.
    pub sent: u64,
    /// Events that were taken.
    pub ok: u64,
    /// Events that were answered with 429.
    pub too_many_requests: u64,
    /// All other events.
    pub other: u64,
    /// The other events, by what came of them.
    pub other_answers: BTreeMap<String, u64>,
    /// Events that were due and not sent, because the endpoint had asked to be left alone.
    pub held_back: u64,
    /// Events taken per second.
    pub throughput_per_second: f64,
    /// Half of the events that were taken took no longer, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 90 % took no longer.
    pub p90_ms: Option<f64>,
    /// 99 % took no longer.
    pub p99_ms: Option<f64>,
    /// 99.9 % took no longer.
    pub p999_ms: Option<f64>,
    /// None took longer.
    pub max_ms: Option<f64>,
    /// 99 % of the events were sent no later than this after they were due.
    pub generator_lag_p99_ms: Option<f64>,
    /// Whether the rate counts as taken; absent where nothing is there to judge it against.
    pub taken: Option<bool>,
}

impl StepSummary {
    /// The summary of a step, judged against a bar.
    pub fn of(figures: &Figures, bar: Option<Bar>) -> Self {
        let at = |quantile| millis_at(&figures.latency, quantile);
        Self {
            rate: figures.step.per_second,
            seconds: figures.kept().as_secs_f64(),
            sent: figures.sent,
            ok: figures.ok,
            too_many_requests: figures.too_many_requests,
            other: figures.other(),
            other_answers: figures.other.iter().map(|(answer, events)| (answer.name(), *events)).collect(),
            held_back: figures.held_back,
            throughput_per_second: figures.throughput(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
            generator_lag_p99_ms: millis_at(&figures.lag, 0.99),
            taken: bar.filter(|_| figures.is_to_be_judged()).map(|bar| bar.judge(figures).is_held()),
        }
    }

    /// The summary as a row under [`COLUMNS`].
    pub fn row(&self) -> [String; 16] {
        let millis = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        let others: Vec<String> =
            self.other_answers.iter().map(|(answer, events)| format!("{answer}={events}")).collect();
        [
            shown(self.rate),
            shown(self.seconds),
            self.sent.to_string(),
            self.ok.to_string(),
            self.too_many_requests.to_string(),
            self.other.to_string(),
            self.held_back.to_string(),
            format!("{:.1}", self.throughput_per_second),
            millis(self.p50_ms),
            millis(self.p90_ms),
            millis(self.p99_ms),
            millis(self.p999_ms),
            millis(self.max_ms),
            millis(self.generator_lag_p99_ms),
            self.taken.map_or("", |taken| if taken { "yes" } else { "no" }).to_owned(),
            others.join(" "),
        ]
    }
}

/// A number without a fraction where it has none.
pub fn shown(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

/// A number in JSON, without a fraction where it has none.
pub fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

/// What a whole run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// [`SCHEMA`].
    pub schema: String,
    /// Where the events went.
    pub target: String,
    /// What was sent.
    pub event: String,
    /// When it began.
    pub started: String,
    /// The steps, in the order in which they were made.
    pub steps: Vec<StepSummary>,
    /// The knee.
    pub knee_per_second: Option<f64>,
    /// The lowest rate that was not taken.
    pub knee_fails_at: Option<f64>,
    /// How sure that is.
    pub knee_confidence: Option<f64>,
    /// The finding in a sentence.
    pub finding: String,
    /// 99 % of all events were sent no later than this after they were due.
    pub generator_lag_p99_ms: Option<f64>,
    /// Why the run ended before its end.
    pub ended_early: Option<String>,
}

impl RunSummary {
    /// The summary of steps and of what they say about the knee.
    pub fn of(target: String, event: String, started: String, steps: &[Figures], finding: &Finding) -> Self {
        let mut ascending: Vec<&Figures> = steps.iter().filter(|figures| figures.is_to_be_judged()).collect();
        ascending.sort_by(|one, other| one.step.per_second.total_cmp(&other.step.per_second));
        let bar = Bar::of(ascending);
        let (fails_at, confidence) = match finding {
            Finding::Found(knee) => (Some(knee.fails_at), Some(knee.confidence)),
            Finding::Above(_) | Finding::Below(_) | Finding::Unknown | Finding::Cut(_) => (None, None),
        };
        let mut lag: Option<Histogram<u64>> = None;
        for figures in steps {
            match &mut lag {
                None => lag = Some(figures.lag.clone()),
                // Histograms of the same digits that grow can always be added.
                Some(lag) => drop(lag.add(&figures.lag)),
            }
        }
        Self {
            schema: SCHEMA.to_owned(),
            target,
            event,
            started,
            steps: steps.iter().map(|figures| StepSummary::of(figures, bar)).collect(),
            knee_per_second: finding.per_second(),
            knee_fails_at: fails_at,
            knee_confidence: confidence,
            finding: said(finding, bar),
            generator_lag_p99_ms: lag.and_then(|lag| millis_at(&lag, 0.99)),
            ended_early: None,
        }
    }

    /// The answer for programs; its shape stays.
    pub fn as_json(&self) -> Value {
        let rates: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "rate": number(step.rate),
                    "sent": step.sent,
                    "ok": step.ok,
                    "too_many_requests": step.too_many_requests,
                    "other": step.other,
                    "p50_ms": step.p50_ms,
                    "p99_ms": step.p99_ms,
                })
            })
            .collect();
        json!({
            "rates": rates,
            "knee_per_second": self.knee_per_second.map(number),
            "knee_confidence": self.knee_confidence,
            "ended_early": self.ended_early,
            "generator_lag_p99_ms": self.generator_lag_p99_ms,
        })
    }
}

/// The finding in words, and what is lost at every rate where that is worth a word.
fn said(finding: &Finding, bar: Option<Bar>) -> String {
    let lost = bar.map(|bar| bar.loss).filter(|loss| *loss > 0.002).map_or_else(String::new, |loss| {
        format!(" Even at the lowest rates {:.1} % of the events were refused or lost.", loss * 100.0)
    });
    finding.sentence() + &lost
}

/// How often a run made a rate.
pub fn times_made(run: &RunSummary, rate: f64) -> usize {
    run.steps.iter().filter(|step| key(step.rate) == key(rate)).count()
}

/// Rates are the same to a thousandth of an event.
fn key(rate: f64) -> u64 {
    (rate * 1_000.0).round() as u64
}

/// Rates of two runs, paired in ascending order: first run, second run, or both.
pub fn paired<'a>(
    one: &'a RunSummary,
    other: &'a RunSummary,
) -> Vec<(Option<&'a StepSummary>, Option<&'a StepSummary>)> {
    // A rate that was tried twice is told as it came out the last time.
    let last = |run: &'a RunSummary| -> BTreeMap<u64, &'a StepSummary> {
        run.steps.iter().map(|step| (key(step.rate), step)).collect()
    };
    let (one, other) = (last(one), last(other));
    let mut rates: Vec<u64> = one.keys().chain(other.keys()).copied().collect();
    rates.sort_unstable();
    rates.dedup();
    rates.into_iter().map(|rate| (one.get(&rate).copied(), other.get(&rate).copied())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::figures::{Answer, OtherAnswer, Step};

    fn run(rates: &[f64]) -> RunSummary {
        let steps: Vec<Figures> = rates
            .iter()
            .map(|per_second| {
                let step = Step { per_second: *per_second, length: Duration::from_secs(1) };
                let mut figures = Figures::of(step);
                figures.answered(0, Duration::from_micros(40), Duration::from_millis(200), Answer::Taken);
                figures.answered(1, Duration::ZERO, Duration::from_millis(2), Answer::TooManyRequests);
                let lost = Answer::Other(OtherAnswer::Status(500));
                figures.answered(2, Duration::ZERO, Duration::from_millis(2), lost);
                figures
            })
            .collect();
        let words = ["http://127.0.0.1:1/", "pageview", "2026-11-24T10:00:00Z"].map(str::to_owned);
        let [target, event, started] = words;
        RunSummary::of(target, event, started, &steps, &Finding::Unknown)
    }

    #[test]
    fn programs_get_exactly_the_promised_members() {
        let said = run(&[20.0, 62.5]).as_json();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&said),
            ["ended_early", "generator_lag_p99_ms", "knee_confidence", "knee_per_second", "rates"]
        );
        assert_eq!(names(&said["rates"][0]), ["ok", "other", "p50_ms", "p99_ms", "rate", "sent", "too_many_requests"]);
        assert_eq!(said["rates"][0]["rate"].to_string(), "20");
        assert_eq!(said["rates"][1]["rate"].to_string(), "62.5");
        assert_eq!(said["rates"][0]["sent"], 3);
        assert!(said["knee_per_second"].is_null());
    }

    #[test]
    fn a_run_is_read_back_from_its_file_as_it_was() {
        let run = run(&[20.0]);
        let text = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<RunSummary>(&text).unwrap(), run);
        assert_eq!(run.steps[0].other_answers["status_500"], 1);
        assert_eq!(run.steps[0].row()[15], "status_500=1");
    }

    #[test]
    fn runs_are_paired_by_rate_even_where_only_one_of_them_tried_it() {
        let (one, other) = (run(&[100.0, 20.0]), run(&[100.0, 300.0]));
        let pairs: Vec<(bool, bool)> =
            paired(&one, &other).iter().map(|(one, other)| (one.is_some(), other.is_some())).collect();
        assert_eq!(pairs, [(true, false), (true, true), (false, true)]);
    }
}
