//! What a person may type after `load`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Format;

/// `load`.
#[derive(Debug, Subcommand)]
pub enum LoadCommand {
    /// Sends events at steady rates to an endpoint and says how long each takes, what is refused, and where the knee is.
    Run(RunArgs),
    /// A stand-in for a Journey endpoint with a given capacity: none of Genesys' machines, and no promise about them.
    Serve(ServeArgs),
    /// Compares two runs, or looks for a ceiling in recorded events.
    Report(ReportArgs),
}

/// `load run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// An address (without a path, that of web events is taken), or kafka.
    #[arg(long)]
    pub target: String,
    /// With --target kafka: the configuration that names the cluster.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// With --target kafka: where records go; without it, a topic that nothing reads and that is made where it is missing.
    #[arg(long, requires = "config")]
    pub topic: Option<String>,
    /// Says that invented events may go where a forecast, or somebody else, may count them.
    #[arg(long, requires = "topic")]
    pub i_know_these_are_counted: bool,
    /// Events per second, one step after the other, with commas between them.
    #[arg(long, value_delimiter = ',', conflicts_with = "find_knee")]
    pub rates: Vec<f64>,
    /// Searches for the highest rate that is taken.
    #[arg(long)]
    pub find_knee: bool,
    /// The highest rate that the search tries.
    #[arg(long, default_value_t = 20_000.0, requires = "find_knee", conflicts_with = "rates")]
    pub up_to: f64,
    /// How long each rate is kept, e.g. 30s; the first, coarse steps of a search are shorter.
    #[arg(long = "for", default_value = "30s")]
    pub duration: String,
    /// What is sent: pageview, custom, or a file of events (JSON, one or one a line).
    #[arg(long, default_value = "pageview")]
    pub event: String,
    /// Sends nothing while the endpoint asks to be left alone by Retry-After.
    #[arg(long)]
    pub honour_retry_after: bool,
    /// Ends with the first answer that is no yes.
    #[arg(long)]
    pub stop_on_distress: bool,
    /// A file of headers for every request, `Name: value` a line; what is in it is never shown.
    #[arg(long, value_name = "FILE")]
    pub header_file: Option<PathBuf>,
    /// How long an answer is waited for.
    #[arg(long, default_value = "10s")]
    pub timeout: String,
    /// Says that a host that is not this machine is yours to load; once for every host of a cluster.
    #[arg(long, value_name = "HOST")]
    pub i_own_this_target: Vec<String>,
    /// A folder, new or empty, for run.json, rates.csv, latencies.hlog (HdrHistogram) and report.html.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// `load serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where it listens; port 0 takes any free one. 0.0.0.0 is every address of this machine.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Time to an answer by the rate, e.g. 1000=190ms,3000=240ms,5000=1200ms.
    #[arg(long)]
    pub curve: Option<String>,
    /// Events per second above which the rest is refused with 429.
    #[arg(long)]
    pub limit: Option<f64>,
    /// The same endpoint, so many times as large.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// What Retry-After says, in whole seconds.
    #[arg(long, default_value = "1s")]
    pub retry_after: String,
    /// For so long after the start answers are slower, four times at first.
    #[arg(long, default_value = "0s")]
    pub slow_start: String,
    /// Nothing is answered for so long, so long after the first event, e.g. 1s@5s; what came then is answered afterwards.
    #[arg(long, value_name = "TIME@TIME")]
    pub stall: Option<String>,
    /// Share of the events whose connection ends without an answer, from 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    pub drops: f64,
}

/// `load report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// One run or two: the folders that `load run --out` wrote.
    #[arg(num_args = 0..=2, conflicts_with = "against_events")]
    pub runs: Vec<PathBuf>,
    /// Recorded events (NDJSON, also .gz, .zst) in which a ceiling is looked for.
    #[arg(long, num_args = 1.., value_name = "PATH", required_unless_present = "runs")]
    pub against_events: Vec<PathBuf>,
    /// Writes the comparison as one HTML page, too.
    #[arg(long, value_name = "FILE", conflicts_with = "against_events")]
    pub html: Option<PathBuf>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}
