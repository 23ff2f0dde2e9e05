//! Erasure: takes what was asked for out of facts, by every name that it may have, and remembers what was found.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::fact::{About, ConversationFact, Fact};
use super::names::{Domain, Name, Namer, Names};

/// What is to be erased, each thing by its place in the list of those that were asked for.
#[derive(Debug, Default)]
pub struct Erasure {
    sought: HashMap<(Domain, Name), usize, RandomState>,
    found: Vec<bool>,
    kept: Vec<bool>,
}

impl Erasure {
    /// One more thing that is asked for, under every name that it may have; its place in the list, which is the same
    /// however often it is asked for.
    pub fn seek(&mut self, namer: &Namer, domain: Domain, id: &str) -> usize {
        let names = namer.every_name(domain, id);
        if let Some(place) = names.iter().find_map(|name| self.sought.get(&(domain, *name))) {
            return *place;
        }
        let place = self.found.len();
        self.found.push(false);
        self.kept.push(false);
        for name in names {
            self.sought.insert((domain, name), place);
        }
        place
    }

    /// Whether anything was found of what has this place in the list.
    pub fn has_found(&self, place: usize) -> bool {
        self.found.get(place).copied().unwrap_or(false)
    }

    /// Whether anything stays, on hold, of what has this place in the list.
    pub fn has_kept(&self, place: usize) -> bool {
        self.kept.get(place).copied().unwrap_or(false)
    }

    /// Leaves a fact as it is, and remembers of what it is: it is on hold.
    pub fn keep(&mut self, fact: &Fact) {
        let own = self.place_of(fact.about.domain(), &fact.names);
        let origin = fact.about.came_of().and_then(|action| self.place_of(Domain::Action, action));
        for place in own.into_iter().chain(origin) {
            if let Some(kept) = self.kept.get_mut(place) {
                *kept = true;
            }
        }
    }

    /// Whether a fact says anything about what is sought.
    pub fn concerns(&self, fact: &Fact) -> bool {
        self.place_of(fact.about.domain(), &fact.names).is_some()
            || fact.about.came_of().is_some_and(|action| self.place_of(Domain::Action, action).is_some())
    }

    /// Takes out what is sought; false where nothing of the fact may stay. Of a conversation that came of an erased
    /// action it stays what its own events say, and not of which action.
    pub fn take_out(&mut self, fact: &mut Fact) -> bool {
        if let Some(place) = self.place_of(fact.about.domain(), &fact.names) {
            self.note(place);
            return false;
        }
        let origin = fact.about.came_of().and_then(|action| self.place_of(Domain::Action, action));
        if let (Some(place), About::Conversation(ConversationFact::Started { action, .. })) = (origin, &mut fact.about)
        {
            *action = None;
            self.note(place);
        }
        true
    }

    fn note(&mut self, place: usize) {
        if let Some(found) = self.found.get_mut(place) {
            *found = true;
        }
    }

    fn place_of(&self, domain: Domain, names: &Names) -> Option<usize> {
        let mut all = std::iter::once(names.own).chain(names.before);
        all.find_map(|name| self.sought.get(&(domain, name)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::{ActionEvent, ActionFact, OrganizationIndex};
    use super::super::names::{Epoch, EpochKey};
    use super::super::time::EventTime;
    use super::*;

    fn namer() -> Namer {
        let mut namer = Namer::default();
        for number in 0..4 {
            for (place, domain) in Domain::ALL.into_iter().enumerate() {
                let key = EpochKey([number as u8 * 8 + place as u8; 32]);
                namer.learn(Epoch::numbered(number), domain, &key, &["org-1", "org-2"].map(Into::into));
            }
        }
        namer
    }

    fn fact(organization: u16, domain: Domain, id: &str, day: i64, about: About) -> Fact {
        let (organization, at) = (OrganizationIndex(organization), EventTime::from_seconds(day * 86_400));
        Fact { organization, at, names: namer().names(domain, organization, id, at).unwrap(), about }
    }

    fn step(organization: u16, id: &str, day: i64) -> Fact {
        let says = ActionFact { event: ActionEvent::Stepped, map: None, version: None, medium: None, visit: None };
        fact(organization, Domain::Action, id, day, About::Action(says))
    }

    #[test]
    fn an_action_is_found_in_every_epoch_and_organization_and_another_is_not() {
        let mut erasure = Erasure::default();
        let (sought, absent) =
            (erasure.seek(&namer(), Domain::Action, "a-1"), erasure.seek(&namer(), Domain::Action, "a-9"));
        for (organization, day) in [(0, 8), (1, 8), (0, 20), (1, 27)] {
            assert!(!erasure.take_out(&mut step(organization, "a-1", day)), "{organization} {day}");
        }
        assert!(erasure.take_out(&mut step(0, "a-2", 8)));
        assert_eq!((erasure.has_found(sought), erasure.has_found(absent)), (true, false));
    }

    #[test]
    fn a_conversation_that_named_an_erased_action_stays_and_names_none() {
        let mut erasure = Erasure::default();
        let place = erasure.seek(&namer(), Domain::Action, "a-1");
        let action = Some(step(0, "a-1", 9).names);
        let started = About::Conversation(ConversationFact::Started { action, map: None, visit: None });
        let mut fact = fact(0, Domain::Conversation, "c-1", 9, started);
        assert!(erasure.concerns(&fact) && erasure.take_out(&mut fact) && !erasure.concerns(&fact));
        assert!(erasure.has_found(place));
    }

    #[test]
    fn what_is_asked_for_again_has_the_place_of_the_first_time() {
        let mut erasure = Erasure::default();
        let places = ["a-1", "a-2", "a-1", "a-2"].map(|id| erasure.seek(&namer(), Domain::Action, id));
        assert_eq!(places, [0, 1, 0, 1]);
        assert!(!erasure.take_out(&mut step(0, "a-1", 9)));
        assert_eq!(places.map(|place| erasure.has_found(place)), [true, false, true, false]);
    }

    #[test]
    fn an_id_of_one_kind_is_none_of_another() {
        let mut erasure = Erasure::default();
        erasure.seek(&namer(), Domain::Conversation, "a-1");
        assert!(!erasure.concerns(&step(0, "a-1", 9)));
    }
}
