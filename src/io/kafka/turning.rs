//! Erases on Kafka: a partition that holds what is sought is turned over. Its records are written again without that, and
//! then deleted where they were.
//!
//! Nothing is deleted whose copy is not committed, and a copy changes nothing where its first writing was counted: an
//! erasure may be killed anywhere and repeated. All is written by one transactional id, so that a second erasure ends the
//! first before it looks: no copy of the first can come after that look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};

use super::follower::{CAME_FROM, FIRST_APPENDED, IS_SILENT, Record};
use super::key_chain::KeyChain;
use super::sender::Outgoing;
use super::topics::{ERASURES, FACTS, Topics, VISITS, kept};
use super::transactions::Transactions;
use super::turnings::{Turned, Turnings, key_of};
use super::{Asker, Cluster, Follower, KafkaTrouble, holding};
use crate::engine::names::Epoch;
use crate::engine::{Erasure, Fact, Labels, Span, WallTime};
use crate::io::log::{EpochKeys, Fate, Stream, Way};
use crate::io::sought::{Sought, store_of};
use crate::settings::Settings;
use crate::wire::{Unreadable, facts};

/// The worker's name under which erasures commit.
const NAME: &str = "erase";
/// How long a partition may take to give what is in it.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many bytes or records are copied, and then deleted, at once: what a crash and the disk cost at most.
const CHUNK_BYTES: usize = 4 << 20;
/// The same in records.
const CHUNK_RECORDS: usize = 2_000;
/// What was appended while a partition was turned over is looked at again, so often.
const ROUNDS: usize = 4;
/// A transaction that failed is tried again so often.
const TRIES: usize = 5;

/// How an erasure went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// How many partitions held something of what was sought.
    pub partitions: usize,
    /// Whether nothing of it was left at the last look: where facts about it keep coming, something may be.
    pub is_complete: bool,
    /// The matters for which something stays.
    pub on_hold: BTreeSet<String>,
}

/// Erases on a cluster, as the only one.
pub struct Eraser {
    cluster: Cluster,
    asker: Arc<Asker>,
    topics: Topics,
    transactions: Transactions,
    turnings: Turnings,
    keys: KeyChain,
    organizations: Vec<Arc<str>>,
    kept: [(Stream, &'static str, Span); 2],
    at_once: usize,
}

/// A partition of facts or of visits.
#[derive(Debug, Clone, Copy)]
struct Part {
    stream: Stream,
    topic: &'static str,
    partition: i32,
    /// What was appended before this is past its time; nothing is where it is on hold.
    due_before: Option<WallTime>,
}

/// What a look at a partition found.
#[derive(Debug, Default)]
struct Looked {
    concerns: bool,
    /// Input partitions whose last word was that they are silent, and where it stands.
    silent: BTreeMap<Arc<str>, u64>,
}

/// A record that is written again, or a note of what is done.
#[derive(Debug)]
struct Again {
    topic: &'static str,
    partition: i32,
    key: Vec<u8>,
    body: Vec<u8>,
    headers: Option<OwnedHeaders>,
}

impl Eraser {
    /// Becomes the only one that erases; another that is at work commits nothing more.
    ///
    /// # Errors
    ///
    /// Where topics are not there, the master key cannot be used, or no client can be made.
    pub fn of(settings: &Settings, cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        let existing = asker.existing()?;
        for topic in [FACTS, VISITS, ERASURES] {
            Topics::partitions_of(&existing, topic)?;
        }
        let transactions = Transactions::of(&cluster.named(NAME))?;
        let kept = [(Stream::Facts, FACTS), (Stream::Visits, VISITS)]
            .map(|(stream, topic)| (stream, topic, kept(settings, stream)));
        Ok(Self {
            topics: Topics::of(cluster)?,
            turnings: Turnings::of(cluster, &asker)?,
            keys: KeyChain::open(cluster, &asker, settings)?,
            cluster: cluster.clone(),
            asker,
            transactions,
            organizations: settings.organizations(),
            kept,
            at_once: CHUNK_RECORDS,
        })
    }

    /// Copies and deletes so many records at once.
    #[must_use]
    pub fn in_chunks_of(self, records: usize) -> Self {
        Self { at_once: records, ..self }
    }

    /// All keys that are still there: what they do not name has no name any more.
    ///
    /// # Errors
    ///
    /// Where the topic of keys cannot be read, or a key does not open.
    pub fn keys(&mut self) -> Result<Vec<(Epoch, EpochKeys)>, KafkaTrouble> {
        self.keys.all()
    }

    /// Takes out of all facts what is sought, and tells all who count when it is over.
    ///
    /// # Errors
    ///
    /// Where the cluster fails or a record is damaged: some partitions may be turned over by then; repeat it.
    pub fn erase(&mut self, now: WallTime, erasure: &mut Erasure) -> Result<Erased, KafkaTrouble> {
        let (existing, holds) = (self.asker.existing()?, holding::active(&self.cluster)?);
        let mut sought = Sought::of(erasure, &holds);
        let (mut turned_over, mut is_complete) = (0, true);
        for (stream, topic, kept) in self.kept {
            let partitions = Topics::partitions_of(&existing, topic)?;
            for partition in 0..i32::try_from(partitions.get()).unwrap_or(i32::MAX) {
                // What is on hold stays, also past its time.
                let due_before = holds.matters_in(store_of(stream)).is_empty().then(|| now.before(kept));
                let part = Part { stream, topic, partition, due_before };
                let rounds = self.turn_over(part, &mut sought)?;
                turned_over += usize::from(rounds != Some(0));
                is_complete &= rounds.is_some();
            }
        }
        self.end()?;
        Ok(Erased { partitions: turned_over, is_complete, on_hold: sought.on_hold })
    }

    /// Turns a partition over until a look at it finds nothing; how often that was, or none where it always found more.
    fn turn_over(&mut self, part: Part, sought: &mut Sought<'_>) -> Result<Option<usize>, KafkaTrouble> {
        let mut from = 0;
        for round in 0..ROUNDS {
            let (earliest, end) = self.asker.bounds(part.topic, part.partition)?;
            from = earliest.max(from);
            let looked = self.look(part, from, end, sought)?;
            if !looked.concerns {
                return Ok(Some(round));
            }
            self.copy(part, from, end, &looked, sought)?;
            from = end;
        }
        Ok(None)
    }

    fn look(&self, part: Part, from: u64, end: u64, sought: &mut Sought<'_>) -> Result<Looked, KafkaTrouble> {
        let mut looked = Looked::default();
        self.follower(part, from)?.take_up_to(end, PATIENCE, |record| {
            match &record.way {
                Way::Silence(name) => {
                    looked.silent.insert(Arc::clone(name), record.offset);
                }
                Way::Partitions(counts) => {
                    looked.silent.retain(|name, _| counts.iter().all(|(spoke, _)| spoke != name))
                }
                Way::Untold => {}
            }
            looked.concerns |= part.concerns(&record, sought, &self.organizations)?;
            Ok(())
        })?;
        Ok(looked)
    }

    /// Writes what is to stay again, chunk by chunk, and deletes each where it was.
    fn copy(
        &mut self,
        part: Part,
        from: u64,
        end: u64,
        looked: &Looked,
        sought: &mut Sought<'_>,
    ) -> Result<(), KafkaTrouble> {
        self.turnings.catch_up()?;
        let begun = self.turnings.of_partition(part.stream, part.partition).begin(end);
        let mut follower = self.follower(part, from)?;
        let Self { organizations, transactions, topics, at_once, .. } = self;
        let (mut chunk, mut bytes) = (vec![note_of(part.stream, part.partition, &begun)], 0);
        follower.take_up_to(end, PATIENCE, |record| {
            let place = record.offset + 1;
            if let Some(again) = part.again(record, looked, sought, organizations)? {
                bytes += again.body.len();
                chunk.push(again);
            }
            if bytes >= CHUNK_BYTES || chunk.len() >= *at_once {
                write(transactions, &std::mem::take(&mut chunk))?;
                bytes = 0;
                topics.delete_before(part.topic, part.partition, place)?;
            }
            Ok(())
        })?;
        write(transactions, &chunk)?;
        topics.delete_before(part.topic, part.partition, end)
    }

    /// Tells all who count that what is missing is missing for good; also of an erasure that was killed.
    fn end(&mut self) -> Result<(), KafkaTrouble> {
        self.turnings.catch_up()?;
        let open = self.turnings.all().filter(|(_, turned)| turned.is_open());
        let ended = open.map(|(key, turned)| note(key.to_vec(), &turned.end()));
        let ended: Vec<Again> = ended.collect();
        if ended.is_empty() { Ok(()) } else { write(&mut self.transactions, &ended) }
    }

    fn follower(&self, part: Part, from: u64) -> Result<Follower, KafkaTrouble> {
        Follower::once(&self.cluster, &self.asker, part.topic, part.partition, from)
    }
}

impl Part {
    fn damaged(self, offset: u64, why: &Unreadable) -> KafkaTrouble {
        KafkaTrouble::Damaged { topic: self.topic.to_owned(), partition: self.partition, offset, why: why.to_string() }
    }

    fn concerns(
        self,
        record: &Record,
        sought: &mut Sought<'_>,
        organizations: &[Arc<str>],
    ) -> Result<bool, KafkaTrouble> {
        let Some(body) = record.body.as_deref().filter(|body| !body.is_empty()) else { return Ok(false) };
        let decoded = facts::decode(body, organizations, &mut Labels::default());
        let decoded = decoded.map_err(|why| self.damaged(record.offset, &why))?;
        // All are looked at: each that stays for a hold is noted.
        Ok(decoded.facts.iter().filter(|fact| sought.must_change(self.stream, fact)).count() > 0)
    }

    /// A record as it is written again; none where nothing of it may stay, or needs to.
    fn again(
        self,
        record: Record,
        looked: &Looked,
        sought: &mut Sought<'_>,
        organizations: &[Arc<str>],
    ) -> Result<Option<Again>, KafkaTrouble> {
        let Record { offset, at, key, way, body, .. } = record;
        // A copy takes the broker's time anew: what is past its time must not begin another.
        if self.due_before.is_some_and(|due_before| at < due_before) {
            return Ok(None);
        }
        let body = body.unwrap_or_default();
        let first = at.millis().to_string();
        let headers = header(OwnedHeaders::new(), FIRST_APPENDED, &first);
        let (body, headers) = match way {
            // Whoever spoke later is not silent any more.
            Way::Silence(name) if looked.silent.get(&name) == Some(&offset) => {
                (body, header(headers, IS_SILENT, &name))
            }
            Way::Silence(_) => return Ok(None),
            Way::Untold | Way::Partitions(_) if body.is_empty() => return Ok(None),
            Way::Untold | Way::Partitions(_) => {
                let counts = if let Way::Partitions(counts) = way { counts } else { Vec::new() };
                let left = without(self.stream, body, counts, sought, organizations)
                    .map_err(|why| self.damaged(offset, &why))?;
                let Some((body, counts)) = left else { return Ok(None) };
                (body, header(headers, CAME_FROM, &told(&counts)))
            }
        };
        let key = key.unwrap_or_default();
        Ok(Some(Again { topic: self.topic, partition: self.partition, key, body, headers: Some(headers) }))
    }
}

/// How many facts came from each input partition.
type Counts = Vec<(Arc<str>, usize)>;

/// Packed facts without what is sought, each still with the partition from which it came; none where none is left.
fn without(
    stream: Stream,
    body: Vec<u8>,
    counts: Counts,
    sought: &mut Sought<'_>,
    organizations: &[Arc<str>],
) -> Result<Option<(Vec<u8>, Counts)>, Unreadable> {
    let mut labels = Labels::default();
    let decoded = facts::decode(&body, organizations, &mut labels)?;
    if !decoded.facts.iter().any(|fact| sought.must_change(stream, fact)) {
        return Ok(Some((body, counts)));
    }
    let mut stays = |mut fact: Fact| sought.take_out(stream, &mut fact).then_some(fact);
    let (mut all, mut left) = (decoded.facts.into_iter(), Vec::new());
    let mut left_of = Counts::new();
    for (name, count) in counts {
        let before = left.len();
        left.extend(all.by_ref().take(count).filter_map(&mut stays));
        if left.len() > before {
            left_of.push((name, left.len() - before));
        }
    }
    left.extend(all.filter_map(stays));
    Ok((!left.is_empty()).then(|| (facts::encode(&left, organizations, &labels), left_of)))
}

fn told(counts: &Counts) -> String {
    let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name}={count}")).collect();
    each.join(";")
}

fn header(headers: OwnedHeaders, key: &str, value: &str) -> OwnedHeaders {
    headers.insert(Header { key, value: Some(value) })
}

fn note_of(stream: Stream, partition: i32, turned: &Turned) -> Again {
    note(key_of(stream, partition).into_bytes(), turned)
}

fn note(key: Vec<u8>, turned: &Turned) -> Again {
    Again { topic: ERASURES, partition: 0, key, body: turned.written(), headers: None }
}

/// Commits records; they are there when this returns, perhaps twice.
fn write(transactions: &mut Transactions, records: &[Again]) -> Result<(), KafkaTrouble> {
    let mut tries = 1;
    loop {
        let outgoing = records.iter().map(|again| Outgoing {
            topic: again.topic,
            partition: Some(again.partition),
            key: &again.key,
            body: Some(&again.body),
            headers: again.headers.clone(),
        });
        match transactions.commit(outgoing, None) {
            Ok(()) => return Ok(()),
            Err(trouble) if trouble.is_overtaken() => return Err(KafkaTrouble::Overtaken),
            // Settling it would end another erasure that began meanwhile, and bring back what that one looked for.
            Err(trouble) if transactions.is_undecided() => return Err(trouble),
            Err(trouble) if trouble.fate() == Fate::Halt || tries == TRIES => return Err(trouble),
            Err(trouble) => tracing::warn!(%trouble, "the same records are written once more"),
        }
        tries += 1;
    }
}
