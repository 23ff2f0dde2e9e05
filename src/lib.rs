//! journeycast: web journey events and proactive-chat offers in, volume adjustments for a workforce forecast out.
//!
//! The modules stand in the order in which the data flows.

pub mod settings;

pub mod engine;

pub mod staffing;

pub mod wire;

pub mod simulate;

pub mod snippet;

pub mod load;

pub mod audit;

pub mod io;

pub mod replay;

pub mod http;

pub mod service;

pub mod tail;

pub mod demo;

pub mod cli;

pub mod listing;

pub mod set_aside;

pub mod topics;

pub mod policy;

pub mod policy_explain;

pub mod retention_cli;

pub mod retention;

pub mod erase;

pub mod audit_cli;

pub mod audit_log;

pub mod auditing;

pub mod holding;
pub mod prove;

pub mod snippet_audit;

pub mod load_cli;

pub mod load_run;

pub mod load_kafka;

pub mod load_report;

pub mod doctor;

pub mod perform;
