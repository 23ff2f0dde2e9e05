//! Prints what exactly-once on a real Apache Kafka costs: a million events step by step, and how long a single one takes.
//!
//! `cargo bench --bench kafka` (`EVENTS` sets how many, 300,000 by default, `SECONDS` how long each rate lasts, 20). It
//! starts its own broker as the stories do. Each step is a process of its own; its CPU is that of the process, the
//! broker's is not in it. Everything goes through three topics of four partitions each, under random keys.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use journeycast::engine::WallTime;
use journeycast::io::clock::{self, Usage, Watch, usage};
use journeycast::io::kafka::native::BatchConsumer;
use journeycast::io::kafka::{Cluster, CountingWorker, ReadingWorker, Witness};
use journeycast::settings::Settings;
use journeycast::simulate::{Dice, Site, SitePlan, config_toml};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

#[path = "../tests/it/kafka/broker.rs"]
#[cfg_attr(feature = "tls", expect(dead_code, reason = "the second door is for the stories"))]
mod broker;
use broker::{Broker, client};

#[path = "probe/mod.rs"]
mod probe;
use probe::Probes;

#[path = "restore/mod.rs"]
mod restore;

#[path = "lean/mod.rs"]
mod lean;
use lean::lean;

const INPUTS: [&str; 3] = ["journey.events.v1", "journey.offers.v1", "journey.conversations.v1"];
const REVISIONS: &str = "wfm.volume-adjustment-revisions.v1";
const PARTITIONS: i32 = 4;
/// How long a record waits in its sender for others. A request a record and partition keeps one broker busier than
/// everything else, and what is measured then is that queue.
const LINGER: &str = "10";
const PATIENCE: Duration = Duration::from_secs(120);
const REST: Duration = Duration::from_millis(5);

type Failed = Box<dyn std::error::Error>;
type Step = (&'static str, fn(&Settings, usize) -> Result<(), Failed>);

const STEPS: [Step; 3] = [
    ("floor: consume and drop", floor),
    ("reading: records to facts, offsets and account", reading),
    ("counting: facts to rows, one transaction per commit", counting),
];

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn main() -> Result<(), Failed> {
    if let (Ok(step), Ok(config)) = (std::env::var("STEP"), std::env::var("CONFIG")) {
        return step_of_its_own(step.parse()?, Path::new(&config));
    }
    let Some(broker) = Broker::of().filter(Broker::is_own) else { return Ok(()) };
    let mut out = io::stdout().lock();
    let events = number("EVENTS", 300_000);
    let plan = SitePlan { days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
    let place = Place::of(broker.servers(), "5s")?;
    let bytes = place.send(Site::new(plan).take(events).map(|sent| lean(&sent.line)))? / events.max(1);
    writeln!(
        out,
        "{events} events of {bytes} bytes; CPU-seconds per million events, and what the process held at most"
    )?;
    let mut floor = None;
    let mut tell = |name: &str, cpu: f64, megabytes: f64| {
        let each = cpu / events as f64 * 1e6;
        let ratio = each / *floor.get_or_insert(each);
        writeln!(out, "{name:<56} {each:>7.3}  {ratio:>5.2}x  {megabytes:>6.0} MB")
    };
    for (step, (name, _)) in STEPS.iter().enumerate() {
        let (cpu, megabytes) = place.measured(step)?;
        tell(name, cpu, megabytes)?;
    }
    let whole = Place { group: "whole".to_owned(), ..place };
    let (cpu, megabytes) = whole.caught_up()?;
    tell("whole: run --until-caught-up, exactly once", cpu, megabytes)?;
    whole.restart(&mut out)?;
    let broker = Broker::of().ok_or("no broker")?;
    Place::of(broker.servers(), "5s")?.read_back(number("ACTIONS", 1_000_000) as u64, &mut out)?;
    for rate in [1_000, 3_000, 10_000] {
        let broker = Broker::of().ok_or("no broker")?;
        latency(&Place::of(broker.servers(), "0s")?, rate, number("SECONDS", 20), &mut out)?;
    }
    Ok(())
}

/// Where everything is: a configuration in a folder of its own, and the broker's topics.
struct Place {
    folder: std::sync::Arc<tempfile::TempDir>,
    servers: String,
    group: String,
    say_every: &'static str,
}

impl Place {
    fn of(servers: &str, say_every: &'static str) -> Result<Self, Failed> {
        let place = Self {
            folder: std::sync::Arc::new(tempfile::tempdir()?),
            servers: servers.to_owned(),
            group: "parts".to_owned(),
            say_every,
        };
        std::fs::write(place.folder.path().join("master.key"), "5a".repeat(32))?;
        let admin: AdminClient<DefaultClientContext> = client(servers).create()?;
        let topics =
            INPUTS.map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)).set("retention.ms", "-1"));
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(admin.create_topics(&topics, &AdminOptions::new()))?;
        let made = place.journeycast(&["topics", "create"])?.stdout(Stdio::null()).status()?;
        if made.success() { Ok(place) } else { Err("the topics were not made".into()) }
    }

    fn config(&self) -> Result<PathBuf, Failed> {
        let path = self.folder.path().join(format!("{}.toml", self.group));
        let log = format!(
            "kind = \"kafka\"\ncommit_every = \"20ms\"\n[log.kafka]\nbootstrap_servers = \"{}\"\ngroup = \"{}\"\n\
             instance = \"0\"\n[keys]\nkey_file = \"./master.key\"\n[publish]\nevery = \"{}\"\n[http]\n\
             listen = \"127.0.0.1:0\"",
            self.servers, self.group, self.say_every
        );
        let embedded = "kind = \"embedded\"\npath = \"./journeycast-data\"";
        let settings = config_toml(&SitePlan::default()).replace(embedded, &log);
        std::fs::write(&path, settings + probe::GROUP)?;
        Ok(path)
    }

    fn journeycast(&self, words: &[&str]) -> Result<Command, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
        command.args(words).arg("--config").arg(self.config()?).env("RUST_LOG", "error");
        Ok(command)
    }

    /// Sends records; says how many bytes they were.
    fn send(&self, records: impl Iterator<Item = Vec<u8>>) -> Result<usize, Failed> {
        let producer: ThreadedProducer<_> =
            client(&self.servers).set("linger.ms", "5").set("compression.type", "lz4").create()?;
        let mut dice = Dice::new(3, &[]);
        let mut bytes = 0;
        for record in records {
            deliver(&producer, &record, &mut dice);
            bytes += record.len();
        }
        producer.flush(PATIENCE)?;
        Ok(bytes)
    }

    /// Runs one step in a process of its own: CPU-seconds and peak memory in MB.
    fn measured(&self, step: usize) -> Result<(f64, f64), Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        let child = command.env("STEP", step.to_string()).env("CONFIG", self.config()?).output()?;
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        let mut figures = said.split_whitespace().filter_map(|figure| figure.parse().ok());
        let failed = || format!("a step failed: {}", String::from_utf8_lossy(&child.stderr));
        Ok(figures.next().zip(figures.next()).ok_or_else(failed)?)
    }

    fn caught_up(&self) -> Result<(f64, f64), Failed> {
        let mut command = self.journeycast(&["run", "--until-caught-up"])?;
        let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        // The shell's own `times` knows what its children used.
        let mut shell = Command::new("sh");
        let script = "\"$@\" >&2 & pid=$!; peak=0; while kill -0 $pid 2>/dev/null; do now=$(sed -n 's/VmHWM:[[:space:]]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status 2>/dev/null); [ -n \"$now\" ] && peak=$now; sleep 0.05; done; wait $pid || exit 1; echo $peak; times";
        command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
        shell.args(["-c", script, "sh"]).arg(command.get_program()).args(words).env("RUST_LOG", "error");
        let ended = shell.output()?;
        if !ended.status.success() {
            return Err(String::from_utf8_lossy(&ended.stderr).into_owned().into());
        }
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let mut lines = said.lines();
        let peak: f64 = lines.next().and_then(|line| line.parse().ok()).unwrap_or(f64::NAN);
        let children = lines.nth(1).unwrap_or_default();
        Ok((children.split_whitespace().filter_map(seconds).sum(), peak / 1_024.0))
    }

    /// How long a new owner takes to know what the one before knew.
    fn read_back(&self, actions: u64, out: &mut impl Write) -> Result<(), Failed> {
        let config = self.config()?;
        let text = std::fs::read_to_string(&config)?;
        let settings = Settings::parse(&text, &config.to_string_lossy(), std::iter::empty())?;
        restore::fill(&self.servers, &settings, actions)?;
        self.caught_up()?;
        let took = restore::restore(&settings, actions)?;
        writeln!(out, "reading {actions} live actions back: {:.2} s", took.as_secs_f64())?;
        Ok(())
    }

    /// How long a worker that was killed is missed.
    fn restart(&self, out: &mut impl Write) -> Result<(), Failed> {
        let mut first = self.journeycast(&["run"])?.spawn()?;
        wait_for(&self.servers, REVISIONS, |_| true, Duration::from_secs(5));
        first.kill()?;
        first.wait()?;
        let (watch, before) = (Watch::start(), end_of(&self.servers, REVISIONS));
        let mut second = self.journeycast(&["run"])?.spawn()?;
        let site = SitePlan { seed: 99, days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
        self.send(Site::new(site).take(4_000).map(|sent| lean(&sent.line)))?;
        wait_for(&self.servers, REVISIONS, |end| end > before, PATIENCE);
        writeln!(
            out,
            "kill -9 to the first new adjustment of the worker in its place: {:.1} s",
            watch.elapsed().as_secs_f64()
        )?;
        second.kill()?;
        second.wait()?;
        Ok(())
    }
}

/// `0m1.230s` as the shell writes it.
fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

fn deliver<C: rdkafka::producer::ProducerContext<DeliveryOpaque = ()>>(
    producer: &ThreadedProducer<C>,
    record: &[u8],
    dice: &mut Dice,
) {
    let topic = INPUTS.get(dice.below(INPUTS.len())).copied().unwrap_or_default();
    let key = dice.below(1_000_000).to_string();
    let partition = i32::try_from(dice.below(4)).unwrap_or(0);
    let mut waiting = BaseRecord::to(topic).partition(partition).key(key.as_str()).payload(record);
    while let Err((_, refused)) = producer.send(waiting) {
        waiting = refused;
        std::thread::yield_now();
    }
}

fn end_of(servers: &str, topic: &str) -> i64 {
    let Ok(consumer) = client(servers).create::<BaseConsumer>() else { return 0 };
    (0..PARTITIONS).map(|n| consumer.fetch_watermarks(topic, n, PATIENCE).map_or(0, |(_, end)| end)).sum()
}

fn wait_for(servers: &str, topic: &str, holds: impl Fn(i64) -> bool, at_most: Duration) {
    let watch = Watch::start();
    let Ok(consumer) = client(servers).create::<BaseConsumer>() else { return };
    let end = || (0..PARTITIONS).map(|n| consumer.fetch_watermarks(topic, n, PATIENCE).map_or(0, |(_, end)| end)).sum();
    while !holds(end()) && watch.elapsed() < at_most {
        std::thread::sleep(REST);
    }
}

fn step_of_its_own(step: usize, config: &Path) -> Result<(), Failed> {
    let settings = Settings::parse(&std::fs::read_to_string(config)?, &config.to_string_lossy(), std::iter::empty())?;
    let (_, run) = STEPS.get(step).ok_or("no such step")?;
    let before = usage().cpu_seconds;
    run(&settings, number("EVENTS", 300_000))?;
    let Usage { cpu_seconds, peak_bytes } = usage();
    writeln!(io::stdout(), "{} {}", cpu_seconds - before, peak_bytes as f64 / 1_048_576.0)?;
    Ok(())
}

/// Everything is taken from the broker and thrown away, in the batches in which reading takes it.
fn floor(settings: &Settings, events: usize) -> Result<(), Failed> {
    let mut config = Cluster::of(settings)?.consumer("floor");
    let consumer = config.set("auto.offset.reset", "earliest").create_with_context(Witness::default())?;
    let mut batches = BatchConsumer::of(consumer).ok_or("no queue")?;
    let mut all = TopicPartitionList::new();
    for topic in INPUTS {
        for partition in 0..PARTITIONS {
            batches.forward(topic, partition);
            all.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
    }
    batches.consumer().assign(&all)?;
    let (mut taken, idle) = (0, Watch::start());
    while taken < events && idle.elapsed() < PATIENCE {
        batches.take(REST, |record| {
            taken += usize::from(record.body.is_some());
            Ok::<(), KafkaError>(())
        })?;
    }
    if taken < events { Err("not everything came".into()) } else { Ok(()) }
}

fn reading(settings: &Settings, _: usize) -> Result<(), Failed> {
    let mut worker = ReadingWorker::join(settings, &Cluster::of(settings)?)?;
    let mut began = false;
    loop {
        let moved = worker.turn(clock::now(), REST)?;
        began |= moved;
        if began && !moved && worker.is_caught_up()? {
            return Ok(());
        }
    }
}

fn counting(settings: &Settings, _: usize) -> Result<(), Failed> {
    let mut worker = CountingWorker::join(settings, &Cluster::of(settings)?)?;
    let mut began = false;
    loop {
        let now = clock::now();
        let moved = worker.turn(now, if began { Duration::ZERO } else { REST })?;
        began |= moved;
        if began && !moved && worker.is_caught_up()? {
            return Ok(worker.say_the_rest(WallTime::from_millis(now.millis()))?);
        }
    }
}

/// From the moment when an event should have been sent to the moment when a reader of what is committed has the row
/// that counts it: ten events a second are told apart, the others are what they wait behind.
fn latency(place: &Place, rate: usize, for_seconds: usize, out: &mut impl Write) -> Result<(), Failed> {
    let mut worker = place.journeycast(&["run"])?.spawn()?;
    let measured = open_loop(place, rate, for_seconds);
    worker.kill()?;
    worker.wait()?;
    let mut found = measured?;
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found.get(((found.len() - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    let [half, most, nearly_all, longest] = [0.5, 0.9, 0.99, 1.0].map(at);
    writeln!(
        out,
        "{rate:>6} events/s: p50 {half:>6.1}  p90 {most:>6.1}  p99 {nearly_all:>6.1}  most {longest:>6.1} ms ({} probes)",
        found.len()
    )?;
    Ok(())
}

/// Ten a second, but for the first, in which the flow begins.
const fn probes_in(records: usize, rate: usize) -> usize {
    records.saturating_sub(rate).div_ceil(rate / 10)
}

fn open_loop(place: &Place, rate: usize, for_seconds: usize) -> Result<Vec<f64>, Failed> {
    let site = SitePlan { days: f64::INFINITY, visits_per_day: 20_000.0, ..SitePlan::default() };
    let warm_up = rate * 3;
    let lines = Site::new(site).take(rate * (for_seconds + 1) + warm_up).map(|sent| lean(&sent.line));
    let lines: Vec<Vec<u8>> = lines.collect();
    let (first, rest) = lines.split_at(warm_up);
    place.send(first.iter().cloned())?;
    wait_for(&place.servers, REVISIONS, |end| end > 0, PATIENCE);
    let (probes, every) = (Probes::default(), rate / 10);
    let watch = Watch::start();
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| probes.look(&place.servers, watch, probes_in(rest.len(), rate)));
        let producer: ThreadedProducer<_> = client(&place.servers).set("linger.ms", LINGER).create()?;
        let mut dice = Dice::new(5, &[]);
        probes.wait_until_looked_for();
        let began = watch.elapsed();
        for (number, line) in rest.iter().enumerate() {
            let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
            let now = watch.elapsed();
            if due > now {
                std::thread::sleep(due - now);
            }
            if number >= rate && number % every == 0 {
                let probe = (number - rate) / every;
                probes.sent(probe, due);
                deliver(&producer, &probe::event(probe), &mut dice);
            } else {
                deliver(&producer, line, &mut dice);
            }
        }
        producer.flush(PATIENCE)?;
        Ok(looking.join().map_err(|_| "the looking thread ended early")??)
    })
}
