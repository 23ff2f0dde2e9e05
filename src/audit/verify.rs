//! Verifying: whether a chain is whole and as it was signed, and the first thing that is wrong where it is not.

use super::note::as_signed;
use super::{Entry, Event, Hash, Head, Kept, PublicKey};

/// A chain in which nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries are kept.
    pub entries: usize,
    /// The number of the oldest; above 1 where older ones were kept for long enough.
    pub first: u64,
    /// What the newest head says; nothing where there are no entries.
    pub head: Option<Head>,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The last entry cannot be read.
    #[error("the last entry cannot be read: it was changed, or a later version wrote it")]
    Unreadable,
    /// An entry cannot be read.
    #[error("the {place}. entry cannot be read: it was changed, or a later version wrote it")]
    UnreadableAt {
        /// Its place among those given, from 1.
        place: usize,
    },
    /// The number is not the next.
    #[error("after entry {before} comes entry {found}: entries are missing, doubled or out of order")]
    NotNext {
        /// The one before.
        before: u64,
        /// What comes.
        found: u64,
    },
    /// Nothing is left of it.
    #[error("it has no entry, although keys were made, which it tells of: its entries were deleted")]
    Emptied,
    /// The oldest entries are missing, and no entry says that they were due.
    #[error("it begins with entry {first}, and no entry says that those before were deleted when due")]
    BeginningMissing {
        /// The oldest.
        first: u64,
    },
    /// It does not follow from the one before.
    #[error("entry {sequence} does not follow from the entry before it: one of them was changed or replaced")]
    Unlinked {
        /// Its number.
        sequence: u64,
    },
    /// Its hash is another.
    #[error("entry {sequence} was changed: it does not have the hash that stands beside it")]
    Altered {
        /// Its number.
        sequence: u64,
    },
    /// The head beside it is that of another.
    #[error("the head of entry {sequence} is not its own: another was put in its place")]
    HeadOther {
        /// Its number.
        sequence: u64,
    },
    /// The head was not signed with this key.
    #[error("the head of entry {sequence} was not signed with this key: it was forged, or the key is another one's")]
    HeadForged {
        /// Its number.
        sequence: u64,
    },
    /// The anchor is no head that this key signed.
    #[error("the anchor is no head that was signed with this key")]
    AnchorForged,
    /// Entries were cut off at the end.
    #[error(
        "the anchor knows {anchored} entries, and the last one here is {last}: the end was cut off, or this is an old copy"
    )]
    Shorter {
        /// What the anchor knows.
        anchored: u64,
        /// The last one here.
        last: u64,
    },
    /// What the anchor knew is not kept any more.
    #[error("the anchor is of entry {anchored}, and the oldest one here is {first}: give an anchor that is not as old")]
    AnchorTooOld {
        /// What the anchor knows.
        anchored: u64,
        /// The oldest one here.
        first: u64,
    },
    /// The history is another than that of the anchor.
    #[error("at entry {anchored} the anchor has another hash: the history before it was written anew")]
    AnotherHistory {
        /// What the anchor knows.
        anchored: u64,
    },
}

/// Verifies entries and their heads in their order, and that they go on from an earlier head that was kept elsewhere,
/// as a mail or a log left it.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(kept: &[Kept], key: &PublicKey, anchor: Option<&str>) -> Result<Verified, Wrong> {
    let (chain, _) = Walked::through(kept, Some(key))?;
    if let Some(anchor) = anchor {
        chain.goes_on_from(&as_signed(anchor), key, kept)?;
    }
    Ok(Verified { entries: kept.len(), first: chain.first, head: chain.last })
}

/// What every entry says, where the chain is whole and this key signed it: nobody acts on one that is not. Whoever has no
/// key can tell that it is whole, and not who signed it.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn trusted(kept: &[Kept], key: Option<&PublicKey>) -> Result<Vec<Entry>, Wrong> {
    Ok(Walked::through(kept, key)?.1)
}

/// What was seen of a chain so far.
#[derive(Debug, Default)]
struct Walked {
    first: u64,
    before_first: Option<Hash>,
    last: Option<Head>,
    shortened: u64,
}

impl Walked {
    /// A whole chain, and what its entries say.
    fn through(kept: &[Kept], key: Option<&PublicKey>) -> Result<(Self, Vec<Entry>), Wrong> {
        let (mut chain, mut entries) = (Self::default(), Vec::with_capacity(kept.len()));
        for (place, kept) in kept.iter().enumerate() {
            let entry = kept.read().map_err(|_| Wrong::UnreadableAt { place: place + 1 })?;
            chain.step(&entry, kept, key)?;
            entries.push(entry);
        }
        chain.has_its_beginning()?;
        Ok((chain, entries))
    }

    fn step(&mut self, entry: &Entry, kept: &Kept, key: Option<&PublicKey>) -> Result<(), Wrong> {
        let sequence = entry.sequence;
        match self.last {
            Some(last) if sequence != last.size.saturating_add(1) => {
                return Err(Wrong::NotNext { before: last.size, found: sequence });
            }
            Some(last) if entry.previous != last.hash => return Err(Wrong::Unlinked { sequence }),
            Some(_) => {}
            None if sequence <= 1 && (sequence == 0 || entry.previous != Hash::of_nothing()) => {
                return Err(Wrong::Unlinked { sequence });
            }
            None => (self.first, self.before_first) = (sequence, Some(entry.previous)),
        }
        let head = Head { size: sequence, hash: entry.previous.with(kept.entry.as_bytes()) };
        if head.hash != kept.hash {
            return Err(Wrong::Altered { sequence });
        }
        if Head::read(&kept.head) != Some(head) {
            return Err(Wrong::HeadOther { sequence });
        }
        if key.is_some_and(|key| !key.signed(&head, &kept.head)) {
            return Err(Wrong::HeadForged { sequence });
        }
        if let Event::AuditShortened { through } = &entry.event {
            self.shortened = self.shortened.max(*through);
        }
        self.last = Some(head);
        Ok(())
    }

    fn has_its_beginning(&self) -> Result<(), Wrong> {
        if self.first > self.shortened.saturating_add(1) {
            return Err(Wrong::BeginningMissing { first: self.first });
        }
        Ok(())
    }

    fn goes_on_from(&self, anchor: &str, key: &PublicKey, kept: &[Kept]) -> Result<(), Wrong> {
        let head = Head::read(anchor).filter(|head| key.signed(head, anchor)).ok_or(Wrong::AnchorForged)?;
        let (anchored, last) = (head.size, self.last.map_or(0, |last| last.size));
        if anchored > last {
            return Err(Wrong::Shorter { anchored, last });
        }
        let found = match anchored.checked_sub(self.first) {
            Some(place) => usize::try_from(place).ok().and_then(|place| kept.get(place)).map(|kept| kept.hash),
            None if anchored.saturating_add(1) == self.first => self.before_first,
            None => return Err(Wrong::AnchorTooOld { anchored, first: self.first }),
        };
        if found == Some(head.hash) { Ok(()) } else { Err(Wrong::AnotherHistory { anchored }) }
    }
}
