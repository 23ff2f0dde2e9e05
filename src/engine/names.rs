//! Names of actions, visits and conversations: keyed hashes by epoch of event time, so that no identifier of a person is kept.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::fact::OrganizationIndex;
use super::time::{EventTime, Span};

/// How long one epoch's keys name what happens.
pub const EPOCH_LENGTH: Span = Span::from_days(7);
/// How long into an epoch visits carry their name under the epoch before as well.
const VISIT_OVERLAP: Span = Span::from_days(1);

/// The keyed hash of an identifier: 128 bits, joinable only by whoever holds the epoch's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u128);

/// The names that a fact carries: under its own epoch's key, and perhaps under that of the epoch before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Names {
    /// Under the key of the epoch in which it happened.
    pub own: Name,
    /// Under the key of the epoch before.
    pub before: Option<Name>,
}

impl Names {
    /// Whether both are of one entity.
    pub fn share_a_name_with(&self, other: &Self) -> bool {
        self.own == other.own
            || self.before == Some(other.own)
            || other.before == Some(self.own)
            || self.before.is_some() && self.before == other.before
    }
}

/// What a name is a name of; the domains can never be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// A web action.
    Action,
    /// A web or app session.
    Visit,
    /// A conversation.
    Conversation,
    /// A visit, as seen by the policy alone.
    Taint,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Self; 4] = [Self::Action, Self::Visit, Self::Conversation, Self::Taint];

    /// What it is called where keys are kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Visit => "visit",
            Self::Conversation => "conversation",
            Self::Taint => "taint",
        }
    }
}

/// Seven days of event time, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(i32);

impl Epoch {
    /// The epoch in which this happened.
    pub fn of(at: EventTime) -> Self {
        Self(i32::try_from(at.millis().div_euclid(EPOCH_LENGTH.millis())).unwrap_or(i32::MAX))
    }

    /// The epoch of this number.
    pub const fn numbered(number: i32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The one before.
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Its first instant.
    pub const fn start(self) -> EventTime {
        EventTime::from_millis(self.0 as i64 * EPOCH_LENGTH.millis())
    }

    /// The first instant after it.
    pub const fn end(self) -> EventTime {
        self.start().after(EPOCH_LENGTH)
    }
}

/// A secret of one epoch and domain.
#[derive(Clone, PartialEq, Eq)]
pub struct EpochKey(pub [u8; 32]);

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EpochKey(…)")
    }
}

/// The keys of an epoch are needed before anything of it can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingEpoch(pub Epoch);

/// Gives names under the keys that it was handed.
#[derive(Debug, Default)]
pub struct Namer {
    keys: HashMap<(Epoch, Domain, OrganizationIndex), EpochKey, RandomState>,
}

impl Namer {
    /// Takes in the key of one epoch and domain: derives a key for each organization from it, so that a name takes one
    /// hash of the bare identifier.
    pub fn learn(&mut self, epoch: Epoch, domain: Domain, key: &EpochKey, organizations: &[Arc<str>]) {
        for (place, organization) in organizations.iter().enumerate() {
            let index = OrganizationIndex(u16::try_from(place).unwrap_or(u16::MAX));
            let derived = blake3::keyed_hash(&key.0, organization.as_bytes());
            self.keys.insert((epoch, domain, index), EpochKey(*derived.as_bytes()));
        }
    }

    /// Forgets the keys of epochs for which this does not hold: what is destroyed elsewhere is not used on here.
    pub fn keep(&mut self, holds: impl Fn(Epoch) -> bool) {
        self.keys.retain(|(epoch, _, _), _| holds(*epoch));
    }

    /// The names of `id` for something that happened at `at`.
    pub fn names(
        &self,
        domain: Domain,
        organization: OrganizationIndex,
        id: &str,
        at: EventTime,
    ) -> Result<Names, MissingEpoch> {
        let epoch = Epoch::of(at);
        let own = self.name(domain, organization, id, epoch)?;
        let carries_the_one_before = match domain {
            Domain::Action | Domain::Conversation => true,
            Domain::Visit | Domain::Taint => at.since(epoch.start()) < VISIT_OVERLAP,
        };
        let before =
            if carries_the_one_before { Some(self.name(domain, organization, id, epoch.before())?) } else { None };
        Ok(Names { own, before })
    }

    /// Every name that an identifier has under the keys that were learned, in every organization.
    pub fn every_name(&self, domain: Domain, id: &str) -> Vec<Name> {
        let keys = self.keys.keys().filter(|(_, of, _)| *of == domain);
        let names = keys.filter_map(|(epoch, _, organization)| self.name(domain, *organization, id, *epoch).ok());
        let mut names: Vec<Name> = names.collect();
        names.sort_unstable();
        names
    }

    fn name(
        &self,
        domain: Domain,
        organization: OrganizationIndex,
        id: &str,
        epoch: Epoch,
    ) -> Result<Name, MissingEpoch> {
        let key = match self.keys.get(&(epoch, domain, organization)) {
            Some(key) => key,
            None => return Err(MissingEpoch(epoch)),
        };
        let hash = blake3::keyed_hash(&key.0, id.as_bytes());
        let (half, _) = hash.as_bytes().split_first_chunk::<16>().ok_or(MissingEpoch(epoch))?;
        Ok(Name(u128::from_le_bytes(*half)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrganizationIndex = OrganizationIndex(0);

    fn namer() -> Namer {
        let mut namer = Namer::default();
        for number in 0..6 {
            for (place, domain) in Domain::ALL.into_iter().enumerate() {
                let key = EpochKey([number as u8 * 8 + place as u8; 32]);
                namer.learn(Epoch::numbered(number), domain, &key, &["org-1", "org-2"].map(Arc::from));
            }
        }
        namer
    }

    fn day(days: i64) -> EventTime {
        EventTime::DISTANT_PAST.max(EventTime::from_millis(0)).after(Span::from_days(days))
    }

    #[test]
    fn an_action_keeps_a_name_in_common_over_the_end_of_an_epoch() {
        let namer = namer();
        let late = namer.names(Domain::Action, ORG, "ac-1", day(13)).unwrap();
        let early = namer.names(Domain::Action, ORG, "ac-1", day(14)).unwrap();
        assert!(late.share_a_name_with(&early) && early.share_a_name_with(&late));
    }

    #[test]
    fn more_than_an_epoch_apart_nothing_joins_them() {
        let namer = namer();
        let first = namer.names(Domain::Action, ORG, "ac-1", day(8)).unwrap();
        let third = namer.names(Domain::Action, ORG, "ac-1", day(22)).unwrap();
        assert!(!first.share_a_name_with(&third));
    }

    #[test]
    fn the_same_id_has_another_name_in_every_domain_and_organization() {
        let namer = namer();
        let mut seen: Vec<Names> = Vec::new();
        for domain in Domain::ALL {
            for organization in [ORG, OrganizationIndex(1)] {
                seen.push(namer.names(domain, organization, "one-id", day(20)).unwrap());
            }
        }
        for (place, names) in seen.iter().enumerate() {
            assert!(seen.iter().skip(place + 1).all(|other| !names.share_a_name_with(other)));
        }
    }

    #[test]
    fn a_visit_carries_the_name_of_the_epoch_before_for_a_day_only() {
        let namer = namer();
        assert!(namer.names(Domain::Visit, ORG, "se-1", day(14)).unwrap().before.is_some());
        assert!(namer.names(Domain::Visit, ORG, "se-1", day(15)).unwrap().before.is_none());
    }

    #[test]
    fn keys_that_are_forgotten_must_be_handed_in_again() {
        let mut namer = namer();
        namer.keep(|epoch| epoch != Epoch::numbered(1));
        assert_eq!(namer.names(Domain::Visit, ORG, "se-1", day(10)), Err(MissingEpoch(Epoch::numbered(1))));
        assert!(namer.names(Domain::Visit, ORG, "se-1", day(17)).is_ok());
    }

    #[test]
    fn without_its_epochs_keys_nothing_gets_a_name() {
        assert_eq!(namer().names(Domain::Visit, ORG, "se-1", day(70)), Err(MissingEpoch(Epoch::numbered(10))));
    }
}
