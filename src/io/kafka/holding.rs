//! Legal holds on a cluster: a topic in which anything is held keeps everything until it is released.

use super::topics::{Topics, Wanted, wanted};
use super::{Cluster, KafkaTrouble};
use crate::audit::Holds;
use crate::settings::Settings;
use crate::settings::retention::Store;

/// What `retention.ms` says of a topic that keeps everything.
const FOR_EVER: &str = "-1";

/// The holds that are active on a cluster.
///
/// # Errors
///
/// Where the audit cannot be read.
pub fn active(cluster: &Cluster) -> Result<Holds, KafkaTrouble> {
    super::audit::holds(cluster)
}

/// Every topic of ours, for these settings and under these holds.
pub fn wanted_under(settings: &Settings, holds: &Holds) -> Vec<Wanted> {
    let mut topics = wanted(settings);
    for store in Store::ALL {
        let matters = holds.matters_in(store);
        let Some(topic) = topics.iter_mut().find(|topic| store.topics().contains(&topic.name)) else { continue };
        if matters.is_empty() {
            continue;
        }
        topic.held_for = matters.into_iter().map(str::to_owned).collect();
        for (key, value) in &mut topic.settings {
            if *key == "retention.ms" {
                FOR_EVER.clone_into(value);
            }
        }
    }
    topics
}

/// Makes topics keep everything, or as long again as settings and the holds that are left want.
///
/// # Errors
///
/// Where the cluster does not allow it.
pub fn apply(settings: &Settings, cluster: &Cluster, holds: &Holds) -> Result<(), KafkaTrouble> {
    let topics = Topics::of(cluster)?;
    let existing = topics.existing()?;
    for topic in wanted_under(settings, holds).iter().filter(|topic| existing.contains_key(topic.name)) {
        let is_held = |store: Store| store.may_be_held() && store.topics().contains(&topic.name);
        let retention = topic.settings.iter().find(|(key, _)| *key == "retention.ms").map(|(_, value)| value);
        let Some(retention) = retention.filter(|_| Store::ALL.into_iter().any(is_held)) else { continue };
        let found = topics.settings_of(topic.name)?.remove("retention.ms");
        // What an operator set otherwise without a hold is theirs; `topics check` tells of it.
        let is_ours = *retention == FOR_EVER || found.as_deref() == Some(FOR_EVER);
        if is_ours && found.as_ref() != Some(retention) {
            topics.keep_for(topic.name, retention)?;
        }
    }
    Ok(())
}
