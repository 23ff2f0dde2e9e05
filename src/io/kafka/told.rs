//! What was said, for whoever wants to see it: the newest rows, revisions in order, and records that were set aside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::Message;

use super::asker::Existing;
use super::follower::{Gap, Record};
use super::said;
use super::sweep::{Places, Sweep};
use super::topics::{LABELS, REVISIONS, ROWS, SET_ASIDE, Topics};
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::engine::WallTime;
use crate::io::log::Pointer;
use crate::wire::framed::{is_framed, value_of};

/// How long a topic may take to give what is in it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one look for a record takes where none is there.
const SLICE: Duration = Duration::from_millis(50);

/// A reader of what was said.
pub struct Told {
    cluster: Cluster,
    existing: Existing,
    revisions: Option<(Sweep, Asker)>,
}

impl Told {
    /// A reader of a cluster's topics.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        Ok(Self { cluster: cluster.clone(), existing: Asker::of(cluster)?.existing()?, revisions: None })
    }

    /// The newest revision of every row.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn newest_rows(&self) -> Result<Vec<Vec<u8>>, KafkaTrouble> {
        let partitions = Topics::partitions_of(&self.existing, ROWS)?;
        let rows = said::newest(&self.cluster, partitions, |_| true)?.into_values();
        Ok(rows.map(|body| value_of(&body).to_vec()).collect())
    }

    /// What is wrong with the format of the rows, if anything: one topic holds one format.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn mixture(&self, wants_framed: bool) -> Result<Option<KafkaTrouble>, KafkaTrouble> {
        let partitions = Topics::partitions_of(&self.existing, ROWS)?;
        let rows = said::newest(&self.cluster, partitions, |_| true)?;
        let other = rows.values().map(|body| is_framed(body)).find(|found| *found != wants_framed);
        Ok(other.map(|is_framed| KafkaTrouble::Mixed { topic: ROWS, is_framed }))
    }

    /// From here on, [`Self::next_revisions`] gives what is said after this moment; or everything that ever was.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn follow_revisions(&mut self, from_the_first: bool) -> Result<(), KafkaTrouble> {
        let partitions = Topics::partitions_of(&self.existing, REVISIONS)?;
        let asker = Asker::of(&self.cluster)?;
        let mut starts: Places =
            (0..i32::try_from(partitions.get()).unwrap_or(i32::MAX)).map(|partition| (partition, 0)).collect();
        if !from_the_first {
            starts.extend(asker.ends(REVISIONS, partitions)?);
        }
        self.revisions = Some((Sweep::of(&self.cluster, REVISIONS, starts)?, asker));
        Ok(())
    }

    /// Up to `limit` revisions after those that were given before; none where all were.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn next_revisions(&mut self, limit: usize) -> Result<Vec<Vec<u8>>, KafkaTrouble> {
        let Some((sweep, asker)) = &self.revisions else { return Ok(Vec::new()) };
        let partitions = Topics::partitions_of(&self.existing, REVISIONS)?;
        let mut bodies = Vec::new();
        while bodies.len() < limit {
            match sweep.next(SLICE)? {
                Some(message) => bodies.extend(message.payload().map(|body| value_of(body).to_vec())),
                None if !bodies.is_empty() || sweep.has_reached(&asker.ends(REVISIONS, partitions)?)? => break,
                None => {}
            }
        }
        Ok(bodies)
    }

    /// Records that were set aside, in the order in which they were, each once.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn set_aside(&self) -> Result<Vec<(WallTime, Pointer)>, KafkaTrouble> {
        let mut by_place = BTreeMap::new();
        for record in self.all_of(SET_ASIDE)? {
            if let Some(pointer) = record.body.as_deref().and_then(pointer) {
                by_place.entry(record.key).or_insert((record.offset, record.at, pointer));
            }
        }
        let mut pointers: Vec<(u64, WallTime, Pointer)> = by_place.into_values().collect();
        pointers.sort_by_key(|(offset, ..)| *offset);
        Ok(pointers.into_iter().map(|(_, at, pointer)| (at, pointer)).collect())
    }

    fn all_of(&self, topic: &'static str) -> Result<Vec<Record>, KafkaTrouble> {
        Topics::partitions_of(&self.existing, topic)?;
        let asker = Arc::new(Asker::of(&self.cluster)?);
        let mut follower = Follower::once(&self.cluster, &asker, topic, 0, 0)?;
        let (end, mut all) = (follower.end()?, Vec::new());
        follower.take_up_to(end, PATIENCE, |record| {
            all.push(record);
            Ok(())
        })?;
        Ok(all)
    }
}

fn pointer(body: &[u8]) -> Option<Pointer> {
    let read: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| read.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let number = |name: &str| read.get(name).and_then(serde_json::Value::as_u64);
    let topic = text("topic")?;
    Some(Pointer {
        source: topic.clone(),
        container: topic,
        partition: number("partition").and_then(|partition| u32::try_from(partition).ok()),
        position: number("offset")?,
        class: text("class")?,
        path: text("path"),
    })
}

/// What stand-ins of unlisted action maps stand for, as far as it was read.
#[derive(Debug)]
pub struct Labels {
    follower: Follower,
    texts: BTreeMap<String, String>,
}

impl Labels {
    /// Nothing is read yet.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        Ok(Self { follower: Follower::of(cluster, &asker, LABELS, 0, 0, Gap::Passes)?, texts: BTreeMap::new() })
    }

    /// By stand-in.
    pub const fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// Reads what has come by now, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read.
    pub fn renew(&mut self) -> Result<(), KafkaTrouble> {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        for record in self.follower.take(usize::MAX, Duration::ZERO)? {
            self.texts.insert(text(record.key), text(record.body));
        }
        Ok(())
    }
}
