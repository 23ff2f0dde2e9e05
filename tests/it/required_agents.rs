//! Rows of planning groups with goals: how many agents the baseline takes, and how many with the adjustment.

use std::fs::{self, File};
use std::sync::Arc;

use journeycast::engine::adjustment::{HandleTimeSource, RowState};
use journeycast::engine::baseline::BaselineInterval;
use journeycast::engine::fact::OfferState;
use journeycast::engine::plan::Plan;
use journeycast::engine::{Decision, Engine, EventTime, Fact, Step, VolumeAdjustment};
use journeycast::simulate::{SitePlan, config_toml};
use journeycast::staffing::{Demand, Goals};
use serde_json::Value;

use crate::installation::{Installation, said};
use crate::little_site::{MONDAY, action, labels, plan, talk};

const GOALS: Goals = Goals {
    service_level: None,
    asa_seconds: Some(10.0),
    max_abandon: None,
    max_occupancy: Some(0.9),
    patience_seconds: None,
    shrinkage: 0.3,
};

fn plan_with(goals: Option<Goals>) -> Plan {
    let mut plan = plan();
    plan.groups[0].goals = goals;
    plan
}

/// The forecast of the first interval of the Monday, and of the one after it.
fn baseline(handle_time_seconds: Option<f64>) -> [BaselineInterval; 2] {
    [0, 15].map(|minute| BaselineInterval {
        organization_id: Arc::from("org-1"),
        business_unit_id: Arc::from("bu-1"),
        planning_group_id: Arc::from("pg-1"),
        start: EventTime::from_millis(MONDAY + minute * 60_000),
        interval_seconds: 900,
        offered: 20.0,
        handle_time_seconds,
    })
}

fn says(engine: &mut Engine) -> Vec<VolumeAdjustment> {
    engine.step(Step::Say).into_iter().map(|Decision::Say(row)| (*row).clone()).collect()
}

fn learn(engine: &mut Engine, facts: &[Fact]) -> Vec<VolumeAdjustment> {
    engine.step(Step::Facts { facts, not_after: None, partition: None });
    says(engine)
}

fn agents(row: &VolumeAdjustment) -> [Option<u64>; 2] {
    [row.required_agents_baseline, row.required_agents_adjusted].map(|agents| agents.map(|agents| agents.count()))
}

/// So many agents by the goals.
fn wanted(contacts: f64, handle_seconds: f64) -> Option<u64> {
    let demand = Demand { contacts, interval_seconds: 900.0, handle_seconds };
    GOALS.staff(&demand).ok().map(|staff| staff.agents.count())
}

/// A conversation that queues and is handled for five minutes.
fn conversation(id: u8, minute: i64) -> [Fact; 3] {
    [talk(id, minute, 5, 0), talk(id, minute, 1, 0), talk(id, minute + 6, 4, 0)]
}

#[test]
fn a_row_says_how_many_agents_the_forecast_takes_without_and_with_its_adjustment() {
    let mut engine = Engine::new(plan_with(Some(GOALS)), labels().0);
    engine.step(Step::Baseline(&baseline(Some(600.0))));
    let facts: Vec<Fact> = (1..=6).flat_map(|id| conversation(id, 2)).collect();
    let rows = learn(&mut engine, &facts);
    assert_eq!(rows[0].handle_time.map(|known| known.source), Some(HandleTimeSource::Measured));
    assert_eq!(agents(&rows[0]), [wanted(20.0, 300.0), wanted(26.0, 300.0)]);
    assert!(rows[0].required_agents_adjusted > rows[0].required_agents_baseline);
}

#[test]
fn where_goals_a_forecast_or_a_handle_time_are_not_known_nothing_is_said_of_agents() {
    let queued = [talk(1, 2, 5, 0), talk(1, 2, 1, 0)];
    for (why, goals, forecast) in [
        ("no goals", None, Some(Some(600.0))),
        ("no forecast", Some(GOALS), None),
        ("no handle time", Some(GOALS), Some(None)),
        ("a handle time that means nothing", Some(GOALS), Some(Some(0.0))),
    ] {
        let mut engine = Engine::new(plan_with(goals), labels().0);
        if let Some(handle_time) = forecast {
            engine.step(Step::Baseline(&baseline(handle_time)));
        }
        assert_eq!(agents(&learn(&mut engine, &queued)[0]), [None, None], "{why}");
    }
}

#[test]
fn a_row_that_falls_to_no_evidence_takes_what_the_forecast_takes() {
    let mut engine = Engine::new(plan_with(Some(GOALS)), labels().0);
    engine.step(Step::Baseline(&baseline(Some(600.0))));
    let qualified = OfferState::Qualified as u8;
    learn(&mut engine, &[action(1, 20, qualified, 0)]);
    // The same action is heard of in the interval before: there it counts.
    let rows = learn(&mut engine, &[action(1, 5, qualified, 0)]);
    let withdrawn = rows.iter().find(|row| row.state == RowState::Withdrawn).expect("one row fell");
    assert_eq!(withdrawn.handle_time, None);
    assert_eq!(agents(withdrawn), [wanted(20.0, 600.0); 2]);
}

#[test]
fn new_goals_revise_rows_that_are_open_and_no_others() {
    let strict = Goals { max_occupancy: Some(0.4), ..GOALS };
    let facts: Vec<Fact> = [conversation(1, 2), conversation(2, 17)].concat();
    for (ended, revised) in [(false, 2), (true, 0)] {
        let mut before = Engine::new(plan_with(Some(GOALS)), labels().0);
        before.step(Step::Baseline(&baseline(None)));
        before.step(Step::Facts { facts: &facts, not_after: None, partition: None });
        if ended {
            before.step(Step::EndOfInput);
        }
        let rows = says(&mut before);
        assert_eq!(rows.len(), 2);
        let mut after = Engine::new(plan_with(Some(strict)), labels().0);
        after.step(Step::Baseline(&baseline(None)));
        after.step(Step::Facts { facts: &facts, not_after: None, partition: None });
        rows.iter().for_each(|row| after.resume_row(row.clone()));
        after.resumed();
        after.step(Step::PlanChanged);
        let anew = says(&mut after);
        assert_eq!(anew.len(), revised, "{anew:?}");
        for (old, new) in rows.iter().zip(&anew) {
            assert_eq!(new.revision, old.revision + 1);
            assert!(new.required_agents_baseline > old.required_agents_baseline);
        }
    }
}

/// The newest rows of a replay, as they were written.
fn replayed(site: &Installation, configuration: &str, out: &str) -> (String, Vec<Value>) {
    let events = ["site/events.ndjson", "site/conversations.ndjson"];
    let words = ["replay", "--config", configuration, "--baseline", "site/baseline.csv", "--out", out, "--events"];
    site.printed(&[&words[..], &events].concat());
    let text = fs::read_to_string(site.path(out).join("adjustments.ndjson")).expect("it was written");
    let rows = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    (text, rows)
}

#[test]
fn a_replay_says_agents_where_there_are_goals_and_a_stationary_plan_of_its_rows_says_the_same() {
    let plain = config_toml(&SitePlan::default());
    let site = Installation::of(&plain);
    site.printed(&["simulate", "--seed", "7", "--days", "1", "--visits-per-day", "800", "--out", "site"]);
    let goals = "goals = { service_level = 0.8, within = \"30s\", mean_patience = \"2m\", max_abandon = 0.08 }";
    let group = "id = \"pg-dublin-sales\"\n";
    let with_goals = plain.replace(group, &format!("{group}{goals}\n"));
    site.put("with-goals.toml", with_goals.as_bytes());
    let (_, bare) = replayed(&site, "journeycast.toml", "bare");
    let (text, rows) = replayed(&site, "with-goals.toml", "out");
    assert_eq!(rows.len(), bare.len());
    let mut staffed = Vec::new();
    for (row, bare) in rows.iter().zip(&bare) {
        let mut figures = row.clone();
        let object = figures.as_object_mut().expect("a row is an object");
        let agents = ["requiredAgentsBaseline", "requiredAgentsAdjusted"].map(|field| object.remove(field));
        assert_eq!(&figures, bare, "goals change nothing else");
        assert_eq!(agents[0].is_some(), row["planningGroupId"] == "pg-dublin-sales", "{row}");
        staffed.extend(agents.into_iter().flatten().map(|agents| agents.to_string()));
    }
    let volumes = site.put("volumes", text.as_bytes());
    let words = ["staffing", "plan", "--stationary", "--config", "with-goals.toml"];
    let input = File::open(volumes).expect("it is there");
    let planned = site.journeycast(&words).stdin(input).output().expect("the program starts");
    assert!(planned.status.success(), "{}", said(&planned));
    let mut reader = csv::Reader::from_reader(planned.stdout.as_slice());
    let columns = ["required_agents_baseline", "required_agents_adjusted"];
    let places = columns.map(|column| reader.headers().unwrap().iter().position(|found| found == column).unwrap());
    let mut told = Vec::new();
    for row in reader.records().map(Result::unwrap).filter(|row| &row[1] == "pg-dublin-sales") {
        told.extend(places.map(|place| row[place].to_owned()));
    }
    assert!(told.len() > 20);
    assert_eq!(told, staffed);
}
