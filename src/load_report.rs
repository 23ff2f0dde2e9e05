//! `load report`: one run or two side by side from their files, or recorded events in which a ceiling is looked for.

use serde_json::{Value, json};

use crate::cli::Format;
use crate::io::Lines;
use crate::io::load::files;
use crate::listing::Listing;
use crate::load::summary::{COLUMNS, number, paired, shown, times_made};
use crate::load::{Ceiling, Recorded, RunSummary, StepSummary, page};
use crate::load_cli::ReportArgs;
use crate::perform::{Failure, print};

/// The columns of a comparison.
const COMPARED: [&str; 15] = [
    "rate",
    "made_1",
    "made_2",
    "ok_1",
    "ok_2",
    "429_1",
    "429_2",
    "other_1",
    "other_2",
    "p50_ms_1",
    "p50_ms_2",
    "p99_ms_1",
    "p99_ms_2",
    "p99_change",
    "taken",
];

/// The columns of recorded events.
const HOURS: [&str; 6] = ["hour", "events", "missing", "share_missing", "peak_per_second", "seconds_at_ceiling"];

/// Compares runs, or looks for a ceiling.
///
/// # Errors
///
/// Where a file is no run or cannot be read, or the answer cannot be written.
pub fn report(args: &ReportArgs) -> Result<(), Failure> {
    if !args.against_events.is_empty() {
        return ceiling(args);
    }
    let runs: Vec<RunSummary> =
        args.runs.iter().map(|path| files::read(path)).collect::<Result<_, _>>().map_err(Failure::Failed)?;
    let both: Vec<&RunSummary> = runs.iter().collect();
    if let Some(file) = &args.html {
        std::fs::write(file, page::page(&both))
            .map_err(|error| Failure::Failed(format!("--html {}: {error}", file.display())))?;
    }
    let mut text = match &*both {
        [one, other] => {
            let pairs = Pair::all(one, other);
            match args.format {
                Format::Json => format!("{:#}\n", Value::Array(pairs.iter().map(Pair::as_json).collect())),
                Format::Csv | Format::Table => {
                    Listing { columns: COMPARED, rows: pairs.iter().map(Pair::row).collect() }.written(args.format)?
                }
            }
        }
        _ => {
            let steps = both.iter().flat_map(|run| &run.steps);
            match args.format {
                Format::Json => format!("{:#}\n", serde_json::to_value(steps.collect::<Vec<_>>())?),
                Format::Csv | Format::Table => {
                    Listing { columns: COLUMNS, rows: steps.map(StepSummary::row).collect() }.written(args.format)?
                }
            }
        }
    };
    if args.format == Format::Table {
        text += &sentences(&both);
    }
    print(&text)?;
    for run in runs {
        tracing::info!(target = run.target, started = run.started, "{}", run.finding);
    }
    Ok(())
}

/// What each run found, and which of its rates a comparison shows only as they came out the last time.
fn sentences(runs: &[&RunSummary]) -> String {
    let mut said = String::new();
    for (at, run) in runs.iter().enumerate() {
        let which = if runs.len() > 1 { format!("Run {}: ", at + 1) } else { String::new() };
        let early = run.ended_early.as_ref().map_or_else(String::new, |early| format!(" It ended early: {early}."));
        said += &format!("{which}{}{early} ({}, begun {})\n", run.finding, run.target, run.started);
        let mut again: Vec<f64> =
            run.steps.iter().map(|step| step.rate).filter(|rate| times_made(run, *rate) > 1).collect();
        again.sort_by(f64::total_cmp);
        again.dedup();
        if runs.len() > 1 && !again.is_empty() {
            let again: Vec<String> =
                again.into_iter().map(|rate| format!("{}/s {} times", shown(rate), times_made(run, rate))).collect();
            said += &format!("It made {}; the last time is shown.\n", again.join(", "));
        }
    }
    said
}

/// A rate of two runs, made by at least one of them.
struct Pair<'a> {
    one: Option<&'a StepSummary>,
    other: Option<&'a StepSummary>,
    rate: f64,
    /// How often each run made it; the last time is told.
    made: (usize, usize),
}

impl<'a> Pair<'a> {
    fn all(first: &'a RunSummary, second: &'a RunSummary) -> Vec<Self> {
        let pair = |(one, other): (Option<&'a StepSummary>, Option<&'a StepSummary>)| {
            let rate = one.or(other).map_or(0.0, |step| step.rate);
            Self { one, other, rate, made: (times_made(first, rate), times_made(second, rate)) }
        };
        paired(first, second).into_iter().map(pair).collect()
    }

    /// How much longer 99 % of the events take in the second run, as a share.
    fn p99_change(&self) -> Option<f64> {
        let p99 = |step: Option<&StepSummary>| step.and_then(|step| step.p99_ms);
        let (one, other) = (p99(self.one)?, p99(self.other)?);
        (one > 0.0).then(|| other / one - 1.0)
    }

    fn as_json(&self) -> Value {
        let (one, other) = (self.one, self.other);
        let count = |step: Option<&StepSummary>, of: fn(&StepSummary) -> u64| step.map(of);
        let millis = |step: Option<&StepSummary>, of: fn(&StepSummary) -> Option<f64>| step.and_then(of);
        let taken = |step: Option<&StepSummary>| step.and_then(|step| step.taken);
        json!({
            "rate": number(self.rate),
            "made_1": self.made.0,
            "made_2": self.made.1,
            "ok_1": count(one, |step| step.ok),
            "ok_2": count(other, |step| step.ok),
            "429_1": count(one, |step| step.too_many_requests),
            "429_2": count(other, |step| step.too_many_requests),
            "other_1": count(one, |step| step.other),
            "other_2": count(other, |step| step.other),
            "p50_ms_1": millis(one, |step| step.p50_ms),
            "p50_ms_2": millis(other, |step| step.p50_ms),
            "p99_ms_1": millis(one, |step| step.p99_ms),
            "p99_ms_2": millis(other, |step| step.p99_ms),
            "p99_change": self.p99_change(),
            "taken_1": taken(one),
            "taken_2": taken(other),
        })
    }

    fn row(&self) -> [String; 15] {
        let (one, other) = (self.one, self.other);
        let count = |step: Option<&StepSummary>, of: fn(&StepSummary) -> u64| {
            step.map_or_else(String::new, |step| of(step).to_string())
        };
        let millis = |step: Option<&StepSummary>, of: fn(&StepSummary) -> Option<f64>| {
            step.and_then(of).map_or_else(String::new, |ms| format!("{ms:.1}"))
        };
        let change = self.p99_change().map_or_else(String::new, |change| format!("{:+.0} %", change * 100.0));
        let taken = |step: Option<&StepSummary>| match step.and_then(|step| step.taken) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        [
            shown(self.rate),
            self.made.0.to_string(),
            self.made.1.to_string(),
            count(one, |step| step.ok),
            count(other, |step| step.ok),
            count(one, |step| step.too_many_requests),
            count(other, |step| step.too_many_requests),
            count(one, |step| step.other),
            count(other, |step| step.other),
            millis(one, |step| step.p50_ms),
            millis(other, |step| step.p50_ms),
            millis(one, |step| step.p99_ms),
            millis(other, |step| step.p99_ms),
            change,
            format!("{} / {}", taken(one), taken(other)),
        ]
    }
}

/// Looks for a ceiling; a file that cannot be read is named after all others were looked at.
fn ceiling(args: &ReportArgs) -> Result<(), Failure> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    let mut other = 0_u64;
    let mut nothing: Vec<String> = Vec::new();
    for path in &args.against_events {
        let (events_before, other_before) = (events.len(), other);
        let mut read = || -> std::io::Result<()> {
            let mut lines = Lines::open(path)?;
            while let Some((_, line)) = lines.next_line()? {
                match Recorded::read(line) {
                    Some(event) => events.push(event),
                    None => other += u64::from(!line.trim_ascii().is_empty()),
                }
            }
            Ok(())
        };
        if let Err(error) = read() {
            failed.push(format!("--against-events {}: unreadable: {error}", path.display()));
        } else if events.len() == events_before {
            let lines = other - other_before;
            let says = "no_events: no web or app event with a visit and a time in it";
            nothing.push(format!("--against-events {}: {says} ({lines} other lines)", path.display()));
        }
    }
    if events.is_empty() {
        failed.append(&mut nothing);
        return Err(Failure::Failed(failed.join("\n")));
    }
    nothing.iter().for_each(|says| tracing::warn!("{says}"));
    let found = Ceiling::look(events);
    print(&match args.format {
        Format::Json => format!("{:#}\n", found.as_json(hour_name)),
        Format::Csv => hours(&found).written(Format::Csv)?,
        Format::Table => format!("{}{}\n", hours(&found).written(Format::Table)?, found.sentences().join("\n")),
    })?;
    tracing::info!(events = found.events, passed_over = other, "looked at recorded web and app events");
    if failed.is_empty() { Ok(()) } else { Err(Failure::Failed(failed.join("\n"))) }
}

fn hour_name(hour: i64) -> String {
    jiff::Timestamp::from_second(hour * 3_600).map_or_else(|_| String::new(), |at| at.to_string())
}

fn hours(found: &Ceiling) -> Listing<6> {
    let known = |text: String| if found.missing.is_some() { text } else { String::new() };
    let row = |(at, hour): (&i64, &crate::load::ceiling::Hour)| {
        [
            hour_name(*at),
            hour.events.to_string(),
            known(hour.missing.to_string()),
            known(format!("{:.4}", hour.share_missing())),
            hour.peak_per_second.to_string(),
            hour.seconds_at_ceiling.to_string(),
        ]
    };
    Listing { columns: HOURS, rows: found.hours.iter().map(row).collect() }
}
