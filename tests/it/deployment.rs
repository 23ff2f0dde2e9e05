//! What `deploy/` tells operators is true of this program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use journeycast::http::metric_names;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below a folder with its text; a link is read where it leads.
fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![project(folder)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting
                .extend(fs::read_dir(&path).expect("it can be listed").map(|entry| entry.expect("it is there").path()));
        } else {
            let text = fs::read_to_string(&path).expect("what is deployed is text");
            found.push((path, text));
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Words that could be a metric's name: `journeycast_` and what belongs to it.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("journeycast_")).collect()
}

#[test]
fn every_metric_named_in_a_dashboard_or_an_alert_is_one_that_the_service_exports() {
    let exported: BTreeSet<String> = metric_names().collect();
    for (path, text) in ["deploy/alerts", "deploy/grafana"].into_iter().flat_map(texts) {
        let named = metrics_in(&text);
        assert!(!named.is_empty(), "{} names no metric", path.display());
        for name in named {
            assert!(exported.contains(name), "{}: nobody exports {name}", path.display());
        }
    }
}

#[test]
fn every_metric_that_the_service_exports_is_explained_to_operators() {
    let page = fs::read_to_string(project("docs/operating.md")).unwrap();
    let explained = metrics_in(&page);
    for name in metric_names() {
        assert!(explained.contains(name.as_str()), "docs/operating.md does not tell what {name} is");
    }
    for name in explained {
        assert!(metric_names().any(|exported| exported == name), "docs/operating.md: nobody exports {name}");
    }
}

#[test]
fn every_alert_says_where_operators_find_what_to_do_and_they_find_it() {
    let rules = fs::read_to_string(project("deploy/alerts/journeycast.yaml")).unwrap();
    let page = fs::read_to_string(project("docs/operating.md")).unwrap();
    let after = |mark: &'static str| rules.lines().filter_map(move |line| line.split_once(mark).map(|(_, rest)| rest));
    let alerts: Vec<&str> = after("- alert: ").collect();
    assert!(!alerts.is_empty());
    let wanted: Vec<String> =
        alerts.iter().map(|alert| format!("docs/operating.md#{}", alert.to_lowercase())).collect();
    assert_eq!(after("runbook: ").collect::<Vec<_>>(), wanted);
    let told: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .filter(|title| title.starts_with("Journey"))
        .collect();
    assert_eq!(told, alerts.into_iter().collect());
}
