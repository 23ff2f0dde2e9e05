//! What the engine is told of the contact centre: organizations, business units, planning groups and how long to wait.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::fact::OrganizationIndex;
use super::time::Span;
use crate::staffing::Goals;

/// Everything that the engine is told before the first record.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The organizations, sorted; an [`OrganizationIndex`] is a place in this list.
    pub organizations: Vec<Arc<str>>,
    /// The business units.
    pub units: Vec<UnitPlan>,
    /// The planning groups.
    pub groups: Vec<GroupPlan>,
    /// Kinds of pages.
    pub page_classes: Vec<Arc<str>>,
    /// Whether a feed of conversation events is connected.
    pub conversations_feed: bool,
    /// How long to wait for what.
    pub windows: Windows,
    /// What counts as a source of its own.
    pub sources: SourceScheme,
    /// What the policy asks of counting.
    pub policy: PolicyPlan,
}

/// What a policy asks of counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPlan {
    /// Its version, as rows carry it; "none" where there is no policy.
    pub version: Arc<str>,
    /// Whether conversations of regulated visits count in staffing.
    pub interactions_may_count: bool,
}

impl Default for PolicyPlan {
    fn default() -> Self {
        Self { version: Arc::from("none"), interactions_may_count: false }
    }
}

/// How long to wait for what, in the time of the events.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    /// How far behind the newest event of its source an event usually comes.
    pub out_of_orderness: Span,
    /// How long an interval stays open past its end.
    pub grace: Span,
    /// How late an event may come and still revise a final row.
    pub correction_horizon: Span,
}

impl Windows {
    /// How long after the watermark has passed it anything is remembered.
    pub const fn state_kept(&self) -> Span {
        self.correction_horizon.and(Span::from_days(2))
    }
}

/// What counts as a source of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceScheme {
    /// Visits, actions and conversations each lead a watermark of their own.
    ByKind,
    /// All input is one source.
    One,
}

/// A business unit.
#[derive(Debug, Clone)]
pub struct UnitPlan {
    /// Its id.
    pub id: Arc<str>,
    /// Whose it is.
    pub organization: OrganizationIndex,
    /// The IANA name of its zone.
    pub time_zone: Arc<str>,
    /// The zone.
    pub zone: TimeZone,
    /// Nominal length of its intervals.
    pub interval: Span,
}

/// A planning group.
#[derive(Debug, Clone)]
pub struct GroupPlan {
    /// Its id.
    pub id: Arc<str>,
    /// Its business unit, a place in [`Plan::units`].
    pub unit: usize,
    /// The action maps whose offers lead here.
    pub action_maps: Vec<ActionMapPlan>,
    /// The route paths whose conversations belong here.
    pub route_paths: Vec<RoutePathPlan>,
    /// Average handle time where nothing else says so.
    pub handle_time: Option<Span>,
    /// What its agents must reach, where that is said.
    pub goals: Option<Goals>,
}

/// An action map that leads to a planning group.
#[derive(Debug, Clone)]
pub struct ActionMapPlan {
    /// Its id.
    pub id: Arc<str>,
    /// The only version that is meant.
    pub version: Option<u32>,
    /// Share of accepted offers that reach a queue.
    pub reach: f64,
}

/// How a conversation reaches an agent of a planning group.
#[derive(Debug, Clone)]
pub struct RoutePathPlan {
    /// The queue.
    pub queue: Arc<str>,
    /// The media type in lower case.
    pub media_type: Arc<str>,
    /// The language, if only one is meant.
    pub language: Option<Arc<str>>,
    /// Skills that must be asked for.
    pub skills: Vec<Arc<str>>,
}

impl Plan {
    /// Every identifier that the plan names, for [`super::label::KnownLabels`].
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.page_classes.clone();
        for group in &self.groups {
            names.extend(group.action_maps.iter().map(|map| Arc::clone(&map.id)));
            for path in &group.route_paths {
                names.extend([&path.queue, &path.media_type].map(Arc::clone));
                names.extend(path.language.iter().chain(&path.skills).map(Arc::clone));
            }
        }
        names
    }
}
