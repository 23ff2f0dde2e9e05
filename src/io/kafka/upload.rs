//! What is brought to the cluster by hand: files of records for the input, and a baseline.

use std::path::PathBuf;

use super::sender::{Outgoing, Sender};
use super::topics::BASELINE;
use super::{Cluster, KafkaTrouble};
use crate::engine::BaselineInterval;
use crate::io::Lines;
use crate::io::appender::{IngestError, failed};
use crate::io::log::LogError;
use crate::settings::Settings;
use crate::wire::{baseline, key};

/// So many records at most are on their way at once.
const AT_ONCE: u64 = 10_000;

/// Appends a baseline, each interval under its key; it is safe when this returns.
///
/// # Errors
///
/// Where the cluster does not take it.
pub fn append_baseline(cluster: &Cluster, intervals: &[BaselineInterval]) -> Result<(), KafkaTrouble> {
    let sender = Sender::of(cluster)?;
    for interval in intervals {
        let ids = [&*interval.organization_id, &*interval.business_unit_id, &*interval.planning_group_id];
        let key = key::interval_key(ids, interval.start, interval.interval_seconds);
        let body = baseline::encode(interval);
        let (key, body) = (key.as_bytes(), Some(body.as_slice()));
        sender.send(&Outgoing { topic: BASELINE, partition: Some(0), key, body, headers: None })?;
    }
    sender.settle()
}

/// What became of files that were brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// Records that are safe.
    pub records: u64,
    /// Records that are larger than the cluster takes; each was named.
    pub too_large: u64,
}

/// Appends files to the first input topic, record by record as they are. A record that is larger than the cluster takes
/// is named by its place, and the others go on.
///
/// # Errors
///
/// Where a file cannot be read, or the cluster does not take what is not too large.
pub fn ingest(
    settings: &Settings,
    cluster: &Cluster,
    paths: &[PathBuf],
    mut progress: impl FnMut(u64),
) -> Result<Brought, IngestError> {
    let of_log = |trouble: KafkaTrouble| IngestError::Log(LogError::from(trouble));
    let Some(source) = settings.sources.first() else { return Ok(Brought::default()) };
    let sender = Sender::of(cluster).map_err(of_log)?;
    let mut brought = Brought::default();
    for path in paths {
        let mut lines = Lines::open(path).map_err(|error| failed(path, error))?;
        while let Some((number, line)) = lines.next_line().map_err(|error| failed(path, error))? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let topic = &*source.topic;
            let outgoing = Outgoing { topic, partition: None, key: b"", body: Some(line), headers: None };
            match sender.send(&outgoing) {
                Err(trouble) if trouble.is_too_large() => {
                    brought.too_large += 1;
                    tracing::error!(file = %path.display(), line = number, "the record is larger than the cluster takes");
                }
                sent => {
                    sent.map_err(of_log)?;
                    brought.records += 1;
                }
            }
            if brought.records % AT_ONCE == 0 {
                sender.settle().map_err(of_log)?;
            }
            progress(brought.records);
        }
    }
    sender.settle().map_err(of_log)?;
    Ok(brought)
}
