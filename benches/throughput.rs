//! Prints what a million events cost and how much memory that takes, step by step, for whole and for lean events.
//!
//! `cargo bench --bench throughput` (`EVENTS` sets how many, 200,000 by default). Every step runs in a process of its
//! own, so the peak is its own, though never told below that of the process that starts it; lines that stand in memory
//! are made a part at a time, and their making is not counted.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use journeycast::engine::names::{Domain, EpochKey};
use journeycast::engine::plan::SourceScheme;
use journeycast::engine::{Engine, Step};
use journeycast::io::clock::usage;
use journeycast::io::embedded::Runner;
use journeycast::io::reading::{EpochKeys, Reader, Taken};
use journeycast::io::{Appender, Counter, Embedded, Lines, clock};
use journeycast::replay::Replay;
use journeycast::settings::{Log, Policy, Settings};
use journeycast::simulate::{Site, SitePlan, config_toml};
use journeycast::wire::genesys::{self, Rules, SignalNames};

#[path = "lean/mod.rs"]
mod lean;
use lean::lean;

const PART: usize = 4_096;
/// A policy of eight patterns, one of which regulates pages of the site, that asks for consent.
const POLICY: &str = r#"
interactions_may_count = false
page = [
  { host = "shop.example", path = "/invest/**", regime = "mifid2", owner = "o", retention = "never-kept" },
  { host = "shop.example", path = "/invest/kids/**", regime = "children", owner = "o", retention = "never-kept" },
  { host = "shop.example", path = "/health/*/questions", regime = "health", owner = "o", retention = "never-kept" },
  { host = "shop.example", path = "/pharmacy/**", regime = "health", owner = "o", retention = "never-kept" },
  { host = "shop.example", path = "/account/**", regime = "mifid2", owner = "o", retention = "never-kept" },
  { host = "broker.example", path = "/**", regime = "mifid2", owner = "o", retention = "never-kept" },
  { host = "clinic.example", path = "/**", regime = "health", owner = "o", retention = "never-kept" },
  { host = "toys.example", path = "/play/**", regime = "children", owner = "o", retention = "never-kept" },
]
[consent]
attribute = "consent"
granted = ["yes"]
absent = "permitted"
global_privacy_control = "refused"
"#;
/// What is made of the simulator's line.
type Shape = fn(&[u8]) -> Vec<u8>;

/// One measurement; a step of its own process.
#[derive(Clone, Copy)]
struct Measured {
    name: &'static str,
    run: fn(&Bench) -> f64,
}

const STEPS: [Measured; 11] = [
    Measured { name: "floor: read the file, find newlines", run: Bench::floor },
    Measured { name: "lines of the file", run: Bench::lines },
    Measured { name: "parse", run: Bench::parse },
    Measured { name: "parse + names", run: Bench::parse_and_name },
    Measured { name: "parse, reading signals of consent", run: Bench::parse_signals },
    Measured { name: "parse + names + policy", run: Bench::parse_and_name_under_policy },
    Measured { name: "engine alone, facts in memory", run: Bench::engine },
    Measured { name: "engine alone, under a policy", run: Bench::engine_under_policy },
    Measured { name: "whole pipeline over files (replay)", run: Bench::replay },
    Measured { name: "the same under a policy", run: Bench::replay_under_policy },
    Measured { name: "whole pipeline through the embedded log", run: Bench::log },
];

struct Bench {
    settings: Settings,
    path: PathBuf,
    folder: tempfile::TempDir,
}

fn keys<T>(_: T) -> Result<EpochKeys, std::convert::Infallible> {
    Ok(Domain::ALL.map(|domain| (domain, EpochKey([domain as u8; 32]))))
}

/// CPU-seconds of this work.
fn cost(work: impl FnOnce()) -> f64 {
    let before = usage().cpu_seconds;
    work();
    usage().cpu_seconds - before
}

impl Bench {
    fn floor(&self) -> f64 {
        let mut chunk = vec![0; 256 * 1_024];
        cost(|| {
            let Ok(mut file) = std::fs::File::open(&self.path) else { return };
            let mut found = 0;
            while let Ok(read @ 1..) = io::Read::read(&mut file, &mut chunk) {
                found += memchr::memchr_iter(b'\n', chunk.get(..read).unwrap_or_default()).count();
            }
            std::hint::black_box(found);
        })
    }

    fn lines(&self) -> f64 {
        cost(|| {
            let Ok(mut lines) = Lines::open(&self.path) else { return };
            while let Ok(Some(line)) = lines.next_line() {
                std::hint::black_box(line);
            }
        })
    }

    /// The cost of work on lines that stand in memory.
    fn over_parts(&self, mut work: impl FnMut(&[Vec<u8>])) -> f64 {
        let Ok(mut lines) = Lines::open(&self.path) else { return 0.0 };
        let (mut part, mut spent) = (Vec::with_capacity(PART), 0.0);
        loop {
            let line = lines.next_line().ok().flatten().map(|(_, line)| line.to_vec());
            let is_over = line.is_none();
            part.extend(line);
            if part.len() == PART || is_over {
                spent += cost(|| work(&part));
                part.clear();
            }
            if is_over {
                return spent;
            }
        }
    }

    fn parse(&self) -> f64 {
        self.parse_with(None)
    }

    fn parse_signals(&self) -> f64 {
        self.parse_with(Some(SignalNames { consent: "consent".into(), privacy_control: "globalPrivacyControl".into() }))
    }

    fn parse_with(&self, signals: Option<SignalNames>) -> f64 {
        let rules = Rules {
            organizations: self.settings.organizations(),
            default_organization: self.settings.organization_for_files(),
            signals,
            max_clock_ahead: self.settings.windows.max_clock_ahead,
            correction_horizon: self.settings.windows.correction_horizon,
        };
        self.over_parts(|part| {
            for line in part {
                std::hint::black_box(genesys::read(line, None, &rules));
            }
        })
    }

    /// The settings as they are, or with a policy.
    fn settings(&self, is_under_policy: bool) -> Settings {
        let policy = is_under_policy.then(|| Policy::parse(POLICY, "policy.toml"));
        let policy = policy.transpose().unwrap_or_else(|wrong| panic!("{wrong}"));
        Settings { policy: policy.map(Arc::new), ..self.settings.clone() }
    }

    fn parse_and_name(&self) -> f64 {
        self.read(&self.settings)
    }

    fn parse_and_name_under_policy(&self) -> f64 {
        self.read(&self.settings(true))
    }

    fn read(&self, settings: &Settings) -> f64 {
        let mut reader = reader(settings);
        self.over_parts(|part| {
            for line in part {
                drop(std::hint::black_box(reader.read(line, keys)));
            }
        })
    }

    fn engine(&self) -> f64 {
        self.count(&self.settings)
    }

    fn engine_under_policy(&self) -> f64 {
        self.count(&self.settings(true))
    }

    fn count(&self, settings: &Settings) -> f64 {
        let mut reader = reader(settings);
        let mut facts = Vec::new();
        self.over_parts(|part| {
            for line in part {
                match reader.read(line, keys) {
                    Ok(Taken::Fact(_, fact)) => facts.push(*fact),
                    Ok(Taken::NotPermitted(_, left)) => facts.extend(left),
                    Ok(Taken::NotRelevant | Taken::SetAside(_) | Taken::Blank) | Err(_) => {}
                }
            }
        });
        let mut engine = Engine::new(settings.plan(SourceScheme::One), reader.into_admission().into_labels());
        cost(|| {
            for part in facts.chunks(PART) {
                engine.step(Step::Facts { facts: part, not_after: None, partition: None });
                std::hint::black_box(engine.step(Step::Say));
            }
        })
    }

    fn replay(&self) -> f64 {
        self.replay_with(&self.settings)
    }

    fn replay_under_policy(&self) -> f64 {
        self.replay_with(&self.settings(true))
    }

    fn replay_with(&self, settings: &Settings) -> f64 {
        let (events, out) = ([self.path.clone()], self.folder.path().join("out"));
        let replay = Replay { settings, events: &events, baseline: None, until: None, out: &out };
        cost(|| drop(std::hint::black_box(replay.run())))
    }

    fn log(&self) -> f64 {
        let mut settings = self.settings.clone();
        let path = self.folder.path().join("data");
        settings.log = Log::Embedded { path: path.clone() };
        cost(|| {
            let Ok(log) = Embedded::open(&path, None) else { return };
            let mut appender = Appender::new(log, &settings, "bench");
            if appender.ingest(std::slice::from_ref(&self.path), |_| {}).is_err() {
                return;
            }
            let Ok(runner) = Runner::of(&settings) else { return };
            let Ok(mut counter) = Counter::start(&settings, runner) else { return };
            while counter.turn(clock::now()).is_ok_and(|moved| moved) {}
            assert!(counter.say_the_rest(clock::now()).is_ok(), "what was counted is said");
        })
    }
}

fn reader(settings: &Settings) -> Reader {
    Reader::of_files(settings, [0; 32], settings.plan(SourceScheme::One).names())
}

/// Writes the events; says how many there are and how long they are on average.
fn write_events(path: &Path, wanted: usize, shape: Shape) -> io::Result<(usize, usize)> {
    let plan = SitePlan { days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    let (mut events, mut bytes) = (0, 0);
    for sent in Site::new(plan).take(wanted) {
        let line = shape(&sent.line);
        (events, bytes) = (events + 1, bytes + line.len());
        out.write_all(&line)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok((events, bytes / events.max(1)))
}

/// Runs one step in a process of its own: CPU-seconds and peak memory in MB.
fn measured(path: &Path, step: usize) -> io::Result<(f64, f64)> {
    let child = Command::new(std::env::current_exe()?).env("STEP", step.to_string()).env("FILE", path).output()?;
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let mut figures = said.split_whitespace().filter_map(|figure| figure.parse().ok());
    let failed = || io::Error::other(format!("a step failed: {}", String::from_utf8_lossy(&child.stderr)));
    figures.next().zip(figures.next()).ok_or_else(failed)
}

fn run_step(step: &Measured, file: PathBuf) -> io::Result<()> {
    let settings = Settings::parse(&config_toml(&SitePlan::default()), "bench.toml", std::iter::empty());
    let bench = Bench { settings: settings.map_err(io::Error::other)?, path: file, folder: tempfile::tempdir()? };
    let seconds = (step.run)(&bench);
    writeln!(io::stdout(), "{seconds} {}", usage().peak_bytes as f64 / 1e6)
}

fn main() -> io::Result<()> {
    let asked = |name: &str| std::env::var(name).ok();
    let step = asked("STEP").and_then(|text| text.parse::<usize>().ok()).and_then(|step| STEPS.get(step));
    if let (Some(step), Some(file)) = (step, std::env::var_os("FILE")) {
        return run_step(step, PathBuf::from(file));
    }
    let wanted = asked("EVENTS").and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let folder = tempfile::tempdir()?;
    let shapes: [(&str, Shape); 2] = [("lean", lean), ("whole", <[u8]>::to_vec)];
    let mut out = io::stdout().lock();
    for (shape, make) in shapes {
        let path = folder.path().join(shape);
        let (events, average) = write_events(&path, wanted, make)?;
        writeln!(out, "{events} {shape} events of {average} bytes on average")?;
        writeln!(out, "{:<40} {:>13} {:>9} {:>8}", "step", "CPU-s/million", "x floor", "peak MB")?;
        let mut floor = f64::NAN;
        for (place, step) in STEPS.iter().enumerate() {
            let (seconds, peak) = measured(&path, place)?;
            let cost = seconds * 1e6 / events as f64;
            floor = if place == 0 { cost } else { floor };
            writeln!(out, "{:<40} {cost:>13.3} {:>9.1} {peak:>8.0}", step.name, cost / floor)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
