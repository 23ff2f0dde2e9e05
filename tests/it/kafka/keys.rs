//! Keys of epochs on a real cluster: made by several at once, left behind by the dead, destroyed under others' hands.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use journeycast::engine::names::{Domain, Epoch, EpochKey, Namer};
use journeycast::engine::{Name, Span, WallTime};
use journeycast::io::clock::{self, Watch};
use journeycast::io::kafka::{self, ReadingWorker};
use journeycast::io::log::Fate;
use journeycast::io::master::{Master, random};
use journeycast::simulate::{Dice, ORGANIZATION, Pathologies, SitePlan};
use rdkafka::admin::{AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

use super::broker::client;
use super::cluster::{Cluster, INPUTS, admin, shared, shuffled};
use crate::installation::PATIENCE;
use crate::resting::{TWO_EPOCHS, found_in, names_in, visitor_in};

const KEYS: &str = "journeycast.keys.v1";
const AUDIT: &str = "journeycast.audit.v1";
const FACTS: &str = "journeycast.facts.v1";
const VISITS: &str = "journeycast.visits.v1";
const WAIT: Duration = Duration::from_millis(20);
/// Correction horizon and five days.
const KEPT: Span = Span::from_days(12);

/// A site of which nothing is broken.
fn plan() -> SitePlan {
    SitePlan { seed: 12, days: 0.5, visits_per_day: 300.0, pathologies: Pathologies::NONE, ..SitePlan::default() }
}

/// A worker in this process that reads the topics of an installation.
fn reader(cluster: &Cluster) -> ReadingWorker {
    let settings = journeycast::perform::load(&cluster.site.path("journeycast.toml"));
    let settings = settings.unwrap_or_else(|failure| panic!("{failure:?}"));
    let connected = kafka::Cluster::of(&settings).expect("it is configured");
    let waiting = Watch::start();
    loop {
        // Topics that were made just now may have no leader yet: the service tries again too.
        match ReadingWorker::join(&settings, &connected) {
            Ok(worker) => return worker,
            Err(trouble) if trouble.fate() == Fate::Retry && waiting.elapsed() < PATIENCE => thread::yield_now(),
            Err(trouble) => panic!("it cannot join: {trouble}"),
        }
    }
}

fn turn_until(worker: &mut ReadingWorker, mut holds: impl FnMut(&mut ReadingWorker) -> bool) {
    let waiting = Watch::start();
    while !holds(worker) {
        worker.turn(clock::now(), WAIT).expect("it can read");
        assert!(waiting.elapsed() < PATIENCE, "it never came to that");
    }
}

/// Keys and whether they hold something, in the order of the topic.
fn keys_there(cluster: &Cluster) -> Vec<(String, bool)> {
    let mut keys = Vec::new();
    cluster.read(KEYS, |message| {
        let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
        keys.push((key, message.payload().is_some()));
    });
    keys
}

/// Every record of facts and visits so far.
fn resting(cluster: &Cluster) -> BTreeSet<Vec<u8>> {
    let mut bodies = BTreeSet::new();
    for topic in [FACTS, VISITS] {
        cluster.read(topic, |message| {
            let body = message.payload().unwrap_or_default();
            if !body.is_empty() {
                bodies.insert(body.to_vec());
            }
        });
    }
    bodies
}

fn names(bodies: &BTreeSet<Vec<u8>>) -> BTreeSet<Name> {
    names_in(bodies).into_values().flatten().collect()
}

/// The cluster's installation under the policy of the tests.
fn under_policy(cluster: &Cluster) {
    let configuration = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let more = "\n[policy]\nfile = \"policy.toml\"\n\n[environment]\nkind = \"test\"\n";
    cluster.site.put("journeycast.toml", format!("{configuration}{more}").as_bytes());
    cluster.site.put("policy.toml", crate::visitors::policy(false).as_bytes());
}

#[test]
fn two_workers_that_need_the_keys_of_a_new_epoch_at_once_use_the_same_and_lose_nothing() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    // Half a day before an epoch's end, and half a day after it.
    let start_seconds = Epoch::numbered(2_966).end().seconds() - 43_200;
    let plan = SitePlan { start_seconds, days: 1.0, ..plan() };
    let (cluster, mut dice) = (Cluster::of(servers, &plan, ""), Dice::new(21, &[]));
    let records = shuffled(plan, &mut dice);
    let (have_partitions, is_sent) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (told, hears) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..2 {
            let (told, have_partitions, is_sent, cluster) = (told.clone(), &have_partitions, &is_sent, &cluster);
            scope.spawn(move || {
                let mut worker = reader(cluster);
                // Six of twelve: the other has its share as well. Who stops turning keeps the other from its share.
                turn_until(&mut worker, |worker| worker.owned() == 6);
                have_partitions.fetch_add(1, Ordering::Relaxed);
                // A turn may read the whole share of a worker, also one that began before the other was there.
                let (mut moved, waiting) = (0, Watch::start());
                while !(is_sent.load(Ordering::Relaxed) && worker.is_caught_up().expect("it answers")) {
                    moved += usize::from(worker.turn(clock::now(), WAIT).expect("it can read"));
                    assert!(waiting.elapsed() < PATIENCE, "it is never caught up");
                }
                told.send(moved).expect("somebody hears");
            });
        }
        let waiting = Watch::start();
        while have_partitions.load(Ordering::Relaxed) < 2 {
            assert!(waiting.elapsed() < PATIENCE, "they never had partitions");
            thread::yield_now();
        }
        cluster.send(&records, &mut dice);
        is_sent.store(true, Ordering::Relaxed);
    });
    assert_eq!(hears.try_iter().filter(|moved| *moved > 0).count(), 2, "both have read");
    let keys = keys_there(&cluster);
    for epoch in [2_965, 2_966, 2_967] {
        assert!(keys.iter().any(|(key, _)| key.starts_with(&format!("epoch/{epoch}/"))), "{keys:?}");
    }
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

/// Sends keys as a worker does that dies before it uses them.
fn leave_behind(cluster: &Cluster, servers: &str, epoch: Epoch) -> [(Domain, EpochKey); 4] {
    let master = Master::read(&cluster.site.path("master.key")).expect("it is there");
    let keys = Domain::ALL.map(|domain| (domain, EpochKey(random().expect("there is chance"))));
    let mut sealed = Vec::new();
    for (domain, key) in &keys {
        let purpose = format!("{}/{}", epoch.number(), domain.name());
        let one = master.wrap(&key.0, purpose.as_bytes()).expect("it can be sealed");
        sealed.push(u8::try_from(one.len()).expect("it is short"));
        sealed.extend(one);
    }
    let producer: ThreadedProducer<_> = client(servers).create().expect("it is a client");
    let key = format!("epoch/{}/{:016x}", epoch.number(), 7);
    producer.send(BaseRecord::to(KEYS).key(&key).payload(&sealed)).map_err(|(error, _)| error).expect("it is taken");
    producer.flush(PATIENCE).expect("it is delivered");
    keys
}

#[test]
fn keys_that_a_worker_made_and_died_before_using_are_those_of_the_next() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &plan(), "");
    under_policy(&cluster);
    let epoch = TWO_EPOCHS[0];
    let mut namer = Namer::default();
    for (of, keys) in [epoch, epoch.before()].map(|of| (of, leave_behind(&cluster, servers, of))) {
        keys.iter().for_each(|(domain, key)| namer.learn(of, *domain, key, &[Arc::from(ORGANIZATION)]));
    }
    cluster.send(&visitor_in(epoch), &mut Dice::new(22, &[]));
    cluster.catch_up();
    let ids = [
        (Domain::Action, "ac-of-one-visitor"),
        (Domain::Conversation, "co-of-one-visitor"),
        (Domain::Visit, "se-of-one-visitor"),
        (Domain::Taint, "se-of-one-visitor"),
    ];
    let possible: BTreeSet<Name> = ids.iter().flat_map(|(domain, id)| namer.every_name(*domain, id)).collect();
    let used = names(&resting(&cluster));
    assert!(used.len() == 6 && used.is_subset(&possible), "other keys were used");
}

#[test]
fn keys_are_destroyed_once_by_the_clusters_clock_and_whoever_held_them_uses_them_no_more() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &plan(), "");
    under_policy(&cluster);
    let [epoch, later] = TWO_EPOCHS;
    let (mut one, mut two) = (reader(&cluster), reader(&cluster));
    let send_and_read = |one: &mut ReadingWorker, two: &mut ReadingWorker, epoch: Epoch| {
        let before = resting(&cluster);
        for partition in 0..4 {
            cluster.send_to(INPUTS[0], partition, &visitor_in(epoch));
        }
        turn_until(one, |one| {
            two.turn(clock::now(), WAIT).expect("it can read");
            one.is_caught_up().expect("it answers")
        });
        let after = resting(&cluster);
        assert!(after.len() > before.len(), "something was read");
        names(&after.difference(&before).cloned().collect())
    };
    turn_until(&mut one, |one| {
        two.turn(clock::now(), WAIT).expect("it can read");
        one.owned() == 6 && two.owned() == 6
    });
    let first = send_and_read(&mut one, &mut two, epoch);
    let of_first = resting(&cluster).into_iter().flatten().collect::<Vec<u8>>();
    let of_later = send_and_read(&mut one, &mut two, later);
    assert_eq!((first.len(), of_later.len()), (6, 6), "both workers use the same keys");
    assert_eq!(found_in(&of_first, &of_later), [], "the bytes of two epochs share a name");
    assert_eq!(
        found_in(&of_first, &first).into_iter().collect::<BTreeSet<Name>>(),
        first,
        "the search finds what is there"
    );

    // The clock of a worker does not matter, be it far ahead or far behind.
    let (ahead, behind) = (WallTime::from_millis(4_000_000_000_000), WallTime::from_millis(0));
    assert_eq!(one.destroy_due_keys(ahead, KEPT).expect("it answers"), 0, "they were made just now");
    assert_eq!(one.destroy_due_keys(behind, Span::ZERO).expect("it answers"), 4, "four epochs are over");
    assert_eq!(two.destroy_due_keys(clock::now(), Span::ZERO).expect("it answers"), 0, "nothing is destroyed twice");
    let held = keys_there(&cluster).into_iter().filter(|(key, _)| key.starts_with("epoch/"));
    assert!(held.clone().filter(|(_, holds)| !holds).count() >= 4, "a deletion stands for each");
    let again = send_and_read(&mut one, &mut two, epoch);
    assert_eq!(again.len(), 6, "both workers use the same new keys");
    assert!(again.is_disjoint(&first), "a destroyed key was used again");
}

#[test]
fn the_sealed_keys_leave_the_topic_soon_after_they_were_destroyed() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &plan(), "");
    // The quarter of an hour of the settings, as a tenth of a second.
    let soon = [("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime"), ("segment.ms", "100")];
    let soon = soon.into_iter().chain([("max.compaction.lag.ms", "100"), ("delete.retention.ms", "100")]);
    let change = AlterConfig::new(ResourceSpecifier::Topic(KEYS));
    let change = soon.fold(change, |change, (key, value)| change.set(key, value));
    let (admin, runtime) = admin(servers);
    drop(runtime.block_on(admin.alter_configs([&change], &AdminOptions::new())).expect("it answers"));
    leave_behind(&cluster, servers, TWO_EPOCHS[0]);
    let sealed = |cluster: &Cluster| keys_there(cluster).iter().any(|(key, holds)| key.starts_with("epoch/") && *holds);
    assert!(sealed(&cluster));
    let mut worker = reader(&cluster);
    assert_eq!(worker.destroy_due_keys(clock::now(), Span::ZERO).expect("it answers"), 1);
    let waiting = Watch::start();
    while sealed(&cluster) {
        assert!(waiting.elapsed() < PATIENCE, "it is still there: {:?}", keys_there(&cluster));
        worker.destroy_due_keys(clock::now(), Span::ZERO).expect("it answers");
    }
    assert!(keys_there(&cluster).iter().any(|(key, _)| key.starts_with("master/")), "what holds stays");
}

#[test]
fn whoever_has_lost_the_master_goes_on_with_a_new_one_and_rows_and_revisions_stay() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), plan(), 23);
    let (half, rest) = records.split_at(records.len() / 2);
    cluster.send(half, &mut dice);
    cluster.catch_up();
    let before = cluster.tailed();
    cluster.site.put("master.key", format!("{}\n", "c3".repeat(32)).as_bytes());
    let (admin, runtime) = admin(broker.servers());
    let deleted = runtime.block_on(admin.delete_topics(&[KEYS, AUDIT], &AdminOptions::new())).expect("it answers");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    cluster.site.printed(&["topics", "create", "--config", "journeycast.toml"]);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), before, "what was counted is counted");
    cluster.send(rest, &mut dice);
    cluster.catch_up();
    assert!(cluster.tailed().len() >= before.len());
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}
