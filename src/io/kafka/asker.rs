//! Asks where partitions begin and end, over connections on which nothing else waits.
//!
//! A broker answers the questions of one connection in their order, and holds a request for records back until there
//! are some: asked over a consumer's own connection, an end may take half a second.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;

use super::sweep::Places;
use super::witness::Witness;
use super::{Cluster, KafkaTrouble};

/// How long the broker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many events of the client are looked through for the reason of a failure.
const REASONS: usize = 50;

/// What a cluster has: partitions of every topic.
pub type Existing = BTreeMap<String, i32>;

/// A client that only asks.
pub struct Asker {
    consumer: BaseConsumer<Witness>,
    servers: String,
}

impl Asker {
    /// One that sees what readers of committed records see.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        Self::seeing(cluster, "read_committed")
    }

    /// One that sees also what is not committed yet, and may never be.
    pub(super) fn of_everything(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        Self::seeing(cluster, "read_uncommitted")
    }

    fn seeing(cluster: &Cluster, isolation: &str) -> Result<Self, KafkaTrouble> {
        let mut config = cluster.consumer("counting");
        // It is in no group: whoever is has to leave it.
        config.set("isolation.level", isolation).remove("group.id");
        let made = config.create_with_context(Witness::default());
        let consumer = made.map_err(|source| KafkaTrouble::lasting("making a client", source))?;
        Ok(Self { consumer, servers: cluster.servers.to_string() })
    }

    /// The topics that are there.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn existing(&self) -> Result<Existing, KafkaTrouble> {
        let metadata = self.consumer.fetch_metadata(None, PATIENCE).map_err(|source| self.unreachable(&source))?;
        let partitions = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(topics.map(|topic| (topic.name().to_owned(), partitions(topic.partitions().len()))).collect())
    }

    /// The hosts under which the cluster's brokers want to be reached, which need not be those that were asked.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn hosts(&self) -> Result<Vec<(String, u16)>, KafkaTrouble> {
        let metadata = self.consumer.fetch_metadata(None, PATIENCE).map_err(|source| self.unreachable(&source))?;
        let port = |port: i32| u16::try_from(port).unwrap_or(0);
        Ok(metadata.brokers().iter().map(|broker| (broker.host().to_owned(), port(broker.port()))).collect())
    }

    /// The answer to a failed question says nothing; why it failed, the client tells whoever listens.
    fn unreachable(&self, source: &KafkaError) -> KafkaTrouble {
        for _ in 0..REASONS {
            if self.consumer.context().reason().is_none() {
                drop(self.consumer.poll(Duration::from_millis(10)));
            }
        }
        let reason = self.consumer.context().reason().unwrap_or_else(|| source.to_string());
        KafkaTrouble::Unreachable { servers: self.servers.clone(), reason }
    }

    /// The ends of a topic's partitions; those that are empty are left out.
    pub(super) fn ends(&self, topic: &str, partitions: NonZeroU32) -> Result<Places, KafkaTrouble> {
        let mut ends = Places::new();
        for partition in 0..i32::try_from(partitions.get()).unwrap_or(i32::MAX) {
            let (earliest, end) = self.bounds(topic, partition)?;
            if earliest < end {
                ends.insert(partition, end);
            }
        }
        Ok(ends)
    }

    /// The offset of the earliest record of a partition, and that after its last.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(u64, u64), KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("asking where a partition begins and ends", source);
        let (earliest, end) = self.consumer.fetch_watermarks(topic, partition, PATIENCE).map_err(trouble)?;
        Ok((u64::try_from(earliest).unwrap_or(0), u64::try_from(end).unwrap_or(0)))
    }

    /// The offset after a partition's last record.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn end(&self, topic: &str, partition: i32) -> Result<u64, KafkaTrouble> {
        Ok(self.bounds(topic, partition)?.1)
    }
}
