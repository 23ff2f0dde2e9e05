//! What a person may type after `audit` and `hold`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::audit::PublicKey;
use crate::cli::{ConfigArgs, Format};
use crate::engine::EventTime;
use crate::settings::retention::Store;
use crate::wire::timestamp::from_rfc3339;

/// `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Says whether the audit is whole and as it was signed, or the first thing that is wrong with it (exit 1).
    Verify(VerifyArgs),
    /// Writes it for others to verify: one line of JSON an entry, with its hash and its head.
    Export(ExportArgs),
    /// Prints the newest head, a signed note: keep it elsewhere, and give it to `audit verify --anchor`.
    Head(ConfigArgs),
    /// Prints the key that verifies heads, in hex digits.
    Key(ConfigArgs),
    /// Lists what happened.
    List(ListArgs),
}

/// `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The configuration file, whose log is verified.
    #[arg(long, required_unless_present = "file")]
    pub config: Option<PathBuf>,
    /// What `audit export` wrote, in place of a log.
    #[arg(long, conflicts_with = "config", requires = "key")]
    pub file: Option<PathBuf>,
    /// The key that must have signed it, as `audit key` prints it; without it, the configured one.
    #[arg(long, value_parser = a_key)]
    pub key: Option<Box<PublicKey>>,
    /// A head that was kept elsewhere: the audit must go on from it.
    #[arg(long, value_name = "HEADFILE")]
    pub anchor: Option<PathBuf>,
}

/// `audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// The file to write to; without it, standard output.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `audit list`, `hold list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// `hold`.
#[derive(Debug, Subcommand)]
pub enum HoldCommand {
    /// Suspends deletion for a matter.
    Add(HoldArgs),
    /// Lets be deleted again what no other matter holds.
    Release(ReleaseArgs),
    /// Lists the matters for which deletion is suspended.
    List(ListArgs),
}

/// `hold add`.
#[derive(Debug, Args)]
pub struct HoldArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// The matter, in words that will be understood in years.
    #[arg(long)]
    pub matter: String,
    /// Who says so.
    #[arg(long)]
    pub by: String,
    /// The store, also more than one; without it, all that can be held (with --planning-group, those that know groups).
    #[arg(long, value_name = "STORE", num_args = 1.., value_parser = a_store())]
    pub topic: Vec<Store>,
    /// The planning group, also more than one; without it, all.
    #[arg(long, num_args = 1..)]
    pub planning_group: Vec<String>,
    /// From which time of the events or intervals on (RFC 3339); without it, from the first.
    #[arg(long, value_parser = a_time)]
    pub from: Option<EventTime>,
    /// Before which time of the events or intervals (RFC 3339); without it, without end.
    #[arg(long, value_parser = a_time)]
    pub until: Option<EventTime>,
}

/// `hold release`.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// The matter.
    #[arg(long)]
    pub matter: String,
    /// Who says so.
    #[arg(long)]
    pub by: String,
}

/// Those that can be held are listed; the others are known as well, and refused with the reason.
fn a_store() -> impl TypedValueParser<Value = Store> {
    let values = Store::ALL.map(|store| PossibleValue::new(store.name()).hide(!store.may_be_held()));
    PossibleValuesParser::new(values).try_map(|name| Store::named(&name).ok_or("is no store"))
}

fn a_key(text: &str) -> Result<Box<PublicKey>, &'static str> {
    PublicKey::from_hex(text)
        .map(Box::new)
        .ok_or("is no key: give the 64 hex digits that `journeycast audit key` prints")
}

fn a_time(text: &str) -> Result<EventTime, &'static str> {
    from_rfc3339(text).ok_or("is no time: write it as 2026-11-02T09:00:00Z")
}
