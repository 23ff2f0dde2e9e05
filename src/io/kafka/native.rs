//! The few calls of librdkafka that its Rust binding does not offer: records in batches, and whether a member is one.
//!
//! Ends of partitions must not be asked for in batches: each moves the client one record too far (librdkafka #4844).
#![expect(unsafe_code, reason = "the binding has no batches, which cost a quarter less than records one by one")]

use std::ffi::{CStr, CString};
use std::ptr::NonNull;
use std::slice;
use std::time::Duration;

use rdkafka::bindings as raw;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Timestamp;

use super::witness::Witness;

/// Records that are handed over at once.
const AT_ONCE: usize = 2_048;

/// A record, or an error that stands between records, as the client holds it.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was made or taken.
    pub timestamp: Timestamp,
    /// Its value.
    pub body: Option<&'a [u8]>,
    /// The error, where it is none.
    pub error: Option<RDKafkaErrorCode>,
}

/// A consumer whose partitions deliver into one queue of our own, from which records are taken in batches.
pub struct BatchConsumer {
    queue: NonNull<raw::rd_kafka_queue_t>,
    messages: Vec<*mut raw::rd_kafka_message_t>,
    consumer: BaseConsumer<Witness>,
}

impl BatchConsumer {
    /// Of a consumer that nothing is assigned to yet; none where the client has no memory for a queue.
    pub fn of(consumer: BaseConsumer<Witness>) -> Option<Self> {
        // SAFETY: the client lives as long as the consumer, which is dropped after the queue.
        let queue = NonNull::new(unsafe { raw::rd_kafka_queue_new(consumer.client().native_ptr()) })?;
        Some(Self { queue, messages: vec![std::ptr::null_mut(); AT_ONCE], consumer })
    }

    /// The consumer itself, to be polled for what its group says.
    pub const fn consumer(&self) -> &BaseConsumer<Witness> {
        &self.consumer
    }

    /// Lets a partition deliver into our queue; to be called before it is assigned.
    pub fn forward(&self, topic: &str, partition: i32) {
        let Ok(topic) = CString::new(topic) else { return };
        // SAFETY: the client and both queues are alive; our hold on the partition's queue ends here, its forwarding stays.
        unsafe {
            let from =
                raw::rd_kafka_queue_get_partition(self.consumer.client().native_ptr(), topic.as_ptr(), partition);
            if !from.is_null() {
                raw::rd_kafka_queue_forward(from, self.queue.as_ptr());
                raw::rd_kafka_queue_destroy(from);
            }
        }
    }

    /// Hands over what is there, and waits so long for the first of it; says how many there were. After an error nothing
    /// more is handed over.
    ///
    /// # Errors
    ///
    /// The first that `each` gives.
    pub fn take<E>(
        &mut self,
        patience: Duration,
        mut each: impl FnMut(&Taken<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive, and there is room for as many messages as are asked for.
        let n = unsafe {
            raw::rd_kafka_consume_batch_queue(
                self.queue.as_ptr(),
                millis,
                self.messages.as_mut_ptr(),
                self.messages.len(),
            )
        };
        let n = usize::try_from(n).unwrap_or(0).min(self.messages.len());
        let mut done = Ok(n);
        for message in self.messages.iter().take(n).filter_map(|message| NonNull::new(*message)) {
            if done.is_ok()
                && let Err(error) = each(&taken(&message))
            {
                done = Err(error);
            }
            // SAFETY: the client gave us this message, and nobody holds anything of it any more.
            unsafe { raw::rd_kafka_message_destroy(message.as_ptr()) };
        }
        done
    }
}

/// What a message holds; it lives as long as the message is not destroyed.
fn taken(message: &NonNull<raw::rd_kafka_message_t>) -> Taken<'_> {
    // SAFETY: the message is one that the client gave and that is not destroyed yet; its pointers are as long as it says.
    unsafe {
        let it = message.as_ref();
        let name = if it.rkt.is_null() { c"".as_ptr() } else { raw::rd_kafka_topic_name(it.rkt) };
        let failed = it.err != raw::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        let has_body = !failed && !it.payload.is_null();
        let mut kind = raw::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        let millis = raw::rd_kafka_message_timestamp(message.as_ptr(), &raw mut kind);
        Taken {
            topic: CStr::from_ptr(name).to_str().unwrap_or(""),
            partition: it.partition,
            offset: it.offset,
            timestamp: match kind {
                raw::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => Timestamp::LogAppendTime(millis),
                raw::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => Timestamp::CreateTime(millis),
                raw::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => Timestamp::NotAvailable,
            },
            body: has_body.then(|| slice::from_raw_parts(it.payload.cast(), it.len)),
            error: failed.then(|| it.err.into()),
        }
    }
}

impl Drop for BatchConsumer {
    /// The queue goes before the client that it belongs to.
    fn drop(&mut self) {
        // SAFETY: it was made by this client, which is still alive, and is destroyed once.
        unsafe { raw::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

/// Whether the group knows this consumer. A broker takes offsets of one that names neither a generation nor itself from
/// anybody: such a one must never commit.
pub fn is_member(consumer: &BaseConsumer<Witness>) -> bool {
    // SAFETY: the client is alive; what it gives is ours until we destroy it, once.
    unsafe {
        let standing = raw::rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
        if standing.is_null() {
            return false;
        }
        let generation = raw::rd_kafka_consumer_group_metadata_generation_id(standing);
        let name = raw::rd_kafka_consumer_group_metadata_member_id(standing);
        let is_named = !name.is_null() && !CStr::from_ptr(name).is_empty();
        raw::rd_kafka_consumer_group_metadata_destroy(standing);
        generation >= 0 && is_named
    }
}
