//! What the settings mean to the engine.

use std::sync::Arc;

use super::Settings;
use crate::engine::fact::OrganizationIndex;
use crate::engine::plan::{ActionMapPlan, GroupPlan, Plan, PolicyPlan, RoutePathPlan, SourceScheme, UnitPlan, Windows};
use crate::engine::policy::PagePolicy;

impl Settings {
    /// The plan for an engine whose input is divided into sources in this way.
    pub fn plan(&self, sources: SourceScheme) -> Plan {
        let organizations = self.organizations();
        let index = |id: &Arc<str>| organizations.iter().position(|other| other == id).unwrap_or(0);
        let units = self.business_units.iter().map(|unit| UnitPlan {
            id: Arc::clone(&unit.id),
            organization: OrganizationIndex(u16::try_from(index(&unit.organization_id)).unwrap_or(u16::MAX)),
            time_zone: Arc::clone(&unit.time_zone),
            zone: unit.zone.clone(),
            interval: unit.interval,
        });
        let units: Vec<UnitPlan> = units.collect();
        let groups = self.planning_groups.iter().map(|group| GroupPlan {
            id: Arc::clone(&group.id),
            unit: units.iter().position(|unit| unit.id == group.business_unit).unwrap_or(0),
            action_maps: group
                .action_maps
                .iter()
                .map(|map| ActionMapPlan { id: Arc::clone(&map.id), version: map.version, reach: map.reach })
                .collect(),
            route_paths: group
                .route_paths
                .iter()
                .map(|path| RoutePathPlan {
                    queue: Arc::clone(&path.queue),
                    media_type: Arc::clone(&path.media_type),
                    language: path.language.clone(),
                    skills: path.skills.clone(),
                })
                .collect(),
            handle_time: group.average_handle_time,
            goals: group.goals,
        });
        Plan {
            groups: groups.collect(),
            units,
            page_classes: self.page_classes.iter().map(|class| Arc::clone(&class.id)).collect(),
            conversations_feed: self.conversations_feed,
            windows: Windows {
                out_of_orderness: self.windows.out_of_orderness,
                grace: self.windows.grace,
                correction_horizon: self.windows.correction_horizon,
            },
            sources,
            policy: self.policy.as_ref().map_or_else(PolicyPlan::default, |policy| policy.plan()),
            organizations,
        }
    }

    /// What may enter, and the classes of pages.
    pub fn page_policy(&self) -> PagePolicy {
        let classes = PagePolicy::new(self.page_classes.clone());
        match &self.policy {
            Some(policy) => classes.under(policy.page_rules(), policy.consent.clone()),
            None => classes,
        }
    }
}
