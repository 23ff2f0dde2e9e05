//! What can go wrong with Kafka, what becomes of it, and what the operator can do.

use std::io;
use std::path::PathBuf;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::audit::Wrong;
use crate::io::log::{Fate, LogError};
use crate::io::master::MasterError;

/// Why Kafka did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum KafkaTrouble {
    /// The configuration asks for the other log.
    #[error("[log] kind = \"embedded\" has no topics; set kind = \"kafka\"")]
    NotKafka,
    /// A secret cannot be read.
    #[error("the file {file} of [log.kafka] client setting {setting} cannot be read: {source}")]
    Secret {
        /// The setting.
        setting: String,
        /// Its file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No key file is configured.
    #[error(
        "[keys] key_file is missing: workers on Kafka share one master key of 64 hex digits; `openssl rand -hex 32` \
         makes one, before the first start"
    )]
    NoKeyFile,
    /// There is no usable master key.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The keys in the topic were made with another master.
    #[error(
        "the master key {file} is not the one that the keys in {topic} were made with: put the right key back; \
         docs/operating.md says how to go on without it"
    )]
    MasterOther {
        /// The key file.
        file: PathBuf,
        /// The topic of the keys.
        topic: &'static str,
    },
    /// The audit does not go on with this key, or was changed.
    #[error(
        "the audit in {topic} cannot go on: {why}; nothing was done: put back the right [keys] audit_key_file (without one \
         the master key signs)"
    )]
    AuditBroken {
        /// The topic of the audit.
        topic: &'static str,
        /// Why.
        why: Wrong,
    },
    /// A key in the topic does not open.
    #[error("the keys of epoch {epoch} in {topic} do not open with the master key: somebody changed them")]
    KeyDamaged {
        /// The epoch's number.
        epoch: i32,
        /// The topic of the keys.
        topic: &'static str,
    },
    /// A topic of ours is not as it must be.
    #[error("{0}")]
    Topics(String),
    /// What was not counted yet is not there any more.
    #[error(
        "partition {partition} of {topic} no longer holds the records after offset {offset}, and nobody has read them: \
         find out who deleted them; to go on without them, move the offsets of the consumer group {group} to the \
         earliest that are there"
    )]
    OffsetsLost {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where the reading stands.
        offset: u64,
        /// Whose offset it is.
        group: String,
    },
    /// The facts are spread over another number of partitions than when they were counted.
    #[error(
        "{topic} had {before} partitions when it was counted, and now has {now}: organizations would change their \
         owners in the middle; give it {before} partitions again, or start with new topics"
    )]
    Repartitioned {
        /// The topic.
        topic: &'static str,
        /// Partitions then.
        before: i32,
        /// Partitions now.
        now: i32,
    },
    /// This worker does not own the partition any more.
    #[error("partition {partition} belongs to another worker now, or to none yet; nothing was committed")]
    NotOwner {
        /// The partition of the facts.
        partition: i32,
    },
    /// A record of ours is damaged.
    #[error("the record at offset {offset} of partition {partition} of {topic} cannot be read: {why}")]
    Damaged {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: u64,
        /// Why.
        why: String,
    },
    /// The cluster cannot be reached.
    #[error("Kafka at {servers} does not answer: {reason}")]
    Unreachable {
        /// Who was asked.
        servers: String,
        /// What the client says.
        reason: String,
    },
    /// The schema registry gives no number.
    #[error("the schema registry at {url} cannot be used: {why}; mend it, or remove [schema_registry] url")]
    Registry {
        /// Its address.
        url: String,
        /// Why.
        why: String,
    },
    /// A topic would hold two formats.
    #[error(
        "{topic} holds values {}, and the configuration asks for the other: a topic holds one format only; {} \
         [schema_registry] url, or begin with new topics",
        if *.is_framed { "in the registry's wire format" } else { "as plain protobuf" },
        if *.is_framed { "set" } else { "remove" }
    )]
    Mixed {
        /// The topic.
        topic: &'static str,
        /// Whether what is there is in the registry's format.
        is_framed: bool,
    },
    /// A second erasure took over.
    #[error(
        "another `erase` began while this one was at work, and only one can be; nothing was lost: wait until the other \
         has ended"
    )]
    Overtaken,
    /// Kafka did not answer in time.
    #[error("Kafka did not answer in time while {doing}; nothing is lost")]
    Slow {
        /// What it was asked.
        doing: &'static str,
        /// What becomes of the work.
        fate: Fate,
    },
    /// Anything else that the client says.
    #[error("Kafka, while {doing}: {source}")]
    Client {
        /// What it was asked.
        doing: &'static str,
        /// What becomes of the work.
        fate: Fate,
        /// What the client says.
        source: KafkaError,
    },
}

impl KafkaTrouble {
    /// Trouble that passes: the same call may succeed later.
    pub fn passing(doing: &'static str, source: KafkaError) -> Self {
        Self::Client { doing, fate: Fate::Retry, source }
    }

    /// Trouble that does not pass by itself.
    pub fn lasting(doing: &'static str, source: KafkaError) -> Self {
        Self::Client { doing, fate: Fate::Halt, source }
    }

    /// Whether a record is larger than the client or the broker takes.
    pub fn is_too_large(&self) -> bool {
        let Self::Client { source, .. } = self else { return false };
        source.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
    }

    /// Whether another producer of the same name took over.
    pub fn is_overtaken(&self) -> bool {
        let Self::Client { source, .. } = self else { return false };
        let codes =
            [RDKafkaErrorCode::Fenced, RDKafkaErrorCode::ProducerFenced, RDKafkaErrorCode::InvalidProducerEpoch];
        source.rdkafka_error_code().is_some_and(|code| codes.contains(&code))
    }

    /// Whether another producer of the same name took over, or is about to.
    pub fn is_fenced(&self) -> bool {
        let Self::Client { source, .. } = self else { return false };
        self.is_overtaken() || source.rdkafka_error_code() == Some(RDKafkaErrorCode::ConcurrentTransactions)
    }

    /// What becomes of the work.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::NotOwner { .. } => Fate::Lost,
            Self::Unreachable { .. } => Fate::Retry,
            Self::Client { fate, .. } | Self::Slow { fate, .. } => *fate,
            Self::NotKafka
            | Self::Secret { .. }
            | Self::NoKeyFile
            | Self::Master(_)
            | Self::MasterOther { .. }
            | Self::AuditBroken { .. }
            | Self::KeyDamaged { .. }
            | Self::Topics(_)
            | Self::OffsetsLost { .. }
            | Self::Repartitioned { .. }
            | Self::Registry { .. }
            | Self::Mixed { .. }
            | Self::Overtaken
            | Self::Damaged { .. } => Fate::Halt,
        }
    }
}

impl From<KafkaTrouble> for LogError {
    fn from(trouble: KafkaTrouble) -> Self {
        Self::new(trouble.fate(), trouble)
    }
}
