//! The process edge: what was typed, where logs go, and the exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use journeycast::cli::Cli;
use tracing_subscriber::EnvFilter;

/// What libraries log by themselves and we say in our own words: that the binding of Kafka finds a client closed already,
/// and that a certificate is not trusted.
const SAID_BY_US: [&str; 2] = ["rdkafka::consumer::base_consumer=off", "rustls_platform_verifier=off"];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = SAID_BY_US.iter().filter_map(|it| it.parse().ok()).fold(asked, EnvFilter::add_directive);
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    if std::io::stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().init();
    }
    journeycast::perform::perform(cli)
}
