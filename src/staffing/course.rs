//! Course: the intervals of one planning group in the order of time, and who is needed in each.

use super::quantity::{above_zero, at_least_zero};
use super::{CarryOver, Demand, Goals, Refusal, Staff};

/// Loads that differ by a smaller share than this differ by arithmetic alone.
const ROUNDING: f64 = 1e-12;

/// Where nobody comes, the last contacts of earlier intervals die away without end; a hundredth of one agent's time is
/// no reason to stay.
const REST: f64 = 0.01;

/// One interval of a planning group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Its first second.
    pub starts_at: i64,
    /// The first second after it.
    pub ends_at: i64,
    /// Contacts that the forecast holds.
    pub baseline: f64,
    /// Contacts with what was added.
    pub adjusted: f64,
    /// Average handle time in seconds; where nobody comes it may be absent, or 0.
    pub handle_seconds: Option<f64>,
}

/// Who is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Need {
    /// For the baseline.
    pub baseline: Staff,
    /// For what it was adjusted to.
    pub adjusted: Staff,
}

/// What is in service where an interval ends.
#[derive(Debug, Clone)]
struct Before {
    ended_at: i64,
    handle_seconds: f64,
    baseline: CarryOver,
    adjusted: CarryOver,
}

/// The intervals of one planning group, taken one after the other.
#[derive(Debug, Clone)]
pub struct Course {
    goals: Goals,
    carries_over: bool,
    before: Option<Before>,
}

impl Course {
    /// A course towards these goals. Where nothing is carried over, every interval is answered as though it went on for
    /// ever; else the first, and each that does not follow upon the one before, takes what came before to be its like.
    pub const fn new(goals: Goals, carries_over: bool) -> Self {
        Self { goals, carries_over, before: None }
    }

    /// Who is needed in the next interval. One without an answer tells the one after it nothing.
    ///
    /// # Errors
    ///
    /// Where an input means nothing, or no number of agents meets a goal.
    pub fn take(&mut self, stretch: &Stretch) -> Result<Need, Refusal> {
        let before = self.before.take().filter(|before| before.ended_at == stretch.starts_at && self.carries_over);
        let [baseline, adjusted] = [
            at_least_zero("baseline_offered", stretch.baseline)?,
            at_least_zero("adjusted_offered", stretch.adjusted)?,
        ];
        let input = "average_handle_time_seconds";
        let is_idle = baseline == 0.0 && adjusted == 0.0;
        let handle_seconds = match (stretch.handle_seconds, &before) {
            (None | Some(0.0), before) if is_idle => before.as_ref().map_or(1.0, |before| before.handle_seconds),
            (Some(seconds), _) => above_zero(input, seconds)?,
            (None, _) => return Err(Refusal::Missing { input }),
        };
        let interval_seconds = stretch.ends_at.saturating_sub(stretch.starts_at) as f64;
        let demand = |contacts| Demand { contacts, interval_seconds, handle_seconds };
        let [for_baseline, for_adjusted] = [demand(baseline), demand(adjusted)];
        let mut now = match before {
            Some(before) => Before { ended_at: stretch.ends_at, handle_seconds, ..before },
            None => Before {
                ended_at: stretch.ends_at,
                handle_seconds,
                baseline: CarryOver::as_ever(&for_baseline)?,
                adjusted: CarryOver::as_ever(&for_adjusted)?,
            },
        };
        let need = Need {
            baseline: self.staff(&for_baseline, &mut now.baseline)?,
            adjusted: self.staff(&for_adjusted, &mut now.adjusted)?,
        };
        self.before = Some(now);
        Ok(need)
    }

    /// A load that is the stationary one but for arithmetic is taken as the decimals that were written.
    fn staff(&self, demand: &Demand, carried: &mut CarryOver) -> Result<Staff, Refusal> {
        if !self.carries_over {
            return self.goals.staff(demand);
        }
        let (load, steady) = (carried.take(demand)?, demand.load()?);
        let is_rest = demand.contacts == 0.0 && load.real() < REST;
        if is_rest || (load.real() - steady.real()).abs() <= ROUNDING * steady.real() {
            self.goals.staff(demand)
        } else {
            self.goals.staff_for_load(load, demand.handle_seconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOALS: Goals = Goals {
        service_level: None,
        asa_seconds: Some(30.0),
        max_abandon: None,
        max_occupancy: Some(0.5),
        patience_seconds: None,
        shrinkage: 0.0,
    };

    fn stretch(place: i64, baseline: f64, adjusted: f64, handle_seconds: f64) -> Stretch {
        let starts_at = place * 900;
        Stretch { starts_at, ends_at: starts_at + 900, baseline, adjusted, handle_seconds: Some(handle_seconds) }
    }

    fn agents(course: &mut Course, stretch: &Stretch) -> [u64; 2] {
        let need = course.take(stretch).unwrap();
        [need.baseline, need.adjusted].map(|staff| staff.agents.count())
    }

    #[test]
    fn a_burst_of_long_contacts_takes_fewer_now_and_more_later() {
        let (mut carried, mut alone) = (Course::new(GOALS, true), Course::new(GOALS, false));
        let burst = [stretch(0, 9.0, 9.0, 1_800.0), stretch(1, 9.0, 45.0, 1_800.0), stretch(2, 9.0, 9.0, 1_800.0)];
        // Alone: 18 erlangs, then 90, then 18, each served at half the agents' time.
        assert_eq!(burst.map(|stretch| agents(&mut alone, &stretch)), [[36, 36], [36, 180], [36, 36]]);
        let [first, second, third] = burst.map(|stretch| agents(&mut carried, &stretch));
        assert_eq!((first, second[0], third[0]), ([36, 36], 36, 36));
        assert!(second[1] > 36 && second[1] < 180, "{second:?}");
        assert!(third[1] > 36 && third[1] < 180, "{third:?}");
    }

    #[test]
    fn behind_a_gap_or_a_bad_interval_it_begins_anew() {
        let burst = stretch(0, 45.0, 45.0, 1_800.0);
        let quiet = |place| stretch(place, 9.0, 9.0, 1_800.0);
        let mut course = Course::new(GOALS, true);
        agents(&mut course, &burst);
        assert!(agents(&mut course, &quiet(1))[0] > 36);
        let mut course = Course::new(GOALS, true);
        agents(&mut course, &burst);
        assert_eq!(agents(&mut course, &quiet(2)), [36, 36]);
        let mut course = Course::new(GOALS, true);
        agents(&mut course, &burst);
        assert_eq!(course.take(&stretch(1, -1.0, 9.0, 300.0)), Err(Refusal::Negative { input: "baseline_offered" }));
        assert_eq!(agents(&mut course, &quiet(2)), [36, 36]);
    }

    #[test]
    fn who_closes_goes_home_when_the_last_contacts_are_done() {
        let mut course = Course::new(GOALS, true);
        let closing = (0..8).map(|place| stretch(place, if place == 0 { 30.0 } else { 0.0 }, 0.0, 420.0));
        let found: Vec<u64> = closing.map(|stretch| agents(&mut course, &stretch)[0]).collect();
        // 14 erlangs, then 14 · 420/900 · (1 - e^-900/420) = 5.77 of them, and of that 0.117 each time: 0.68, 0.079, 0.009.
        assert_eq!(found, [28, 12, 3, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn where_nobody_comes_no_handle_time_is_asked_for_and_who_came_before_is_still_served() {
        let mut course = Course::new(GOALS, true);
        let empty = |place, handle_seconds| Stretch { handle_seconds, ..stretch(place, 0.0, 0.0, 1.0) };
        assert_eq!(agents(&mut course, &empty(0, None)), [0, 0]);
        assert_eq!(agents(&mut course, &stretch(5, 45.0, 45.0, 1_800.0)), [180, 180]);
        assert!(agents(&mut course, &empty(6, Some(0.0)))[0] > 90);
        let input = "average_handle_time_seconds";
        let some = |handle_seconds| Stretch { handle_seconds, ..stretch(9, 1.0, 0.0, 1.0) };
        assert_eq!(course.take(&some(None)), Err(Refusal::Missing { input }));
        assert_eq!(course.take(&some(Some(0.0))), Err(Refusal::Zero { input }));
    }
}
