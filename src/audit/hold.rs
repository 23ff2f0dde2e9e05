//! A legal hold: for which matter deletion is suspended, where, and who says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::instant::bound;
use crate::engine::EventTime;
use crate::settings::retention::Store;

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
        let is_meant = |store: &Store| store.may_be_held() && (!names_groups || store.knows_groups());
        Store::ALL.into_iter().filter(is_meant).collect()
    }

    /// Whether this time is within it.
    pub fn includes(&self, at: EventTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
