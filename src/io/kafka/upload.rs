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

/// Appends files to the first input topic, record by record as they are.
///
/// # Errors
///
/// Where a file cannot be read, or the cluster does not take a record.
pub fn ingest(
    settings: &Settings,
    cluster: &Cluster,
    paths: &[PathBuf],
    mut progress: impl FnMut(u64),
) -> Result<u64, IngestError> {
    let of_log = |trouble: KafkaTrouble| IngestError::Log(LogError::from(trouble));
    let Some(source) = settings.sources.first() else { return Ok(0) };
    let sender = Sender::of(cluster).map_err(of_log)?;
    let mut records = 0;
    for path in paths {
        let mut lines = Lines::open(path).map_err(|error| failed(path, error))?;
        while let Some((_, line)) = lines.next_line().map_err(|error| failed(path, error))? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let topic = &*source.topic;
            let outgoing = Outgoing { topic, partition: None, key: b"", body: Some(line), headers: None };
            sender.send(&outgoing).map_err(of_log)?;
            records += 1;
            if records % AT_ONCE == 0 {
                sender.settle().map_err(of_log)?;
            }
            progress(records);
        }
    }
    sender.settle().map_err(of_log)?;
    Ok(records)
}
