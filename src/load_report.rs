//! `load report`: one run or two side by side from their files, or recorded events in which a ceiling is looked for.

use crate::cli::Format;
use crate::io::Lines;
use crate::io::load::files;
use crate::listing::Listing;
use crate::load::summary::{COLUMNS, paired};
use crate::load::{Ceiling, Recorded, RunSummary, StepSummary, page};
use crate::load_cli::ReportArgs;
use crate::perform::{Failure, print};

/// The columns of a comparison.
const COMPARED: [&str; 13] = [
    "rate",
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
    let text = match &*both {
        [one, other] => {
            let rows = paired(one, other).into_iter().map(|(one, other)| row(one, other)).collect();
            Listing { columns: COMPARED, rows }.written(args.format)?
        }
        _ => {
            let rows = both.iter().flat_map(|run| &run.steps).map(StepSummary::row).collect();
            Listing { columns: COLUMNS, rows }.written(args.format)?
        }
    };
    print(&text)?;
    for run in runs {
        tracing::info!(target = run.target, started = run.started, "{}", run.finding);
    }
    Ok(())
}

fn row(one: Option<&StepSummary>, other: Option<&StepSummary>) -> [String; 13] {
    let count = |step: Option<&StepSummary>, of: fn(&StepSummary) -> u64| {
        step.map_or_else(String::new, |step| of(step).to_string())
    };
    let millis = |step: Option<&StepSummary>, of: fn(&StepSummary) -> Option<f64>| {
        step.and_then(of).map_or_else(String::new, |ms| format!("{ms:.1}"))
    };
    let rate = one.or(other).map_or(0.0, |step| step.rate);
    let p99 = |step: Option<&StepSummary>| step.and_then(|step| step.p99_ms);
    let change = match (p99(one), p99(other)) {
        (Some(one), Some(other)) if one > 0.0 => format!("{:+.0} %", (other / one - 1.0) * 100.0),
        _ => String::new(),
    };
    let taken = |step: Option<&StepSummary>| match step.and_then(|step| step.taken) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    [
        crate::load::summary::shown(rate),
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

/// Looks for a ceiling; a file that cannot be read is named after all others were looked at.
fn ceiling(args: &ReportArgs) -> Result<(), Failure> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    let mut other = 0_u64;
    for path in &args.against_events {
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
        }
    }
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
