//! What rests in the topics: how each is set, how old its oldest records are, and which keys should be gone; looks alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::key_chain::{self, KeysLeft};
use super::topics::{KEYS, Topics};
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::engine::{Span, WallTime};
use crate::io::clock::Watch;
use crate::settings::retention::TopicSeen;

/// How long the first record of a partition may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one look for it takes.
const SLICE: Duration = Duration::from_millis(20);

/// A look at what rests in a cluster.
pub struct Retained {
    cluster: Cluster,
    asker: Arc<Asker>,
    topics: Topics,
    existing: BTreeMap<String, i32>,
}

impl Retained {
    /// Reaches for the cluster.
    ///
    /// # Errors
    ///
    /// Where it does not answer.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let (asker, topics) = (Arc::new(Asker::of(cluster)?), Topics::of(cluster)?);
        let existing = asker.existing()?;
        Ok(Self { cluster: cluster.clone(), asker, topics, existing })
    }

    /// How a topic is set, and when the oldest record of each of its partitions was written; none where it is not there.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn topic(&self, name: &str) -> Result<Option<TopicSeen>, KafkaTrouble> {
        let Some(partitions) = self.existing.get(name) else { return Ok(None) };
        let mut oldest = BTreeMap::new();
        for partition in 0..*partitions {
            if let Some(at) = self.oldest_of(name, partition)? {
                oldest.insert(partition, at);
            }
        }
        Ok(Some(TopicSeen { settings: self.topics.settings_of(name)?, oldest }))
    }

    fn oldest_of(&self, topic: &str, partition: i32) -> Result<Option<WallTime>, KafkaTrouble> {
        let (first, end) = self.asker.bounds(topic, partition)?;
        if first >= end {
            return Ok(None);
        }
        let mut follower = Follower::once(&self.cluster, &self.asker, topic, partition, 0)?;
        let waiting = Watch::start();
        loop {
            if let Some(record) = follower.take(1, SLICE)?.first() {
                return Ok(Some(record.at));
            }
            // Marks of transactions may be all that is left.
            if follower.has_reached(end)? || waiting.elapsed() > PATIENCE {
                return Ok(None);
            }
        }
    }

    /// Keys that lie in their topic and should not: past their time for so long, or destroyed longer ago than this.
    ///
    /// # Errors
    ///
    /// Where the topic of keys cannot be read.
    pub fn keys_left(&self, now: WallTime, kept: Span, compacted_within: Span) -> Result<KeysLeft, KafkaTrouble> {
        if !self.existing.contains_key(KEYS) {
            return Ok(KeysLeft::default());
        }
        key_chain::left_in(&self.cluster, &self.asker, now, kept, compacted_within)
    }
}
