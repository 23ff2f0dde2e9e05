//! DECIDES: what the records mean, what is counted and what must be said; no I/O, no clock, no bytes.

pub mod time;
pub use time::{EventTime, Span, WallTime};

pub mod names;
pub use names::{Name, Namer, Names};

pub mod label;
pub use label::{Label, Labels};

pub mod event;
pub use event::Event;

pub mod address;
pub use address::host_and_path;

pub mod policy;
pub use policy::{PagePolicy, Regime};

pub mod unrouted;
pub use unrouted::{Strangers, Unrouted};

pub mod admission;
pub use admission::Admission;

pub mod fact;
pub use fact::Fact;

pub mod marks;
pub use marks::Marks;

pub mod plan;
pub use plan::Plan;

pub mod action;
pub use action::Action;

#[cfg(test)]
mod action_tests;

pub mod regulated;
pub use regulated::RegulatedVisits;

pub mod visit;
pub use visit::LiveVisits;

pub mod conversation;
pub use conversation::Conversation;

pub mod roster;
pub use roster::Roster;

pub mod routing;
pub use routing::Routing;

pub mod interval;
pub use interval::IntervalWindow;

pub mod tally;
pub use tally::Tally;

pub mod ledger;
pub use ledger::Ledger;

pub mod watermark;
pub use watermark::Watermarks;

pub mod pace;
pub use pace::Pace;

pub mod baseline;
pub use baseline::BaselineInterval;

pub mod agents;
pub use agents::AgentsAsked;

pub mod adjustment;
pub use adjustment::VolumeAdjustment;

mod saying;

mod tainting;

pub mod erasure;
pub use erasure::Erasure;

pub mod proof;
pub use proof::Proof;

pub mod counting;
pub use counting::{Decision, Engine, Step};
