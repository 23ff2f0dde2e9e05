//! Ceilings: whether recorded events show that some never arrived, by flat tops and by gaps in visitors' counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::recorded::Recorded;
use super::summary::shown;

/// Widths in which events are counted, in seconds: limits are by the second or by the minute, and what is counted by
/// the second arrives up to seconds later.
const WIDTHS: [i64; 3] = [1, 10, 60];

/// Enough events in a bucket at the ceiling.
const ENOUGH: u64 = 6;

/// The width of a heap, in standard deviations of a count of independent visitors (Poisson).
const NARROW: f64 = 0.25;

/// So many buckets must lie in a heap.
const HEAP: usize = 40;

/// So many times as many as beside it, on either side. Where visitors come by chance, counts scatter by a standard
/// deviation around whatever the hour brings, so no heap is narrower than that: beside its middle there are never much fewer.
const STEEP: usize = 3;

/// Above a ceiling lies at most this share of the buckets: those into which a limit lets a burst.
const ABOVE: f64 = 0.2;

/// A gap of more than this says that the count is none, not that events are missing.
const LARGEST_GAP: u64 = 1_000;

/// Where more than this share of counts falls from one event of a visit to the next, counts are not monotone.
const FALLS: f64 = 0.05;

/// Where less than this share rises, they are no count of events.
const RISES: f64 = 0.5;

/// Fewer neighbours than this say nothing of totals.
const ENOUGH_PAIRS: usize = 20;

/// One hour of recorded events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Events that arrived.
    pub events: u64,
    /// Events that were counted by their visitors' totals and never arrived.
    pub missing: u64,
    /// Most events in one second, on average over the width of a bucket.
    pub peak_per_second: u64,
    /// Seconds at the ceiling.
    pub seconds_at_ceiling: u64,
}

impl Hour {
    /// Share of the events that never arrived.
    pub fn share_missing(&self) -> f64 {
        if self.events + self.missing == 0 { 0.0 } else { self.missing as f64 / (self.events + self.missing) as f64 }
    }
}

/// What visitors' totals are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Totals {
    /// Too few events have one to tell.
    TooFew,
    /// They fall within visits.
    Fall,
    /// They neither fall nor rise: no count of events.
    Stand,
    /// They rise, as a count does.
    Rise,
}

/// What recorded events say about a ceiling.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceiling {
    /// Events that were looked at, each once.
    pub events: u64,
    /// Events with a total.
    pub with_totals: u64,
    /// What totals do within a visit, but for a few.
    pub totals: Totals,
    /// Totals that jumped by more than can be believed.
    pub jumps: u64,
    /// Events that never arrived, at least; only where totals rise.
    pub missing: Option<u64>,
    /// The rate at which the top is flat, if it is.
    pub per_second: Option<f64>,
    /// Whether there were enough events for a flat top to show.
    pub could_show: bool,
    /// By hour since 1970.
    pub hours: BTreeMap<i64, Hour>,
}

impl Ceiling {
    /// Looks at events in any order; those that came twice count once.
    pub fn look(mut events: Vec<Recorded>) -> Self {
        events.sort_unstable_by_key(|event| (event.id, event.at));
        events.dedup_by_key(|event| event.id);
        events.sort_unstable_by_key(|event| (event.visitor, event.visit, event.at, event.total));
        let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
        for event in &events {
            hours.entry(hour_of(event)).or_default().events += 1;
        }
        let totals = totals(&events);
        let mut jumps = 0;
        let missing = (totals == Totals::Rise).then(|| {
            let visitors = events.chunk_by(|one, other| one.visitor == other.visitor);
            visitors.map(|events| missing_of(events, &mut hours, &mut jumps)).sum()
        });
        let (per_second, could_show) = flat_top(&events, &mut hours);
        Self {
            events: events.len() as u64,
            with_totals: events.iter().filter(|event| event.total.is_some()).count() as u64,
            totals,
            jumps,
            missing,
            per_second,
            could_show,
            hours,
        }
    }

    /// Share of the events that never arrived, at least.
    pub fn share_missing(&self) -> Option<f64> {
        let missing = self.missing?;
        (self.with_totals > 0).then(|| missing as f64 / (self.with_totals + missing) as f64)
    }

    /// The findings in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let top = match self.per_second {
            Some(rate) => format!(
                "The tops are flat near {} events a second: something lets no more through, or a machine sends them as \
                 evenly as a clock.",
                shown(rate)
            ),
            None if self.could_show => "No flat top was found.".to_owned(),
            None => format!(
                "Too few events to tell whether tops are flat: at least {HEAP} seconds, tens of seconds or minutes must have \
                 {ENOUGH} events or more."
            ),
        };
        vec![top, self.gaps()]
    }

    fn gaps(&self) -> String {
        let missing = self.missing.unwrap_or(0);
        let jumps = match self.jumps {
            0 => String::new(),
            jumps => format!(
                " Set aside: {jumps} jumps of more than {LARGEST_GAP}, which are either no count of events or the loss of very many."
            ),
        };
        match self.totals {
            Totals::TooFew => "Too few events have a totalEventCount to tell whether some are missing.".to_owned(),
            Totals::Fall => "Totals fall within visits here, so gaps in them say nothing about lost events.".to_owned(),
            Totals::Stand => {
                "Totals do not rise from one event of a visit to the next, so they say nothing about lost events."
                    .to_owned()
            }
            Totals::Rise => format!(
                "By the gaps in visitors' totals, at least {:.2} % of the events never arrived ({missing} of {}).{jumps}",
                self.share_missing().unwrap_or(0.0) * 100.0,
                self.with_totals + missing
            ),
        }
    }

    /// The answer for programs.
    pub fn as_json(&self, name_of: impl Fn(i64) -> String) -> Value {
        let hours: Vec<Value> = self
            .hours
            .iter()
            .map(|(at, hour)| {
                json!({
                    "hour": name_of(*at),
                    "events": hour.events,
                    "missing": self.missing.map(|_| hour.missing),
                    "share_missing": self.missing.map(|_| hour.share_missing()),
                    "peak_per_second": hour.peak_per_second,
                    "seconds_at_ceiling": hour.seconds_at_ceiling,
                })
            })
            .collect();
        json!({
            "events": self.events,
            "with_totals": self.with_totals,
            "monotone": match self.totals {
                Totals::TooFew => None,
                Totals::Fall => Some(false),
                Totals::Stand | Totals::Rise => Some(true),
            },
            "jumps": self.jumps,
            "missing": self.missing,
            "share_missing": self.share_missing(),
            "ceiling_per_second": self.per_second,
            "ceiling_could_show": self.could_show,
            "hours": hours,
        })
    }
}

fn hour_of(event: &Recorded) -> i64 {
    event.at.seconds().div_euclid(3_600)
}

/// What totals do between neighbours in time within a visit that both have one.
fn totals(events: &[Recorded]) -> Totals {
    let (mut pairs, mut fallen, mut risen) = (0, 0, 0);
    for visit in events.chunk_by(|one, other| one.visit == other.visit) {
        let totals: Vec<u64> = visit.iter().filter_map(|event| event.total).collect();
        pairs += totals.len().saturating_sub(1);
        fallen += totals.windows(2).filter(|pair| matches!(pair, [one, next] if next < one)).count();
        risen += totals.windows(2).filter(|pair| matches!(pair, [one, next] if next > one)).count();
    }
    if pairs < ENOUGH_PAIRS {
        Totals::TooFew
    } else if fallen as f64 > FALLS * pairs as f64 {
        Totals::Fall
    } else if (risen as f64) < RISES * pairs as f64 {
        Totals::Stand
    } else {
        Totals::Rise
    }
}

/// How many events of one visitor are missing: totals that no event of the visitor has, between two of one visit.
/// A visitor counts over all visits, so an event of a visit beside this one fills a gap in it.
fn missing_of(events: &[Recorded], hours: &mut BTreeMap<i64, Hour>, jumps: &mut u64) -> u64 {
    let seen: BTreeSet<u64> = events.iter().filter_map(|event| event.total).collect();
    let mut told: BTreeSet<u64> = BTreeSet::new();
    for visit in events.chunk_by(|one, other| one.visit == other.visit) {
        let mut counted: Vec<(u64, i64)> =
            visit.iter().filter_map(|event| Some((event.total?, hour_of(event)))).collect();
        counted.sort_unstable();
        for pair in counted.windows(2) {
            let [(low, _), (high, hour)] = pair else { continue };
            if high - low > LARGEST_GAP {
                *jumps += 1;
                continue;
            }
            for total in low + 1..*high {
                if !seen.contains(&total) && told.insert(total) {
                    hours.entry(*hour).or_default().missing += 1;
                }
            }
        }
    }
    told.len() as u64
}

/// The rate of a flat top: where buckets lie so close together as chance would never bring them. And whether there were
/// enough of them for one to show.
fn flat_top(events: &[Recorded], hours: &mut BTreeMap<i64, Hour>) -> (Option<f64>, bool) {
    let (mut found, mut could_show) = (None, false);
    for width in WIDTHS {
        let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
        for event in events {
            *buckets.entry(event.at.seconds().div_euclid(width)).or_insert(0) += 1;
        }
        if width == 1 {
            for (second, events) in &buckets {
                let hour = hours.entry(second.div_euclid(3_600)).or_default();
                hour.peak_per_second = hour.peak_per_second.max(*events);
            }
        }
        let mut counts: Vec<u64> = buckets.values().copied().collect();
        counts.sort_unstable();
        could_show |= counts.iter().filter(|events| **events >= ENOUGH).count() >= HEAP;
        let Some(heap) = Heap::of(&counts) else { continue };
        for (bucket, _) in buckets.iter().filter(|(_, events)| **events >= heap.low) {
            let hour = hours.entry((bucket * width).div_euclid(3_600)).or_default();
            hour.seconds_at_ceiling += width.unsigned_abs();
        }
        found = Some(heap.middle as f64 / width as f64);
        break;
    }
    (found, could_show)
}

/// Buckets that lie closer together than chance would bring them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Heap {
    /// The least events of a bucket of it.
    low: u64,
    /// The events of the bucket in its middle.
    middle: u64,
}

impl Heap {
    /// The highest heap in the upper half of these counts, which are in ascending order; `None` where there is none.
    fn of(counts: &[u64]) -> Option<Self> {
        let median = *counts.get(counts.len() / 2)?;
        let below = |count: u64| counts.partition_point(|events| *events < count);
        let mut tried: Vec<u64> = counts.iter().copied().filter(|count| *count >= median.max(ENOUGH)).collect();
        tried.dedup();
        let mut best: Option<(usize, Self)> = None;
        for low in tried {
            let width = ((low as f64).sqrt() * NARROW).round().max(1.0) as u64;
            let within = |from: u64| below(from + width) - below(from);
            let (heap, left, right) = (within(low), within(low.saturating_sub(3 * width)), within(low + 3 * width));
            let above = counts.len() - below(low + width);
            let is_steep = heap >= HEAP && heap >= STEEP * left.max(right);
            if is_steep && above as f64 <= ABOVE * counts.len() as f64 && best.is_none_or(|(most, _)| heap > most) {
                let middle = counts.get(below(low) + heap / 2).copied().unwrap_or(low);
                best = Some((heap, Self { low, middle }));
            }
        }
        best.map(|(_, heap)| heap)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_pcg::Pcg64Mcg;

    use super::*;
    use crate::engine::EventTime;

    const START: i64 = 1_795_000_000 - 1_795_000_000 % 3_600;

    /// Visitors come by chance, so many events a second on average; more than a limit in one second are refused. Each
    /// visitor sends ten events, at most four seconds apart. Gives what arrived and how many did not, between the ends of visits.
    fn recorded(per_second: u32, limit: u32, seconds: i64) -> (Vec<Recorded>, u64) {
        let mut dice = Pcg64Mcg::new(7);
        let mut arrived: Vec<Recorded> = Vec::new();
        let mut taken: BTreeMap<i64, u32> = BTreeMap::new();
        let mut kept: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let visits = u64::from(per_second) * seconds.unsigned_abs() / 10;
        let mut due: Vec<(i64, u64, u64)> = (0..visits)
            .flat_map(|visit| {
                let mut at = START * 1_000 + dice.random_range(0..seconds * 1_000);
                [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|total| {
                    at += dice.random_range(1..4_000);
                    (at, visit, total)
                })
            })
            .collect();
        due.sort_unstable();
        for (at, visit, total) in due {
            let this_second = taken.entry(at / 1_000).or_insert(0);
            if *this_second < limit {
                *this_second += 1;
                kept.entry(visit).or_default().push(total);
                let (at, total, id) = (EventTime::from_millis(at), Some(total), visit * 100 + total);
                arrived.push(Recorded { visitor: visit, visit, total, at, id });
            }
        }
        let lost = |totals: &Vec<u64>| totals.last().unwrap() - totals.first().unwrap() + 1 - totals.len() as u64;
        (arrived, kept.values().map(lost).sum())
    }

    #[test]
    fn too_few_events_are_no_all_clear_and_totals_that_stand_still_are_no_proof() {
        let few = Ceiling::look(recorded(20, 1_000, 2).0);
        assert!(!few.could_show && few.sentences()[0].starts_with("Too few events"), "{:?}", few.sentences());
        let (mut standing, _) = recorded(20, 1_000, 600);
        standing.iter_mut().for_each(|event| event.total = Some(7));
        let found = Ceiling::look(standing);
        assert_eq!((found.totals, found.missing, found.could_show), (Totals::Stand, None, true));
        assert!(found.sentences()[1].starts_with("Totals do not rise"), "{:?}", found.sentences());
    }

    #[test]
    fn jumps_that_are_set_aside_are_said() {
        let (mut jumping, _) = recorded(20, 1_000, 600);
        jumping
            .iter_mut()
            .filter(|event| event.total > Some(5))
            .for_each(|event| event.total = event.total.map(|total| total + 5_000));
        let said = Ceiling::look(jumping).sentences();
        assert!(said[1].contains("jumps of more than 1000"), "{said:?}");
    }

    #[test]
    fn a_ceiling_is_found_at_its_rate_with_every_gap_that_can_be_seen() {
        let (events, lost) = recorded(400, 300, 900);
        let found = Ceiling::look(events);
        assert_eq!((found.missing, found.totals), (Some(lost), Totals::Rise));
        assert!(found.per_second.is_some_and(|rate| (rate - 300.0).abs() < 3.0), "{:?}", found.per_second);
        assert!(
            found.share_missing().is_some_and(|share| (0.15..0.26).contains(&share)),
            "{:?}",
            found.share_missing()
        );
        let hour = found.hours.values().next().unwrap();
        assert!(hour.peak_per_second == 300 && hour.seconds_at_ceiling > 700, "{hour:?}");
        assert!(
            found.sentences()[0].contains("or a machine sends them as evenly as a clock"),
            "{:?}",
            found.sentences()
        );
    }

    #[test]
    fn without_a_ceiling_nothing_is_flat_and_nothing_is_missing() {
        for per_second in [20, 60, 300, 1_000] {
            let (events, _) = recorded(per_second, u32::MAX, 900);
            let found = Ceiling::look(events);
            assert_eq!((found.per_second, found.missing), (None, Some(0)), "{per_second}");
        }
    }

    #[test]
    fn order_and_copies_change_nothing() {
        let (mut events, _) = recorded(100, 80, 120);
        let found = Ceiling::look(events.clone());
        events.reverse();
        events.extend(events.clone().iter().take(500));
        assert_eq!(Ceiling::look(events), found);
    }

    fn event(visitor: u64, visit: u64, total: u64, second: i64) -> Recorded {
        let at = EventTime::from_millis((START + second) * 1_000);
        Recorded { visitor, visit, total: Some(total), at, id: visitor * 10_000 + visit * 1_000 + total }
    }

    #[test]
    fn a_visit_beside_another_fills_its_gaps_because_visitors_count_over_all_visits() {
        let mut events: Vec<Recorded> = (1..=30).map(|n| event(1, n % 2, n, n as i64)).collect();
        assert_eq!(Ceiling::look(events.clone()).missing, Some(0));
        events.retain(|event| event.total != Some(7));
        let found = Ceiling::look(events);
        assert_eq!((found.missing, found.hours.values().map(|hour| hour.missing).sum::<u64>()), (Some(1), 1));
    }

    #[test]
    fn what_was_lost_before_or_after_a_visit_is_not_claimed() {
        let mut events: Vec<Recorded> = (10..=20).map(|n| event(1, 1, n, n as i64)).collect();
        events.extend((1..=15).map(|n| event(2, 1, n, n as i64)));
        assert_eq!(Ceiling::look(events).missing, Some(0));
    }

    #[test]
    fn totals_that_fall_or_are_not_there_say_nothing() {
        let falling: Vec<Recorded> = (1..=40).map(|n| event(1, 1, 50 - n, n as i64)).collect();
        let found = Ceiling::look(falling);
        assert_eq!((found.totals, found.missing), (Totals::Fall, None));
        assert!(found.sentences()[1].contains("say nothing"));
        let without: Vec<Recorded> = (1..=40).map(|n| Recorded { total: None, ..event(1, 1, n, n as i64) }).collect();
        assert_eq!(Ceiling::look(without).totals, Totals::TooFew);
        assert_eq!(Ceiling::look(Vec::new()).share_missing(), None);
    }

    #[test]
    fn a_jump_beyond_belief_is_counted_and_not_taken_for_lost_events() {
        let mut events: Vec<Recorded> = (1..=30).map(|n| event(1, 1, n, n as i64)).collect();
        events.push(event(1, 1, 9_000, 40));
        let found = Ceiling::look(events);
        assert_eq!((found.missing, found.jumps), (Some(0), 1));
    }
}
