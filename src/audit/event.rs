//! What can happen that somebody may have to answer for; never who was erased, and no identifier of a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Hold;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A service started under a policy other than the last one, or under the same one in another standing.
    PolicyLoaded {
        /// Which; "none" where there is none.
        version: String,
        /// The kind of installation.
        environment: String,
        /// Whether somebody answers for it.
        standing: Standing,
    },
    /// Somebody signed a policy.
    PolicySigned {
        /// Which.
        version: String,
        /// Who, and until when.
        signed: Signed,
    },
    /// The keys of an epoch were made.
    KeysMade {
        /// Its number.
        epoch: i32,
    },
    /// The keys of epochs were destroyed.
    KeysDestroyed {
        /// Their numbers.
        epochs: Vec<i32>,
    },
    /// An erasure begins that cannot be told in one breath with what it does.
    ErasureBegun {
        /// How many lines are asked for.
        lines: u64,
    },
    /// Something was to be erased.
    Erased {
        /// How many lines were asked for.
        lines: u64,
        /// How many of them were answered how.
        answers: BTreeMap<String, u64>,
    },
    /// Deletion is suspended for a matter.
    HoldAdded(Hold),
    /// It is suspended for it no longer.
    HoldReleased {
        /// The matter.
        matter: String,
        /// Who says so.
        by: String,
    },
    /// Something was done that would be refused elsewhere.
    Overridden {
        /// What.
        what: String,
    },
    /// The oldest entries were deleted, having been kept for long enough.
    AuditShortened {
        /// The last of those that may be gone.
        through: u64,
    },
}

impl Event {
    /// What it is called in an entry.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PolicyLoaded { .. } => "policy_loaded",
            Self::PolicySigned { .. } => "policy_signed",
            Self::KeysMade { .. } => "keys_made",
            Self::KeysDestroyed { .. } => "keys_destroyed",
            Self::ErasureBegun { .. } => "erasure_begun",
            Self::Erased { .. } => "erased",
            Self::HoldAdded(_) => "hold_added",
            Self::HoldReleased { .. } => "hold_released",
            Self::Overridden { .. } => "overridden",
            Self::AuditShortened { .. } => "audit_shortened",
        }
    }

    /// How many lines were answered how: for [`Self::Erased`].
    pub fn erased<'a>(answers: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = BTreeMap::new();
        for answer in answers {
            *counts.entry(answer.to_owned()).or_insert(0) += 1;
        }
        Self::Erased { lines: counts.values().sum(), answers: counts }
    }
}

/// Who signed a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Who reviewed it.
    pub reviewed_by: String,
    /// The day on which it was approved.
    pub approved_on: String,
    /// The last day on which it holds.
    pub review_by: String,
}

/// Whether somebody answers for a policy: all but [`Self::Signed`] would be refused in production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Standing {
    /// There is no policy.
    NoPolicy,
    /// Somebody does.
    Signed(Signed),
    /// Nobody signed it.
    Unsigned,
    /// It was changed since.
    Changed,
    /// It is signed, and approved only as of a later day.
    NotApprovedYet {
        /// As of which.
        approved_on: String,
    },
    /// Its review is overdue.
    Overdue {
        /// Since the day after this one.
        review_by: String,
    },
}

impl Standing {
    /// Why production would refuse it; nothing where it would not.
    pub const fn refused_as(&self) -> Option<&'static str> {
        match self {
            Self::NoPolicy | Self::Signed(_) => None,
            Self::Unsigned => Some("nobody has signed"),
            Self::Changed => Some("was changed since it was signed"),
            Self::NotApprovedYet { .. } => Some("is not approved yet"),
            Self::Overdue { .. } => Some("is overdue for its review"),
        }
    }
}

/// What a start under a policy puts into the audit: nothing where the last recorded start was under the same.
pub fn of_a_start<'a>(
    recorded: impl DoubleEndedIterator<Item = &'a Event>,
    version: Option<&str>,
    environment: &str,
    standing: &Standing,
    is_production: bool,
) -> Vec<Event> {
    let loaded = Event::PolicyLoaded {
        version: version.unwrap_or("none").to_owned(),
        environment: environment.to_owned(),
        standing: standing.clone(),
    };
    let last = recorded.rev().find(|event| matches!(event, Event::PolicyLoaded { .. }));
    let is_known = match last {
        Some(last) => *last == loaded,
        None => version.is_none(),
    };
    if is_known {
        return Vec::new();
    }
    let overridden = standing.refused_as().filter(|_| !is_production).map(|why| Event::Overridden {
        what: format!("started in {environment:?} under a policy that {why}: production would refuse it"),
    });
    std::iter::once(loaded).chain(overridden).collect()
}
