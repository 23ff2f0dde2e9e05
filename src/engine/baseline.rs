//! The baseline: what the WFM forecast already holds for a planning group and interval.

use std::sync::Arc;

use super::time::EventTime;

/// One row of an uploaded baseline, before it is summed into the intervals of a business unit.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// The line of the upload on which it stands, from 1.
    pub line: u64,
    /// The planning group.
    pub planning_group_id: Arc<str>,
    /// First instant of the row's interval; always a whole second.
    pub start: EventTime,
    /// Contacts forecast for the interval.
    pub offered: f64,
    /// Average handle time forecast for them in seconds, where the row has one.
    pub handle_time_seconds: Option<f64>,
}

/// What the forecast holds for one planning group and one of its staffing intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineInterval {
    /// The Genesys Cloud organization.
    pub organization_id: Arc<str>,
    /// The business unit that is forecast as one.
    pub business_unit_id: Arc<str>,
    /// The planning group that is staffed as one.
    pub planning_group_id: Arc<str>,
    /// First instant of the interval; always a whole second.
    pub start: EventTime,
    /// Nominal length of the interval in seconds.
    pub interval_seconds: u32,
    /// Contacts forecast for the interval.
    pub offered: f64,
    /// Average handle time forecast for them in seconds, where one is forecast.
    pub handle_time_seconds: Option<f64>,
}
