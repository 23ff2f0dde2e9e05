//! Tainting: what came of a regulated visit is counted anew, whenever it turns out to be regulated.

use super::conversation::Conversation;
use super::counting::Engine;
use super::names::{Name, Names};
use super::policy::Regime;
use super::regulated::{Offspring, Tainted};

impl Engine {
    /// Counts anew what came of a regulated visit.
    pub(super) fn taint(&mut self, tainted: Option<Tainted>) {
        let Some(Tainted { regime, came_of_it }) = tainted else { return };
        for came in came_of_it {
            match came {
                Offspring::Action(name) => self.taint_action(name, regime),
                Offspring::Conversation(name) => {
                    let place = self.conversations.find(&Names { own: name, before: None });
                    let conversation = place.and_then(|place| self.conversations.get_mut(place));
                    if conversation.is_some_and(Conversation::fall_under_policy) {
                        place.into_iter().for_each(|place| self.recount(place));
                    }
                }
            }
        }
    }

    fn taint_action(&mut self, name: Name, regime: Regime) {
        let Some(place) = self.actions.find(&Names { own: name, before: None }) else { return };
        let Some(before) = self.actions.get(place).map(|action| self.standing(action)) else { return };
        if !self.actions.get_mut(place).is_some_and(|action| action.fall_under(regime)) {
            return;
        }
        let now = self.actions.get(place).map(|action| self.standing(action)).unwrap_or_default();
        self.note(&before, -1);
        self.note(&now, 1);
        self.ledger.replace(&before.counts, &now.counts);
        self.recount_conversations_of(place);
    }
}
