//! The chain: each entry takes in the hash of all before it, and comes with a head that is signed over the outcome.

use super::{Entry, Event, Hash, Head, Signer, Wrong};
use crate::engine::WallTime;

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its bytes.
    pub entry: String,
    /// The chain's hash with it.
    pub hash: Hash,
    /// The signed note of that.
    pub head: String,
}

impl Kept {
    /// What it says.
    ///
    /// # Errors
    ///
    /// Where its bytes are no entry, or not the one way to write it.
    pub fn read(&self) -> Result<Entry, Wrong> {
        Entry::read(&self.entry).ok_or(Wrong::Unreadable)
    }
}

/// The successors of an entry; of none, where the chain begins.
///
/// # Errors
///
/// Where the last entry was changed, or is not what this signer signed: with another key the chain would break.
pub fn after(last: Option<&Kept>, at: WallTime, events: Vec<Event>, signer: &Signer) -> Result<Vec<Kept>, Wrong> {
    let (mut sequence, mut hash) = (0, Hash::of_nothing());
    if let Some(last) = last {
        let entry = last.read()?;
        (sequence, hash) = (entry.sequence, last.hash);
        if entry.previous.with(last.entry.as_bytes()) != hash {
            return Err(Wrong::Altered { sequence });
        }
        if !signer.public_key().signed(&Head { size: sequence, hash }, &last.head) {
            return Err(Wrong::HeadForged { sequence });
        }
    }
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        sequence += 1;
        let entry = Entry { sequence, at, previous: hash, event }.written();
        hash = hash.with(entry.as_bytes());
        let head = signer.sign(&Head { size: sequence, hash });
        kept.push(Kept { entry, hash, head });
    }
    Ok(kept)
}
