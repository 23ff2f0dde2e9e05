//! The site: lets visitors in, a quarter of an hour at a time, and delivers their records in order of arrival.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::calendar::{Calendar, PIECE_SECONDS};
use super::dice::Dice;
use super::mean::expect_queued;
use super::place::{GROUPS, UNITS};
use super::plan::SitePlan;
use super::post::{Post, Sent};
use super::truth::Truth;
use super::visit::{Visitor, talk_organically};

/// A simulated site: an iterator over its records in order of arrival, and the truth about them.
#[derive(Debug)]
pub struct Site {
    plan: SitePlan,
    calendars: [Calendar; 2],
    waiting: BinaryHeap<Reverse<Waiting>>,
    made_up_to: i64,
    made: u64,
    truth: Truth,
}

impl Site {
    /// A site that nobody has visited yet.
    pub fn new(plan: SitePlan) -> Self {
        let made_up_to = plan.start_seconds;
        let calendars = UNITS.map(Calendar::of);
        Self { plan, calendars, waiting: BinaryHeap::new(), made_up_to, made: 0, truth: Truth::default() }
    }

    /// The plan that it follows.
    pub const fn plan(&self) -> &SitePlan {
        &self.plan
    }

    /// The truth about all visits that were made so far; complete once the iterator is at its end.
    pub fn into_truth(mut self) -> Truth {
        expect_queued(&self.plan, self.made_up_to, &mut self.truth);
        self.truth
    }

    /// Lets in everybody who comes until the end of the present quarter of an hour.
    fn make_piece(&mut self) {
        let from = self.made_up_to;
        let piece = from.div_euclid(PIECE_SECONDS);
        let until = ((piece + 1) * PIECE_SECONDS).min(self.plan.end_seconds());
        self.made_up_to = until;
        let Self { plan, calendars, truth, waiting, made, .. } = self;
        for calendar in calendars.iter() {
            let dice = [0, 1].map(|of| Dice::new(plan.seed, &[calendar.unit.stream, piece, of]));
            let mut post = Post::new(dice, plan.pathologies);
            let rate = plan.visits_per_day / 86_400.0 * calendar.busyness(from);
            for at in arrivals(&mut post.dice, rate, from, until) {
                Visitor::new(&mut post, calendar.unit).visits(&mut post, truth, calendar, at);
            }
            for group in GROUPS.into_iter().filter(|group| group.unit == calendar.unit) {
                for at in arrivals(&mut post.dice, rate * group.organic_per_thousand / 1_000.0, from, until) {
                    talk_organically(&mut post, group, at);
                }
            }
            for sent in post.into_sent() {
                *made += 1;
                waiting.push(Reverse(Waiting { sent, place: *made }));
            }
        }
    }

    /// True where nothing that is still to be made can arrive before the next waiting record.
    fn next_is_certain(&self) -> bool {
        let closed = self.made_up_to >= self.plan.end_seconds();
        let first = self.waiting.peek().map(|Reverse(first)| first.sent.arrival_millis);
        closed || first.is_some_and(|arrival| arrival < self.made_up_to.saturating_mul(1_000))
    }
}

impl Iterator for Site {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        while !self.next_is_certain() {
            self.make_piece();
        }
        let Reverse(Waiting { sent, .. }) = self.waiting.pop()?;
        self.truth.record(sent.fate);
        Some(sent)
    }
}

/// When visitors come, in seconds since 1970: a Poisson process of so many a second.
fn arrivals(dice: &mut Dice, rate: f64, from: i64, until: i64) -> Vec<f64> {
    let (mut found, mut at) = (Vec::new(), from as f64);
    loop {
        at += dice.gap(rate);
        if at.is_nan() || at >= until as f64 {
            return found;
        }
        found.push(at);
    }
}

/// A record that waits for its time to arrive; of two that arrive together the one that was made first goes first.
#[derive(Debug, PartialEq, Eq)]
struct Waiting {
    sent: Sent,
    place: u64,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.sent.arrival_millis, self.place).cmp(&(other.sent.arrival_millis, other.place))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
