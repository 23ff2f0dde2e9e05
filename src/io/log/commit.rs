//! What counting commits: rows, and how far it counted with them, all of it or nothing.

use std::sync::Arc;

use super::Positions;
use crate::engine::EventTime;

/// A revision of a row that is said now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRow {
    /// The row's key.
    pub key: String,
    /// Its business unit's id.
    pub business_unit: Arc<str>,
    /// Its planning group's id.
    pub planning_group: Arc<str>,
    /// When its interval starts.
    pub interval_start: EventTime,
    /// Its revision, higher than any before.
    pub revision: u64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// What one commit holds; all of it or nothing.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// Revisions in the order in which they are said.
    pub rows: &'a [SaidRow],
    /// How far the streams are counted with them.
    pub positions: Positions,
    /// The counting's own note of it.
    pub progress: &'a [u8],
}
