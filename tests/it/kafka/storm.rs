//! A storm: workers and the broker are killed, workers are stopped past their session, and their number changes, while
//! records of two organizations flow; afterwards the table is the one of all records, said in revisions 1, 2, 3.

use std::collections::BTreeMap;
use std::time::Duration;

use journeycast::io::clock::Watch;
use journeycast::simulate::{Dice, Pathologies, SitePlan};
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::broker::{Broker, client};
use super::cluster::{Cluster, REVISIONS, ROWS, accounted, shuffled};
use crate::installation::{Runner, metrics_until};

pub const ORGANIZATION: &str = "7f3c2a10-4b1e-4c55-9d20-6a5e8b1c0f42";
pub const OTHER: &str = "0c9d4b7e-2a61-4f0e-8d35-91b7c6a2e8f4";
/// How long a fault waits for workers that publish.
const PATIENCE: Duration = Duration::from_secs(10);
const SESSION: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Stop,
    Broker,
    Scale(usize),
}

fn plan(visits_per_day: f64) -> SitePlan {
    let pathologies = Pathologies { late: 0.0, skewed_clocks: 0.0, ..Pathologies::ALL };
    SitePlan { seed: 23, days: 2.0, visits_per_day, pathologies, ..SitePlan::default() }
}

/// The configuration of both organizations: the second is the first under other names.
pub fn both(configuration: &str) -> String {
    let (sources, rest) = configuration.split_at(configuration.find("[[business_unit]]").expect("there is a unit"));
    let sources = sources.replace(&format!("organization_id = \"{ORGANIZATION}\"\n"), "");
    let end = rest.find("[[page_class]]").expect("there are kinds of pages");
    let (units, rest) = rest.split_at(end);
    let others = units.replace(ORGANIZATION, OTHER).replace("\"bu-", "\"other-bu-").replace("\"pg-", "\"other-pg-");
    format!("{sources}{units}{others}{rest}")
}

pub fn records(visits_per_day: f64, dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut records = shuffled(plan(visits_per_day), dice);
    let others = shuffled(SitePlan { seed: 24, ..plan(visits_per_day) }, dice).into_iter().map(|record| {
        let found = memchr::memmem::find_iter(&record, ORGANIZATION).collect::<Vec<_>>();
        let mut record = record.clone();
        for at in found {
            record[at..at + OTHER.len()].copy_from_slice(OTHER.as_bytes());
        }
        record
    });
    records.extend(others);
    for place in (1..records.len()).rev() {
        records.swap(place, dice.below(place + 1));
    }
    records
}

struct Storm<'a> {
    cluster: &'a Cluster,
    broker: Broker,
    dice: Dice,
    workers: BTreeMap<usize, Runner>,
    stopped: Vec<(usize, Watch, Duration)>,
    by_itself: usize,
    published: i64,
    at_work: usize,
}

impl Storm<'_> {
    fn start(&mut self, name: usize) {
        let worker = self.cluster.worker(&name.to_string());
        self.workers.insert(name, worker);
    }

    /// Wakes who was stopped for long enough, and starts again who ended by itself, as an orchestrator would.
    fn heal(&mut self) {
        let (awake, asleep) =
            std::mem::take(&mut self.stopped).into_iter().partition(|(_, since, long)| since.elapsed() > *long);
        self.stopped = asleep;
        let awake: Vec<(usize, Watch, Duration)> = awake;
        for (name, ..) in awake {
            if let Some(worker) = self.workers.get(&name) {
                worker.try_signal("CONT");
            }
        }
        for name in self.workers.keys().copied().collect::<Vec<_>>() {
            let ended = self.workers.get_mut(&name).and_then(Runner::has_ended);
            if let Some(status) = ended {
                assert_ne!(status.code(), Some(0), "a worker ended by itself as if all was well");
                self.by_itself += 1;
                self.start(name);
            }
        }
    }

    /// Waits until something new is published; says whether it was.
    fn wait_for_work(&mut self) {
        let waiting = Watch::start();
        while waiting.elapsed() < PATIENCE {
            self.heal();
            let now = end_of(self.broker.servers(), REVISIONS);
            if now > self.published {
                self.published = now;
                self.at_work += 1;
                return;
            }
        }
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => {
                let name = self.any();
                self.stopped.retain(|(other, ..)| *other != name);
                self.workers.remove(&name);
                self.start(name);
            }
            Fault::Stop => {
                let name = self.any();
                if self.stopped.iter().all(|(other, ..)| *other != name) {
                    self.workers[&name].try_signal("STOP");
                    let more = Duration::from_millis(1_500 + self.dice.below(1_500) as u64);
                    self.stopped.push((name, Watch::start(), SESSION + more));
                }
            }
            Fault::Broker => {
                self.broker.kill();
                self.broker.start();
            }
            Fault::Scale(wanted) => {
                for name in (0..wanted).filter(|name| !self.workers.contains_key(name)).collect::<Vec<_>>() {
                    self.start(name);
                }
                for (name, mut worker) in self.workers.split_off(&wanted) {
                    if self.stopped.iter().any(|(other, ..)| *other == name) {
                        self.stopped.retain(|(other, ..)| *other != name);
                        worker.try_signal("CONT");
                    }
                    self.end(&mut worker);
                }
            }
        }
    }

    fn end(&self, worker: &mut Runner) {
        if worker.has_ended().is_none() {
            worker.try_signal("TERM");
            let (status, told) = worker.end(Duration::from_secs(15));
            // One whose transactions were taken over may find out only now.
            assert!(status.code() == Some(0) || told.contains("cannot go on"), "{status}: {told}");
        }
    }

    fn any(&mut self) -> usize {
        let names: Vec<usize> = self.workers.keys().copied().collect();
        names[self.dice.below(names.len())]
    }
}

fn end_of(servers: &str, topic: &str) -> i64 {
    let consumer: BaseConsumer = client(servers).create().expect("it is a client");
    (0..4).map(|n| consumer.fetch_watermarks(topic, n, Duration::from_secs(5)).map_or(0, |(_, end)| end)).sum()
}

fn weather(kills: usize, dice: &mut Dice) -> Vec<Fault> {
    let few = kills.div_ceil(4);
    let mut plan = [vec![Fault::Kill; kills], vec![Fault::Stop; few], vec![Fault::Broker; few]].concat();
    for place in (1..plan.len()).rev() {
        plan.swap(place, dice.below(place + 1));
    }
    plan.insert(plan.len() / 6, Fault::Scale(3));
    plan.insert(plan.len() * 5 / 6, Fault::Scale(1));
    plan
}

/// Sends a share of the records between any two faults, from the first worker's start to the end of the last.
fn blow(storm: &mut Storm<'_>, weather: &[Fault], records: &[Vec<u8>], dice: &mut Dice) {
    let cluster = storm.cluster;
    let mut shares = records.chunks(records.len().div_ceil(weather.len() + 1));
    storm.strike(Fault::Scale(1));
    for fault in weather {
        let sent = shares.next().unwrap_or_default();
        std::thread::scope(|scope| {
            scope.spawn(|| cluster.send(sent, dice));
            storm.wait_for_work();
            storm.strike(*fault);
        });
    }
    shares.for_each(|rest| cluster.send(rest, dice));
    while !storm.stopped.is_empty() {
        storm.heal();
    }
    storm.strike(Fault::Scale(0));
}

fn survive(visits_per_day: f64, weather_of: impl Fn(&mut Dice) -> Vec<Fault>, more: &str) {
    let Some(broker) = Broker::of().filter(Broker::is_own) else { return };
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut dice = Dice::new(seed, &[]);
    let cluster = Cluster::of(broker.servers(), &plan(visits_per_day), more);
    let configuration = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    // Hardly a pause between transactions: whoever is stopped is stopped within one.
    let configuration = configuration.replace("kind = \"kafka\"", "kind = \"kafka\"\ncommit_every = \"1ms\"");
    cluster.site.put("journeycast.toml", both(&configuration).as_bytes());
    let records = records(visits_per_day, &mut dice);
    let weather = weather_of(&mut dice);
    let mut storm = Storm {
        cluster: &cluster,
        broker,
        dice: Dice::new(seed, &[1]),
        workers: BTreeMap::new(),
        stopped: Vec::new(),
        by_itself: 0,
        published: 0,
        at_work: 0,
    };
    // What must come out depends on no weather: it is counted meanwhile.
    let expected = std::thread::scope(|scope| {
        let counted = scope.spawn(|| cluster.replayed(&records));
        blow(&mut storm, &weather, &records, &mut dice);
        counted.join().expect("it is counted")
    });
    cluster.catch_up();
    // Every record is accounted for exactly once, also one that would change nothing in the table.
    let mut last = cluster.worker("0");
    metrics_until(&last.address(), |text| accounted(text) == records.len() as u64);
    drop(last);
    let complaints = cluster.complaints_about_revisions();
    assert!(complaints.is_empty(), "seed {seed}: {} complaints, {:?}", complaints.len(), &complaints[..1]);
    let found = cluster.tailed();
    let differ = expected.iter().filter(|(key, row)| found.get(*key) != Some(*row)).count();
    assert_eq!((found.len(), differ), (expected.len(), 0), "seed {seed}");
    assert!(storm.at_work * 2 >= weather.len(), "only {} of {} faults met work", storm.at_work, weather.len());
    eprintln!(
        "seed {seed}: {} records, {} faults of which {} met work, {} workers ended by themselves; {} rows, {} revisions",
        records.len(),
        weather.len(),
        storm.at_work,
        storm.by_itself,
        cluster.count(ROWS),
        cluster.count(REVISIONS)
    );
}

#[test]
fn a_worker_whose_cluster_is_away_still_leaves_in_time_and_nothing_is_lost() {
    let Some(mut broker) = Broker::of().filter(Broker::is_own) else { return };
    let plan = plan(60.0);
    let (cluster, mut dice) = (Cluster::of(broker.servers(), &plan, ""), Dice::new(2, &[]));
    let records = shuffled(plan, &mut dice);
    let mut worker = cluster.worker("0");
    worker.says("this worker counts the partition");
    cluster.send(&records, &mut dice);
    broker.kill();
    worker.signal("TERM");
    let (_, told) = worker.end(Duration::from_secs(15));
    assert!(!told.contains("panicked"), "{told}");
    broker.start();
    cluster.catch_up();
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
    assert_eq!(cluster.complaints_about_revisions(), Vec::<String>::new());
}

#[test]
fn a_few_kills_of_workers_and_of_the_broker_lose_nothing_and_double_nothing() {
    survive(300.0, |dice| weather(3, dice), "");
}

#[test]
#[ignore = "takes minutes: .ci/run runs it by name"]
fn two_hundred_thousand_records_survive_twenty_kills_five_stops_and_five_deaths_of_the_broker() {
    survive(13_000.0, |dice| weather(20, dice), "");
}

#[test]
#[ignore = "takes minutes: .ci/run runs it by name"]
fn stops_for_longer_than_a_transaction_and_a_session_may_last_lose_nothing_and_double_nothing() {
    let impatient = ["transaction", "message", "socket"].map(|what| format!(", \"{what}.timeout.ms\" = \"2000\""));
    survive(1_000.0, |_| vec![Fault::Stop; 12], &impatient.concat());
}
