//! MEASURES: how much an endpoint for web events takes; figures in, verdicts and pictures out, no I/O and no clock.

pub mod capacity;
pub use capacity::{Capacity, Curve, Point, Reply};

pub mod event;
pub use event::{EventKind, EventShape, NoEvent};
