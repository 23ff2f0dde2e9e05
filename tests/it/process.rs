//! Stories of the real program: two runners, a runner that is killed, a signal, a wrong configuration, a full disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use journeycast::simulate::{Pathologies, Site, SitePlan, config_toml};
use serde_json::Value;

use crate::installation::{Installation, PATIENCE, get, metrics_until, said};

const CONFIG: [&str; 2] = ["--config", "journeycast.toml"];

/// A day of a small site.
fn day() -> Vec<Vec<u8>> {
    let pathologies = Pathologies { malformed: 0.01, ..Pathologies::NONE };
    let plan = SitePlan { seed: 5, days: 1.0, visits_per_day: 250.0, pathologies, ..SitePlan::default() };
    Site::new(plan).map(|sent| sent.line).collect()
}

pub fn file_of(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

/// An installation with the whole day in `day.ndjson`, which listens on any free port.
fn site(lines: &[Vec<u8>]) -> Installation {
    let configuration = config_toml(&SitePlan::default()).replace("./journeycast-data", "./data");
    let site = Installation::of(&format!("{configuration}\n[http]\nlisten = \"127.0.0.1:0\"\n"));
    site.put("day.ndjson", &file_of(lines));
    site
}

/// The final table: rows by key, without their history.
pub fn table(rows: &str) -> BTreeMap<String, Value> {
    let mut table = BTreeMap::new();
    for line in rows.lines() {
        let mut row: Value = serde_json::from_str(line).expect("each line is JSON");
        let state = row["state"].as_str().unwrap_or_default().to_owned();
        let fields = row.as_object_mut().expect("rows are objects");
        for history in ["revision", "state", "horizon", "watermark"] {
            fields.remove(history);
        }
        let key = ["businessUnitId", "planningGroupId", "intervalStart"].map(|field| row[field].to_string()).join(" ");
        if !state.ends_with("WITHDRAWN") {
            table.insert(key, row);
        }
    }
    table
}

/// What `replay` makes of the whole day.
fn replayed(site: &Installation) -> BTreeMap<String, Value> {
    site.printed(&["replay", "--config", "journeycast.toml", "--events", "day.ndjson", "--out", "out"]);
    let rows = table(&fs::read_to_string(site.path("out/adjustments.ndjson")).expect("it was written"));
    assert!(rows.len() > 20, "the day has rows to compare");
    rows
}

fn words<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, &CONFIG, more].concat()
}

fn tailed(site: &Installation) -> BTreeMap<String, Value> {
    table(&site.printed(&words(&["tail"], &[])))
}

fn catch_up(site: &Installation) {
    site.printed(&words(&["run"], &["--until-caught-up"]));
}

#[test]
fn a_second_runner_is_refused_politely_and_the_first_goes_on() {
    let site = site(&[]);
    let mut first = site.run("info");
    let address = first.address();
    for more in [[].as_slice(), &["--until-caught-up"]] {
        let second = site.perform(&words(&["run"], more));
        assert_eq!(second.status.code(), Some(1), "{}", said(&second));
        assert!(said(&second).contains(&format!("process {}", first.pid())), "{}", said(&second));
        assert!(said(&second).contains("already runs on"), "{}", said(&second));
    }
    assert!(get(&address, "/live").contains("200 OK"));
    first.signal("TERM");
    assert_eq!(first.end(Duration::from_secs(10)).0.code(), Some(0));
    catch_up(&site);
}

#[test]
fn ingest_works_beside_the_service_which_counts_what_comes_and_ends_at_a_signal_with_all_committed() {
    let lines = day();
    let site = site(&lines);
    let expected = replayed(&site);
    let mut runner = site.run("info");
    let address = runner.address();
    site.printed(&words(&["ingest"], &["day.ndjson"]));
    let summary: Value = serde_json::from_str(&fs::read_to_string(site.path("out/summary.json")).expect("it is there"))
        .expect("it is JSON");
    let facts = summary["facts_by_kind"]["action"].as_u64().expect("it is a number");
    metrics_until(&address, |text| text.contains(&format!("journeycast_facts_total{{kind=\"action\"}} {facts}\n")));
    for outcome in ["admitted", "not_relevant", "set_aside"] {
        let n = &summary["records"][outcome];
        metrics_until(&address, |text| text.contains(&format!("outcome=\"{outcome}\"}} {n}\n")));
    }
    metrics_until(&address, |_| get(&address, "/ready").contains("200 OK"));
    runner.signal("TERM");
    let (status, told) = runner.end(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{told}");
    assert_eq!(tailed(&site), expected, "everything was committed when it ended");
}

#[test]
fn a_runner_and_an_appender_that_are_killed_anywhere_change_nothing_in_the_table() {
    let lines = day();
    let site = site(&lines);
    let expected = replayed(&site);
    let parts: Vec<&[Vec<u8>]> = lines.chunks(lines.len().div_ceil(8)).collect();
    for (round, part) in parts.iter().enumerate() {
        let mut runner = site.run("info");
        let address = (round > 0).then(|| runner.address());
        let mut ingest = site
            .journeycast(&words(&["ingest"], &["-"]))
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut pipe = ingest.stdin.take().expect("it is piped");
        let (now, later) = part.split_at(part.len() / 2);
        pipe.write_all(&file_of(now)).expect("it reads");
        // Every round lets the runner come a little further before it is killed: the first not even to its start.
        for _ in 0..address.iter().count() * round {
            get(address.as_deref().expect("it listens"), "/metrics");
        }
        if round % 3 == 1 {
            ingest.kill().expect("it can be killed");
            ingest.wait().expect("it ends");
        } else if round % 3 == 2 {
            runner.signal("KILL");
        }
        // A reader that was killed no longer reads; what it should have read is appended at the end.
        drop(pipe.write_all(&file_of(later)));
        drop(pipe);
        ingest.wait().expect("it ends");
        if round % 3 != 2 {
            runner.signal("KILL");
        }
        assert_eq!(runner.end(PATIENCE).0.code(), None, "it was killed");
    }
    // What was appended before is appended again, and changes nothing.
    site.printed(&words(&["ingest"], &["day.ndjson"]));
    catch_up(&site);
    assert_eq!(tailed(&site), expected);
}

#[test]
fn a_signal_while_much_is_left_to_count_ends_the_service_in_time_and_loses_nothing() {
    let lines = day();
    let site = site(&lines);
    let expected = replayed(&site);
    for _ in 0..3 {
        site.printed(&words(&["ingest"], &["day.ndjson"]));
        let mut runner = site.run("info");
        runner.address();
        runner.signal("TERM");
        let (status, told) = runner.end(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{told}");
    }
    catch_up(&site);
    assert_eq!(tailed(&site), expected);
}

#[test]
fn a_wrong_configuration_ends_with_two_and_says_where_and_what() {
    let site = Installation::of("[log]\nkind = \"embedded\"\n\n[windows]\ngrase = \"10m\"\n");
    for command in [&["run"][..], &["ingest"], &["tail"], &["doctor"], &["config", "check"]] {
        let more: &[&str] = if command == ["ingest"] { &["none.ndjson"] } else { &[] };
        let output = site.perform(&words(command, more));
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("journeycast.toml:5:1"), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("grace"), "the nearest right spelling, {command:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{command:?}");
    }
    assert!(!site.path("journeycast-data").exists(), "nothing was made");
}

/// How this machine lets a process mount a small file system of its own: as any user, or only as root; not at all in some
/// containers.
fn may_mount() -> Option<&'static str> {
    ["-Urm", "-m"].into_iter().find(|flags| {
        let tried = Command::new("unshare").args([flags, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
        tried.is_ok_and(|output| output.status.success())
    })
}

/// Appends and counts the day in data folders that are full at another point each time, then frees space and goes on.
/// `$1` is the program; each step leaves its exit code in `codes`.
const ON_A_FULL_DISK: &str = r#"
set -u
step() { name=$1; shift; "$@" >>printed 2>>said.$name; echo "$name $?" >>codes; }
stored() { "$1" doctor --config journeycast.toml --format csv 2>>said.doctor | grep '^records read' >>stored; }
mkdir data
mount -t tmpfs -o size=24m tmpfs data
for room in 8 120 400 900; do
  dd if=/dev/zero of=data/filler bs=1M 2>/dev/null
  truncate -s -${room}K data/filler
  step append "$1" ingest --config journeycast.toml day.ndjson
  rm data/filler
  stored "$1"
done
step appended "$1" ingest --config journeycast.toml day.ndjson
for room in 0 40 200 600; do
  dd if=/dev/zero of=data/filler bs=1M 2>/dev/null
  truncate -s -${room}K data/filler
  step count "$1" run --config journeycast.toml --until-caught-up
  rm data/filler
done
step counted "$1" run --config journeycast.toml --until-caught-up
"$1" tail --config journeycast.toml >rows 2>>said.counted
"#;

/// The same without a file system of its own: no file may grow past a limit, which is raised at the end.
const UNDER_A_LIMIT: &str = r#"
set -u
trap '' XFSZ
step() { name=$1; shift; "$@" >>printed 2>>said.$name; echo "$name $?" >>codes; }
stored() { "$1" doctor --config journeycast.toml --format csv 2>>said.doctor | grep '^records read' >>stored; }
mkdir data
for blocks in 8 200 600; do
  (ulimit -f $blocks; step append "$1" ingest --config journeycast.toml day.ndjson)
  stored "$1"
done
step appended "$1" ingest --config journeycast.toml day.ndjson
for blocks in 8 200 1000; do
  (ulimit -f $blocks; step count "$1" run --config journeycast.toml --until-caught-up)
done
step counted "$1" run --config journeycast.toml --until-caught-up
"$1" tail --config journeycast.toml >rows 2>>said.counted
"#;

fn full_disk(shell: &mut Command, script: &str) {
    let lines = day();
    let site = site(&lines);
    let expected = replayed(&site);
    let program = env!("CARGO_BIN_EXE_journeycast");
    let done = shell.args(["sh", "-c", script, "sh", program]).current_dir(site.path("")).output().expect("a shell");
    let read = |name: &str| fs::read_to_string(site.path(name)).unwrap_or_default();
    let codes = read("codes");
    let ended: Vec<(&str, &str)> = codes.lines().filter_map(|line| line.split_once(' ')).collect();
    let of = |step: &str| ended.iter().filter(|(name, _)| *name == step).map(|(_, code)| *code).collect::<Vec<_>>();
    assert!(of("append").contains(&"1"), "never full while appending: {codes}{}", said(&done));
    assert!(of("count").contains(&"1"), "never full while counting: {codes}{}", said(&done));
    for step in ["append", "count"] {
        assert!(of(step).iter().all(|code| ["0", "1"].contains(code)), "{codes}{}", read(&format!("said.{step}")));
        let told = read(&format!("said.{step}"));
        let failures = of(step).iter().filter(|code| **code == "1").count();
        // Log lines are JSON in a pipe; what a command fails with is said in plain words.
        let plain =
            told.lines().filter(|line| !line.starts_with('{') && line.contains("nothing that was stored is lost"));
        assert_eq!(plain.count(), failures, "{told}");
        assert!(told.contains("space"), "{told}");
    }
    let stored: Vec<u64> = read("stored").lines().filter_map(|line| line.split(',').nth(2)?.parse().ok()).collect();
    assert!(stored.len() >= 3 && stored.is_sorted(), "what was appended before the disk was full is there: {stored:?}");
    assert_eq!((of("appended"), of("counted")), (vec!["0"], vec!["0"]), "{}", read("said.counted"));
    assert_eq!(table(&read("rows")), expected);
}

#[test]
fn a_full_disk_loses_nothing_and_with_space_again_it_goes_on_to_the_same_table() {
    match may_mount() {
        Some(flags) => full_disk(Command::new("unshare").arg(flags), ON_A_FULL_DISK),
        None => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "`unshare -m mount` must be permitted in CI");
            let told =
                "not run: a full disk of its own (`unshare -m mount` is not permitted here); a limit stands in for it";
            writeln!(std::io::stderr(), "{told}").expect("it can be said");
        }
    }
}

#[test]
fn files_that_may_not_grow_lose_nothing_and_go_on_to_the_same_table() {
    full_disk(&mut Command::new("env"), UNDER_A_LIMIT);
}
