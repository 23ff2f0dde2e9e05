//! Bad input end to end: each kind has its class, its counter and its pointer, and its neighbours are counted.

use std::collections::BTreeMap;
use std::fs;

use journeycast::engine::{EventTime, VolumeAdjustment, WallTime};
use journeycast::http::{Board, Showing};
use journeycast::io::embedded::Runner;
use journeycast::io::{Appender, Counter, Embedded};
use journeycast::replay::Replay;
use journeycast::settings::{Log, Settings};
use journeycast::wire::adjustment;
use serde_json::Value;

use crate::crashes::settings;

const NOW: WallTime = WallTime::from_millis(1_794_000_000_000);

/// A good record: an envelope around an action that was offered. Every one is of an action of its own.
fn good(number: usize) -> String {
    format!(
        r#"{{"source":"aws.partner/genesys.com/cloud/org-1/bus","time":"2026-11-02T09:00:01Z","detail":{{"eventBody":{{"createdDate":"2026-11-02T09:00:00Z","eventType":"WebActionEvent","session":{{"id":"se-1"}},"webActionEvent":{{"action":{{"id":"ac-{number}","state":"offered","mediaType":"webMessagingOffer"}},"actionMap":{{"id":"am-1","version":3}}}}}}}}}}"#
    )
}

/// A good record with one thing changed in it.
fn with(what: &str, by: &str) -> Vec<u8> {
    let line = good(0);
    assert!(line.contains(what), "{what}");
    line.replacen(what, by, 1).into_bytes()
}

/// What cannot be used: the record, its class and the path that its pointer names.
fn bad() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    vec![
        (vec![b' '; 9 * 1_048_576], "too_large", "$"),
        ([b"{\"a\":\"".as_slice(), &vec![b'x'; 10 * 1_048_576], b"\"}"].concat(), "too_large", "$"),
        (b"{}".to_vec(), "unknown_shape", "$"),
        (good(0).into_bytes()[..100].to_vec(), "not_json", "$"),
        (b"<html><body>502 Bad Gateway</body></html>".to_vec(), "not_json", "$"),
        (["[".repeat(200), "]".repeat(200)].concat().into_bytes(), "too_deep", "$"),
        (with("\"WebActionEvent\"", "\"WebActionEvent\",\"x\":\"\u{1}\""), "not_json", "$"),
        (
            with("se-1", "se-?").into_iter().map(|byte| if byte == b'?' { 0xff } else { byte }).collect(),
            "not_utf8",
            "$",
        ),
        (with("\"offered\"", "7"), "wrong_type", "$.detail.eventBody.webActionEvent.action.state"),
        (
            with("\"version\":3", "\"version\":\"3\""),
            "wrong_type",
            "$.detail.eventBody.webActionEvent.actionMap.version",
        ),
        (with("\"id\":\"ac-0\"", "\"id\":null"), "missing_field", "$.detail.eventBody.webActionEvent.action.id"),
        (with("\"createdDate\"", "\"createdWas\""), "missing_field", "$.detail.eventBody.createdDate"),
        (
            with("\"state\":", "\"state\":\"offered\",\"state\":"),
            "duplicate_key",
            "$.detail.eventBody.webActionEvent.action.state",
        ),
        (with("\"source\":", "\"source\":\"org-1\",\"source\":"), "duplicate_key", "$.source"),
        (with("2026-11-02T09:00:00Z", "0001-01-01T00:00:00Z"), "bad_time", "$.detail.eventBody.createdDate"),
        (with("2026-11-02T09:00:00Z", "2026-11-02T09:00:60Z"), "bad_time", "$.detail.eventBody.createdDate"),
        (with("2026-11-02T09:00:01Z", "99999-01-01"), "bad_time", "$.time"),
        (with("2026-11-02T09:00:00Z", "2026-11-02T09:10:02Z"), "from_the_future", "$.detail.eventBody.createdDate"),
        (with("2026-11-02T09:00:01Z", "2027-02-02T09:00:01Z"), "beyond_horizon", "$.detail.eventBody.createdDate"),
        (with("org-1", "org-2"), "unknown_organization", "$.source"),
        (with("WebActionEvent", "HologramEvent"), "unknown_shape", "$.detail.eventBody.eventType"),
    ]
}

/// What looks odd and can be used: a state, a medium and a map that nobody knows.
fn odd() -> [Vec<u8>; 3] {
    [
        with("ac-0", "ac-odd-1").replaced("\"offered\"", "\"stateOfTomorrow\""),
        with("ac-0", "ac-odd-2").replaced("webMessagingOffer", "mediumOfTomorrow"),
        with("ac-0", "ac-odd-3").replaced("am-1", "am-nobody-knows"),
    ]
}

trait Replaced {
    fn replaced(self, what: &str, by: &str) -> Self;
}

impl Replaced for Vec<u8> {
    fn replaced(self, what: &str, by: &str) -> Self {
        String::from_utf8(self).expect("it is text").replacen(what, by, 1).into_bytes()
    }
}

/// Every bad record stands between two good ones; the odd ones come last.
fn lines() -> (Vec<Vec<u8>>, usize) {
    let mut lines = vec![good(1).into_bytes()];
    for (number, (line, _, _)) in bad().into_iter().enumerate() {
        lines.extend([line, good(number + 2).into_bytes()]);
    }
    let good = bad().len() + 1;
    lines.extend(odd());
    (lines, good)
}

/// The pointers that must be found: line, class and path.
fn pointers() -> Vec<(u64, String, String)> {
    let expected = bad().into_iter().enumerate();
    expected.map(|(n, (_, class, path))| (2 * n as u64 + 2, class.to_owned(), path.to_owned())).collect()
}

fn by_class() -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    bad().into_iter().for_each(|(_, class, _)| *counts.entry(class.to_owned()).or_default() += 1);
    counts
}

#[test]
fn a_replay_names_every_bad_record_and_counts_its_neighbours() {
    let folder = tempfile::tempdir().expect("there is room");
    let (lines, good) = lines();
    let (events, out) = (folder.path().join("events.ndjson"), folder.path().join("out"));
    fs::write(&events, lines.join(&b'\n')).expect("it can be written");
    let replay = Replay { settings: &settings(), events: &[events], baseline: None, until: None, out: &out };
    replay.run().expect("nothing stops it");
    let read = |name: &str| fs::read_to_string(out.join(name)).expect("it was written");
    let json = |line: &str| -> Value { serde_json::from_str(line).expect("it is JSON") };
    let found: Vec<_> = read("set-aside.ndjson").lines().map(json).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = found
        .iter()
        .map(|pointer| (pointer["line"].as_u64().unwrap_or(0), text(&pointer["class"]), text(&pointer["path"])));
    assert_eq!(found.collect::<Vec<_>>(), pointers());
    let summary = json(&read("summary.json"));
    let admitted = (good + odd().len()) as u64;
    assert_eq!(summary["records"]["read"], lines.len() as u64);
    assert_eq!(summary["records"]["admitted"], admitted);
    assert_eq!(summary["records"]["set_aside"], bad().len() as u64);
    assert_eq!(summary["set_aside_by_class"], serde_json::to_value(by_class()).expect("it is JSON"));
    assert_eq!(summary["unrouted"]["other"], 1);
    let rows: Vec<_> = read("adjustments.ndjson").lines().map(json).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["evidence"]["offered"], good.to_string());
    assert_eq!(rows[0]["evidence"]["qualified"], (good + 1).to_string(), "a state of tomorrow is a step");
}

#[test]
fn the_log_names_every_bad_record_and_the_service_counts_on() {
    let folder = tempfile::tempdir().expect("there is room");
    let settings = Settings { log: Log::Embedded { path: folder.path().to_path_buf() }, ..settings() };
    let (lines, good) = lines();
    let log = || Embedded::open(folder.path(), None).expect("it opens");
    let mut appender = Appender::new(log(), &settings, "site");
    for (number, line) in (1..).zip(&lines) {
        appender.push(line, "events.ndjson", number).expect("it is taken");
    }
    appender.flush().expect("it is kept");
    let mut counter = Counter::start(&settings, Runner::of(&settings).expect("it is free")).expect("it starts");
    while counter.turn(NOW).expect("it counts") {}
    counter.say_the_rest(NOW).expect("it says the rest");
    let found = log().set_aside(0, 1_000).expect("it can be read").into_iter().map(|aside| aside.pointer);
    let found = found.map(|pointer| (pointer.position, pointer.class, pointer.path.unwrap_or_default()));
    assert_eq!(found.collect::<Vec<_>>(), pointers());
    let board = Board::default();
    board.show(&Showing {
        counters: &[&counter],
        accounting: &log().accounting().expect("it can be read"),
        texts: &BTreeMap::new(),
        stages: &[],
        caught_up: true,
    });
    let metrics = board.metrics();
    let has = |line: String| assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    has(format!(r#"journeycast_records_total{{source="site",outcome="admitted"}} {}"#, good + odd().len()));
    has(format!(r#"journeycast_records_total{{source="site",outcome="set_aside"}} {}"#, bad().len()));
    for (class, n) in by_class() {
        has(format!(r#"journeycast_set_aside_total{{source="site",class="{class}"}} {n}"#));
    }
    let rows = log().newest_rows(EventTime::DISTANT_PAST).expect("they can be read");
    let rows: Vec<VolumeAdjustment> = rows.iter().map(|body| adjustment::decode(body).expect("it is a row")).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].evidence.counts.offered, good as i64);
}
