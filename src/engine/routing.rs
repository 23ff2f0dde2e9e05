//! Routing: which planning group an action or a conversation belongs to, and through which configured action map.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::adjustment::ActionMapEntry;
use super::fact::{OrganizationIndex, RouteKey};
use super::label::{Label, Labels};
use super::plan::Plan;

/// A planning group: a place in [`Plan::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub u32);

/// An entry of the configured action maps: a place in [`Routing::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryIndex(pub u32);

/// A configured action map and where it leads.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry as configured.
    pub action_map: ActionMapEntry,
    /// Where it leads.
    pub group: GroupIndex,
    /// Share of accepted offers that reach a queue.
    pub reach: f64,
}

#[derive(Debug)]
struct Path {
    media_type: Label,
    language: Option<Label>,
    skills: Vec<Label>,
    group: GroupIndex,
}

/// The whole routing.
#[derive(Debug)]
pub struct Routing {
    entries: Vec<Entry>,
    maps: HashMap<(OrganizationIndex, Label, Option<u32>), EntryIndex, RandomState>,
    paths: HashMap<(OrganizationIndex, Label), Vec<Path>, RandomState>,
    group_ids: Vec<Arc<str>>,
}

impl Routing {
    /// Sets up the routing of a plan.
    pub fn new(plan: &Plan, labels: &mut Labels) -> Self {
        let mut routing = Self {
            entries: Vec::new(),
            maps: HashMap::default(),
            paths: HashMap::default(),
            group_ids: plan.groups.iter().map(|group| Arc::clone(&group.id)).collect(),
        };
        for (place, group) in plan.groups.iter().enumerate() {
            let index = GroupIndex(u32::try_from(place).unwrap_or(u32::MAX));
            let organization = plan.units.get(group.unit).map_or(OrganizationIndex(0), |unit| unit.organization);
            for map in &group.action_maps {
                let entry = EntryIndex(u32::try_from(routing.entries.len()).unwrap_or(u32::MAX));
                routing.maps.insert((organization, labels.intern(&map.id), map.version), entry);
                let action_map = ActionMapEntry { id: Arc::clone(&map.id), version: map.version };
                routing.entries.push(Entry { action_map, group: index, reach: map.reach });
            }
            for path in &group.route_paths {
                let queue = labels.intern(&path.queue);
                routing.paths.entry((organization, queue)).or_default().push(Path {
                    media_type: labels.intern(&path.media_type),
                    language: path.language.as_ref().map(|language| labels.intern(language)),
                    skills: path.skills.iter().map(|skill| labels.intern(skill)).collect(),
                    group: index,
                });
            }
        }
        routing
    }

    /// The entry under which an action map is configured: id and version before id alone.
    pub fn entry_of(&self, organization: OrganizationIndex, map: Label, version: Option<u32>) -> Option<EntryIndex> {
        let exact = version.and_then(|_| self.maps.get(&(organization, map, version)));
        exact.or_else(|| self.maps.get(&(organization, map, None))).copied()
    }

    /// A configured entry.
    pub fn entry(&self, index: EntryIndex) -> Option<&Entry> {
        self.entries.get(index.0 as usize)
    }

    /// The planning group that an entry leads to.
    pub fn group_of(&self, index: EntryIndex) -> Option<GroupIndex> {
        self.entry(index).map(|entry| entry.group)
    }

    /// The planning group of a route path, the most specific one; of equals the one with the greater id.
    pub fn group_of_path(&self, organization: OrganizationIndex, key: &RouteKey) -> Option<GroupIndex> {
        let paths = self.paths.get(&(organization, key.queue?))?;
        let fitting = paths.iter().filter(|path| {
            Some(path.media_type) == key.media_type
                && (path.language.is_none() || path.language == key.language)
                && path.skills.iter().all(|skill| key.skills.contains(skill))
        });
        let specificity = |path: &Path| usize::from(path.language.is_some()) + usize::from(!path.skills.is_empty());
        let best = fitting.max_by_key(|path| (specificity(path), path.skills.len(), self.group_id(path.group)));
        best.map(|path| path.group)
    }

    /// The id of a planning group.
    pub fn group_id(&self, group: GroupIndex) -> &str {
        self.group_ids.get(group.0 as usize).map_or("", |id| id)
    }
}
