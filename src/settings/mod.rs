//! What an operator may say: `journeycast.toml`, the environment over it, and the defaults under it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::engine::Span;
use crate::staffing::Goals;

pub mod complaint;
pub use complaint::{Complaint, SettingsError};

pub mod document;
pub use document::Place;

pub mod duration;

pub mod page_path;
pub use page_path::PagePath;

mod spelling;

mod keys;

pub mod retention;

mod policy;
pub use policy::{Address, Difference, PageExplained, Policy, RegulatedPage, SignOff, Signing};

mod kind;

mod defaults;
pub use defaults::DEFAULTS;

mod environment;

mod shape;

mod agreement;

mod goals;

mod reading;

pub mod log;
pub use log::{ClientSetting, ClientValue, Log};

mod organization;

mod plan;

mod statement;
pub use statement::check;

mod show;
pub use show::{list, show};

mod schema;
pub use schema::schema;

/// The kind of installation in which a policy must be signed.
const PRODUCTION: &str = "production";

/// Everything that was said, and the defaults where nothing was.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where facts, state and adjustments are kept.
    pub log: Log,
    /// How long written records may wait to become durable together.
    pub commit_every: Span,
    /// A file with the master key in 64 hex digits; without it, the embedded log makes its own.
    pub key_file: Option<PathBuf>,
    /// A file with the key that signs the audit in 64 hex digits; without it, one that comes of the master key does.
    pub audit_key_file: Option<PathBuf>,
    /// Where the live view, health and metrics listen.
    pub listen: SocketAddr,
    /// The input topics, as listed.
    pub sources: Vec<Source>,
    /// The business units, as listed; at least one.
    pub business_units: Vec<BusinessUnit>,
    /// The planning groups, as listed; at least one.
    pub planning_groups: Vec<PlanningGroup>,
    /// Kinds of pages; the first that matches is taken.
    pub page_classes: Vec<PageClass>,
    /// Whether a feed of conversation events is connected: then what is realised is what was queued.
    pub conversations_feed: bool,
    /// How long to wait for what.
    pub windows: Windows,
    /// How much time passes at least between two revisions of a row that changes all the time.
    pub publish_every: Span,
    /// How much arrival time passes at least between two revisions of a row that a replay writes.
    pub replay_every: Span,
    /// Where the schemas of what is said are registered; with it, values on Kafka are in the registry's wire format.
    pub schema_registry: Option<Arc<str>>,
    /// How long journeycast keeps what it wrote.
    pub retention: Retention,
    /// What kind of installation this is, e.g. "production".
    pub environment: Arc<str>,
    /// The file of the policy, where one is named.
    pub policy_file: Option<PathBuf>,
    /// What that file says, once it was read.
    pub policy: Option<Arc<Policy>>,
}

/// An input topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub topic: Arc<str>,
    /// Whose records these are where a record itself does not say.
    pub organization_id: Option<Arc<str>>,
}

/// Planning groups that share a time zone and a staffing interval.
#[derive(Debug, Clone, PartialEq)]
pub struct BusinessUnit {
    /// Its id; no other unit has it.
    pub id: Arc<str>,
    /// The organization that it belongs to.
    pub organization_id: Arc<str>,
    /// The IANA name of its time zone.
    pub time_zone: Arc<str>,
    /// The time zone itself, of the bundled database.
    pub zone: TimeZone,
    /// The day on which its planning week starts.
    pub start_day_of_week: Weekday,
    /// The nominal length of its staffing intervals: 15, 30 or 60 minutes.
    pub interval: Span,
}

/// The unit that is forecast and staffed as one.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanningGroup {
    /// Its id; no other group has it.
    pub id: Arc<str>,
    /// The id of its business unit, which is one of [`Settings::business_units`].
    pub business_unit: Arc<str>,
    /// The action maps whose offers lead here.
    pub action_maps: Vec<ActionMap>,
    /// The route paths whose conversations belong here.
    pub route_paths: Vec<RoutePath>,
    /// How long one contact takes, where neither conversations nor a baseline say so.
    pub average_handle_time: Option<Span>,
    /// What its agents must reach.
    pub goals: Option<Goals>,
}

/// An action map whose offers lead to a planning group.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionMap {
    /// Its id.
    pub id: Arc<str>,
    /// The only version that is meant; none: every version that has no entry of its own.
    pub version: Option<u32>,
    /// The share of accepted offers that reach a queue, from 0 to 1.
    pub reach: f64,
}

/// How a conversation reaches an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePath {
    /// The id of the queue.
    pub queue: Arc<str>,
    /// The media type in lower case; it is compared without case.
    pub media_type: Arc<str>,
    /// The language asked for; none: any.
    pub language: Option<Arc<str>>,
    /// The skills asked for, sorted, each once; none: any.
    pub skills: Vec<Arc<str>>,
}

/// A kind of page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageClass {
    /// What the operator calls it.
    pub id: Arc<str>,
    /// The host in lower case; it is compared without case.
    pub host: Arc<str>,
    /// Which paths of that host are meant.
    pub path: PagePath,
}

/// How long to wait for what, all in the time of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// How far behind the newest record of its source a record usually comes.
    pub out_of_orderness: Span,
    /// How long an interval stays open past its end.
    pub grace: Span,
    /// How late an event may come and still revise a final row.
    pub correction_horizon: Span,
    /// How far an event's time may lie ahead of its arrival.
    pub max_clock_ahead: Span,
    /// How long a source that is caught up must be silent before it is waited for no more.
    pub source_idle_after: Span,
}

/// How long journeycast keeps what it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Adjustments, their revisions, the baseline and the audit.
    pub adjustments: Span,
    /// Pointers to records that were set aside.
    pub set_aside: Span,
}

impl Settings {
    /// Reads the text of a configuration file and the environment over it; says all that is wrong, not only the first.
    ///
    /// Relative paths of the file are taken from the folder of `file_name`, those of the environment as they are.
    /// Variables that do not begin with `JOURNEYCAST__` are not read.
    pub fn parse(
        text: &str,
        file_name: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let tree = tree(text, file_name, environment)?;
        Ok(reading::settings(&tree, file_name))
    }

    /// Whether an unsigned, changed or overdue policy is refused.
    pub fn is_production(&self) -> bool {
        *self.environment == *PRODUCTION
    }
}

/// The tree of everything that was said, checked, with the defaults filled in.
fn tree(
    text: &str,
    file_name: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<document::Node, SettingsError> {
    let mut tree = document::read(text).map_err(|complaints| SettingsError::new(file_name, complaints))?;
    let mut complaints = Vec::new();
    environment::lay_over(&mut tree, environment, &mut complaints);
    shape::check(keys::ROOT, &mut tree, &mut complaints);
    defaults::fill(&mut tree);
    agreement::check(&tree, &mut complaints);
    if complaints.is_empty() { Ok(tree) } else { Err(SettingsError::new(file_name, complaints)) }
}
