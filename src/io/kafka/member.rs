//! A member of a consumer group: what it owns changes only where its own loop answers.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

use super::native::{BatchConsumer, is_member};
use super::reader::close;
use super::witness::{Partition, Rebalanced, Witness, listed};
use super::{Cluster, KafkaTrouble};

/// A commit that waits to be decided holds the answer back for as long as its transaction may last.
const PATIENCE: Duration = Duration::from_secs(20);

/// A member of a consumer group.
pub(super) struct Member {
    consumer: BatchConsumer,
}

/// What was committed for a partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Committed {
    /// The offset of the next record; none where nothing was ever committed.
    pub(super) offset: Option<u64>,
    /// What was committed with it.
    pub(super) metadata: String,
}

impl Member {
    /// Joins the group of a stage.
    pub(super) fn join(cluster: &Cluster, stage: &str, topics: &[&str]) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("joining a consumer group", source);
        let mut config = cluster.consumer(stage);
        // An end that is told within a batch moves the client one record too far (librdkafka #4844): after the next
        // change of a leader that record would never come.
        config.set("enable.partition.eof", "false");
        let consumer: BaseConsumer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
        consumer.subscribe(topics).map_err(trouble)?;
        let consumer = BatchConsumer::of(consumer);
        Ok(Self { consumer: consumer.ok_or_else(|| trouble(KafkaError::ClientCreation("no memory".to_owned())))? })
    }

    /// The consumer itself.
    pub(super) const fn consumer(&self) -> &BaseConsumer<Witness> {
        self.consumer.consumer()
    }

    /// Its records, in batches.
    pub(super) const fn records(&mut self) -> &mut BatchConsumer {
        &mut self.consumer
    }

    /// Who it is to the group as of now; nothing where it is nobody.
    pub(super) fn standing(&self) -> Option<ConsumerGroupMetadata> {
        let is_member = || is_member(self.consumer());
        // The client forgets who it is behind our back: what was copied in between must be somebody.
        let copied = if is_member() { self.consumer().group_metadata() } else { None };
        copied.filter(|_| is_member())
    }

    /// The next change of what it owns; it must be answered by [`Self::take`] or [`Self::give_up`].
    pub(super) fn next_change(&self) -> Option<Rebalanced> {
        self.consumer().context().next_change()
    }

    /// Answers that something came, and starts reading there; nothing is read of an empty list.
    pub(super) fn take(&self, from: &TopicPartitionList) -> Result<(), KafkaTrouble> {
        for element in from.elements() {
            self.consumer.forward(element.topic(), element.partition());
        }
        answered(self.consumer().incremental_assign(from))
    }

    /// Answers that something goes.
    pub(super) fn give_up(&self, partitions: &[Partition]) -> Result<(), KafkaTrouble> {
        answered(self.consumer().incremental_unassign(&listed(partitions, Offset::Invalid)))
    }

    /// What was committed for a partition; waits until no transaction can change it any more.
    pub(super) fn committed(&self, partitions: &[Partition]) -> Result<Vec<Committed>, KafkaTrouble> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let trouble = |source| KafkaTrouble::passing("asking what is committed", source);
        let list = listed(partitions, Offset::Invalid);
        let found = self.consumer().committed_offsets(list, PATIENCE).map_err(trouble)?;
        let each = partitions.iter().map(|(topic, partition)| {
            let Some(element) = found.find_partition(topic, *partition) else { return Ok(Committed::default()) };
            element.error().map_err(trouble)?;
            let offset = match element.offset() {
                Offset::Offset(offset) => u64::try_from(offset).ok(),
                Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => None,
            };
            Ok(Committed { offset, metadata: element.metadata().to_owned() })
        });
        each.collect()
    }
}

fn answered(result: KafkaResult<()>) -> Result<(), KafkaTrouble> {
    result.map_err(|source| KafkaTrouble::lasting("answering a rebalance", source))
}

impl Drop for Member {
    /// The last revocation comes while the consumer closes, when no loop answers any more.
    fn drop(&mut self) {
        close(self.consumer());
    }
}
