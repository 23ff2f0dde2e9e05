//! What a person may type about retention, and about a policy in words.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::{ConfigArgs, Format};

/// `retention`.
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Lists for every store what rests there, how long, from when, what ends it, on what basis and who answers.
    List(ListedArgs),
    /// Says one sentence per store.
    Explain(ConfigArgs),
    /// Compares the rows with what is there: 0 where all is within, 1 where something is not, 2 where nobody can look.
    Check(ListedArgs),
}

/// `retention list` and `retention check`.
#[derive(Debug, Args)]
pub struct ListedArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// How words are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WordsFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `policy explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Pages of which it is said what becomes of them, as https://host/path, host/path or /path.
    #[arg(long = "page", num_args = 1..)]
    pub pages: Vec<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = WordsFormat::Text)]
    pub format: WordsFormat,
}

/// `policy diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The configuration file, which names the policy that holds.
    #[arg(long)]
    pub config: PathBuf,
    /// The policy file that it is compared with.
    pub old: PathBuf,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = WordsFormat::Text)]
    pub format: WordsFormat,
}
