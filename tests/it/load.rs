//! Stories of `load`: the generator against the stand-in, by counting and never by the clock, and every bad target by name.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

pub fn journeycast(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    command.args(arguments);
    command
}

pub fn run(arguments: &[&str]) -> Output {
    journeycast(&[&["load", "run"], arguments].concat()).output().expect("it runs")
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// A stand-in that ends with the test.
pub struct StandIn {
    child: Child,
    pub address: String,
}

impl StandIn {
    pub fn of(arguments: &[&str]) -> Self {
        let mut serve = journeycast(&[&["load", "serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut first).expect("it says where");
        assert!(first.starts_with("http://127.0.0.1:"), "{first:?}");
        Self { child, address: first.trim_end().to_owned() }
    }

    /// What it counted.
    pub fn counts(&self) -> Value {
        let host = self.address.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).expect("it listens");
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("there is a body")).expect("it is JSON")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn sum(said: &Value, member: &str) -> u64 {
    said["rates"].as_array().expect("rates").iter().map(|rate| rate[member].as_u64().expect("a number")).sum()
}

#[test]
fn the_knee_of_the_default_curve_is_found_and_every_event_is_counted() {
    let stand_in = StandIn::of(&["--scale", "0.05"]);
    let mut counted = (0, 0);
    // A machine that starves both programs at once can hide the knee; every event is counted all the same.
    let found = (0..3).any(|_| {
        let said = json(&run(&["--target", &stand_in.address, "--find-knee", "--for", "2s", "--format", "json"]));
        assert!(said["generator_lag_p99_ms"].is_number(), "{said:#}");
        counted = (counted.0 + sum(&said, "sent"), counted.1 + sum(&said, "too_many_requests"));
        let counts = stand_in.counts();
        let received = (counts["received"].as_u64(), counts["too_many_requests"].as_u64());
        assert_eq!(received, (Some(counted.0), Some(counted.1)));
        said["knee_per_second"].as_f64().is_some_and(|knee| (knee / 150.0 - 1.0).abs() <= 0.1)
    });
    assert!(found, "three thousand, scaled, is 150");
}

#[test]
fn every_refusal_is_counted_and_the_files_tell_the_same() {
    let stand_in = StandIn::of(&["--scale", "0.05"]);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("one").display().to_string();
    let rates = ["--rates", "50,500", "--for", "1s", "--event", "custom", "--format", "json", "--out", &out];
    let said = json(&run(&[&["--target", &stand_in.address], rates.as_slice()].concat()));
    let counts = stand_in.counts();
    for (member, counted) in [("ok", "taken"), ("too_many_requests", "too_many_requests"), ("sent", "received")] {
        assert_eq!(sum(&said, member), counts[counted].as_u64().expect("a number"), "{said:#}\n{counts:#}");
    }
    assert_eq!((sum(&said, "sent"), sum(&said, "other")), (550, 0));
    assert!(sum(&said, "too_many_requests") > 50 && said["rates"][0]["too_many_requests"] == 0, "{said:#}");
    assert_eq!(said["knee_per_second"], 50);
    assert!(said["rates"][0]["p50_ms"].as_f64().is_some_and(|ms| ms >= 180.0), "an answer never comes early");

    let one = Path::new(&out);
    let log = fs::read(one.join("latencies.hlog")).expect("it was written");
    let steps = IntervalLogIterator::new(&log).filter(|entry| matches!(entry, Ok(LogEntry::Interval(_)))).count();
    let rates = fs::read_to_string(one.join("rates.csv")).expect("it was written");
    assert_eq!((steps, rates.lines().count()), (2, 3));
    assert!(fs::read_to_string(one.join("report.html")).expect("it was written").contains("<svg"));

    let html = folder.path().join("both.html").display().to_string();
    let compared = journeycast(&["load", "report", &out, &out, "--html", &html, "--format", "json"]).output();
    let compared = json(&compared.expect("it runs"));
    assert_eq!((&compared[0]["rate"], &compared[0]["taken_1"]), (&50.into(), &true.into()));
    assert_eq!((&compared[0]["ok_1"], &compared[0]["p99_change"]), (&compared[0]["ok_2"], &0.0.into()));
    assert_eq!(fs::read_to_string(&html).expect("it was written").matches("<polyline").count(), 6);
    let nothing = journeycast(&["load", "report", "nowhere"]).output().expect("it runs");
    assert!(nothing.status.code() == Some(1) && self::said(&nothing).contains("not_found"), "{}", self::said(&nothing));
}

#[test]
fn retry_after_is_honoured_where_that_is_asked_for() {
    let stand_in = StandIn::of(&["--limit", "20", "--retry-after", "60s", "--curve", "0=1ms"]);
    let answer = ["--rates", "100", "--for", "2s", "--format", "csv", "--honour-retry-after"];
    let output = run(&[&["--target", &stand_in.address], answer.as_slice()].concat());
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headers = rows.headers().expect("a head").clone();
    let row = rows.records().next().expect("a row").expect("it is CSV");
    let of = |name: &str| -> u64 {
        let at = headers.iter().position(|header| header == name).expect("it is there");
        row[at].parse().expect("a number")
    };
    assert_eq!(of("sent") + of("held_back"), 200, "{text}");
    assert!(of("held_back") > 0 && of("too_many_requests") > 0, "{text}");
    let taken = headers.iter().position(|header| header == "taken").expect("it is there");
    assert_eq!(&row[taken], "no", "what was held back was not taken: {text}");
    assert_eq!(of("sent"), stand_in.counts()["received"].as_u64().expect("a number"));
}

#[test]
fn the_first_sign_of_distress_ends_a_run_that_asked_for_that() {
    let stand_in = StandIn::of(&["--limit", "20", "--curve", "0=1ms"]);
    let rates = ["--rates", "100,200", "--for", "2s", "--stop-on-distress"];
    let output = run(&[&["--target", &stand_in.address], rates.as_slice()].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("ended early"), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("It ended early: the first sign of distress came at 100/s, after "), "{text}");
    assert!(text.contains("No knee can be told"), "a step that was cut says nothing of its rate: {text}");
    let seconds = text.lines().nth(1).and_then(|row| row.split_whitespace().nth(1)).and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|seconds: f64| seconds < 2.0), "{text}");
    let received = stand_in.counts()["received"].as_u64().expect("a number");
    assert!(received < 200, "the second rate never began: {received}");
}

#[test]
fn dropped_connections_are_told_apart_from_refusals() {
    let stand_in = StandIn::of(&["--drops", "0.25", "--curve", "0=1ms"]);
    let rates = ["--rates", "100", "--for", "1s", "--format", "json"];
    let said = json(&run(&[&["--target", &stand_in.address], rates.as_slice()].concat()));
    let counts = stand_in.counts();
    assert_eq!((sum(&said, "other"), sum(&said, "too_many_requests")), (25, 0), "{said:#}");
    assert_eq!((&counts["dropped"], &counts["received"]), (&Value::from(25), &Value::from(100)));
}

/// Answers every connection with this, or with nothing; says where, and how many came.
pub fn server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap_or(0);
            match answer {
                Some(answer) => {
                    let asked = String::from_utf8_lossy(&request[..length]).to_lowercase();
                    assert!(asked.contains("user-agent: journeycast-load/") || !asked.starts_with("post"), "{asked}");
                    drop(stream.write_all(answer.as_bytes()));
                }
                None => kept.push(stream),
            }
        }
    });
    format!("http://{address}/")
}

#[test]
fn a_target_that_cannot_be_loaded_has_a_named_answer() {
    let around =
        server(Some("HTTP/1.1 307 Moved\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let gone = server(Some("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let barred = server(Some("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let closed = server(Some(""));
    let plain = server(Some("HTTP/1.1 400 Bad Request\r\n\r\n")).replace("http:", "https:");
    let silent = server(None);
    for (target, code, name) in [
        (&*around, 1, "redirected: it answers 307"),
        (&gone, 1, "status: it answers 404"),
        (&barred, 1, "a token for example, is said by --header-file"),
        (&closed, 1, "closed:"),
        (&plain, 1, "tls:"),
        (&silent, 1, "timed_out: no answer within 0.2 seconds"),
        ("http://127.0.0.1:1/", 1, "no_connection:"),
        ("http://203.0.113.7/", 2, "--i-own-this-target 203.0.113.7"),
        ("https://no-such-host.invalid/", 2, "not_yours:"),
        ("ftp://127.0.0.1/", 2, "bad_address:"),
        ("kafka", 2, "needs --config FILE"),
    ] {
        let output = run(&["--target", target, "--rates", "1000", "--for", "1s", "--timeout", "200ms"]);
        assert_eq!(output.status.code(), Some(code), "{target}: {}", said(&output));
        assert!(said(&output).contains(name), "{target}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{target}");
    }
}

#[test]
fn rates_times_and_events_are_bounded_and_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html").display().to_string();
    fs::write(&file, "<html>").expect("it can be written");
    for (arguments, says) in [
        (["--rates", "20001", "--for", "1s"], "at most 20000"),
        (["--rates", "0", "--for", "1s"], "not above 0"),
        (["--rates", "10", "--for", "11m"], "from 1s to 600s"),
        (["--rates", "1,2,3,4,5,6,7", "--for", "10m"], "more than 3600 seconds"),
        (["--rates", "10", "--up-to", "30"], "cannot be used with"),
        (["--for", "1s", "--timeout", "0s"], "--timeout must be above 0"),
        (["--for", "1s", "--event", "nowhere.json"], "not_found"),
        (["--for", "1s", "--event", &file], "not_json: line 1"),
    ] {
        let output = run(&[&["--target", "http://127.0.0.1:1/"], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(says), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_ceiling_in_recorded_events_is_told_by_hour_and_a_bad_file_hides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorded = folder.path().join("events.ndjson").display().to_string();
    let mut lines = String::new();
    // Sixty visitors send five events each, and the third of every other one never arrives.
    for visitor in 0..60 {
        for total in (1..=5).filter(|total| visitor % 2 == 0 || *total != 3) {
            lines += &format!(
                r#"{{"topicName":"x","eventBody":{{"id":"e{visitor}-{total}","createdDate":"2026-11-20T10:{visitor:02}:0{total}Z","customerId":"c{visitor}","session":{{"id":"s{visitor}"}},"eventType":"WebEvent","webEvent":{{"totalEventCount":{total}}}}}}}"#
            );
            lines.push('\n');
        }
    }
    fs::write(&recorded, lines + "no event\n").expect("it can be written");
    let words = ["load", "report", "--format", "json", "--against-events", "nowhere.ndjson", &recorded];
    let output = journeycast(&words).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("nowhere.ndjson: unreadable"), "{}", said(&output));
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&found["events"], &found["missing"]), (&Value::from(270), &Value::from(30)));
    assert_eq!((&found["share_missing"], &found["monotone"]), (&Value::from(0.1), &Value::from(true)));
    assert_eq!(found["hours"][0]["hour"], "2026-11-20T10:00:00Z");
    assert_eq!((&found["hours"][0]["missing"], &found["ceiling_per_second"]), (&Value::from(30), &Value::Null));
}
