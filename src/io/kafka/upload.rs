//! What is brought to the cluster by hand: files of records for the input, and a baseline.

use std::path::PathBuf;

use super::sender::{Outgoing, Sender};
use super::topics::BASELINE;
use super::{Cluster, KafkaTrouble};
use crate::engine::{BaselineInterval, EventTime};
use crate::io::Lines;
use crate::io::appender::{IngestError, failed};
use crate::io::log::LogError;
use crate::settings::Settings;
use crate::wire::genesys::{self, Reading, Rules};
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
        sender.send(&Outgoing { topic: BASELINE, partition: Some(0), key, body, headers: None, timestamp: None })?;
    }
    sender.settle()
}

/// Appends files to the first input topic, record by record as they are. A record's timestamp is the arrival that
/// `replay` would give it, so that both count the same.
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
    let rules = Rules {
        organizations: settings.organizations(),
        default_organization: settings.organization_for_topic(&source.topic),
        max_clock_ahead: settings.windows.max_clock_ahead,
        correction_horizon: settings.windows.correction_horizon,
    };
    let sender = Sender::of(cluster).map_err(of_log)?;
    let mut records = 0;
    for path in paths {
        let mut lines = Lines::open(path).map_err(|error| failed(path, error))?;
        while let Some((_, line)) = lines.next_line().map_err(|error| failed(path, error))? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let timestamp = arrival(line, &rules).map(EventTime::millis);
            let topic = &*source.topic;
            let outgoing = Outgoing { topic, partition: None, key: b"", body: Some(line), headers: None, timestamp };
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

/// When a record arrived, as far as it says or tells by its event; one that says neither arrives now.
fn arrival(record: &[u8], rules: &Rules) -> Option<EventTime> {
    match genesys::read(record, None, rules) {
        Reading::Admitted(event) => Some(event.arrival),
        Reading::NotRelevant | Reading::SetAside(_) | Reading::Blank => None,
    }
}
