//! Somebody who counts what the owner of a partition counted, beside it, and commits nothing.

use std::sync::Arc;
use std::time::Duration;

use super::follower::Gap;
use super::share::last_progress;
use super::topics::{FACTS, Topics};
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::engine::{EventTime, WallTime};
use crate::io::clock::Watch;
use crate::io::log::{Commit, Fate, Log, LogError, Positions, Stored, Stream};
use crate::settings::Settings;
use crate::wire::partition_of;

/// How long a record that must be there may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one look for records takes.
const SLICE: Duration = Duration::from_millis(20);

/// A view of one partition up to what was committed: facts alone, which is what nobody else tells. It is no member of any
/// group, so nobody's partitions move because of it.
pub struct Onlooker {
    cluster: Cluster,
    asker: Arc<Asker>,
    partition: i32,
    follower: Follower,
    counted: u64,
}

/// An onlooker and the organizations whose facts are in its partition.
type Onlooking = (Onlooker, Vec<Arc<str>>);

impl Onlooker {
    /// One for every partition that somebody's facts are in, each with its organizations.
    ///
    /// # Errors
    ///
    /// Where the topics are not there, or no client can be made.
    pub fn all(settings: &Settings, cluster: &Cluster) -> Result<Vec<Onlooking>, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        let partitions = Topics::partitions_of(&asker.existing()?, FACTS)?;
        let mut all: Vec<Onlooking> = Vec::new();
        for id in settings.organizations() {
            let partition = i32::try_from(partition_of(&id, partitions)).unwrap_or(0);
            match all.iter_mut().find(|(onlooker, _)| onlooker.partition == partition) {
                Some((_, organizations)) => organizations.push(id),
                None => {
                    let follower = Follower::of(cluster, &asker, FACTS, partition, 0, Gap::Passes)?;
                    let (cluster, asker) = (cluster.clone(), Arc::clone(&asker));
                    all.push((Self { cluster, asker, partition, follower, counted: 0 }, vec![id]));
                }
            }
        }
        Ok(all)
    }

    fn take(&mut self, limit: usize) -> Result<Vec<Stored>, KafkaTrouble> {
        let waiting = Watch::start();
        while !self.follower.has_reached(self.counted)? {
            let taken = self.follower.take(limit, SLICE)?;
            if !taken.is_empty() {
                return Ok(taken.into_iter().map(super::share::stored).collect());
            }
            if waiting.elapsed() > PATIENCE {
                return Err(KafkaTrouble::Slow { doing: "reading what was counted", fate: Fate::Retry });
            }
        }
        Ok(Vec::new())
    }
}

impl Log for Onlooker {
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError> {
        let Some(progress) = last_progress(&self.cluster, &self.asker, self.partition, &self.asker)? else {
            return Ok((Positions::default(), Vec::new()));
        };
        self.counted = progress.positions.facts;
        Ok((progress.positions, progress.note))
    }

    fn ends(&mut self) -> Result<Positions, LogError> {
        Ok(Positions { facts: self.counted, ..Positions::default() })
    }

    fn read(&mut self, stream: Stream, _: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        match stream {
            Stream::Facts => Ok(self.take(limit)?),
            Stream::Visits | Stream::Baseline => Ok(Vec::new()),
        }
    }

    fn at_once(&self, _: Stream) -> usize {
        256
    }

    fn newest_rows(&mut self, _: EventTime) -> Result<Vec<Vec<u8>>, LogError> {
        Ok(Vec::new())
    }

    fn commit(&mut self, _: WallTime, _: &Commit<'_>) -> Result<(), LogError> {
        Err(LogError::new(Fate::Halt, "an onlooker commits nothing"))
    }
}
