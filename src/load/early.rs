//! Early ends: why a run ended before its end, in words, and with which code.

use std::fmt;
use std::time::Duration;

use super::summary::shown;
use super::target::TargetTrouble;

/// A signal that ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSignal {
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl EndSignal {
    /// The code with which a process ends that a signal ended.
    pub const fn code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// Why nothing more is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// An answer was no yes, and that was to end the run.
    Distress,
    /// Nothing is answered any more, not even what is sent alone.
    Silence {
        /// How long after the start of the step the last answer came.
        since: Duration,
        /// What comes instead of answers.
        why: TargetTrouble,
    },
    /// The endpoint asked to be left alone for longer than is waited.
    LeftAlone(Duration),
    /// A signal came.
    Signal(EndSignal),
}

/// The end of a run before its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Early {
    /// Why.
    pub stop: Stop,
    /// The rate that was kept then.
    pub per_second: f64,
    /// How long it had been kept.
    pub after: Duration,
}

impl Early {
    /// Whether what was found before says nothing: an endpoint that dies is not itself for some time before.
    pub const fn voids_all(&self) -> bool {
        match self.stop {
            Stop::Silence { .. } => true,
            Stop::Distress | Stop::LeftAlone(_) | Stop::Signal(_) => false,
        }
    }
}

impl fmt::Display for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, after) = (shown(self.per_second), self.after.as_secs_f64());
        match &self.stop {
            Stop::Distress => write!(f, "the first sign of distress came at {rate}/s, after {after:.1} s"),
            Stop::Silence { since, why } => write!(
                f,
                "the endpoint stopped answering at {rate}/s: the last answer came {:.1} s after the start of that step, and \
                 then none, not even to events that were sent alone ({why})",
                since.as_secs_f64()
            ),
            Stop::LeftAlone(wait) => {
                write!(f, "at {rate}/s the endpoint asked to be left alone for another {:.0} s", wait.as_secs_f64())
            }
            Stop::Signal(signal) => write!(f, "{} came at {rate}/s, after {after:.1} s", signal.name()),
        }
    }
}
