//! Regulated visits and the end of an epoch on a real cluster: whenever and wherever it is heard of, the table is the same.

use std::collections::BTreeSet;

use journeycast::simulate::{Dice, Pathologies, SitePlan};
use serde_json::Value;

use super::cluster::{Cluster, INPUTS, shared, shuffled};
use crate::midnight;
use crate::visitors::{policy, whose};

fn plan() -> SitePlan {
    SitePlan { seed: 14, days: 0.6, visits_per_day: 350.0, pathologies: Pathologies::NONE, ..SitePlan::default() }
}

fn cluster_under_policy(servers: &str) -> Cluster {
    let cluster = Cluster::of(servers, &plan(), "");
    let configuration = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let more = "\n[policy]\nfile = \"policy.toml\"\n\n[environment]\nkind = \"test\"\n";
    cluster.site.put("journeycast.toml", format!("{configuration}{more}").as_bytes());
    cluster.site.put("policy.toml", policy(false).as_bytes());
    cluster
}

fn is_regulated_page(record: &[u8]) -> bool {
    let record: Value = serde_json::from_slice(record).expect("the site sends JSON");
    let path = record["detail"]["eventBody"]["webEvent"]["page"]["pathname"].as_str().unwrap_or_default();
    path.starts_with("/account") || path == "/pricing/business"
}

/// The same event as it would be had it arrived so many days later.
fn late_by(record: &[u8], days: i64) -> Vec<u8> {
    let mut record: Value = serde_json::from_slice(record).expect("the site sends JSON");
    let arrived: jiff::Timestamp = record["time"].as_str().and_then(|time| time.parse().ok()).expect("it has arrived");
    record["time"] = (arrived + jiff::SignedDuration::from_hours(24 * days)).to_string().into();
    record.to_string().into_bytes()
}

#[test]
fn a_regulated_page_before_within_and_after_its_visit_twice_days_late_and_anywhere_gives_the_same_table() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice) = (cluster_under_policy(servers), Dice::new(31, &[]));
    let records = shuffled(plan(), &mut dice);
    let owners = whose(&records);
    let pages = || records.iter().zip(&owners).filter(|(record, _)| is_regulated_page(record));
    let regulated: Vec<&String> = pages().map(|(_, who)| who).collect::<BTreeSet<_>>().into_iter().collect();
    assert!(regulated.len() > 20, "only {} visits are regulated", regulated.len());
    let pages_of = |way: usize| -> Vec<Vec<u8>> {
        let theirs = |who: &String| regulated.binary_search(&who).is_ok_and(|place| place % 5 == way);
        pages().filter(|(_, who)| theirs(who)).map(|(record, _)| record.clone()).collect()
    };
    let rest: Vec<Vec<u8>> = records.iter().filter(|record| !is_regulated_page(record)).cloned().collect();
    let [before, within, after, twice, late] = [0, 1, 2, 3, 4].map(pages_of);
    let late: Vec<Vec<u8>> = late.iter().map(|record| late_by(record, 4)).collect();

    cluster.send(&before, &mut dice);
    cluster.catch_up();
    cluster.send(&[rest, within, twice.clone()].concat(), &mut dice);
    cluster.catch_up();
    let half_known = cluster.tailed();
    cluster.send_to(INPUTS[2], 1, &twice);
    cluster.send(&after, &mut dice);
    cluster.send_to(INPUTS[1], 3, &late);
    cluster.catch_up();

    let clean: Vec<Vec<u8>> = records
        .iter()
        .zip(&owners)
        .filter(|(_, who)| regulated.binary_search(who).is_err())
        .map(|(record, _)| record.clone())
        .collect();
    let expected = cluster.replayed(&clean);
    assert!(expected.len() > 20, "the day has rows to compare");
    assert_ne!(half_known, expected, "what was heard of late has changed rows");
    assert_eq!(cluster.tailed(), expected);
    assert_eq!(cluster.replayed(&records), expected);
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn an_offer_at_the_end_of_an_epoch_that_is_accepted_after_it_is_one_action_on_kafka() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    for order in [[0, 1], [1, 0]] {
        let (cluster, mut dice) = (Cluster::of(servers, &plan(), ""), Dice::new(32, &[]));
        let sides = midnight::both_sides();
        for side in order {
            cluster.send(&sides[side], &mut dice);
            cluster.catch_up();
        }
        assert_eq!(midnight::told(&cluster.tailed()), midnight::expected(), "{order:?}");
        drop(cluster);
        super::cluster::clear(servers);
    }
}
