//! Stories on a real Apache Kafka, never on an imitation of it.

mod auditing;
mod broker;
mod cluster;
mod erasing;
mod keys;
mod load;
mod registry;
mod regulated;
mod retention;
#[cfg(feature = "tls")]
mod secure;
mod stories;
mod storm;
