//! Stories of `load` where something is wrong: stalls, certificates, absurd answers, secrets, and files of other versions.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::Value;

use crate::load::{StandIn, journeycast, json, run, said, server, sum};

/// How many taken events a log of latencies holds, and how many of them took longer than this many milliseconds.
fn slower_than(log: &Path, millis: u64) -> (u64, u64) {
    let bytes = fs::read(log).expect("it was written");
    let (mut all, mut slow) = (0, 0);
    for entry in IntervalLogIterator::new(&bytes) {
        let Ok(LogEntry::Interval(interval)) = entry else { continue };
        let histogram = {
            use base64::Engine as _;
            let packed = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram());
            let packed = packed.expect("it is base64");
            Deserializer::new().deserialize::<u64, _>(&mut packed.as_slice()).expect("it is a histogram")
        };
        all += histogram.len();
        slow += histogram.count_between(millis * 1_000, u64::MAX);
    }
    (all, slow)
}

#[test]
fn a_stall_shows_in_every_event_that_was_due_in_it_though_few_were_on_their_way() {
    let stand_in = StandIn::of(&["--curve", "0=1ms", "--stall", "1s@1s"]);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    // So few files may be open that sixteen connections are all there are: two hundred events are due in the stall.
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -n 80; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_journeycast"), "load", "run"]);
    few.args(["--target", &stand_in.address, "--rates", "200", "--for", "3s", "--format", "json", "--out"]).arg(&out);
    let said = json(&few.output().expect("it runs"));
    assert_eq!((sum(&said, "sent"), sum(&said, "ok")), (600, 600), "{said:#}");
    let (all, slow) = slower_than(&out.join("latencies.hlog"), 100);
    assert_eq!(all, 600);
    // A closed loop would have seen sixteen. Of a second's events those in the last tenth wait for less than that.
    assert!(slow >= 200 * 9 / 10 * 9 / 10, "{slow} of {all}");
    assert!(said["rates"][0]["p99_ms"].as_f64().is_some_and(|ms| ms > 800.0), "{said:#}");
}

/// A server for TLS that answers 200 to everything; its address, and a file with who vouches for it.
fn secure(folder: &Path, host: &str, last_year: i32) -> (String, PathBuf) {
    let mut authority = CertificateParams::new(Vec::new()).expect("it needs no name");
    authority.distinguished_name.push(DnType::CommonName, format!("{host} until {last_year}"));
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = || KeyPair::generate().expect("a key can be made");
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("it signs itself");
    let mut server = CertificateParams::new(vec![host.to_owned()]).expect("it is a name");
    (server.not_before, server.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(last_year, 1, 1));
    let secret = key();
    let certificate = server.signed_by(&secret, &authority).expect("it is signed");
    let vouches = folder.join(format!("{host}-{last_year}.pem"));
    fs::write(&vouches, authority.pem()).expect("it can be written");
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(secret.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], secret));
    let config = Arc::new(config.expect("it is a configuration"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let config = Arc::clone(&config);
            thread::spawn(move || answer_safely(config, stream));
        }
    });
    (format!("https://localhost:{port}/"), vouches)
}

fn answer_safely(config: Arc<ServerConfig>, mut stream: TcpStream) {
    let mut connection = ServerConnection::new(config).expect("it is a connection");
    let mut safe = Stream::new(&mut connection, &mut stream);
    let mut request = [0; 8_192];
    while safe.read(&mut request).is_ok_and(|length| length > 0) {
        drop(safe.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    }
}

#[test]
fn a_certificate_must_be_vouched_for_of_this_host_and_of_this_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, vouches) = secure(folder.path(), "localhost", 2_095);
    let (expired, for_expired) = secure(folder.path(), "localhost", 2_021);
    let (other, for_other) = secure(folder.path(), "elsewhere.example", 2_095);
    let one = |target: &str, vouches: &Path| -> Output {
        let words = ["load", "run", "--rates", "20", "--for", "1s", "--timeout", "5s", "--format", "json", "--target"];
        let mut run = journeycast(&[&words[..], &[target]].concat());
        run.env("SSL_CERT_FILE", vouches).output().expect("it runs")
    };
    let taken = json(&one(&good, &vouches));
    assert_eq!((sum(&taken, "ok"), sum(&taken, "sent")), (20, 20), "{taken:#}");
    for (target, vouches, says) in [
        (&good, &for_other, "UnknownIssuer"),
        (&expired, &for_expired, "expired"),
        (&other, &for_other, "not valid for name"),
    ] {
        let refused = one(target, vouches);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let said = said(&refused);
        assert!(said.contains("--target: tls: ") && said.contains(says), "{says}: {said}");
    }
}

#[test]
fn dates_in_retry_after_are_heeded_and_nonsense_is_not() {
    let answer = |wait: &str| -> &'static str {
        let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n";
        Box::leak(format!("{head}Retry-After: {wait}\r\n\r\n").into_boxed_str())
    };
    for (wait, held_back) in [
        ("Fri, 31 Dec 2094 23:59:59 GMT", true),
        ("99999999999999999999999", true),
        ("Sun, 06 Nov 1994 08:49:37 GMT", false),
        ("-5", false),
        ("soon", false),
    ] {
        let target = server(Some(answer(wait)));
        let words = ["--rates", "50", "--for", "1s", "--honour-retry-after", "--format", "csv", "--target", &target];
        let output = run(&words);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let row: Vec<&str> = text.lines().nth(1).expect("there is a row").split(',').collect();
        // rate, seconds, sent, ok, 429, other, held back
        let expected = if held_back { ["1", "0", "1", "0", "49"] } else { ["50", "0", "50", "0", "0"] };
        assert_eq!(row.get(2..7), Some(&expected[..]), "{wait}: {text}");
    }
}

/// A server that answers 200 and tells what it was asked.
fn hearing() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("it listens"));
    let (told, heard) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8_192];
            let length = stream.read(&mut request).unwrap_or(0);
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            if told.send(String::from_utf8_lossy(&request[..length]).into_owned()).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

#[test]
fn headers_of_a_file_go_with_every_request_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, out) = (folder.path().join("headers"), folder.path().join("run"));
    fs::write(&file, "Authorization: Bearer of-tests\n").expect("it can be written");
    let (target, heard) = hearing();
    let (file, out_name) = (file.display().to_string(), out.display().to_string());
    let words = ["--rates", "10", "--for", "1s", "--format", "json", "--header-file", &file, "--out", &out_name];
    let mut loud = journeycast(&[&["load", "run", "--target", &target], &words[..]].concat());
    let output = loud.env("RUST_LOG", "trace").output().expect("it runs");
    assert_eq!(sum(&json(&output), "ok"), 10);
    for _ in 0..10 {
        let request = heard.recv().expect("it was asked");
        assert!(request.contains("authorization: Bearer of-tests\r\n"), "{request}");
        assert!(request.contains("user-agent: journeycast-load/"), "{request}");
    }
    let mut shown = said(&output) + &String::from_utf8_lossy(&output.stdout);
    for file in ["run.json", "rates.csv", "report.html", "latencies.hlog"] {
        shown += &fs::read_to_string(out.join(file)).expect("it was written");
    }
    assert!(!shown.contains("of-tests"));
    let clear = ["--target", "http://203.0.113.7/", "--i-own-this-target", "203.0.113.7", "--header-file", &file];
    let refused = run(&clear);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("in_the_clear:"), "{}", said(&refused));
    fs::write(&file, "Bearer of-tests\n").expect("it can be written");
    let refused = run(&["--target", &target, "--header-file", &file]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("not_a_header: line 1"), "{}", said(&refused));
    assert!(!said(&refused).contains("of-tests"));
}

#[test]
fn a_stand_in_refuses_a_nonsense_curve_and_names_what_is_wrong() {
    for (words, says) in [
        (["--curve", ""], "is no point"),
        (["--curve", "1000"], "is no point"),
        (["--curve", "fast=1ms"], "is no rate"),
        (["--curve", "200=1ms,100=2ms"], "ascending"),
        (["--curve", "100=soon"], "--curve"),
        (["--scale", "0"], "--scale must be above 0"),
        (["--scale", "NaN"], "--scale must be above 0"),
        (["--limit", "inf"], "--limit must be above 0"),
        (["--drops", "1.5"], "from 0 to 1"),
        (["--stall", "1s"], "is not TIME@TIME"),
        (["--retry-after", "soon"], "--retry-after"),
        (["--retry-after", "1500ms"], "whole seconds"),
        (["--slow-start", "-1s"], "--slow-start"),
    ] {
        let words = [format!("{}={}", words[0], words[1])];
        let output = journeycast(&["load", "serve", &words[0]]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(says), "{words:?}: {}", said(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_report_names_a_run_of_another_version_or_of_half_a_file_and_pairs_what_differs() {
    let stand_in = StandIn::of(&["--curve", "0=1ms"]);
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str, rates: &str| {
        let out = folder.path().join(name).display().to_string();
        json(&run(&[
            "--target",
            &stand_in.address,
            "--rates",
            rates,
            "--for",
            "1s",
            "--format",
            "json",
            "--out",
            &out,
        ]));
        out
    };
    let (one, other) = (made("one", "20,10,20"), made("other", "20,40"));
    let report = |words: &[&str]| journeycast(&[&["load", "report", "--format", "json"], words].concat()).output();
    let both = json(&report(&[&one, &other]).expect("it runs"));
    let rates: Vec<&Value> = both.as_array().expect("a list").iter().map(|row| &row["rate"]).collect();
    assert_eq!(rates, [10, 20, 40]);
    assert_eq!((&both[0]["ok_2"], &both[1]["ok_2"], &both[2]["ok_1"]), (&Value::Null, &20.into(), &Value::Null));
    assert_eq!((&both[1]["made_1"], &both[1]["made_2"], &both[2]["made_1"]), (&2.into(), &1.into(), &0.into()));
    let words = ["load", "report", &one, &other];
    let text = journeycast(&words).output().expect("it runs").stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("Run 1: Every rate was taken up to 20/s"), "{text}");
    assert!(text.contains("It made 20/s 2 times; the last time is shown."), "{text}");
    assert!(text.contains("Run 2: Every rate was taken up to 40/s"), "{text}");
    let alone = json(&report(&[&one]).expect("it runs"));
    assert_eq!((&alone[0]["sent"], &alone[0]["taken"]), (&20.into(), &true.into()));
    let file = Path::new(&one).join("run.json");
    let text = fs::read_to_string(&file).expect("it was written");
    for (changed, says) in [
        (text.replace("load-run/1", "load-run/2"), "not_a_run: its schema is \"journeycast.load-run/2\""),
        ("{\"schema\":\"journeycast.load-run/7\"}".to_owned(), "and this version reads \"journeycast.load-run/1\""),
        (text.chars().take(text.len() / 2).collect(), "not_a_run: EOF"),
        ("{}".to_owned(), "not_a_run: it has no schema"),
        (text.replace("\"sent\"", "\"send\""), "not_a_run: missing field `sent`"),
        (String::new(), "not_a_run: EOF"),
    ] {
        fs::write(&file, changed).expect("it can be written");
        let refused = report(&[&one, &other]).expect("it runs");
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(says), "{says}: {}", said(&refused));
    }
}
