//! Staffing plans: baseline and adjusted volumes in, who is needed for each out; a row without an answer says why.

use std::collections::{BTreeMap, BTreeSet};

use super::staffing_csv::{Answered, TableError};
use super::timestamp::from_rfc3339;
use super::volume_rows::{self, COLUMNS, VolumeRow};
use crate::engine::baseline::BaselineInterval;
use crate::engine::interval::{Calendar, IntervalWindow};
use crate::engine::plan::{GroupPlan, Plan};
use crate::engine::{EventTime, Span};
use crate::staffing::{Course, Need, Refusal, Stretch};
use crate::wire::Rfc3339;

pub use super::volume_rows::Form;

/// The columns of a plan: what came in, the load of each interval, who must be there, who must be paid for that.
pub const PLANNED: [&str; 14] = [
    "interval_start_utc",
    "planning_group",
    "baseline_offered",
    "adjusted_offered",
    "average_handle_time_seconds",
    "baseline_erlangs",
    "adjusted_erlangs",
    "required_agents_baseline",
    "required_agents_adjusted",
    "required_agents_difference",
    "paid_heads_baseline",
    "paid_heads_adjusted",
    "paid_heads_difference",
    "error",
];

/// A plan, row by row.
#[derive(Debug, Default)]
pub struct StaffingPlan {
    /// The rows, under [`PLANNED`].
    pub rows: Vec<[String; PLANNED.len()]>,
    /// How many have an answer, and how many none.
    pub answered: Answered,
    /// Lines that a higher revision of the same row made void.
    pub superseded: u64,
}

/// Why a row has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum NoAnswer {
    #[error("the line is no JSON object")]
    NotJson,
    #[error("interval_start_utc is no time; write it as 2026-11-23T09:00:00Z")]
    NotATime,
    #[error("planning_group is not in the configuration; add a [[planning_group]] with this id, or leave the row out")]
    UnknownGroup,
    #[error("no interval of the business unit starts at interval_start_utc")]
    NotAStart,
    #[error("an earlier row has this planning group and interval; keep one of the two")]
    Twice,
    #[error("the planning group has no goals; add goals = {{ … }} to its [[planning_group]]")]
    NoGoals,
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl NoAnswer {
    const fn name(&self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotATime => "not_a_time",
            Self::UnknownGroup => "unknown_group",
            Self::NotAStart => "not_a_start",
            Self::Twice => "twice",
            Self::NoGoals => "no_goals",
            Self::Refused(refusal) => refusal.name(),
        }
    }
}

/// Where a row stands: its planning group among those of the configuration, and its interval.
type Key = (usize, EventTime);

impl StaffingPlan {
    /// Answers all rows. `forecast` adds the intervals of groups with goals that no row speaks of: nothing was added to them.
    ///
    /// # Errors
    ///
    /// Where columns are missing, or the table cannot be read.
    pub fn answer(
        input: &[u8],
        form: Form,
        forecast: &[BaselineInterval],
        plan: &Plan,
        carries_over: bool,
    ) -> Result<Self, TableError> {
        let volumes = volume_rows::read(input, form)?;
        let mut planner = Planner::new(plan, forecast);
        let mut rows: Vec<Placed> = volumes.rows.into_iter().map(|row| planner.place(row)).collect();
        if !forecast.is_empty() {
            let silent = forecast.iter().map(|interval| planner.place(unadjusted(interval)));
            // What a row speaks of already has its place, and who has no goals is not asked about here.
            let asked = |row: &Placed| {
                row.found
                    .as_ref()
                    .is_ok_and(|found| plan.groups.get(found.group).is_some_and(|group| group.goals.is_some()))
            };
            rows.extend(silent.filter(asked));
            // What has no place comes last.
            rows.sort_by_key(|row| row.found.as_ref().map_or((usize::MAX, EventTime::END_OF_INPUT), Found::key));
        }
        let answers = planner.answers(&rows, carries_over);
        let mut said = Self { superseded: volumes.superseded, ..Self::default() };
        for (row, answer) in rows.iter().zip(answers) {
            let counted = if answer.is_ok() { &mut said.answered.rows } else { &mut said.answered.refused };
            *counted += 1;
            said.rows.push(written(row, &answer));
        }
        Ok(said)
    }
}

fn unadjusted(interval: &BaselineInterval) -> VolumeRow {
    let offered = real(interval.offered);
    let handle_time = interval.handle_time_seconds.map_or_else(String::new, real);
    let start = Rfc3339::from(interval.start).to_string();
    VolumeRow {
        cells: [start, interval.planning_group_id.to_string(), offered.clone(), offered, handle_time],
        is_broken: false,
    }
}

/// A row and its place, or why it has none.
struct Placed {
    row: VolumeRow,
    found: Result<Found, NoAnswer>,
}

struct Found {
    group: usize,
    window: IntervalWindow,
}

impl Found {
    const fn key(&self) -> Key {
        (self.group, self.window.start)
    }
}

struct Planner<'a> {
    plan: &'a Plan,
    handle_times: BTreeMap<(&'a str, EventTime), f64>,
    groups: BTreeMap<&'a str, usize>,
    calendars: Vec<Calendar>,
    seen: BTreeSet<Key>,
}

impl<'a> Planner<'a> {
    fn new(plan: &'a Plan, forecast: &'a [BaselineInterval]) -> Self {
        let known = |interval: &'a BaselineInterval| {
            Some(((&*interval.planning_group_id, interval.start), interval.handle_time_seconds?))
        };
        Self {
            plan,
            handle_times: forecast.iter().filter_map(known).collect(),
            groups: plan.groups.iter().enumerate().map(|(place, group)| (&*group.id, place)).collect(),
            calendars: plan.units.iter().map(|unit| Calendar::new(unit.zone.clone(), unit.interval)).collect(),
            seen: BTreeSet::new(),
        }
    }

    /// Finds the place of a row, and fills in a handle time where it has none.
    fn place(&mut self, mut row: VolumeRow) -> Placed {
        let found = self.find(&row);
        let [.., seconds] = &mut row.cells;
        if seconds.is_empty()
            && let Ok(found) = &found
        {
            *seconds = self.handle_time(found).map_or_else(String::new, real);
        }
        Placed { row, found }
    }

    /// What the configuration says that a contact takes, else the baseline, as in adjustments.
    fn handle_time(&self, found: &Found) -> Option<f64> {
        let group = self.group(found.group)?;
        let forecast = || self.handle_times.get(&(&*group.id, found.window.start)).copied();
        group.handle_time.map(in_seconds).or_else(forecast)
    }

    fn group(&self, place: usize) -> Option<&'a GroupPlan> {
        self.plan.groups.get(place)
    }

    fn find(&mut self, row: &VolumeRow) -> Result<Found, NoAnswer> {
        if row.is_broken {
            return Err(NoAnswer::NotJson);
        }
        let [start, group, ..] = &row.cells;
        let start = from_rfc3339(start).ok_or(NoAnswer::NotATime)?;
        let group = *self.groups.get(group.as_str()).ok_or(NoAnswer::UnknownGroup)?;
        let unit = self.group(group).map(|group| group.unit);
        let calendar = unit.and_then(|unit| self.calendars.get_mut(unit)).ok_or(NoAnswer::UnknownGroup)?;
        let window = calendar.interval_at(start);
        if window.start != start {
            return Err(NoAnswer::NotAStart);
        }
        if self.seen.insert((group, start)) { Ok(Found { group, window }) } else { Err(NoAnswer::Twice) }
    }

    /// Answers the rows of each group in the order of time, whatever the order in which they came.
    fn answers(&self, rows: &[Placed], carries_over: bool) -> Vec<Result<Need, NoAnswer>> {
        let mut answers: Vec<Result<Need, NoAnswer>> = Vec::with_capacity(rows.len());
        let mut in_order: BTreeMap<Key, (usize, &VolumeRow, IntervalWindow)> = BTreeMap::new();
        for (place, Placed { row, found }) in rows.iter().enumerate() {
            if let Ok(found) = found {
                in_order.insert(found.key(), (place, row, found.window));
            }
            answers.push(Err(found.as_ref().err().cloned().unwrap_or(NoAnswer::NoGoals)));
        }
        let mut courses: BTreeMap<usize, Course> = BTreeMap::new();
        for ((group, _), (place, row, window)) in in_order {
            let Some(goals) = self.group(group).and_then(|group| group.goals) else { continue };
            let course = courses.entry(group).or_insert_with(|| Course::new(goals, carries_over));
            let answer = stretch(row, &window).and_then(|stretch| course.take(&stretch));
            if let Some(waiting) = answers.get_mut(place) {
                *waiting = answer.map_err(NoAnswer::from);
            }
        }
        answers
    }
}

fn stretch(row: &VolumeRow, window: &IntervalWindow) -> Result<Stretch, Refusal> {
    let [_, _, baseline, adjusted, handle_time] = &row.cells;
    let [_, _, baseline_offered, adjusted_offered, average_handle_time] = COLUMNS;
    let number = |input, text: &str| match text.parse() {
        Ok(number) => Ok(number),
        Err(_) if text.is_empty() => Err(Refusal::Missing { input }),
        Err(_) => Err(Refusal::NotANumber { input }),
    };
    Ok(Stretch {
        starts_at: window.start.seconds(),
        ends_at: window.end.seconds(),
        baseline: number(baseline_offered, baseline)?,
        adjusted: number(adjusted_offered, adjusted)?,
        handle_seconds: match number(average_handle_time, handle_time) {
            Err(Refusal::Missing { .. }) => None,
            seconds => Some(seconds?),
        },
    })
}

fn written(row: &Placed, answer: &Result<Need, NoAnswer>) -> [String; PLANNED.len()] {
    let [start, group, baseline, adjusted, handle_time] = row.row.cells.clone();
    let (figures, error) = match answer {
        Ok(need) => (figures(need), String::new()),
        Err(why) => (<[String; 8]>::default(), format!("{}: {why}", why.name())),
    };
    let [load, adjusted_load, agents, adjusted_agents, agents_difference, paid, adjusted_paid, paid_difference] =
        figures;
    [
        start,
        group,
        baseline,
        adjusted,
        handle_time,
        load,
        adjusted_load,
        agents,
        adjusted_agents,
        agents_difference,
        paid,
        adjusted_paid,
        paid_difference,
        error,
    ]
}

fn figures(need: &Need) -> [String; 8] {
    let Need { baseline, adjusted } = need;
    let counts = |before: crate::staffing::Agents, after: crate::staffing::Agents| {
        let difference = after.count().cast_signed() - before.count().cast_signed();
        [before.count().to_string(), after.count().to_string(), difference.to_string()]
    };
    let [agents, adjusted_agents, agents_difference] = counts(baseline.agents, adjusted.agents);
    let [paid, adjusted_paid, paid_difference] = counts(baseline.paid, adjusted.paid);
    [
        real(baseline.load.real()),
        real(adjusted.load.real()),
        agents,
        adjusted_agents,
        agents_difference,
        paid,
        adjusted_paid,
        paid_difference,
    ]
}

fn real(value: f64) -> String {
    format!("{value:?}")
}

fn in_seconds(span: Span) -> f64 {
    span.millis() as f64 / 1_000.0
}
