//! Prints what a million events cost, step by step, beside a floor measured in the same run.
//!
//! `cargo bench --bench throughput` (an environment variable `EVENTS` sets how many, 200,000 by default).

use std::io::Write;
use std::path::{Path, PathBuf};

use journeycast::engine::names::{Domain, EpochKey};
use journeycast::engine::plan::SourceScheme;
use journeycast::engine::{Engine, Step};
use journeycast::io::clock::usage;
use journeycast::io::embedded::Runner;
use journeycast::io::reading::{EpochKeys, Reader, Taken};
use journeycast::io::{Appender, Counter, Embedded, clock};
use journeycast::replay::Replay;
use journeycast::settings::{Log, Settings};
use journeycast::simulate::{Site, SitePlan, config_toml};
use journeycast::wire::genesys::{self, Rules};

fn keys<T>(_: T) -> Result<EpochKeys, std::convert::Infallible> {
    Ok(Domain::ALL.map(|domain| (domain, EpochKey([domain as u8; 32]))))
}

/// CPU-seconds per million events.
fn cost(events: usize, work: impl FnOnce()) -> f64 {
    let before = usage().cpu_seconds;
    work();
    (usage().cpu_seconds - before) * 1e6 / events as f64
}

fn through_the_log(settings: &Settings, data: &Path, events: &PathBuf) {
    let Ok(log) = Embedded::open(data, None) else { return };
    let mut appender = Appender::new(log, settings, "bench");
    if appender.ingest(std::slice::from_ref(events), |_| {}).is_err() {
        return;
    }
    let Ok(runner) = Runner::of(settings) else { return };
    let Ok(mut counter) = Counter::start(settings, runner) else { return };
    while counter.turn(clock::now()).is_ok_and(|moved| moved) {}
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        organizations: settings.organizations(),
        default_organization: settings.organization_for_files(),
        max_clock_ahead: settings.windows.max_clock_ahead,
        correction_horizon: settings.windows.correction_horizon,
    }
}

#[expect(clippy::too_many_lines, reason = "one list of measurements, read from top to bottom")]
fn main() -> std::io::Result<()> {
    let wanted: usize = std::env::var("EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let plan = SitePlan { days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
    let mut settings =
        Settings::parse(&config_toml(&plan), "bench.toml", std::iter::empty()).map_err(std::io::Error::other)?;
    let lines: Vec<Vec<u8>> = Site::new(plan).take(wanted).map(|sent| sent.line).collect();
    let bytes: usize = lines.iter().map(Vec::len).sum();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("events.ndjson");
    std::fs::write(&path, lines.join(&b'\n'))?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} events of {} bytes on average; CPU-seconds per million events",
        lines.len(),
        bytes / lines.len()
    )?;

    let mut found = 0;
    let floor = cost(lines.len(), || {
        let text = std::fs::read(&path).unwrap_or_default();
        found = memchr::memchr_iter(b'\n', &text).count();
    });
    let mut tell = |what: &str, cost: f64| writeln!(out, "{what:<38} {cost:>7.3}   {:>6.1} x floor", cost / floor);
    tell("floor: read the file, find newlines", floor)?;
    let rules = rules(&settings);
    tell(
        "parse",
        cost(lines.len(), || {
            found += lines
                .iter()
                .filter(|line| matches!(genesys::read(line, None, &rules), genesys::Reading::Admitted(_)))
                .count();
        }),
    )?;
    let names = settings.plan(SourceScheme::One).names();
    let mut reader = Reader::of_files(&settings, [0; 32], names);
    let mut facts = Vec::with_capacity(lines.len());
    tell(
        "parse + names",
        cost(lines.len(), || {
            for line in &lines {
                if let Ok(Taken::Fact(_, fact)) = reader.read(line, keys) {
                    facts.push(*fact);
                }
            }
        }),
    )?;
    let mut engine = Engine::new(settings.plan(SourceScheme::One), reader.into_admission().into_labels());
    tell(
        "engine alone, facts in memory",
        cost(lines.len(), || {
            for part in facts.chunks(4_096) {
                engine.step(Step::Facts { facts: part, not_after: None });
                found += engine.step(Step::Say).len();
            }
        }),
    )?;
    let replayed = folder.path().join("out");
    tell(
        "whole pipeline over files (replay)",
        cost(lines.len(), || {
            let events = [path.clone()];
            let replay = Replay { settings: &settings, events: &events, baseline: None, until: None, out: &replayed };
            found += usize::from(replay.run().is_ok());
        }),
    )?;
    let data = folder.path().join("data");
    settings.log = Log::Embedded { path: data.clone() };
    let through = cost(lines.len(), || through_the_log(&settings, &data, &path));
    tell("whole pipeline through the embedded log", through)?;
    let remembered = engine.remembered();
    writeln!(
        out,
        "remembered: {remembered:?} actions, conversations, visits; peak memory {} MB ({found})",
        usage().peak_bytes / 1_000_000
    )
}
