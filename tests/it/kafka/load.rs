//! `load run --target kafka`: what counts as taken is in the topic, once, in a shape that is read, and nowhere else.

use std::collections::BTreeMap;

use journeycast::simulate::{Pathologies, SitePlan};
use rdkafka::message::Message;
use serde_json::Value;

use super::cluster::{Cluster, INPUTS, shared};
use crate::installation::said;

const LOAD: &str = "journeycast.load.v1";
const KAFKA: [&str; 6] = ["load", "run", "--target", "kafka", "--config", "journeycast.toml"];

fn nobody() -> SitePlan {
    SitePlan { seed: 4, days: 0.1, visits_per_day: 10.0, pathologies: Pathologies::NONE, ..SitePlan::default() }
}

#[test]
fn every_event_that_counts_as_taken_is_in_the_topic_once_and_our_own_reader_admits_it() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &nobody(), "");
    let rates = ["--rates", "1000", "--for", "2s", "--format", "json", "--out", "run"];
    let said: Value = serde_json::from_str(&cluster.site.printed(&[&KAFKA[..], &rates].concat())).expect("it is JSON");
    let step = &said["rates"][0];
    assert_eq!((&step["sent"], &step["ok"]), (&Value::from(2_000), &Value::from(2_000)), "{said:#}");
    assert_eq!((&step["too_many_requests"], &step["other"]), (&Value::from(0), &Value::from(0)), "{said:#}");
    let (mut numbers, mut records) = (BTreeMap::<u64, u32>::new(), Vec::new());
    cluster.read(LOAD, |message| {
        let record = message.payload().unwrap_or_default().to_vec();
        let parsed: Value = serde_json::from_slice(&record).expect("it is JSON");
        let id = parsed["detail"]["eventBody"]["id"].as_str().expect("it has an id").to_owned();
        let number = id.rsplit('-').next().and_then(|number| u64::from_str_radix(number, 16).ok());
        *numbers.entry(number.expect("it ends with a number")).or_default() += 1;
        records.push(record);
    });
    assert_eq!(numbers, (0..2_000).map(|number| (number, 1)).collect());
    cluster.site.put("load.ndjson", &crate::process::file_of(&records));
    cluster.site.printed(&["replay", "--config", "journeycast.toml", "--events", "load.ndjson", "--out", "out"]);
    let summary = std::fs::read(cluster.site.path("out/summary.json")).expect("it was written");
    let summary: Value = serde_json::from_slice(&summary).expect("it is JSON");
    assert_eq!(summary["records"]["admitted"], 2_000, "{summary:#}");
    for topic in INPUTS {
        assert_eq!(cluster.count(topic), 0, "{topic}: a forecast reads it");
    }
    let run = std::fs::read_to_string(cluster.site.path("run/run.json")).expect("it was written");
    assert!(run.contains(&format!("kafka://{servers}/{LOAD}")), "{run}");
}

#[test]
fn a_topic_that_may_be_counted_or_is_not_there_is_refused_by_name_and_stays_as_it_was() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &nobody(), "");
    let one = ["--rates", "10", "--for", "1s", "--format", "json"];
    let run = |kind: &str, more: &[&str]| {
        let mut run = cluster.site.journeycast(&[&KAFKA[..], &one, more].concat());
        run.env("JOURNEYCAST__ENVIRONMENT__KIND", kind).output().expect("it starts")
    };
    for (more, code, says) in [
        (&["--topic", "journey.events.v1"][..], 2, "counted: journey.events.v1"),
        (&["--topic", "wfm.volume-adjustments.v1"], 2, "own_topic: "),
        (&["--topic", "journey.nowhere"], 1, "no_topic: "),
        (&["--honour-retry-after"], 2, "no cluster says Retry-After"),
    ] {
        let refused = run("test", more);
        assert_eq!(refused.status.code(), Some(code), "{more:?}: {}", said(&refused));
        assert!(said(&refused).contains(says), "{more:?}: {}", said(&refused));
    }
    let known = ["--topic", "journey.events.v1", "--i-know-these-are-counted"];
    let refused = run("production", &known);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("never go there"), "{}", said(&refused));
    assert_eq!(cluster.count("journey.events.v1"), 0);
    let known = run("test", &known);
    assert!(known.status.success(), "{}", said(&known));
    assert_eq!(cluster.count("journey.events.v1"), 10);
    let mut elsewhere = cluster.site.journeycast(&[&KAFKA[..], &one].concat());
    elsewhere.env("JOURNEYCAST__LOG__KAFKA__BOOTSTRAP_SERVERS", format!("{servers},203.0.113.7:9092"));
    let refused = elsewhere.output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("--i-own-this-target 203.0.113.7"), "{}", said(&refused));
}

#[test]
fn a_search_for_the_knee_counts_what_it_writes_and_a_record_that_is_too_large_is_named() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &nobody(), "");
    let search = ["--find-knee", "--up-to", "300", "--for", "1s", "--format", "json"];
    let said: Value = serde_json::from_str(&cluster.site.printed(&[&KAFKA[..], &search].concat())).expect("it is JSON");
    let sum = |member: &str| -> u64 {
        said["rates"].as_array().expect("rates").iter().map(|rate| rate[member].as_u64().expect("a number")).sum()
    };
    assert!(sum("sent") >= 400 && sum("sent") == sum("ok"), "twenty, eighty and three hundred at least: {said:#}");
    assert_eq!(u64::try_from(cluster.count(LOAD)), Ok(sum("ok")));
    let large = format!(r#"{{"eventName":"a","page":{{"url":"https://x.example/"}},"x":"{}"}}"#, "y".repeat(1_040_000));
    cluster.site.put("large.json", large.as_bytes());
    let refused =
        cluster.site.perform(&[&KAFKA[..], &["--rates", "10", "--for", "1s", "--event", "large.json"]].concat());
    assert_eq!(refused.status.code(), Some(1), "{}", crate::installation::said(&refused));
    let says = crate::installation::said(&refused);
    assert!(says.contains("too_large: the cluster takes no record"), "{says}");
}
