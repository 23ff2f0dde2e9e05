//! Stories about whole sites.

use super::*;

fn site(seed: u64, days: f64, pathologies: Pathologies) -> Site {
    Site::new(SitePlan { seed, days, pathologies, ..SitePlan::default() })
}

fn queued(truth: &Truth) -> (f64, f64) {
    let sum = |of: &dyn Fn(&Counts) -> f64| truth.rows().values().map(of).sum();
    (sum(&|counts| counts.queued as f64), sum(&|counts| counts.mean_queued))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first: Vec<Sent> = site(3, 0.3, Pathologies::ALL).collect();
    assert_eq!(first, site(3, 0.3, Pathologies::ALL).collect::<Vec<_>>());
    assert_ne!(first, site(4, 0.3, Pathologies::ALL).collect::<Vec<_>>());
}

#[test]
fn records_come_in_order_of_arrival_however_late_they_are() {
    let arrivals: Vec<i64> = site(5, 0.5, Pathologies::ALL).map(|sent| sent.arrival_millis).collect();
    assert!(arrivals.len() > 5_000 && arrivals.is_sorted());
}

#[test]
fn a_site_that_never_closes_is_made_as_it_is_read() {
    let site = site(6, f64::INFINITY, Pathologies::default());
    assert_eq!(site.take(10_000).count(), 10_000);
}

#[test]
fn a_longer_site_begins_like_a_shorter_one() {
    let short: Vec<Sent> = site(7, 0.25, Pathologies::NONE).take(1_000).collect();
    assert_eq!(short, site(7, 9.0, Pathologies::NONE).take(1_000).collect::<Vec<_>>());
}

#[test]
fn every_record_is_counted_under_what_must_become_of_it() {
    let mut site = site(8, 0.5, Pathologies::ALL);
    let sent = site.by_ref().count() as u64;
    let truth = site.into_truth();
    assert_eq!(truth.records().values().sum::<u64>(), sent);
    assert!(truth.records().len() > 10, "{:?}", truth.records());
}

#[test]
fn conversations_queue_as_often_as_the_true_mean_says() {
    let (mut seen, mut expected) = (0.0, 0.0);
    for seed in 0..3 {
        let plan = SitePlan { seed, days: 1.0, visits_per_day: 6_000.0, ..SitePlan::default() };
        let mut site = Site::new(SitePlan { pathologies: Pathologies::NONE, ..plan });
        site.by_ref().for_each(drop);
        let (queued, mean) = queued(&site.into_truth());
        (seen, expected) = (seen + queued, expected + mean);
    }
    assert!((seen - expected).abs() < 3.0 * expected.sqrt(), "{seen} queued, {expected} expected");
}

#[test]
fn trouble_that_loses_nothing_changes_no_count() {
    let counts = |pathologies: Pathologies| {
        let mut site = site(9, 0.5, pathologies);
        site.by_ref().for_each(drop);
        site.into_truth().rows().clone()
    };
    let trouble = Pathologies { late: 0.0, skewed_clocks: 0.0, ..Pathologies::ALL };
    assert_eq!(counts(trouble), counts(Pathologies::NONE));
}
