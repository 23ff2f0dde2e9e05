//! A reading worker: records of the customer's topics become packed facts, and their account goes with the offsets.
//!
//! Facts are on the broker's disk before an offset is committed, so that a crash reads again and loses nothing. What is
//! read twice changes nothing: facts are set elements, pointers have keys, and the account is absolute.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders, Timestamp};
use rdkafka::{Offset, TopicPartitionList};

use super::batch::Batch;
use super::follower::{CAME_FROM, IS_SILENT, Weighed, weighed};
use super::key_chain::KeyChain;
use super::member::Member;
use super::native;
use super::sender::{Outgoing, Sender};
use super::topics::{FACTS, LABELS, SET_ASIDE, Topics, VISITS};
use super::witness::Rebalanced;
use super::{Asker, Cluster, KafkaTrouble, account};
use crate::engine::Fact;
use crate::engine::pace::is_silent;
use crate::engine::plan::SourceScheme;
use crate::engine::{EventTime, Marks, Span, WallTime};
use crate::io::clock::Watch;
use crate::io::log::{Accounted, Fate, Pointer};
use crate::io::reading::{Accounting, Reader, Taken};
use crate::settings::Settings;
use crate::wire::genesys::{Class, SetAside};
use crate::wire::{facts, partition_of};

/// So many records at most are read between two commits.
const BATCH: usize = 8_192;
/// So many facts at most become one record, which stays far below what a broker takes.
const PACK: usize = 4_096;
/// What a reading worker does, where it meets trouble.
const DOING: &str = "reading an input topic";
/// The record as a whole cannot be used.
const WHOLE: &str = "$";

/// Where a partition stands.
#[derive(Debug, Clone, Default)]
struct Standing {
    account: Accounting,
    /// Since when it is silent; nothing where that was told.
    silent_since: Option<WallTime>,
    /// The offset of the next record.
    next: i64,
    committed: i64,
}

/// A reading worker.
pub struct ReadingWorker {
    cluster: Cluster,
    asker: Arc<Asker>,
    member: Member,
    sender: Sender,
    keys: KeyChain,
    reader: Reader,
    topics: Vec<String>,
    standings: BTreeMap<(usize, i32), Standing>,
    shares: NonZeroU32,
    batch: Batch,
    marks: Marks,
    /// How long a record waits for others; counting takes the other half.
    longest: Duration,
    /// How long a partition is silent before it is not waited for.
    idle_after: Span,
}

impl ReadingWorker {
    /// Joins the reading group.
    ///
    /// # Errors
    ///
    /// Where the topics are not there, the master key cannot be used, or no client can be made.
    pub fn join(settings: &Settings, cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        let existing = asker.existing()?;
        let shares = Topics::partitions_of(&existing, FACTS)?;
        let topics: Vec<String> = settings.sources.iter().map(|source| source.topic.to_string()).collect();
        for missing in topics.iter().filter(|topic| !existing.contains_key(*topic)) {
            tracing::warn!(topic = missing, "an input topic is not there: what it would tell is not known until it is");
        }
        let keys = KeyChain::open(cluster, &asker, settings)?;
        let names = settings.plan(SourceScheme::ByKind).names();
        let asked: Vec<&str> = topics.iter().map(String::as_str).collect();
        Ok(Self {
            member: Member::join(cluster, "reading", &asked)?,
            sender: Sender::of(cluster)?,
            reader: Reader::of_topics(settings, keys.label_key(), names),
            keys,
            cluster: cluster.clone(),
            asker,
            topics,
            standings: BTreeMap::new(),
            shares,
            batch: Batch::default(),
            marks: Marks::default(),
            longest: Duration::from_millis(u64::try_from(settings.commit_every.millis()).unwrap_or(0) / 2),
            idle_after: settings.windows.source_idle_after,
        })
    }

    /// Reads what is there, up to a batch, and commits it; false where nothing was.
    ///
    /// # Errors
    ///
    /// Where something is not safe: the worker must be dropped, and another reads again from the last commit.
    pub fn turn(&mut self, now: WallTime, patience: Duration) -> Result<bool, KafkaTrouble> {
        self.listen()?;
        self.answer(now)?;
        self.read_some(now, patience)?;
        let reading = Watch::start();
        while self.batch.records > 0 && self.batch.records < BATCH {
            let left = self.longest.saturating_sub(reading.elapsed());
            if left.is_zero() {
                break;
            }
            self.read_some(now, left)?;
        }
        let (records, moved, watch) = (self.batch.records, self.batch.records > 0, Watch::start());
        self.tell_who_is_silent(now)?;
        self.make_safe()?;
        self.commit()?;
        if moved {
            tracing::debug!(records, elapsed = ?watch.elapsed(), "what was read is safe and committed");
        }
        Ok(moved)
    }

    /// What became of all records of the partitions that it owns.
    pub fn accounting(&self) -> Vec<Accounted> {
        let mut by_topic = BTreeMap::<usize, Accounting>::new();
        for ((topic, _), standing) in &self.standings {
            by_topic.entry(*topic).or_default().add(&standing.account);
        }
        let told = by_topic.iter().filter_map(|(topic, account)| Some(account.told(self.topics.get(*topic)?)));
        told.flatten().collect()
    }

    /// How many partitions it owns.
    pub fn owned(&self) -> usize {
        self.standings.len()
    }

    /// How many records of its partitions are not read yet.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn lag(&self) -> Result<u64, KafkaTrouble> {
        let mut lag = 0;
        for ((topic, partition), standing) in &self.standings {
            let Some(topic) = self.topics.get(*topic) else { continue };
            lag += self.asker.end(topic, *partition)?.saturating_sub(u64::try_from(standing.next).unwrap_or(0));
        }
        Ok(lag)
    }

    /// Whether every partition of every input topic was read to its end, by whomever.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn is_caught_up(&mut self) -> Result<bool, KafkaTrouble> {
        self.pass_marks()?;
        self.commit()?;
        let existing = self.asker.existing()?;
        let partitions = self.topics.iter().flat_map(|topic| {
            let count = existing.get(topic).copied().unwrap_or(0);
            (0..count).map(move |partition| (topic.clone(), partition))
        });
        let partitions: Vec<(String, i32)> = partitions.collect();
        let committed = self.member.committed(&partitions)?;
        for ((topic, partition), committed) in partitions.iter().zip(committed) {
            if committed.offset.unwrap_or(0) < self.asker.end(topic, *partition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes the keys of epochs whose facts are gone.
    ///
    /// # Errors
    ///
    /// Where the topic of keys cannot be read or written.
    pub fn destroy_due_keys(&mut self, now: WallTime, kept: Span) -> Result<usize, KafkaTrouble> {
        let destroyed = self.keys.destroy_due(now, kept)?;
        // By this worker or by another: what is destroyed is not used on.
        let Self { reader, keys, .. } = self;
        reader.keep_epochs(|epoch| keys.holds(epoch));
        Ok(destroyed)
    }

    /// Deletes entries of the audit that were kept for so long; says how many.
    ///
    /// # Errors
    ///
    /// Where the cluster does not do it.
    pub fn shorten_audit(&self, now: WallTime, kept: Span) -> Result<u64, KafkaTrouble> {
        self.keys.audit().shorten(now, kept)
    }

    /// Answers what the group says; all that was read is safe and committed by then.
    fn answer(&mut self, now: WallTime) -> Result<(), KafkaTrouble> {
        while let Some(change) = self.member.next_change() {
            match change {
                Rebalanced::Assigned(partitions) => self.welcome(now, &partitions)?,
                Rebalanced::Revoked { partitions, .. } => {
                    for (topic, partition) in &partitions {
                        if let Some(topic) = self.topics.iter().position(|other| other == topic) {
                            self.standings.remove(&(topic, *partition));
                        }
                    }
                    self.member.give_up(&partitions)?;
                }
            }
        }
        Ok(())
    }

    fn welcome(&mut self, now: WallTime, partitions: &[(String, i32)]) -> Result<(), KafkaTrouble> {
        let first = if self.cluster.starts_at_the_end() { Offset::End } else { Offset::Beginning };
        let trouble = |source| KafkaTrouble::lasting("naming an offset", source);
        let mut from = TopicPartitionList::new();
        for ((name, partition), committed) in partitions.iter().zip(self.member.committed(partitions)?) {
            let Some(topic) = self.topics.iter().position(|other| other == name) else { continue };
            let next = committed.offset.and_then(|offset| i64::try_from(offset).ok());
            let start = next.map_or(first, Offset::Offset);
            from.add_partition_offset(name, *partition, start).map_err(trouble)?;
            let account = account::read(&committed.metadata);
            let next = next.unwrap_or(0);
            self.standings
                .insert((topic, *partition), Standing { account, silent_since: Some(now), next, committed: next });
        }
        self.member.take(&from)?;
        tracing::info!(owned = self.standings.len(), "the reading group gave partitions to this worker");
        Ok(())
    }

    /// Lets the client tell what its group says.
    fn listen(&self) -> Result<(), KafkaTrouble> {
        match self.member.consumer().poll(Duration::ZERO) {
            Some(Err(error)) => weighed(error, DOING).map(|_| ()),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Reads what is there, and waits so long for the first of it.
    fn read_some(&mut self, now: WallTime, wait: Duration) -> Result<(), KafkaTrouble> {
        let Self { member, reader, keys, topics, standings, batch, marks, .. } = self;
        let mut is_gone = false;
        member.records().take(wait, |taken| {
            let place = topics.iter().position(|topic| topic == taken.topic).map(|topic| (topic, taken.partition));
            // A partition that was given up in the meantime is another's to read.
            let Some((place, standing)) = place.and_then(|place| Some((place, standings.get_mut(&place)?))) else {
                return Ok(());
            };
            if let Some(code) = taken.error {
                is_gone |= matches!(weighed(KafkaError::MessageConsumption(code), DOING)?, Weighed::Gone);
                return Ok(());
            }
            if taken.offset < standing.next {
                return Ok(());
            }
            standing.next = taken.offset + 1;
            standing.silent_since = Some(now);
            let read = read(reader, keys, place.0, taken)?;
            standing.account.note(&read);
            batch.keep(read, marks, place, taken);
            Ok::<(), KafkaTrouble>(())
        })?;
        if !is_gone {
            return Ok(());
        }
        let doing = "looking for records that are not there any more";
        Err(self.lost_offsets().unwrap_or(KafkaTrouble::Slow { doing, fate: Fate::Retry }))
    }

    /// The first partition that no longer holds what was to be read next.
    fn lost_offsets(&self) -> Option<KafkaTrouble> {
        self.standings.iter().find_map(|((topic, partition), standing)| {
            let topic = self.topics.get(*topic)?;
            let (earliest, end) = self.asker.bounds(topic, *partition).ok()?;
            let offset = u64::try_from(standing.next).unwrap_or(0);
            (offset < earliest || offset > end).then(|| KafkaTrouble::OffsetsLost {
                topic: topic.clone(),
                partition: *partition,
                offset,
                group: self.cluster.group("reading"),
            })
        })
    }

    fn name_of(&self, topic: usize, partition: i32) -> String {
        format!("{}/{partition}", self.topics.get(topic).map_or("", String::as_str))
    }

    /// A partition that was read to its end and is silent for so long is not waited for; every share is told once.
    fn tell_who_is_silent(&mut self, now: WallTime) -> Result<(), KafkaTrouble> {
        let is_over =
            |standing: &Standing| standing.silent_since.is_some_and(|since| is_silent(since, now, self.idle_after));
        let silent = self.standings.iter().filter(|(_, standing)| is_over(standing)).map(|(place, _)| *place);
        let silent: Vec<(usize, i32)> = silent.collect();
        if silent.is_empty() {
            return Ok(());
        }
        self.pass_marks()?;
        for (topic, partition) in silent {
            let name = self.name_of(topic, partition);
            let Some(standing) = self.standings.get_mut(&(topic, partition)) else { continue };
            let topic = self.topics.get(topic).map_or("", String::as_str);
            if u64::try_from(standing.next).unwrap_or(0) < self.asker.end(topic, partition)? {
                standing.silent_since = Some(now);
                continue;
            }
            standing.silent_since = None;
            for id in self.reader.organizations() {
                let partition = i32::try_from(partition_of(id, self.shares)).ok();
                let headers = Some(header(IS_SILENT, &name));
                self.sender.send(&Outgoing {
                    topic: FACTS,
                    partition,
                    key: id.as_bytes(),
                    body: Some(b""),
                    headers,
                })?;
            }
        }
        Ok(())
    }

    /// Facts in packs of a bearable size, each with the names of the partitions from which so many of it came.
    fn packs(&self, came: BTreeMap<(usize, i32), Vec<Fact>>) -> Vec<(Vec<Fact>, String)> {
        let mut packs = vec![(Vec::new(), String::new())];
        for ((topic, partition), facts) in came {
            let name = self.name_of(topic, partition);
            let mut facts = facts.into_iter().peekable();
            while facts.peek().is_some() {
                let room = PACK - packs.last().map_or(0, |(pack, _)| pack.len());
                if room == 0 {
                    packs.push((Vec::new(), String::new()));
                    continue;
                }
                let Some((pack, came_from)) = packs.last_mut() else { break };
                let before = pack.len();
                pack.extend(facts.by_ref().take(room));
                came_from.push_str(&format!("{}{name}={}", if before == 0 { "" } else { ";" }, pack.len() - before));
            }
        }
        packs.retain(|(pack, _)| !pack.is_empty());
        packs
    }

    /// Sends what was read, and waits until it is on the broker's disk.
    fn make_safe(&mut self) -> Result<(), KafkaTrouble> {
        let organizations = self.reader.organizations().to_vec();
        let labels = self.reader.admission().labels();
        let batch = std::mem::take(&mut self.batch);
        for (topic, packs) in [(FACTS, batch.facts), (VISITS, batch.visits)] {
            for (organization, came) in packs {
                let Some(id) = organizations.get(usize::from(organization.0)) else { continue };
                let partition = i32::try_from(partition_of(id, self.shares)).ok();
                for (facts, came_from) in self.packs(came) {
                    let body = facts::encode(&facts, &organizations, labels);
                    let (key, headers) = (id.as_bytes(), Some(header(CAME_FROM, &came_from)));
                    self.sender.send(&Outgoing { topic, partition, key, body: Some(&body), headers })?;
                }
            }
        }
        for pointer in &batch.pointers {
            send_pointer(&self.sender, pointer)?;
        }
        for (stand_in, text) in self.reader.strangers_met() {
            let (key, body) = (stand_in.as_bytes(), Some(text.as_bytes()));
            self.sender.send(&Outgoing { topic: LABELS, partition: Some(0), key, body, headers: None })?;
        }
        self.sender.settle()
    }

    /// Where nothing more is handed over, marks of transactions are passed: nothing is left to be read before them.
    fn pass_marks(&mut self) -> Result<(), KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("asking how far was read", source);
        let positions = self.member.consumer().position().map_err(trouble)?;
        for ((topic, partition), standing) in &mut self.standings {
            let Some(topic) = self.topics.get(*topic) else { continue };
            let position = positions.find_partition(topic, *partition).map(|found| found.offset());
            if let Some(Offset::Offset(position)) = position {
                standing.next = standing.next.max(position);
            }
        }
        Ok(())
    }

    /// Commits how far every partition was read, and what became of its records.
    fn commit(&mut self) -> Result<(), KafkaTrouble> {
        let mut list = TopicPartitionList::new();
        let trouble = |source| KafkaTrouble::lasting("naming an offset", source);
        for ((topic, partition), standing) in &self.standings {
            let Some(topic) = self.topics.get(*topic).filter(|_| standing.next > standing.committed) else { continue };
            list.add_partition_offset(topic, *partition, Offset::Offset(standing.next)).map_err(trouble)?;
            if let Some(mut element) = list.find_partition(topic, *partition) {
                element.set_metadata(account::written(&standing.account));
            }
        }
        if list.count() == 0 {
            return Ok(());
        }
        let trouble = |source| KafkaTrouble::passing("committing how far was read", source);
        self.member.consumer().commit(&list, CommitMode::Sync).map_err(trouble)?;
        self.standings.values_mut().for_each(|standing| standing.committed = standing.next);
        Ok(())
    }
}

fn read(
    reader: &mut Reader,
    keys: &mut KeyChain,
    topic: usize,
    record: &native::Taken<'_>,
) -> Result<Taken, KafkaTrouble> {
    let empty = || Taken::SetAside(SetAside { class: Class::Empty, path: WHOLE });
    let Some(body) = record.body else { return Ok(empty()) };
    match reader.read_of(topic, arrival(record.timestamp), body, |epoch| keys.epoch_keys(epoch))? {
        Taken::Blank => Ok(empty()),
        taken @ (Taken::Fact(..) | Taken::NotPermitted(..) | Taken::NotRelevant | Taken::SetAside(_)) => Ok(taken),
    }
}

/// When a record arrived that does not say so itself: the broker's word is taken, a sender's is not. A sender may write
/// any time there, and what happened would be called too late or too early for it.
const fn arrival(timestamp: Timestamp) -> Option<EventTime> {
    match timestamp {
        Timestamp::LogAppendTime(millis) => Some(EventTime::from_millis(millis)),
        Timestamp::CreateTime(_) | Timestamp::NotAvailable => None,
    }
}

fn header(key: &str, value: &str) -> OwnedHeaders {
    OwnedHeaders::new().insert(Header { key, value: Some(value) })
}

/// A pointer's key is the place to which it points: what is read twice is kept once.
fn send_pointer(sender: &Sender, pointer: &Pointer) -> Result<(), KafkaTrouble> {
    let Pointer { container, partition, position, class, path, .. } = pointer;
    let partition = partition.unwrap_or(0);
    let key = format!("{container}/{partition}/{position}");
    let body = serde_json::json!({
        "topic": container, "partition": partition, "offset": position, "class": class, "path": path,
    });
    let (key, body) = (key.as_bytes(), body.to_string());
    let body = Some(body.as_bytes());
    sender.send(&Outgoing { topic: SET_ASIDE, partition: Some(0), key, body, headers: None })
}
