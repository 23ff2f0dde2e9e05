//! What journeycast says: the change in offered volume of one planning group and interval, with its evidence.

use std::sync::Arc;

use super::tally::Tally;
use super::time::EventTime;
use crate::staffing::Agents;

/// Which row: a planning group of a business unit, and one of its staffing intervals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The Genesys Cloud organization.
    pub organization_id: Arc<str>,
    /// The business unit that is forecast as one.
    pub business_unit_id: Arc<str>,
    /// The planning group that is staffed as one.
    pub planning_group_id: Arc<str>,
    /// First instant of the interval; always a whole second.
    pub interval_start: EventTime,
    /// Nominal length of the interval in seconds.
    pub interval_seconds: u32,
    /// IANA time zone of the business unit.
    pub time_zone: Arc<str>,
    /// Offset of local time from UTC at the interval's start, in seconds.
    pub utc_offset_seconds: i32,
}

/// Where a row stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// More may come.
    Open,
    /// The watermark has passed the interval's end and grace.
    Final,
    /// Changed after it was final.
    Corrected,
    /// Fell to no evidence.
    Withdrawn,
}

/// How far ahead of the watermark a row's interval lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// Final.
    Realised,
    /// Open and begun.
    Nowcast,
    /// Later on the same local day.
    Intraday,
    /// On a later local day.
    Planning,
}

/// A volume with its uncertainty, in contacts per interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Volume {
    /// Expected value.
    pub mean: f64,
    /// Tenth percentile.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// Ninetieth percentile.
    pub p90: f64,
}

impl Volume {
    /// A volume that is known for certain.
    pub const fn certain(value: f64) -> Self {
        Self { mean: value, p10: value, p50: value, p90: value }
    }
}

/// What the mean is made of; every part is at least 0, and the last two are subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Components {
    /// Has happened.
    pub realised: f64,
    /// Accepted, not yet queued.
    pub pending: f64,
    /// Qualified, not yet accepted.
    pub qualifying: f64,
    /// From visits still to come.
    pub future: f64,
    /// Already inside the baseline.
    pub absorbed: f64,
    /// Would have made contact anyway.
    pub cannibalised: f64,
}

/// A row's average handle time and who says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HandleTime {
    /// Average handle time in seconds.
    pub seconds: f64,
    /// Where it comes from.
    pub source: HandleTimeSource,
}

/// Who says what the average handle time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleTimeSource {
    /// The mean over the row's queued conversations that have ended.
    Measured,
    /// The configuration's figure for the planning group.
    Configured,
    /// The baseline's figure for the interval.
    Baseline,
}

/// What was assumed where nothing could be measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// What is assumed, e.g. `reach`.
    pub name: &'static str,
    /// Of which action map, as configured.
    pub action_map: Option<ActionMapEntry>,
    /// The assumed value.
    pub value: f64,
}

/// An entry of the configuration's action maps: an id, perhaps of one version only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionMapEntry {
    /// The action map's id.
    pub id: Arc<str>,
    /// The version, where the entry is for that version alone.
    pub version: Option<u32>,
}

/// What an analyst needs to redo the sum by hand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// The counts.
    pub counts: Tally,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
}

/// The counts of one row that came through one action map.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionMapCounts {
    /// The configured entry.
    pub action_map: ActionMapEntry,
    /// Its counts.
    pub counts: Tally,
}

/// One row as it is said: absolute values, the whole row every time.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeAdjustment {
    /// Which row.
    pub identity: Identity,
    /// From 1; one more with every change.
    pub revision: u64,
    /// Where it stands in its life.
    pub state: RowState,
    /// How far ahead it lies.
    pub horizon: Horizon,
    /// What to add to the baseline.
    pub additional_offered: Volume,
    /// The same before absorption and cannibalisation.
    pub gross_additional_offered: Volume,
    /// What the mean is made of.
    pub components: Components,
    /// Average handle time, where anything is known of it.
    pub handle_time: Option<HandleTime>,
    /// What the WFM forecast already holds, where known.
    pub baseline_offered: Option<f64>,
    /// Agents who must be there for the baseline, where the planning group has goals.
    pub required_agents_baseline: Option<Agents>,
    /// The same with the adjustment added.
    pub required_agents_adjusted: Option<Agents>,
    /// Why.
    pub evidence: Evidence,
    /// The same counts by action map, in the order of the entries.
    pub by_action_map: Vec<ActionMapCounts>,
    /// The policy under which it was counted.
    pub policy_version: Arc<str>,
    /// How far the input had come; `None` before anything was heard of it.
    pub watermark: Option<EventTime>,
}

impl VolumeAdjustment {
    /// The baseline with the adjustment added, where a baseline is known.
    pub fn adjusted_offered(&self) -> Option<f64> {
        self.baseline_offered.map(|offered| offered + self.additional_offered.mean)
    }

    /// Whether `other` says the same, whatever its revision and watermark.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let Self { identity, revision: _, state, horizon, watermark: _, .. } = self;
        *identity == other.identity
            && *state == other.state
            && *horizon == other.horizon
            && self.additional_offered == other.additional_offered
            && self.gross_additional_offered == other.gross_additional_offered
            && self.components == other.components
            && self.handle_time == other.handle_time
            && self.baseline_offered == other.baseline_offered
            && self.required_agents_baseline == other.required_agents_baseline
            && self.required_agents_adjusted == other.required_agents_adjusted
            && self.evidence == other.evidence
            && self.by_action_map == other.by_action_map
            && self.policy_version == other.policy_version
    }
}
