//! A legal hold: for which matter deletion is suspended, where, and who says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::instant::bound;
use crate::engine::EventTime;

/// Where something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Facts of actions, conversations and taint.
    Facts,
    /// Facts under visit names.
    Visits,
    /// The newest revision of each row.
    Adjustments,
    /// All revisions.
    Revisions,
    /// What the forecast already holds.
    Baseline,
    /// This audit.
    Audit,
    /// Pointers to records that were set aside.
    SetAside,
    /// Keys of epochs.
    Keys,
}

impl Store {
    /// Every store.
    pub const ALL: [Self; 8] = [
        Self::Facts,
        Self::Visits,
        Self::Adjustments,
        Self::Revisions,
        Self::Baseline,
        Self::Audit,
        Self::SetAside,
        Self::Keys,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Visits => "visits",
            Self::Adjustments => "adjustments",
            Self::Revisions => "revisions",
            Self::Baseline => "baseline",
            Self::Audit => "audit",
            Self::SetAside => "set-aside",
            Self::Keys => "keys",
        }
    }

    /// The store of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|store| store.name() == name)
    }

    /// Why nothing in it can be held; nothing where it can.
    pub const fn never_held(self) -> Option<&'static str> {
        match self {
            Self::Visits => Some("visits are never kept for longer than two hours, whoever asks"),
            Self::Keys => Some("keys are destroyed on their day, whoever asks: that is what makes names end"),
            Self::Facts | Self::Adjustments | Self::Revisions | Self::Baseline | Self::Audit | Self::SetAside => None,
        }
    }

    /// Whether what it holds is of a planning group.
    pub const fn knows_groups(self) -> bool {
        match self {
            Self::Adjustments | Self::Revisions | Self::Baseline => true,
            Self::Facts | Self::Visits | Self::Audit | Self::SetAside | Self::Keys => false,
        }
    }
}

/// For which matter deletion is suspended, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The matter.
    pub matter: String,
    /// Who says so.
    pub by: String,
    /// In which stores.
    pub stores: BTreeSet<Store>,
    /// Of which planning groups; none: of all. It narrows only stores that know them.
    pub planning_groups: BTreeSet<String>,
    /// From which time of the events on; none: from the first.
    #[serde(with = "bound")]
    pub from: Option<EventTime>,
    /// Before which time of the events; none: without end.
    #[serde(with = "bound")]
    pub until: Option<EventTime>,
}

impl Hold {
    /// The stores of a hold that names none: all that can be held, and where groups are named, those that know them.
    pub fn usual_stores(names_groups: bool) -> BTreeSet<Store> {
        let is_meant = |store: &Store| store.never_held().is_none() && (!names_groups || store.knows_groups());
        Store::ALL.into_iter().filter(is_meant).collect()
    }

    /// Whether this time is within it.
    pub fn includes(&self, at: EventTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
