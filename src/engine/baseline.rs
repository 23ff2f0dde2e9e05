//! The baseline: what the WFM forecast already holds for a planning group and interval.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::interval::Calendar;
use super::plan::{Plan, UnitPlan};
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

/// Why an upload cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineRefused {
    /// The planning group is not configured.
    #[error(
        "line {line}: planning group {group:?} is not in the configuration; add a [[planning_group]] with this id, or leave the row out"
    )]
    UnknownGroup {
        /// Its line.
        line: u64,
        /// The id as written.
        group: Arc<str>,
    },
    /// The upload's intervals are longer than the business unit's.
    #[error(
        "line {line}: planning group {group:?} has one row every {found} s, but its business unit plans every {interval} s; export the forecast at that interval or finer"
    )]
    TooCoarse {
        /// The line of the group's first row.
        line: u64,
        /// The group.
        group: Arc<str>,
        /// Shortest distance between two of its rows, in seconds.
        found: i64,
        /// The business unit's interval, in seconds.
        interval: i64,
    },
}

/// Sums the rows of an upload into the intervals of their business units; handle times are weighted by what is offered.
pub fn into_intervals(rows: &[BaselineRow], plan: &Plan) -> Result<Vec<BaselineInterval>, BaselineRefused> {
    let mut by_group: BTreeMap<&Arc<str>, Vec<&BaselineRow>> = BTreeMap::new();
    for row in rows {
        by_group.entry(&row.planning_group_id).or_default().push(row);
    }
    let mut intervals = Vec::new();
    for (group, mut rows) in by_group {
        rows.sort_by_key(|row| row.start);
        let unit = plan.groups.iter().find(|known| known.id == *group).and_then(|known| plan.units.get(known.unit));
        let Some(first) = rows.first() else { continue };
        let unit = unit.ok_or_else(|| BaselineRefused::UnknownGroup { line: first.line, group: Arc::clone(group) })?;
        let gaps = rows.iter().zip(rows.iter().skip(1)).map(|(one, next)| next.start.since(one.start).seconds());
        if let Some(found) = gaps.min().filter(|gap| *gap > unit.interval.seconds()) {
            let (line, group, interval) = (first.line, Arc::clone(group), unit.interval.seconds());
            return Err(BaselineRefused::TooCoarse { line, group, found, interval });
        }
        intervals.extend(of_group(&rows, unit, plan));
    }
    Ok(intervals)
}

fn of_group(rows: &[&BaselineRow], unit: &UnitPlan, plan: &Plan) -> Vec<BaselineInterval> {
    let mut calendar = Calendar::new(unit.zone.clone(), unit.interval);
    let mut sums: BTreeMap<EventTime, Vec<&BaselineRow>> = BTreeMap::new();
    for row in rows {
        sums.entry(calendar.interval_at(row.start).start).or_default().push(row);
    }
    let organization = plan.organizations.get(usize::from(unit.organization.0)).cloned().unwrap_or_default();
    let interval = |(start, rows): (EventTime, Vec<&BaselineRow>)| {
        let timed: Vec<(f64, f64)> =
            rows.iter().filter_map(|row| Some((row.offered, row.handle_time_seconds?))).collect();
        let weight: f64 = timed.iter().map(|(offered, _)| offered).sum();
        let weighted = timed.iter().map(|(offered, seconds)| offered * seconds).sum::<f64>() / weight;
        let plain = timed.iter().map(|(_, seconds)| seconds).sum::<f64>() / timed.len() as f64;
        BaselineInterval {
            organization_id: Arc::clone(&organization),
            business_unit_id: Arc::clone(&unit.id),
            planning_group_id: rows.first().map(|row| Arc::clone(&row.planning_group_id)).unwrap_or_default(),
            start,
            interval_seconds: u32::try_from(unit.interval.seconds()).unwrap_or(u32::MAX),
            offered: rows.iter().map(|row| row.offered).sum(),
            handle_time_seconds: (!timed.is_empty()).then_some(if weight > 0.0 { weighted } else { plain }),
        }
    };
    sums.into_iter().map(interval).collect()
}
