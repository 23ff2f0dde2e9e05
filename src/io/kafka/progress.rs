//! How far a partition of the facts is counted: one record in a compacted topic, and its number beside the offset.
//!
//! Both are written by one transaction. A new owner reads the number that is committed with the group's offset, which
//! nobody can change any more, and then the record of that number.

use crate::io::log::Positions;

/// The layout that this version writes and reads.
const VERSION: u8 = 1;
/// How many numbers of eight bytes stand before the note.
const NUMBERS: usize = 5;

/// How far a partition is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many commits there were.
    pub(super) number: u64,
    /// How many partitions the facts had.
    pub(super) partitions: u64,
    /// How far the streams are counted.
    pub(super) positions: Positions,
    /// The counting's own note.
    pub(super) note: Vec<u8>,
}

impl Progress {
    /// As a record of the topic.
    pub(super) fn written(&self) -> Vec<u8> {
        let Positions { facts, visits, baseline } = self.positions;
        let mut record = vec![VERSION];
        for number in [self.number, self.partitions, facts, visits, baseline] {
            record.extend(number.to_le_bytes());
        }
        record.extend(&self.note);
        record
    }

    /// Of a record of the topic; none where it is not one of this layout.
    pub(super) fn read(record: &[u8]) -> Option<Self> {
        let (version, mut rest) = record.split_first()?;
        if *version != VERSION {
            return None;
        }
        let mut numbers = [0; NUMBERS];
        for number in &mut numbers {
            let (bytes, after) = rest.split_first_chunk::<8>()?;
            *number = u64::from_le_bytes(*bytes);
            rest = after;
        }
        let [number, partitions, facts, visits, baseline] = numbers;
        let positions = Positions { facts, visits, baseline };
        Some(Self { number, partitions, positions, note: rest.to_vec() })
    }

    /// What is committed with the offset.
    pub(super) fn metadata(&self) -> String {
        format!("v1;commit={}", self.number)
    }

    /// The number of the commit, of what was committed with the offset.
    pub(super) fn number_of(metadata: &str) -> Option<u64> {
        metadata.strip_prefix("v1;commit=")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_as_it_was_written_and_a_cut_or_newer_record_does_not() {
        let positions = Positions { facts: 7, visits: u64::MAX, baseline: 0 };
        let progress = Progress { number: 3, partitions: 4, positions, note: b"{}".to_vec() };
        let record = progress.written();
        assert_eq!(Progress::read(&record), Some(progress.clone()));
        assert_eq!(Progress::read(&record[..40]), None);
        assert_eq!(Progress::read(&[&[2], &record[1..]].concat()), None);
        assert_eq!(Progress::read(b""), None);
        assert_eq!(Progress::number_of(&progress.metadata()), Some(3));
        assert_eq!(Progress::number_of("somebody else's"), None);
    }
}
