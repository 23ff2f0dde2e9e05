//! Stories on a real Apache Kafka, never on an imitation of it.

mod broker;
mod cluster;
mod stories;
mod storm;
