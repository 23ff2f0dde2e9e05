//! What becomes of work that a log did not do, and why it did not.

use std::error::Error;
use std::fmt;

/// What becomes of the work that met an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing happened; the same call may succeed later.
    Retry,
    /// It may have happened: the committed positions tell.
    Undecided,
    /// Nothing happened, and another counts here now: what is known must be dropped and read back.
    Lost,
    /// Somebody must do something first; nothing was lost.
    Halt,
}

/// Why a log did not do what it was asked to.
#[derive(Debug)]
pub struct LogError {
    fate: Fate,
    why: Box<dyn Error + Send + Sync>,
}

impl LogError {
    /// An error of a log, and what becomes of the work that met it.
    pub fn new(fate: Fate, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { fate, why: why.into() }
    }

    /// What becomes of the work.
    pub const fn fate(&self) -> Fate {
        self.fate
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl Error for LogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.why.source()
    }
}
