//! Erasure beside a running service: what was erased is gone from the table and the disk, and every line is answered.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use journeycast::simulate::{Pathologies, Site, SitePlan, config_toml};
use serde_json::Value;

use crate::installation::{Installation, metrics_until, said};
use crate::process::{file_of, table};

/// The ids of the action, of the conversation that queues and of any conversation that a record is about.
pub fn about(line: &[u8]) -> [Option<String>; 3] {
    let record: Value = serde_json::from_slice(line).expect("the site sends JSON");
    let body = &record["detail"]["eventBody"];
    let part = [&body["webActionEvent"], &body["blockedWebActionOfferEvent"]].into_iter().find(|part| part.is_object());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    // Of a conversation that never queued nothing may be held.
    let queued = record["detail"]["topicName"].as_str().is_some_and(|topic| topic.ends_with(".acd.start"));
    let conversation = text(&body["conversationId"]);
    [part.and_then(|part| text(&part["action"]["id"])), conversation.clone().filter(|_| queued), conversation]
}

fn site() -> (Installation, Vec<Vec<u8>>) {
    let plan =
        SitePlan { seed: 8, days: 1.0, visits_per_day: 900.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let configuration = config_toml(&plan).replace("./journeycast-data", "./data");
    let site = Installation::of(&format!("{configuration}\n[http]\nlisten = \"127.0.0.1:0\"\n"));
    (site, Site::new(plan).map(|sent| sent.line).collect())
}

pub fn answers(printed: &str) -> Vec<String> {
    printed.lines().skip(1).map(|line| line.split(',').nth(1).unwrap_or("").to_owned()).collect()
}

#[test]
fn what_is_erased_beside_a_running_service_leaves_the_table_and_is_not_found_again() {
    let (site, lines) = site();
    let every =
        |which: usize| -> BTreeSet<String> { lines.iter().filter_map(|line| about(line)[which].clone()).collect() };
    let gone: [Vec<String>; 2] = [0, 1].map(|which| every(which).into_iter().step_by(7).collect());
    assert!(gone.iter().all(|gone| gone.len() > 1), "the site has something to erase");
    let is_gone = |id: &Option<String>| id.as_ref().is_some_and(|id| gone.iter().any(|gone| gone.contains(id)));
    let is_left = |line: &&Vec<u8>| !about(line).iter().any(is_gone);
    let left: Vec<Vec<u8>> = lines.iter().filter(is_left).cloned().collect();
    site.put("left.ndjson", &file_of(&left));
    site.put("all.ndjson", &file_of(&lines));
    site.printed(&["replay", "--config", "journeycast.toml", "--events", "left.ndjson", "--out", "out"]);
    let expected = table(&fs::read_to_string(site.path("out/adjustments.ndjson")).unwrap());

    let kinds = ["action", "conversation"].into_iter().zip(&gone);
    let ids: String = kinds.flat_map(|(kind, ids)| ids.iter().map(move |id| format!("{kind},{id}\n"))).collect();
    site.put("ids.csv", format!("kind,id\n{ids}action,nobody\ncookie,c-1\ncustomer,c-2\n").as_bytes());
    site.printed(&["ingest", "--config", "journeycast.toml", "all.ndjson"]);
    let mut runner = site.run("info");
    let address = runner.address();
    metrics_until(&address, |text| text.contains("journeycast_records"));
    let erase = ["erase", "--config", "journeycast.toml", "--ids", "ids.csv"];
    let count = gone.concat().len();
    let with = |held: &str| -> Vec<String> {
        let all = vec![held; count].into_iter().chain(["nothing_held", "never_stored", "never_stored"]);
        all.map(str::to_owned).collect()
    };
    assert_eq!(answers(&site.printed(&erase)), with("erased"));
    assert_eq!(answers(&site.printed(&erase)), with("nothing_held"));
    runner.signal("TERM");
    runner.end(Duration::from_secs(10));
    site.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    let found = table(&site.printed(&["tail", "--config", "journeycast.toml"]));
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_cannot_be_understood_is_refused_by_its_line_and_nothing_is_erased() {
    let (site, _) = site();
    for (ids, line, what) in [
        ("id,kind\n", 1, "the first line must be kind,id"),
        ("kind,id\nactoin,a-1\n", 2, "the kind is none of"),
        ("kind,id\naction,a-1\naction\n", 3, "must have two columns"),
        ("kind,id\r\n\r\naction,a-1\r\naction,\r\n", 4, "the id is empty"),
        ("kind,id\n\n\ncookie, a-1\n", 4, "the id has blanks around it"),
        ("kind,id\naction,a-1\naction,\"a-2\naction,a-3\n", 3, "a quote is opened and not closed"),
        ("kind,id\raction,a-1\raction,\"a-2\"\rsession,\"a-2", 4, "a quote is opened and not closed"),
    ] {
        site.put("ids.csv", ids.as_bytes());
        let output = site.perform(&["erase", "--config", "journeycast.toml", "--ids", "ids.csv"]);
        assert_eq!(output.status.code(), Some(2), "{ids:?}");
        let words = said(&output);
        assert!(words.contains(&format!("ids.csv:{line}: {what}")), "{ids:?}: {words}");
        assert!(!words.contains("a-1"), "an id was told: {words}");
    }
}

#[test]
fn every_line_is_answered_by_its_number_in_the_file_and_every_copy_of_an_id_alike_also_under_a_hold() {
    let (site, lines) = site();
    site.put("all.ndjson", &file_of(&lines));
    site.printed(&["ingest", "--config", "journeycast.toml", "all.ndjson"]);
    let ids: BTreeSet<String> = lines.iter().filter_map(|line| about(line)[0].clone()).collect();
    let [a, b] = [ids.first(), ids.last()].map(|id| id.expect("there are actions"));
    site.put(
        "ids.csv",
        format!("kind,id\r\naction,{a}\r\n\r\ncookie,x\r\naction,{b}\r\naction,{a}\r\naction,\"{b}\"\r\n").as_bytes(),
    );
    let told = |held: &str| format!("line,answer\n2,{held}\n4,never_stored\n5,{held}\n6,{held}\n7,{held}\n");
    let erase = ["erase", "--config", "journeycast.toml", "--ids", "ids.csv"];
    let hold = |what| ["hold", what, "--config", "journeycast.toml", "--matter", "m", "--by", "c"];
    site.printed(&hold("add"));
    assert_eq!(site.printed(&erase), told("on_hold"));
    site.printed(&hold("release"));
    assert_eq!(site.printed(&erase), told("erased"));
    assert_eq!(site.printed(&erase), told("nothing_held"));
    site.put("ids.csv", b"kind,id\nsession,nobody\n");
    let erased = site.perform(&erase);
    assert!(said(&erased).contains("a mark that the visit of a session saw a regulated page"), "{}", said(&erased));
}
