//! A consumer of places that are named, without a group's offsets: it begins at once, and is gone at once.

use std::ops::Deref;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::KafkaTrouble;
use super::witness::Witness;

/// How long the cluster may take to say who leads a topic; without an answer the client asks again on its own.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether a client is gone.
const LOOK: Duration = Duration::from_millis(1);

/// A consumer of one topic.
pub(super) struct Reader {
    consumer: BaseConsumer<Witness>,
    topic: String,
}

impl Reader {
    /// One that reads a topic from these places on.
    pub(super) fn of(
        config: &ClientConfig,
        topic: &str,
        places: impl IntoIterator<Item = (i32, u64)>,
    ) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("making a consumer", source);
        let consumer: BaseConsumer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
        let reader = Self { consumer, topic: topic.to_owned() };
        // A client that is sent to a partition before it knows who leads it looks again after half a second.
        if let Err(error) = reader.fetch_metadata(Some(topic), PATIENCE) {
            tracing::debug!(%error, topic, "who leads a topic is asked for again");
        }
        reader.go_to(places)?;
        Ok(reader)
    }

    /// Reads from these places on, and nowhere else; 0 is the earliest record that is there.
    pub(super) fn go_to(&self, places: impl IntoIterator<Item = (i32, u64)>) -> Result<(), KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("choosing where to read", source);
        let mut list = TopicPartitionList::new();
        for (partition, place) in places {
            let place = if place == 0 { Offset::Beginning } else { Offset::Offset(signed(place)) };
            list.add_partition_offset(&self.topic, partition, place).map_err(trouble)?;
        }
        self.assign(&list).map_err(trouble)
    }
}

/// An offset as the client counts.
pub(super) fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl Deref for Reader {
    type Target = BaseConsumer<Witness>;

    fn deref(&self) -> &Self::Target {
        &self.consumer
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        close(&self.consumer);
    }
}

/// Takes leave of the cluster. Left to itself, the library looks every tenth of a second whether a client is gone.
pub(super) fn close(consumer: &BaseConsumer<Witness>) {
    consumer.context().close();
    if let Err(error) = consumer.close_queue() {
        tracing::debug!(%error, "a client was gone before it took leave");
        return;
    }
    while !consumer.closed() {
        drop(consumer.poll(LOOK));
    }
}
