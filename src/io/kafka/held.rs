//! What is held in facts and visits on a cluster, for whoever looks at all of it without counting.

use std::sync::Arc;
use std::time::Duration;

use super::follower::Record;
use super::key_chain::KeyChain;
use super::topics::{FACTS, Topics, VISITS};
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::engine::names::Epoch;
use crate::io::log::{EpochKeys, Stored, Stream};
use crate::settings::Settings;

/// How long a partition may take to give what is in it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reader of everything that is held.
pub struct Held {
    cluster: Cluster,
    asker: Arc<Asker>,
    keys: KeyChain,
}

impl Held {
    /// A reader of a cluster's topics.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer, or the master key cannot be used.
    pub fn of(settings: &Settings, cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        let keys = KeyChain::open(cluster, &asker, settings)?;
        Ok(Self { cluster: cluster.clone(), asker, keys })
    }

    /// All keys that are still there: what they do not name has no name any more.
    ///
    /// # Errors
    ///
    /// Where the topic of keys cannot be read, or a key does not open.
    pub fn keys(&mut self) -> Result<Vec<(Epoch, EpochKeys)>, KafkaTrouble> {
        self.keys.all()
    }

    /// Every record of facts and of visits that is there now.
    ///
    /// # Errors
    ///
    /// Where a topic cannot be read.
    pub fn each(&self, mut each: impl FnMut(Stream, &Stored)) -> Result<(), KafkaTrouble> {
        let existing = self.asker.existing()?;
        for (stream, topic) in [(Stream::Facts, FACTS), (Stream::Visits, VISITS)] {
            let partitions = Topics::partitions_of(&existing, topic)?;
            for partition in 0..i32::try_from(partitions.get()).unwrap_or(i32::MAX) {
                let end = self.asker.end(topic, partition)?;
                let mut follower = Follower::once(&self.cluster, &self.asker, topic, partition, 0)?;
                follower.take_up_to(end, PATIENCE, |record| {
                    let Record { offset, at, way, is_copy, body, .. } = record;
                    let body = body.unwrap_or_default();
                    each(stream, &Stored { seq: offset + 1, appended_at: at, way, is_copy, body });
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}
