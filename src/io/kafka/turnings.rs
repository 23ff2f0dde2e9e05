//! How often erasures turned each partition of facts and visits over, and up to where: counters in a compacted topic.
//!
//! Before a partition's first record is deleted, it stands there up to where records may be missing now; after the last,
//! that it is over. Nobody is named there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::follower::{Gap, Record};
use super::topics::ERASURES;
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::io::log::Stream;

/// How long the topic may take to give what is in it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What erasures did to one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Turned {
    /// How often it was begun.
    pub(super) begun: u64,
    /// How often it had ended, counted like the beginnings.
    pub(super) ended: u64,
    /// What lay before this offset was deleted, or is being deleted, and lies further on.
    pub(super) below: u64,
}

impl Turned {
    /// It begins again, for everything before this offset.
    pub(super) const fn begin(self, below: u64) -> Self {
        Self { begun: self.begun + 1, ended: self.ended, below }
    }

    /// It is over.
    pub(super) const fn end(self) -> Self {
        Self { ended: self.begun, ..self }
    }

    /// Whether one was begun and has not ended: it is still at work, or was killed.
    pub(super) const fn is_open(&self) -> bool {
        self.begun != self.ended
    }

    /// As a record of the topic.
    pub(super) fn written(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The key of a partition's record.
pub(super) fn key_of(stream: Stream, partition: i32) -> String {
    format!("{}/{partition}", stream.name())
}

/// A reader of the topic.
pub(super) struct Turnings {
    follower: Follower,
    by_key: BTreeMap<Vec<u8>, Turned>,
}

impl Turnings {
    /// Reads what stands there.
    pub(super) fn of(cluster: &Cluster, asker: &Arc<Asker>) -> Result<Self, KafkaTrouble> {
        let follower = Follower::of(cluster, asker, ERASURES, 0, 0, Gap::Passes)?;
        let mut turnings = Self { follower, by_key: BTreeMap::new() };
        turnings.catch_up()?;
        Ok(turnings)
    }

    /// What was done to a partition, as far as it was read.
    pub(super) fn of_partition(&self, stream: Stream, partition: i32) -> Turned {
        self.by_key.get(key_of(stream, partition).as_bytes()).copied().unwrap_or_default()
    }

    /// What was done to every partition that was ever turned over, by its key.
    pub(super) fn all(&self) -> impl Iterator<Item = (&[u8], Turned)> {
        self.by_key.iter().map(|(key, turned)| (key.as_slice(), *turned))
    }

    /// Reads what has come by now, and waits for nothing.
    pub(super) fn renew(&mut self) -> Result<(), KafkaTrouble> {
        let records = self.follower.take(usize::MAX, Duration::ZERO)?;
        records.into_iter().try_for_each(|record| learn(&mut self.by_key, record))
    }

    /// Reads everything that was committed before this call.
    pub(super) fn catch_up(&mut self) -> Result<(), KafkaTrouble> {
        let Self { follower, by_key } = self;
        let end = follower.end()?;
        follower.take_up_to(end, PATIENCE, |record| learn(by_key, record))
    }
}

fn learn(by_key: &mut BTreeMap<Vec<u8>, Turned>, record: Record) -> Result<(), KafkaTrouble> {
    let (Some(key), Some(body)) = (record.key, record.body) else { return Ok(()) };
    let damaged = |error: serde_json::Error| KafkaTrouble::Damaged {
        topic: ERASURES.to_owned(),
        partition: 0,
        offset: record.offset,
        why: error.to_string(),
    };
    by_key.insert(key, serde_json::from_slice(&body).map_err(damaged)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_killed_stays_open_until_the_next_has_ended() {
        let killed = Turned::default().begin(7);
        assert!(killed.is_open());
        let next = killed.begin(9);
        assert_eq!((next.begun, next.ended, next.below), (2, 0, 9));
        assert!(next.is_open() && !next.end().is_open());
        assert_eq!(serde_json::from_slice::<Turned>(&next.end().written()).unwrap(), next.end());
        assert_eq!(next.end().ended, 2);
    }
}
