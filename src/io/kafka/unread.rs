//! What lies in the input topics and was not read yet: whoever erases waits for it, since it would bring back what is erased.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::witness::{Partition, Witness, listed};
use super::{Asker, Cluster, KafkaTrouble};
use crate::io::clock::Watch;
use crate::settings::Settings;

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a look rests before the next.
const REST: Duration = Duration::from_millis(200);
/// How long one look for a record takes.
const SLICE: Duration = Duration::from_millis(50);

/// How many records of each input topic were not read, of those that were there when this was first asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// By topic; topics that were read are left out.
    pub by_topic: BTreeMap<String, u64>,
}

/// The next offset to be read, and the end.
type Left = BTreeMap<Partition, (u64, u64)>;

impl Unread {
    /// Waits at most so long until everything that lies in the input topics now is read; not at all where nobody reads.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn wait(settings: &Settings, cluster: &Cluster, patience: Duration) -> Result<Self, KafkaTrouble> {
        let trouble = |source| KafkaTrouble::lasting("making a consumer", source);
        let group: BaseConsumer<Witness> =
            cluster.consumer("reading").create_with_context(Witness::default()).map_err(trouble)?;
        let (waiting, mut left) = (Watch::start(), everything(settings, cluster)?);
        let mut is_first = true;
        loop {
            left = not_passed(&group, cluster, left)?;
            let is_over = waiting.elapsed() >= patience || !left.is_empty() && nobody_reads(&group, cluster);
            if is_first || is_over {
                left = with_records(cluster, left)?;
            }
            if left.is_empty() || is_over {
                let mut unread = Self::default();
                for ((topic, _), (next, end)) in left {
                    *unread.by_topic.entry(topic).or_default() += end.saturating_sub(next);
                }
                return Ok(unread);
            }
            is_first = false;
            std::thread::sleep(REST);
        }
    }
}

fn everything(settings: &Settings, cluster: &Cluster) -> Result<Left, KafkaTrouble> {
    let asker = Asker::of(cluster)?;
    let existing = asker.existing()?;
    let mut left = Left::new();
    for source in &settings.sources {
        for partition in 0..existing.get(&*source.topic).copied().unwrap_or(0) {
            let bounds = asker.bounds(&source.topic, partition)?;
            left.insert((source.topic.to_string(), partition), bounds);
        }
    }
    left.retain(|_, (earliest, end)| earliest < end);
    Ok(left)
}

/// What the group has not committed yet.
fn not_passed(group: &BaseConsumer<Witness>, cluster: &Cluster, left: Left) -> Result<Left, KafkaTrouble> {
    let trouble = |source| KafkaTrouble::passing("asking how far was read", source);
    if left.is_empty() {
        return Ok(left);
    }
    let list = listed(left.keys(), Offset::Invalid);
    let committed = group.committed_offsets(list, PATIENCE).map_err(trouble)?;
    let mut not_passed = Left::new();
    for ((topic, partition), (next, end)) in left {
        let Some(element) = committed.find_partition(&topic, partition) else { continue };
        element.error().map_err(trouble)?;
        let next = match element.offset() {
            Offset::Offset(offset) => next.max(u64::try_from(offset).unwrap_or(0)),
            // Whoever reads this for the first time begins at the end, and reads nothing of it.
            Offset::Invalid if cluster.starts_at_the_end() => end,
            Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => next,
        };
        if next < end {
            not_passed.insert((topic, partition), (next, end));
        }
    }
    Ok(not_passed)
}

/// A group whose members cannot be asked for may have some.
fn nobody_reads(group: &BaseConsumer<Witness>, cluster: &Cluster) -> bool {
    let name = cluster.group("reading");
    group.fetch_group_list(Some(&name), PATIENCE).is_ok_and(|list| {
        list.groups().iter().filter(|found| found.name() == name).all(|found| found.members().is_empty())
    })
}

/// Only those that hold a record: marks of transactions take offsets as well.
fn with_records(cluster: &Cluster, left: Left) -> Result<Left, KafkaTrouble> {
    let mut with_records = Left::new();
    for ((topic, partition), (next, end)) in left {
        if holds_a_record(cluster, &topic, partition, (next, end))? {
            with_records.insert((topic, partition), (next, end));
        }
    }
    Ok(with_records)
}

fn holds_a_record(cluster: &Cluster, topic: &str, partition: i32, of: (u64, u64)) -> Result<bool, KafkaTrouble> {
    let trouble = |source| KafkaTrouble::lasting("looking for records that were not read", source);
    let [next, end] = [of.0, of.1].map(|offset| i64::try_from(offset).unwrap_or(i64::MAX));
    let mut config = cluster.consumer("reading");
    config.set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, partition, Offset::Offset(next)).map_err(trouble)?;
    consumer.assign(&from).map_err(trouble)?;
    let waiting = Watch::start();
    while waiting.elapsed() < PATIENCE {
        if let Some(Ok(message)) = consumer.poll(SLICE) {
            return Ok(message.offset() < end);
        }
        let position = consumer.position().map_err(trouble)?;
        let position = position.find_partition(topic, partition).map(|found| found.offset());
        if matches!(position, Some(Offset::Offset(position)) if position >= end) {
            return Ok(false);
        }
    }
    Ok(true)
}
