//! Our own topics: what each is for, how it must be set, how they are made, and what is wrong with those that are there.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigEntry, ConfigSource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::asker::Existing;
use super::{Asker, Cluster, KafkaTrouble};
use crate::engine::Span;
use crate::io::clock::Watch;
use crate::io::log::Stream;
use crate::settings::Settings;
use crate::settings::retention::VISITS_KEPT;

/// Packed facts about actions and conversations.
pub const FACTS: &str = "journeycast.facts.v1";
/// Packed facts under visit names.
pub const VISITS: &str = "journeycast.visits.v1";
/// How far each partition of the facts is counted.
pub const PROGRESS: &str = "journeycast.progress.v1";
/// Wrapped keys of epochs.
pub const KEYS: &str = "journeycast.keys.v1";
/// The audit.
pub const AUDIT: &str = "journeycast.audit.v1";
/// How often each partition of facts and visits was turned over by an erasure, and up to where.
pub const ERASURES: &str = "journeycast.erasures.v1";
/// Pointers to records that were set aside.
pub const SET_ASIDE: &str = "journeycast.set-aside.v1";
/// What stand-ins of unlisted action maps stand for.
pub const LABELS: &str = "journeycast.labels.v1";
/// What others upload.
pub const BASELINE: &str = "wfm.baseline.v1";
/// The newest revision of every row.
pub const ROWS: &str = "wfm.volume-adjustments.v1";
/// All revisions.
pub const REVISIONS: &str = "wfm.volume-adjustment-revisions.v1";

/// What `load run` writes: invented events, which nothing of ours reads.
pub const LOAD: &str = "journeycast.load.v1";

/// How long the broker may take for what it is asked here.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a look for new topics rests.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Partitions of topics that several workers share.
const PARTITIONS: i32 = 4;

/// A topic that we need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: &'static str,
    /// How many partitions it gets.
    pub partitions: i32,
    /// Whether another number is wrong; else any will do.
    pub exactly: bool,
    /// Its settings.
    pub settings: Vec<(&'static str, String)>,
    /// The matters for which nothing in it may be deleted.
    pub held_for: Vec<String>,
}

/// How long the records of a stream are kept.
pub fn kept(settings: &Settings, stream: Stream) -> Span {
    match stream {
        Stream::Facts => settings.facts_kept(),
        Stream::Visits => VISITS_KEPT,
        Stream::Baseline => settings.retention.adjustments,
    }
}

/// Every topic of ours, for these settings.
pub fn wanted(settings: &Settings) -> Vec<Wanted> {
    let [facts, visits] = [Stream::Facts, Stream::Visits].map(|stream| kept(settings, stream));
    let (rows, pointers) = (settings.retention.adjustments, settings.retention.set_aside);
    let millis = |span: Span| span.millis().to_string();
    let topic = |name, partitions, exactly, cleanup: &str, more: &[(&'static str, String)]| {
        let mut settings =
            vec![("cleanup.policy", cleanup.to_owned()), ("message.timestamp.type", "LogAppendTime".to_owned())];
        settings.extend(more.iter().cloned());
        Wanted { name, partitions, exactly, settings, held_for: Vec::new() }
    };
    let for_so_long = |span| ("retention.ms", millis(span));
    let segment = |span| ("segment.ms", millis(span));
    let (quarter, day) = (Span::from_minutes(15), Span::from_days(1));
    // Keys that are destroyed must not lie about: their topic is compacted as soon as may be.
    let keys = ["max.compaction.lag.ms", "segment.ms", "delete.retention.ms"].map(|key| (key, millis(quarter)));
    let seldom = [("max.compaction.lag.ms", millis(day)), segment(day)];
    vec![
        topic(FACTS, PARTITIONS, false, "delete", &[for_so_long(facts), segment(day)]),
        topic(VISITS, PARTITIONS, false, "delete", &[for_so_long(visits), segment(quarter)]),
        topic(PROGRESS, PARTITIONS, false, "compact", &[("max.compaction.lag.ms", millis(quarter)), segment(quarter)]),
        topic(KEYS, 1, true, "compact", &keys),
        topic(ERASURES, 1, true, "compact", &seldom),
        // What is due of the audit we delete ourselves: it must say so, and stop before a hold.
        topic(AUDIT, 1, true, "delete", &[("retention.ms", "-1".to_owned())]),
        topic(SET_ASIDE, 1, true, "compact,delete", &[for_so_long(pointers), segment(day)]),
        topic(LABELS, 1, true, "compact,delete", &[for_so_long(pointers), segment(day)]),
        topic(BASELINE, 1, true, "delete", &[for_so_long(rows)]),
        topic(ROWS, PARTITIONS, false, "compact,delete", &[for_so_long(rows)]),
        topic(REVISIONS, PARTITIONS, false, "delete", &[for_so_long(rows)]),
    ]
}

/// The topic for invented events; it stays small and forgets soon.
pub fn for_load() -> Wanted {
    let (hour, most, segment) = (Span::from_minutes(60).millis(), 256_i64 << 20, 64_i64 << 20);
    let settings = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", hour.to_string()),
        ("retention.bytes", most.to_string()),
        ("segment.bytes", segment.to_string()),
    ];
    Wanted { name: LOAD, partitions: PARTITIONS, exactly: false, settings, held_for: Vec::new() }
}

/// Our hold on the cluster's topics.
pub struct Topics {
    admin: AdminClient<DefaultClientContext>,
    asker: Asker,
    runtime: tokio::runtime::Runtime,
}

impl Topics {
    /// Reaches for the cluster.
    ///
    /// # Errors
    ///
    /// Where no client can be made of these settings.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("making an administration client", source);
        let admin = cluster.client().create().map_err(trouble)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Ok(Self {
            admin,
            asker: Asker::of(cluster)?,
            runtime: runtime.map_err(|error| KafkaTrouble::Topics(error.to_string()))?,
        })
    }

    /// The topics that are there.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn existing(&self) -> Result<Existing, KafkaTrouble> {
        self.asker.existing()
    }

    /// Makes the topics that are not there; leaves the others as they are. Says which it made.
    ///
    /// # Errors
    ///
    /// Where one cannot be made.
    pub fn create(&self, wanted: &[Wanted]) -> Result<Vec<&'static str>, KafkaTrouble> {
        let existing = self.existing()?;
        let partitions = |wanted: &Wanted| match wanted.name {
            // What is counted together is divided alike.
            FACTS | VISITS | PROGRESS => *existing.get(FACTS).unwrap_or(&wanted.partitions),
            _ => wanted.partitions,
        };
        let missing: Vec<&Wanted> = wanted.iter().filter(|topic| !existing.contains_key(topic.name)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let new = missing.iter().map(|topic| {
            let new = NewTopic::new(topic.name, partitions(topic), TopicReplication::Fixed(-1));
            topic.settings.iter().fold(new, |new, (key, value)| new.set(key, value))
        });
        let new: Vec<NewTopic<'_>> = new.collect();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
        let made = self.runtime.block_on(self.admin.create_topics(&new, &options));
        let mut told = Vec::new();
        for (result, topic) in
            made.map_err(|source| KafkaTrouble::passing("making topics", source))?.iter().zip(missing)
        {
            match result {
                Ok(_) => told.push(topic.name),
                // Somebody else made it at the same moment.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    return Err(KafkaTrouble::Topics(format!("the topic {name} cannot be made: {code}")));
                }
            }
        }
        self.wait_for(&told)?;
        Ok(told)
    }

    /// A cluster makes topics before every broker knows of them.
    fn wait_for(&self, made: &[&str]) -> Result<(), KafkaTrouble> {
        let waiting = Watch::start();
        loop {
            let existing = self.existing()?;
            if made.iter().all(|name| existing.contains_key(*name)) {
                return Ok(());
            }
            if waiting.elapsed() > PATIENCE {
                return Err(KafkaTrouble::Topics("the topics were made and cannot be seen yet".to_owned()));
            }
            std::thread::sleep(LOOK_AGAIN_AFTER);
        }
    }

    /// Deletes the records of a partition before an offset; nobody is given them any more when this returns.
    ///
    /// # Errors
    ///
    /// Where the cluster does not do it, or this user may not ask for it.
    pub(super) fn delete_before(&self, topic: &str, partition: i32, offset: u64) -> Result<(), KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("deleting records", source);
        let mut before = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        before.add_partition_offset(topic, partition, offset).map_err(trouble)?;
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
        let deleted = self.runtime.block_on(self.admin.delete_records(&before, &options)).map_err(trouble)?;
        deleted.elements().iter().try_for_each(TopicPartitionListElem::error).map_err(|error| {
            KafkaTrouble::Topics(format!(
                "records of {topic} cannot be deleted: {error}; this user needs the ACL Delete there"
            ))
        })
    }

    /// The settings of a topic.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn settings_of(&self, name: &str) -> Result<BTreeMap<String, String>, KafkaTrouble> {
        Ok(self.described(name)?.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
    }

    fn described(&self, name: &str) -> Result<Vec<ConfigEntry>, KafkaTrouble> {
        let asked = [ResourceSpecifier::Topic(name)];
        let options = AdminOptions::new().request_timeout(Some(PATIENCE));
        let trouble = |source| KafkaTrouble::passing("asking how a topic is set", source);
        let answers = self.runtime.block_on(self.admin.describe_configs(&asked, &options)).map_err(trouble)?;
        let mut entries = Vec::new();
        for answer in answers {
            let resource = answer
                .map_err(|code| KafkaTrouble::Topics(format!("the settings of {name} cannot be read: {code}")))?;
            entries.extend(resource.entries);
        }
        Ok(entries)
    }

    /// Sets how long a topic keeps its records; what else was set on it stays so.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer, or does not allow it.
    pub fn keep_for(&self, name: &str, retention: &str) -> Result<(), KafkaTrouble> {
        let options = AdminOptions::new().request_timeout(Some(PATIENCE));
        let set = self.described(name)?.into_iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
        let set: Vec<(String, String)> = set.filter_map(|entry| Some((entry.name, entry.value?))).collect();
        let others = set.iter().filter(|(key, _)| key != "retention.ms");
        let change = others
            .fold(AlterConfig::new(ResourceSpecifier::Topic(name)), |change, (key, value)| change.set(key, value));
        let change = change.set("retention.ms", retention);
        let trouble = |source| KafkaTrouble::passing("setting how long a topic keeps its records", source);
        let answers = self.runtime.block_on(self.admin.alter_configs([&change], &options)).map_err(trouble)?;
        for answer in answers {
            answer.map_err(|(_, code)| {
                KafkaTrouble::Topics(format!("retention.ms of {name} cannot be set to {retention}: {code}"))
            })?;
        }
        Ok(())
    }

    /// What is not as it must be, a sentence each.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn complaints(&self, wanted: &[Wanted]) -> Result<Vec<String>, KafkaTrouble> {
        let existing = self.existing()?;
        let mut complaints = Vec::new();
        for topic in wanted {
            let Some(partitions) = existing.get(topic.name) else {
                complaints.push(format!("{} is not there; `journeycast topics create` makes it", topic.name));
                continue;
            };
            if topic.exactly && *partitions != topic.partitions {
                complaints
                    .push(format!("{} has {partitions} partitions and must have {}", topic.name, topic.partitions));
            }
            let settings = self.settings_of(topic.name)?;
            complaints.extend(musts(topic).filter_map(|(key, value)| complaint(topic, key, value, &settings)));
        }
        complaints.extend(uneven(&existing));
        Ok(complaints)
    }

    /// Input topics that are not there.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn absent_inputs(&self, settings: &Settings) -> Result<Vec<String>, KafkaTrouble> {
        let existing = self.existing()?;
        let inputs = settings.sources.iter().map(|source| source.topic.to_string());
        Ok(inputs.filter(|topic| !existing.contains_key(topic)).collect())
    }

    /// How many partitions a topic of ours has.
    ///
    /// # Errors
    ///
    /// Where it is not there.
    pub fn partitions_of(existing: &Existing, name: &'static str) -> Result<NonZeroU32, KafkaTrouble> {
        let partitions = existing.get(name).and_then(|n| NonZeroU32::new(u32::try_from(*n).unwrap_or(0)));
        let missing =
            || KafkaTrouble::Topics(format!("the topic {name} is not there; run `journeycast topics create`"));
        partitions.ok_or_else(missing)
    }
}

/// Settings that are promised; the others are advice that an operator may change.
fn musts(topic: &Wanted) -> impl Iterator<Item = &(&'static str, String)> {
    let promised = ["cleanup.policy", "retention.ms", "message.timestamp.type"];
    let of_keys = ["max.compaction.lag.ms", "segment.ms"];
    let is_promised = move |key: &str| promised.contains(&key) || topic.name == KEYS && of_keys.contains(&key);
    topic.settings.iter().filter(move |(key, _)| is_promised(key))
}

fn complaint(topic: &Wanted, key: &str, value: &str, found: &BTreeMap<String, String>) -> Option<String> {
    let found = found.get(key).map_or("", String::as_str);
    let sorted = |text: &str| {
        let mut parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    let why = match topic.held_for.as_slice() {
        held_for if key == "retention.ms" && !held_for.is_empty() => {
            format!("; it is on hold for {}", held_for.join(", "))
        }
        _ => String::new(),
    };
    (sorted(found) != sorted(value)).then(|| format!("{}: {key} is {found:?} and must be {value:?}{why}", topic.name))
}

/// What is counted together must be divided alike.
fn uneven(existing: &Existing) -> Vec<String> {
    let pairs = [(FACTS, VISITS), (FACTS, PROGRESS), (ROWS, REVISIONS)];
    let differ = pairs.into_iter().filter_map(|(one, other)| {
        let (a, b) = (existing.get(one)?, existing.get(other)?);
        (a != b).then(|| format!("{one} has {a} partitions and {other} has {b}: both must have the same number"))
    });
    differ.collect()
}
