//! `snippet audit` as people run it: bad inputs, addresses, version control, and the three forms of the answer.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use journeycast::snippet::{audit, signatures};
use serde_json::Value;

const SNIPPET: &str = r#"<script>!function(w,n,a,c){w._genesysJs=n;w[n]=function(){};w[n].c=c;var s=document.createElement("script");s.src=a;document.head.append(s)}(window,"Genesys","https://apps.euw2.pure.cloud/genesys-bootstrap/genesys.min.js",{environment:"prod-euw2",deploymentId:"0aa1b2c3-d4e5-46f7-8899-aabbccddeeff"});</script>"#;

fn page(body: &str) -> String {
    format!(
        "<html><head><link rel=\"canonical\" href=\"https://shop.example/\">\n{SNIPPET}</head><body>{body}</body></html>"
    )
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    command.args(["snippet", "audit"]).args(arguments).current_dir(folder).output().expect("it runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("it can be written");
    path
}

/// Answers each request with the next of these, then ends; gives its address.
fn server(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap_or(0);
            let said = String::from_utf8_lossy(&request[..length]).to_lowercase();
            assert!(said.contains("user-agent: journeycast/"), "{said}");
            stream.write_all(answer.as_bytes()).expect("it is read");
        }
    });
    format!("http://{address}/")
}

#[test]
fn every_signature_is_found_in_its_example() {
    for signature in &signatures().signature {
        let audited = audit("example.html", signature.example.as_bytes(), None, None);
        let bears = audited.findings.iter().any(|finding| {
            finding.product.id == signature.product
                && finding.places.iter().any(|place| place.signature == signature.id)
        });
        assert!(bears, "{}: {}", signature.id, signature.example);
        assert!(signatures().product.iter().any(|product| product.id == signature.product), "{}", signature.id);
    }
}

/// A page whose script tag has these attributes and this script, with the snippet in the place of its name.
fn asking(attributes: &str, script: &str) -> (String, String) {
    let code = SNIPPET.trim_start_matches("<script>").trim_end_matches("</script>");
    let page = format!("<head><script {attributes}>{}</script></head>", script.replace("SNIPPET", code));
    let finding = audit("page.html", page.as_bytes(), None, None).findings.remove(0);
    (finding.tracking.name().to_owned(), finding.waits_for.unwrap_or_default())
}

#[test]
fn every_consent_manager_is_known_by_its_calls_and_by_its_tags() {
    for manager in &signatures().consent.manager {
        let (tracking, waits_for) = asking("", &manager.example);
        if !manager.holds_back {
            assert_eq!(tracking, "yes", "{}", manager.name);
            continue;
        }
        assert_eq!(tracking, "only_after_consent", "{}", manager.name);
        assert!(waits_for.contains(&format!("({})", manager.name)), "{}: {waits_for}", manager.name);
        if let Some(tag) = &manager.tag {
            let (tracking, _) = asking(&format!("type=\"text/plain\" {tag}"), "SNIPPET");
            assert_eq!(tracking, "only_after_consent", "{}: {tag}", manager.name);
        }
    }
}

#[test]
fn a_category_that_is_always_granted_holds_nothing_back() {
    for script in [
        "if(OnetrustActiveGroups.indexOf(',C0001,')>-1){SNIPPET}",
        "if(OnetrustActiveGroups.includes('C0001')){SNIPPET}",
        "if(Cookiebot.consent.necessary){SNIPPET}",
        "if(wp_has_consent('essential')){SNIPPET}",
    ] {
        assert_eq!(asking("", script).0, "yes", "{script}");
        let other =
            script.replace("C0001", "C0002").replace("necessary", "marketing").replace("essential", "statistics");
        assert_eq!(asking("", &other).0, "only_after_consent", "{other}");
    }
}

#[test]
fn every_region_is_read_from_its_environment_and_from_its_host() {
    let of = |text: &str| audit("page.html", text.as_bytes(), None, None).findings[0].region.clone().expect("a region");
    for region in &signatures().region {
        let here = page("").replace("prod-euw2", &region.environment);
        assert_eq!(of(&here).aws, Some(region.aws.as_str()));
        let bare = format!("<script src=\"https://apps.{}/genesys-bootstrap/genesys.min.js\"></script>", region.domain);
        assert_eq!(of(&bare).aws, Some(region.aws.as_str()));
    }
}

#[test]
fn one_bad_file_of_a_folder_is_named_and_hides_none_of_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "good.html", page("").as_bytes());
    put(folder.path(), "broken.html", b"\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0\0");
    put(folder.path(), "logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0\0");
    put(folder.path(), "half.har", br#"{"log":{"entries":[{"request":{"url":"https://a.example/"#);
    put(folder.path(), "empty.html", b"");
    fs::create_dir(folder.path().join("node_modules")).expect("a folder");
    put(folder.path(), "node_modules/x.html", page("").as_bytes());
    let output = run(folder.path(), &["--format", "json", ".", "missing.html"]);
    assert_eq!(output.status.code(), Some(1));
    let said = json(&output);
    let inputs = said["inputs"].as_array().expect("a list");
    let errors: Vec<String> = inputs.iter().map(|it| format!("{} {}", it["input"], it["error"]["name"])).collect();
    assert_eq!(
        errors,
        [
            r#""./broken.html" "not_text""#,
            r#""./good.html" null"#,
            r#""./half.har" "har_cut_short""#,
            r#""missing.html" "not_found""#
        ]
    );
    assert_eq!(inputs[1]["tracking"], "yes");
    assert_eq!(said["summary"]["errors"], 3);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("broken.html: not_text"), "{told}");
}

#[test]
fn what_is_no_page_has_a_named_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "empty.html", b" \n");
    put(folder.path(), "zip.html", b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0");
    put(folder.path(), "cut.json", br#"{"a":["b"#);
    for (file, name) in [("empty.html", "empty"), ("zip.html", "not_text"), ("cut.json", "json_cut_short")] {
        let output = run(folder.path(), &["--format", "json", file]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert_eq!(json(&output)["inputs"][0]["error"]["name"], name, "{file}");
    }
    let output = run(folder.path(), &["--mapping", "nowhere.csv", "empty.html"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_page_of_fifty_megabytes_is_read_to_its_end() {
    let filler = "<p>Genesys and other words of a very long page</p>\n".repeat(1_000_000);
    let audited =
        audit("long.html", page(&filler).replace(SNIPPET, "").replace("</body>", SNIPPET).as_bytes(), None, None);
    assert_eq!(audited.tracking().name(), "yes");
    assert_eq!(audited.findings[0].places[0].line, 1_000_002);
    let comment = format!("<!-- {} -->\n{SNIPPET}", "x y ".repeat(1 << 20));
    assert_eq!(audit("comment.html", comment.as_bytes(), None, None).tracking().name(), "yes");
    let attributes = format!("<div {}>\n{SNIPPET}", "a=b ".repeat(1 << 20));
    assert_eq!(audit("attributes.html", attributes.as_bytes(), None, None).tracking().name(), "yes");
    let brackets = format!("<script>genesys {}</script>{SNIPPET}", "({[".repeat(1 << 20));
    assert_eq!(audit("brackets.html", brackets.as_bytes(), None, None).tracking().name(), "yes");
}

#[test]
fn an_address_is_fetched_once_and_follows_five_redirections_at_most() {
    let body = page("");
    let there =
        server(vec![format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())]);
    let around = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned();
    let circle = server(vec![around; 12]);
    let gone = server(vec!["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()]);
    let silent = "http://127.0.0.1:1/";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let unsafe_one = format!("https://{}/", listener.local_addr().expect("it listens"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("it is read");
    });
    let output = run(Path::new("."), &["--format", "json", &there, &circle, &gone, silent, "http://", &unsafe_one]);
    assert_eq!(output.status.code(), Some(1));
    let said = json(&output);
    let named: Vec<&str> = (0..6).map(|at| said["inputs"][at]["error"]["name"].as_str().unwrap_or("read")).collect();
    assert_eq!(named, ["read", "too_many_redirects", "status", "no_connection", "bad_address", "tls"]);
    assert_eq!(said["inputs"][0]["findings"][0]["deployment_id"], "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff");
}

#[test]
fn a_mapping_tells_what_depends_on_the_site_and_turns_the_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "page.html", page("").as_bytes());
    put(
        folder.path(),
        "map.csv",
        b"hostname,offers_per_week,chats_per_week,weeks,owner\nshop.example,120,35,8,Web team\n",
    );
    let without = json(&run(folder.path(), &["--format", "json", "page.html"]));
    assert_eq!(without["inputs"][0]["findings"][0]["verdict"], "ask_the_owner");
    let with = json(&run(folder.path(), &["--format", "json", "--mapping", "map.csv", "page.html"]));
    assert_eq!(with["inputs"][0]["findings"][0]["verdict"], "keep");
    let text = run(folder.path(), &["--mapping", "map.csv", "page.html"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("120 offers and 35 chats a week (over 8 weeks)"), "{text}");
    let plain = String::from_utf8_lossy(&run(folder.path(), &["page.html"]).stdout).into_owned();
    assert!(plain.contains("cannot be known from here"), "{plain}");
    let order = [
        "Tracking people now?",
        "What is it?",
        "Whose is it?",
        "What does it send",
        "What does it store",
        "Who put it",
        "What stops",
        "Verdict",
        "Next step",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|question| plain.find(question)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{plain}");
}

#[test]
fn recorded_events_tell_how_many_offers_the_visits_of_a_hostname_led_to() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "page.html", page("").as_bytes());
    let seen = |visit: &str, host: &str| {
        format!(
            r#"{{"createdDate":"2026-11-02T10:00:00Z","session":{{"id":"{visit}"}},"eventType":"WebEvent","webEvent":{{"page":{{"hostname":"{host}"}}}}}}"#
        )
    };
    let offer = |visit: &str, state: &str| {
        format!(
            r#"{{"createdDate":"2026-11-12T10:00:00Z","session":{{"id":"{visit}"}},"eventType":"WebActionEvent","webActionEvent":{{"action":{{"id":"a-{visit}","state":"{state}","mediaType":"webMessagingOffer"}}}}}}"#
        )
    };
    let records = [
        seen("one", "www.shop.example"),
        seen("two", "shop.example"),
        seen("three", "other.example"),
        offer("one", "accepted"),
        offer("three", "offered"),
    ];
    let zipped = zstd::encode_all(records.join("\n").as_bytes(), 1).expect("it can be packed");
    put(folder.path(), "events.ndjson.zst", &zipped);
    let arguments = ["page.html", "--events", "events.ndjson.zst", "--format"];
    let said = json(&run(folder.path(), &[&arguments[..], &["json"]].concat()));
    let finding = &said["inputs"][0]["findings"][0];
    assert_eq!(finding["verdict"], "keep");
    let depends = &finding["depends"];
    let counts = ["visits", "visits_with_offer", "offers", "accepted"].map(|name| depends[name].as_u64().expect(name));
    assert_eq!(counts, [2, 1, 1, 1]);
    assert_eq!((depends["days"].as_f64(), depends["share_of_offers"].as_f64()), (Some(10.0), Some(0.5)));
    assert_eq!(depends["offers_per_week"].as_f64(), Some(0.7));
    let text = String::from_utf8_lossy(&run(folder.path(), &[&arguments[..], &["text"]].concat()).stdout).into_owned();
    assert!(
        text.contains("1 of 2 recorded visits led to one offer in 10 days of recorded events, 0.7 a week"),
        "{text}"
    );
    assert!(!text.contains("other.example"), "{text}");
    let missing = run(folder.path(), &["page.html", "--events", "nowhere.ndjson"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("--events nowhere.ndjson: unreadable"));
}

#[test]
fn the_commit_that_added_a_snippet_is_named_in_a_checkout() {
    let folder = tempfile::tempdir().expect("a folder");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ada Field", "-c", "user.email=ada@shop.example", "-c", "commit.gpgsign=false"]);
        git.args(arguments).current_dir(folder.path()).output().is_ok_and(|done| done.status.success())
    };
    if !git(&["init", "-q"]) {
        return;
    }
    put(folder.path(), "page.html", page("").replace(SNIPPET, "").as_bytes());
    assert!(git(&["add", "page.html"]) && git(&["commit", "-qm", "Start the shop"]));
    put(folder.path(), "page.html", page("").as_bytes());
    assert!(git(&["commit", "-qam", "Add the chat"]));
    put(folder.path(), "page.html", page("<p>More</p>").as_bytes());
    assert!(git(&["commit", "-qam", "Say more"]));
    let said = json(&run(folder.path(), &["--format", "json", "page.html"]));
    let commit = &said["inputs"][0]["findings"][0]["commit"];
    assert_eq!((commit["author"].as_str(), commit["subject"].as_str()), (Some("Ada Field"), Some("Add the chat")));
}

#[test]
fn others_are_named_and_their_hosts_are_not_taken_for_genesys() {
    let text = r#"<script src="https://static.zdassets.com/ekr/snippet.js"></script><script src="https://cdn.nobody.example/x.js"></script>"#;
    let audited = audit("page.html", text.as_bytes(), None, None);
    let named: Vec<(&str, Option<&str>)> =
        audited.others.iter().map(|other| (other.host.as_str(), other.party.map(|party| party.name))).collect();
    assert_eq!(named, [("cdn.nobody.example", None), ("static.zdassets.com", Some("ZenDesk"))]);
    assert!(audited.findings.is_empty());
}
