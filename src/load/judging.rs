//! Judging: whether a rate was taken, and where the knee lies between those that were and those that were not.

use super::figures::{Cut, Figures, SLICES, Slice, WARM_UP, millis_at};
use super::summary::shown;

/// A rate counts as taken where the median is at most so many times what it was at the lowest rate.
const BEND: f64 = 1.5;

/// Below this difference a change of the median says nothing.
const NOISE_MS: f64 = 10.0;

/// Beyond the share that is lost at the lowest rates anyway, this share of the events may be lost.
const MORE_LOST: f64 = 0.005;

/// Where more than this share is lost at the lowest rate, not even that is taken.
const MOST_LOST: f64 = 0.05;

/// Fewer lost events than this say nothing of a share.
const FEW: u64 = 5;

/// Where none of n events was lost, up to three in n may be lost in the long run (the rule of three, 95 %).
const UNSEEN: u64 = 3;

/// Where so many of a step's last slices are refused, what was let through before was a burst.
const TO_THE_END: usize = 5;

/// Losses scatter by chance: so many standard deviations of their number are no sign of anything.
const SCATTER: f64 = 3.0;

/// Share of the slices that must agree before a verdict is clear.
const CLEAR: f64 = 0.85;

/// What a rate is measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// The lowest median, in milliseconds: nothing is in anything's way.
    pub base_ms: f64,
    /// The highest median that counts as taken.
    pub limit_ms: f64,
    /// Share of the events that was refused or lost where nothing was in anything's way.
    pub loss: f64,
    /// How large that share may be in the long run, by as many events as there were.
    loss_at_most: f64,
    /// Whether that is more than any rate may lose.
    is_hopeless: bool,
}

impl Bar {
    /// The bar of an endpoint that refuses everything.
    const HOPELESS: Self = Self { base_ms: 0.0, limit_ms: NOISE_MS, loss: 1.0, loss_at_most: 1.0, is_hopeless: true };

    /// The bar that steps set, given in ascending order of their rates: those that lose no more than the lower ones say
    /// together how many are lost anyway, and the fastest of them how long an event takes. An endpoint that was cold at the lowest
    /// rate so sets no bar for one that is warm. One that refused all at the lowest rate takes none. `None` where nothing was
    /// answered there.
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a Figures>) -> Option<Self> {
        let (mut sent, mut lost, mut base_ms) = (0, 0, None::<f64>);
        let mut is_hopeless = false;
        for step in steps {
            let loss = share(lost + UNSEEN, sent);
            let lost_here = step.sent - step.ok;
            let is_much = is_much(lost_here, step.sent);
            if base_ms.is_some() && (is_much && !is_hopeless || lost_here as f64 > allowed(loss, step.sent)) {
                continue;
            }
            is_hopeless |= is_much;
            let Some(median) = millis_at(&step.latency, 0.5) else {
                return step.was_answered().then_some(Self::HOPELESS);
            };
            (sent, lost) = (sent + step.sent, lost + lost_here);
            base_ms = Some(median.min(base_ms.unwrap_or(f64::INFINITY)));
        }
        let base_ms = base_ms?;
        let loss = share(lost, sent);
        Some(Self {
            base_ms,
            limit_ms: (base_ms * BEND).max(base_ms + NOISE_MS),
            loss,
            loss_at_most: share(lost + UNSEEN, sent),
            is_hopeless: is_hopeless || is_much(lost, sent),
        })
    }

    /// Judges a rate slice by slice.
    pub fn judge(self, figures: &Figures) -> Verdict {
        let mut verdict = Verdict { held: 0, refused: 0, slow: 0, late: 0 };
        let mut refused_to_the_end = 0;
        for slice in figures.slices.iter().skip(WARM_UP).filter(|slice| slice.events > 0) {
            if self.is_late(slice) {
                verdict.late += 1;
                continue;
            }
            let is_refused =
                self.is_hopeless || (slice.events - slice.taken) as f64 > allowed(self.loss_at_most, slice.events);
            refused_to_the_end = if is_refused { refused_to_the_end + 1 } else { 0 };
            if is_refused {
                verdict.refused += 1;
            } else if self.is_slow(slice) {
                verdict.slow += 1;
            } else {
                verdict.held += 1;
            }
        }
        if refused_to_the_end >= TO_THE_END {
            // Until then a burst was let through, which says nothing of the rate.
            verdict = Verdict { held: 0, refused: refused_to_the_end, slow: 0, late: verdict.late };
        }
        if self.was_not_sent(figures) || Self::is_lost_in_all(figures) {
            // However late the generator was, it was the endpoint that did not want it.
            verdict = Verdict { held: 0, refused: verdict.refused.max(1), slow: 0, late: 0 };
        }
        verdict
    }

    /// Whether part of the rate was never sent, because the endpoint did not want it: what was held back was not taken.
    fn was_not_sent(self, figures: &Figures) -> bool {
        let due = figures.sent + figures.held_back;
        figures.held_back as f64 > allowed(self.loss_at_most, due)
            || figures.cut.is_some_and(|(cut, _)| cut == Cut::Unanswered)
    }

    /// Whether much was lost of so few events that a slice of them says nothing.
    fn is_lost_in_all(figures: &Figures) -> bool {
        let judged = || figures.slices.iter().skip(WARM_UP);
        let events: u64 = judged().map(|slice| slice.events).sum();
        let taken: u64 = judged().map(|slice| slice.taken).sum();
        figures.step.events() < FEW * SLICES as u64 && is_much(events - taken, events)
    }

    /// Whether the generator was late by more than half of what is measured: such a slice says nothing of the endpoint.
    fn is_late(self, slice: &Slice) -> bool {
        millis_at(&slice.lag, 0.5).is_some_and(|lag| lag > (self.limit_ms - self.base_ms) / 2.0)
    }

    fn is_slow(self, slice: &Slice) -> bool {
        millis_at(&slice.latency, 0.5).is_none_or(|median| median > self.limit_ms)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// Whether more is lost than any rate may lose.
fn is_much(lost: u64, events: u64) -> bool {
    lost >= FEW && share(lost, events) > MOST_LOST
}

/// How many of so many events may be lost where this share is lost anyway.
fn allowed(loss: f64, events: u64) -> f64 {
    let events = events as f64;
    events * (loss + MORE_LOST) + SCATTER * (events * loss * (1.0 - loss)).sqrt()
}

/// What the slices of a step say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Slices in which the rate was taken.
    pub held: usize,
    /// Slices in which events were refused or lost.
    pub refused: usize,
    /// Slices in which all were taken, but slowly.
    pub slow: usize,
    /// Slices in which the generator itself was late, which say nothing of the endpoint.
    pub late: usize,
}

impl Verdict {
    /// Slices that say something of the endpoint.
    const fn judged(&self) -> usize {
        self.held + self.refused + self.slow
    }

    /// Whether the generator was late in most slices.
    pub const fn by_generator(&self) -> bool {
        self.late > self.judged()
    }

    /// Whether the rate counts as taken: in most slices.
    pub const fn is_held(&self) -> bool {
        self.held > self.refused + self.slow
    }

    /// Whether nearly all slices agree, and the generator was on time.
    pub fn is_clear(&self) -> bool {
        let most = self.held.max(self.refused + self.slow) as f64;
        !self.by_generator() && most >= CLEAR * self.judged() as f64
    }

    /// How likely so many slices, or more, agree by chance if each were the toss of a coin (a sign test).
    pub fn by_chance(&self) -> f64 {
        let all = self.judged();
        let agreeing = self.held.max(self.refused + self.slow);
        let mut ways = 1.0;
        let mut sum = 0.0;
        for heads in 0..=all {
            if heads >= agreeing {
                sum += ways;
            }
            ways = ways * (all - heads) as f64 / (heads + 1) as f64;
        }
        (sum / 2.0_f64.powi(i32::try_from(all).unwrap_or(i32::MAX))).min(1.0)
    }
}

/// Where the knee is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knee {
    /// The highest rate that was taken.
    pub per_second: f64,
    /// The lowest that was not.
    pub fails_at: f64,
    /// How sure it is that the knee lies between the two, from 0 to 1.
    pub confidence: f64,
    /// What showed it: refusals, or else times.
    pub by_refusals: bool,
    /// Whether the generator was late where the rate was not taken, so that the endpoint may take more.
    pub by_generator: bool,
}

/// What a run says about the knee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// It lies here.
    Found(Knee),
    /// Every rate was taken, up to this one.
    Above(f64),
    /// Not even the lowest rate, this one, was taken.
    Below(f64),
    /// Nothing was answered that could be judged.
    Unknown,
    /// The run ended too early to tell; the highest rate that was taken until then.
    Cut(Option<f64>),
}

impl Finding {
    /// What rates in ascending order say, judged against the lowest.
    pub fn of_rates(steps: &[(f64, Verdict)]) -> Self {
        let Some((lowest, _)) = steps.first() else { return Self::Unknown };
        let Some(failing) = steps.iter().position(|(_, verdict)| !verdict.is_held()) else {
            return steps.last().map_or(Self::Unknown, |(rate, _)| Self::Above(*rate));
        };
        let (Some((fails_at, against)), Some((per_second, held))) =
            (steps.get(failing), failing.checked_sub(1).and_then(|below| steps.get(below)))
        else {
            return Self::Below(*lowest);
        };
        Self::between((*per_second, *held), (*fails_at, *against))
    }

    /// The knee between a rate that was taken and one that was not.
    pub fn between(held: (f64, Verdict), failed: (f64, Verdict)) -> Self {
        Self::Found(Knee {
            per_second: held.0,
            fails_at: failed.0,
            confidence: (1.0 - held.1.by_chance() - failed.1.by_chance()).max(0.0),
            by_refusals: failed.1.refused >= failed.1.slow,
            by_generator: failed.1.by_generator(),
        })
    }

    /// What is left of it where a run ended too early.
    pub const fn cut_short(self) -> Self {
        match self {
            Self::Found(Knee { per_second: rate, .. }) | Self::Above(rate) => Self::Cut(Some(rate)),
            Self::Below(_) | Self::Unknown => Self::Cut(None),
            Self::Cut(rate) => Self::Cut(rate),
        }
    }

    /// The knee's rate.
    pub const fn per_second(&self) -> Option<f64> {
        match self {
            Self::Found(knee) => Some(knee.per_second),
            Self::Above(_) | Self::Below(_) | Self::Unknown | Self::Cut(_) => None,
        }
    }

    /// The finding in a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Found(knee) => {
                let sign = if knee.by_generator {
                    "the generator itself was late, so the endpoint may take more"
                } else if knee.by_refusals {
                    "events were refused or lost"
                } else {
                    "the median time bent upwards"
                };
                format!(
                    "The knee lies between {}/s, which was taken, and {}/s, where {sign} (confidence {:.1} %).",
                    shown(knee.per_second),
                    shown(knee.fails_at),
                    (knee.confidence * 1_000.0).floor() / 10.0
                )
            }
            Self::Above(rate) => format!("Every rate was taken up to {}/s; the knee lies above.", shown(*rate)),
            Self::Below(rate) => format!("Not even {}/s was taken; the knee lies below.", shown(*rate)),
            Self::Unknown => "Nothing was answered that could be judged.".to_owned(),
            Self::Cut(Some(rate)) => {
                format!("No knee can be told, because the run ended early; {}/s was taken until then.", shown(*rate))
            }
            Self::Cut(None) => "No knee can be told, because the run ended early.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::figures::{Answer, OtherAnswer, Step};

    const STEP: Step = Step { per_second: 100.0, length: Duration::from_secs(2) };

    fn figures(answer: impl Fn(u64) -> (u64, Answer)) -> Figures {
        let mut figures = Figures::of(STEP);
        for nth in 0..STEP.events() {
            let (millis, answer) = answer(nth);
            figures.answered(nth, Duration::ZERO, Duration::from_millis(millis), answer);
        }
        figures
    }

    fn bar() -> Bar {
        Bar::of([&figures(|_| (200, Answer::Taken))]).unwrap()
    }

    #[test]
    fn a_rate_is_taken_while_the_median_stays_below_one_and_a_half_times_the_lowest() {
        for (millis, held) in [(200, true), (295, true), (310, false), (1_200, false)] {
            let verdict = bar().judge(&figures(|_| (millis, Answer::Taken)));
            assert_eq!((verdict.is_held(), verdict.is_clear(), verdict.refused), (held, true, 0), "{millis}");
        }
    }

    #[test]
    fn a_rate_is_not_taken_where_events_are_refused_however_fast() {
        let verdict =
            bar().judge(&figures(|nth| (5, if nth % 4 == 0 { Answer::TooManyRequests } else { Answer::Taken })));
        assert!(!verdict.is_held() && verdict.refused == 14, "{verdict:?}");
        let lost = bar().judge(&figures(|_| (5, Answer::Other(OtherAnswer::Closed))));
        assert_eq!((lost.is_held(), lost.refused), (false, 14));
    }

    #[test]
    fn a_burst_that_is_let_through_at_first_does_not_hide_that_the_rest_is_refused() {
        let from = |first: u64| {
            bar().judge(&figures(|nth| (5, if nth >= first { Answer::TooManyRequests } else { Answer::Taken })))
        };
        for (first, held) in [(100, false), (150, false), (160, true)] {
            assert_eq!(from(first).is_held(), held, "{first}: {:?}", from(first));
        }
        assert!(from(150).is_clear());
    }

    #[test]
    fn a_rate_that_is_refused_outright_or_was_held_back_is_not_taken() {
        let refused = figures(|_| (5, Answer::TooManyRequests));
        let bar = Bar::of([&refused]).unwrap();
        assert!(!bar.judge(&refused).is_held());
        let nothing = figures(|_| (5, Answer::Other(OtherAnswer::NoConnection)));
        assert_eq!(Bar::of([&nothing]), None, "nobody said anything");
        let mut held_back = Figures::of(STEP);
        for nth in 0..STEP.events() {
            if (60..100).contains(&nth) {
                held_back.held_back(nth);
            } else {
                held_back.answered(nth, Duration::ZERO, Duration::from_millis(200), Answer::Taken);
            }
        }
        assert!(!self::bar().judge(&held_back).is_held(), "a fifth of it was never sent");
    }

    #[test]
    fn rates_of_few_events_are_judged_as_a_whole_and_not_against_what_the_highest_loses() {
        let step = |per_second: f64, refused: fn(u64) -> bool| {
            let mut figures = Figures::of(Step { per_second, length: Duration::from_secs(3) });
            for nth in 0..figures.step.events() {
                let answer = if refused(nth) { Answer::TooManyRequests } else { Answer::Taken };
                figures.answered(nth, Duration::ZERO, Duration::from_millis(5), answer);
            }
            figures
        };
        let (two, again, eight) = (step(2.0, |_| false), step(2.0, |_| false), step(8.0, |nth| nth % 2 == 1));
        let bar = Bar::of([&two, &again, &eight]).unwrap();
        let held = [&two, &again, &eight].map(|figures| bar.judge(figures).is_held());
        assert_eq!((bar.loss, held), (0.0, [true, true, false]));
    }

    #[test]
    fn rates_below_one_are_said_as_they_are() {
        assert_eq!(Finding::Below(0.5).sentence(), "Not even 0.50/s was taken; the knee lies below.");
    }

    #[test]
    fn a_queue_that_grows_is_found_even_while_its_beginning_was_fast() {
        let verdict = bar().judge(&figures(|nth| (200 + nth * 2, Answer::Taken)));
        assert!(!verdict.is_held(), "{verdict:?}");
    }

    #[test]
    fn a_stall_of_a_moment_does_not_turn_a_verdict() {
        let verdict = bar().judge(&figures(|nth| (if (90..130).contains(&nth) { 900 } else { 200 }, Answer::Taken)));
        assert!(verdict.is_held() && !verdict.is_clear(), "{verdict:?}");
    }

    #[test]
    fn a_late_generator_is_named_and_makes_a_verdict_unclear() {
        let mut late = Figures::of(STEP);
        for nth in 0..STEP.events() {
            late.answered(nth, Duration::from_millis(400), Duration::from_millis(600), Answer::Taken);
        }
        let verdict = bar().judge(&late);
        assert!(verdict.by_generator() && !verdict.is_clear());
        let finding = Finding::between((50.0, bar().judge(&figures(|_| (200, Answer::Taken)))), (100.0, verdict));
        assert!(finding.sentence().contains("the generator itself was late"), "{}", finding.sentence());
    }

    #[test]
    fn slices_in_which_the_generator_was_late_are_left_out() {
        let mut late = Figures::of(STEP);
        for nth in 0..STEP.events() {
            let lag = if (80..120).contains(&nth) { 300 } else { 1 };
            let (lag, latency) = (Duration::from_millis(lag), Duration::from_millis(200 + lag));
            late.answered(nth, lag, latency, Answer::Taken);
        }
        let verdict = bar().judge(&late);
        assert_eq!((verdict.held, verdict.late, verdict.is_held(), verdict.is_clear()), (10, 4, true, true));
    }

    #[test]
    fn the_chance_of_agreement_is_that_of_a_sign_test() {
        let of = |held, slow| Verdict { held, refused: 0, slow, late: 0 }.by_chance();
        for (held, slow, expected) in [(14, 0, 1.0 / 16_384.0), (0, 3, 0.125), (9, 1, 11.0 / 1_024.0), (0, 0, 1.0)] {
            assert!((of(held, slow) - expected).abs() < 1e-12, "{held} {slow}: {}", of(held, slow));
        }
    }

    #[test]
    fn rates_that_were_asked_for_have_a_knee_between_two_of_them_or_none() {
        let held = Verdict { held: 14, refused: 0, slow: 0, late: 0 };
        let slow = Verdict { held: 0, refused: 0, slow: 14, late: 0 };
        let found = Finding::of_rates(&[(1_000.0, held), (3_000.0, held), (5_000.0, slow), (10_000.0, slow)]);
        assert_eq!(found.per_second(), Some(3_000.0));
        assert!(
            found.sentence().contains("between 3000/s") && found.sentence().contains("99.9"),
            "{}",
            found.sentence()
        );
        assert_eq!(Finding::of_rates(&[(1.0, held)]), Finding::Above(1.0));
        assert_eq!(Finding::of_rates(&[(1.0, slow)]), Finding::Below(1.0));
        assert_eq!(Finding::of_rates(&[]), Finding::Unknown);
    }
}
