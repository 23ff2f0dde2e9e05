//! What the client library tells us between records: rebalances, which wait for the worker's own loop, and its log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use crate::io::clock::Watch;

/// A broker that is away makes every client say so many times a second; this often is enough.
const QUIET_FOR: Duration = Duration::from_secs(10);

/// A partition by topic and number.
pub(super) type Partition = (String, i32);

/// A change of what a member of a group owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rebalanced {
    /// These came.
    Assigned(Vec<Partition>),
    /// These go; where they are lost, somebody else may have them already.
    Revoked { partitions: Vec<Partition>, lost: bool },
}

/// Listens to one client.
#[derive(Debug, Default)]
pub struct Witness {
    rebalanced: Mutex<VecDeque<Rebalanced>>,
    closing: AtomicBool,
    complained: Mutex<Option<Watch>>,
    undelivered: Mutex<Option<KafkaError>>,
    reason: Mutex<Option<String>>,
}

impl Witness {
    /// The next change that was not answered yet.
    pub(super) fn next_change(&self) -> Option<Rebalanced> {
        self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// From here on nobody answers any more: what is revoked is given up at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Why a record was not delivered, if one was not since this was last asked.
    pub(super) fn undelivered(&self) -> Option<KafkaError> {
        self.undelivered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The last reason that the client gave for its trouble.
    pub(super) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn may_complain(&self) -> bool {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let may = complained.is_none_or(|last| last.elapsed() >= QUIET_FOR);
        if may {
            *complained = Some(Watch::start());
        }
        may
    }
}

impl ClientContext for Witness {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let is_bad = (level as i32) <= RDKafkaLogLevel::Error as i32;
        if is_bad && self.may_complain() {
            tracing::warn!(facility, message, "the Kafka client says");
        } else {
            tracing::debug!(facility, message, "the Kafka client says");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        // That all are down is told after why each is.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
        if self.may_complain() {
            tracing::warn!(%error, reason, "the Kafka client is in trouble; it goes on trying");
        } else {
            tracing::debug!(%error, reason, "the Kafka client is in trouble; it goes on trying");
        }
    }
}

impl ConsumerContext for Witness {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, change: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::Relaxed) {
            if let Err(error) = consumer.incremental_unassign(list) {
                tracing::debug!(%error, "giving up partitions while closing");
            }
            return;
        }
        let partitions =
            list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        let change = if change == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Rebalanced::Assigned(partitions)
        } else {
            Rebalanced::Revoked { partitions, lost: consumer.assignment_lost() }
        };
        self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
    }
}

impl ProducerContext for Witness {
    type DeliveryOpaque = ();

    fn delivery(&self, delivered: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = delivered {
            tracing::debug!(%error, topic = message.topic(), "a record was not delivered");
            self.undelivered.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
    }
}

/// Partitions as the client library lists them, all at one place.
pub(super) fn listed<'a>(partitions: impl IntoIterator<Item = &'a Partition>, at: Offset) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in partitions {
        if list.add_partition_offset(topic, *partition, at).is_err() {
            list.add_partition(topic, *partition);
        }
    }
    list
}
