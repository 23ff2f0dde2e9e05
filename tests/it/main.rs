//! Everything that is proved from outside the rooms, in one binary.

mod bad_input;
mod commands;
mod contracts;
mod crashes;
mod installation;
mod laws;
mod little_site;
mod pipe;
mod privacy;
mod process;
mod schemas;
mod settings;
mod simulated;
mod snippet_audit;
mod snippets;
mod staffing;
mod story;
mod tidy;
