//! `--browser`: what a live Chromium asks of Genesys and keeps on the device, before consent and after.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use journeycast::io::browser::{Reach, visit};
use journeycast::snippet::{Phase, Seen};

const PAGE: &str = r#"<!doctype html><title>Shop</title><button id="agree" onclick="agreed()">Agree</button>
<script>
document.cookie = 'language=secret-value; max-age=864000';
sessionStorage.setItem('basket', 'secret-value');
function load(address) { var s = document.createElement('script'); s.src = address; document.head.append(s); }
load('https://apps.mypurecloud.ie/widgets/9.0/cxbus.min.js?who=secret-value');
function agreed() {
  localStorage.setItem('_0aa1b2c3-d4e5-46f7-8899-aabbccddeeff:actmu', 'secret-value');
  load('https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js');
}
</script>"#;

/// Serves one page to whoever comes; gives its address.
fn site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = [0; 4_096];
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                PAGE.len()
            );
            // A browser opens connections ahead, on which nothing comes.
            if stream.read(&mut request).is_ok_and(|length| length > 0)
                && stream.write_all(format!("{head}{PAGE}").as_bytes()).is_err()
            {
                return;
            }
        }
    });
    format!("http://{address}/")
}

fn requests(seen: &Seen) -> Vec<String> {
    seen.requests.iter().map(|it| format!("{} {}{}", it.method, it.host, it.path)).collect()
}

fn keys(seen: &Seen) -> Vec<String> {
    seen.keys.iter().map(|key| format!("{} {} {}", key.store.name(), key.name, key.lifetime())).collect()
}

#[test]
#[ignore = "needs an installed Chromium; .ci/run installs one"]
fn a_live_browser_tells_requests_and_keys_before_and_after_consent_and_no_value() {
    let phases = visit(&site(), Some("#agree"), Reach::ThisMachine).expect("a Chromium is installed");
    let [before, after] = phases.as_slice() else { panic!("two phases: {phases:?}") };
    assert_eq!((before.phase, after.phase), (Phase::BeforeConsent, Phase::AfterConsent));
    assert_eq!(requests(before), ["GET apps.mypurecloud.ie/widgets/9.0/cxbus.min.js"]);
    assert_eq!(requests(after), ["GET apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js"]);
    assert!(keys(before)[0].starts_with("cookie language "), "{:?}", keys(before));
    assert_eq!(keys(before)[1..], ["session_storage basket until the tab closes"]);
    let stored = "local_storage _0aa1b2c3-d4e5-46f7-8899-aabbccddeeff:actmu until it is cleared";
    assert!(keys(after).contains(&stored.to_owned()), "{:?}", keys(after));
    assert!(!format!("{phases:?}").contains("secret-value"));
}

#[test]
#[ignore = "needs an installed Chromium; .ci/run installs one"]
fn what_is_not_there_to_click_on_or_to_open_is_named() {
    let name = |address: &str, click| visit(address, Some(click), Reach::ThisMachine).expect_err("it fails").name();
    let address = site();
    assert_eq!(name(&address, "#refuse"), "no_such_element");
    assert_eq!(name(&address, "###"), "no_such_element");
    assert_eq!(name("http://127.0.0.1:1/", "#agree"), "no_connection");
}

#[test]
fn without_a_chromium_the_answer_says_so_and_the_rest_is_answered() {
    let address = site();
    let run = |inputs: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
        command.args(["snippet", "audit", "--format", "json", "--browser"]).args(inputs).env("PATH", "/nowhere");
        command.output().expect("it runs")
    };
    let output = run(&[&address]);
    assert_eq!(output.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(said["inputs"][0]["browser"]["error"]["name"], "no_browser");
    assert_eq!(said["inputs"][0]["findings"].as_array().map(Vec::len), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no_browser: no Chromium is installed"));
    assert_eq!(run(&["Cargo.toml"]).status.code(), Some(2), "a file is no address");
}
