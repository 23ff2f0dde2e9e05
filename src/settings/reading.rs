//! From the checked tree to plain structs.
//!
//! The tree holds every default and every key that must be said, so what a reader falls back to is never taken.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::document::{Node, Place, Value};
use super::duration;
use super::goals;
use super::keys::WEEKDAYS;
use super::{
    ActionMap, BusinessUnit, ClientSetting, ClientValue, Log, PageClass, PagePath, PlanningGroup, Retention, RoutePath,
    Settings, Source, Windows,
};
use crate::engine::Span;

/// Reads the whole tree; paths of the file are relative to its folder.
pub fn settings(tree: &Node, file_name: &str) -> Settings {
    let none = Node::empty_table(Place::Default);
    let section = |name: &str| tree.get(name).unwrap_or(&none);
    let folder = Path::new(file_name).parent().unwrap_or(Path::new(""));
    let (log, windows, retention) = (section("log"), section("windows"), section("retention"));
    Settings {
        log: read_log(log, folder),
        commit_every: span(log, "commit_every"),
        key_file: section("keys").get("key_file").map(|node| location(node, folder)),
        audit_key_file: section("keys").get("audit_key_file").map(|node| location(node, folder)),
        listen: address(section("http"), "listen"),
        sources: tree.list("source").iter().map(source).collect(),
        business_units: tree.list("business_unit").iter().map(business_unit).collect(),
        planning_groups: tree.list("planning_group").iter().map(planning_group).collect(),
        page_classes: tree.list("page_class").iter().filter_map(page_class).collect(),
        conversations_feed: section("conversations").get("feed").is_some_and(|node| node.value == Value::Flag(true)),
        windows: Windows {
            out_of_orderness: span(windows, "out_of_orderness"),
            grace: span(windows, "grace"),
            correction_horizon: span(windows, "correction_horizon"),
            max_clock_ahead: span(windows, "max_clock_ahead"),
            source_idle_after: span(windows, "source_idle_after"),
        },
        publish_every: span(section("publish"), "every"),
        replay_every: span(section("publish"), "replay_every"),
        schema_registry: optional(section("schema_registry"), "url"),
        retention: Retention { adjustments: span(retention, "adjustments"), set_aside: span(retention, "set_aside") },
        environment: text(section("environment"), "kind"),
        policy_file: section("policy").get("file").map(|node| location(node, folder)),
        policy: None,
    }
}

fn read_log(log: &Node, folder: &Path) -> Log {
    if log.text("kind") != Some("kafka") {
        return Log::Embedded { path: log.get("path").map_or_else(PathBuf::new, |node| location(node, folder)) };
    }
    let none = Node::empty_table(Place::Default);
    let kafka = log.get("kafka").unwrap_or(&none);
    let settings = kafka.get("client").map_or(&[][..], Node::entries);
    let mut client: Vec<ClientSetting> =
        settings.iter().map(|entry| setting(&entry.key, &entry.node, folder)).collect();
    client.sort_by(|one, other| one.name.cmp(&other.name));
    Log::Kafka {
        bootstrap_servers: text(kafka, "bootstrap_servers"),
        group: text(kafka, "group"),
        instance: optional(kafka, "instance"),
        client,
    }
}

fn setting(name: &str, node: &Node, folder: &Path) -> ClientSetting {
    match name.strip_suffix("_file") {
        Some(plain) => ClientSetting { name: plain.into(), value: ClientValue::File(location(node, folder)) },
        None => ClientSetting { name: name.into(), value: ClientValue::Text(node.as_text().unwrap_or("").into()) },
    }
}

fn source(entry: &Node) -> Source {
    Source { topic: text(entry, "topic"), organization_id: optional(entry, "organization_id") }
}

fn business_unit(entry: &Node) -> BusinessUnit {
    let time_zone = text(entry, "time_zone");
    BusinessUnit {
        id: text(entry, "id"),
        organization_id: text(entry, "organization_id"),
        zone: TimeZoneDatabase::bundled().get(&time_zone).unwrap_or(TimeZone::UTC),
        time_zone,
        start_day_of_week: weekday(entry.text("start_day_of_week").unwrap_or("")),
        interval: span(entry, "interval"),
    }
}

fn planning_group(entry: &Node) -> PlanningGroup {
    PlanningGroup {
        id: text(entry, "id"),
        business_unit: text(entry, "business_unit"),
        action_maps: entry.list("action_maps").iter().map(action_map).collect(),
        route_paths: entry.list("route_paths").iter().map(route_path).collect(),
        average_handle_time: entry.get("average_handle_time").map(|_| span(entry, "average_handle_time")),
        goals: goals::read(entry),
    }
}

fn action_map(entry: &Node) -> ActionMap {
    ActionMap { id: text(entry, "id"), version: version(entry), reach: share(entry, "reach") }
}

fn route_path(entry: &Node) -> RoutePath {
    let mut skills: Vec<Arc<str>> = entry.list("skills").iter().filter_map(Node::as_text).map(Arc::from).collect();
    skills.sort();
    skills.dedup();
    RoutePath {
        queue: text(entry, "queue"),
        media_type: text(entry, "media_type").to_lowercase().into(),
        language: optional(entry, "language"),
        skills,
    }
}

fn page_class(entry: &Node) -> Option<PageClass> {
    let path = PagePath::parse(entry.text("path")?).ok()?;
    Some(PageClass { id: text(entry, "id"), host: text(entry, "host").to_lowercase().into(), path })
}

/// The text at a key that must be there.
pub(super) fn text(node: &Node, key: &str) -> Arc<str> {
    node.text(key).unwrap_or("").into()
}

fn optional(node: &Node, key: &str) -> Option<Arc<str>> {
    node.text(key).map(Arc::from)
}

/// The length of time at a key.
pub(super) fn span(node: &Node, key: &str) -> Span {
    node.text(key).and_then(|text| duration::parse(text).ok()).unwrap_or(Span::ZERO)
}

fn address(node: &Node, key: &str) -> SocketAddr {
    node.text(key).and_then(|text| text.parse().ok()).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

fn version(node: &Node) -> Option<u32> {
    if let Value::Whole(number) = node.get("version")?.value { u32::try_from(number).ok() } else { None }
}

/// The share at a key.
pub(super) fn share(node: &Node, key: &str) -> f64 {
    match node.get(key).map(|node| &node.value) {
        Some(Value::Decimal(share)) => *share,
        Some(Value::Whole(0)) => 0.0,
        Some(
            Value::Whole(_) | Value::Text(_) | Value::Flag(_) | Value::Alien(_) | Value::List(_) | Value::Table(_),
        )
        | None => 1.0,
    }
}

/// The environment is written where the process runs, the file where it lies.
fn location(node: &Node, folder: &Path) -> PathBuf {
    let written = Path::new(node.as_text().unwrap_or(""));
    match node.place {
        Place::Environment(_) => written.to_owned(),
        Place::File { .. } | Place::Default => folder.join(written),
    }
}

fn weekday(text: &str) -> Weekday {
    let place = WEEKDAYS.iter().position(|day| *day == text);
    place
        .and_then(|place| i8::try_from(place).ok())
        .map_or(Weekday::Monday, |place| Weekday::Monday.wrapping_add(place))
}
