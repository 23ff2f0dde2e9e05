//! The commands of `hold`: add, release and list.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::{ActiveHold, Contradiction, Event, Hold, Holds};
use crate::audit_cli::{HoldArgs, HoldCommand, ListArgs, ReleaseArgs};
use crate::audit_log::AuditLog;
use crate::cli::Format;
use crate::engine::EventTime;
use crate::io::kafka::{Cluster, holding};
use crate::listing::Listing;
use crate::perform::{Failure, load_alone, print};
use crate::settings::retention::Store;
use crate::settings::{Log, Settings};
use crate::wire::Rfc3339;

/// Does what was asked for.
pub fn perform(command: &HoldCommand) -> Result<(), Failure> {
    match command {
        HoldCommand::Add(args) => add(args),
        HoldCommand::Release(args) => release(args),
        HoldCommand::List(args) => list(args),
    }
}

/// On Kafka deletion ends before the hold is told, and begins again after its release is: what lies between keeps too much.
fn add(args: &HoldArgs) -> Result<(), Failure> {
    let settings = load_alone(&args.config)?;
    let hold = hold_of(args);
    let mut log = AuditLog::of(&settings)?;
    log.holds()?.may_add(&hold).map_err(refused)?;
    warn_of_what_is_wider(&settings, &hold);
    if let Log::Kafka { .. } = settings.log {
        let cluster = Cluster::of(&settings)?;
        let before = holding::active(&cluster)?;
        holding::apply(&settings, &cluster, &before.with(&hold))?;
    }
    let told = log.beside().record(|entries| {
        Holds::of(entries).may_add(&hold)?;
        Ok(vec![Event::HoldAdded(hold.clone())])
    });
    let undo = || as_recorded(&settings);
    match told {
        Ok(Ok(())) => as_recorded(&settings)?,
        Ok(Err(why)) => return undo().and(Err(refused(why))),
        Err(failure) => return undo().and(Err(failure)),
    }
    tracing::info!(matter = hold.matter, stores = words(&hold.stores), "nothing of it is deleted until it is released");
    Ok(())
}

fn release(args: &ReleaseArgs) -> Result<(), Failure> {
    let settings = load_alone(&args.config)?;
    let by = args.by.trim();
    let told = AuditLog::of(&settings)?.beside().record(|entries| {
        let holds = Holds::of(entries);
        // What was added as it was typed is released as it was typed.
        let as_typed = holds.may_release(&args.matter, by);
        let matter = if as_typed.is_ok() { &args.matter } else { args.matter.trim() };
        holds.may_release(matter, by)?;
        Ok(vec![Event::HoldReleased { matter: matter.to_owned(), by: by.to_owned() }])
    })?;
    told.map_err(refused)?;
    as_recorded(&settings)?;
    tracing::info!(
        matter = args.matter,
        "released: what is due and on hold for no other matter is deleted from now on"
    );
    Ok(())
}

/// Sets the topics as the audit says, until it says the same afterwards: another hold may come in between.
fn as_recorded(settings: &Settings) -> Result<(), Failure> {
    if let Log::Kafka { .. } = settings.log {
        let cluster = Cluster::of(settings)?;
        let mut holds = holding::active(&cluster)?;
        loop {
            holding::apply(settings, &cluster, &holds)?;
            let now = holding::active(&cluster)?;
            if now == holds {
                break;
            }
            holds = now;
        }
    }
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let settings = load_alone(&args.config)?;
    let holds = AuditLog::of(&settings)?.holds()?;
    if args.format == Format::Json {
        let listed: Vec<Value> = holds.iter().map(object).collect();
        return Ok(print(&format!("{:#}\n", Value::Array(listed)))?);
    }
    let columns = ["matter", "by", "since", "stores", "planning_groups", "from", "until"];
    let rows = holds.iter().map(row).collect();
    Ok(print(&Listing { columns, rows }.written(args.format)?)?)
}

fn row(active: &ActiveHold) -> [String; 7] {
    let ActiveHold { since, hold, .. } = active;
    let time = |at: EventTime| Rfc3339::from(at).to_string();
    [
        hold.matter.clone(),
        hold.by.clone(),
        time(EventTime::from_millis(since.millis())),
        words(&hold.stores),
        hold.planning_groups.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        hold.from.map(time).unwrap_or_default(),
        hold.until.map(time).unwrap_or_default(),
    ]
}

/// The same for programs, which need not take lists apart.
fn object(active: &ActiveHold) -> Value {
    let [matter, by, since, _, _, from, until] = row(active);
    let stores: Vec<&str> = active.hold.stores.iter().map(|store| store.name()).collect();
    json!({
        "matter": matter, "by": by, "since": since, "stores": stores, "planning_groups": active.hold.planning_groups,
        "from": from, "until": until,
    })
}

fn hold_of(args: &HoldArgs) -> Hold {
    let stores = match args.topic.as_slice() {
        [] => Hold::usual_stores(!args.planning_group.is_empty()),
        named => named.iter().copied().collect(),
    };
    Hold {
        matter: args.matter.trim().to_owned(),
        by: args.by.trim().to_owned(),
        stores,
        planning_groups: args.planning_group.iter().cloned().collect(),
        from: args.from,
        until: args.until,
    }
}

/// What is kept beyond the scope that was asked for must not surprise anybody.
fn warn_of_what_is_wider(settings: &Settings, hold: &Hold) {
    let known = |group: &&String| settings.planning_groups.iter().any(|known| *known.id == ***group);
    for group in hold.planning_groups.iter().filter(|group| !known(group)) {
        tracing::warn!(planning_group = group, "no [[planning_group]] has this id now; what is kept of it stays");
    }
    let is_narrow = hold.from.is_some() || hold.until.is_some() || !hold.planning_groups.is_empty();
    if let (Log::Kafka { .. }, true) = (&settings.log, is_narrow) {
        tracing::warn!("a topic cannot be kept in parts: the whole of it stays");
        return;
    }
    let blind: BTreeSet<Store> = hold.stores.iter().copied().filter(|store| !store.knows_groups()).collect();
    if !hold.planning_groups.is_empty() && !blind.is_empty() {
        tracing::warn!(stores = words(&blind), "these know no planning groups: those of all groups stay");
    }
}

fn words(stores: &BTreeSet<Store>) -> String {
    stores.iter().map(|store| store.name()).collect::<Vec<_>>().join(" ")
}

fn refused(why: Contradiction) -> Failure {
    Failure::Usage(why.to_string())
}
