//! Reads all partitions of a topic at once, from given places, and knows when it has come to given ends.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, Offset};

use super::follower::weighed;
use super::reader::{Reader, signed};
use super::{Cluster, KafkaTrouble};

/// Offsets by partition.
pub(super) type Places = BTreeMap<i32, u64>;

/// A reader of what is committed in all partitions of a topic.
pub(super) struct Sweep {
    consumer: Reader,
    topic: &'static str,
    starts: Places,
}

impl Sweep {
    /// From these places on; 0 is the earliest record that is there.
    pub(super) fn of(cluster: &Cluster, topic: &'static str, starts: Places) -> Result<Self, KafkaTrouble> {
        Self::with(&cluster.consumer("counting"), topic, starts)
    }

    /// The same, for one look at what is there.
    pub(super) fn once(cluster: &Cluster, topic: &'static str, starts: Places) -> Result<Self, KafkaTrouble> {
        Self::with(&cluster.one_look("counting"), topic, starts)
    }

    fn with(config: &ClientConfig, topic: &'static str, starts: Places) -> Result<Self, KafkaTrouble> {
        let mut config = config.clone();
        config.set("auto.offset.reset", "earliest");
        let places = starts.iter().map(|(partition, start)| (*partition, *start));
        Ok(Self { consumer: Reader::of(&config, topic, places)?, topic, starts })
    }

    /// The next record of any partition; none where none comes in this time.
    pub(super) fn next(&self, patience: Duration) -> Result<Option<BorrowedMessage<'_>>, KafkaTrouble> {
        match self.consumer.poll(patience) {
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(error)) => weighed(error, "reading a topic of ours").map(|_| None),
            None => Ok(None),
        }
    }

    /// Whether everything before these ends was given. Marks of transactions take offsets and are never given.
    pub(super) fn has_reached(&self, ends: &Places) -> Result<bool, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("asking how far was read", source);
        let positions = self.consumer.position().map_err(trouble)?;
        Ok(ends.iter().all(|(partition, end)| {
            let start = self.starts.get(partition).copied().unwrap_or(0);
            match positions.find_partition(self.topic, *partition).map(|found| found.offset()) {
                Some(Offset::Offset(position)) => position >= signed(*end),
                // Nothing was read of it yet.
                Some(Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_))
                | None => start >= *end,
            }
        }))
    }
}
