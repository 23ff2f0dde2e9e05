//! A master key that is lost or another: what is refused, what stays readable, and how to go on.

use std::fs;

use journeycast::simulate::{Pathologies, Site, SitePlan, config_toml};
use rusqlite::Connection;

use crate::installation::{Installation, said};
use crate::process::{file_of, table};

const RUN: [&str; 4] = ["run", "--config", "journeycast.toml", "--until-caught-up"];
const TAIL: [&str; 3] = ["tail", "--config", "journeycast.toml"];

fn ingest(site: &Installation, lines: &[Vec<u8>]) {
    site.put("part.ndjson", &file_of(lines));
    site.printed(&["ingest", "--config", "journeycast.toml", "part.ndjson"]);
}

/// An installation that has counted the first half of a day; the other half.
fn half_a_day() -> (Installation, Vec<Vec<u8>>) {
    let plan =
        SitePlan { seed: 9, days: 1.0, visits_per_day: 250.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let site = Installation::of(&config_toml(&plan).replace("./journeycast-data", "./data"));
    let lines: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    let (half, rest) = lines.split_at(lines.len() / 2);
    ingest(&site, half);
    site.printed(&RUN);
    site.put("ids.csv", b"kind,id\naction,a-1\n");
    (site, rest.to_vec())
}

#[test]
fn without_its_master_every_command_that_needs_it_names_the_file_and_rows_stay_readable() {
    let (site, _) = half_a_day();
    let rows = site.printed(&TAIL);
    let (key, kept) = (site.path("data/master.key"), site.path("kept.key"));
    let before = site.bytes_below("data").len();
    fs::rename(&key, &kept).expect("it is there");
    for (what, told) in [("missing", "is missing"), ("another", "is not the one")] {
        if what == "another" {
            fs::write(&key, format!("{}\n", "0f".repeat(32))).expect("it can be written");
        }
        for words in [
            RUN.as_slice(),
            &["ingest", "--config", "journeycast.toml", "part.ndjson"],
            &["erase", "--config", "journeycast.toml", "--ids", "ids.csv"],
        ] {
            let refused = site.perform(words);
            assert_eq!(refused.status.code(), Some(1), "{what}, {words:?}: {}", said(&refused));
            let said = said(&refused);
            assert!(said.contains("data/master.key") && said.contains(told), "{what}, {words:?}: {said}");
            assert!(said.contains("put the") && said.contains("back"), "{what}, {words:?}: {said}");
        }
        assert_eq!(site.printed(&TAIL), rows, "{what}");
        let doctor = site.perform(&["doctor", "--config", "journeycast.toml"]);
        assert_eq!(doctor.status.code(), Some(1), "{what}: doctor sees it");
    }
    fs::rename(&kept, &key).expect("it can be put back");
    assert_eq!(site.bytes_below("data").len(), before, "nothing was made in its place");
    site.printed(&RUN);
    assert_eq!(site.printed(&TAIL), rows);
}

#[test]
fn whoever_has_lost_it_for_good_goes_on_as_operating_says_and_no_row_or_revision_is_lost() {
    let guide = include_str!("../../docs/operating.md");
    let (_, step) = guide.split_once("sqlite3 journeycast.db \"").expect("operating.md has the step");
    let (sql, _) = step.split_once('"').expect("it ends");
    let (site, rest) = half_a_day();
    let before = table(&site.printed(&TAIL));
    fs::remove_file(site.path("data/master.key")).expect("it is there");
    Connection::open(site.path("data/journeycast.db")).expect("it opens").execute_batch(sql).expect("it runs");
    site.printed(&RUN);
    assert_eq!(table(&site.printed(&TAIL)), before, "what was counted is counted");
    ingest(&site, &rest);
    site.printed(&RUN);
    let after = table(&site.printed(&TAIL));
    assert!(after.len() > before.len(), "the rest of the day is counted");
    let revisions = site.printed(&["tail", "--config", "journeycast.toml", "--revisions"]);
    let mut last = std::collections::BTreeMap::new();
    for line in revisions.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let key = format!("{} {}", row["planningGroupId"], row["intervalStart"]);
        let revision: u64 = row["revision"].as_str().and_then(|text| text.parse().ok()).expect("it has one");
        let before = last.insert(key.clone(), revision).unwrap_or(0);
        assert_eq!(revision, before + 1, "{key}");
    }
}
