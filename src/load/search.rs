//! Searching: which rate to try next until the knee lies between two that are close.

use std::time::Duration;

use super::figures::{Figures, Step};
use super::judging::{Bar, Finding, Verdict};

/// The rate that sets the bar, in events per second.
const PROBE: f64 = 20.0;

/// How much higher the next rate is while every rate is taken.
const CLIMB: f64 = 4.0;

/// The knee is found when the rate that fails is at most so many times the one that was taken.
const CLOSE: f64 = 1.05;

/// While the two are further apart than this, shorter steps do.
const COARSE: f64 = 2.0;

/// A rate whose slices do not agree is tried so often.
const TRIES: usize = 3;

/// More steps than this say nothing new.
const MOST_STEPS: usize = 60;

/// The shortest step of the search, where the full length is longer.
const SHORTEST: Duration = Duration::from_secs(2);

/// A search for the knee.
#[derive(Debug, Clone)]
pub struct KneeSearch {
    length: Duration,
    most_per_second: f64,
    steps: usize,
    /// What was taken, in ascending order of rates; together it sets the bar.
    held: Vec<Figures>,
    bar: Option<Bar>,
    failed: Option<(f64, Verdict)>,
    /// The last rate is tried again, because its slices did not agree; how often it was tried.
    again: Option<(f64, usize)>,
    over: Option<Finding>,
}

impl KneeSearch {
    /// A search with steps of this length, never above this rate.
    pub const fn of(length: Duration, most_per_second: f64) -> Self {
        Self { length, most_per_second, steps: 0, held: Vec::new(), bar: None, failed: None, again: None, over: None }
    }

    /// What to try next; `None` at the end.
    pub fn next(&self) -> Option<Step> {
        if self.over.is_some() {
            return None;
        }
        let coarse = (self.length / 5).max(SHORTEST).min(self.length);
        let step = |per_second, length| Some(Step { per_second, length });
        if let Some((rate, _)) = self.again {
            return step(rate, self.length);
        }
        if self.is_closed() {
            return step(PROBE.min(self.most_per_second), coarse);
        }
        match (self.highest_held(), self.failed) {
            (None, _) => step(PROBE.min(self.most_per_second), coarse),
            (Some((held, _)), None) => step((held * CLIMB).min(self.most_per_second), coarse),
            (Some((held, _)), Some((failed, _))) => {
                let length = if failed / held > COARSE { coarse } else { self.length };
                step(middle(held, failed), length)
            }
        }
    }

    /// Takes in what came of the step that was next.
    pub fn learn(&mut self, figures: &Figures) {
        self.steps += 1;
        let rate = figures.step.per_second;
        let Some(bar) = Bar::of(self.held.iter().chain([figures])) else {
            self.over = Some(Finding::Unknown);
            return;
        };
        let was_closed = self.again.is_none() && self.is_closed();
        self.bar = Some(bar);
        // An endpoint that has warmed up, or a quieter minute, lowers the bar: what was taken under a higher one is asked anew.
        self.held.retain(|held| bar.judge(held).is_held());
        if was_closed {
            self.held.insert(0, figures.clone());
            self.over = self.is_closed().then(|| self.finding());
            return;
        }
        let verdict = bar.judge(figures);
        let tried = self.again.take().map_or(1, |(_, tried)| tried + 1);
        if !verdict.is_clear() && tried < TRIES {
            self.again = Some((rate, tried));
            return;
        }
        if verdict.is_held() {
            self.held.retain(|held| held.step.per_second < rate);
            self.held.push(figures.clone());
        } else {
            self.failed = Some((rate, verdict));
        }
        self.over = match (self.highest_held(), self.failed) {
            (None, Some((rate, _))) if rate <= PROBE => Some(Finding::Below(rate)),
            (Some((rate, _)), None) if rate >= self.most_per_second => Some(Finding::Above(rate)),
            (None | Some(_), None | Some(_)) if self.steps < MOST_STEPS => None,
            (None | Some(_), None | Some(_)) => Some(self.finding()),
        };
    }

    /// Whether the knee lies between two rates that are close. Before that is the answer, the lowest rate is tried once more:
    /// if it is faster than it was, the endpoint was still cold when it set the bar.
    fn is_closed(&self) -> bool {
        let (held, failed) = (self.highest_held(), self.failed);
        matches!((held, failed), (Some((held, _)), Some((failed, _))) if is_close(held, failed))
    }

    /// The highest rate that was taken, by the bar as it is now.
    fn highest_held(&self) -> Option<(f64, Verdict)> {
        let (bar, held) = (self.bar?, self.held.last()?);
        Some((held.step.per_second, bar.judge(held)))
    }

    /// What is known so far of the knee; the answer itself once there is nothing next.
    pub fn finding(&self) -> Finding {
        match (self.over, self.highest_held(), self.failed) {
            (Some(finding), _, _) => finding,
            (None, Some(held), Some(failed)) => Finding::between(held, failed),
            (None, Some((rate, _)), None) => Finding::Above(rate),
            (None, None, Some((rate, _))) => Finding::Below(rate),
            (None, None, None) => Finding::Unknown,
        }
    }
}

/// The rate in the middle, counted in ratios; whole where it is large.
fn middle(low: f64, high: f64) -> f64 {
    let middle = (low * high).sqrt();
    if middle > 50.0 { middle.round() } else { middle }
}

fn is_close(low: f64, high: f64) -> bool {
    let middle = middle(low, high);
    high / low <= CLOSE || middle <= low || middle >= high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::capacity::{Capacity, Curve, Reply};
    use crate::load::figures::Answer;

    /// What a step comes to against a stand-in, each step a while after the one before.
    fn tried(step: Step, capacity: &mut Capacity, start: Duration, noise: impl Fn(u64) -> u64) -> Figures {
        let mut figures = Figures::of(step);
        for nth in 0..step.events() {
            let (latency, answer) = match capacity.arrive(start + step.due(nth)) {
                Reply::Taken { after } => (after, Answer::Taken),
                Reply::TooManyRequests { .. } => (Duration::ZERO, Answer::TooManyRequests),
                Reply::Dropped => (Duration::ZERO, Answer::Other(crate::load::OtherAnswer::Closed)),
            };
            figures.answered(nth, Duration::ZERO, latency + Duration::from_millis(noise(nth)), answer);
        }
        figures
    }

    fn searched(curve: Curve, most: f64, noise: impl Fn(u64) -> u64) -> (Finding, usize) {
        searched_by(Duration::from_secs(5), curve, most, noise)
    }

    fn searched_by(length: Duration, curve: Curve, most: f64, noise: impl Fn(u64) -> u64) -> (Finding, usize) {
        let mut capacity = Capacity::of(curve);
        let mut search = KneeSearch::of(length, most);
        let (mut start, mut steps) = (Duration::ZERO, 0);
        while let Some(step) = search.next() {
            search.learn(&tried(step, &mut capacity, start, &noise));
            start += step.length + Duration::from_secs(1);
            steps += 1;
        }
        (search.finding(), steps)
    }

    fn is_near(finding: Finding, expected: f64) -> bool {
        finding.per_second().is_some_and(|found| (found / expected - 1.0).abs() < 0.1)
    }

    /// The rate at which the time of a curve is one and a half times that of no load, or at which it refuses.
    fn knee_of(curve: &Curve) -> f64 {
        let base = curve.answer_in(0.0).as_secs_f64();
        let bent = |rate: &u32| curve.answer_in(f64::from(*rate)).as_secs_f64() > (base * 1.5).max(base + 0.010);
        let bends = (1..40_000).find(bent).map_or(f64::INFINITY, f64::from);
        bends.min(curve.limit_per_second)
    }

    #[test]
    fn with_the_default_curve_the_knee_is_three_thousand() {
        let (finding, steps) = searched(Curve::default(), 20_000.0, |_| 0);
        assert!(is_near(finding, 3_000.0), "{finding:?}");
        assert!(steps <= 12, "{steps}");
        assert!(matches!(finding, Finding::Found(knee) if knee.confidence > 0.99 && !knee.by_refusals), "{finding:?}");
    }

    #[test]
    fn it_is_found_at_every_size_and_under_noise() {
        for scale in [0.02, 0.05, 0.1, 0.3, 1.0, 2.5] {
            let noise = |nth: u64| nth.wrapping_mul(7_919) % 13 + if nth.is_multiple_of(97) { 400 } else { 0 };
            let (finding, _) = searched(Curve::default().scaled(scale), 20_000.0, noise);
            assert!(is_near(finding, 3_000.0 * scale), "{scale}: {finding:?}");
        }
    }

    #[test]
    fn a_ceiling_of_refusals_is_found_as_well() {
        let curve = Curve { limit_per_second: 800.0, ..Curve::default() };
        let (finding, _) = searched(curve, 20_000.0, |_| 0);
        assert!(is_near(finding, 800.0), "{finding:?}");
        assert!(matches!(finding, Finding::Found(knee) if knee.by_refusals));
    }

    #[test]
    fn without_a_knee_it_says_so() {
        let easy = Curve { points: vec![], limit_per_second: 1e9, ..Curve::default() };
        assert_eq!(searched(easy, 5_000.0, |_| 3).0, Finding::Above(5_000.0));
        let closed = Curve { drops: 0.5, ..Curve::default() };
        assert_eq!(searched(closed, 5_000.0, |_| 3).0, Finding::Below(20.0));
        let gone = Curve { drops: 1.0, ..Curve::default() };
        assert_eq!(searched(gone, 5_000.0, |_| 3).0, Finding::Unknown);
    }

    #[test]
    fn a_step_whose_slices_do_not_agree_is_tried_again() {
        let mut search = KneeSearch::of(Duration::from_secs(5), 1_000.0);
        let mut capacity = Capacity::of(Curve::default());
        let first = search.next().unwrap();
        search.learn(&tried(first, &mut capacity, Duration::ZERO, |_| 0));
        let second = search.next().unwrap();
        search.learn(&tried(second, &mut capacity, Duration::from_secs(9), |nth| if nth > 90 { 900 } else { 0 }));
        assert_eq!(search.next().unwrap().per_second, second.per_second);
        search.learn(&tried(second, &mut capacity, Duration::from_secs(18), |_| 0));
        assert!(search.next().unwrap().per_second > second.per_second);
    }

    #[test]
    fn the_knee_is_found_on_curves_of_every_shape() {
        let points = |text: &str| {
            let millis = |text: &str| Ok(Duration::from_millis(text.parse().map_err(|_| text.to_owned())?));
            Curve::points_of(text, millis).unwrap()
        };
        let of = |text: &str| Curve { points: points(text), limit_per_second: 1e9, ..Curve::default() };
        let default = Curve::default;
        for (name, curve) in [
            ("at 500", of("0=40,450=50,600=400")),
            ("at 1,500", of("0=20,1000=25,1400=29,2500=300")),
            ("at 8,000", of("0=5,6000=9,8000=15,9000=60,12000=900")),
            ("a queue", of("0=20,500=23,700=29,800=40,900=80,950=160,990=800,1000=4000")),
            ("refusals alone", Curve { limit_per_second: 2_000.0, ..of("0=8") }),
            ("refusals before the bend", Curve { limit_per_second: 1_200.0, ..default() }),
            ("a slow start of seconds", Curve { slow_start: Duration::from_secs(10), ..default() }),
            ("a slow start of a minute", Curve { slow_start: Duration::from_secs(60), ..default() }),
            (
                "a start slower than the search",
                Curve { slow_start: Duration::from_secs(40), ..of("0=8,300=9,400=100") },
            ),
            ("one in a thousand lost", Curve { drops: 0.001, ..default() }),
            ("one in a hundred lost", Curve { drops: 0.01, ..default() }),
            ("one in thirty lost", Curve { drops: 0.033, ..default() }),
        ] {
            for seconds in [5, 30] {
                let expected = knee_of(&curve);
                let noise = |nth: u64| nth.wrapping_mul(7_919) % 3;
                let (finding, steps) = searched_by(Duration::from_secs(seconds), curve.clone(), 20_000.0, noise);
                assert!(is_near(finding, expected), "{name}, {seconds} s: {expected}, not {finding:?}");
                assert!(steps <= 30, "{name}: {steps}");
            }
        }
    }

    #[test]
    fn what_is_lost_at_every_rate_is_no_knee_until_it_is_much() {
        let easy = |drops| Curve { points: vec![], limit_per_second: 1e9, drops, ..Curve::default() };
        assert_eq!(searched(easy(0.02), 5_000.0, |_| 3).0, Finding::Above(5_000.0));
        assert_eq!(searched(easy(0.2), 5_000.0, |_| 3).0, Finding::Below(20.0));
    }

    #[test]
    fn noise_that_drowns_the_bend_is_told_by_low_confidence() {
        // Waves of a slice's length and more: half of the slices say this, half say that.
        let waves = |nth: u64| if (nth / 700).wrapping_mul(2_654_435_761) >> 7 & 1 == 0 { 0 } else { 400 };
        let (finding, _) = searched(Curve::default(), 20_000.0, waves);
        let sure = match finding {
            Finding::Found(knee) => knee.confidence,
            Finding::Above(_) | Finding::Below(_) | Finding::Unknown | Finding::Cut(_) => 0.0,
        };
        assert!(sure < 0.9, "{finding:?}");
        let (quiet, _) = searched(Curve::default(), 20_000.0, |_| 0);
        assert!(matches!(quiet, Finding::Found(knee) if knee.confidence > 0.99), "{quiet:?}");
    }
}
