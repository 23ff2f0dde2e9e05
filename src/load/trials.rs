//! Trials of the search for ceilings: sites whose truth is known, many of each kind, with a ceiling and without.

use std::collections::BTreeMap;

use super::ceiling::Totals;
use super::{Ceiling, Recorded};
use crate::engine::EventTime;
use crate::simulate::{Dice, Pathologies, Site, SitePlan};

const START_MS: i64 = 1_795_000_000_000 - 1_795_000_000_000 % 3_600_000;

/// How busy a site is over its time, from 0 to 1.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// The same all the time.
    Level,
    /// Up and down, as a day.
    Day,
    /// Quiet, and in a tenth of the time very busy.
    Campaign,
}

impl Shape {
    fn at(self, share: f64) -> f64 {
        match self {
            Self::Level => 1.0,
            Self::Day => 0.5 - 0.5 * (share * std::f64::consts::TAU).cos(),
            Self::Campaign if (0.45..0.55).contains(&share) => 1.0,
            Self::Campaign => 0.3,
        }
    }
}

/// What lets no more through.
#[derive(Debug, Clone, Copy)]
enum Limit {
    None,
    /// So many events in each window of so many milliseconds.
    Window(u64, i64),
    /// The same, but what is counted arrives up to so many milliseconds after it happened.
    Late(u64, i64, f64),
    /// A bucket of tokens, filled evenly, that holds those of a second.
    Bucket(f64),
}

struct Trial {
    events: Vec<Recorded>,
    lost: u64,
    /// Of those, between the first and the last event of a visit that arrived.
    visible: u64,
}

/// A site that sends so many events a second at its busiest.
fn trial(seed: u64, shape: Shape, peak: f64, seconds: f64, limit: Limit) -> Trial {
    let mut dice = Dice::new(seed, &[6]);
    let (mut due, mut at, mut visit) = (Vec::new(), 0.0, 0);
    // Eight events a visit on average.
    let visits = peak / 8.0;
    loop {
        at += dice.gap(visits);
        if at >= seconds {
            break;
        }
        if !dice.chance(shape.at(at / seconds)) {
            continue;
        }
        visit += 1;
        let (mut total, mut then) = (0, at);
        while total < 60 && (total == 0 || dice.chance(0.875)) {
            total += 1;
            due.push(((then * 1_000.0) as i64, visit, total));
            then += dice.gap(0.1);
        }
    }
    let mut arriving: Vec<(i64, (i64, u64, u64))> = due
        .into_iter()
        .map(|event: (i64, u64, u64)| {
            let late = if let Limit::Late(_, _, most) = limit { dice.between(0.0, most) as i64 } else { 0 };
            (event.0 + late, event)
        })
        .collect();
    arriving.sort_unstable();
    let (mut taken, mut tokens, mut filled) = (BTreeMap::<i64, u64>::new(), 0.0_f64, 0);
    let (mut events, mut lost, mut kept) = (Vec::new(), 0, BTreeMap::<u64, Vec<u64>>::new());
    for (arrived, (at, visit, total)) in arriving {
        let passes = match limit {
            Limit::None => true,
            Limit::Window(most, window) | Limit::Late(most, window, _) => {
                let counted = taken.entry(arrived / window).or_default();
                *counted += 1;
                *counted <= most
            }
            Limit::Bucket(rate) => {
                tokens = (tokens + (arrived - filled) as f64 / 1_000.0 * rate).min(rate);
                filled = arrived;
                let passes = tokens >= 1.0;
                tokens -= f64::from(u8::from(passes));
                passes
            }
        };
        if !passes {
            lost += 1;
            continue;
        }
        kept.entry(visit).or_default().push(total);
        let at = EventTime::from_millis(START_MS + at);
        events.push(Recorded { visitor: visit, visit, total: Some(total), at, id: visit * 1_000 + total });
    }
    let gaps = |totals: &Vec<u64>| {
        let (low, high) = (totals.iter().min().unwrap(), totals.iter().max().unwrap());
        high - low + 1 - totals.len() as u64
    };
    let visible = kept.values().map(gaps).sum();
    Trial { events, lost, visible }
}

/// So many events a second at the busiest, for so many seconds.
const CLEAN: [(f64, f64); 6] =
    [(1.0, 12_000.0), (4.0, 3_000.0), (8.0, 4_000.0), (25.0, 1_200.0), (80.0, 600.0), (300.0, 150.0)];

const SHAPES: [Shape; 3] = [Shape::Level, Shape::Day, Shape::Campaign];

/// Accusations among so many clean sites of each kind.
fn false_alarms(seeds: u64) -> (u32, u32) {
    let (mut alarms, mut sites) = (0, 0);
    for shape in SHAPES {
        for (peak, seconds) in CLEAN {
            for seed in 0..seeds {
                let found = Ceiling::look(trial(seed, shape, peak, seconds, Limit::None).events);
                assert!(matches!(found.missing, None | Some(0)), "nothing is missing: {:?}", found.missing);
                (alarms, sites) = (alarms + u32::from(found.per_second.is_some()), sites + 1);
            }
        }
    }
    (alarms, sites)
}

/// How a ceiling of a kind fares: the share that it loses, trials, how often it is found, and near its rate.
fn fared(seeds: u64, shape: Shape, site: (f64, f64), rate: f64, limit: Limit) -> (f64, u64, u64, u64) {
    let (mut lost, mut all, mut found, mut near) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let trial = trial(seed, shape, site.0, site.1, limit);
        (lost, all) = (lost + trial.lost, all + trial.lost + trial.events.len() as u64);
        let visible = trial.visible;
        let looked = Ceiling::look(trial.events);
        assert_eq!(looked.missing, Some(visible), "every gap that can be seen is, and no other");
        found += u64::from(looked.per_second.is_some());
        near += u64::from(looked.per_second.is_some_and(|found| (found / rate - 1.0).abs() < 0.05));
    }
    (lost as f64 / all as f64, seeds, found, near)
}

#[test]
fn of_ninety_sites_without_a_ceiling_none_is_accused() {
    assert_eq!(false_alarms(5), (0, 90));
}

#[test]
fn simulated_sites_have_no_ceiling_and_lose_nothing() {
    for seed in 0..3 {
        let plan = SitePlan {
            seed,
            days: 1.0,
            visits_per_day: 3_000.0,
            pathologies: Pathologies::NONE,
            ..SitePlan::default()
        };
        let found = Ceiling::look(Site::new(plan).filter_map(|sent| Recorded::read(&sent.line)).collect());
        assert_eq!((found.per_second, found.missing, found.totals), (None, Some(0), Totals::Rise), "{seed}");
    }
}

#[test]
fn ceilings_that_cost_from_a_twentieth_to_half_of_the_events_are_found_at_their_rate() {
    for (shape, site, rate, limit) in [
        (Shape::Level, (8.0, 4_000.0), 7.0, Limit::Window(7, 1_000)),
        (Shape::Level, (8.0, 4_000.0), 4.0, Limit::Window(40, 10_000)),
        (Shape::Level, (8.0, 6_000.0), 6.0, Limit::Window(360, 60_000)),
        (Shape::Day, (60.0, 800.0), 45.0, Limit::Window(45, 1_000)),
        (Shape::Day, (60.0, 800.0), 30.0, Limit::Bucket(30.0)),
        (Shape::Level, (20.0, 4_000.0), 10.0, Limit::Late(10, 1_000, 1_500.0)),
        (Shape::Campaign, (60.0, 1_200.0), 30.0, Limit::Window(30, 1_000)),
    ] {
        let (lost, trials, _, near) = fared(3, shape, site, rate, limit);
        assert!((0.05..=0.55).contains(&lost), "{shape:?} {limit:?} loses {lost}");
        assert_eq!(near, trials, "{shape:?} {site:?} {limit:?} loses {lost}");
    }
}

#[test]
#[ignore = "prints how many ceilings are found and how many are imagined; takes minutes"]
fn figures() {
    let (alarms, sites) = false_alarms(30);
    eprintln!("without a ceiling: {alarms} of {sites} sites are accused");
    let bands = [(0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.55)];
    let mut told = bands.map(|_| (0, 0, 0));
    for (shape, site) in SHAPES.into_iter().flat_map(|shape| [(shape, (8.0_f64, 15_000.0)), (shape, (60.0, 6_000.0))]) {
        for part in [0.9, 0.75, 0.5] {
            let rate = (site.0 * part).floor();
            for limit in [
                Limit::Window(rate as u64, 1_000),
                Limit::Window(rate as u64 * 60, 60_000),
                Limit::Late(rate as u64, 1_000, 1_500.0),
                Limit::Bucket(rate),
            ] {
                let (lost, trials, found, near) = fared(3, shape, site, rate, limit);
                eprintln!("{shape:?} {site:?} {limit:?}: loses {:.1} %, found {found} of {trials}", lost * 100.0);
                for (band, told) in bands.iter().zip(&mut told) {
                    if (band.0..band.1).contains(&lost) {
                        *told = (told.0 + trials, told.1 + found, told.2 + near);
                    }
                }
            }
        }
    }
    for ((from, to), (trials, found, near)) in bands.into_iter().zip(told) {
        let (from, to) = (from * 100.0, to * 100.0);
        eprintln!("loses {from:.0} to {to:.0} %: {found} of {trials} found, {near} within 5 % of the rate");
    }
}
