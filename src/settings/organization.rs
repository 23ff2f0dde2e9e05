//! Whose a record is that does not say so itself.

use std::sync::Arc;

use super::Settings;

impl Settings {
    /// The organizations of all business units, sorted, each once.
    pub fn organizations(&self) -> Vec<Arc<str>> {
        let mut organizations: Vec<Arc<str>> =
            self.business_units.iter().map(|unit| Arc::clone(&unit.organization_id)).collect();
        organizations.sort();
        organizations.dedup();
        organizations
    }

    /// The same installation with only these organizations in it.
    pub fn only(&self, organizations: &[Arc<str>]) -> Self {
        let mut only = self.clone();
        only.business_units.retain(|unit| organizations.contains(&unit.organization_id));
        let units = &only.business_units;
        only.planning_groups.retain(|group| units.iter().any(|unit| unit.id == group.business_unit));
        only
    }

    /// The organization of records of this topic: its entry's, else the only one that there is.
    pub fn organization_for_topic(&self, topic: &str) -> Option<Arc<str>> {
        let entry = self.sources.iter().find(|source| *source.topic == *topic);
        entry.and_then(|source| source.organization_id.clone()).or_else(|| self.only_organization())
    }

    /// The organization of records of files, which may be of any topic: the one on which all entries agree.
    pub fn organization_for_files(&self) -> Option<Arc<str>> {
        let mut topics = self.sources.iter().map(|source| self.organization_for_topic(&source.topic));
        let first = topics.next().unwrap_or_else(|| self.only_organization());
        first.filter(|first| topics.all(|other| other.as_ref() == Some(first)))
    }

    fn only_organization(&self) -> Option<Arc<str>> {
        match self.organizations().as_slice() {
            [only] => Some(Arc::clone(only)),
            [] | [_, _, ..] => None,
        }
    }
}
