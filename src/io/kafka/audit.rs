//! The audit in a topic of one partition: whoever writes becomes the only one, reads to the end, and appends what follows.
//!
//! A producer of the same transactional id ends whatever another left open, and makes the other's next word fail. So of
//! two that write at once one begins again behind the other, and the chain has no fork.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{Producer, ThreadedProducer};

use super::sender::{Outgoing, drain, send};
use super::topics::{AUDIT, Topics};
use super::transactions::ready;
use super::witness::Witness;
use super::{Asker, Cluster, Follower, KafkaTrouble};
use crate::audit::{self, Entry, Event, Holds, Kept, Signer, Wrong, export};
use crate::engine::{Span, WallTime};
use crate::io::clock::Watch;
use crate::io::log::Fate;
use crate::io::master::{self, Master, random};
use crate::settings::Settings;
use crate::settings::retention::Store;

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long writing is tried against others that write.
const TRYING: Duration = Duration::from_secs(60);

/// How long a writer rests at most after another came between.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// The topic of the audit, and who signs what is appended.
#[derive(Debug)]
pub struct AuditTopic {
    cluster: Cluster,
    signer: Signer,
}

/// Why one try to append failed.
enum Failed {
    /// Another came between, or nobody knows: the topic tells.
    Again(KafkaTrouble),
    /// It does not pass by itself.
    For(KafkaTrouble),
}

impl From<KafkaTrouble> for Failed {
    fn from(trouble: KafkaTrouble) -> Self {
        if trouble.fate() == Fate::Halt { Self::For(trouble) } else { Self::Again(trouble) }
    }
}

impl AuditTopic {
    /// The audit of a cluster, signed as the configuration says.
    ///
    /// # Errors
    ///
    /// Where a key file cannot be used.
    pub fn of(settings: &Settings, cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        Ok(Self { cluster: cluster.clone(), signer: signer(settings)? })
    }

    /// Who signs.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Every entry that is kept, oldest first.
    ///
    /// # Errors
    ///
    /// Where the topic is not there or cannot be read.
    pub fn kept(&self) -> Result<Vec<Kept>, KafkaTrouble> {
        Ok(placed(&self.cluster)?.into_iter().map(|(_, kept)| kept).collect())
    }

    /// The holds that are active.
    ///
    /// # Errors
    ///
    /// Where the topic cannot be read, or the audit was changed or signed with another key.
    pub fn holds(&self) -> Result<Holds, KafkaTrouble> {
        let (_, entries) = self.read().map_err(Unread::into_trouble)?;
        Ok(Holds::of(&entries))
    }

    /// Appends entries.
    ///
    /// # Errors
    ///
    /// Where the cluster does not take them, or the audit cannot go on with this key; then nothing was appended.
    pub fn tell(&self, now: WallTime, events: &[Event]) -> Result<(), KafkaTrouble> {
        let decided = |_: &[Entry]| Ok::<_, std::convert::Infallible>(events.to_vec());
        self.record(now, decided).map(|told| told.unwrap_or_else(|never| match never {}))
    }

    /// Appends what is decided in view of all entries, when no other can come between; what refuses appends nothing. It
    /// is decided again where another came between.
    ///
    /// # Errors
    ///
    /// Where the cluster does not take it, or the audit cannot go on with this key; then nothing was appended.
    pub fn record<R>(
        &self,
        now: WallTime,
        decide: impl Fn(&[Entry]) -> Result<Vec<Event>, R>,
    ) -> Result<Result<(), R>, KafkaTrouble> {
        let (trying, mut offered, mut tries) = (Watch::start(), None, 0);
        loop {
            let this_time = Watch::start();
            tries += 1;
            match self.try_to_record(now, &decide, &mut offered) {
                Ok(done) => return Ok(done),
                Err(Failed::Again(trouble)) if trying.elapsed() < TRYING => {
                    tracing::debug!(%trouble, "appending to the audit begins again");
                    // Two that begin again at once end each other's turn again: by and by they rest for longer than a
                    // turn takes here, each by its own chance.
                    let [chance] = random::<1>()?;
                    let longest = (this_time.elapsed() * tries).min(LONGEST_REST);
                    std::thread::sleep(longest * u32::from(chance) / u32::from(u8::MAX));
                }
                Err(Failed::Again(trouble) | Failed::For(trouble)) => return Err(trouble),
            }
        }
    }

    fn try_to_record<R>(
        &self,
        now: WallTime,
        decide: &impl Fn(&[Entry]) -> Result<Vec<Event>, R>,
        offered: &mut Option<Kept>,
    ) -> Result<Result<(), R>, Failed> {
        let broken = |why| Failed::For(KafkaTrouble::AuditBroken { topic: AUDIT, why });
        // Whoever has nothing to append ends nobody's turn, and a cluster that is away is not waited for.
        let (_, entries) = self.read().map_err(|unread| Failed::For(unread.into_trouble()))?;
        if let Err(refusal) = is_something(decide(&entries)) {
            return Ok(refusal);
        }
        let producer = ready(&self.cluster.audit_transactions()).map_err(fenced_or)?;
        let (kept, entries) = self.read().map_err(|unread| Failed::from(unread.into_trouble()))?;
        if offered.as_ref().is_some_and(|offered| kept.contains(offered)) {
            return Ok(Ok(()));
        }
        let events = match decide(&entries) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let new = audit::after(kept.last(), now, events, &self.signer).map_err(broken)?;
        offered.clone_from(&new.last().cloned());
        append(&producer, &new).map_err(Failed::Again)?;
        Ok(Ok(()))
    }

    fn read(&self) -> Result<(Vec<Kept>, Vec<Entry>), Unread> {
        let kept = self.kept()?;
        let entries = audit::trusted(&kept, Some(&self.signer.public_key()))?;
        Ok((kept, entries))
    }

    /// Deletes the oldest entries that were kept for so long, never up to a hold that is active; says how many.
    ///
    /// # Errors
    ///
    /// Where the cluster does not do it.
    pub fn shorten(&self, now: WallTime, keep: Span) -> Result<u64, KafkaTrouble> {
        let due = |entries: &[Entry]| {
            let holds = Holds::of(entries);
            let before = holds.oldest_entry().unwrap_or(u64::MAX);
            let is_due = |entry: &&Entry| entry.at <= now.before(keep) && entry.sequence < before;
            let due = entries.iter().take_while(is_due).last().map(|entry| entry.sequence);
            due.filter(|_| holds.matters_in(Store::Audit).is_empty())
        };
        let placed = placed(&self.cluster)?;
        let broken = |why| KafkaTrouble::AuditBroken { topic: AUDIT, why };
        let kept: Vec<Kept> = placed.iter().map(|(_, kept)| kept.clone()).collect();
        let entries = audit::trusted(&kept, Some(&self.signer.public_key())).map_err(broken)?;
        let Some(through) = due(&entries) else { return Ok(0) };
        let is_told = |entry: &Entry| matches!(entry.event, Event::AuditShortened { through: told } if told >= through);
        if !entries.iter().any(is_told) {
            self.tell(now, &[Event::AuditShortened { through }])?;
        }
        let gone = entries.iter().take_while(|entry| entry.sequence <= through).count();
        if let Some((offset, _)) = gone.checked_sub(1).and_then(|last| placed.get(last)) {
            Topics::of(&self.cluster)?.delete_before(AUDIT, 0, offset + 1)?;
        }
        Ok(gone as u64)
    }
}

/// Who signs, as the configuration says.
pub(super) fn signer(settings: &Settings) -> Result<Signer, KafkaTrouble> {
    let seed = match &settings.audit_key_file {
        Some(file) => master::audit_seed(file)?,
        None => Master::read(settings.key_file.as_ref().ok_or(KafkaTrouble::NoKeyFile)?)?.audit_seed(),
    };
    Ok(Signer::of(&seed))
}

/// Why the entries could not be read.
enum Unread {
    Trouble(KafkaTrouble),
    Wrong(Wrong),
}

impl From<KafkaTrouble> for Unread {
    fn from(trouble: KafkaTrouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Wrong> for Unread {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl Unread {
    fn into_trouble(self) -> KafkaTrouble {
        match self {
            Self::Trouble(trouble) => trouble,
            Self::Wrong(why) => KafkaTrouble::AuditBroken { topic: AUDIT, why },
        }
    }
}

/// Another that writes makes this one begin again, whatever the client calls it.
fn fenced_or(trouble: KafkaTrouble) -> Failed {
    if trouble.is_fenced() { Failed::Again(trouble) } else { trouble.into() }
}

/// Events that are something to append; else what is to be answered.
fn is_something<R>(decided: Result<Vec<Event>, R>) -> Result<(), Result<(), R>> {
    match decided {
        Ok(events) if events.is_empty() => Err(Ok(())),
        Ok(_) => Ok(()),
        Err(refusal) => Err(Err(refusal)),
    }
}

fn append(producer: &ThreadedProducer<Witness>, new: &[Kept]) -> Result<(), KafkaTrouble> {
    let trouble = |source| KafkaTrouble::passing("appending to the audit", source);
    producer.begin_transaction().map_err(trouble)?;
    for kept in new {
        let line = export::line(kept);
        let (key, body) = (kept.hash.0, Some(line.as_bytes()));
        send(producer, &Outgoing { topic: AUDIT, partition: Some(0), key: &key, body, headers: None }, PATIENCE)?;
    }
    drain(producer, PATIENCE)?;
    producer.commit_transaction(PATIENCE).map_err(trouble)
}

/// Every entry with its offset.
fn placed(cluster: &Cluster) -> Result<Vec<(u64, Kept)>, KafkaTrouble> {
    let asker = Arc::new(Asker::of(cluster)?);
    Topics::partitions_of(&asker.existing()?, AUDIT)?;
    let mut follower = Follower::once(cluster, &asker, AUDIT, 0, 0)?;
    let (end, mut placed) = (follower.end()?, Vec::new());
    follower.take_up_to(end, PATIENCE, |record| {
        let text = record.body.as_deref().and_then(|body| str::from_utf8(body).ok());
        let damaged =
            || KafkaTrouble::AuditBroken { topic: AUDIT, why: Wrong::UnreadableAt { place: placed.len() + 1 } };
        let kept = text.and_then(export::read).ok_or_else(damaged)?;
        placed.push((record.offset, kept));
        Ok(())
    })?;
    Ok(placed)
}

/// The holds that are active, where the audit is whole and, if its key is at hand, as that signed it; none where there is no
/// audit yet.
///
/// # Errors
///
/// Where the topic cannot be read, or the audit cannot go on.
pub(super) fn holds(cluster: &Cluster) -> Result<Holds, KafkaTrouble> {
    if !Asker::of(cluster)?.existing()?.contains_key(AUDIT) {
        return Ok(Holds::default());
    }
    let broken = |why| KafkaTrouble::AuditBroken { topic: AUDIT, why };
    let kept: Vec<Kept> = placed(cluster)?.into_iter().map(|(_, kept)| kept).collect();
    Ok(Holds::of(&audit::trusted(&kept, cluster.audit_key.as_ref()).map_err(broken)?))
}
