//! Load: the generator that sends events at their time, the stand-in that answers them, and the files of a run.

mod descriptors;

mod connecting;

mod sending;

pub mod generator;
pub use generator::{Generator, Manners};

pub mod stand_in;
pub use stand_in::StandIn;

pub mod files;
