//! What a simulated site is asked to be.

/// Monday 2026-11-02T00:00:00Z, in seconds since 1970.
pub const FIRST_MONDAY_SECONDS: i64 = 1_793_577_600;

/// Everything that a site depends on: the same plan gives the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct SitePlan {
    /// Where all chance comes from.
    pub seed: u64,
    /// When the first visitor may come, in seconds since 1970 in UTC.
    pub start_seconds: i64,
    /// For how many days visitors come; `f64::INFINITY` for a site that never closes.
    pub days: f64,
    /// Expected visits per business unit in a mean day.
    pub visits_per_day: f64,
    /// What goes wrong on the way.
    pub pathologies: Pathologies,
}

impl Default for SitePlan {
    fn default() -> Self {
        Self {
            seed: 1,
            start_seconds: FIRST_MONDAY_SECONDS,
            days: 7.0,
            visits_per_day: 3_000.0,
            pathologies: Pathologies::default(),
        }
    }
}

impl SitePlan {
    /// The same plan from midnight UTC of a day such as `2026-11-02`; none where it is no day.
    pub fn starting_on(self, day: &str) -> Option<Self> {
        let day: jiff::civil::Date = day.parse().ok()?;
        let midnight = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self { start_seconds: midnight.timestamp().as_second(), ..self })
    }

    /// When the last visitor may come, in seconds since 1970 in UTC.
    pub fn end_seconds(&self) -> i64 {
        self.start_seconds.saturating_add((self.days * 86_400.0) as i64)
    }
}

/// How often each kind of trouble strikes, as probabilities from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pathologies {
    /// A web action's step is also told on the action topic, without state, medium or version.
    pub twins: f64,
    /// A record is delivered again.
    pub duplicates: f64,
    /// A record is held up for up to 20 minutes.
    pub disorder: f64,
    /// A record comes hours or days late; one in eight of these after the correction horizon.
    pub late: f64,
    /// A visitor's clock is wrong: mostly by less than ten minutes, sometimes by up to an hour.
    pub skewed_clocks: f64,
    /// A broken record follows a good one.
    pub malformed: f64,
    /// A record is valid and vicious: escapes in keys, decoys, deep nesting, keys twice that nobody needs.
    pub hostile: f64,
}

impl Pathologies {
    /// Nothing goes wrong, and no step is told twice.
    pub const NONE: Self = Self {
        twins: 0.0,
        duplicates: 0.0,
        disorder: 0.0,
        late: 0.0,
        skewed_clocks: 0.0,
        malformed: 0.0,
        hostile: 0.0,
    };

    /// Everything goes wrong, and often.
    pub const ALL: Self = Self {
        twins: 0.6,
        duplicates: 0.15,
        disorder: 0.3,
        late: 0.06,
        skewed_clocks: 0.15,
        malformed: 0.03,
        hostile: 0.2,
    };
}

impl Default for Pathologies {
    /// An ordinary week of an ordinary bridge.
    fn default() -> Self {
        Self { twins: 0.35, duplicates: 0.01, disorder: 0.03, late: 0.002, malformed: 0.000_5, ..Self::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_may_start_on_another_day() {
        let plan = SitePlan::default();
        assert_eq!(plan.clone().starting_on("2026-11-02"), Some(plan.clone()));
        assert_eq!(plan.clone().starting_on("2026-11-03").unwrap().start_seconds, FIRST_MONDAY_SECONDS + 86_400);
        assert_eq!(plan.starting_on("yesterday"), None);
    }
}
