//! What holds on Kafka while nothing breaks, and what is said where something is wrong.

use std::time::Duration;

use journeycast::io::clock::Watch;
use journeycast::simulate::{Dice, Pathologies, Site, SitePlan};
use rdkafka::admin::AdminOptions;
use rdkafka::{Offset, TopicPartitionList};

use super::cluster::{Cluster, INPUTS, REVISIONS, accounted, admin, shared, shuffled};
use crate::installation::{metrics_until, said};

const CONFIG: [&str; 2] = ["--config", "journeycast.toml"];

fn small() -> SitePlan {
    let pathologies = Pathologies { malformed: 0.02, duplicates: 0.05, ..Pathologies::NONE };
    SitePlan { seed: 11, days: 1.0, visits_per_day: 200.0, pathologies, ..SitePlan::default() }
}

#[test]
fn a_site_is_counted_as_replay_counts_it_and_a_second_run_says_nothing_new() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 1);
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let expected = cluster.replayed(&records);
    assert!(expected.len() > 20, "the day has rows to compare");
    assert_eq!(cluster.tailed(), expected);
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
    let said = cluster.count(REVISIONS);
    cluster.catch_up();
    assert_eq!(cluster.count(REVISIONS), said);
}

#[test]
fn every_record_is_accounted_for_once_and_pointers_lead_to_what_was_set_aside() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 2);
    cluster.send(&records, &mut dice);
    let mut worker = cluster.worker("0");
    let address = worker.address();
    metrics_until(&address, |text| accounted(text) == records.len() as u64);
    worker.signal("TERM");
    assert_eq!(worker.end(Duration::from_secs(15)).0.code(), Some(0));
    let listed = cluster.site.printed(&["set-aside", "--config", "journeycast.toml", "--format", "csv"]);
    let mut pointers: Vec<Vec<String>> =
        listed.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert!(pointers.len() > 10, "{listed}");
    let mut found = Vec::new();
    for topic in INPUTS {
        cluster.read(topic, |message| {
            use rdkafka::message::Message;
            let place = [topic.to_owned(), message.partition().to_string(), message.offset().to_string()];
            if let Some(at) = pointers.iter().position(|pointer| pointer[2..5] == place) {
                found.push((pointers.swap_remove(at)[5].clone(), message.payload().unwrap_or_default().to_vec()));
            }
        });
    }
    assert_eq!(pointers, Vec::<Vec<String>>::new(), "every pointer leads to a record");
    let broken = found.iter().filter(|(class, _)| class == "not_json");
    assert!(broken.clone().count() > 0);
    for (_, record) in broken {
        assert!(serde_json::from_slice::<serde_json::Value>(record).is_err(), "{}", String::from_utf8_lossy(record));
    }
}

#[test]
fn a_worker_whose_transactional_id_was_stolen_commits_nothing_more_says_so_and_exits_with_one() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 3);
    let (half, rest) = records.split_at(records.len() / 2);
    let mut first = cluster.worker("same");
    first.says("this worker counts the partition");
    cluster.send(half, &mut dice);
    cluster.steal_transactions_of("same");
    cluster.send(rest, &mut dice);
    let (status, told) = first.end(Duration::from_secs(60));
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("cannot go on"), "{told}");
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn records_that_were_deleted_before_anybody_read_them_stop_the_worker_with_their_place() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 4);
    let (half, rest) = records.split_at(records.len() / 2);
    cluster.send(half, &mut dice);
    cluster.catch_up();
    cluster.send(rest, &mut dice);
    let (admin, runtime) = admin(broker.servers());
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(INPUTS[0], 0, Offset::End).expect("it is a place");
    let deleted = runtime.block_on(admin.delete_records(&all, &AdminOptions::new())).expect("it answers");
    assert_eq!(deleted.count(), 1);
    let ended = cluster.site.perform(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    let told = said(&ended);
    assert!(told.contains("partition 0 of journey.events.v1 no longer holds the records"), "{told}");
    assert!(told.contains("move the offsets of the consumer group"), "{told}");
}

#[test]
fn topics_are_made_once_and_what_is_wrong_with_them_is_told() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &small(), "");
    let topics = |command| cluster.site.perform(&[&["topics", command], &CONFIG[..]].concat());
    assert!(String::from_utf8_lossy(&topics("create").stdout).contains("nothing was changed"));
    assert_eq!(String::from_utf8_lossy(&topics("check").stdout), "every topic is as it must be\n");
    let (admin, runtime) = admin(servers);
    let options = AdminOptions::new();
    drop(runtime.block_on(admin.delete_topics(&["journeycast.visits.v1"], &options)).expect("it answers"));
    let entries = [("retention.ms", "1000"), ("cleanup.policy", "delete")];
    let change =
        rdkafka::admin::AlterConfig::new(rdkafka::admin::ResourceSpecifier::Topic("wfm.volume-adjustments.v1"));
    let change = entries.into_iter().fold(change, |change, (key, value)| change.set(key, value));
    drop(runtime.block_on(admin.alter_configs([&change], &options)).expect("it answers"));
    let checked = topics("check");
    assert_eq!(checked.status.code(), Some(1));
    let told = said(&checked);
    for complaint in [
        "journeycast.visits.v1 is not there; `journeycast topics create` makes it",
        "wfm.volume-adjustments.v1: cleanup.policy is \"delete\" and must be \"compact,delete\"",
        "wfm.volume-adjustments.v1: retention.ms is \"1000\" and must be \"34560000000\"",
        "wfm.volume-adjustments.v1: message.timestamp.type is \"CreateTime\" and must be \"LogAppendTime\"",
    ] {
        assert!(told.contains(complaint), "{complaint} is not in\n{told}");
    }
    let started = cluster.site.perform(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(started.status.code(), Some(1));
    assert!(said(&started).contains("the topic journeycast.visits.v1 is not there"), "{}", said(&started));
}

#[test]
fn a_worker_with_another_master_key_is_refused_and_the_keys_of_the_first_stay() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 5);
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    cluster.site.put("master.key", format!("{}\n", "a5".repeat(32)).as_bytes());
    let other = cluster.site.perform(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        said(&other).contains("is not the one that the keys in journeycast.keys.v1 were made with"),
        "{}",
        said(&other)
    );
    cluster.site.put("master.key", format!("{}\n", "5a".repeat(32)).as_bytes());
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
}

/// Start and state of every row.
fn states(cluster: &Cluster) -> Vec<(String, String)> {
    let rows = cluster.site.printed(&["tail", "--config", "journeycast.toml"]);
    let rows = rows.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(&row["intervalStart"]), text(&row["state"]))).collect()
}

#[test]
fn the_partition_that_lags_holds_rows_open_until_it_is_read_to_its_end_and_silent() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let plan = SitePlan { pathologies: Pathologies::NONE, ..small() };
    let cluster = Cluster::of(servers, &plan, "");
    let waits = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    assert!(waits.contains("source_idle_after = \"60s\""), "{waits}");
    let waits_for = |span: &str| waits.replace("_after = \"60s\"", &format!("_after = \"{span}\""));
    cluster.site.put("journeycast.toml", waits_for("1h").as_bytes());
    let records: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    let (night, day) = records.split_at(records.len() / 3);
    cluster.send_to(INPUTS[0], 0, night);
    cluster.send_to(INPUTS[1], 2, day);
    cluster.catch_up();
    let before = states(&cluster);
    let open = |states: &[(String, String)]| states.iter().filter(|(_, state)| state.ends_with("OPEN")).count();
    assert!(open(&before) > 10, "{before:?}");
    let first_open = before.iter().filter(|(_, state)| state.ends_with("OPEN")).map(|(start, _)| start).min();
    let last_final = before.iter().filter(|(_, state)| !state.ends_with("OPEN")).map(|(start, _)| start).max();
    assert!(last_final <= first_open, "{before:?}");
    cluster.site.put("journeycast.toml", waits_for("1s").as_bytes());
    let worker = cluster.worker("0");
    let waiting = Watch::start();
    while open(&states(&cluster)) > 5 {
        assert!(waiting.elapsed() < Duration::from_secs(60), "{:?}", states(&cluster));
    }
    drop(worker);
}

#[test]
#[ignore = "brings Python, Java and a database: .ci/run runs it by name"]
fn consumers_in_python_java_and_sql_show_what_tail_shows() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice) = (Cluster::of(servers, &small(), ""), Dice::new(6, &[]));
    cluster.send(&shuffled(small(), &mut dice), &mut dice);
    cluster.catch_up();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/consumers");
    let config = cluster.site.path("journeycast.toml");
    let words = [script.as_ref(), servers.as_ref(), config.as_os_str(), env!("CARGO_BIN_EXE_journeycast").as_ref()];
    let ran = std::process::Command::new("bash").args(words).output().expect("there is a bash");
    assert!(ran.status.success(), "{}\n{}", String::from_utf8_lossy(&ran.stdout), said(&ran));
}

#[test]
#[ignore = "needs valgrind, and is slow under it: .ci/run runs it by name"]
fn no_memory_is_touched_that_is_not_ours() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 7);
    cluster.send(&records, &mut dice);
    let words = ["--quiet", "--error-exitcode=9", "--leak-check=no", env!("CARGO_BIN_EXE_journeycast")];
    let ran = std::process::Command::new("valgrind")
        .args(words)
        .args(["run", "--config", "journeycast.toml", "--until-caught-up"])
        .current_dir(cluster.site.path("."))
        .env("RUST_LOG", "warn")
        .output()
        .expect("there is a valgrind");
    assert!(ran.status.success(), "{}", said(&ran));
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
}

#[test]
fn a_cluster_that_forgot_the_groups_offsets_makes_nobody_count_anew_or_say_a_revision_twice() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 10);
    let (half, rest) = records.split_at(records.len() / 2);
    cluster.send(half, &mut dice);
    cluster.catch_up();
    let said = cluster.count(REVISIONS);
    cluster.forget_group("counting");
    cluster.catch_up();
    assert_eq!(cluster.count(REVISIONS), said, "nothing new was said");
    cluster.forget_group("counting");
    cluster.forget_group("reading");
    cluster.send(rest, &mut dice);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn files_and_a_baseline_are_brought_by_hand_and_a_record_that_is_too_large_is_named_by_its_line() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &small(), "");
    cluster.site.printed(&["simulate", "--seed", "11", "--days", "1", "--visits-per-day", "200", "--out", "made"]);
    let events = std::fs::read(cluster.site.path("made/events.ndjson")).expect("it was written");
    let enormous = format!("{{\"x\":\"{}\"}}\n", "y".repeat(2_000_000));
    cluster.site.put("some.ndjson", &[enormous.as_bytes(), &events].concat());
    cluster.site.printed(&["baseline", "import", "--config", "journeycast.toml", "made/baseline.csv"]);
    let ingest = ["ingest", "--config", "journeycast.toml", "some.ndjson", "made/conversations.ndjson"];
    let ingested = cluster.site.perform(&ingest);
    assert_eq!(ingested.status.code(), Some(1), "{}", said(&ingested));
    assert!(said(&ingested).contains("\"line\":1"), "{}", said(&ingested));
    assert!(said(&ingested).contains("1 records are larger than the cluster takes"), "{}", said(&ingested));
    cluster.catch_up();
    let replay = [
        "replay",
        "--config",
        "journeycast.toml",
        "--out",
        "out",
        "--baseline",
        "made/baseline.csv",
        "--events",
        "made/events.ndjson",
        "made/conversations.ndjson",
    ];
    cluster.site.printed(&replay);
    let rows = std::fs::read_to_string(cluster.site.path("out/adjustments.ndjson")).expect("it was written");
    let expected = crate::process::table(&rows);
    assert!(expected.values().any(|row| row["adjustedOffered"].is_number()), "the baseline is in the rows");
    assert_eq!(cluster.tailed(), expected);
}
