//! What the two loops need of a log, whichever it is.
//!
//! [`Intake`] is for reading: it appends at least once, since facts are set elements. [`Log`] is for counting, which
//! alone must happen exactly once: what it says and how far it counted are committed together or not at all. An owner
//! counts one share of the log: three streams in an order that never changes, whose records hold whole organizations.

use crate::engine::names::{Domain, Epoch, EpochKey};
use crate::engine::{EventTime, WallTime};

mod error;
pub use error::{Fate, LogError};

mod stream;
pub use stream::{Erasures, Positions, Stored, Stream, Way};

mod append;
pub use append::{Accounted, Append, HiddenLabel, Packed, Pointer};

mod commit;
pub use commit::{Commit, SaidRow};

/// The keys of one epoch, one for each domain.
pub type EpochKeys = [(Domain, EpochKey); 4];

/// What reading needs.
pub trait Intake {
    /// The key under which labels that the configuration does not name are hidden; the same for as long as facts are kept.
    fn label_key(&self) -> [u8; 32];

    /// The four keys of an epoch; the same for everybody, whoever asks first.
    ///
    /// # Errors
    ///
    /// Where the log fails, or a kept key does not open.
    fn epoch_keys(&mut self, epoch: Epoch, now: WallTime) -> Result<EpochKeys, LogError>;

    /// How often keys of epochs were destroyed. When it grows, keys that were handed out are to be asked for again.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn destructions(&mut self) -> Result<u64, LogError> {
        Ok(0)
    }

    /// Appends all of it; it is durable when this returns.
    ///
    /// # Errors
    ///
    /// Where the log fails; then nothing was appended, unless the fate is undecided.
    fn append(&mut self, now: WallTime, what: &Append<'_>) -> Result<(), LogError>;
}

/// What counting needs.
pub trait Log {
    /// How far was counted by the last commit, and its note; zeros and nothing before the first.
    ///
    /// # Errors
    ///
    /// Where the log fails, or a commit before this one is not decided yet.
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError>;

    /// The last place of each stream.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn ends(&mut self) -> Result<Positions, LogError>;

    /// Whether every stream was at its end when it was last read. A log that fetches behind the scenes may give nothing
    /// for a while although there is more.
    fn is_at_end(&self) -> bool {
        true
    }

    /// How often something was erased from what had been appended. When one ended, everything is to be read again.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn erasures(&mut self) -> Result<Erasures, LogError> {
        Ok(Erasures::default())
    }

    /// Lets reading wait for everything before these ends: it is there, and must come.
    fn wait_for(&mut self, _: &Positions) {}

    /// How many records of a stream are best read at once: what is read together is committed together.
    fn at_once(&self, stream: Stream) -> usize {
        match stream {
            // A record holds one interval, and all that was uploaded is known before anything is counted.
            Stream::Baseline => 100_000,
            // A record holds up to some thousand facts.
            Stream::Facts | Stream::Visits => 8,
        }
    }

    /// Up to `limit` records of a stream after the place `after`, in order.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn read(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, LogError>;

    /// The newest committed revision of every row that starts at `from` or later.
    ///
    /// # Errors
    ///
    /// Where the log fails.
    fn newest_rows(&mut self, from: EventTime) -> Result<Vec<Vec<u8>>, LogError>;

    /// Commits all of it or nothing; it is durable when this returns.
    ///
    /// # Errors
    ///
    /// Where the log fails; the fate says what is known of it.
    fn commit(&mut self, now: WallTime, what: &Commit<'_>) -> Result<(), LogError>;
}
