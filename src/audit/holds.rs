//! The holds that are active, as the entries of the audit say: nothing else keeps them.

use super::{Entry, Event, Hold};
use crate::engine::{EventTime, WallTime};
use crate::settings::retention::Store;

/// A hold that was not released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveHold {
    /// The number of its entry.
    pub sequence: u64,
    /// Since when.
    pub since: WallTime,
    /// What it says.
    pub hold: Hold,
}

/// All holds that are active, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holds(Vec<ActiveHold>);

/// Where something stands that may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot<'a> {
    /// In this planning group and the interval that starts then.
    Interval {
        /// The group's id.
        planning_group: &'a str,
        /// When it starts.
        start: EventTime,
    },
    /// At this time.
    At(EventTime),
    /// At some time between these two.
    Between(EventTime, EventTime),
    /// It does not say.
    Anywhere,
}

/// Why a hold cannot be added or released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Nothing is said.
    #[error("{0} is empty: say it in words that will be understood in years")]
    Empty(&'static str),
    /// It cannot be shown in a line.
    #[error("{0} has control characters: write it in one line")]
    Control(&'static str),
    /// It is no name.
    #[error("{0} has more than 200 characters: name it shorter")]
    TooLong(&'static str),
    /// Such a thing is never held.
    #[error("--topic {}: {why}; leave it out", .store.name())]
    NeverHeld {
        /// Where.
        store: Store,
        /// Why.
        why: &'static str,
    },
    /// The time ends before it begins.
    #[error("--until must be later than --from")]
    EndsBeforeItBegins,
    /// The matter is held already.
    #[error(
        "the matter {matter:?} is held already, since entry {sequence} of the audit; release it first, or name this one otherwise"
    )]
    HeldAlready {
        /// Which.
        matter: String,
        /// Its entry.
        sequence: u64,
    },
    /// Nobody holds the matter.
    #[error("no hold is active for the matter {matter:?}; `journeycast hold list` says which are")]
    Unknown {
        /// Which.
        matter: String,
    },
}

/// So long a matter, or whoever says so, may be.
const LONGEST: usize = 200;

fn is_said_well(what: &'static str, text: &str) -> Result<(), Contradiction> {
    if text.trim().is_empty() {
        Err(Contradiction::Empty(what))
    } else if text.contains(char::is_control) {
        Err(Contradiction::Control(what))
    } else if text.chars().count() > LONGEST {
        Err(Contradiction::TooLong(what))
    } else {
        Ok(())
    }
}

impl Holds {
    /// The holds that these entries leave active.
    pub fn of(entries: &[Entry]) -> Self {
        let mut active = Vec::<ActiveHold>::new();
        for Entry { sequence, at, event, .. } in entries {
            match event {
                Event::HoldAdded(hold) => {
                    active.push(ActiveHold { sequence: *sequence, since: *at, hold: hold.clone() });
                }
                Event::HoldReleased { matter, .. } => active.retain(|active| active.hold.matter != *matter),
                Event::PolicyLoaded { .. }
                | Event::PolicySigned { .. }
                | Event::KeysMade { .. }
                | Event::KeysDestroyed { .. }
                | Event::ErasureBegun { .. }
                | Event::Erased { .. }
                | Event::Overridden { .. }
                | Event::AuditShortened { .. } => {}
            }
        }
        Self(active)
    }

    /// These and one more that is not told yet.
    #[must_use]
    pub fn with(&self, hold: &Hold) -> Self {
        let added = ActiveHold { sequence: u64::MAX, since: WallTime::from_millis(i64::MAX), hold: hold.clone() };
        Self(self.0.iter().cloned().chain([added]).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ActiveHold> {
        self.0.iter()
    }

    /// Whether none is active.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry of the oldest.
    pub fn oldest_entry(&self) -> Option<u64> {
        self.0.iter().map(|active| active.sequence).min()
    }

    /// The matters for which anything in a store is held.
    pub fn matters_in(&self, store: Store) -> Vec<&str> {
        let held = self.0.iter().filter(|active| active.hold.stores.contains(&store));
        held.map(|active| active.hold.matter.as_str()).collect()
    }

    /// The matters for which something that stands there is held.
    pub fn matters(&self, store: Store, spot: Spot<'_>) -> Vec<&str> {
        let covers = |hold: &Hold| match spot {
            Spot::Interval { planning_group, start } => {
                (hold.planning_groups.is_empty() || hold.planning_groups.contains(planning_group))
                    && hold.includes(start)
            }
            Spot::At(at) => hold.includes(at),
            Spot::Between(oldest, newest) => {
                hold.from.is_none_or(|from| from <= newest) && hold.until.is_none_or(|until| oldest < until)
            }
            Spot::Anywhere => true,
        };
        let held = self.0.iter().filter(|active| active.hold.stores.contains(&store) && covers(&active.hold));
        held.map(|active| active.hold.matter.as_str()).collect()
    }

    /// Whether a hold can be added to these.
    ///
    /// # Errors
    ///
    /// Where it contradicts itself, or one of these.
    pub fn may_add(&self, hold: &Hold) -> Result<(), Contradiction> {
        for (what, text) in [("--matter", &hold.matter), ("--by", &hold.by)] {
            is_said_well(what, text)?;
        }
        for store in &hold.stores {
            if let Some(why) = store.never_held() {
                return Err(Contradiction::NeverHeld { store: *store, why });
            }
        }
        if let (Some(from), Some(until)) = (hold.from, hold.until)
            && until <= from
        {
            return Err(Contradiction::EndsBeforeItBegins);
        }
        match self.0.iter().find(|active| active.hold.matter == hold.matter) {
            Some(active) => Err(Contradiction::HeldAlready { matter: hold.matter.clone(), sequence: active.sequence }),
            None => Ok(()),
        }
    }

    /// Whether a matter can be released.
    ///
    /// # Errors
    ///
    /// Where nothing is held for it, or nobody says so.
    pub fn may_release(&self, matter: &str, by: &str) -> Result<(), Contradiction> {
        is_said_well("--by", by)?;
        if self.0.iter().any(|active| active.hold.matter == matter) {
            return Ok(());
        }
        Err(Contradiction::Unknown { matter: matter.to_owned() })
    }
}
