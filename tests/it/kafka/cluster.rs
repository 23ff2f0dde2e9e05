//! An installation on a real cluster: its configuration, its input topics, and what was said there.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use journeycast::io::clock::Watch;
use journeycast::simulate::{Dice, Site, SitePlan, config_toml};
use journeycast::wire::{adjustment, partition_of};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;

use super::broker::{Broker, GIVEN, client};
use crate::installation::{Installation, Runner};

pub const INPUTS: [&str; 3] = ["journey.events.v1", "journey.offers.v1", "journey.conversations.v1"];
pub const ROWS: &str = "wfm.volume-adjustments.v1";
pub const REVISIONS: &str = "wfm.volume-adjustment-revisions.v1";
const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// Two, since stories wait more than they work; a broker that was given is one.
static SHARED: [Mutex<Option<Broker>>; 2] = [const { Mutex::new(None) }; 2];
/// How many stories found both at work.
static WAITED: AtomicUsize = AtomicUsize::new(0);

/// A broker that a story has to itself for a while.
pub struct Shared(MutexGuard<'static, Option<Broker>>);

impl Deref for Shared {
    type Target = Broker;

    fn deref(&self) -> &Broker {
        self.0.as_ref().expect("it is there")
    }
}

/// A broker that stories share, one at a time; none where there is no Kafka.
pub fn shared() -> Option<Shared> {
    let there = if std::env::var(GIVEN).is_ok() { &SHARED[..1] } else { &SHARED[..] };
    let free = there.iter().find_map(|broker| match broker.try_lock() {
        Ok(free) => Some(free),
        Err(TryLockError::Poisoned(free)) => Some(free.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    });
    let mut shared = free.unwrap_or_else(|| {
        let turn = WAITED.fetch_add(1, Ordering::Relaxed) % there.len();
        there[turn].lock().unwrap_or_else(PoisonError::into_inner)
    });
    if shared.is_none() {
        *shared = Broker::of();
    }
    shared.as_ref()?;
    let shared = Shared(shared);
    clear(shared.servers());
    Some(shared)
}

/// Deletes every topic of the story before.
pub fn clear(servers: &str) {
    let names = topics(servers);
    if names.is_empty() {
        return;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (admin, runtime) = admin(servers);
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let deleted = runtime.block_on(admin.delete_topics(&names, &options)).expect("it answers");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    let waiting = Watch::start();
    while !topics(servers).is_empty() {
        assert!(waiting.elapsed() < PATIENCE, "topics are still there");
    }
}

fn topics(servers: &str) -> Vec<String> {
    let consumer: BaseConsumer = client(servers).create().expect("it is a client");
    let found = consumer.fetch_metadata(None, PATIENCE).expect("it answers");
    let names = found.topics().iter().map(|topic| topic.name().to_owned());
    names.filter(|name| name.starts_with("journey") || name.starts_with("wfm.")).collect()
}

pub fn admin(servers: &str) -> (AdminClient<DefaultClientContext>, tokio::runtime::Runtime) {
    let admin = client(servers).create().expect("it is a client");
    (admin, tokio::runtime::Builder::new_current_thread().build().expect("there is a runtime"))
}

/// An installation on a cluster.
pub struct Cluster {
    pub site: Installation,
    servers: String,
    pub group: String,
}

impl Cluster {
    /// With the three input topics and ours, and `more` settings of the client.
    pub fn of(servers: &str, plan: &SitePlan, more: &str) -> Self {
        let group = name_of_its_own();
        let site = Installation::of(&configuration(servers, &group, plan, more));
        site.put("master.key", format!("{}\n", "5a".repeat(32)).as_bytes());
        let cluster = Self { site, servers: servers.to_owned(), group };
        cluster.create_inputs();
        cluster.site.printed(&["topics", "create", "--config", "journeycast.toml"]);
        cluster
    }

    /// The same, and the records of its site in any order, which nobody has sent yet.
    pub fn with_records(servers: &str, plan: SitePlan, seed: u64) -> (Self, Dice, Vec<Vec<u8>>) {
        let (cluster, mut dice) = (Self::of(servers, &plan, ""), Dice::new(seed, &[]));
        let records = shuffled(plan, &mut dice);
        (cluster, dice, records)
    }

    fn create_inputs(&self) {
        let (admin, runtime) = admin(&self.servers);
        let topics = INPUTS.map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)));
        let made = runtime.block_on(admin.create_topics(&topics, &AdminOptions::new())).expect("it answers");
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }

    /// Sends records to any topic and partition, under any key.
    pub fn send(&self, records: &[Vec<u8>], dice: &mut Dice) {
        // A broker that dies may have taken what it did not answer: sent again, it must be the same record.
        let producer: ThreadedProducer<_> = client(&self.servers)
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("message.timeout.ms", "120000")
            .create()
            .expect("it is a client");
        for record in records {
            let topic = INPUTS[dice.below(INPUTS.len())];
            let key = [b"same".to_vec(), dice.below(1_000_000).to_string().into_bytes()][dice.below(2)].clone();
            let partition = i32::try_from(dice.below(4)).expect("it is small");
            let mut waiting = BaseRecord::to(topic).partition(partition).key(&key).payload(record);
            while let Err((_, refused)) = producer.send(waiting) {
                waiting = refused;
                std::thread::yield_now();
            }
        }
        producer.flush(PATIENCE * 2).expect("all are delivered");
    }

    /// Sends records to one partition, in their order.
    pub fn send_to(&self, topic: &str, partition: i32, records: &[Vec<u8>]) {
        let producer: ThreadedProducer<_> = client(&self.servers).create().expect("it is a client");
        for record in records {
            let mut waiting = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).payload(record);
            while let Err((_, refused)) = producer.send(waiting) {
                waiting = refused;
                std::thread::yield_now();
            }
        }
        producer.flush(PATIENCE).expect("all are delivered");
    }

    /// A worker of this name.
    pub fn worker(&self, instance: &str) -> Runner {
        let mut command = self.site.journeycast(&["run", "--config", "journeycast.toml"]);
        command.env("RUST_LOG", "info").env("JOURNEYCAST__LOG__KAFKA__INSTANCE", instance);
        Runner::start(&mut command)
    }

    /// Becomes the only producer of a worker's transactions, as a twin of it would.
    pub fn steal_transactions_of(&self, instance: &str) {
        let id = format!("{}.counting.{instance}", self.group);
        let twin: ThreadedProducer<_> =
            client(&self.servers).set("transactional.id", &id).create().expect("it is a client");
        twin.init_transactions(PATIENCE).expect("it is the only one now");
    }

    /// Lets the cluster forget what a group committed, as it does a week after the last member left.
    pub fn forget_group(&self, stage: &str) {
        let (admin, runtime) = admin(&self.servers);
        let group = format!("{}.{stage}", self.group);
        let deleted = runtime.block_on(admin.delete_groups(&[&group], &AdminOptions::new())).expect("it answers");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    }

    pub fn catch_up(&self) {
        self.site.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    }

    /// The final table, as `tail` shows it.
    pub fn tailed(&self) -> BTreeMap<String, Value> {
        crate::process::table(&self.site.printed(&["tail", "--config", "journeycast.toml"]))
    }

    /// The final table of the same records, as `replay` counts them.
    pub fn replayed(&self, records: &[Vec<u8>]) -> BTreeMap<String, Value> {
        self.site.put("all.ndjson", &crate::process::file_of(records));
        self.site.printed(&["replay", "--config", "journeycast.toml", "--events", "all.ndjson", "--out", "out"]);
        let rows = std::fs::read_to_string(self.site.path("out/adjustments.ndjson")).expect("it was written");
        crate::process::table(&rows)
    }

    /// What does not hold of the rows and their revisions, as a reader of what is committed sees them.
    pub fn complaints_about_revisions(&self) -> Vec<String> {
        let (mut complaints, mut last) = (Vec::new(), BTreeMap::<Vec<u8>, (u64, Vec<u8>)>::new());
        let partitions = u32::try_from(PARTITIONS).ok().and_then(std::num::NonZeroU32::new).expect("there are some");
        self.read(REVISIONS, |message| {
            let (key, body) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
            let row = adjustment::decode(body).expect("it is a row");
            let before = last.get(key).map_or(0, |(revision, _)| *revision);
            let place = String::from_utf8_lossy(key).into_owned();
            if row.revision != before + 1 {
                complaints.push(format!("{place}: revision {} after {before}", row.revision));
            }
            let group = &row.identity.planning_group_id;
            if u32::try_from(message.partition()) != Ok(partition_of(group, partitions)) {
                complaints.push(format!("{place} is in partition {}", message.partition()));
            }
            let headers = message.headers().map_or(0, |headers| headers.iter().count());
            if headers != 5 {
                complaints.push(format!("{place} has {headers} headers"));
            }
            last.insert(key.to_vec(), (row.revision, body.to_vec()));
        });
        let mut newest = BTreeMap::new();
        self.read(ROWS, |message| {
            newest.insert(message.key().unwrap_or_default().to_vec(), message.payload().unwrap_or_default().to_vec());
        });
        let last: BTreeMap<Vec<u8>, Vec<u8>> = last.into_iter().map(|(key, (_, body))| (key, body)).collect();
        if newest != last {
            complaints.push(format!("{} newest rows are not the last of {} keys' revisions", newest.len(), last.len()));
        }
        complaints
    }

    /// Every record of a topic that is committed.
    pub fn read(&self, topic: &str, mut each: impl FnMut(&BorrowedMessage<'_>)) {
        let consumer: BaseConsumer =
            client(&self.servers).set("auto.offset.reset", "earliest").create().expect("it is a client");
        let found = consumer.fetch_metadata(Some(topic), PATIENCE).expect("it answers");
        let count = found.topics()[0].partitions().len();
        let (mut list, mut ends) = (TopicPartitionList::new(), BTreeMap::new());
        for partition in 0..i32::try_from(count).expect("it is small") {
            list.add_partition_offset(topic, partition, Offset::Beginning).expect("it is a place");
            let (first, end) = consumer.fetch_watermarks(topic, partition, PATIENCE).expect("it answers");
            if first < end {
                ends.insert(partition, end);
            }
        }
        consumer.assign(&list).expect("it can be read");
        let waiting = Watch::start();
        loop {
            assert!(waiting.elapsed() < PATIENCE, "{topic} cannot be read to its end");
            match consumer.poll(Duration::from_millis(20)) {
                Some(Ok(message)) => each(&message),
                Some(Err(_)) | None => {
                    let position = consumer.position().expect("it is known");
                    let reached = |(partition, end): (&i32, &i64)| {
                        let found = position.find_partition(topic, *partition).map(|found| found.offset());
                        matches!(found, Some(Offset::Offset(at)) if at >= *end)
                    };
                    if ends.iter().all(reached) {
                        return;
                    }
                }
            }
        }
    }

    /// How many records a topic holds that are committed.
    pub fn count(&self, topic: &str) -> usize {
        let mut n = 0;
        self.read(topic, |_| n += 1);
        n
    }
}

fn configuration(servers: &str, group: &str, plan: &SitePlan, more: &str) -> String {
    let log = format!(
        "kind = \"kafka\"\n[log.kafka]\nbootstrap_servers = \"{servers}\"\ngroup = \"{group}\"\ninstance = \"0\"\n\
         client = {{ \"session.timeout.ms\" = \"3000\", \"heartbeat.interval.ms\" = \"500\"{more} }}\n\
         [keys]\nkey_file = \"./master.key\"\n[http]\nlisten = \"127.0.0.1:0\""
    );
    let embedded = "kind = \"embedded\"\npath = \"./journeycast-data\"";
    let configuration = config_toml(plan);
    assert!(configuration.contains(embedded));
    configuration.replace(embedded, &log)
}

/// A group of its own for every story: offsets outlive the topics.
fn name_of_its_own() -> String {
    let folder = tempfile::tempdir().expect("there is room");
    let name = folder.path().file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default().trim_start_matches('.').to_owned()
}

/// The records of a site, in any order.
pub fn shuffled(plan: SitePlan, dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut records: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    for place in (1..records.len()).rev() {
        records.swap(place, dice.below(place + 1));
    }
    records
}

/// How many records a worker accounts for, of all outcomes.
pub fn accounted(metrics: &str) -> u64 {
    let lines = metrics.lines().filter(|line| line.starts_with("journeycast_records_total{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
