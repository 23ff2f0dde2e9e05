//! The table of all that may be said: one row a key. Checks, defaults, the environment, `show` and the schema read it.

use super::goals::DEFINITIONS;
use crate::engine::Span;

/// A key: its name, what it is set to, and whether it must be said.
#[derive(Debug)]
pub struct Key {
    /// Its name in its table.
    pub name: &'static str,
    /// What it may be set to.
    pub kind: Kind,
    /// Whether it may be left out.
    pub need: Need,
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there; the text says what to add.
    Must(&'static str),
    /// It may be left out; then its default holds, where it has one.
    May,
}

/// What a key may be set to.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A single value.
    One(Single),
    /// A table of somebody else's settings, all text.
    Foreign,
    /// A table, `[name]`.
    Table(&'static [Key]),
    /// A list of tables, `[[name]]`.
    Entries(&'static [Key], Unsaid),
}

/// What a single value may be.
#[derive(Debug, Clone, Copy)]
pub enum Single {
    /// Text of the operator's own that names something.
    Name,
    /// A list of such names.
    Names,
    /// The path of a file or folder.
    Location,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A length of time of at least so much.
    Length(Span),
    /// A number from 0 to 1.
    Share,
    /// A version: a whole number from 0.
    Version,
    /// True or false.
    Flag,
    /// An IP address with its port.
    Address,
    /// An IANA time zone.
    Zone,
    /// A host name.
    Host,
    /// A path of a page, with its stars.
    PagePath,
    /// A day.
    Day,
}

/// What the entries of a list in the defaults stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// There is one, and each entry of the operator's takes from it what it does not say itself.
    FillsEach,
    /// They are the list, where the operator gives none.
    IsTheList,
}

pub(super) const fn must(name: &'static str, kind: Single, add: &'static str) -> Key {
    Key { name, kind: Kind::One(kind), need: Need::Must(add) }
}

pub(super) const fn may(name: &'static str, kind: Single) -> Key {
    Key { name, kind: Kind::One(kind), need: Need::May }
}

pub(super) const fn table(name: &'static str, keys: &'static [Key]) -> Key {
    Key { name, kind: Kind::Table(keys), need: Need::May }
}

pub(super) const fn entries(name: &'static str, keys: &'static [Key], need: Need) -> Key {
    Key { name, kind: Kind::Entries(keys, Unsaid::FillsEach), need }
}

const MOMENT: Span = Span::from_millis(1);

/// The sections of the file.
pub static ROOT: &[Key] = &[
    table("log", LOG),
    table("keys", KEYS),
    table("http", HTTP),
    Key { name: "source", kind: Kind::Entries(SOURCE, Unsaid::IsTheList), need: Need::May },
    entries("business_unit", BUSINESS_UNIT, Need::Must(ADD_A_UNIT)),
    entries("planning_group", PLANNING_GROUP, Need::Must(ADD_A_GROUP)),
    entries("page_class", PAGE_CLASS, Need::May),
    table("conversations", CONVERSATIONS),
    table("windows", WINDOWS),
    table("publish", PUBLISH),
    table("schema_registry", SCHEMA_REGISTRY),
    table("retention", RETENTION),
    table("policy", POLICY),
    table("environment", ENVIRONMENT),
];

const ADD_A_UNIT: &str = "add a [[business_unit]] with id, organization_id and time_zone";
const ADD_A_GROUP: &str = "add a [[planning_group]] with id, business_unit, action_maps and route_paths";

static LOG: &[Key] = &[
    may("kind", Single::Choice(&["embedded", "kafka"])),
    may("path", Single::Location),
    may("commit_every", Single::Length(MOMENT)),
    table("kafka", KAFKA),
];

static KAFKA: &[Key] = &[
    may("bootstrap_servers", Single::Name),
    may("group", Single::Name),
    may("instance", Single::Name),
    Key { name: "client", kind: Kind::Foreign, need: Need::May },
];

static KEYS: &[Key] = &[may("key_file", Single::Location), may("audit_key_file", Single::Location)];

static HTTP: &[Key] = &[may("listen", Single::Address)];

static SOURCE: &[Key] =
    &[must("topic", Single::Name, "add the topic's name: topic = \"…\""), may("organization_id", Single::Name)];

static BUSINESS_UNIT: &[Key] = &[
    must("id", Single::Name, "add its id: id = \"…\""),
    must("organization_id", Single::Name, "add the organization's id: organization_id = \"…\""),
    must("time_zone", Single::Zone, "add an IANA time zone: time_zone = \"Europe/Dublin\""),
    may("start_day_of_week", Single::Choice(&WEEKDAYS)),
    may("interval", Single::Choice(&["15m", "30m", "60m"])),
];

/// The days of the week as they are written.
pub static WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

static PLANNING_GROUP: &[Key] = &[
    must("id", Single::Name, "add its id: id = \"…\""),
    must("business_unit", Single::Name, "add the id of its business unit: business_unit = \"…\""),
    may("average_handle_time", Single::Length(MOMENT)),
    entries("action_maps", ACTION_MAP, Need::May),
    entries("route_paths", ROUTE_PATH, Need::May),
    table("goals", GOALS),
];

static ACTION_MAP: &[Key] = &[
    must("id", Single::Name, "add the action map's id: id = \"…\""),
    may("version", Single::Version),
    may("reach", Single::Share),
];

static ROUTE_PATH: &[Key] = &[
    must("queue", Single::Name, "add the queue's id: queue = \"…\""),
    must("media_type", Single::Name, "add the media type: media_type = \"message\""),
    may("language", Single::Name),
    may("skills", Single::Names),
];

static GOALS: &[Key] = &[
    may("service_level", Single::Share),
    may("within", Single::Length(Span::ZERO)),
    may("service_level_definition", Single::Choice(&DEFINITIONS)),
    may("average_speed_of_answer", Single::Length(MOMENT)),
    may("max_abandon", Single::Share),
    may("max_occupancy", Single::Share),
    may("mean_patience", Single::Length(MOMENT)),
    may("shrinkage", Single::Share),
];

static PAGE_CLASS: &[Key] = &[
    must("id", Single::Name, "add what you call it: id = \"…\""),
    must("host", Single::Host, "add the host: host = \"shop.example\""),
    must("path", Single::PagePath, "add the path: path = \"/pricing/**\""),
];

static SCHEMA_REGISTRY: &[Key] = &[may("url", Single::Name)];

static CONVERSATIONS: &[Key] = &[may("feed", Single::Flag)];

static WINDOWS: &[Key] = &[
    may("out_of_orderness", Single::Length(Span::ZERO)),
    may("grace", Single::Length(Span::ZERO)),
    may("correction_horizon", Single::Length(MOMENT)),
    may("max_clock_ahead", Single::Length(Span::ZERO)),
    may("source_idle_after", Single::Length(MOMENT)),
];

static PUBLISH: &[Key] = &[may("every", Single::Length(Span::ZERO)), may("replay_every", Single::Length(Span::ZERO))];

static RETENTION: &[Key] = &[may("adjustments", Single::Length(MOMENT)), may("set_aside", Single::Length(MOMENT))];

static POLICY: &[Key] = &[may("file", Single::Location)];

static ENVIRONMENT: &[Key] = &[may("kind", Single::Name)];

/// The full name of a key of this section.
pub fn full_name(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}
