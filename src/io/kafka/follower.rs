//! Follows one partition of a topic of ours in order, from any place, without a group.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset};

use super::reader::Reader;
use super::{Asker, Cluster, KafkaTrouble};
use crate::engine::WallTime;
use crate::io::clock::Watch;
use crate::io::log::{Fate, Way};

/// Records that are taken from the client at once and wait here.
const AT_ONCE: usize = 256;
/// How long one look for records takes where none is there.
const SLICE: Duration = Duration::from_millis(20);

/// What becomes of a reader whose place is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// It stops: what is missing was needed.
    Stops,
    /// It goes on with the earliest that is there: what is missing was kept for long enough.
    Passes,
}

/// A record as it lies in the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where.
    pub offset: u64,
    /// When the broker took it first.
    pub at: WallTime,
    /// Whether an erasure wrote it again.
    pub is_copy: bool,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// By what way its facts came.
    pub way: Way,
    /// Its value; none deletes its key.
    pub body: Option<Vec<u8>>,
}

/// A reader of one partition.
pub struct Follower {
    consumer: Reader,
    asker: Arc<Asker>,
    topic: String,
    partition: i32,
    group: String,
    /// The offset of the next record to be handed out.
    next: u64,
    waiting: VecDeque<Record>,
    at_end: bool,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower({}/{} at {})", self.topic, self.partition, self.next)
    }
}

impl Follower {
    /// A reader of what is committed, from an offset on; 0 is the earliest that is there.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn of(
        cluster: &Cluster,
        asker: &Arc<Asker>,
        topic: &str,
        partition: i32,
        from: u64,
        gap: Gap,
    ) -> Result<Self, KafkaTrouble> {
        let mut config = cluster.consumer("counting");
        if gap == Gap::Passes {
            config.set("auto.offset.reset", "earliest");
        }
        Self::with(&config, cluster, asker, topic, partition, from)
    }

    /// A reader that reads to an end once, over gaps.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn once(
        cluster: &Cluster,
        asker: &Arc<Asker>,
        topic: &str,
        partition: i32,
        from: u64,
    ) -> Result<Self, KafkaTrouble> {
        let mut config = cluster.one_look("counting");
        config.set("auto.offset.reset", "earliest");
        Self::with(&config, cluster, asker, topic, partition, from)
    }

    fn with(
        config: &ClientConfig,
        cluster: &Cluster,
        asker: &Arc<Asker>,
        topic: &str,
        partition: i32,
        from: u64,
    ) -> Result<Self, KafkaTrouble> {
        Ok(Self {
            consumer: Reader::of(config, topic, [(partition, from)])?,
            asker: Arc::clone(asker),
            topic: topic.to_owned(),
            partition,
            group: cluster.group("counting"),
            next: from,
            waiting: VecDeque::new(),
            at_end: false,
        })
    }

    /// The offset of the next record that it hands out.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Up to `limit` records, if any are here; looks for `patience` where none is.
    ///
    /// # Errors
    ///
    /// Where the client fails, or the next record is gone and must not be.
    pub fn take(&mut self, limit: usize, patience: Duration) -> Result<Vec<Record>, KafkaTrouble> {
        if self.waiting.is_empty() {
            self.fetch(patience)?;
        }
        let n = limit.min(self.waiting.len());
        let taken: Vec<Record> = self.waiting.drain(..n).collect();
        if let Some(last) = taken.last() {
            self.next = last.offset + 1;
        }
        Ok(taken)
    }

    /// Whether it came to the end when it last looked. More may have come since.
    pub fn is_at_end(&self) -> bool {
        self.at_end && self.waiting.is_empty()
    }

    /// The end of the partition as this reader sees it.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn end(&self) -> Result<u64, KafkaTrouble> {
        self.asker.end(&self.topic, self.partition)
    }

    /// Whether everything before `end` was handed out: marks of transactions take offsets and are never handed out, and
    /// what was deleted is not either.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn has_reached(&self, end: u64) -> Result<bool, KafkaTrouble> {
        if self.next >= end {
            return Ok(true);
        }
        if !self.waiting.is_empty() {
            return Ok(false);
        }
        let trouble = |source| KafkaTrouble::passing("asking how far was read", source);
        let position = self.consumer.position().map_err(trouble)?;
        let position = position.find_partition(&self.topic, self.partition).map(|found| found.offset());
        if let Some(Offset::Offset(position)) = position {
            return Ok(u64::try_from(position).is_ok_and(|position| position >= end));
        }
        Ok(self.asker.bounds(&self.topic, self.partition)?.0 >= end)
    }

    /// Takes everything before `end`, record by record; gives up after so long without any.
    ///
    /// # Errors
    ///
    /// Where the cluster does not give it, or `each` fails.
    pub fn take_up_to(
        &mut self,
        end: u64,
        patience: Duration,
        mut each: impl FnMut(Record) -> Result<(), KafkaTrouble>,
    ) -> Result<(), KafkaTrouble> {
        let mut idle = Watch::start();
        while self.next < end {
            let taken = self.take(AT_ONCE, SLICE)?;
            if !taken.is_empty() {
                idle = Watch::start();
            } else if self.has_reached(end)? {
                break;
            } else if idle.elapsed() > patience {
                return Err(KafkaTrouble::Slow { doing: "reading a topic of ours to its end", fate: Fate::Retry });
            }
            taken.into_iter().try_for_each(&mut each)?;
        }
        Ok(())
    }

    /// Goes on from `earliest`, where what lies before it is not needed.
    ///
    /// # Errors
    ///
    /// Where the client fails.
    pub fn pass_to(&mut self, earliest: u64) -> Result<(), KafkaTrouble> {
        self.waiting.clear();
        self.consumer.go_to([(self.partition, earliest)])
    }

    fn fetch(&mut self, patience: Duration) -> Result<(), KafkaTrouble> {
        let mut patience = patience;
        while self.waiting.len() < AT_ONCE {
            match self.consumer.poll(patience) {
                None => break,
                Some(Ok(message)) => {
                    self.at_end = false;
                    let first = first_appended(&message);
                    let millis = first.or_else(|| message.timestamp().to_millis()).unwrap_or(0);
                    self.waiting.push_back(Record {
                        offset: u64::try_from(message.offset()).unwrap_or(0),
                        at: WallTime::from_millis(millis),
                        is_copy: first.is_some(),
                        key: message.key().map(<[u8]>::to_vec),
                        way: way(&message),
                        body: message.payload().map(<[u8]>::to_vec),
                    });
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.at_end = true;
                    break;
                }
                Some(Err(error)) => self.judge(error)?,
            }
            patience = Duration::ZERO;
        }
        Ok(())
    }

    fn judge(&self, error: KafkaError) -> Result<(), KafkaTrouble> {
        match weighed(error, "reading a topic of ours")? {
            Weighed::GoOn => Ok(()),
            Weighed::Gone => Err(KafkaTrouble::OffsetsLost {
                topic: self.topic.clone(),
                partition: self.partition,
                offset: self.next,
                group: self.group.clone(),
            }),
        }
    }
}

/// What an error between records means to a reader.
pub(super) enum Weighed {
    /// A topic that is not there may come, and a broker that is away comes back.
    GoOn,
    /// The next record is not there any more.
    Gone,
}

/// Weighs an error between records.
///
/// # Errors
///
/// Where the client cannot go on.
pub(super) fn weighed(error: KafkaError, doing: &'static str) -> Result<Weighed, KafkaTrouble> {
    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
        return Err(KafkaTrouble::lasting(doing, error));
    }
    let code = error.rdkafka_error_code();
    if matches!(code, Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)) {
        return Ok(Weighed::Gone);
    }
    tracing::debug!(%error, doing, "goes on");
    Ok(Weighed::GoOn)
}

/// The header that names the input partitions from which facts came, each with how many: `topic/3=17;topic/4=2`.
pub(super) const CAME_FROM: &str = "came-from";
/// The header that names an input partition that is caught up and silent.
pub(super) const IS_SILENT: &str = "is-silent";

/// The header of a record that an erasure wrote again: when it was appended first, in milliseconds.
pub(super) const FIRST_APPENDED: &str = "first-appended";

fn first_appended(message: &BorrowedMessage<'_>) -> Option<i64> {
    let mut headers = message.headers().into_iter().flat_map(Headers::iter);
    let header = headers.find(|header| header.key == FIRST_APPENDED)?;
    str::from_utf8(header.value?).ok()?.parse().ok()
}

/// By what way facts came, as the headers of their record say.
fn way(message: &BorrowedMessage<'_>) -> Way {
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    let told = headers.filter_map(|header| {
        let value = str::from_utf8(header.value?).ok()?;
        match header.key {
            CAME_FROM => Some(Way::Partitions(value.split(';').filter_map(count_of).collect())),
            IS_SILENT => Some(Way::Silence(Arc::from(value))),
            _ => None,
        }
    });
    told.last().unwrap_or_default()
}

fn count_of(part: &str) -> Option<(Arc<str>, usize)> {
    let (name, count) = part.rsplit_once('=')?;
    Some((Arc::from(name), count.parse().ok()?))
}
