//! The audit and its holds through the real program: what is recorded, who can verify it, and what a hold keeps.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use crate::installation::{Installation, said};

const SHOP: &str = r#"
[log]
path = "./data"

[environment]
kind = "test"

[http]
listen = "127.0.0.1:0"

[[business_unit]]
id = "bu-shop"
organization_id = "org-1"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-web"
business_unit = "bu-shop"
action_maps = [{ id = "am-1" }]
"#;

const POLICY: &str = r#"interactions_may_count = false

[consent]
attribute = "consent"
granted = ["yes"]
absent = "permitted"
global_privacy_control = "refused"
"#;

const STEP: &str = r#"{"createdDate":"2026-11-20T10:14:58.201Z","session":{"id":"s","type":"web"},"eventType":"WebActionEvent","webActionEvent":{"action":{"id":"a-1","state":"qualified","mediaType":"webMessagingOffer"},"actionMap":{"id":"am-1"}}}"#;

fn shop() -> Installation {
    let shop = Installation::of(&format!("{SHOP}\n[policy]\nfile = \"./policy.toml\"\n"));
    shop.put("policy.toml", POLICY.as_bytes());
    shop.put("in.ndjson", STEP.as_bytes());
    shop
}

fn with(command: &[&str], more: &[&str]) -> Vec<String> {
    let config = ["--config", "journeycast.toml"];
    command.iter().chain(&config).chain(more).map(|word| (*word).to_owned()).collect()
}

fn perform(shop: &Installation, command: &[&str], more: &[&str]) -> Output {
    let words = with(command, more);
    shop.perform(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn printed(shop: &Installation, command: &[&str], more: &[&str]) -> String {
    let output = perform(shop, command, more);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).expect("it is text")
}

fn kinds(shop: &Installation) -> Vec<String> {
    let list: Value = serde_json::from_str(&printed(shop, &["audit", "list"], &["--format", "json"])).expect("JSON");
    let list = list.as_array().expect("it is a list").iter();
    list.map(|entry| entry["kind"].as_str().expect("it is text").to_owned()).collect()
}

/// Ingests, and counts to the end.
fn run(shop: &Installation) -> String {
    printed(shop, &["ingest"], &["in.ndjson"]);
    let ran = perform(shop, &["run"], &["--until-caught-up"]);
    assert!(ran.status.success(), "{}", said(&ran));
    said(&ran)
}

const SIGN: [&str; 6] = ["--reviewed-by", "counsel-1", "--approved-on", "2026-11-01", "--review-by", "2099-01-01"];

#[test]
fn starts_signatures_keys_erasures_and_holds_are_recorded_and_a_second_start_is_not() {
    let shop = shop();
    let unreached = perform(&shop, &["policy", "sign"], &SIGN);
    assert!(unreached.status.success(), "{}", said(&unreached));
    assert!(said(&unreached).contains("the audit does not tell of this signature"), "{}", said(&unreached));
    assert!(!shop.path("data").exists(), "signing made a data folder");
    shop.put("policy.toml", POLICY.as_bytes());
    for _ in 0..2 {
        let told = run(&shop);
        assert!(told.contains("journeycast/audit/v1"), "the start does not say the head: {told}");
    }
    assert_eq!(kinds(&shop), ["policy_loaded", "overridden", "keys_made", "keys_made"]);
    printed(&shop, &["policy", "sign"], &SIGN);
    run(&shop);
    shop.put("ids.csv", b"kind,id\naction,a-1\ncookie,c-1\n");
    printed(&shop, &["erase"], &["--ids", "ids.csv"]);
    printed(&shop, &["hold", "add"], &["--matter", "Smith v. Shop", "--by", "counsel-2", "--topic", "revisions"]);
    assert_eq!(kinds(&shop)[4..], ["policy_signed", "policy_loaded", "erased", "hold_added"]);
    let export = printed(&shop, &["audit", "export"], &[]);
    assert!(export.contains(r#""answers":{"erased":1,"never_stored":1},"kind":"erased","lines":2"#), "{export}");
    assert!(
        export.contains(r#""standing":{"approved_on":"2026-11-01","is":"signed","review_by":"2099-01-01""#),
        "{export}"
    );
    for id in ["a-1", "c-1"] {
        assert!(!export.contains(&format!("\"{id}\"")), "{id} is told");
    }
    let verified = printed(&shop, &["audit", "verify"], &[]);
    assert!(verified.starts_with("8 entries, head 8 "), "{verified}");
}

#[test]
fn a_hold_is_listed_keeps_facts_from_erasure_and_goes_with_its_release() {
    let shop = shop();
    run(&shop);
    let add = |matter, more: &[&str]| {
        let words: Vec<&str> = ["--matter", matter, "--by", "counsel-2"].iter().chain(more).copied().collect();
        perform(&shop, &["hold", "add"], &words)
    };
    assert!(add("Smith", &["--topic", "facts", "--from", "2026-11-20T00:00:00Z"]).status.success());
    let groups = add("Jones", &["--planning-group", "pg-web"]);
    assert!(groups.status.success(), "{}", said(&groups));
    for (output, words) in [
        (add("Smith", &[]), "the matter \"Smith\" is held already"),
        (add("Miller", &["--topic", "visits"]), "visits are never kept for longer than two hours"),
        (add("Miller", &["--topic", "keys"]), "keys are destroyed on their day"),
        (
            add("Miller", &["--topic", "cellar"]),
            "possible values: facts, adjustments, revisions, baseline, audit, set-aside]",
        ),
        (add(&"x".repeat(201), &[]), "--matter has more than 200 characters"),
        (add("Mil\nler", &[]), "--matter has control characters"),
        (add(" Smith ", &[]), "the matter \"Smith\" is held already"),
        (add("Miller", &["--from", "yesterday"]), "write it as 2026-11-02T09:00:00Z"),
        (
            add("Miller", &["--from", "2026-11-20T00:00:00Z", "--until", "2026-11-19T00:00:00Z"]),
            "--until must be later than --from",
        ),
        (
            perform(&shop, &["hold", "release"], &["--matter", "Miller", "--by", "c"]),
            "no hold is active for the matter",
        ),
    ] {
        assert_eq!(output.status.code(), Some(2), "{words}: {}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
    let listed = printed(&shop, &["hold", "list"], &["--format", "csv"]);
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["matter", "by", "since", "stores", "planning_groups", "from", "until"]);
    assert_eq!((rows[1][0], rows[1][3], rows[1][5]), ("Smith", "facts", "2026-11-20T00:00:00Z"));
    assert_eq!((rows[2][0], rows[2][3], rows[2][4]), ("Jones", "adjustments revisions baseline", "pg-web"));

    let listed: Value = serde_json::from_str(&printed(&shop, &["hold", "list"], &["--format", "json"])).expect("JSON");
    assert_eq!(listed[1]["stores"], serde_json::json!(["adjustments", "revisions", "baseline"]));
    assert_eq!(
        (&listed[0]["planning_groups"], &listed[1]["planning_groups"][0]),
        (&Value::Array(vec![]), &"pg-web".into())
    );

    shop.put("ids.csv", b"kind,id\naction,a-1\naction,a-9\n");
    let erased = perform(&shop, &["erase"], &["--ids", "ids.csv"]);
    assert_eq!(String::from_utf8_lossy(&erased.stdout), "line,answer\n2,on_hold\n3,nothing_held\n");
    assert!(said(&erased).contains("\"matter\":\"Smith\""), "{}", said(&erased));
    printed(&shop, &["hold", "release"], &["--matter", " Smith ", "--by", "counsel-2"]);
    assert_eq!(printed(&shop, &["erase"], &["--ids", "ids.csv"]), "line,answer\n2,erased\n3,nothing_held\n");
}

#[test]
fn with_a_key_of_its_own_the_audit_is_signed_by_that_and_another_is_named_as_such() {
    let shop = Installation::of(&format!("{SHOP}\n[keys]\naudit_key_file = \"./audit.key\"\n"));
    shop.put("in.ndjson", STEP.as_bytes());
    shop.put("audit.key", "1c".repeat(32).as_bytes());
    run(&shop);
    let key = printed(&shop, &["audit", "key"], &[]);
    shop.put("audit.key", "2d".repeat(32).as_bytes());
    let other = perform(&shop, &["audit", "verify"], &[]);
    assert_eq!(other.status.code(), Some(1));
    assert!(said(&other).contains("the head of entry 1 was not signed with this key"), "{}", said(&other));
    printed(&shop, &["audit", "verify"], &["--key", key.trim_end()]);
    let refused = perform(&shop, &["hold", "add"], &["--matter", "m", "--by", "c"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("put back the right [keys] audit_key_file"), "{}", said(&refused));
}

/// What a verifier says of these lines, by the program and by the script: whether they are whole, and what is said.
fn judged(shop: &Installation, key: &str, lines: &[&str], anchor: Option<&str>) -> [(bool, String); 2] {
    let export: String = lines.iter().map(|line| format!("{line}\n")).collect();
    judged_of(shop, key, export.as_bytes(), anchor)
}

/// The same of these bytes.
fn judged_of(shop: &Installation, key: &str, export: &[u8], anchor: Option<&str>) -> [(bool, String); 2] {
    shop.put("export.ndjson", export);
    let mut ours = vec!["audit", "verify", "--file", "export.ndjson", "--key", key];
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/audit/verify.py");
    let mut theirs = Command::new("python3");
    theirs.args([script, "export.ndjson", key]).current_dir(shop.path("."));
    if let Some(anchor) = anchor {
        shop.put("head.txt", anchor.as_bytes());
        ours.extend(["--anchor", "head.txt"]);
        theirs.arg("head.txt");
    }
    [shop.perform(&ours), theirs.output().expect("there is a python3")]
        .map(|output| (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &said(&output)))
}

#[test]
#[ignore = "needs python3: .ci/run runs it by name"]
fn a_script_that_shares_nothing_with_us_finds_the_same_edits_cuts_and_replays() {
    let shop = shop();
    run(&shop);
    let early = printed(&shop, &["audit", "head"], &[]);
    printed(&shop, &["hold", "add"], &["--matter", "\u{dc}ber \"m\"\\", "--by", "counsel-2"]);
    printed(&shop, &["audit", "export"], &["--out", "whole.ndjson"]);
    let (key, newest) = (printed(&shop, &["audit", "key"], &[]), printed(&shop, &["audit", "head"], &[]));
    let (key, whole) = (key.trim_end(), fs::read_to_string(shop.path("whole.ndjson")).unwrap());
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 5);
    for anchor in [None, Some(&*early), Some(&*newest)] {
        let [ours, theirs] = judged(&shop, key, &lines, anchor);
        assert!(ours.0 && theirs.0, "{ours:?} {theirs:?}");
        assert_eq!(ours.1, theirs.1);
        assert!(ours.1.starts_with("5 entries, head 5 "), "{ours:?}");
    }
    let start = lines.iter().position(|line| line.contains("\"environment\":\"test\"")).expect("a start is told");
    let edited = lines[start].replace("\"environment\":\"test\"", "\"environment\":\"best\"");
    let (mut edit, mut gap, mut twice, mut swap) = (lines.clone(), lines.clone(), lines.clone(), lines.clone());
    edit[start] = &edited;
    gap.remove(2);
    twice.insert(2, lines[1]);
    swap.swap(1, 2);
    let other = "3e".repeat(32);
    for (what, key, lines, anchor) in [
        ("an edit", key, &edit[..], None),
        ("a gap", key, &gap, None),
        ("a double", key, &twice, None),
        ("a swap", key, &swap, None),
        ("a beginning that is missing", key, &lines[1..], None),
        ("an end that is cut off", key, &lines[..4], Some(&*newest)),
        ("an anchor that was forged", key, &lines, Some(&*newest.replacen("\n5\n", "\n4\n", 1))),
        ("another key", &*other, &lines, None),
    ] {
        let [ours, theirs] = judged(&shop, key, lines, anchor);
        assert!(!ours.0 && !theirs.0, "{what} was not seen: {ours:?} {theirs:?}");
    }
}

#[test]
#[ignore = "needs python3: .ci/run runs it by name"]
fn a_script_that_shares_nothing_with_us_judges_what_mails_editors_and_logs_make_of_export_head_and_key_as_we_do() {
    let shop = shop();
    run(&shop);
    let (key, head) = (printed(&shop, &["audit", "key"], &[]), printed(&shop, &["audit", "head"], &[]));
    let (key, whole) = (key.trim_end(), printed(&shop, &["audit", "export"], &[]));
    let (windows, large) = (whole.replace('\n', "\r\n"), key.to_uppercase());
    let (by_mail, logged) =
        (head.trim_end().replace('\n', "\r\n"), format!("{{\"head\":\"{}\"}}", head.replace('\n', "\\n")));
    let blank = whole.replacen('\n', "\n\n", 1);
    let marked = format!("\u{feff}{whole}");
    for (what, is_whole, key, export, anchor) in [
        ("lines of Windows", true, key, windows.as_bytes(), None),
        ("no last line feed", true, key, whole.trim_end().as_bytes(), None),
        ("a key in capitals", true, &*large, whole.as_bytes(), None),
        ("a head from a mail", true, key, whole.as_bytes(), Some(&*by_mail)),
        ("a head from a log", true, key, whole.as_bytes(), Some(&*logged)),
        ("a byte order mark", false, key, marked.as_bytes(), None),
        ("a blank line", false, key, blank.as_bytes(), None),
        ("no JSON", false, key, b"hello\n", None),
        ("another JSON", false, key, b"[]\n", None),
        ("no UTF-8", false, key, b"\xff\xfe\n", None),
        ("a short key", false, "ab", whole.as_bytes(), None),
        ("no head", false, key, whole.as_bytes(), Some("hello\nworld\n")),
    ] {
        let [ours, theirs] = judged_of(&shop, key, export, anchor);
        assert!(ours.0 == is_whole && theirs.0 == is_whole, "{what}: {ours:?} {theirs:?}");
        assert!(is_whole || theirs.1.starts_with("wrong: ") && theirs.1.lines().count() == 1, "{what}: {theirs:?}");
    }
}

#[test]
fn behind_an_audit_that_was_changed_emptied_or_signed_by_another_nothing_is_done_and_every_command_says_so() {
    let shop = shop();
    run(&shop);
    printed(&shop, &["hold", "add"], &["--matter", "Smith", "--by", "counsel-2", "--topic", "facts"]);
    shop.put("ids.csv", b"kind,id\naction,a-1\n");
    shop.put("nothing.ndjson", b"");
    let whole = fs::read(shop.path("data/journeycast.db")).unwrap();
    let held = r#"UPDATE audit SET entry = replace(entry, '"facts"', '"baseline"')"#;
    for (sql, why) in [(held, "was changed"), ("DELETE FROM audit", "its entries were deleted")] {
        fs::write(shop.path("data/journeycast.db"), &whole).unwrap();
        let database = rusqlite::Connection::open(shop.path("data/journeycast.db")).unwrap();
        database.execute_batch(sql).unwrap();
        let entries = || database.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0)).unwrap();
        let before = entries();
        for (command, more) in [
            (&["run"][..], &["--until-caught-up"][..]),
            (&["ingest"], &["nothing.ndjson"]),
            (&["erase"], &["--ids", "ids.csv"]),
            (&["hold", "add"], &["--matter", "m", "--by", "c"]),
            (&["hold", "list"], &[]),
            (&["audit", "head"], &[]),
        ] {
            let refused = perform(&shop, command, more);
            assert_eq!(refused.status.code(), Some(1), "{command:?}: {}", said(&refused));
            assert!(said(&refused).contains("cannot go on: ") && said(&refused).contains(why), "{}", said(&refused));
        }
        assert_eq!(perform(&shop, &["audit", "verify"], &[]).status.code(), Some(1));
        assert_eq!(entries(), before, "nothing was told");
    }
    fs::write(shop.path("data/journeycast.db"), &whole).unwrap();
    let configuration = fs::read_to_string(shop.path("journeycast.toml")).unwrap();
    shop.put("audit.key", "2d".repeat(32).as_bytes());
    shop.put("journeycast.toml", format!("{configuration}[keys]\naudit_key_file = \"./audit.key\"\n").as_bytes());
    for (command, more) in [(&["run"][..], "--until-caught-up"), (&["ingest"], "nothing.ndjson")] {
        let refused = perform(&shop, command, &[more]);
        assert_eq!(refused.status.code(), Some(1), "{command:?}: {}", said(&refused));
        assert!(said(&refused).contains("was not signed with this key"), "{}", said(&refused));
    }
}

#[test]
fn where_no_log_is_nobody_is_told_that_nothing_is_held_and_looking_makes_none() {
    let shop = shop();
    shop.put("ids.csv", b"kind,id\naction,a-1\n");
    for is_there in [false, true] {
        if is_there {
            fs::create_dir(shop.path("data")).unwrap();
        }
        for (command, more) in [
            (&["policy", "prove"][..], &["--recording", "c-1"][..]),
            (&["erase"], &["--ids", "ids.csv"]),
            (&["retention", "check"], &[]),
            (&["tail"], &[]),
            (&["set-aside"], &[]),
            (&["hold", "list"], &[]),
            (&["audit", "verify"], &[]),
        ] {
            let refused = perform(&shop, command, more);
            assert_eq!(refused.status.code(), Some(2), "{command:?}: {}", said(&refused));
            assert!(said(&refused).contains("there is no journeycast.db in ./data"), "{}", said(&refused));
            assert!(refused.stdout.is_empty(), "{command:?}");
        }
        assert_eq!(shop.path("data").exists(), is_there);
    }
    assert!(shop.bytes_below("data").is_empty());
}
