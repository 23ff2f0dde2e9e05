//! What is wrong with a configuration: where, which key, and what to change.

use std::fmt;

use super::document::Place;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Where the wrong word stands.
    pub place: Place,
    /// The key by its full name, e.g. `windows.grace`.
    pub key: String,
    /// What is wrong and what to change.
    pub message: String,
}

/// All that is wrong with a configuration, in the order in which it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    file: String,
    complaints: Vec<Complaint>,
}

impl SettingsError {
    /// Sorts the complaints; each is said once.
    pub(super) fn new(file: &str, mut complaints: Vec<Complaint>) -> Self {
        complaints.sort();
        complaints.dedup();
        Self { file: file.to_owned(), complaints }
    }

    /// What is to be mended, at least one thing.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, complaint) in self.complaints.iter().enumerate() {
            let (end, key) = (if n == 0 { "" } else { "\n" }, &complaint.key);
            let colon = if key.is_empty() { "" } else { ": " };
            write!(f, "{end}{}: {key}{colon}{}", complaint.place.within(&self.file), complaint.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
