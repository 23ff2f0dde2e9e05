//! Everything that is proved from outside the rooms, in one binary.

mod bad_input;
mod commands;
mod contracts;
mod crashes;
mod deployment;
mod erasure;
mod installation;
mod kafka;
mod laws;
mod little_site;
mod load;
mod load_trouble;
mod pipe;
mod policy;
mod privacy;
mod process;
mod required_agents;
mod schemas;
mod settings;
mod simulated;
mod snippet_audit;
mod snippets;
mod staffing;
mod staffing_plan;
mod story;
mod tidy;
