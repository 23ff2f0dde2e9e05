//! Stories on a real Apache Kafka, never on an imitation of it.

mod broker;
mod cluster;
mod load;
mod registry;
#[cfg(feature = "tls")]
mod secure;
mod stories;
mod storm;
