//! One partition of the facts, as its owner counts it: three streams to read, and a transaction per commit.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::{Offset, TopicPartitionList};

use super::follower::{Gap, Record};
use super::member::Member;
use super::progress::Progress;
use super::sender::Outgoing;
use super::topics::{BASELINE, FACTS, PROGRESS, ROWS, VISITS};
use super::transactions::Transactions;
use super::turnings::Turnings;
use super::{Asker, Cluster, Follower, KafkaTrouble, said};
use crate::engine::{EventTime, WallTime};
use crate::io::clock::Watch;
use crate::io::log::{Commit, Erasures, Fate, Log, LogError, Positions, Stored, Stream};
use crate::wire::framed::{is_framed, value_of};
use crate::wire::{adjustment, key};

/// How long a record that must be there may take to come; a transaction that is still open may hide it for a while.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one look for records takes where they must come.
const SLICE: Duration = Duration::from_millis(20);
/// The one partition of topics that are not divided.
const ONLY: i32 = 0;

/// What all shares of a worker commit with.
pub(super) struct Hands {
    pub(super) member: Member,
    pub(super) transactions: Transactions,
    /// What erasures did to the partitions.
    pub(super) turnings: Turnings,
    /// Who we are to the group, as of its last change; a copy of an older one commits nothing.
    pub(super) standing: Option<ConsumerGroupMetadata>,
    /// The partitions that the group gave us, and did not take back.
    pub(super) owned: BTreeSet<i32>,
    /// Partitions of the facts.
    pub(super) partitions: NonZeroU32,
    /// Partitions of the rows.
    pub(super) row_partitions: NonZeroU32,
    /// The format of the rows.
    pub(super) format: said::Format,
}

/// One partition of the facts, and the organizations in it.
pub struct Share {
    cluster: Cluster,
    asker: Arc<Asker>,
    hands: Rc<RefCell<Hands>>,
    partition: i32,
    /// How the keys of its rows begin.
    prefixes: Vec<Vec<u8>>,
    followers: [Follower; 3],
    /// Up to here, records are there and must come.
    floor: Positions,
    number: u64,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({} of {FACTS})", self.partition)
    }
}

impl Share {
    pub(super) fn of(
        cluster: &Cluster,
        asker: &Arc<Asker>,
        hands: Rc<RefCell<Hands>>,
        partition: i32,
        organizations: &[Arc<str>],
    ) -> Result<Self, KafkaTrouble> {
        let prefix = |id: &Arc<str>| {
            let mut prefix = "v1/".to_owned();
            key::push_encoded(&mut prefix, id);
            prefix.push('/');
            prefix.into_bytes()
        };
        hands.borrow_mut().turnings.catch_up()?;
        let followers = [
            follower(cluster, asker, Stream::Facts, partition, 0)?,
            follower(cluster, asker, Stream::Visits, partition, 0)?,
            follower(cluster, asker, Stream::Baseline, partition, 0)?,
        ];
        Ok(Self {
            cluster: cluster.clone(),
            asker: Arc::clone(asker),
            hands,
            partition,
            prefixes: organizations.iter().map(prefix).collect(),
            followers,
            floor: Positions { baseline: asker.end(BASELINE, ONLY)?, ..Positions::default() },
            number: 0,
        })
    }

    /// The record of the last commit. The group's offset names it, but groups forget: after a week without members, or
    /// because somebody moved the offset.
    fn last_progress(&self) -> Result<Option<Progress>, KafkaTrouble> {
        last_progress(&self.cluster, &self.asker, self.partition, &Asker::of_everything(&self.cluster)?)
    }

    /// The record of the commit of this number; it is there, though a transaction of another owner may hide it for now.
    fn progress(&self, number: u64) -> Result<Progress, KafkaTrouble> {
        let mut follower = Follower::once(&self.cluster, &self.asker, PROGRESS, self.partition, 0)?;
        let waiting = Watch::start();
        while waiting.elapsed() < PATIENCE {
            for record in follower.take(usize::MAX, SLICE)? {
                if let Some(progress) =
                    progress_of(&record, self.partition)?.filter(|progress| progress.number == number)
                {
                    return Ok(progress);
                }
            }
        }
        Err(KafkaTrouble::Slow { doing: "reading how far was counted", fate: Fate::Retry })
    }

    fn find_committed(&mut self) -> Result<(Positions, Vec<u8>), KafkaTrouble> {
        let committed = {
            let mut hands = self.hands.borrow_mut();
            hands.transactions.decide()?;
            hands.member.committed(&[(FACTS.to_owned(), self.partition)])?
        };
        let number = committed.first().and_then(|committed| Progress::number_of(&committed.metadata));
        let progress = match number {
            Some(number) => Some(self.progress(number)?),
            None => self.last_progress()?,
        };
        let Some(progress) = progress else { return Ok((Positions::default(), Vec::new())) };
        let now = self.hands.borrow().partitions.get();
        if progress.partitions != u64::from(now) {
            let before = i32::try_from(progress.partitions).unwrap_or(i32::MAX);
            let now = i32::try_from(now).unwrap_or(i32::MAX);
            return Err(KafkaTrouble::Repartitioned { topic: FACTS, before, now });
        }
        self.number = progress.number;
        self.floor = Positions { baseline: self.floor.baseline.max(progress.positions.baseline), ..progress.positions };
        Ok((progress.positions, progress.note))
    }

    /// Moves a follower where it is not there already.
    fn go_to(&mut self, stream: Stream, after: u64) -> Result<(), KafkaTrouble> {
        let moved = match self.followers.get(stream as usize) {
            Some(there) if there.next() != after => {
                follower(&self.cluster, &self.asker, stream, self.partition, after)?
            }
            Some(_) | None => return Ok(()),
        };
        if let Some(place) = self.followers.get_mut(stream as usize) {
            *place = moved;
        }
        Ok(())
    }

    /// What is there. Facts that go while they are read back were due and counted: whoever reads them starts again, from
    /// the first that are left.
    fn take(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Record>, KafkaTrouble> {
        match self.take_in_order(stream, after, limit) {
            Err(lost @ KafkaTrouble::OffsetsLost { .. }) if stream == Stream::Facts => {
                let (earliest, _) = self.asker.bounds(FACTS, self.partition)?;
                let was_counted = earliest <= self.floor.facts;
                let doing = "reading back facts, of which the oldest were deleted meanwhile";
                Err(if was_counted { KafkaTrouble::Slow { doing, fate: Fate::Retry } } else { lost })
            }
            taken => taken,
        }
    }

    /// What is there; where something must be there, it is waited for.
    fn take_in_order(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Record>, KafkaTrouble> {
        self.go_to(stream, after)?;
        let floor = self.floor.of(stream);
        let mut taken = self.look(stream, limit, Duration::ZERO)?;
        let mut waiting = Watch::start();
        // A whole baseline that was uploaded before is known before anything is counted; of the other streams a first
        // part is enough.
        let is_enough =
            |taken: &[Record]| if stream == Stream::Baseline { taken.len() >= limit } else { !taken.is_empty() };
        while !is_enough(&taken) && !self.has_reached(stream, floor)? {
            let more = self.look(stream, limit - taken.len(), SLICE)?;
            if !more.is_empty() {
                waiting = Watch::start();
            } else if waiting.elapsed() > PATIENCE {
                return Err(KafkaTrouble::Slow { doing: "reading back what was counted", fate: Fate::Retry });
            }
            taken.extend(more);
        }
        Ok(taken)
    }

    /// One look for records. What an erasure deleted lies further on: over such a gap it goes on.
    fn look(&mut self, stream: Stream, limit: usize, patience: Duration) -> Result<Vec<Record>, KafkaTrouble> {
        let Some(follower) = self.followers.get_mut(stream as usize) else { return Ok(Vec::new()) };
        match follower.take(limit, patience) {
            Err(KafkaTrouble::OffsetsLost { topic, partition, offset, group }) => {
                let mut hands = self.hands.borrow_mut();
                hands.turnings.catch_up()?;
                let turned = hands.turnings.of_partition(stream, partition).below;
                let (earliest, _) = self.asker.bounds(&topic, partition)?;
                if offset >= turned || earliest > turned {
                    return Err(KafkaTrouble::OffsetsLost { topic, partition, offset, group });
                }
                follower.pass_to(earliest)?;
                Ok(Vec::new())
            }
            taken => taken,
        }
    }

    fn has_reached(&self, stream: Stream, place: u64) -> Result<bool, KafkaTrouble> {
        self.followers.get(stream as usize).map_or(Ok(true), |follower| follower.has_reached(place))
    }

    fn say(&mut self, what: &Commit<'_>) -> Result<(), KafkaTrouble> {
        let mut hands = self.hands.borrow_mut();
        let Hands { transactions, standing, owned, partitions, row_partitions, format, .. } = &mut *hands;
        let not_owner = || KafkaTrouble::NotOwner { partition: self.partition };
        let standing = standing.as_ref().filter(|_| owned.contains(&self.partition)).ok_or_else(not_owner)?;
        let progress = Progress {
            number: self.number + 1,
            partitions: u64::from(partitions.get()),
            positions: what.positions,
            note: what.progress.to_vec(),
        };
        let (body, key) = (progress.written(), self.partition.to_string());
        let counted = Outgoing {
            topic: PROGRESS,
            partition: Some(self.partition),
            key: key.as_bytes(),
            body: Some(&body),
            headers: None,
        };
        let mut offsets = TopicPartitionList::new();
        let at = Offset::Offset(i64::try_from(what.positions.facts).unwrap_or(i64::MAX));
        let trouble = |source| KafkaTrouble::lasting("naming an offset", source);
        offsets.add_partition_offset(FACTS, self.partition, at).map_err(trouble)?;
        if let Some(mut element) = offsets.find_partition(FACTS, self.partition) {
            element.set_metadata(progress.metadata());
        }
        let values: Vec<_> = what.rows.iter().map(|row| said::values(row, *format)).collect();
        let rows = what.rows.iter().zip(&values);
        let rows = rows.flat_map(|(row, values)| said::records(row, values, *row_partitions));
        transactions.commit(rows.chain([counted]), Some((&offsets, standing)))?;
        self.number = progress.number;
        Ok(())
    }
}

fn progress_of(record: &Record, partition: i32) -> Result<Option<Progress>, KafkaTrouble> {
    let Some(body) = &record.body else { return Ok(None) };
    let damaged = || KafkaTrouble::Damaged {
        topic: PROGRESS.to_owned(),
        partition,
        offset: record.offset,
        why: "it is not of a layout that this version knows".to_owned(),
    };
    Progress::read(body).map(Some).ok_or_else(damaged)
}

/// The record of the last commit of a partition, up to the end that `seeing` sees.
pub(super) fn last_progress(
    cluster: &Cluster,
    asker: &Arc<Asker>,
    partition: i32,
    seeing: &Asker,
) -> Result<Option<Progress>, KafkaTrouble> {
    let end = seeing.end(PROGRESS, partition)?;
    let mut follower = Follower::once(cluster, asker, PROGRESS, partition, 0)?;
    let mut last = None;
    follower.take_up_to(end, PATIENCE, |record| {
        last = progress_of(&record, partition)?.or(last.take());
        Ok(())
    })?;
    Ok(last)
}

/// A record as counting reads it.
pub(super) fn stored(record: Record) -> Stored {
    let Record { offset, at, way, is_copy, body, .. } = record;
    Stored { seq: offset + 1, appended_at: at, way, is_copy, body: body.unwrap_or_default() }
}

/// Facts that nobody counted must not be missing; visits are kept for two hours, and a baseline is uploaded anew.
fn follower(
    cluster: &Cluster,
    asker: &Arc<Asker>,
    stream: Stream,
    share: i32,
    after: u64,
) -> Result<Follower, KafkaTrouble> {
    let (topic, partition, gap) = match stream {
        Stream::Facts => (FACTS, share, Gap::Stops),
        Stream::Visits => (VISITS, share, Gap::Passes),
        Stream::Baseline => (BASELINE, ONLY, Gap::Passes),
    };
    Follower::of(cluster, asker, topic, partition, after, gap)
}

impl Log for Share {
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError> {
        Ok(self.find_committed()?)
    }

    fn ends(&mut self) -> Result<Positions, LogError> {
        let mut ends = Positions::default();
        for (stream, follower) in Stream::ALL.into_iter().zip(&self.followers) {
            let end = follower.end()?;
            ends.set(stream, if follower.has_reached(end)? { follower.next() } else { end });
        }
        Ok(ends)
    }

    fn erasures(&mut self) -> Result<Erasures, LogError> {
        let mut hands = self.hands.borrow_mut();
        hands.turnings.renew()?;
        let each = [Stream::Facts, Stream::Visits].map(|stream| hands.turnings.of_partition(stream, self.partition));
        Ok(Erasures {
            begun: each.iter().map(|turned| turned.begun).sum(),
            ended: each.iter().map(|turned| turned.ended).sum(),
        })
    }

    fn wait_for(&mut self, ends: &Positions) {
        for stream in Stream::ALL {
            self.floor.set(stream, self.floor.of(stream).max(ends.of(stream)));
        }
    }

    fn is_at_end(&self) -> bool {
        self.followers.iter().all(Follower::is_at_end)
    }

    fn at_once(&self, stream: Stream) -> usize {
        match stream {
            Stream::Baseline => 100_000,
            // What reading packs in a few milliseconds are small records.
            Stream::Facts | Stream::Visits => 256,
        }
    }

    fn read(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        let taken = self.take(stream, after, limit)?;
        Ok(taken.into_iter().map(stored).collect())
    }

    fn newest_rows(&mut self, from: EventTime) -> Result<Vec<Vec<u8>>, LogError> {
        let (partitions, format) = (self.hands.borrow().row_partitions, self.hands.borrow().format);
        let ours = |key: &[u8]| self.prefixes.iter().any(|prefix| key.starts_with(prefix));
        let rows = said::newest(&self.cluster, partitions, ours)?;
        if let Some(other) = rows.values().find(|body| is_framed(body) != format.is_some()) {
            return Err(KafkaTrouble::Mixed { topic: ROWS, is_framed: is_framed(other) }.into());
        }
        let rows = rows.into_values().map(|body| value_of(&body).to_vec());
        // A row that cannot be read is handed on: whoever asked says so.
        let starts = |body: &[u8]| adjustment::decode(body).map_or(from, |row| row.identity.interval_start);
        Ok(rows.filter(|body| starts(body) >= from).collect())
    }

    fn commit(&mut self, _: WallTime, what: &Commit<'_>) -> Result<(), LogError> {
        Ok(self.say(what)?)
    }
}
