//! Kafka as the log: reading workers in one consumer group, counting owners in another, one transaction per commit.
//!
//! Reading is at least once: facts are set elements, and its accounting is absolute and committed with the offsets.
//! Counting is exactly once: rows, revisions, the note of it and the offset are one transaction of the partition's owner.

mod trouble;
pub use trouble::KafkaTrouble;

pub mod cluster;
pub use cluster::Cluster;

pub mod topics;

mod witness;
pub use witness::Witness;

pub mod native;

mod member;

mod asker;
pub use asker::Asker;

mod reader;

mod sweep;

mod follower;
pub use follower::Follower;

mod sender;

mod audit;
pub use audit::AuditTopic;

pub mod holding;

mod key_chain;
pub use key_chain::KeysLeft;

mod account;

mod registry;

mod said;

mod turnings;

mod unread;
pub use unread::Unread;

mod told;
pub use told::{Labels, Told};

mod upload;
pub use upload::{Brought, append_baseline, ingest};

mod batch;

mod reading;
pub use reading::ReadingWorker;

mod progress;

mod transactions;
pub use transactions::Outcomes;

mod share;
pub use share::Share;

mod shortening;
pub use shortening::{Due, Shortening};

mod retained;
pub use retained::Retained;

mod onlooker;
pub use onlooker::Onlooker;

mod owner;
pub use owner::CountingWorker;

mod turning;
pub use turning::{Erased, Eraser};

mod held;
pub use held::Held;

mod checkup;
pub use checkup::{Found, look};
