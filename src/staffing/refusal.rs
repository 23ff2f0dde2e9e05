//! Why a question about staffing has no figure for an answer; each reason has a name that programs can hold on to.

use super::quantity::MOST;

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is said.
    #[error("{input} is missing")]
    Missing {
        /// Which input.
        input: &'static str,
    },
    /// Not a number, or an infinite one.
    #[error("{input} is not a finite number")]
    NotANumber {
        /// Of which input.
        input: &'static str,
    },
    /// Below zero.
    #[error("{input} is below 0")]
    Negative {
        /// Of which input.
        input: &'static str,
    },
    /// Zero where something must be there.
    #[error("{input} is 0; it must be above 0")]
    Zero {
        /// Of which input.
        input: &'static str,
    },
    /// A fraction where only whole numbers mean anything.
    #[error("{input} is not a whole number")]
    NotWhole {
        /// Of which input.
        input: &'static str,
    },
    /// Above 1 where a share is asked for.
    #[error("{input} is a share and above 1; write 80 % as 0.8")]
    NotAShare {
        /// Of which input.
        input: &'static str,
    },
    /// More than can be meant.
    #[error("{input} is too large; at most {MOST} is answered")]
    TooLarge {
        /// Of which input.
        input: &'static str,
    },
    /// More agents, or more chats at once, than are looked at one by one.
    #[error("{input} are too many for this model; at most {most} at work at once are answered")]
    TooMany {
        /// Which.
        input: &'static str,
        /// How many are answered.
        most: u64,
    },
    /// Above zero, but smaller than arithmetic can tell from it.
    #[error("{input} is too close to 0 to be told from it; write 0, or more")]
    TooSmall {
        /// Of which input.
        input: &'static str,
    },
    /// A list whose length another input contradicts.
    #[error("{input} must list one handle time for each number of chats from 1 to max_chats")]
    WrongLength {
        /// Of which input.
        input: &'static str,
    },
    /// A word that names none of those that are known.
    #[error("{input} names none of the known definitions: {known}")]
    Unknown {
        /// Of which input.
        input: &'static str,
        /// Those that are known.
        known: String,
    },
    /// More comes than can be served, and nobody gives up: the queue grows without end.
    #[error("as much comes as can be served or more, and nobody gives up; the queue grows without end")]
    Unstable,
    /// A goal that no number of agents meets.
    #[error("{goal} is met by no number of agents")]
    Unreachable {
        /// Which goal.
        goal: &'static str,
    },
}

impl Refusal {
    /// Its name: a word that stays.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::NotANumber { .. } => "not_a_number",
            Self::Negative { .. } => "negative",
            Self::Zero { .. } => "zero",
            Self::NotWhole { .. } => "not_whole",
            Self::NotAShare { .. } => "not_a_share",
            Self::TooLarge { .. } | Self::TooMany { .. } => "too_large",
            Self::TooSmall { .. } => "too_small",
            Self::WrongLength { .. } => "wrong_length",
            Self::Unknown { .. } => "unknown_name",
            Self::Unstable => "unstable",
            Self::Unreachable { .. } => "unreachable_goal",
        }
    }
}
