//! MEASURES: how much an endpoint for web events takes; figures in, verdicts and pictures out, no I/O and no clock.

pub mod capacity;
pub use capacity::{Capacity, Curve, Point, Reply, Stall};

pub mod event;
pub use event::{EventKind, EventShape, NoEvent};

pub mod record;
pub use record::RecordShape;

pub mod target;
pub use target::{Target, TargetTrouble};

pub mod headers;
pub use headers::{BadHeader, read_headers};

pub mod retry_after;
pub use retry_after::retry_after;

pub mod figures;
pub use figures::{Answer, Cut, Figures, OtherAnswer, Step};

pub mod silence;
pub use silence::Silence;

pub mod early;
pub use early::{Early, EndSignal, Stop};

pub mod judging;
pub use judging::{Bar, Finding, Knee, Verdict};

pub mod search;
pub use search::KneeSearch;

pub mod summary;
pub use summary::{RunSummary, StepSummary};

pub mod page;

pub mod picture;

pub mod recorded;
pub use recorded::Recorded;

pub mod ceiling;
pub use ceiling::Ceiling;

#[cfg(test)]
mod trials;
