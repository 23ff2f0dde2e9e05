//! Sends records outside of transactions and knows when all of them are safe.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

use super::witness::Witness;
use super::{Cluster, KafkaTrouble};
use crate::io::clock::Watch;
use crate::io::log::Fate;

/// How long a look at what is still on its way rests.
const REST: Duration = Duration::from_micros(300);

/// A record to be sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: Option<i32>,
    pub(super) key: &'a [u8],
    /// Nothing deletes the key.
    pub(super) body: Option<&'a [u8]>,
    pub(super) headers: Option<OwnedHeaders>,
}

/// A producer that loses nothing silently.
pub(super) struct Sender {
    producer: ThreadedProducer<Witness>,
    patience: Duration,
}

impl Sender {
    pub(super) fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("making a producer", source);
        let config = cluster.producer();
        let patience = patience_of(config.get("message.timeout.ms"));
        let producer = config.create_with_context(Witness::default()).map_err(trouble)?;
        Ok(Self { producer, patience })
    }

    /// Sends a record; it is safe only when [`Self::settle`] says so.
    pub(super) fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), KafkaTrouble> {
        send(&self.producer, outgoing, self.patience)
    }

    /// Waits until everything that was sent is safe.
    pub(super) fn settle(&self) -> Result<(), KafkaTrouble> {
        drain(&self.producer, self.patience)?;
        match self.producer.context().undelivered() {
            None => Ok(()),
            Some(error) => Err(fatal_or(&self.producer, KafkaTrouble::passing("sending records", error))),
        }
    }
}

/// How long a client waits for a record to be delivered, and a little more.
pub(super) fn patience_of(setting: Option<&str>) -> Duration {
    let millis = setting.and_then(|text| text.parse().ok()).unwrap_or(12_000);
    Duration::from_millis(millis).saturating_add(Duration::from_secs(5))
}

/// Hands a record to the client; waits while its queue is full.
pub(super) fn send(
    producer: &ThreadedProducer<Witness>,
    outgoing: &Outgoing<'_>,
    patience: Duration,
) -> Result<(), KafkaTrouble> {
    let waiting = Watch::start();
    loop {
        let mut record = BaseRecord::<[u8], [u8]>::to(outgoing.topic).key(outgoing.key);
        record.partition = outgoing.partition;
        record.payload = outgoing.body;
        record.headers = outgoing.headers.clone();
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) if waiting.elapsed() < patience => {
                std::thread::sleep(REST);
            }
            Err((error, _)) => return Err(fatal_or(producer, KafkaTrouble::passing("sending a record", error))),
        }
    }
}

/// Waits until nothing is on its way any more.
pub(super) fn drain(producer: &ThreadedProducer<Witness>, patience: Duration) -> Result<(), KafkaTrouble> {
    let waiting = Watch::start();
    while producer.in_flight_count() > 0 {
        if waiting.elapsed() > patience {
            return Err(KafkaTrouble::Slow { doing: "taking records", fate: Fate::Retry });
        }
        std::thread::sleep(REST);
    }
    Ok(())
}

/// A client that is beyond help is told as such, whatever it was asked.
pub(super) fn fatal_or(producer: &ThreadedProducer<Witness>, other: KafkaTrouble) -> KafkaTrouble {
    match producer.client().fatal_error() {
        Some((code, _)) => KafkaTrouble::lasting("sending; the client cannot go on", KafkaError::Global(code)),
        None => other,
    }
}
