//! Commands that look and list: what they print, for people and for programs, and how they end.

use serde_json::Value;

use crate::installation::{Installation, said};

const SHOP: &str = r#"
[log]
path = "./data"

[[business_unit]]
id = "bu-shop"
organization_id = "org-1"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-web"
business_unit = "bu-shop"
action_maps = [{ id = "am-1" }, { id = "am-2", reach = 0.8 }]
route_paths = [{ queue = "q-1", media_type = "message" }]
"#;

const KAFKA: &str = r#"
[log]
kind = "kafka"

[log.kafka]
bootstrap_servers = "127.0.0.1:9"
instance = "worker-0"
client = { "sasl.password_file" = "./kafka.password" }

[keys]
key_file = "./master.key"
"#;

fn installation_with_kafka() -> Installation {
    let shop = Installation::of(&format!("{KAFKA}{}", SHOP.replace("[log]\npath = \"./data\"\n", "")));
    shop.put("kafka.password", b"hunter2\n");
    shop.put("master.key", "ab".repeat(32).as_bytes());
    shop
}

/// The findings of `doctor` by what was looked at: verdict, and what was found.
fn findings(printed: &[u8]) -> Vec<(String, String, String)> {
    let list: Value = serde_json::from_slice(printed).expect("it is JSON");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("it is text").to_owned();
    let list = list.as_array().expect("it is a list").iter();
    list.map(|finding| (text(finding, "check"), text(finding, "verdict"), text(finding, "found"))).collect()
}

#[test]
fn doctor_finds_a_new_installation_well_and_makes_nothing() {
    let shop = Installation::of(SHOP);
    let output = shop.perform(&["doctor", "--config", "journeycast.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let found = findings(&output.stdout);
    let named =
        |check: &str| found.iter().find(|(name, ..)| name == check).unwrap_or_else(|| panic!("{check}: {found:?}"));
    assert_eq!(named("data folder").1, "look");
    assert_eq!(named("clock").1, "ok");
    assert!(named("zone data").2.contains("built in"), "{found:?}");
    assert!(!shop.path("data").exists());
}

#[test]
fn doctor_sees_what_waits_to_be_counted_and_that_it_then_is() {
    let shop = Installation::of(SHOP);
    let step = r#"{"createdDate":"2026-11-20T10:14:58.201Z","session":{"id":"s","type":"web"},"eventType":"WebActionEvent","webActionEvent":{"action":{"id":"a","state":"qualified","mediaType":"webMessagingOffer"},"actionMap":{"id":"am-1"}}}"#;
    shop.put("in.ndjson", step.as_bytes());
    shop.printed(&["ingest", "--config", "journeycast.toml", "in.ndjson"]);
    let look = || findings(shop.printed(&["doctor", "--config", "journeycast.toml", "--format", "json"]).as_bytes());
    let counting = |found: &[(String, String, String)]| found.iter().find(|(name, ..)| name == "counting").cloned();
    assert_eq!(counting(&look()).map(|(_, verdict, _)| verdict).as_deref(), Some("look"));
    shop.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(counting(&look()).map(|(_, verdict, _)| verdict).as_deref(), Some("ok"));
    for (format, line) in [("csv", "records read,ok,1,"), ("table", " records read   ok       1")] {
        let printed = shop.printed(&["doctor", "--config", "journeycast.toml", "--format", format]);
        assert!(printed.lines().any(|shown| shown == line), "{line:?} is missing in\n{printed}");
    }
}

#[test]
fn doctor_ends_with_one_where_something_is_wrong_and_still_says_the_rest() {
    let shop = Installation::of(SHOP);
    shop.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    shop.put("data/master.key", "cd".repeat(32).as_bytes());
    let output = shop.perform(&["doctor", "--config", "journeycast.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("wrong: data folder"), "{}", said(&output));
    let found = findings(&output.stdout);
    assert!(found.iter().any(|(check, _, what)| check == "data folder" && what.contains("master key")), "{found:?}");
    assert!(found.iter().any(|(check, ..)| check == "zone data"), "{found:?}");
}

#[test]
fn the_embedded_log_needs_no_topics_and_looking_makes_nothing() {
    for command in ["check", "create"] {
        let shop = Installation::of(SHOP);
        let printed = shop.printed(&["topics", command, "--config", "journeycast.toml"]);
        assert!(printed.contains("needs no topics"), "{printed}");
        assert!(!shop.path("data").exists());
    }
}

#[test]
fn settings_are_listed_one_by_one_with_their_places_and_never_a_secret() {
    let shop = Installation::of(SHOP);
    let csv = shop.printed(&["config", "show", "--config", "journeycast.toml", "--format", "csv"]);
    for line in [
        "setting,value,from",
        "business_unit[1].time_zone,Europe/Dublin,journeycast.toml:8:13",
        "planning_group[1].action_maps[2].reach,0.8,journeycast.toml:13:56",
        "windows.grace,10m,default",
    ] {
        assert!(csv.lines().any(|shown| shown == line), "{line:?} is missing in\n{csv}");
    }
    let json = shop.printed(&["config", "show", "--config", "journeycast.toml", "--format", "json"]);
    let list: Value = serde_json::from_str(&json).expect("it is JSON");
    assert!(list.as_array().is_some_and(|list| list.iter().any(|row| row["setting"] == "log.path")), "{json}");
    let kafka = installation_with_kafka();
    for format in ["table", "json", "csv"] {
        let printed = kafka.printed(&["config", "show", "--config", "journeycast.toml", "--format", format]);
        assert!(printed.contains("sasl.password"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn set_aside_lists_where_each_record_lies_and_why_and_nothing_of_what_it_says() {
    let shop = Installation::of(SHOP);
    shop.put("in.ndjson", b"{}\n{\"Mrs Miller\n\n{}\n");
    shop.printed(&["ingest", "--config", "journeycast.toml", "in.ndjson"]);
    let list = ["set-aside", "--config", "journeycast.toml", "--format", "json"];
    let listed: Value = serde_json::from_str(&shop.printed(&list)).expect("it is JSON");
    let found = listed.as_array().expect("it is a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found: Vec<[String; 3]> =
        found.map(|aside| ["container", "position", "class"].map(|column| text(&aside[column]))).collect();
    let expected =
        [["in.ndjson", "1", "unknown_shape"], ["in.ndjson", "2", "not_json"], ["in.ndjson", "4", "unknown_shape"]];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));
    let one = shop.printed(&[&list[..3], &["--class", "not_json", "--format", "csv"]].concat());
    assert_eq!(one.lines().count(), 2, "{one}");
    assert!(!listed.to_string().contains("Miller"));
}

#[test]
fn a_staffing_table_goes_through_the_program_and_a_model_that_is_none_is_refused_with_those_that_are() {
    let shop = Installation::of(SHOP);
    shop.put("in.csv", b"agents,offered_erlangs\n14,10\n10,10\n");
    let table = |model: &str| {
        let input = std::fs::File::open(shop.path("in.csv")).expect("it is there");
        shop.journeycast(&["staffing", "table", "--model", model]).stdin(input).output().expect("the program starts")
    };
    let answered = table("erlang-c");
    assert!(answered.status.success(), "{}", said(&answered));
    let rows = String::from_utf8(answered.stdout).expect("it is text");
    assert!(rows.starts_with("agents,offered_erlangs,erlang_b,p_wait,"), "{rows}");
    assert!(rows.contains("14,10,") && rows.contains("unstable: "), "{rows}");
    let refused = table("erlang-d");
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("required-a"), "{}", said(&refused));
    let missing = table("erlang-a");
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).contains("theta_over_mu, T_over_aht"), "{}", said(&missing));
}

#[test]
fn a_cluster_that_is_not_there_is_told_by_its_address_and_nothing_hangs() {
    let shop = installation_with_kafka();
    let output = shop.perform(&["doctor", "--config", "journeycast.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let found = findings(&output.stdout);
    let cluster = found.iter().find(|(check, ..)| check == "cluster").expect("the cluster was looked for");
    assert_eq!(cluster.1, "wrong");
    assert!(cluster.2.contains("127.0.0.1:9"), "{cluster:?}");
    let started = shop.perform(&["run", "--config", "journeycast.toml"]);
    assert_eq!(started.status.code(), Some(1));
    assert!(said(&started).contains("Kafka at 127.0.0.1:9 does not answer"), "{}", said(&started));
    assert!(!said(&started).contains("\"target\":\"rdkafka"), "what the binding says of itself: {}", said(&started));
    assert!(!said(&started).contains("hunter2") && !said(&output).contains("hunter2"));
}
