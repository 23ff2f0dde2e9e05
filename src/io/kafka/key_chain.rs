//! The keys of epochs in a compacted topic: random, sealed by the master, the same for every worker.
//!
//! Whoever misses an epoch's keys sends his own under a key that nobody else uses, and reads the topic to its end: of
//! several for one epoch the first holds for everybody. Compaction keeps each, since no two share a key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::follower::{Gap, Record};
use super::sender::{Outgoing, Sender};
use super::topics::KEYS;
use super::{Asker, AuditTopic, Cluster, Follower, KafkaTrouble};
use crate::audit::Event;
use crate::engine::names::{Domain, EPOCH_LENGTH, Epoch, EpochKey};
use crate::engine::{Span, WallTime};
use crate::io::clock;
use crate::io::log::EpochKeys;
use crate::io::master::{Master, random};
use crate::settings::Settings;

/// How long the topic may take to give what is in it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The key of the record that asks the cluster for its time.
const CLOCK: &[u8] = b"clock";
/// Clocks that are less apart are right.
const CLOCKS_MAY_DIFFER: Span = Span::from_minutes(1);
/// The key of the record that only the right master opens.
const CHECK: &[u8] = b"master";
/// What that record is bound to, and what it says.
const CHECK_TEXT: &[u8] = b"journeycast master check";

/// Keys of one epoch as somebody sent them.
#[derive(Debug)]
struct Sent {
    made: WallTime,
    sealed: Vec<u8>,
}

/// One worker's view of the topic of keys.
pub(super) struct KeyChain {
    master: Master,
    key_file: PathBuf,
    follower: Follower,
    sender: Sender,
    audit: AuditTopic,
    /// By epoch and offset; the first of an epoch holds.
    epochs: Epochs,
    check: Option<Vec<u8>>,
    /// The cluster's time at the newest record.
    newest: WallTime,
    /// From this time on after its end, an epoch's keys are destroyed.
    kept: Span,
}

/// Keys by epoch and offset.
type Epochs = BTreeMap<i32, BTreeMap<u64, (Vec<u8>, Sent)>>;

impl KeyChain {
    /// Opens the topic; refuses a master that its keys were not made with.
    pub(super) fn open(cluster: &Cluster, asker: &Arc<Asker>, settings: &Settings) -> Result<Self, KafkaTrouble> {
        let key_file = settings.key_file.clone().ok_or(KafkaTrouble::NoKeyFile)?;
        let mut chain = Self {
            master: Master::read(&key_file)?,
            key_file,
            follower: Follower::of(cluster, asker, KEYS, 0, 0, Gap::Passes)?,
            sender: Sender::of(cluster)?,
            audit: AuditTopic::of(settings, cluster)?,
            epochs: BTreeMap::new(),
            check: None,
            newest: WallTime::from_millis(0),
            kept: settings.windows.correction_horizon.and(Span::from_days(5)),
        };
        chain.catch_up()?;
        chain.recognize_master()?;
        Ok(chain)
    }

    /// The key that hides labels.
    pub(super) const fn label_key(&self) -> [u8; 32] {
        self.master.label_key()
    }

    /// The four keys of an epoch.
    pub(super) fn epoch_keys(&mut self, epoch: Epoch) -> Result<EpochKeys, KafkaTrouble> {
        if !self.epochs.contains_key(&epoch.number()) {
            self.catch_up()?;
        }
        if !self.epochs.contains_key(&epoch.number()) {
            if is_due(epoch, WallTime::from_millis(0), self.kept, self.newest) {
                tracing::warn!(
                    epoch = epoch.number(),
                    "keys are made for an epoch whose keys were to be destroyed, since records of that time are read: what \
                     is read now is never taken for the same as what was read while the first keys were there"
                );
            }
            self.make(epoch)?;
            self.catch_up()?;
        }
        self.kept(epoch).ok_or(KafkaTrouble::KeyDamaged { epoch: epoch.number(), topic: KEYS })
    }

    /// Whether keys of this epoch are there, as far as was read.
    pub(super) fn holds(&self, epoch: Epoch) -> bool {
        self.epochs.contains_key(&epoch.number())
    }

    /// The keys of all epochs whose keys are still there.
    pub(super) fn all(&mut self) -> Result<Vec<(Epoch, EpochKeys)>, KafkaTrouble> {
        self.catch_up()?;
        let epochs: Vec<Epoch> = self.epochs.keys().copied().map(Epoch::numbered).collect();
        let damaged = |epoch: Epoch| KafkaTrouble::KeyDamaged { epoch: epoch.number(), topic: KEYS };
        epochs.into_iter().map(|epoch| Ok((epoch, self.kept(epoch).ok_or_else(|| damaged(epoch))?))).collect()
    }

    /// Deletes the keys of epochs whose facts are gone; says of how many epochs.
    ///
    /// What is due goes by the cluster's clock, as all that is kept does: a worker whose clock is wrong destroys nothing
    /// too early. The mark that asks for the time also makes the cluster begin a new segment when it is time to, without
    /// which what is deleted would lie in the newest one, that is never compacted, until the next epoch.
    pub(super) fn destroy_due(&mut self, now: WallTime, kept: Span) -> Result<usize, KafkaTrouble> {
        self.sender.send(&outgoing(CLOCK, Some(b"")))?;
        self.sender.settle()?;
        self.catch_up()?;
        let cluster = self.newest;
        let apart = cluster.since(now).millis();
        if apart.abs() > CLOCKS_MAY_DIFFER.millis() {
            tracing::warn!(
                seconds = apart / 1_000,
                "this machine's clock and the cluster's are apart (positive: this one is behind); keys are destroyed by \
                 the cluster's; set the clocks, best by NTP"
            );
        }
        let due = due(&self.epochs, cluster, kept);
        if !due.is_empty() {
            self.audit.tell(now, &[Event::KeysDestroyed { epochs: due.iter().copied().collect() }])?;
        }
        for sent in due.iter().filter_map(|epoch| self.epochs.get(epoch)) {
            for (key, _) in sent.values() {
                self.sender.send(&outgoing(key, None))?;
            }
        }
        self.sender.settle()?;
        self.catch_up()?;
        Ok(due.len())
    }

    /// The audit in which it tells what it makes and destroys.
    pub(super) const fn audit(&self) -> &AuditTopic {
        &self.audit
    }

    fn catch_up(&mut self) -> Result<(), KafkaTrouble> {
        let Self { follower, epochs, check, newest, .. } = self;
        let end = follower.end()?;
        follower.take_up_to(end, PATIENCE, |record| {
            *newest = record.at.max(*newest);
            learn(epochs, check, record);
            Ok(())
        })
    }

    /// What cannot be recorded is not made: it is told first, and told again where this one dies in between.
    fn make(&self, epoch: Epoch) -> Result<(), KafkaTrouble> {
        self.audit.tell(clock::now(), &[Event::KeysMade { epoch: epoch.number() }])?;
        let mut sealed = Vec::new();
        for domain in Domain::ALL {
            let one = self.master.wrap(&random::<32>()?, &purpose(epoch, domain))?;
            sealed.push(u8::try_from(one.len()).unwrap_or(u8::MAX));
            sealed.extend(one);
        }
        let nonce = random::<8>()?;
        let key = format!("epoch/{}/{:016x}", epoch.number(), u64::from_be_bytes(nonce));
        self.sender.send(&outgoing(key.as_bytes(), Some(&sealed)))?;
        self.sender.settle()
    }

    fn kept(&self, epoch: Epoch) -> Option<EpochKeys> {
        let (_, (_, sent)) = self.epochs.get(&epoch.number())?.first_key_value()?;
        let mut keys = Domain::ALL.map(|domain| (domain, EpochKey([0; 32])));
        let mut rest = sent.sealed.as_slice();
        for (domain, key) in &mut keys {
            let (length, after) = rest.split_first()?;
            let (one, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            *key = EpochKey(self.master.unwrap(one, &purpose(epoch, *domain))?.try_into().ok()?);
        }
        Some(keys)
    }

    fn recognize_master(&mut self) -> Result<(), KafkaTrouble> {
        if self.check.is_none() {
            let sealed = self.master.wrap(CHECK_TEXT, CHECK_TEXT)?;
            self.sender.send(&outgoing(&self.first_check_key()?, Some(&sealed)))?;
            self.sender.settle()?;
            self.catch_up()?;
        }
        let opened = self.check.as_deref().and_then(|check| self.master.unwrap(check, CHECK_TEXT));
        if opened.as_deref() == Some(CHECK_TEXT) {
            return Ok(());
        }
        Err(KafkaTrouble::MasterOther { file: self.key_file.clone(), topic: KEYS })
    }

    /// Two workers that start at once each send a check; the first holds, and neither key is the other's.
    fn first_check_key(&self) -> Result<Vec<u8>, KafkaTrouble> {
        Ok([CHECK, b"/", format!("{:016x}", u64::from_be_bytes(random::<8>()?)).as_bytes()].concat())
    }
}

/// Whether the keys of an epoch that were made then are to be destroyed.
fn is_due(epoch: Epoch, made: WallTime, kept: Span, now: WallTime) -> bool {
    let ended = i64::from(epoch.number()).saturating_add(1).saturating_mul(EPOCH_LENGTH.millis());
    WallTime::from_millis(ended).max(made).after(kept) <= now
}

fn learn(epochs: &mut Epochs, check: &mut Option<Vec<u8>>, record: Record) {
    let Some(key) = record.key else { return };
    if key.starts_with(CHECK) {
        if check.is_none() {
            *check = record.body;
        }
        return;
    }
    let Some(epoch) = epoch_of(&key) else { return };
    match record.body {
        Some(sealed) => {
            let sent = Sent { made: record.at, sealed };
            epochs.entry(epoch).or_default().insert(record.offset, (key, sent));
        }
        None => {
            let sent = epochs.entry(epoch).or_default();
            sent.retain(|_, (other, _)| *other != key);
            if sent.is_empty() {
                epochs.remove(&epoch);
            }
        }
    }
}

/// Epochs that ended, and whose keys were made, so long ago.
fn due(epochs: &Epochs, now: WallTime, kept: Span) -> BTreeSet<i32> {
    let newest = |sent: &BTreeMap<u64, (Vec<u8>, Sent)>| sent.values().map(|(_, sent)| sent.made).max();
    let is_due = |epoch: i32, made: WallTime| is_due(Epoch::numbered(epoch), made, kept, now);
    let due = epochs.iter().filter(|(epoch, sent)| newest(sent).is_some_and(|made| is_due(**epoch, made)));
    due.map(|(epoch, _)| *epoch).collect()
}

/// What lies in the topic of keys and should not; needs no master.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeysLeft {
    /// Epochs whose keys are past their time and not destroyed.
    pub due: Vec<i32>,
    /// Epochs whose keys were destroyed, and whose sealed bytes can still be read: the topic is not compacted.
    pub not_compacted: Vec<i32>,
}

/// Looks for keys that were made or destroyed too long ago.
pub(super) fn left_in(
    cluster: &Cluster,
    asker: &Arc<Asker>,
    now: WallTime,
    kept: Span,
    compacted_within: Span,
) -> Result<KeysLeft, KafkaTrouble> {
    let mut follower = Follower::once(cluster, asker, KEYS, 0, 0)?;
    let (mut records, end) = (Vec::new(), follower.end()?);
    follower.take_up_to(end, PATIENCE, |record| {
        records.push(record);
        Ok(())
    })?;
    let not_compacted = not_compacted(&records, now.before(compacted_within));
    let (mut epochs, mut check) = (Epochs::new(), None);
    records.into_iter().for_each(|record| learn(&mut epochs, &mut check, record));
    Ok(KeysLeft { due: due(&epochs, now, kept).into_iter().collect(), not_compacted })
}

/// Epochs of which a sealed key and the record that destroyed it before this time lie in the topic together.
fn not_compacted(records: &[Record], destroyed_before: WallTime) -> Vec<i32> {
    let (mut sealed, mut left) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        let Some(key) = &record.key else { continue };
        if record.body.is_some() {
            sealed.insert(key);
        } else if record.at < destroyed_before && sealed.contains(key) {
            left.extend(epoch_of(key));
        }
    }
    left.into_iter().collect()
}

fn epoch_of(key: &[u8]) -> Option<i32> {
    let mut parts = str::from_utf8(key).ok()?.split('/');
    if parts.next()? != "epoch" {
        return None;
    }
    parts.next()?.parse().ok()
}

/// What a sealed key is bound to, so that none can be put in another's place.
fn purpose(epoch: Epoch, domain: Domain) -> Vec<u8> {
    format!("{}/{}", epoch.number(), domain.name()).into_bytes()
}

fn outgoing<'a>(key: &'a [u8], body: Option<&'a [u8]>) -> Outgoing<'a> {
    Outgoing { topic: KEYS, partition: Some(0), key, body, headers: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::log::Way;

    fn record(offset: u64, key: &str, body: Option<&[u8]>) -> Record {
        let key = Some(key.as_bytes().to_vec());
        Record {
            offset,
            at: WallTime::from_millis(0),
            is_copy: false,
            key,
            way: Way::Untold,
            body: body.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn a_destroyed_key_that_can_still_be_read_is_found_once_compaction_had_its_time() {
        let at = |record: Record, millis: i64| Record { at: WallTime::from_millis(millis), ..record };
        let records = [
            record(3, "epoch/2968/aa", Some(b"sealed")),
            record(4, "epoch/2969/bb", Some(b"sealed")),
            at(record(5, "epoch/2968/aa", None), 100),
            at(record(6, "epoch/2967/cc", None), 100),
        ];
        assert_eq!(not_compacted(&records, WallTime::from_millis(101)), [2_968], "that of 2967 is gone, 2969 holds");
        assert!(not_compacted(&records, WallTime::from_millis(100)).is_empty());
    }

    #[test]
    fn of_two_that_made_keys_for_one_epoch_the_first_holds_until_it_is_destroyed() {
        let (mut epochs, mut check) = (BTreeMap::new(), None);
        for read in [
            record(3, "epoch/2968/aa", Some(b"first")),
            record(4, "epoch/2968/bb", Some(b"second")),
            record(5, "epoch/2969/cc", Some(b"other")),
            record(6, "master/dd", Some(b"check")),
            record(7, "master/ee", Some(b"another check")),
        ] {
            learn(&mut epochs, &mut check, read);
        }
        let first = |epochs: &BTreeMap<i32, BTreeMap<u64, (Vec<u8>, Sent)>>, epoch: i32| {
            epochs.get(&epoch).and_then(|sent| sent.first_key_value()).map(|(_, (_, sent))| sent.sealed.clone())
        };
        assert_eq!(first(&epochs, 2_968).as_deref(), Some(b"first".as_slice()));
        assert_eq!(check.as_deref(), Some(b"check".as_slice()));
        learn(&mut epochs, &mut check, record(8, "epoch/2968/aa", None));
        learn(&mut epochs, &mut check, record(9, "epoch/2968/bb", None));
        assert_eq!(first(&epochs, 2_968), None);
        assert_eq!(first(&epochs, 2_969).as_deref(), Some(b"other".as_slice()));
    }
}
