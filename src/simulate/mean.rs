//! The true intensity: how many conversations are expected to queue, before chance.
//!
//! The rate of visits is known, every visitor draws from the same chances, and every delay has a closed form. So the
//! rate of queueing is the rate of visits folded with the delays and thinned where offers are not made (Campbell's
//! theorem: Kingman, Poisson Processes, 1993, section 3.2). Folded here on a grid.

use super::calendar::{Calendar, PIECE_SECONDS};
use super::conversation::{ABANDONED, BOT, FLOWED_OUT, HANDED_OVER, HANDING_OVER, REACHING, WAITING};
use super::delay::Delay;
use super::offer::{ACCEPTING, ADDRESSED, BLOCKING, FAILED, RETRIED, RETRYING, SHOWING, STARTING};
use super::page::{MOST_PAGES, PageClass};
use super::place::{ActionMap, Medium, maps};
use super::plan::SitePlan;
use super::truth::Truth;

/// The grid, in seconds: a whole part of every piece of time, and of every dwell that qualifies.
const GRID_SECONDS: i64 = 30;

/// Weights at multiples of the grid from zero: a delay with, in sum, the probability that it comes to pass at all.
#[derive(Debug, Clone, Default)]
struct Folded(Vec<f64>);

impl Folded {
    /// Something that happens at once, with this probability.
    fn at_once(probability: f64) -> Self {
        Self(vec![probability])
    }

    /// A delay, as far as it is over by `cut` seconds; each weight spread so that the mean is kept.
    fn delay(delay: Delay, cut: f64) -> Self {
        let grid = GRID_SECONDS as f64;
        let cells = (delay.most() / grid).ceil() as usize + 1;
        let mean_share = |cell: usize| {
            let middles = (0..GRID_SECONDS).map(|second| cell as f64 * grid + second as f64 + 0.5);
            middles.map(|seconds| delay.share_by(seconds.min(cut))).sum::<f64>() / grid
        };
        let mut below = 0.0;
        Self((0..=cells).map(|cell| mean_share(cell) - std::mem::replace(&mut below, mean_share(cell))).collect())
    }

    /// The whole of a delay.
    fn of(delay: Delay) -> Self {
        Self::delay(delay, delay.most())
    }

    /// One after the other.
    fn then(&self, next: &Self) -> Self {
        let mut sum = vec![0.0; (self.0.len() + next.0.len()).saturating_sub(1)];
        for (place, weight) in self.0.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            for (slot, other) in sum.iter_mut().skip(place).zip(&next.0) {
                *slot += weight * other;
            }
        }
        Self(sum)
    }

    /// Either of the two.
    fn or(mut self, other: &Self) -> Self {
        self.0.resize(self.0.len().max(other.0.len()), 0.0);
        self.0.iter_mut().zip(&other.0).for_each(|(weight, more)| *weight += more);
        self
    }

    /// With this probability only.
    fn times(&self, probability: f64) -> Self {
        Self(self.0.iter().map(|weight| weight * probability).collect())
    }

    /// Later by a multiple of the grid, in seconds.
    fn later(&self, seconds: f64) -> Self {
        let cells = (seconds / GRID_SECONDS as f64).round() as usize;
        Self(std::iter::repeat_n(0.0, cells).chain(self.0.iter().copied()).collect())
    }
}

/// From the beginning of a visit until it first qualifies for a map: a first passage through the pages.
fn until_qualified(map: &ActionMap) -> Folded {
    let mut reached = PageClass::ALL.map(|class| Folded::at_once(class.entered()));
    let mut qualified = Folded::default();
    for _ in 0..MOST_PAGES {
        let mut next = PageClass::ALL.map(|_| Folded::default());
        for (class, here) in PageClass::ALL.into_iter().zip(&reached) {
            let dwell = class.dwell();
            let stays = if class == map.page { map.dwell } else { dwell.most() };
            if class == map.page {
                qualified = qualified.or(&here.times(1.0 - dwell.share_by(stays)).later(map.dwell));
            }
            let left = here.then(&Folded::delay(dwell, stays));
            for (onward, there) in class.onward().into_iter().zip(&mut next) {
                *there = std::mem::take(there).or(&left.times(onward));
            }
        }
        reached = next;
    }
    qualified.times(ADDRESSED)
}

/// From qualifying while offers are made until the conversation first queues.
fn until_queued(map: &ActionMap) -> Folded {
    let at_once = Folded::of(SHOWING).times(1.0 - map.blocked);
    let retried = Folded::of(BLOCKING).then(&Folded::of(RETRYING)).times(map.blocked * RETRIED);
    let shown = at_once.or(&retried);
    let accepted = shown.then(&Folded::of(ACCEPTING)).times(map.accepted * (1.0 - FAILED));
    accepted.then(&Folded::of(STARTING)).then(&Folded::of(BOT)).times(REACHING)
}

/// From queueing first until queueing for the second group.
fn until_handed_over(map: &ActionMap) -> Folded {
    let handling = map.listed.group().map_or(Delay::Even { least: 0.0, most: 1.0 }, |group| group.handling);
    let answered = 1.0 - ABANDONED - FLOWED_OUT;
    let after_talk = Folded::of(handling).times(answered * HANDED_OVER);
    let left = Folded::of(WAITING).then(&after_talk.or(&Folded::at_once(FLOWED_OUT)));
    left.then(&Folded::of(HANDING_OVER))
}

/// Adds what is expected of all visits that begin before `until`, in seconds since 1970.
pub fn expect_queued(plan: &SitePlan, until: i64, truth: &mut Truth) {
    let origin = plan.start_seconds.div_euclid(PIECE_SECONDS) * PIECE_SECONDS;
    let until = until.min(plan.end_seconds());
    if until <= plan.start_seconds {
        return;
    }
    for map in maps().filter(|map| map.medium == Medium::Messaging) {
        let Some(group) = map.listed.group() else { continue };
        let calendar = Calendar::of(map.unit);
        let visits = visits(plan, &calendar, origin, until);
        let qualified = only_open(&calendar, origin, visits.then(&until_qualified(map)));
        let queued = qualified.then(&until_queued(map));
        for (seconds, mean) in by_piece(origin, &queued) {
            truth.expect(group, seconds, mean);
        }
        let Some(second) = map.second else { continue };
        for (seconds, mean) in by_piece(origin, &queued.then(&until_handed_over(map))) {
            truth.expect(second, seconds, mean);
        }
    }
}

/// Expected visits in each cell of the grid.
fn visits(plan: &SitePlan, calendar: &Calendar, origin: i64, until: i64) -> Folded {
    let mut cells = Vec::new();
    for piece in (origin..until).step_by(PIECE_SECONDS as usize) {
        let rate = plan.visits_per_day / 86_400.0 * calendar.busyness(piece);
        for cell in (piece..piece + PIECE_SECONDS).step_by(GRID_SECONDS as usize) {
            let open = (cell + GRID_SECONDS).min(until) - cell.max(plan.start_seconds);
            cells.push(rate * open.max(0) as f64);
        }
    }
    Folded(cells)
}

/// Forgets what falls outside the opening hours.
fn only_open(calendar: &Calendar, origin: i64, mut flow: Folded) -> Folded {
    let per_piece = (PIECE_SECONDS / GRID_SECONDS) as usize;
    let starts = (origin..).step_by(PIECE_SECONDS as usize);
    for (start, cells) in starts.zip(flow.0.chunks_mut(per_piece)) {
        if !calendar.is_open(start) {
            cells.fill(0.0);
        }
    }
    flow
}

/// Sums of whole pieces of time, each with its beginning; what can be nothing but rounding is left out.
fn by_piece(origin: i64, flow: &Folded) -> impl Iterator<Item = (i64, f64)> {
    let per_piece = (PIECE_SECONDS / GRID_SECONDS) as usize;
    let starts = (origin..).step_by(PIECE_SECONDS as usize);
    starts.zip(flow.0.chunks(per_piece).map(|cells| cells.iter().sum())).filter(|(_, mean)| *mean > 1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Dice;
    use crate::simulate::offer::qualifications;
    use crate::simulate::page::browse;
    use crate::simulate::place::{DUBLIN, PRICING_HELP};

    fn total(of: &Folded) -> f64 {
        of.0.iter().sum()
    }

    fn mean_seconds(of: &Folded) -> f64 {
        let moment: f64 = of.0.iter().enumerate().map(|(cell, weight)| cell as f64 * weight).sum();
        moment * GRID_SECONDS as f64 / total(of)
    }

    #[test]
    fn a_folded_delay_keeps_its_weight_and_its_mean() {
        let folded = Folded::of(Delay::Even { least: 2.0, most: 8.0 });
        assert!((total(&folded) - 1.0).abs() < 1e-12 && (mean_seconds(&folded) - 5.0).abs() < 0.01);
        let twice = folded.then(&folded);
        assert!((total(&twice) - 1.0).abs() < 1e-12 && (mean_seconds(&twice) - 10.0).abs() < 0.02);
    }

    #[test]
    fn the_first_passage_is_the_one_that_visitors_show() {
        let visited = |dice: &mut Dice| {
            let pages = browse(dice);
            qualifications(dice, &DUBLIN, &pages)
        };
        let (mut dice, visits) = (Dice::new(8, &[]), 60_000);
        let mut first = Vec::new();
        for _ in 0..visits {
            let found = visited(&mut dice);
            first.extend(found.iter().find(|found| found.map == &PRICING_HELP).map(|found| found.at));
        }
        let known = until_qualified(&PRICING_HELP);
        let share = first.len() as f64 / f64::from(visits);
        let mean = first.iter().sum::<f64>() / first.len() as f64;
        assert!((share / total(&known) - 1.0).abs() < 0.03, "{share} against {}", total(&known));
        assert!((mean / mean_seconds(&known) - 1.0).abs() < 0.03, "{mean} against {}", mean_seconds(&known));
    }

    #[test]
    fn nothing_that_follows_from_a_visit_takes_six_hours() {
        let whole =
            until_qualified(&PRICING_HELP).then(&until_queued(&PRICING_HELP)).then(&until_handed_over(&PRICING_HELP));
        assert!((whole.0.len() as i64) * GRID_SECONDS < 6 * 3_600);
    }
}
