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

/// The shortest step of the search, where the full length is longer.
const SHORTEST: Duration = Duration::from_secs(2);

/// A search for the knee.
#[derive(Debug, Clone)]
pub struct KneeSearch {
    length: Duration,
    most_per_second: f64,
    bar: Option<Bar>,
    held: Option<(f64, Verdict)>,
    failed: Option<(f64, Verdict)>,
    /// The last rate is tried again, because its slices did not agree; how often it was tried.
    again: Option<(f64, usize)>,
    over: Option<Finding>,
}

impl KneeSearch {
    /// A search with steps of this length, never above this rate.
    pub const fn of(length: Duration, most_per_second: f64) -> Self {
        Self { length, most_per_second, bar: None, held: None, failed: None, again: None, over: None }
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
        match (self.held, self.failed) {
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
        let rate = figures.step.per_second;
        let Some(bar) = self.bar.or_else(|| Bar::of(figures)) else {
            self.over = Some(Finding::Unknown);
            return;
        };
        self.bar = Some(bar);
        let verdict = bar.judge(figures);
        let tried = self.again.take().map_or(1, |(_, tried)| tried + 1);
        if !verdict.is_clear() && tried < TRIES {
            self.again = Some((rate, tried));
            return;
        }
        if verdict.is_held() {
            self.held = Some((rate, verdict));
        } else {
            self.failed = Some((rate, verdict));
        }
        self.over = match (self.held, self.failed) {
            (None, Some((rate, _))) => Some(Finding::Below(rate)),
            (Some((rate, _)), None) if rate >= self.most_per_second => Some(Finding::Above(rate)),
            (Some(held), Some(failed)) if is_close(held.0, failed.0) => Some(Finding::between(held, failed)),
            (None | Some(_), None) | (Some(_), Some(_)) => None,
        };
    }

    /// What is known so far of the knee; the answer itself once there is nothing next.
    pub fn finding(&self) -> Finding {
        match (self.over, self.held, self.failed) {
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
        let mut capacity = Capacity::of(curve);
        let mut search = KneeSearch::of(Duration::from_secs(5), most);
        let (mut start, mut steps) = (Duration::ZERO, 0);
        while let Some(step) = search.next() {
            search.learn(&tried(step, &mut capacity, start, &noise));
            start += step.length + Duration::from_secs(3);
            steps += 1;
        }
        (search.finding(), steps)
    }

    fn is_near(finding: Finding, expected: f64) -> bool {
        finding.per_second().is_some_and(|found| (found / expected - 1.0).abs() < 0.1)
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
}
