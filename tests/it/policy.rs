//! The policy: what is wrong with one, who may sign it, and how little is left of a regulated visit and of one without consent.

use std::fs;
use std::process::Command;

use journeycast::settings::{Policy, Settings, Signing};
use serde_json::{Value, json};

pub const SOUND: &str = r#"interactions_may_count = false

[[page]]
host = "shop.example"
path = "/invest/**"
regime = "mifid2"
owner = "head-of-compliance"
retention = "never-kept"

[consent]
attribute = "consent"
granted = ["yes"]
absent = "permitted"
global_privacy_control = "refused"
"#;

pub const CONFIGURATION: &str = r#"
[policy]
file = "./policy.toml"

[environment]
kind = "test"

[[business_unit]]
id = "bu-shop"
organization_id = "org-1"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-shop"
business_unit = "bu-shop"
action_maps = [{ id = "am-1" }]
"#;

fn sound() -> Policy {
    Policy::parse(SOUND, "policy.toml").unwrap_or_else(|error| panic!("{error}"))
}

pub fn signing(review_by: &str) -> Signing {
    Signing {
        reviewed_by: "counsel \"1\"".to_owned(),
        approved_on: "2026-11-01".parse().expect("a day"),
        review_by: review_by.parse().expect("a day"),
    }
}

fn refused_on(text: &str, today: &str) -> String {
    let policy = Policy::parse(text, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
    policy.refusal(today.parse().expect("a day")).map_or_else(String::new, |why| why.to_string())
}

#[test]
fn every_wrong_policy_is_refused_with_its_place_and_its_remedy() {
    let scenarios = include_str!("../scenarios/wrong_policies.txt");
    let (head, rest) = scenarios.split_once("\n=== ").unwrap();
    let mut told = head.to_owned();
    for case in rest.split("\n=== ") {
        let (name, body) = case.split_once('\n').unwrap();
        let (given, _) = body.split_once("---\n").unwrap();
        let mut text = SOUND.to_owned();
        for change in given.lines() {
            match change.split_once(" -> ") {
                Some((old, new)) => {
                    assert!(text.contains(old), "{name}: {old:?} is not there");
                    text = text.replacen(old, &new.replace("\\n", "\n"), 1);
                }
                None => text += &format!("{change}\n"),
            }
        }
        let said = Policy::parse(&text, "policy.toml")
            .map_or_else(|error| error.to_string(), |_| "nothing: it is sound".to_owned());
        told += &format!("\n=== {name}\n{given}---\n{said}\n");
    }
    assert!(
        told == scenarios,
        "what is said has changed; if for the better, this is tests/scenarios/wrong_policies.txt now:\n{told}"
    );
}

#[test]
fn a_signature_holds_until_its_day_and_for_this_policy_alone() {
    assert!(refused_on(SOUND, "2026-11-24").starts_with("policy.toml:1:1: sign_off: is missing"));
    let signed = Policy::signed(SOUND, "policy.toml", &signing("2026-12-31")).unwrap();
    assert_eq!(refused_on(&signed, "2026-12-31"), "");
    let overdue = refused_on(&signed, "2027-01-01");
    assert!(
        overdue.starts_with("policy.toml:19:13: sign_off.review_by: the review was due on 2026-12-31"),
        "{overdue}"
    );
    for (old, new) in [
        ("/invest/**", "/invest/gold/**"),
        ("interactions_may_count = false", "interactions_may_count = true"),
        ("[\"yes\"]", "[\"yes\", \"perhaps\"]"),
        ("2026-12-31", "2036-12-31"),
        ("counsel", "clerk"),
    ] {
        let changed = refused_on(&signed.replacen(old, new, 1), "2026-12-01");
        assert!(changed.starts_with("policy.toml:20:8: sign_off.hash: the policy was changed"), "{new}: {changed}");
    }
}

#[test]
fn another_way_to_write_the_same_is_the_same_policy() {
    let signed = Policy::signed(SOUND, "policy.toml", &signing("2026-12-31")).unwrap();
    for (old, new) in [
        (
            "host = \"shop.example\"\npath = \"/invest/**\"",
            "path = '/%69nvest/**' # spelled otherwise\nhost = \"SHOP.example\"",
        ),
        ("[consent]", "# who may be counted\n\n[consent]"),
    ] {
        assert_eq!(refused_on(&signed.replacen(old, new, 1), "2026-12-01"), "", "{new}");
    }
    assert_eq!(Policy::parse(&signed, "policy.toml").unwrap().version(), sound().version());
}

#[test]
fn signing_again_takes_the_old_signature_out_and_leaves_the_rest_as_it_is() {
    let first = Policy::signed(SOUND, "policy.toml", &signing("2026-12-31")).unwrap();
    let moved = first.replace("[consent]", "# kept\n[consent]");
    let again = Policy::signed(&moved, "policy.toml", &signing("2027-12-31")).unwrap();
    assert_eq!(again.matches("[sign_off]").count(), 1);
    assert!(again.contains("# kept") && again.contains("2027-12-31") && !again.contains("2026-12-31"), "{again}");
    assert_eq!(refused_on(&again, "2027-12-01"), "");
}

#[test]
fn the_schema_accepts_what_is_sound_and_nothing_without_an_answer() {
    let schema: Value = serde_json::from_str(&Policy::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let sound = json!({
        "interactions_may_count": false,
        "page": [{"host": "shop.example", "path": "/invest/**", "regime": "mifid2", "owner": "o", "retention": "never-kept"}],
        "consent": {"attribute": "consent", "granted": ["yes"], "absent": "refused", "global_privacy_control": "refused"},
    });
    assert!(validator.is_valid(&sound));
    for path in ["/interactions_may_count", "/consent/absent", "/page/0/owner"] {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut without = sound.clone();
        without.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().remove(key);
        assert!(!validator.is_valid(&without), "{path}");
    }
    for (path, said) in [
        ("/page/0/retention", json!("while-live")),
        ("/page/0/regime", json!("none")),
        ("/page/0/owner", json!(" ")),
        ("/page/0/host", json!("bücher.example")),
        ("/page/0/host", json!("shop.example.")),
        ("/consent/granted", json!([])),
        ("/consent/attribute", json!("  ")),
    ] {
        let mut wrong = sound.clone();
        *wrong.pointer_mut(path).unwrap() = said;
        assert!(!validator.is_valid(&wrong), "{path}");
    }
}

#[test]
fn the_checklist_asks_what_is_open_first_and_fills_in_what_is_answered() {
    let settings = Settings::parse(CONFIGURATION, "journeycast.toml", std::iter::empty()).unwrap();
    let list = sound().checklist(&settings, "2026-11-24".parse().unwrap());
    let place = |text: &str| list.find(text).unwrap_or_else(|| panic!("{text:?} is missing in\n{list}"));
    assert!(place("## Open") < place("does the signature hold today?"));
    assert!(place("does the signature hold today?") < place("## Answered"));
    assert!(place("## Answered") < place("| mifid2, never-kept | head-of-compliance |"));
    assert!(place("How long may facts be kept") < place("## Answered"), "nobody has stated anything of facts");

    let row = "\n[[retention]]\nstore = \"facts\"\nperiod = \"12d\"\nbasis = \"corrections\"\ncitation = \"rule 4\"\nowner = \"o\"\nreview_by = \"2027-05-01\"\n";
    let stated = Policy::parse(&format!("{SOUND}{row}"), "policy.toml").unwrap();
    let list = stated.checklist(&settings, "2026-11-24".parse().unwrap());
    let answered = "| at most 12d, in force: 12d: corrections | o | review by 2027-05-01 | rule 4 |";
    assert!(list.find(answered) > list.find("## Answered"), "{list}");
    let overdue = stated.checklist(&settings, "2027-05-02".parse().unwrap());
    let open = "It was at most 12d, in force: 12d: corrections; the review of that was due on 2027-05-01 |  | o |";
    assert!(overdue.find(open).is_some_and(|place| Some(place) < overdue.find("## Answered")), "{overdue}");
}

/// A site in a folder of its own, and what a replay of these records says.
fn replayed(policy: &str, records: &[Value]) -> (Value, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    for (name, text) in [("journeycast.toml", CONFIGURATION), ("policy.toml", policy), ("events.ndjson", &lines)] {
        fs::write(path(name), text).expect("room");
    }
    let done = Command::new(env!("CARGO_BIN_EXE_journeycast"))
        .args(["replay", "--config"])
        .arg(path("journeycast.toml"))
        .arg("--events")
        .arg(path("events.ndjson"))
        .arg("--out")
        .arg(path("out"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    assert!(said.contains("this policy would be refused"), "an unsigned policy was not warned of: {said}");
    let summary = fs::read_to_string(path("out/summary.json")).expect("a summary");
    let rows = fs::read_to_string(path("out/adjustments.ndjson")).expect("rows");
    (serde_json::from_str(&summary).expect("JSON"), rows)
}

pub fn web(session: &str, path: &str, attributes: Value) -> Value {
    json!({"createdDate": "2026-11-20T10:00:00Z", "eventType": "WebEvent", "session": {"id": session},
        "webEvent": {"page": {"hostname": "shop.example", "pathname": path}, "attributes": attributes}})
}

pub fn offer(session: &str, action: &str) -> Value {
    json!({"createdDate": "2026-11-20T10:01:00Z", "eventType": "WebActionEvent", "session": {"id": session},
        "webActionEvent": {"action": {"id": action, "state": "offered", "mediaType": "webMessagingOffer"}, "actionMap": {"id": "am-1"}}})
}

#[test]
fn of_regulated_visits_only_a_figure_is_left_and_that_only_where_it_is_nobody_in_particular() {
    let visit =
        |n: usize| [web(&format!("s-{n}"), "/invest/gold", json!({})), offer(&format!("s-{n}"), &format!("a-{n}"))];
    for (visits, figure) in [(5, json!(5)), (4, Value::Null)] {
        let records: Vec<Value> = (0..visits).flat_map(visit).collect();
        let (summary, rows) = replayed(SOUND, &records);
        assert_eq!(summary["records"]["not_permitted"], visits);
        assert_eq!(summary["regulated"], json!({"mifid2": {"2026-11-20": figure}}));
        assert_eq!(rows, "");
    }
}

#[test]
fn an_event_without_the_needed_consent_is_not_permitted_and_an_offer_asks_for_none() {
    let records = [
        web("s-1", "/", json!({"consent": {"value": "yes", "dataType": "STRING"}})),
        web("s-2", "/", json!({"consent": {"value": "no", "dataType": "STRING"}})),
        web("s-3", "/", json!({})),
        web("s-4", "/", json!({"consent": {"value": "yes"}, "globalPrivacyControl": {"value": "true"}})),
        offer("s-5", "a-1"),
    ];
    let refusing = SOUND.replace("absent = \"permitted\"", "absent = \"refused\"");
    for (policy, not_permitted) in [(SOUND, 2), (&refusing, 3)] {
        let (summary, rows) = replayed(policy, &records);
        assert_eq!(summary["records"]["not_permitted"], not_permitted);
        assert_eq!(summary["records"]["admitted"], 5 - not_permitted);
        assert!(rows.contains("\"offered\":\"1\"") || rows.contains("\"offered\":1"), "{rows}");
    }
}
