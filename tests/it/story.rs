//! The story: a visitor reads the pricing page, an offer is made and accepted, the conversation queues.

use std::fs;

use journeycast::engine::EventTime;
use journeycast::io::embedded::Runner;
use journeycast::io::{Appender, Counter, Embedded};
use journeycast::replay::Replay;
use journeycast::settings::{Log, Settings};
use journeycast::simulate::{PERSONAL_MARKER, Pathologies, Site, SitePlan, config_toml, story_visitor};
use journeycast::wire::adjustment;
use serde_json::Value;

fn settings() -> Settings {
    Settings::parse(&config_toml(&SitePlan::default()), "journeycast.toml", std::iter::empty()).expect("it is right")
}

/// Sums of the newest rows of a replay over these records.
fn replayed(lines: &[Vec<u8>]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("there is room");
    let events = folder.path().join("events.ndjson");
    fs::write(&events, lines.join(&b'\n')).expect("it can be written");
    let out = folder.path().join("out");
    let replay = Replay { settings: &settings(), events: &[events], baseline: None, until: None, out: &out };
    replay.run().expect("it replays");
    let text = fs::read_to_string(out.join("adjustments.ndjson")).expect("it was written");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn sum(rows: &[Value], metric: &str) -> i64 {
    let count = |row: &Value| row["evidence"][metric].as_str().and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
    rows.iter().map(count).sum()
}

fn realised(rows: &[Value]) -> f64 {
    rows.iter().filter_map(|row| row["components"]["realised"].as_f64()).sum()
}

#[test]
fn a_visitor_becomes_one_more_conversation_at_the_queue_and_never_more() {
    let story: Vec<Vec<u8>> = story_visitor(7, 1_793_610_000_000).into_iter().map(|sent| sent.line).collect();
    let mut steps = Vec::new();
    for told in 1..=story.len() {
        let rows = replayed(&story[..told]);
        assert!(realised(&rows) <= 1.0, "after {told} records: {}", realised(&rows));
        let step = ["qualified", "offered", "accepted", "queued", "answered"].map(|metric| sum(&rows, metric));
        assert_eq!(realised(&rows), step[3] as f64, "realised is what was queued, after {told} records");
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    assert_eq!(
        steps,
        [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    );
}

#[test]
fn the_log_gives_the_table_of_the_replay_and_keeps_nothing_personal() {
    let plan =
        SitePlan { seed: 11, days: 1.0, visits_per_day: 300.0, pathologies: Pathologies::ALL, ..SitePlan::default() };
    let lines: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    let folder = tempfile::tempdir().expect("there is room");
    let mut settings = settings();
    settings.log = Log::Embedded { path: folder.path().to_path_buf() };
    let open = || Embedded::open(folder.path(), None).expect("it opens");
    let mut appender = Appender::new(open(), &settings, "test");
    for (number, line) in lines.iter().enumerate() {
        appender.push(line, "site", number as u64 + 1).expect("it is taken");
        if number % 97 == 0 {
            appender.flush().expect("it is kept");
            // A runner that ends and starts again between any two commits is where it was.
            let mut counter = Counter::start(&settings, Runner::of(&settings).expect("it is free")).expect("it starts");
            counter.turn(journeycast::io::clock::now()).expect("it counts");
        }
    }
    appender.flush().expect("it is kept");
    let mut counter = Counter::start(&settings, Runner::of(&settings).expect("it is free")).expect("it starts");
    while counter.turn(journeycast::io::clock::now()).expect("it counts") {}
    counter.say_the_rest(journeycast::io::clock::now()).expect("it says the rest");
    let mut counted = Vec::new();
    for body in counter.log().log().newest_rows(EventTime::DISTANT_PAST).expect("they can be read") {
        counted.push(adjustment::decode(&body).expect("it is a row"));
    }
    let rows = replayed(&lines);
    for metric in ["qualified", "offered", "accepted", "queued", "answered", "errored", "ignored"] {
        let of = |row: &journeycast::engine::VolumeAdjustment| -> Value {
            let mut line = Vec::new();
            journeycast::wire::write_json(&adjustment::to_message(row), &mut line);
            serde_json::from_slice(&line).expect("it is JSON")
        };
        let mine: Vec<Value> = counted.iter().map(of).collect();
        assert!(sum(&rows, metric) > 0, "{metric}");
        assert_eq!(sum(&mine, metric), sum(&rows, metric), "{metric}");
    }
    drop(counter);
    for entry in fs::read_dir(folder.path()).expect("it can be listed") {
        let path = entry.expect("it is there").path();
        let bytes = fs::read(&path).expect("it can be read");
        let found = bytes.windows(PERSONAL_MARKER.len()).any(|window| window == PERSONAL_MARKER.as_bytes());
        assert!(!found, "{} holds a personal value", path.display());
    }
}
