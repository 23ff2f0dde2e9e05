//! What `snippet audit` says of what it did not read, of what others wrote, and of what it cannot know.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use journeycast::snippet::{Audit, as_text, audit};
use serde_json::Value;

const ID: &str = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff";

fn snippet(host: &str, id: &str) -> String {
    format!(
        "<link rel=\"canonical\" href=\"https://shop.example/\">\n<script>\n(function(g,e,n,es,ys){{g['_genesysJs']=e;\
         ys=document.createElement('script');ys.src=n;document.head.appendChild(ys)}})(window,'Genesys',\n\
         'https://{host}/genesys-bootstrap/genesys.min.js', {{\nenvironment: 'euw1',\ndeploymentId: '{id}'}});</script>\n"
    )
}

fn of(name: &str, text: &str) -> Audit {
    audit(name, text.as_bytes(), None, None)
}

fn text_of(name: &str, text: &str) -> String {
    as_text::written(&[of(name, text)])
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    command.args(["snippet", "audit"]).args(arguments).current_dir(folder).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn a_plain_no_is_said_only_where_everything_was_read() {
    let gtm = "<script>(function(w,d,s,l,i){var j=d.createElement(s);j.src='https://www.googletagmanager.com/gtm.js?id='+i;\
               d.head.append(j)})(window,document,'script','dataLayer','GTM-ABC123');</script>";
    let table = [
        (
            gtm,
            "A TAG MANAGER CAN ADD IT",
            "`journeycast snippet audit https://www.googletagmanager.com/gtm.js?id=GTM-ABC123`",
        ),
        (
            "<script src=\"https://tags.tiqcdn.com/utag/acme/main/prod/utag.js\"></script>",
            "A TAG MANAGER CAN ADD IT",
            "`journeycast snippet audit https://tags.tiqcdn.com/utag/acme/main/prod/utag.js`",
        ),
        (
            "<script src=\"/static/js/main.8f3a.js\"></script>",
            "NOT ALL WAS READ",
            "the page's own /static/js/main.8f3a.js",
        ),
        ("<meta http-equiv=\"refresh\" content=\"0;url=/real\">", "NOT ALL WAS READ", "sends its visitors on to /real"),
    ];
    for (page, headline, step) in table {
        let text = text_of("page.html", page);
        assert!(text.contains(headline) && text.contains(step) && text.contains("Next step"), "{text}");
        assert!(!text.contains("Tracking people now?  NO\n"), "{text}");
        assert_eq!(of("page.html", page).tracking().name(), "no", "the word for programs stays");
    }
    let closed = text_of("page.html", "<p>Nothing</p><script src=\"https://static.zdassets.com/x.js\"></script>");
    assert!(closed.contains("Tracking people now?  NO\n"), "{closed}");
    let passed = format!("<html><!--{}", "a b ".repeat(1 << 18));
    assert!(text_of("open.html", &passed).contains("NOT ALL WAS READ"));
}

#[test]
fn what_one_input_names_and_another_one_is_has_been_read() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("js")).expect("a folder");
    fs::write(folder.path().join("index.html"), "<script src=\"/js/main.js?v=8\"></script>").expect("written");
    fs::write(folder.path().join("js/main.js"), "console.log(1)").expect("written");
    let alone = json(&run(folder.path(), &["--format", "json", "index.html"]));
    assert_eq!(alone["inputs"][0]["not_read"][0]["what"], "own_scripts");
    assert_eq!(alone["inputs"][0]["not_read"][0]["addresses"][0], "/js/main.js?v=…");
    let together = json(&run(folder.path(), &["--format", "json", "."]));
    assert_eq!(together["inputs"][0]["not_read"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_recording_or_archive_that_holds_nothing_readable_is_named_and_not_answered_with_no() {
    let table = [
        ("head.har", r#"{"log":{"version":"1.2","entries":[{"#, "har_cut_short"),
        ("empty.har", r#"{"log":{"version":"1.2","entries":[]}}"#, "no_entries"),
        (
            "saved.mhtml",
            "From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n",
            "web_archive",
        ),
    ];
    for (name, text, trouble) in table {
        let audited = of(name, text);
        assert_eq!(audited.trouble.as_ref().map(|it| it.name()), Some(trouble), "{name}");
        assert!(!as_text::written(&[audited]).contains("Tracking people now?"), "{name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["--format", "json", "."]);
    assert_eq!(
        (output.status.code(), &json(&output)["inputs"][0]["error"]["name"]),
        (Some(1), &"nothing_to_read".into())
    );
}

#[test]
fn nothing_that_others_wrote_commands_the_terminal() {
    let page = "<script src=\"https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js?\u{1b}[31mX\"></script>";
    let text = text_of("a\u{1b}[2J\nb.html", page);
    assert!(
        !text.contains('\u{1b}') && text.contains("\\u{1b}[31mX") && text.contains("a\\u{1b}[2J\\nb.html"),
        "{text}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let missing = run(folder.path(), &["a\u{1b}[2Jb.html"]);
    assert!(!told(&missing).contains('\u{1b}') && told(&missing).contains("not_found"), "{}", told(&missing));
}

#[test]
fn the_evidence_of_whose_it_is_cites_the_lines_that_say_so() {
    let finding = of("page.html", &snippet("apps.mypurecloud.ie", ID)).findings.remove(0);
    let whose = finding.sentences.iter().find(|sentence| sentence.topic.name() == "whose").expect("whose");
    assert_eq!(whose.evidence.len(), 2, "{:?}", whose.evidence);
    assert!(whose.evidence[0].starts_with("page.html:6: ") && whose.evidence[0].contains(ID), "{:?}", whose.evidence);
    assert!(whose.evidence[1].starts_with("page.html:5: environment: 'euw1'"), "{:?}", whose.evidence);
}

#[test]
fn a_placeholder_a_foreign_host_and_a_condition_are_said() {
    let text = text_of("page.html", &snippet("apps.mypurecloud.ie", "YOUR-DEPLOYMENT-ID"));
    assert!(
        text.contains("`YOUR-DEPLOYMENT-ID`: a placeholder") && text.contains("Put the id of a deployment in"),
        "{text}"
    );
    let text = text_of("page.html", &snippet("apps.evil.example", ID));
    assert!(text.contains("none of Genesys' hosts") && text.contains("who runs apps.evil.example"), "{text}");
    let text = text_of("page.html", &snippet("apps.mypurecloud.ie", ID));
    assert!(!text.contains("none of Genesys' hosts") && text.contains("every visitor's browser"), "{text}");
    let page = "<script>if(location.hostname==='staging.shop.example'){var s=document.createElement('script');\
                s.src='https://apps.mypurecloud.de/genesys-bootstrap/genesys.min.js';document.head.appendChild(s);}</script>";
    let text = text_of("page.html", page);
    assert!(text.contains("YES") && text.contains("`location.hostname==='staging.shop.example'`"), "{text}");
    assert!(!text.contains("every visitor's browser") && text.contains("No id was found here"), "{text}");
}

#[test]
fn what_is_known_of_the_owner_and_of_what_depends_is_used_in_the_verdict_and_the_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = |offers: u32| {
        let table =
            format!("hostname,offers_per_week,chats_per_week,weeks,owner\nshop.example,{offers},0,8,Chat team (Ana)\n");
        fs::write(folder.path().join("map.csv"), table).expect("written");
        said(&run(folder.path(), &["page.html", "--mapping", "map.csv"]))
    };
    fs::write(folder.path().join("page.html"), snippet("apps.mypurecloud.ie", ID)).expect("written");
    let text = table(120);
    assert!(
        text.contains("KEEP: offers or chats depend on it.\n        (the mapping's row of shop.example)"),
        "{text}"
    );
    assert!(text.contains("Before any change ask Chat team (Ana)") && !text.contains("who owns"), "{text}");
    let text = table(0);
    assert!(text.contains("no offers and no chats depend on it") && text.contains("Ask Chat team (Ana)"), "{text}");
}

#[test]
fn recorded_events_that_cannot_be_read_are_told_in_the_evidence_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("page.html"), snippet("apps.mypurecloud.ie", ID)).expect("written");
    fs::write(folder.path().join("bad.ndjson"), "not json\n").expect("written");
    for (file, name) in [("bad.ndjson", "no_events"), ("nowhere.ndjson", "unreadable")] {
        let output = run(folder.path(), &["page.html", "--events", file]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(said(&output).contains(&format!("--events {file}: {name}")), "{}", said(&output));
        assert!(!said(&output).contains("no recorded event is of"), "{}", said(&output));
        let answer = json(&run(folder.path(), &["page.html", "--events", file, "--format", "json"]));
        assert_eq!((&answer["summary"]["errors"], &answer["events"][0]["error"]["name"]), (&1.into(), &name.into()));
    }
}

/// Answers each request with this until the test ends; gives its host and port.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let place = listener.local_addr().expect("it listens").to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = [0; 4_096];
            if stream.read(&mut request).is_ok() {
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    place
}

#[test]
fn each_bad_answer_and_each_bad_address_has_a_name_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = [
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\u{1}\u{2}garbage", "bad_answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<p>cut", "answer_cut_short"),
        ("\u{1}garbage\r\n\r\n", "bad_answer"),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "bad_answer"),
        ("HTTP/1.1 302 Found\r\nLocation: http://[::bad\r\nContent-Length: 0\r\n\r\n", "bad_redirect"),
        ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "bad_redirect"),
    ];
    for (answer, name) in table {
        let address = format!("http://{}/", server(answer));
        let answered = json(&run(folder.path(), &["--format", "json", &address]));
        assert_eq!(answered["inputs"][0]["error"]["name"], name, "{answer:?}: {}", answered["inputs"][0]["error"]);
    }
    for address in ["http://127.0.0.1:99999/", "ftp://shop.example/", "www.shop.example"] {
        let answered = json(&run(folder.path(), &["--format", "json", address]));
        assert_eq!(answered["inputs"][0]["error"]["name"], "bad_address", "{address}");
    }
}

#[test]
fn an_address_is_shown_without_password_and_values_and_a_host_that_it_leads_to_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = server("HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<p>Sign in</p>");
    let port = place.rsplit(':').next().expect("a port").to_owned();
    let away = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://localhost:{port}/login?to=SECRET\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let first = server(Box::leak(away.into_boxed_str()));
    let address = format!("HTTP://user:pa55@{first}/ok?token=SECRET#SECRET");
    for form in ["text", "json", "sarif"] {
        let output =
            run(folder.path(), &["--format", form, &address, &address, "http://user:pa55@127.0.0.1:1/?token=SECRET"]);
        let all = said(&output) + &told(&output);
        assert!(!all.contains("pa55") && !all.contains("SECRET") && all.contains(&first), "{all}");
        if form == "json" {
            let answer = json(&output);
            assert_eq!(answer["summary"]["inputs"], 2, "an address that is named twice is fetched once");
            assert!(
                answer["inputs"][0]["notes"][0].as_str().is_some_and(|note| note.contains("another host, localhost"))
            );
        }
    }
    let mut load = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    load.args(["load", "run", "--target", "http://user:pa55@127.0.0.1:1/?token=SECRET", "--for", "1s"]);
    let refused = load.output().expect("it runs");
    assert!(!told(&refused).contains("pa55") && told(&refused).contains("names a user"), "{}", told(&refused));
}

#[test]
fn the_commit_is_followed_through_moves_and_changed_ids_and_what_is_unknown_is_said() {
    let whole = tempfile::tempdir().expect("a folder");
    let folder = whole.path().join("site");
    fs::create_dir(&folder).expect("a folder");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ada Field", "-c", "user.email=ada@shop.example", "-c", "commit.gpgsign=false"]);
        git.args(["-c", "protocol.file.allow=always"]);
        git.args(arguments).current_dir(&folder).output().is_ok_and(|done| done.status.success())
    };
    if !git(&["init", "-q"]) {
        return;
    }
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    let commit = |subject: &str| assert!(git(&["add", "-A"]) && git(&["commit", "-qm", subject]), "{subject}");
    let answer = |folder: &Path, name: &str| {
        let finding = json(&run(folder, &["--format", "json", name]))["inputs"][0]["findings"][0].clone();
        (
            finding["version_control"].as_str().unwrap_or("").to_owned(),
            finding["commit"]["subject"].as_str().unwrap_or("").to_owned(),
        )
    };
    put("page.html", "<p>Start</p>\n<p>with enough of its own to be known again</p>\n");
    commit("Start");
    put("page.html", &format!("<p>Start</p>\n{}", snippet("apps.mypurecloud.ie", ID)));
    commit("Add the chat");
    put("page.html", "<p>Start</p>\n");
    commit("Remove the chat");
    put("page.html", &format!("<p>Start</p>\n{}", snippet("apps.mypurecloud.ie", ID)));
    commit("Put the chat back");
    put("page.html", &format!("<p>Start</p>\n{}", snippet("apps.mypurecloud.ie", &ID.replace('a', "b"))));
    commit("Another deployment");
    assert!(git(&["mv", "page.html", "moved.html"]));
    commit("Tidy up");
    assert_eq!(answer(&folder, "moved.html"), ("commit".to_owned(), "Put the chat back".to_owned()));
    fs::copy(folder.join("moved.html"), folder.join("copy.html")).expect("copied");
    commit("Copy it");
    assert_eq!(answer(&folder, "copy.html"), ("commit".to_owned(), "Copy it".to_owned()));
    put("new.html", &snippet("apps.mypurecloud.ie", ID));
    assert_eq!(answer(&folder, "new.html").0, "in_no_commit");
    put("later.html", "<p>Plain</p>");
    commit("Plain");
    put("later.html", &snippet("apps.mypurecloud.ie", ID));
    assert_eq!(answer(&folder, "later.html").0, "in_no_commit");
    let address = format!("file://{}", folder.display());
    assert!(git(&["clone", "-q", "--depth", "1", &address, "../shallow"]));
    assert_eq!(answer(&whole.path().join("shallow"), "moved.html").0, "shallow_clone");
    fs::write(folder.join(".git/HEAD"), "broken").expect("written");
    assert_eq!(answer(&folder, "moved.html").0, "git_not_asked");
}
