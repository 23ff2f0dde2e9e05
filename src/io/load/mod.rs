//! Load: what sends events at their time to an endpoint or a topic, the stand-in that answers them, and the files of a run.

use std::time::Duration;

use crate::load::{Figures, Step, Stop, TargetTrouble};

/// How a target is treated.
#[derive(Debug, Clone)]
pub struct Manners {
    /// How long an answer is waited for.
    pub patience: Duration,
    /// Whether nothing is sent while the endpoint asks to be left alone.
    pub honour_retry_after: bool,
    /// Whether the first answer that is no yes ends the run.
    pub stop_on_distress: bool,
    /// What ends the run in order.
    pub signals: Signals,
}

/// What keeps a rate, wherever its events go.
pub trait Keeps {
    /// Makes a step: its events go out evenly, and all are answered or given up when this returns.
    ///
    /// # Errors
    ///
    /// Where not one of the first events is answered; nothing more is sent then.
    fn step(&mut self, step: Step) -> Result<Figures, TargetTrouble>;

    /// Why nothing more may be sent, where that is so.
    fn stopped(&self) -> Option<Stop>;
}

mod descriptors;

pub mod signals;
pub use signals::Signals;

mod connecting;

mod sending;

pub mod generator;
pub use generator::Generator;

pub mod producing;
pub use producing::Producing;

pub mod stand_in;
pub use stand_in::StandIn;

pub mod files;
