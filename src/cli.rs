//! What a person may type.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::audit_cli::{AuditCommand, HoldCommand};
use crate::load_cli::LoadCommand;
use crate::retention_cli::{DiffArgs, ExplainArgs, RetentionCommand};
use crate::wire::staffing_csv::Model;

/// Turns web journey events and proactive-chat offers into volume adjustments for a workforce forecast.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows the whole pipeline on a simulated site: no Kafka, no configuration.
    Demo(DemoArgs),
    /// Runs the service.
    Run(RunArgs),
    /// Writes a simulated site with known truth.
    Simulate(SimulateArgs),
    /// Appends NDJSON files (also .gz, .zst, - for standard input) to the input; may run beside `run`.
    Ingest(IngestArgs),
    /// Counts files without a log and writes rows, revisions, pointers and a summary.
    Replay(ReplayArgs),
    /// Prints adjustments as JSON lines: the newest revision of each row; may run beside `run`.
    Tail(TailArgs),
    /// The baseline that adjustments are added to.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// How many people a volume takes.
    #[command(subcommand)]
    Staffing(StaffingCommand),
    /// What a snippet on a page is.
    #[command(subcommand)]
    Snippet(SnippetCommand),
    /// How much an endpoint for web events takes.
    #[command(subcommand)]
    Load(LoadCommand),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What may be read and counted of whom, and who signed that.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What was done with policies, keys, erasures and holds, so that nobody can change it unseen.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Legal holds: suspend deletion for a matter.
    #[command(subcommand)]
    Hold(HoldCommand),
    /// What is kept how long, and whether it is.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Erases sessions, actions and conversations by their ids, also beside `run`; rows are revised within the horizon.
    Erase(EraseArgs),
    /// Lists where the records lie that could not be used, and why.
    SetAside(SetAsideArgs),
    /// The topics that a log needs.
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Looks at the configuration, the data folder or the cluster, the keys, the clock and the zone data, and says what is wrong.
    Doctor(DoctorArgs),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
}

/// `set-aside`.
#[derive(Debug, Args)]
pub struct SetAsideArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Only this class, such as `bad_time`.
    #[arg(long)]
    pub class: Option<String>,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: an array of objects, or one object.
    Json,
    /// With the names of the columns in the first line.
    Csv,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// `topics`.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Makes what is missing.
    Create(ConfigArgs),
    /// Says what is missing or wrong.
    Check(ConfigArgs),
}

/// `config show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// As a list of settings; without it, as a configuration file.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Port of the live view, health and metrics on 127.0.0.1; 0 takes any free port.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Simulated seconds per second.
    #[arg(long, default_value_t = 60.0)]
    pub speed: f64,
    /// How long to run in wall time, e.g. 2m; without it until Ctrl-C.
    #[arg(long = "for")]
    pub duration: Option<String>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Ends with 0 once everything that was appended is counted and committed.
    #[arg(long)]
    pub until_caught_up: bool,
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Same seed, same bytes.
    #[arg(long)]
    pub seed: u64,
    /// Length in days.
    #[arg(long)]
    pub days: u32,
    /// The folder to write to.
    #[arg(long)]
    pub out: PathBuf,
    /// First day, e.g. 2026-11-02.
    #[arg(long)]
    pub start: Option<String>,
    /// Visits per day and business unit.
    #[arg(long)]
    pub visits_per_day: Option<f64>,
    /// Share of steps that are told on action.events too.
    #[arg(long)]
    pub twins: Option<f64>,
    /// Share of records that are sent again.
    #[arg(long)]
    pub duplicates: Option<f64>,
    /// Share of records that overtake others.
    #[arg(long)]
    pub disorder: Option<f64>,
    /// Share of records that come days late.
    #[arg(long)]
    pub late: Option<f64>,
    /// Share of records whose clock runs ahead.
    #[arg(long)]
    pub skewed_clocks: Option<f64>,
    /// Share of records that are broken.
    #[arg(long)]
    pub malformed: Option<f64>,
    /// Share of records that try to mislead a reader.
    #[arg(long)]
    pub hostile: Option<f64>,
}

/// `ingest`.
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// The files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Files of events.
    #[arg(long, required = true, num_args = 1..)]
    pub events: Vec<PathBuf>,
    /// A baseline in CSV.
    #[arg(long)]
    pub baseline: Option<PathBuf>,
    /// Leaves out what arrived at this time or later (RFC 3339), and takes nothing to have ended.
    #[arg(long)]
    pub until: Option<String>,
    /// The folder to write to.
    #[arg(long)]
    pub out: PathBuf,
}

/// `tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Only this planning group.
    #[arg(long)]
    pub planning_group: Option<String>,
    /// Every revision, not only the newest.
    #[arg(long)]
    pub revisions: bool,
    /// Goes on with what is said from now on.
    #[arg(long)]
    pub follow: bool,
}

/// `baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Appends a baseline (CSV: interval_start_utc, planning_group, offered, average_handle_time_seconds).
    Import {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The file.
        csv: PathBuf,
    },
}

/// `staffing`.
#[derive(Debug, Subcommand)]
pub enum StaffingCommand {
    /// Reads rows of inputs (CSV, by the names of the columns) from standard input; writes them with every figure.
    Table {
        /// What is calculated.
        #[arg(long, value_parser = a_model())]
        model: Model,
    },
    /// Reads baseline and adjusted volumes from standard input (CSV, or JSON lines as `tail` and `replay` write them);
    /// writes how many agents each takes by the goals of its planning group, and the difference.
    Plan(PlanArgs),
}

/// `staffing plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The configuration file, which has the goals.
    #[arg(long)]
    pub config: PathBuf,
    /// How the volumes come; without it, JSON lines where the first character is a brace, else CSV.
    #[arg(long, value_enum)]
    pub from: Option<VolumesFrom>,
    /// A baseline in CSV: its intervals that no volume speaks of are answered too.
    #[arg(long)]
    pub baseline: Option<PathBuf>,
    /// Answers each interval as though it went on for ever, as adjustments do; without it, contacts carry over.
    #[arg(long)]
    pub stationary: bool,
    /// How the plan is written.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
}

/// How volumes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VolumesFrom {
    /// Columns interval_start_utc, planning_group, baseline_offered, adjusted_offered, average_handle_time_seconds.
    Csv,
    /// Adjustments, one a line.
    Ndjson,
}

fn a_model() -> impl TypedValueParser<Value = Model> {
    PossibleValuesParser::new(Model::ALL.map(Model::name)).try_map(|name| Model::named(&name).ok_or("is no model"))
}

/// `snippet`.
#[derive(Debug, Subcommand)]
pub enum SnippetCommand {
    /// Says of pages, scripts, containers and recordings whether Genesys tracks people there, whose it is and what to do.
    Audit(AuditArgs),
}

/// `snippet audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Files, folders, HAR files or addresses; an address is fetched once, and nothing else leaves this machine.
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// What depends on each hostname (CSV: hostname, offers_per_week, chats_per_week, weeks, owner).
    #[arg(long)]
    pub mapping: Option<PathBuf>,
    /// Recorded events (NDJSON, also .gz, .zst): how many offers the visits of each hostname led to; nothing of them is kept.
    #[arg(long, num_args = 1.., value_name = "PATH")]
    pub events: Vec<PathBuf>,
    /// Asks Genesys once for the public configuration of each Messenger deployment that is found: does it track?
    #[arg(long)]
    pub fetch_config: bool,
    /// Opens each address in an installed Chromium too: what does it ask of Genesys, and what does it keep?
    #[arg(long)]
    pub browser: bool,
    /// What is clicked on to agree (a CSS selector), to see what changes then.
    #[arg(long, value_name = "SELECTOR", requires = "browser")]
    pub consent_click: Option<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = AuditFormat::Text)]
    pub format: AuditFormat,
}

/// How the answer about snippets is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For a person.
    Text,
    /// For programs; the shape stays.
    Json,
    /// For code scanning (2.1.0).
    Sarif,
}

/// `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Checks it: 0 where it is right, 2 where not, with line, column and what to change.
    Check(ConfigArgs),
    /// Prints what it says in its normal form, its version, and whether the signature under it holds.
    Show(ConfigArgs),
    /// Writes [sign_off] with its hash into the policy's file.
    Sign(SignArgs),
    /// Prints the review that must be done before predictive engagement goes live, the open questions first (Markdown).
    Checklist(ConfigArgs),
    /// Says in words what it does, what becomes of pages, and how many actions are regulated.
    Explain(ExplainArgs),
    /// Says what changed since another policy file: 0 where nothing did, 1 where something did.
    Diff(DiffArgs),
    /// Prints the JSON Schema of the file.
    Schema,
    /// Says what is held that can be tied to a conversation and its recording, and proves that nothing browsed is.
    Prove(crate::prove::ProveArgs),
}

/// `policy sign`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Who reviewed it.
    #[arg(long)]
    pub reviewed_by: String,
    /// The day on which it was approved, e.g. 2026-11-01.
    #[arg(long)]
    pub approved_on: Date,
    /// The last day before it must be reviewed again.
    #[arg(long)]
    pub review_by: Date,
}

/// `erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// What to erase (CSV: kind, id; kinds session, action, conversation, cookie, customer).
    #[arg(long)]
    pub ids: PathBuf,
    /// On Kafka: how long to wait until what lies in the input topics now is read, which would bring back what is erased.
    #[arg(long, default_value = "60s")]
    pub patience: String,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Checks it: 0 where it is right, 2 where not, with line, column and what to change.
    Check(ConfigArgs),
    /// Shows every value in force and where it comes from.
    Show(ShowArgs),
    /// Prints the JSON Schema of the file.
    Schema,
}
