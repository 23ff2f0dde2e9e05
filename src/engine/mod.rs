//! DECIDES: what the records mean, what is counted and what must be said; no I/O, no clock, no bytes.

pub mod time;
pub use time::{EventTime, Span, WallTime};

pub mod names;
pub use names::{Name, Namer, Names};

pub mod label;
pub use label::{Label, Labels};

pub mod event;
pub use event::Event;

pub mod fact;
pub use fact::Fact;

pub mod tally;
pub use tally::Tally;

pub mod baseline;
pub use baseline::BaselineInterval;

pub mod adjustment;
pub use adjustment::VolumeAdjustment;
