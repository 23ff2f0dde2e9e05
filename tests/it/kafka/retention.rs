//! Retention on Kafka: what is due and counted goes, what is not counted stays, and whoever asks is told what is set wrong.

use std::time::Duration;

use journeycast::io::clock::{self, Watch};
use journeycast::simulate::{Dice, Pathologies, SitePlan};
use journeycast::wire::partition_of;
use rdkafka::admin::{AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use serde_json::{Value, json};

use super::broker::client;
use super::cluster::{Cluster, INPUTS, admin, shared, shuffled};
use crate::installation::said;
use crate::policy::{SOUND, offer, web};

const VISITS: &str = "journeycast.visits.v1";
const FACTS: &str = "journeycast.facts.v1";
const PATIENCE: Duration = Duration::from_secs(30);
const CHECK: [&str; 6] = ["retention", "check", "--config", "journeycast.toml", "--format", "json"];

fn small() -> SitePlan {
    SitePlan { seed: 12, days: 1.0, visits_per_day: 100.0, pathologies: Pathologies::NONE, ..SitePlan::default() }
}

/// Sets a topic like this, and everything else of it as the broker has it.
fn set(servers: &str, topic: &str, settings: &[(&str, &str)]) {
    let (admin, runtime) = admin(servers);
    let change = AlterConfig::new(ResourceSpecifier::Topic(topic));
    let change = settings.iter().fold(change, |change, (key, value)| change.set(key, value));
    let done = runtime.block_on(admin.alter_configs([&change], &AdminOptions::new())).expect("it answers");
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

/// Makes a topic of four partitions anew with these settings, which hold from its first record on: what is set later is
/// heeded a moment after it was answered.
fn make_anew(servers: &str, topic: &str, settings: &[(&str, &str)]) {
    let (admin, runtime) = admin(servers);
    let deleted = runtime.block_on(admin.delete_topics(&[topic], &AdminOptions::new())).expect("it answers");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    let new = NewTopic::new(topic, 4, TopicReplication::Fixed(1));
    let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
    let waiting = Watch::start();
    while runtime.block_on(admin.create_topics([&new], &AdminOptions::new())).expect("it answers")[0].is_err() {
        assert!(waiting.elapsed() < PATIENCE, "{topic} is not gone");
    }
}

/// Puts a record that says nothing into a partition, as though it had been written so many minutes ago.
fn put_old(servers: &str, topic: &str, partition: i32, minutes: i64) {
    let producer: ThreadedProducer<_> = client(servers).create().expect("it is a client");
    let headers = OwnedHeaders::new().insert(Header { key: "is-silent", value: Some("journey.events.v1/0") });
    let at = clock::now().millis() - minutes * 60_000;
    let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).payload(b"").headers(headers).timestamp(at);
    producer.send(record).map_err(|(error, _)| error).expect("there is room");
    producer.flush(PATIENCE).expect("it is delivered");
}

/// Puts a record into a partition as an erasure writes one again whose first writing was so many minutes ago.
fn put_copy(servers: &str, topic: &str, partition: i32, minutes: i64) {
    let producer: ThreadedProducer<_> = client(servers).create().expect("it is a client");
    let first = (clock::now().millis() - minutes * 60_000).to_string();
    let headers = OwnedHeaders::new()
        .insert(Header { key: "first-appended", value: Some(&first) })
        .insert(Header { key: "is-silent", value: Some("journey.events.v1/0") });
    let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).payload(b"").headers(headers);
    producer.send(record).map_err(|(error, _)| error).expect("there is room");
    producer.flush(PATIENCE).expect("it is delivered");
}

/// Where a partition begins and ends.
fn bounds(servers: &str, topic: &str, partition: i32) -> (i64, i64) {
    let consumer: BaseConsumer = client(servers).create().expect("it is a client");
    consumer.fetch_watermarks(topic, partition, PATIENCE).expect("it answers")
}

/// The partition in which the facts of a site are; it has one organization.
fn partition(cluster: &Cluster) -> i32 {
    let text = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let (_, rest) = text.split_once("organization_id = \"").expect("it names one");
    let (organization, _) = rest.split_once('"').expect("it is quoted");
    i32::try_from(partition_of(organization, std::num::NonZeroU32::new(4).expect("it is some"))).expect("it is small")
}

/// What exceeds its row: store, place and what was found; and how the command ended.
fn exceeding(cluster: &Cluster) -> (Option<i32>, Vec<[String; 3]>) {
    let output = cluster.site.perform(&CHECK);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let text = |row: &Value, key: &str| row[key].as_str().expect("it is text").to_owned();
    let rows = rows.iter().filter(|row| row["verdict"] == "exceeds");
    (output.status.code(), rows.map(|row| ["store", "where", "found"].map(|key| text(row, key))).collect())
}

#[test]
fn facts_and_visits_that_are_due_go_once_they_are_counted_and_younger_ones_stay() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice) = (Cluster::of(servers, &small(), ""), Dice::new(21, &[]));
    let partition = partition(&cluster);
    assert_eq!(exceeding(&cluster), (Some(0), vec![]), "new topics are as they must be");
    for topic in [VISITS, FACTS] {
        set(servers, topic, &[("message.timestamp.type", "CreateTime"), ("retention.ms", "-1")]);
    }
    put_old(servers, VISITS, partition, 121);
    put_old(servers, VISITS, partition, 60);
    put_old(servers, FACTS, partition, 12 * 24 * 60 + 1);
    put_old(servers, FACTS, partition, 12 * 24 * 60 - 60);
    cluster.send(&shuffled(small(), &mut dice), &mut dice);
    cluster.catch_up();
    let table = cluster.tailed();
    assert!(table.len() > 5);
    for topic in [VISITS, FACTS] {
        let (begin, end) = bounds(servers, topic, partition);
        assert_eq!(begin, 1, "{topic}: the first is gone and the second is not");
        assert!(end > 2, "{topic}: the site's own came after them");
    }

    put_old(servers, VISITS, partition, 600);
    let (_, end) = bounds(servers, VISITS, partition);
    assert_eq!(bounds(servers, VISITS, partition).0, 1, "nobody has counted it yet");
    cluster.catch_up();
    let (begin, _) = bounds(servers, VISITS, partition);
    assert!(begin < end - 1, "younger ones lie before it, and nothing is taken out of the middle");
    assert_eq!(cluster.tailed(), table, "nothing that was deleted was needed");
}

#[test]
fn what_an_erasure_wrote_again_goes_when_its_first_writing_is_due() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice) = (Cluster::of(servers, &small(), ""), Dice::new(22, &[]));
    let partition = partition(&cluster);
    for minutes in [130, 121, 60, 125] {
        put_copy(servers, VISITS, partition, minutes);
    }
    cluster.send(&shuffled(small(), &mut dice), &mut dice);
    cluster.catch_up();
    assert_eq!(bounds(servers, VISITS, partition).0, 2, "two are due, and the third keeps what lies behind it");
    assert_eq!(exceeding(&cluster), (Some(0), vec![]));
}

#[test]
fn a_topic_of_ours_that_is_set_wrong_and_one_of_theirs_that_keeps_raw_records_are_told_apart() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &small(), "");
    let partition = partition(&cluster);
    make_anew(
        servers,
        VISITS,
        &[("message.timestamp.type", "CreateTime"), ("retention.ms", "86400000"), ("segment.ms", "900000")],
    );
    set(
        servers,
        "journeycast.keys.v1",
        &[("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime"), ("segment.ms", "900000")],
    );
    set(servers, INPUTS[0], &[("cleanup.policy", "compact")]);
    put_old(servers, VISITS, partition, 600);
    let (code, found) = exceeding(&cluster);
    assert_eq!(code, Some(1));
    let expected = [
        ["visits", VISITS, "retention.ms keeps records for 1 day"],
        ["visits", VISITS, "message.timestamp.type is \"CreateTime\""],
        ["visits", VISITS, "the oldest is 10 hours old, and may be 2 hours old at most"],
        ["keys", "journeycast.keys.v1", "max.compaction.lag.ms is \"9223372036854775807\""],
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, [store, place, words]) in found.iter().zip(expected) {
        assert!(found[0] == store && found[1] == place && found[2].starts_with(words), "{found:?}");
    }
    let all = cluster.site.perform(&CHECK).stdout;
    let rows: Vec<Value> = serde_json::from_slice(&all).expect("it is JSON");
    let theirs: Vec<&Value> = rows.iter().filter(|row| row["store"] == "input").collect();
    assert_eq!(theirs.len(), INPUTS.len());
    for row in theirs {
        assert!(row["found"].as_str().is_some_and(|found| found.starts_with("yours: ")), "{row}");
        let is_forever = row["where"] == INPUTS[0];
        assert_eq!(row["verdict"], if is_forever { "look" } else { "within" }, "{row}");
    }
}

#[test]
fn whoever_explains_a_policy_beside_the_workers_tells_the_figures_and_moves_no_partition() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &small(), "");
    let text = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let with_policy = format!("{text}\n[policy]\nfile = \"./policy.toml\"\n[environment]\nkind = \"test\"\n");
    cluster.site.put("journeycast.toml", with_policy.as_bytes());
    cluster.site.put("policy.toml", SOUND.as_bytes());
    let visit =
        |n: usize| [web(&format!("s-{n}"), "/invest/gold", json!({})), offer(&format!("s-{n}"), &format!("a-{n}"))];
    let records: Vec<Vec<u8>> = (0..7).flat_map(visit).map(|record| record.to_string().into_bytes()).collect();
    cluster.send_to(INPUTS[0], 0, &records);
    let mut worker = cluster.worker("0");
    worker.says("this worker counts the partition");
    let waiting = clock::Watch::start();
    let explain = ["policy", "explain", "--config", "journeycast.toml", "--format", "json"];
    loop {
        let told: Value = serde_json::from_str(&cluster.site.printed(&explain)).expect("it is JSON");
        if told["regulated"] == json!({"mifid2": {"2026-11-20": 7}}) {
            break;
        }
        assert!(waiting.elapsed() < PATIENCE, "{told}");
    }
    worker.signal("TERM");
    let (_, told) = worker.end(Duration::from_secs(15));
    assert_eq!(told.matches("the counting group gave partitions").count(), 1, "{told}");
}
