//! Erasure on a real cluster: what is erased is gone from every topic and from the table, whoever counts, reads or is
//! killed meanwhile, and everything else stays as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use journeycast::engine::Erasure;
use journeycast::engine::names::{Domain, Namer};
use journeycast::io::clock::{self, Watch};
use journeycast::io::kafka::{self, CountingWorker, Eraser, Held, ReadingWorker};
use journeycast::settings::Settings;
use journeycast::simulate::{Dice, Pathologies, Site, SitePlan};
use journeycast::wire::partition_of;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use serde_json::Value;

use super::broker::{Broker, client};
use super::cluster::{Cluster, INPUTS, REVISIONS, accounted, shared, shuffled};
use super::storm::{ORGANIZATION, OTHER, both, records as of_two_organizations};
use crate::erasure::{about, answers};
use crate::installation::{Runner, metrics_until, said};

const OURS: [&str; 2] = ["journeycast.facts.v1", "journeycast.visits.v1"];
const ERASURES: &str = "journeycast.erasures.v1";
const PATIENCE: Duration = Duration::from_secs(30);

fn small() -> SitePlan {
    let pathologies = Pathologies { duplicates: 0.05, ..Pathologies::NONE };
    SitePlan { seed: 31, days: 1.0, visits_per_day: 300.0, pathologies, ..SitePlan::default() }
}

/// Who is to be erased, as a file asks for it, and the records without them.
struct Sought {
    asked: Vec<(&'static str, String)>,
    left: Vec<Vec<u8>>,
}

impl Sought {
    /// Every `step`th action, conversation and session of these records.
    fn of(records: &[Vec<u8>], step: usize) -> Self {
        let readable: Vec<&Vec<u8>> =
            records.iter().filter(|record| serde_json::from_slice::<Value>(record).is_ok()).collect();
        let every = |which: usize| -> BTreeSet<String> {
            readable.iter().filter_map(|record| about(record)[which].clone()).collect()
        };
        let some = |ids: BTreeSet<String>| ids.into_iter().step_by(step).collect::<Vec<_>>();
        let [actions, conversations] = [some(every(0)), some(every(1))];
        let sessions = some(readable.iter().filter_map(|record| session_of(record)).collect());
        assert!([&actions, &conversations, &sessions].iter().all(|ids| ids.len() > 1), "there is something to erase");
        let gone: BTreeSet<&String> = actions.iter().chain(&conversations).collect();
        let is_left = |record: &&Vec<u8>| {
            !readable.contains(record) || !about(record).iter().flatten().any(|id| gone.contains(id))
        };
        let left = records.iter().filter(is_left).cloned().collect();
        let kinds = [("action", actions), ("conversation", conversations), ("session", sessions)];
        let asked = kinds.into_iter().flat_map(|(kind, ids)| ids.into_iter().map(move |id| (kind, id))).collect();
        Self { asked, left }
    }

    fn file(&self) -> Vec<u8> {
        file_of(&self.asked)
    }

    /// How often any name of what is sought stands in any record of the cluster's topics of ours.
    fn names_found(&self, cluster: &Cluster) -> usize {
        let namer = namer(cluster);
        let names = self.asked.iter().flat_map(|(kind, id)| namer.every_name(domain(kind), id));
        let names: Vec<[u8; 16]> = names.map(|name| name.0.to_le_bytes()).collect();
        let mut found = 0;
        for topic in OURS.into_iter().chain([ERASURES, "journeycast.progress.v1", "journeycast.labels.v1", REVISIONS]) {
            cluster.read(topic, |message| {
                let body = message.payload().unwrap_or_default();
                found += names.iter().filter(|name| memchr::memmem::find(body, &name[..]).is_some()).count();
            });
        }
        found
    }
}

fn session_of(record: &[u8]) -> Option<String> {
    let record: Value = serde_json::from_slice(record).ok()?;
    let body = &record["detail"]["eventBody"];
    let is_page = body["webEvent"]["page"].is_object() && body["createdDate"].is_string();
    body["session"]["id"].as_str().filter(|_| is_page).map(str::to_owned)
}

fn file_of(asked: &[(&'static str, String)]) -> Vec<u8> {
    let lines: String = asked.iter().map(|(kind, id)| format!("{kind},{id}\n")).collect();
    format!("kind,id\n{lines}").into_bytes()
}

fn domain(kind: &str) -> Domain {
    match kind {
        "action" => Domain::Action,
        "conversation" => Domain::Conversation,
        _ => Domain::Visit,
    }
}

fn reached(cluster: &Cluster) -> (Settings, kafka::Cluster) {
    let path = cluster.site.path("journeycast.toml");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let settings = Settings::parse(&text, &path.to_string_lossy(), std::iter::empty()).expect("it is right");
    let reached = kafka::Cluster::of(&settings).expect("it is on Kafka");
    (settings, reached)
}

fn namer(cluster: &Cluster) -> Namer {
    let (settings, reached) = reached(cluster);
    let keys = Held::of(&settings, &reached).and_then(|mut held| held.keys()).expect("the keys are there");
    journeycast::erase::namer(keys, &settings)
}

fn erase(cluster: &Cluster) -> Vec<String> {
    answers(&cluster.site.printed(&["erase", "--config", "journeycast.toml", "--ids", "ids.csv"]))
}

/// First offset and end of each partition of a topic.
fn bounds(servers: &str, topic: &str) -> Vec<(i64, i64)> {
    let consumer: BaseConsumer = client(servers).create().expect("it is a client");
    // A broker that has just started leads its partitions a little later.
    let waiting = Watch::start();
    let ask = |n| loop {
        match consumer.fetch_watermarks(topic, n, PATIENCE) {
            Ok(bounds) => break bounds,
            Err(error) => assert!(waiting.elapsed() < PATIENCE, "{error}"),
        }
    };
    (0..4).map(ask).collect()
}

/// How many revisions were said of each row.
fn revisions(cluster: &Cluster) -> BTreeMap<Vec<u8>, u64> {
    let mut said = BTreeMap::new();
    cluster.read(REVISIONS, |message| *said.entry(message.key().unwrap_or_default().to_vec()).or_default() += 1);
    said
}

#[test]
fn what_is_erased_beside_a_running_worker_leaves_the_table_and_every_topic_and_is_not_found_again() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 1);
    let sought = Sought::of(&records, 7);
    cluster.site.put("ids.csv", &[sought.file(), b"action,nobody\ncookie,c-1\ncustomer,c-2\n".to_vec()].concat());
    let mut worker = cluster.worker("0");
    let address = worker.address();
    cluster.send(&records, &mut dice);
    metrics_until(&address, |text| accounted(text) == records.len() as u64);
    assert!(sought.names_found(&cluster) > sought.asked.len(), "they are there to be found");

    let with = |held: &'static str| {
        [vec![held; sought.asked.len()], vec!["nothing_held", "never_stored", "never_stored"]].concat()
    };
    assert_eq!(erase(&cluster), with("erased"));
    assert_eq!(sought.names_found(&cluster), 0);
    assert_eq!(erase(&cluster), with("nothing_held"));
    worker.signal("TERM");
    assert_eq!(worker.end(Duration::from_secs(15)).0.code(), Some(0));
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn an_owner_that_starts_after_an_erasure_revises_what_differs_and_nothing_else() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 2);
    let sought = Sought::of(&records, 25);
    cluster.site.put("ids.csv", &sought.file());
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let (before, said) = (cluster.tailed(), revisions(&cluster));
    assert!(erase(&cluster).iter().all(|answer| answer == "erased"));
    cluster.catch_up();
    let after = cluster.tailed();
    assert_eq!(after, cluster.replayed(&sought.left));
    let differ = before.iter().filter(|(key, row)| after.get(*key) != Some(*row)).count();
    let revised = revisions(&cluster).into_iter().filter(|(key, n)| said.get(key) != Some(n)).count();
    assert!(differ > 0 && differ < before.len());
    assert_eq!(revised, differ, "a row that did not change was said again");
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn what_is_held_of_a_conversation_can_be_proved_before_its_erasure_and_nothing_after_it() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 8);
    let sought = Sought::of(&records, 7);
    cluster.site.put("ids.csv", &sought.file());
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let (_, conversation) = sought.asked.iter().find(|(kind, _)| *kind == "conversation").expect("there are some");
    let words = ["policy", "prove", "--config", "journeycast.toml", "--format", "json", "--recording", conversation];
    let prove = || serde_json::from_str::<Value>(&cluster.site.printed(&words)).expect("it is JSON");
    let held = |proof: &Value| proof["held"].as_array().expect("they are listed").len();
    let before = prove();
    assert!(held(&before) > 1, "{before:#}");
    assert_eq!(before["browsed_that_is_reached"], 0);
    assert!(before["browsed"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] == "page")));
    erase(&cluster);
    assert_eq!(held(&prove()), 0);
}

#[test]
fn records_that_nobody_has_read_are_named_and_what_they_bring_back_is_erased_by_the_next_time() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 3);
    let sought = Sought::of(&records, 7);
    cluster.site.put("ids.csv", &sought.file());
    let (half, rest) = records.split_at(records.len() / 2);
    cluster.send(half, &mut dice);
    cluster.catch_up();
    cluster.send_to(INPUTS[1], 2, rest);
    let words = ["erase", "--config", "journeycast.toml", "--ids", "ids.csv"];
    let early = cluster.site.perform(&words);
    assert_eq!(early.status.code(), Some(1), "{}", said(&early));
    let told = format!("{} records of {} are not read yet", rest.len(), INPUTS[1]);
    assert!(said(&early).contains(&told), "{}", said(&early));
    let early = answers(&String::from_utf8_lossy(&early.stdout));
    assert_eq!(early.len(), sought.asked.len());
    assert!(early.contains(&"erased".to_owned()));
    cluster.catch_up();
    assert!(erase(&cluster).contains(&"erased".to_owned()), "the rest brought some back");
    assert_eq!(sought.names_found(&cluster), 0);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn a_partition_that_holds_nothing_of_what_is_sought_is_left_alone() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice) = (Cluster::of(servers, &small(), ""), Dice::new(4, &[]));
    let configuration = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    cluster.site.put("journeycast.toml", both(&configuration).as_bytes());
    let records = of_two_organizations(100.0, &mut dice);
    let is_of_one = |record: &&Vec<u8>| memchr::memmem::find(record, ORGANIZATION.as_bytes()).is_some();
    let one: Vec<Vec<u8>> = records.iter().filter(is_of_one).cloned().collect();
    cluster.site.put("ids.csv", &Sought::of(&one, 9).file());
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let [mine, others] = [ORGANIZATION, OTHER].map(|id| partition_of(id, 4.try_into().expect("it is none")) as usize);
    assert_ne!(mine, others);
    let before = OURS.map(|topic| bounds(servers, topic));
    erase(&cluster);
    let after = OURS.map(|topic| bounds(servers, topic));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before[others], after[others]);
        assert_eq!(before[mine].1, after[mine].0, "everything that was there was turned over");
        assert!(after[mine].1 > after[mine].0);
    }
}

/// Lets an erasure run until `is_time`, and kills it then; whether it had not ended before.
fn killed(cluster: &Cluster, mut is_time: impl FnMut() -> bool) -> bool {
    let mut command = cluster.site.journeycast(&["erase", "--config", "journeycast.toml", "--ids", "ids.csv"]);
    let mut erase = Runner::start(&mut command);
    while !is_time() {
        if erase.has_ended().is_some() {
            return false;
        }
    }
    erase.try_signal("KILL");
    erase.end(PATIENCE).0.code().is_none()
}

#[test]
fn an_erasure_that_is_killed_anywhere_and_repeated_ends_as_if_it_had_not_been() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let (cluster, mut dice, records) = Cluster::with_records(servers, small(), 5);
    let sought = Sought::of(&records, 7);
    let mut worker = cluster.worker("0");
    let address = worker.address();
    cluster.send(&records, &mut dice);
    metrics_until(&address, |text| accounted(text) == records.len() as u64);
    let (mut kills, mut open) = (0, 0);
    for (round, part) in sought.asked.chunks(sought.asked.len().div_ceil(6)).enumerate() {
        cluster.site.put("ids.csv", &file_of(part));
        let (since, facts) = (Watch::start(), bounds(servers, OURS[0]));
        let died = match round % 3 {
            // As soon as the first records are deleted, or copied and not deleted yet, or at any time at all.
            0 => killed(&cluster, || bounds(servers, OURS[0]).iter().zip(&facts).any(|(now, then)| now.0 > then.0)),
            1 => killed(&cluster, || bounds(servers, OURS[0]).iter().zip(&facts).any(|(now, then)| now.1 > then.1)),
            _ => killed(&cluster, || since.elapsed() > Duration::from_millis(100 * round as u64)),
        };
        kills += u32::from(died);
        let mut last = BTreeMap::new();
        cluster.read(ERASURES, |message| {
            let turned: Value = serde_json::from_slice(message.payload().unwrap_or_default()).expect("it is JSON");
            last.insert(message.key().unwrap_or_default().to_vec(), turned["begun"] != turned["ended"]);
        });
        open += u32::from(last.values().any(|open| *open));
    }
    assert!(kills > 2 && open > 0, "{kills} were killed, {open} of them in the middle");
    cluster.site.put("ids.csv", &sought.file());
    erase(&cluster);
    assert!(erase(&cluster).iter().all(|answer| answer == "nothing_held"));
    assert_eq!(sought.names_found(&cluster), 0);
    worker.signal("KILL");
    worker.end(PATIENCE);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn an_owner_that_lags_goes_on_over_what_was_turned_over_before_it_came_there() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    // One batch at a time: what was fetched before it was deleted would hide the gap.
    let slow =
        ", \"queued.min.messages\" = \"1\", \"fetch.message.max.bytes\" = \"1\", \"fetch.max.bytes\" = \"1000000\"";
    let (cluster, mut dice) = (Cluster::of(servers, &small(), slow), Dice::new(6, &[]));
    let records = shuffled(small(), &mut dice);
    let sought = Sought::of(&records, 7);
    cluster.site.put("ids.csv", &sought.file());
    let (settings, reached) = reached(&cluster);
    let mut reader = ReadingWorker::join(&settings, &reached).expect("it joins");
    let soon = Duration::from_millis(5);
    for part in records.chunks(records.len().div_ceil(12)) {
        cluster.send(part, &mut dice);
        while !reader.is_caught_up().expect("it reads") {
            reader.turn(clock::now(), soon).expect("it reads");
        }
    }
    let mut owner = CountingWorker::join(&settings, &reached).expect("it joins");
    while !owner.turn(clock::now(), soon).expect("it counts") || owner.counters().next().is_none() {}
    assert!(owner.lag().expect("it is known") > 2, "there is something left to count");
    let (mut erasure, namer) = (Erasure::default(), namer(&cluster));
    let places = sought.asked.iter().map(|(kind, id)| erasure.seek(&namer, domain(kind), id)).collect::<Vec<_>>();
    let mut eraser = Eraser::of(&settings, &reached).expect("it is the only one").in_chunks_of(2);
    let erased = eraser.erase(clock::now(), &mut erasure).expect("it erases");
    assert!(erased.is_complete && places.into_iter().all(|place| erasure.has_found(place)));
    while !owner.is_caught_up().expect("it counts") {
        owner.turn(clock::now(), soon).expect("it counts");
    }
    owner.say_the_rest(clock::now()).expect("it says the rest");
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn of_two_erasures_at_once_one_is_overtaken_or_both_end_and_all_is_gone_when_it_is_repeated() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 7);
    let sought = Sought::of(&records, 7);
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let files = ["one.csv", "other.csv"];
    for (file, part) in files.into_iter().zip(sought.asked.chunks(sought.asked.len().div_ceil(2))) {
        cluster.site.put(file, &file_of(part));
    }
    let both = files.map(|ids| {
        Runner::start(&mut cluster.site.journeycast(&["erase", "--config", "journeycast.toml", "--ids", ids]))
    });
    let ended = both.map(|mut one| one.end(PATIENCE));
    assert!(ended.iter().any(|(status, _)| status.code() == Some(0)), "{ended:?}");
    for (status, told) in &ended {
        assert!(status.code() == Some(0) || told.contains("another `erase` began"), "{told}");
    }
    for ((status, _), ids) in ended.iter().zip(files) {
        let again = cluster.site.printed(&["erase", "--config", "journeycast.toml", "--ids", ids]);
        let is_gone = answers(&again).iter().all(|answer| answer == "nothing_held");
        assert!(is_gone || status.code() != Some(0), "an erasure that ended well was brought back by the other");
    }
    assert_eq!(sought.names_found(&cluster), 0);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
}

/// The watermark that a worker tells, in seconds.
fn watermark(metrics: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with("journeycast_watermark_seconds{"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn records_that_are_written_again_do_not_wake_a_source_that_is_silent() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let plan = SitePlan { pathologies: Pathologies::NONE, ..small() };
    let cluster = Cluster::of(servers, &plan, "");
    let configuration = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let waits_for = |span: &str| configuration.replace("_after = \"60s\"", &format!("_after = \"{span}\""));
    let records: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    cluster.site.put("ids.csv", &Sought::of(&records, 9).file());
    let (night, day) = records.split_at(records.len() / 3);
    cluster.site.put("journeycast.toml", waits_for("1s").as_bytes());
    let mut worker = cluster.worker("0");
    let address = worker.address();
    cluster.send_to(INPUTS[0], 0, night);
    let at_night = metrics_until(&address, |text| accounted(text) == night.len() as u64 && watermark(text).is_some());
    let night_ends = watermark(&at_night).expect("it is told") + 3_600.0 * 4.0;
    cluster.send_to(INPUTS[1], 2, day);
    let leads =
        |text: &str| accounted(text) == records.len() as u64 && watermark(text).is_some_and(|at| at > night_ends);
    metrics_until(&address, leads);
    assert!(erase(&cluster).iter().all(|answer| answer == "erased"));
    worker.signal("TERM");
    assert_eq!(worker.end(Duration::from_secs(15)).0.code(), Some(0));
    // Nobody says again that the night's source is silent.
    cluster.site.put("journeycast.toml", waits_for("1h").as_bytes());
    for _ in 0..2 {
        let mut next = cluster.worker("0");
        let told = metrics_until(&next.address(), |text| watermark(text).is_some());
        assert!(watermark(&told) > Some(night_ends), "{told}");
        next.signal("TERM");
        next.end(Duration::from_secs(15));
    }
}

#[test]
fn an_erasure_whose_broker_dies_loses_nothing_and_ends_when_it_is_repeated() {
    let Some(mut broker) = Broker::of().filter(Broker::is_own) else { return };
    let (cluster, mut dice) = (Cluster::of(broker.servers(), &small(), ""), Dice::new(9, &[]));
    let records = shuffled(small(), &mut dice);
    let sought = Sought::of(&records, 7);
    let mut worker = cluster.worker("0");
    let address = worker.address();
    cluster.send(&records, &mut dice);
    metrics_until(&address, |text| accounted(text) == records.len() as u64);
    for part in sought.asked.chunks(sought.asked.len().div_ceil(2)) {
        cluster.site.put("ids.csv", &file_of(part));
        let facts = bounds(broker.servers(), OURS[0]);
        let mut command = cluster.site.journeycast(&["erase", "--config", "journeycast.toml", "--ids", "ids.csv"]);
        let mut erase = Runner::start(&mut command);
        while bounds(broker.servers(), OURS[0]) == facts && erase.has_ended().is_none() {}
        broker.kill();
        broker.start();
    }
    // A worker whose client could not go on is started again, as an orchestrator would.
    drop(worker);
    cluster.catch_up();
    cluster.site.put("ids.csv", &sought.file());
    erase(&cluster);
    assert!(erase(&cluster).iter().all(|answer| answer == "nothing_held"));
    assert_eq!(sought.names_found(&cluster), 0);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&sought.left));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}
