//! Deletes what is due and counted from the begin of a partition. Time alone does that too late: a broker deletes whole
//! segments, each when its newest record is due, so that an old record stays for as long as younger ones lie beside it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::witness::Witness;
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::engine::WallTime;

/// How long the broker may take; counting waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the first record of a partition may take to come.
const FIRST: Duration = Duration::from_secs(2);
/// So many records of a partition are looked at in one turn.
const AT_ONCE: usize = 10_000;

/// What is due in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The topic.
    pub topic: &'static str,
    /// The partition.
    pub partition: i32,
    /// What was written before this is due.
    pub written_before: WallTime,
    /// The offset of the first record that is not counted: it and what follows stay, however old they are.
    pub counted_to: u64,
}

/// Somebody who may delete the oldest records of our topics.
pub struct Shortening {
    cluster: Cluster,
    admin: AdminClient<DefaultClientContext>,
    consumer: BaseConsumer<Witness>,
    asker: Arc<Asker>,
    runtime: tokio::runtime::Runtime,
}

impl Shortening {
    /// Reaches for the cluster.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("making a client that deletes", source);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Ok(Self {
            cluster: cluster.clone(),
            admin: cluster.client().create().map_err(trouble)?,
            consumer: cluster.consumer("counting").create_with_context(Witness::default()).map_err(trouble)?,
            asker: Arc::new(Asker::of(cluster)?),
            runtime: runtime.map_err(|error| KafkaTrouble::Topics(error.to_string()))?,
        })
    }

    /// Deletes what is due; says of how many records at most that was, by offsets.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer, or does not let us: what was not deleted is due the next time.
    pub fn shorten(&self, due: &[Due]) -> Result<u64, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("looking for records that are due", source);
        let mut times = TopicPartitionList::new();
        for one in due {
            let time = Offset::Offset(one.written_before.millis());
            times.add_partition_offset(one.topic, one.partition, time).map_err(trouble)?;
        }
        let firsts = self.consumer.offsets_for_times(times, PATIENCE).map_err(trouble)?;
        let (mut cuts, mut deleted) = (TopicPartitionList::new(), 0);
        for one in due {
            let Some(first) = firsts.find_partition(one.topic, one.partition) else { continue };
            first.error().map_err(trouble)?;
            let bounds = self.asker.bounds(one.topic, one.partition)?;
            let by_time = cut(first.offset(), one.counted_to, bounds);
            if let Some(cut) = self.behind_copies(one, by_time.unwrap_or(bounds.0), bounds)? {
                deleted += cut - bounds.0;
                let offset = Offset::Offset(i64::try_from(cut).unwrap_or(i64::MAX));
                cuts.add_partition_offset(one.topic, one.partition, offset).map_err(trouble)?;
            }
        }
        if cuts.count() > 0 {
            self.delete_before(&cuts)?;
        }
        Ok(deleted)
    }

    /// What an erasure wrote again carries the time of its first writing, which the cluster does not know: from where the
    /// cluster's time would cut, records are looked at until one is not due.
    fn behind_copies(&self, due: &Due, from: u64, (begin, end): (u64, u64)) -> Result<Option<u64>, KafkaTrouble> {
        let (mut cut, last) = (from, due.counted_to.min(end));
        if cut < last {
            let mut follower = Follower::once(&self.cluster, &self.asker, due.topic, due.partition, from)?;
            let looked_at = follower.take(AT_ONCE, FIRST)?;
            let is_due = |record: &&super::follower::Record| record.is_copy && record.at < due.written_before;
            if let Some(copy) = looked_at.iter().take_while(is_due).last() {
                cut = (copy.offset + 1).min(last);
            }
        }
        Ok(Some(cut).filter(|cut| *cut > begin))
    }

    /// Deletes everything before these offsets.
    fn delete_before(&self, cuts: &TopicPartitionList) -> Result<(), KafkaTrouble> {
        let trouble = |source| KafkaTrouble::passing("deleting records that are due", source);
        let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
        let done = self.runtime.block_on(self.admin.delete_records(cuts, &options)).map_err(trouble)?;
        done.elements().iter().try_for_each(|element| element.error().map_err(trouble))
    }
}

impl Drop for Shortening {
    fn drop(&mut self) {
        self.consumer.context().close();
    }
}

/// Before which offset everything goes: the first record that is not due, or not counted; none where nothing is to go.
/// Where every record is due, the client says that the first one comes at the end.
fn cut(first_kept: Offset, counted_to: u64, (begin, end): (u64, u64)) -> Option<u64> {
    let first_kept = match first_kept {
        Offset::Offset(offset) => u64::try_from(offset).ok()?,
        Offset::End => end,
        Offset::Beginning | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => return None,
    };
    Some(first_kept.min(counted_to).min(end)).filter(|cut| *cut > begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_goes_up_to_what_is_counted_and_no_further() {
        for (first_kept, counted_to, bounds, expected) in [
            (Offset::Offset(7), 100, (0, 10), Some(7)),
            (Offset::Offset(7), 5, (0, 10), Some(5)),
            (Offset::End, 100, (0, 10), Some(10)),
            (Offset::End, 8, (3, 10), Some(8)),
            (Offset::End, 3, (3, 10), None),
            (Offset::Offset(3), 10, (3, 10), None),
            (Offset::End, 0, (0, 10), None),
            (Offset::End, 10, (10, 10), None),
            (Offset::Invalid, 10, (0, 10), None),
        ] {
            assert_eq!(cut(first_kept, counted_to, bounds), expected, "{first_kept:?} {counted_to} {bounds:?}");
        }
    }
}
