//! Prints how long an event takes from being sent into a pipe to a committed adjustment, at a steady rate (open loop).
//!
//! `cargo bench --bench latency` (`SECONDS` sets how long each rate lasts, 20 by default). Two real processes, `ingest -`
//! and `run`, share the embedded log; what is measured counts from the moment when an event should have been sent.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journeycast::io::Embedded;
use journeycast::io::clock::Watch;
use journeycast::io::log::Positions;
use journeycast::simulate::{Site, SitePlan, config_toml};

const LOOK_EVERY: Duration = Duration::from_millis(1);

/// At this time so many records were appended, and they end at these places.
struct Seen {
    appended: u64,
    ends: Positions,
    committed_at: Option<Duration>,
}

fn start(config: &Path, arguments: &[&str], stdin: Stdio) -> std::io::Result<Child> {
    Command::new(env!("CARGO_BIN_EXE_journeycast"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .args(if arguments == ["ingest"] { &["-"][..] } else { &[] })
        .env("JOURNEYCAST__PUBLISH__EVERY", "0s")
        .env("JOURNEYCAST__HTTP__LISTEN", "127.0.0.1:0")
        .env("RUST_LOG", "error")
        .stdin(stdin)
        .stdout(Stdio::null())
        .spawn()
}

/// Looks at the log until all of `records` are committed; errs towards longer.
#[expect(clippy::needless_pass_by_value, reason = "a connection belongs to one thread")]
fn watch_the_log(log: Embedded, records: u64, watch: Watch, over: &AtomicBool) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut waiting = 0;
    while !over.load(Ordering::Relaxed) {
        let appended = log.accounting().unwrap_or_default().iter().map(|account| account.records).sum();
        let (Ok(ends), Ok((positions, _))) = (log.ends(), log.positions()) else { continue };
        let now = watch.elapsed();
        if seen.last().is_none_or(|last| last.appended < appended) && appended > 0 {
            seen.push(Seen { appended, ends, committed_at: None });
        }
        while let Some(next) = seen.get_mut(waiting).filter(|next| positions.reach(&next.ends)) {
            next.committed_at = Some(now);
            waiting += 1;
        }
        if waiting == seen.len() && seen.last().is_some_and(|last| last.appended >= records) {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    seen
}

fn send(lines: &[Vec<u8>], rate: f64, watch: Watch, pipe: &mut impl Write) -> std::io::Result<()> {
    for (number, line) in lines.iter().enumerate() {
        let due = Duration::from_secs_f64(number as f64 / rate);
        let now = watch.elapsed();
        if due > now {
            pipe.flush()?;
            std::thread::sleep(due - now);
        }
        pipe.write_all(line)?;
        pipe.write_all(b"\n")?;
    }
    pipe.flush()
}

fn latencies(seen: &[Seen], rate: f64) -> Vec<f64> {
    let (mut all, mut first) = (Vec::new(), 0);
    for Seen { appended, committed_at, .. } in seen {
        let Some(committed_at) = committed_at else { continue };
        let sent = (first..*appended).map(|number| number as f64 / rate);
        all.extend(sent.map(|sent| (committed_at.as_secs_f64() - sent) * 1e3));
        first = *appended;
    }
    all.sort_by(f64::total_cmp);
    all
}

fn measure(rate: u32, seconds: u32) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("journeycast.toml");
    let plan = SitePlan { days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
    std::fs::write(&config, config_toml(&plan))?;
    let lines: Vec<Vec<u8>> = Site::new(plan).take((rate * seconds) as usize).map(|sent| sent.line).collect();
    let log = Embedded::open(&folder.path().join("journeycast-data"), None)?;
    let mut run = start(&config, &["run"], Stdio::null())?;
    let mut ingest = start(&config, &["ingest"], Stdio::piped())?;
    let pipe = ingest.stdin.take().ok_or("no pipe")?;
    let (watch, over) = (Watch::start(), AtomicBool::new(false));
    let seen = std::thread::scope(|scope| {
        let (records, over) = (lines.len() as u64, &over);
        let looking = scope.spawn(move || watch_the_log(log, records, watch, over));
        let sent = send(&lines, f64::from(rate), watch, &mut std::io::BufWriter::new(pipe));
        if sent.is_err() || !ingest.wait().is_ok_and(|status| status.success()) {
            over.store(true, Ordering::Relaxed);
        }
        looking.join()
    });
    run.kill()?;
    run.wait()?;
    let seen = seen.map_err(|_| "the looking thread ended early")?;
    let found = latencies(&seen, f64::from(rate));
    if found.len() == lines.len() { Ok(found) } else { Err("not every event was committed".into()) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: u32 = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut out = std::io::stdout().lock();
    writeln!(out, "from intended sending to committed adjustment, {seconds} s each, milliseconds")?;
    for rate in [1_000, 10_000] {
        let found = measure(rate, seconds)?;
        let at = |share: f64| found.get(((found.len() - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        writeln!(
            out,
            "{rate:>6} events/s   p50 {:>6.1}   p90 {:>6.1}   p99 {:>6.1}   most {:>6.1}",
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        )?;
    }
    Ok(())
}
