//! Writes a simulated site into a folder: records, configuration, baseline and truth.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::simulate::{Feed, Site, SitePlan, baseline_csv, config_toml, records_csv, truth_csv};

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SiteWritten {
    /// Records in `events.ndjson`.
    pub events: u64,
    /// Records in `conversations.ndjson`.
    pub conversations: u64,
}

/// The system is asked to write so much at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Makes the site of a plan and writes its six files into `folder`, which is made where it is missing.
///
/// `progress` is called with every record's arrival, in milliseconds since 1970.
///
/// # Errors
///
/// Where the folder or a file cannot be written.
pub fn write_site(plan: &SitePlan, folder: &Path, mut progress: impl FnMut(i64)) -> io::Result<SiteWritten> {
    fs::create_dir_all(folder)?;
    let mut events = BufWriter::with_capacity(BUFFER_BYTES, File::create(folder.join("events.ndjson"))?);
    let mut conversations = BufWriter::with_capacity(BUFFER_BYTES, File::create(folder.join("conversations.ndjson"))?);
    let (mut site, mut written) = (Site::new(plan.clone()), SiteWritten::default());
    for sent in site.by_ref() {
        let file = match sent.feed {
            Feed::Events => {
                written.events += 1;
                &mut events
            }
            Feed::Conversations => {
                written.conversations += 1;
                &mut conversations
            }
        };
        file.write_all(&sent.line)?;
        file.write_all(b"\n")?;
        progress(sent.arrival_millis);
    }
    events.flush()?;
    conversations.flush()?;
    let truth = site.into_truth();
    fs::write(folder.join("truth.csv"), truth_csv(&truth))?;
    fs::write(folder.join("records.csv"), records_csv(&truth))?;
    fs::write(folder.join("baseline.csv"), baseline_csv(plan))?;
    fs::write(folder.join("journeycast.toml"), config_toml(plan))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_six_files() {
        let folder = tempfile::tempdir().unwrap();
        let plan = SitePlan { days: 0.1, ..SitePlan::default() };
        let written = write_site(&plan, folder.path(), |_| {}).unwrap();
        let lines = |name: &str| fs::read(folder.path().join(name)).unwrap().split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(lines("events.ndjson") as u64, written.events);
        assert_eq!(lines("conversations.ndjson") as u64, written.conversations);
        for name in ["baseline.csv", "journeycast.toml", "truth.csv", "records.csv"] {
            assert!(lines(name) > 1, "{name}");
        }
    }
}
