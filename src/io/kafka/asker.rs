//! Asks where partitions begin and end, over connections on which nothing else waits.
//!
//! A broker answers the questions of one connection in their order, and holds a request for records back until there
//! are some: asked over a consumer's own connection, an end may take half a second.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::witness::Witness;
use super::{Cluster, KafkaTrouble};

/// How long the broker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that only asks.
pub struct Asker {
    consumer: BaseConsumer<Witness>,
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
        config.set("isolation.level", isolation);
        let made = config.create_with_context(Witness::default());
        Ok(Self { consumer: made.map_err(|source| KafkaTrouble::lasting("making a client", source))? })
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
