//! Stories of `load` where a run cannot go on, or says nothing: what was found until then is kept, and nothing more is claimed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

use crate::load::{StandIn, journeycast, json, run, said, server, sum};

/// Answers so many events with 200, and is gone.
fn mortal(events: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("it listens"));
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok).take(events) {
            let mut request = [0; 8_192];
            drop(stream.read(&mut request));
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    });
    address
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_endpoint_that_dies_is_told_and_leaves_no_knee() {
    let target = mortal(100);
    let output = run(&["--target", &target, "--rates", "50,100", "--for", "10s", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("the endpoint stopped answering at 50/s: the last answer came"),
        "{}",
        said(&output)
    );
    let found: Value = serde_json::from_slice(&output.stdout).expect("what was found is told all the same");
    assert_eq!(
        (&found["knee_per_second"], found["rates"].as_array().map(Vec::len)),
        (&Value::Null, Some(1)),
        "{found:#}"
    );
    assert!(found["ended_early"].as_str().is_some_and(|early| early.contains("no_connection")), "{found:#}");
    assert_eq!(sum(&found, "ok"), 100);
    assert!(sum(&found, "sent") < 500, "nobody is there to get the rest: {found:#}");

    let target = mortal(100);
    let output = run(&["--target", &target, "--find-knee", "--up-to", "300", "--for", "2s"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = told(&output);
    assert!(text.contains("No knee can be told, because the run ended early; 20/s was taken until then."), "{text}");
    assert!(text.contains("It ended early: the endpoint stopped answering at 80/s"), "{text}");
}

#[test]
fn an_endpoint_that_refuses_everything_does_not_take_the_rate() {
    let target = server(Some("HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    for search in [&["--rates", "50"][..], &["--find-knee", "--up-to", "100"]] {
        let output = run(&[&["--target", &target, "--for", "1s"], search].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let text = told(&output);
        assert!(text.contains("Not even ") && text.contains(" no\n"), "{text}");
    }
}

#[test]
fn whoever_asks_to_be_left_alone_for_long_is_left_alone_and_that_is_said() {
    let stand_in = StandIn::of(&["--limit", "20", "--retry-after", "120s", "--curve", "0=1ms"]);
    let rates = ["--rates", "100,200", "--for", "1s", "--honour-retry-after", "--format", "json"];
    let found = json(&run(&[&["--target", &stand_in.address], &rates[..]].concat()));
    let early = found["ended_early"].as_str().unwrap_or_default();
    assert!(early.starts_with("at 200/s the endpoint asked to be left alone for another 1"), "{found:#}");
    assert_eq!(stand_in.counts()["received"], sum(&found, "sent"));
}

/// Begins a run of three steps, and sends it a signal once the first is done.
fn interrupted(signal: &str, target: &str, out: &Path) -> Output {
    let words = ["load", "run", "--target", target, "--rates", "20,20,20", "--for", "2s", "--out"];
    let mut command = journeycast(&words);
    let mut child = command.arg(out).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"step\"")), "the first step is done");
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("it runs");
    assert!(killed.success());
    lines.by_ref().map_while(Result::ok).for_each(drop);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_signal_ends_a_run_in_order_and_what_is_finished_is_kept() {
    let stand_in = StandIn::of(&["--curve", "0=1ms"]);
    let folder = tempfile::tempdir().expect("a folder");
    for (signal, code, name) in [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM")] {
        let out = folder.path().join(name);
        let output = interrupted(signal, &stand_in.address, &out);
        assert_eq!(output.status.code(), Some(code));
        let text = told(&output);
        assert!(text.contains(&format!("It ended early: {name} came at 20/s")), "{text}");
        let written = fs::read_to_string(out.join("run.json")).expect("it was written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        assert_eq!((&written["steps"][0]["sent"], &written["steps"][0]["taken"]), (&40.into(), &true.into()));
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_or_holds_a_run_is_refused_before_anything_is_sent() {
    let stand_in = StandIn::of(&["--curve", "0=1ms"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "mine").expect("it can be written");
    let full = folder.path().join("full");
    fs::create_dir(&full).expect("it can be made");
    fs::write(full.join("run.json"), "mine").expect("it can be written");
    for (out, says) in [(&file, "unwritable:"), (&file.join("below"), "unwritable:"), (&full, "not_empty:")] {
        let out = out.display().to_string();
        let output = run(&["--target", &stand_in.address, "--rates", "20", "--for", "1s", "--out", &out]);
        assert_eq!(output.status.code(), Some(2), "{out}: {}", said(&output));
        assert!(said(&output).contains(says), "{out}: {}", said(&output));
    }
    assert_eq!(stand_in.counts()["received"], 0);
    assert_eq!(fs::read_to_string(full.join("run.json")).expect("it is there"), "mine");
}

#[test]
fn events_that_are_none_are_no_all_clear() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorded = folder.path().join("events.ndjson");
    for text in ["", "garbage\n", "{\"eventType\":\"Conversation\"}\n"] {
        fs::write(&recorded, text).expect("it can be written");
        let output = journeycast(&["load", "report", "--against-events"]).arg(&recorded).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{text:?}: {}", said(&output));
        assert!(said(&output).contains("no_events:") && output.stdout.is_empty(), "{text:?}: {}", said(&output));
    }
    let nowhere = journeycast(&["load", "report", "--against-events", "nowhere"]).output().expect("it runs");
    assert!(nowhere.status.code() == Some(1) && nowhere.stdout.is_empty(), "{}", said(&nowhere));
}
