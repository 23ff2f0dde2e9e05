//! The goals of a planning group: whether they ask for something that can be had, and what they mean to staffing.

use super::complaint::Complaint;
use super::document::{Node, Place, Value};
use super::reading::{share, span};
use crate::staffing::{Goals, LevelGoal, ServiceLevel};

/// The names of the definitions of a service level.
pub static DEFINITIONS: [&str; 4] = [
    ServiceLevel::AnsweredOfOffered.name(),
    ServiceLevel::ExcludingAbandons.name(),
    ServiceLevel::OfAnswered.name(),
    ServiceLevel::VirtualWait.name(),
];

/// What any of the goals is called; one of them must be there.
const ANY: [&str; 4] = ["service_level", "average_speed_of_answer", "max_abandon", "max_occupancy"];

/// What is said of goals without which another means nothing.
const NEEDS: [(&str, &str, &str); 4] = [
    ("service_level", "within", "says how many and not in what time; add within = \"20s\""),
    ("within", "service_level", "says in what time and not how many; add service_level = 0.8"),
    (
        "service_level_definition",
        "service_level",
        "is of no use without a service level; add service_level and within, or take it out",
    ),
    (
        "max_abandon",
        "mean_patience",
        "nobody gives up where no patience is known; add mean_patience = \"120s\", or take it out",
    ),
];

/// What is said of a share at its very end.
const ENDS: [(&str, f64, &str); 6] = [
    ("service_level", 1.0, "1 is only approached, however many agents there are; write less, such as 0.8"),
    ("service_level", 0.0, "0 asks for nothing; write more, such as 0.8, or take it out"),
    ("max_abandon", 0.0, "0 is only approached, however many agents there are; write more, such as 0.05"),
    ("max_abandon", 1.0, "1 asks for nothing; write less, such as 0.05, or take it out"),
    ("max_occupancy", 0.0, "0 is only approached, however many agents there are; write more, such as 0.85"),
    ("shrinkage", 1.0, "with 1 nobody is ever there; write less, such as 0.3"),
];

/// Checks the goals of a group whose defaults are filled in and whose values are each of their kind.
pub fn check(group: &Node, complaints: &mut Vec<Complaint>) {
    let Some(goals) = group.get("goals").filter(|goals| goals.place != Place::Default) else { return };
    let mut complain = |place: &Place, key: &str, message: &str| {
        let key = super::keys::full_name("planning_group.goals", key);
        complaints.push(Complaint { place: place.clone(), key, message: message.to_owned() });
    };
    if ANY.iter().all(|goal| goals.get(goal).is_none()) && goals.get("within").is_none() {
        let message = "ask for nothing; add service_level and within, average_speed_of_answer, max_abandon or max_occupancy, or take goals out";
        complaints.push(Complaint {
            place: goals.place.clone(),
            key: "planning_group.goals".to_owned(),
            message: message.to_owned(),
        });
        return;
    }
    for (key, other, message) in NEEDS {
        if let Some(node) = goals.get(key).filter(|_| goals.get(other).is_none()) {
            complain(&node.place, key, message);
        }
    }
    for (key, end, message) in ENDS {
        if let Some(node) = goals.get(key).filter(|node| is(node, end)) {
            complain(&node.place, key, message);
        }
    }
}

fn is(node: &Node, end: f64) -> bool {
    match node.value {
        Value::Decimal(share) => share == end,
        Value::Whole(share) => share as f64 == end,
        Value::Text(_) | Value::Flag(_) | Value::Alien(_) | Value::List(_) | Value::Table(_) => false,
    }
}

/// The goals of a group; `None` where it has none.
pub fn read(group: &Node) -> Option<Goals> {
    let goals = group.get("goals").filter(|goals| !goals.entries().is_empty())?;
    let said = |key: &str| goals.get(key).is_some();
    let seconds = |key: &str| said(key).then(|| span(goals, key).millis() as f64 / 1_000.0);
    let part = |key: &str| said(key).then(|| share(goals, key));
    let definition = goals.text("service_level_definition").and_then(ServiceLevel::named);
    let level = |share| LevelGoal {
        share,
        within_seconds: seconds("within").unwrap_or(0.0),
        definition: definition.unwrap_or(ServiceLevel::AnsweredOfOffered),
    };
    Some(Goals {
        service_level: part("service_level").map(level),
        asa_seconds: seconds("average_speed_of_answer"),
        max_abandon: part("max_abandon"),
        max_occupancy: part("max_occupancy"),
        patience_seconds: seconds("mean_patience"),
        shrinkage: part("shrinkage").unwrap_or(0.0),
    })
}
