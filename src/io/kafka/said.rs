//! What was said: rows and revisions as records, and how the newest of them are read back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::{Offset, TopicPartitionList};

use super::sender::Outgoing;
use super::topics::{REVISIONS, ROWS};
use super::witness::Witness;
use super::{Asker, Cluster, KafkaTrouble};
use crate::io::clock::Watch;
use crate::io::log::{Fate, SaidRow};
use crate::wire::framed::framed;
use crate::wire::partition_of;

/// How long a topic may take to give what is in it: as long as a transaction may hide what comes after it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one look for a record takes where none is there.
const SLICE: Duration = Duration::from_millis(10);

/// The topics that hold what is said.
pub(super) const TOPICS: [&str; 2] = [ROWS, REVISIONS];

/// In which format what is said is written: plain, or under the numbers of its schema in the two topics.
pub(super) type Format = Option<[u32; 2]>;

/// The values of a row for the two topics.
pub(super) fn values(row: &SaidRow, format: Format) -> [Cow<'_, [u8]>; 2] {
    match format {
        None => [Cow::Borrowed(&row.body), Cow::Borrowed(&row.body)],
        Some(schemas) => schemas.map(|schema| Cow::Owned(framed(schema, &row.body))),
    }
}

/// A row as two records: the newest of its key, and one more of all revisions.
pub(super) fn records<'a>(
    row: &'a SaidRow,
    values: &'a [Cow<'a, [u8]>; 2],
    partitions: NonZeroU32,
) -> [Outgoing<'a>; 2] {
    let partition = i32::try_from(partition_of(&row.planning_group, partitions)).ok();
    let [newest, revision] = values;
    [(ROWS, newest), (REVISIONS, revision)].map(|(topic, value)| Outgoing {
        topic,
        partition,
        key: row.key.as_bytes(),
        body: Some(value),
        headers: Some(headers(row)),
    })
}

/// What says of a record what it is, in CloudEvents' binary mode.
fn headers(row: &SaidRow) -> OwnedHeaders {
    let id = format!("{}@{}", row.key, row.revision);
    let header = |headers: OwnedHeaders, (key, value): (&str, &str)| headers.insert(Header { key, value: Some(value) });
    [
        ("content-type", "application/protobuf"),
        ("ce_specversion", "1.0"),
        ("ce_id", id.as_str()),
        ("ce_source", "/journeycast"),
        ("ce_type", "journeycast.v1.VolumeAdjustment"),
    ]
    .into_iter()
    .fold(OwnedHeaders::new(), header)
}

/// The newest committed revision of every key that is wanted, of all partitions, by key. What was committed before this
/// was asked is among them, also where a transaction that is still open hides it for a while.
pub fn newest(
    cluster: &Cluster,
    partitions: NonZeroU32,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, KafkaTrouble> {
    let ends = uncommitted_ends(cluster, partitions)?;
    let trouble = |source| KafkaTrouble::passing("reading the newest rows", source);
    let mut config = cluster.consumer("counting");
    config.set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
    let mut all = TopicPartitionList::new();
    for partition in ends.keys() {
        all.add_partition_offset(ROWS, *partition, Offset::Beginning).map_err(trouble)?;
    }
    consumer.assign(&all).map_err(trouble)?;
    let (mut rows, mut idle) = (BTreeMap::new(), Watch::start());
    loop {
        match consumer.poll(SLICE) {
            Some(Ok(message)) => {
                idle = Watch::start();
                if let (Some(key), Some(body)) = (message.key(), message.payload())
                    && wanted(key)
                {
                    rows.insert(key.to_vec(), body.to_vec());
                }
            }
            // Nothing more, or a broker that is away: how far it came tells.
            None | Some(Err(_)) => {
                let position = consumer.position().map_err(trouble)?;
                if ends.iter().all(|(partition, end)| has_reached(&position, *partition, *end)) {
                    consumer.context().close();
                    return Ok(rows);
                }
                if idle.elapsed() > PATIENCE {
                    return Err(KafkaTrouble::Slow { doing: "reading the newest rows", fate: Fate::Retry });
                }
            }
        }
    }
}

/// A partition without a position was never read of; that is right where nothing is in it.
fn has_reached(position: &TopicPartitionList, partition: i32, end: i64) -> bool {
    match position.find_partition(ROWS, partition).map(|found| found.offset()) {
        Some(Offset::Offset(position)) => position >= end,
        Some(Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_)) | None => {
            false
        }
    }
}

/// Where the partitions end, with what is not committed yet; those that are empty are left out.
fn uncommitted_ends(cluster: &Cluster, partitions: NonZeroU32) -> Result<BTreeMap<i32, i64>, KafkaTrouble> {
    let asker = Asker::of_everything(cluster)?;
    let mut ends = BTreeMap::new();
    for partition in 0..i32::try_from(partitions.get()).unwrap_or(i32::MAX) {
        let (earliest, end) = asker.bounds(ROWS, partition)?;
        if earliest < end {
            ends.insert(partition, i64::try_from(end).unwrap_or(i64::MAX));
        }
    }
    Ok(ends)
}
