//! The process edge: what was typed, where logs go, and the exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use journeycast::cli::Cli;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    if std::io::stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().init();
    }
    journeycast::perform::perform(cli)
}
