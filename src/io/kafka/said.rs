//! What was said: rows and revisions as records, and how the newest of them are read back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use rdkafka::message::{Header, Message, OwnedHeaders};

use super::sender::Outgoing;
use super::sweep::Sweep;
use super::topics::{REVISIONS, ROWS};
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
    let ends = Asker::of_everything(cluster)?.ends(ROWS, partitions)?;
    let sweep = Sweep::once(cluster, ROWS, ends.keys().map(|partition| (*partition, 0)).collect())?;
    let (mut rows, mut idle) = (BTreeMap::new(), Watch::start());
    loop {
        if let Some(message) = sweep.next(SLICE)? {
            idle = Watch::start();
            if let (Some(key), Some(body)) = (message.key(), message.payload())
                && wanted(key)
            {
                rows.insert(key.to_vec(), body.to_vec());
            }
        } else if sweep.has_reached(&ends)? {
            return Ok(rows);
        } else if idle.elapsed() > PATIENCE {
            return Err(KafkaTrouble::Slow { doing: "reading the newest rows", fate: Fate::Retry });
        }
    }
}
