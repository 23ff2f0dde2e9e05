//! Genesys records: journey events and conversation detail events in every envelope, read into what they say.

use std::sync::Arc;

use crate::engine::{Event, EventTime, Span};

pub mod class;
pub use class::{Class, SetAside};

pub mod instant;
pub use instant::instant;

mod place;
pub use place::SignalNames;

mod found;

mod faults;

mod verdict;

mod journey;

mod talk;

mod members;

mod slow;
pub use slow::{arrival, read_slowly};

mod wrapper;

mod scan;

mod fast;

#[cfg(test)]
mod stories;

#[cfg(test)]
mod agreement;

/// The largest record that is read, in bytes.
pub const LARGEST_RECORD: usize = 8 * 1_024 * 1_024;
/// How many levels deep a record may be.
pub const DEEPEST_LEVEL: usize = 128;

/// What the records of one source are read by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The configured organizations, sorted; an [`OrganizationIndex`](crate::engine::fact::OrganizationIndex) counts in them.
    pub organizations: Vec<Arc<str>>,
    /// Whose a record is that does not say so; a record that says otherwise is not used.
    pub default_organization: Option<Arc<str>>,
    /// The attributes for which a policy asks; without one, no attribute is read.
    pub signals: Option<SignalNames>,
    /// How far an event may lie ahead of its arrival.
    pub max_clock_ahead: Span,
    /// How far an event may lie behind its arrival.
    pub correction_horizon: Span,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<'a> {
    /// It says something that counts.
    Admitted(Event<'a>),
    /// It is valid, and feeds nothing.
    NotRelevant,
    /// It cannot be used.
    SetAside(SetAside),
    /// It cannot be used, since its time and that of its arrival do not go together; but it is a page that a policy may
    /// want to know of. Only where there is a policy.
    Untimely(Event<'a>, SetAside),
    /// It is no record: nothing, or only spaces and tabs. In a file it is passed over; in a log, where every record
    /// counts, it is [`Class::Empty`].
    Blank,
}

/// Reads one record. `recorded` is the log's own time of it, where a log has one. A byte order mark before it and a
/// carriage return after it are no part of it.
pub fn read<'a>(record: &'a [u8], recorded: Option<EventTime>, rules: &Rules) -> Reading<'a> {
    fast::read(record, recorded, rules).unwrap_or_else(|| read_slowly(record, recorded, rules))
}

/// A record without the marks of the file that it came from.
fn stripped(record: &[u8]) -> &[u8] {
    let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}
