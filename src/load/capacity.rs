//! Capacity: what a stand-in for a Journey endpoint answers to an event, by what arrived before it.

use std::collections::VecDeque;
use std::time::Duration;

/// How often the stand-in looks at what arrived.
const SLOT: Duration = Duration::from_millis(50);

/// So many slots make up the present rate.
const SLOTS: usize = 10;

/// So long may arrivals exceed the limit before one is refused.
const BURST_SECONDS: f64 = 0.25;

/// How much slower a cold start is at its first moment.
const COLD: f64 = 4.0;

/// A point of the curve: at this rate an answer takes so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Events per second.
    pub per_second: f64,
    /// Time to an answer.
    pub answer_in: Duration,
}

/// What an endpoint takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Time to an answer by the rate, in ascending order; between two points on a straight line, beyond them constant.
    pub points: Vec<Point>,
    /// Events per second above which the rest is refused with 429.
    pub limit_per_second: f64,
    /// What `Retry-After` says.
    pub retry_after: Duration,
    /// How long after the start answers are slower, ever less.
    pub slow_start: Duration,
    /// Share of connections that end without an answer.
    pub drops: f64,
    /// A time in which nothing is answered.
    pub stall: Option<Stall>,
}

/// A time in which nothing is answered; what arrives in it is answered after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// How long it lasts.
    pub length: Duration,
    /// How long after the first event it begins.
    pub after: Duration,
}

impl Stall {
    /// How much of it is left at a time since the first event.
    fn left_at(self, since: Duration) -> Duration {
        match since.checked_sub(self.after) {
            Some(into) => self.length.saturating_sub(into),
            None => Duration::ZERO,
        }
    }
}

impl Default for Curve {
    /// What a practitioner saw: about 200 ms at 1,000 events a second, 1.2 s at 5,000, refusals at 10,000, and a bend at
    /// 3,000, above which nobody would want to work.
    fn default() -> Self {
        let point = |per_second, millis| Point { per_second, answer_in: Duration::from_millis(millis) };
        Self {
            points: vec![point(0.0, 180), point(1_000.0, 190), point(3_000.0, 240), point(5_000.0, 1_200)],
            limit_per_second: 6_000.0,
            retry_after: Duration::from_secs(1),
            slow_start: Duration::ZERO,
            drops: 0.0,
            stall: None,
        }
    }
}

impl Curve {
    /// The same endpoint, so many times as large.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        for point in &mut self.points {
            point.per_second *= factor;
        }
        self.limit_per_second *= factor;
        self
    }

    /// Reads points as `RATE=TIME` pairs with commas between them, such as `1000=200ms,5000=1200ms`.
    ///
    /// # Errors
    ///
    /// A sentence where they are none, or not in ascending order.
    pub fn points_of(text: &str, time: impl Fn(&str) -> Result<Duration, String>) -> Result<Vec<Point>, String> {
        let mut points: Vec<Point> = Vec::new();
        for pair in text.split(',') {
            let Some((rate, answer)) = pair.split_once('=') else {
                return Err(format!("{pair:?} is no point; write it as 1000=200ms"));
            };
            let rate = rate.trim();
            let per_second = rate.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0);
            let per_second = per_second.ok_or_else(|| format!("{rate:?} is no rate; write events a second"))?;
            if points.last().is_some_and(|last| last.per_second >= per_second) {
                return Err(format!("{rate} does not come after the rate before it; write rates in ascending order"));
            }
            points.push(Point { per_second, answer_in: time(answer.trim())? });
        }
        Ok(points)
    }

    /// Time to an answer at a rate.
    pub fn answer_in(&self, per_second: f64) -> Duration {
        let above = self.points.iter().position(|point| point.per_second >= per_second);
        let (low, high) = match above {
            None => return self.points.last().map_or(Duration::ZERO, |last| last.answer_in),
            Some(0) => return self.points.first().map_or(Duration::ZERO, |first| first.answer_in),
            Some(above) => (self.points.get(above - 1), self.points.get(above)),
        };
        let (Some(low), Some(high)) = (low, high) else { return Duration::ZERO };
        let way = (per_second - low.per_second) / (high.per_second - low.per_second);
        let seconds = low.answer_in.as_secs_f64() * (1.0 - way) + high.answer_in.as_secs_f64() * way;
        Duration::from_secs_f64(seconds)
    }
}

/// What becomes of an event that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is taken, and that is said after this time.
    Taken {
        /// How long the answer takes.
        after: Duration,
    },
    /// It is refused at once.
    TooManyRequests {
        /// When to come again.
        retry_after: Duration,
    },
    /// The connection ends without an answer.
    Dropped,
}

/// The state of a stand-in: what arrived lately.
#[derive(Debug, Clone)]
pub struct Capacity {
    curve: Curve,
    /// Events that were taken, by slot, the newest last; the newest slot is still open.
    taken: VecDeque<u64>,
    open_slot: u64,
    tokens: f64,
    filled_at: Duration,
    dropping: f64,
    /// When the first event arrived.
    first: Option<Duration>,
}

impl Capacity {
    /// An endpoint to which nothing came yet.
    pub fn of(curve: Curve) -> Self {
        let tokens = curve.limit_per_second * BURST_SECONDS;
        Self {
            curve,
            taken: VecDeque::from([0]),
            open_slot: 0,
            tokens: tokens.max(1.0),
            filled_at: Duration::ZERO,
            dropping: 0.0,
            first: None,
        }
    }

    /// Answers an event that arrives at this time since the start; times never fall.
    pub fn arrive(&mut self, at: Duration) -> Reply {
        self.turn_to(at);
        let since_first = at.saturating_sub(*self.first.get_or_insert(at));
        let room = (self.curve.limit_per_second * BURST_SECONDS).max(1.0);
        let since = at.saturating_sub(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + since * self.curve.limit_per_second).min(room);
        self.filled_at = self.filled_at.max(at);
        if self.tokens < 1.0 {
            return Reply::TooManyRequests { retry_after: self.curve.retry_after };
        }
        self.tokens -= 1.0;
        self.dropping += self.curve.drops;
        if self.dropping >= 1.0 {
            self.dropping -= 1.0;
            return Reply::Dropped;
        }
        if let Some(open) = self.taken.back_mut() {
            *open += 1;
        }
        let stalled = self.curve.stall.map_or(Duration::ZERO, |stall| stall.left_at(since_first));
        Reply::Taken { after: stalled + self.curve.answer_in(self.per_second()).mul_f64(self.coldness(at)) }
    }

    /// Events per second that were taken in the slots that are over.
    fn per_second(&self) -> f64 {
        let closed: u64 = self.taken.iter().rev().skip(1).sum();
        closed as f64 / (SLOT.as_secs_f64() * SLOTS as f64)
    }

    fn turn_to(&mut self, at: Duration) {
        let slot = u64::try_from(at.as_nanos() / SLOT.as_nanos()).unwrap_or(u64::MAX);
        let passed = usize::try_from(slot.saturating_sub(self.open_slot)).unwrap_or(usize::MAX);
        for _ in 0..passed.min(SLOTS + 1) {
            self.taken.push_back(0);
        }
        while self.taken.len() > SLOTS + 1 {
            self.taken.pop_front();
        }
        self.open_slot = self.open_slot.max(slot);
    }

    fn coldness(&self, at: Duration) -> f64 {
        let left = self.curve.slow_start.saturating_sub(at).as_secs_f64();
        if left > 0.0 { 1.0 + (COLD - 1.0) * left / self.curve.slow_start.as_secs_f64() } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of events that arrive evenly: taken, refused, dropped, and how long the last one took.
    fn steadily(curve: Curve, per_second: u32, seconds: u32) -> (u32, u32, u32, Duration) {
        let mut capacity = Capacity::of(curve);
        let (mut taken, mut refused, mut dropped, mut last) = (0, 0, 0, Duration::ZERO);
        for nth in 0..per_second * seconds {
            match capacity.arrive(Duration::from_secs(u64::from(nth)) / per_second) {
                Reply::Taken { after } => (taken, last) = (taken + 1, after),
                Reply::TooManyRequests { retry_after } => {
                    assert_eq!(retry_after, Duration::from_secs(1));
                    refused += 1;
                }
                Reply::Dropped => dropped += 1,
            }
        }
        (taken, refused, dropped, last)
    }

    #[test]
    fn the_default_answers_as_the_practitioner_saw_it() {
        for (per_second, millis) in [(1_000, 190), (2_000, 215), (3_000, 240), (4_000, 720), (5_000, 1_200)] {
            let (taken, refused, dropped, last) = steadily(Curve::default(), per_second, 3);
            assert_eq!((taken, refused, dropped), (per_second * 3, 0, 0));
            assert_eq!(last, Duration::from_millis(millis), "{per_second}");
        }
    }

    #[test]
    fn what_exceeds_the_limit_is_refused_and_nothing_else() {
        let (taken, refused, _, last) = steadily(Curve::default(), 10_000, 10);
        assert_eq!(taken + refused, 100_000);
        assert!((61_400..=61_600).contains(&taken), "six thousand a second and one burst: {taken}");
        assert_eq!(last, Duration::from_millis(1_200));
    }

    #[test]
    fn a_smaller_endpoint_bends_and_refuses_at_smaller_rates() {
        let curve = Curve::default().scaled(0.1);
        assert_eq!(steadily(curve.clone(), 300, 3).3, Duration::from_millis(240));
        assert_eq!(steadily(curve.clone(), 500, 3).1, 0);
        assert!(steadily(curve, 1_000, 3).1 > 1_000);
    }

    #[test]
    fn a_cold_start_is_slow_and_warms_up() {
        let mut capacity = Capacity::of(Curve { slow_start: Duration::from_secs(2), ..Curve::default() });
        for (seconds, millis) in [(0, 720), (1, 450), (2, 180), (9, 180)] {
            let after = Duration::from_millis(millis);
            assert_eq!(capacity.arrive(Duration::from_secs(seconds)), Reply::Taken { after });
        }
    }

    #[test]
    fn drops_are_as_many_as_was_said() {
        let curve = Curve { drops: 0.125, ..Curve::default() };
        assert_eq!(steadily(curve, 800, 1).2, 100);
    }

    #[test]
    fn in_a_stall_nothing_is_answered_until_its_end() {
        let stall = Some(Stall { length: Duration::from_secs(1), after: Duration::from_secs(2) });
        let mut capacity = Capacity::of(Curve { stall, points: vec![], ..Curve::default() });
        // The first event comes when the stand-in has been up for five seconds.
        for (millis, answer) in [(5_000, 0), (6_999, 0), (7_000, 1_000), (7_400, 600), (8_000, 0), (9_000, 0)] {
            let after = Duration::from_millis(answer);
            assert_eq!(capacity.arrive(Duration::from_millis(millis)), Reply::Taken { after }, "{millis}");
        }
    }

    #[test]
    fn silence_makes_it_fast_again() {
        let mut capacity = Capacity::of(Curve::default());
        for nth in 0..5_000 {
            capacity.arrive(Duration::from_secs(nth) / 5_000);
        }
        let after = Duration::from_millis(180);
        assert_eq!(capacity.arrive(Duration::from_secs(60)), Reply::Taken { after });
    }

    #[test]
    fn points_are_read_in_ascending_order_or_refused_with_a_sentence() {
        let millis = |text: &str| {
            let number = text.strip_suffix("ms").and_then(|number| number.parse().ok());
            number.map(Duration::from_millis).ok_or_else(|| format!("{text:?} is no time"))
        };
        let points = Curve::points_of("100=20ms, 200.5=40ms", millis).unwrap();
        assert_eq!(points[1], Point { per_second: 200.5, answer_in: Duration::from_millis(40) });
        for (text, says) in [
            ("", "is no point"),
            ("100", "is no point"),
            ("many=2ms", "is no rate"),
            ("-1=2ms", "is no rate"),
            ("200=1ms,100=2ms", "ascending"),
            ("100=soon", "is no time"),
        ] {
            let said = Curve::points_of(text, millis).unwrap_err();
            assert!(said.contains(says), "{text:?}: {said}");
        }
    }
}
