//! Figures: what came of the events of one rate, counted from when each should have been sent.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::{Counter, Histogram};

/// A step is judged in so many slices of equal length.
pub const SLICES: usize = 20;

/// So many of them, at its beginning, are not judged: the endpoint gets used to the rate.
pub const WARM_UP: usize = 6;

/// No rate is counted over less than this.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest time that can be told apart, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// A rate, and how long it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Events per second.
    pub per_second: f64,
    /// How long.
    pub length: Duration,
}

impl Step {
    /// How many events that makes; one at least.
    pub fn events(&self) -> u64 {
        (self.per_second * self.length.as_secs_f64()).round().max(1.0) as u64
    }

    /// When the nth event, from 0, should be sent, since the start of the step.
    pub fn due(&self, nth: u64) -> Duration {
        Duration::from_secs_f64(nth as f64 / self.per_second)
    }

    fn slice_of(&self, nth: u64) -> usize {
        let share = nth as f64 / self.events() as f64;
        ((share * SLICES as f64) as usize).min(SLICES - 1)
    }
}

/// What was answered to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was taken: any status from 200 to 299.
    Taken,
    /// Status 429.
    TooManyRequests,
    /// Anything else, or nothing.
    Other(OtherAnswer),
}

impl Answer {
    /// Whether it is none: nothing says that anybody is there.
    pub const fn is_none(self) -> bool {
        match self {
            Self::Taken | Self::TooManyRequests => false,
            Self::Other(other) => match other {
                OtherAnswer::TimedOut | OtherAnswer::NoConnection | OtherAnswer::Closed | OtherAnswer::Tls => true,
                OtherAnswer::Redirected(_)
                | OtherAnswer::Status(_)
                | OtherAnswer::TooLarge
                | OtherAnswer::NotPermitted
                | OtherAnswer::NotReplicated
                | OtherAnswer::Broker(_) => false,
            },
        }
    }
}

/// Why the rest of a step was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing was answered any more at this rate.
    Unanswered,
    /// The run ended in it, which says nothing of the rate.
    RunEnded,
}

/// An answer that is neither a yes nor 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherAnswer {
    /// A redirection, which is not followed.
    Redirected(u16),
    /// Another status.
    Status(u16),
    /// None in time.
    TimedOut,
    /// No connection came about.
    NoConnection,
    /// The connection ended without an answer.
    Closed,
    /// No safe connection came about.
    Tls,
    /// A record is larger than client or broker take.
    TooLarge,
    /// The cluster does not let us write there.
    NotPermitted,
    /// Too few replicas were there to make it safe.
    NotReplicated,
    /// Another error of the client or the broker, by its number.
    Broker(i32),
}

impl OtherAnswer {
    /// Its name, which stays.
    pub fn name(self) -> String {
        match self {
            Self::Redirected(status) => format!("redirected_{status}"),
            Self::Status(status) => format!("status_{status}"),
            Self::TimedOut => "timed_out".to_owned(),
            Self::NoConnection => "no_connection".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Tls => "tls".to_owned(),
            Self::TooLarge => "too_large".to_owned(),
            Self::NotPermitted => "not_permitted".to_owned(),
            Self::NotReplicated => "not_replicated".to_owned(),
            Self::Broker(number) => format!("broker_error_{number}"),
        }
    }
}

/// One slice of a step.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Events that were answered or not, or held back.
    pub events: u64,
    /// Events that were taken.
    pub taken: u64,
    /// How long those took, in microseconds.
    pub latency: Histogram<u32>,
    /// How late events were sent, in microseconds.
    pub lag: Histogram<u32>,
}

/// What came of the events of one step.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The step.
    pub step: Step,
    /// Events that were sent, whatever came of it.
    pub sent: u64,
    /// Events that were due and not sent, because the endpoint had asked to be left alone.
    pub held_back: u64,
    /// Events that were taken.
    pub ok: u64,
    /// Events that were answered with 429.
    pub too_many_requests: u64,
    /// All other events, by what came of them.
    pub other: BTreeMap<OtherAnswer, u64>,
    /// How long events took that were taken, in microseconds since they should have been sent.
    pub latency: Histogram<u64>,
    /// How long after that they were really sent.
    pub lag: Histogram<u64>,
    /// The same in pieces.
    pub slices: Vec<Slice>,
    /// Where the rest was not sent: why, and how long the step had lasted.
    pub cut: Option<(Cut, Duration)>,
    /// When the first and the last answer came, since the start of the step.
    answered: Option<(Duration, Duration)>,
}

/// A histogram of microseconds to so many digits; it grows as it must.
fn histogram<C: Counter>(digits: u8) -> Histogram<C> {
    Histogram::new(digits).expect("up to five digits are allowed")
}

/// Adds a time to a histogram, which grows as it must and so takes every value.
fn add<C: Counter>(histogram: &mut Histogram<C>, time: Duration) {
    histogram.record(micros(time)).ok();
}

/// A time as a histogram keeps it.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(LONGEST).clamp(1, LONGEST)
}

/// What a histogram says in milliseconds; `None` where it is empty.
pub fn millis_at<C: Counter>(histogram: &Histogram<C>, quantile: f64) -> Option<f64> {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / 1_000.0)
}

impl Figures {
    /// Nothing was sent yet.
    pub fn of(step: Step) -> Self {
        let slice = Slice { events: 0, taken: 0, latency: histogram(2), lag: histogram(2) };
        Self {
            step,
            sent: 0,
            held_back: 0,
            ok: 0,
            too_many_requests: 0,
            other: BTreeMap::new(),
            latency: histogram(3),
            lag: histogram(3),
            slices: vec![slice; SLICES],
            cut: None,
            answered: None,
        }
    }

    /// How long the rate was really kept.
    pub fn kept(&self) -> Duration {
        self.cut.map_or(self.step.length, |(_, after)| after.min(self.step.length))
    }

    /// Whether it says something of its rate: the run did not end in it.
    pub fn is_to_be_judged(&self) -> bool {
        self.cut.is_none_or(|(cut, _)| cut == Cut::Unanswered)
    }

    /// Whether something said that anybody is there.
    pub fn was_answered(&self) -> bool {
        let silent = self.other.iter().filter(|(other, _)| Answer::Other(**other).is_none());
        self.sent > silent.map(|(_, events)| events).sum()
    }

    /// An event was sent `lag` after it was due, and answered `latency` after it was due.
    pub fn answered(&mut self, nth: u64, lag: Duration, latency: Duration, answer: Answer) {
        self.sent += 1;
        add(&mut self.lag, lag);
        let mut slice = self.slices.get_mut(self.step.slice_of(nth));
        if let Some(slice) = &mut slice {
            slice.events += 1;
            add(&mut slice.lag, lag);
        }
        match answer {
            Answer::Taken => {
                self.ok += 1;
                add(&mut self.latency, latency);
                let at = self.step.due(nth) + latency;
                let (first, last) = self.answered.unwrap_or((at, at));
                self.answered = Some((first.min(at), last.max(at)));
                if let Some(slice) = slice {
                    slice.taken += 1;
                    add(&mut slice.latency, latency);
                }
            }
            Answer::TooManyRequests => self.too_many_requests += 1,
            Answer::Other(other) => *self.other.entry(other).or_insert(0) += 1,
        }
    }

    /// An event was due while the endpoint had asked to be left alone.
    pub fn held_back(&mut self, nth: u64) {
        self.held_back += 1;
        if let Some(slice) = self.slices.get_mut(self.step.slice_of(nth)) {
            slice.events += 1;
        }
    }

    /// All answers that are neither a yes nor 429.
    pub fn other(&self) -> u64 {
        self.other.values().sum()
    }

    /// Events taken per second, over the time in which they were answered.
    pub fn throughput(&self) -> f64 {
        let span = self.answered.map_or(Duration::ZERO, |(first, last)| last.saturating_sub(first));
        self.ok as f64 / span.max(self.kept()).max(SHORTEST).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Step = Step { per_second: 100.0, length: Duration::from_secs(2) };

    #[test]
    fn a_step_spaces_its_events_evenly() {
        assert_eq!(STEP.events(), 200);
        assert_eq!(STEP.due(0), Duration::ZERO);
        assert_eq!(STEP.due(150), Duration::from_millis(1_500));
        assert_eq!((STEP.slice_of(0), STEP.slice_of(9), STEP.slice_of(10), STEP.slice_of(199)), (0, 0, 1, 19));
    }

    #[test]
    fn every_event_ends_in_exactly_one_of_three() {
        let mut figures = Figures::of(STEP);
        let answers = [
            Answer::Taken,
            Answer::TooManyRequests,
            Answer::Other(OtherAnswer::Status(503)),
            Answer::Other(OtherAnswer::TimedOut),
            Answer::Other(OtherAnswer::Redirected(302)),
        ];
        for nth in 0..200 {
            let answer = answers[nth as usize % answers.len()];
            figures.answered(nth, Duration::from_millis(1), Duration::from_millis(40), answer);
        }
        assert_eq!((figures.sent, figures.ok, figures.too_many_requests, figures.other()), (200, 40, 40, 120));
        assert_eq!(figures.latency.len(), 40, "only what was taken has a time");
        assert_eq!(figures.lag.len(), 200);
        let in_slices: u64 = figures.slices.iter().map(|slice| slice.events).sum();
        assert_eq!(in_slices, 200);
    }

    #[test]
    fn throughput_counts_the_time_that_answers_took_where_they_came_late() {
        let mut figures = Figures::of(STEP);
        for nth in 0..200 {
            let late = Duration::from_millis(200) + STEP.due(nth);
            figures.answered(nth, Duration::ZERO, late, Answer::Taken);
        }
        assert!((figures.throughput() - 200.0 / 3.98).abs() < 1e-9, "{}", figures.throughput());
    }
}
