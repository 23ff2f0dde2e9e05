//! What reading appends: packed facts with their accounting, all of it or nothing.

use crate::engine::EventTime;

/// Packed facts that become one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The bytes.
    pub body: Vec<u8>,
    /// How many facts they hold.
    pub n: usize,
    /// The time of the newest of them.
    pub newest: EventTime,
}

/// How many records of a source came to what end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounted {
    /// The source.
    pub source: String,
    /// What became of them.
    pub outcome: String,
    /// Which kind of that; empty where there is only one.
    pub class: String,
    /// How many.
    pub records: u64,
}

/// Where a record lies that was set aside; nothing of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The source.
    pub source: String,
    /// The file or topic.
    pub container: String,
    /// The topic's partition.
    pub partition: Option<u32>,
    /// The line or offset.
    pub position: u64,
    /// Why it was set aside.
    pub class: String,
    /// The path of the offending field.
    pub path: Option<String>,
}

/// What a stand-in stands for, for the operator's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenLabel {
    /// The stand-in.
    pub stand_in: String,
    /// What the record says.
    pub text: String,
}

/// What one call appends; all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Append<'a> {
    /// Action, conversation and taint facts.
    pub facts: Option<Packed>,
    /// Facts under visit names.
    pub visits: Option<Packed>,
    /// What became of the records.
    pub accounting: &'a [Accounted],
    /// Records that were set aside.
    pub set_aside: &'a [Pointer],
    /// Labels that the configuration does not name.
    pub labels: &'a [HiddenLabel],
}
