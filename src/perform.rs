//! Performing: each command of the command line, and the exit code that it ends with.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{
    BaselineCommand, Cli, Command, ConfigCommand, DoctorArgs, IngestArgs, PlanArgs, ReplayArgs, RunArgs, ShowArgs,
    SimulateArgs, SnippetCommand, StaffingCommand, TailArgs, VolumesFrom,
};
use crate::doctor::{self, Verdict};
use crate::engine::baseline::BaselineInterval;
use crate::engine::plan::{Plan, SourceScheme};
use crate::engine::{EventTime, baseline};
use crate::io::kafka::{self, Brought, Cluster, Told};
use crate::io::{Appender, Embedded, clock, site_files};
use crate::listing::Listing;
use crate::load_cli::LoadCommand;
use crate::replay::Replay;
use crate::settings::{self, Log, Settings, SettingsError};
use crate::simulate::SitePlan;
use crate::tail::{EmbeddedRows, KafkaRows, Rows};
use crate::wire::staffing_csv::{Answered, Model, TableError, answer_table};
use crate::wire::staffing_plan::{Form, PLANNED};
use crate::wire::{self, StaffingPlan, baseline_csv};
use crate::{
    audit_log, auditing, demo, erase, holding, load_report, load_run, policy, retention, service, set_aside,
    snippet_audit, tail, topics,
};

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or configuration: exit 2.
    Usage(String),
    /// It could not be done: exit 1.
    Failed(String),
    /// It ended early, and ends with a code that says why.
    Ended(u8, String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Does what was asked for.
pub fn perform(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Demo(args) => demo::demo(&args),
        Command::Run(args) => run(&args),
        Command::Simulate(args) => simulate(&args),
        Command::Ingest(args) => ingest(&args),
        Command::Replay(args) => replay(&args),
        Command::Tail(args) => tail_rows(&args),
        Command::Baseline(BaselineCommand::Import { config, csv }) => import(&config, &csv),
        Command::Config(command) => config(&command),
        Command::Staffing(StaffingCommand::Table { model }) => staffing_table(model),
        Command::Staffing(StaffingCommand::Plan(args)) => staffing_plan(&args),
        Command::Snippet(SnippetCommand::Audit(args)) => snippet_audit::perform(&args),
        Command::Load(LoadCommand::Run(args)) => load_run::run(&args),
        Command::Load(LoadCommand::Serve(args)) => load_run::serve(&args),
        Command::Load(LoadCommand::Report(args)) => load_report::report(&args),
        Command::SetAside(args) => set_aside::list(&args),
        Command::Erase(args) => erase::erase(&args),
        Command::Audit(command) => auditing::perform(&command),
        Command::Hold(command) => holding::perform(&command),
        Command::Retention(command) => retention::perform(&command),
        Command::Policy(command) => policy::perform(&command),
        Command::Topics(command) => topics::topics(&command),
        Command::Doctor(args) => doctor(&args),
    };
    let (code, message) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (2, message),
        Err(Failure::Failed(message)) => (1, message),
        Err(Failure::Ended(code, message)) => (code, message),
    };
    // Nobody is left to be told where standard error itself cannot be written.
    drop(writeln!(std::io::stderr(), "{message}"));
    ExitCode::from(code)
}

/// Reads a configuration file, the environment over it, and the policy that it names.
pub fn load(path: &Path) -> Result<Settings, Failure> {
    let mut settings = load_alone(path)?;
    policy::read(&mut settings)?;
    Ok(settings)
}

/// Reads a configuration file and the environment over it, and no policy.
pub fn load_alone(path: &Path) -> Result<Settings, Failure> {
    let text = text_of(path)?;
    Settings::parse(&text, &path.to_string_lossy(), environment()).map_err(|error| Failure::Usage(error.to_string()))
}

/// Refuses to look for something where there is no log: looking makes none, and says of nothing that nothing is held.
pub fn must_be_there(settings: &Settings) -> Result<(), Failure> {
    match &settings.log {
        Log::Embedded { path } if !Embedded::is_in(path) => Err(Failure::Usage(format!(
            "there is no journeycast.db in {}: see that [log] path is right and that the folder is there; where nothing was \
             ever read, the first `ingest` or `run` makes it",
            path.display()
        ))),
        Log::Embedded { .. } | Log::Kafka { .. } => Ok(()),
    }
}

fn run(args: &RunArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    policy::must_hold(&settings)?;
    service::run(&settings, args.until_caught_up)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!("{}: {error}; give the configuration with --config FILE", path.display()))
    })
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

/// Writes a line of data to standard output.
pub fn print(text: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())
}

/// A bar on a terminal, nothing in a pipe.
fn bar(message: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} ({per_sec})");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        .with_message(message)
}

fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let mut plan = SitePlan { seed: args.seed, days: f64::from(args.days), ..SitePlan::default() };
    if args.days == 0 {
        return Err(Failure::Usage("--days must be at least 1".to_owned()));
    }
    if let Some(visits) = args.visits_per_day {
        if !(visits > 0.0 && visits.is_finite()) {
            return Err(Failure::Usage("--visits-per-day must be above 0".to_owned()));
        }
        plan.visits_per_day = visits;
    }
    let troubles = &mut plan.pathologies;
    for (flag, asked, rate) in [
        ("--twins", args.twins, &mut troubles.twins),
        ("--duplicates", args.duplicates, &mut troubles.duplicates),
        ("--disorder", args.disorder, &mut troubles.disorder),
        ("--late", args.late, &mut troubles.late),
        ("--skewed-clocks", args.skewed_clocks, &mut troubles.skewed_clocks),
        ("--malformed", args.malformed, &mut troubles.malformed),
        ("--hostile", args.hostile, &mut troubles.hostile),
    ] {
        let Some(asked) = asked else { continue };
        if !(0.0..=1.0).contains(&asked) {
            return Err(Failure::Usage(format!("{flag} is a share: give a number from 0 to 1")));
        }
        *rate = asked;
    }
    if let Some(day) = &args.start {
        let wrong = || Failure::Usage(format!("--start {day:?} is no day; write it as 2026-11-02"));
        plan = plan.starting_on(day).ok_or_else(wrong)?;
    }
    let bar = bar("records");
    let written = site_files::write_site(&plan, &args.out, |_| bar.inc(1))?;
    bar.finish_and_clear();
    tracing::info!(events = written.events, conversations = written.conversations, "wrote a simulated site");
    Ok(())
}

fn ingest(args: &IngestArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let bar = bar("records appended");
    if let Log::Kafka { .. } = settings.log {
        let cluster = Cluster::of(&settings)?;
        let Brought { records, too_large } =
            kafka::ingest(&settings, &cluster, &args.paths, |records| bar.set_position(records))?;
        bar.finish_and_clear();
        tracing::info!(records, "appended to the first input topic");
        return match too_large {
            0 => Ok(()),
            n => Err(Failure::Failed(format!(
                "{n} records are larger than the cluster takes, and are named above; raise message.max.bytes there and in \
                 [log.kafka] client"
            ))),
        };
    }
    // On this log it is here that the policy is applied, and nowhere later.
    policy::must_hold(&settings)?;
    let mut log = Embedded::of(&settings)?.audited()?;
    audit_log::tell_of_the_start(&settings, &mut audit_log::Beside::Embedded(&mut log))?;
    let mut appender = Appender::new(log, &settings, "ingest");
    match args.paths.as_slice() {
        [only] if only.as_os_str() == "-" => {
            let patience = Duration::from_millis(u64::try_from(settings.commit_every.millis()).unwrap_or(0));
            appender.follow(only, patience, |records| bar.set_position(records))?;
        }
        paths => appender.ingest(paths, |facts| bar.set_position(facts))?,
    }
    bar.finish_and_clear();
    let total = appender.total();
    tracing::info!(
        read = total.read(),
        admitted = total.admitted,
        not_relevant = total.not_relevant,
        not_permitted = total.not_permitted,
        set_aside = total.set_aside_in_all(),
        "appended"
    );
    Ok(())
}

fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    policy::warn(&settings);
    let until = match &args.until {
        Some(text) => Some(until(text)?),
        None => None,
    };
    let replay =
        Replay { settings: &settings, events: &args.events, baseline: args.baseline.as_deref(), until, out: &args.out };
    replay.run()?;
    tracing::info!(out = %args.out.display(), "replayed");
    Ok(())
}

fn until(text: &str) -> Result<EventTime, Failure> {
    let wrong = || Failure::Usage(format!("--until {text:?} is no time; write it as 2026-11-02T09:00:00Z"));
    wire::timestamp::from_rfc3339(text).ok_or_else(wrong)
}

fn tail_rows(args: &TailArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    must_be_there(&settings)?;
    let wanted =
        tail::Wanted { planning_group: args.planning_group.as_deref(), revisions: args.revisions, follow: args.follow };
    let mut rows: Box<dyn Rows> = match settings.log {
        Log::Embedded { .. } => Box::new(EmbeddedRows::of(Embedded::published(&settings)?)),
        Log::Kafka { .. } => Box::new(KafkaRows::of(Told::of(&Cluster::of(&settings)?)?)),
    };
    tail::tail(&mut *rows, &wanted, &mut std::io::stdout().lock())
}

fn import(config: &Path, csv: &Path) -> Result<(), Failure> {
    let settings = load(config)?;
    let intervals = intervals_of(csv, &settings.plan(SourceScheme::ByKind))?;
    match settings.log {
        Log::Embedded { .. } => {
            let bodies: Vec<Vec<u8>> = intervals.iter().map(wire::baseline::encode).collect();
            Embedded::of(&settings)?.append_baseline(clock::now(), &bodies)?;
        }
        Log::Kafka { .. } => kafka::append_baseline(&Cluster::of(&settings)?, &intervals)?,
    }
    tracing::info!(intervals = intervals.len(), "appended a baseline");
    Ok(())
}

fn intervals_of(csv: &Path, plan: &Plan) -> Result<Vec<BaselineInterval>, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Failed(format!("{}: {error}", csv.display()));
    let bytes = std::fs::read(csv).map_err(|error| refused(&error))?;
    let rows = baseline_csv::read_rows(&bytes).map_err(|error| refused(&error))?;
    baseline::into_intervals(&rows, plan).map_err(|error| refused(&error))
}

fn staffing_table(model: Model) -> Result<(), Failure> {
    let Answered { rows, refused } =
        answer_table(model, std::io::stdin().lock(), std::io::stdout().lock()).map_err(refused)?;
    tell(rows, refused);
    Ok(())
}

fn staffing_plan(args: &PlanArgs) -> Result<(), Failure> {
    let plan = load(&args.config)?.plan(SourceScheme::ByKind);
    let forecast = match &args.baseline {
        Some(csv) => intervals_of(csv, &plan)?,
        None => Vec::new(),
    };
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input)?;
    let form = match args.from {
        Some(VolumesFrom::Csv) => Form::Csv,
        Some(VolumesFrom::Ndjson) => Form::Ndjson,
        None => Form::of(&input),
    };
    let planned = StaffingPlan::answer(&input, form, &forecast, &plan, !args.stationary).map_err(refused)?;
    let Answered { rows, refused } = planned.answered;
    print(&Listing { columns: PLANNED, rows: planned.rows }.written(args.format)?)?;
    if planned.superseded > 0 {
        tracing::info!(lines = planned.superseded, "left out what a higher revision of the same row made void");
    }
    tell(rows, refused);
    Ok(())
}

/// A table without the columns that it must have is wrong usage.
fn refused(error: TableError) -> Failure {
    match error {
        TableError::Missing { .. } => Failure::Usage(error.to_string()),
        TableError::Csv(_) | TableError::Io(_) => error.into(),
    }
}

fn tell(rows: u64, refused: u64) {
    if refused == 0 {
        tracing::info!(rows, "answered");
    } else {
        tracing::warn!(rows, refused, "some rows have no answer; their column `error` says why");
    }
}

fn config(command: &ConfigCommand) -> Result<(), Failure> {
    let said = match command {
        ConfigCommand::Schema => settings::schema(),
        ConfigCommand::Check(args) => load(&args.config)?.found_right(&args.config.to_string_lossy()),
        ConfigCommand::Show(args) => show(args)?,
    };
    Ok(print(&format!("{}\n", said.trim_end()))?)
}

fn show(args: &ShowArgs) -> Result<String, Failure> {
    let (text, name) = (text_of(&args.config)?, args.config.to_string_lossy());
    let refused = |error: SettingsError| Failure::Usage(error.to_string());
    match args.format {
        None => settings::show(&text, &name, environment()).map_err(refused),
        Some(format) => {
            let rows = settings::list(&text, &name, environment()).map_err(refused)?;
            Listing { columns: ["setting", "value", "from"], rows }.written(format)
        }
    }
}

fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let findings = doctor::examine(&load(&args.config)?, clock::now());
    print(&doctor::listed(&findings).written(args.format)?)?;
    let wrong: Vec<&str> =
        findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).map(|finding| finding.check).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Failed(format!("wrong: {}", wrong.join(", ")))) }
}
