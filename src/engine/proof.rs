//! Proof: follows every name that leads from one conversation to what is held, and counts what of it was browsed.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::fact::{About, ActionFact, ConversationFact, Fact, VisitFact};
use super::names::{Domain, Epoch, Name, Namer, Names};
use super::time::{EventTime, Span, WallTime};

/// How something is tied to the conversation, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// It is about the conversation.
    Itself,
    /// It is about the action that the conversation came of.
    Offer,
    /// It is about the visit that both came of, under the name that a policy needs and nothing that was browsed carries.
    Visit,
    /// It is about what else came of that visit or action.
    SameVisit,
}

impl Tie {
    /// What it is called in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Itself => "the conversation",
            Self::Offer => "the offer that it came of",
            Self::Visit => "that its visit saw a regulated page",
            Self::SameVisit => "what else came of its visit",
        }
    }
}

/// Where facts rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// Actions, conversations and taints.
    Facts,
    /// What visitors did, for two hours.
    Visits,
}

impl Store {
    /// What it is called in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Visits => "visits",
        }
    }
}

/// How a record rests in its store.
#[derive(Debug, Clone, Copy)]
pub struct Resting<'a> {
    /// Where.
    pub store: Store,
    /// When it was appended first.
    pub since: WallTime,
    /// When it is deleted.
    pub until: WallTime,
    /// The legal matters for which it stays after that.
    pub held_for: &'a [&'a str],
}

/// Facts of one kind with one tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub facts: usize,
    /// When the first of them happened.
    pub first: EventTime,
    /// When the last of them happened.
    pub last: EventTime,
    /// When the last of them is deleted.
    pub until: WallTime,
    /// The legal matters for which any of them stay after that.
    pub held_for: BTreeSet<String>,
    /// When the last key of a name of theirs is destroyed: nobody can tell then whose they are.
    pub nameless: WallTime,
}

/// What one kind of browsing is in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Browsed {
    /// How many facts rest anywhere.
    pub facts: usize,
    /// How many of them carry a name that was reached.
    pub reached: usize,
}

/// What can be reached from one conversation.
#[derive(Debug)]
pub struct Proof {
    reached: HashMap<(Domain, Name), Tie, RandomState>,
    /// How long a key is kept after its epoch.
    keys_kept: Span,
    held: BTreeMap<(Store, Tie, &'static str), Held>,
    browsed: BTreeMap<&'static str, Browsed>,
}

impl Proof {
    /// Starts from a conversation, under every name that it may have.
    pub fn of(namer: &Namer, conversation: &str, keys_kept: Span) -> Self {
        let names = namer.every_name(Domain::Conversation, conversation).into_iter();
        let reached = names.map(|name| ((Domain::Conversation, name), Tie::Itself)).collect();
        Self { reached, keys_kept, held: BTreeMap::new(), browsed: BTreeMap::new() }
    }

    /// Follows the names of a fact; true where it led further. To be called for all facts until none does.
    pub fn follow(&mut self, fact: &Fact) -> bool {
        let leads = self.tie_of(fact);
        let Some(tie) = leads else { return false };
        let mut is_news = self.reach(fact.about.domain(), &fact.names, tie);
        let of_it = if tie == Tie::Itself { Tie::Offer } else { Tie::SameVisit };
        if let Some(action) = fact.about.came_of() {
            is_news |= self.reach(Domain::Action, action, of_it);
        }
        if let Some(visit) = visit_of(&fact.about) {
            is_news |= self.reach(Domain::Taint, visit, Tie::Visit);
        }
        is_news
    }

    /// Counts a fact, when all names were followed. What was browsed is compared by the bare name, whatever its domain.
    pub fn count(&mut self, fact: &Fact, resting: Resting<'_>) {
        if let About::Visit(visit) = &fact.about {
            let mut names = std::iter::once(fact.names.own).chain(fact.names.before);
            let is_reached =
                names.any(|name| Domain::ALL.iter().any(|domain| self.reached.contains_key(&(*domain, name))));
            let browsed = self.browsed.entry(kind_of_visit(visit)).or_default();
            browsed.facts += 1;
            browsed.reached += usize::from(is_reached);
            return;
        }
        let Some(tie) = self.tie_of(fact) else { return };
        let ends = WallTime::from_millis(Epoch::of(fact.at).end().millis()).max(resting.since).after(self.keys_kept);
        let held_for = BTreeSet::new();
        let one = Held { facts: 0, first: fact.at, last: fact.at, until: resting.until, held_for, nameless: ends };
        let held = self.held.entry((resting.store, tie, kind_of(&fact.about))).or_insert(one);
        held.facts += 1;
        held.first = held.first.min(fact.at);
        held.last = held.last.max(fact.at);
        held.until = held.until.max(resting.until);
        held.held_for.extend(resting.held_for.iter().map(|matter| (*matter).to_owned()));
        held.nameless = held.nameless.max(ends);
    }

    /// What is held: by store, tie and kind of fact.
    pub fn held(&self) -> impl Iterator<Item = (Store, Tie, &'static str, &Held)> {
        self.held.iter().map(|((store, tie, kind), held)| (*store, *tie, *kind, held))
    }

    /// What was browsed, by kind.
    pub fn browsed(&self) -> impl Iterator<Item = (&'static str, Browsed)> {
        self.browsed.iter().map(|(kind, browsed)| (*kind, *browsed))
    }

    /// How many facts about what was browsed can be reached.
    pub fn reached_browsing(&self) -> usize {
        self.browsed.values().map(|browsed| browsed.reached).sum()
    }

    fn reach(&mut self, domain: Domain, names: &Names, tie: Tie) -> bool {
        let mut is_news = false;
        for name in std::iter::once(names.own).chain(names.before) {
            let known = self.reached.get(&(domain, name));
            if known.is_none_or(|known| tie < *known) {
                self.reached.insert((domain, name), tie);
                is_news = true;
            }
        }
        is_news
    }

    /// How a fact is tied: by its own name, or since it came of an action or a visit that was reached.
    fn tie_of(&self, fact: &Fact) -> Option<Tie> {
        let of = |domain, names: &Names| {
            let names = std::iter::once(names.own).chain(names.before);
            names.filter_map(|name| self.reached.get(&(domain, name)).copied()).min()
        };
        let own = of(fact.about.domain(), &fact.names);
        let came = fact.about.came_of().is_some_and(|action| of(Domain::Action, action).is_some())
            || visit_of(&fact.about).is_some_and(|visit| of(Domain::Taint, visit).is_some());
        own.or_else(|| came.then_some(Tie::SameVisit))
    }
}

fn visit_of(about: &About) -> Option<&Names> {
    match about {
        About::Action(ActionFact { visit, .. }) => visit.as_ref(),
        About::Conversation(ConversationFact::Started { visit, .. }) => visit.as_deref(),
        About::Conversation(_) | About::Visit(_) | About::Taint(_) => None,
    }
}

const fn kind_of(about: &About) -> &'static str {
    match about {
        About::Action(_) => "step or block of an offer",
        About::Visit(visit) => kind_of_visit(visit),
        About::Conversation(ConversationFact::Started { .. }) => "start of a conversation",
        About::Conversation(ConversationFact::Queued(_)) => "entry into a queue",
        About::Conversation(ConversationFact::LeftQueue { .. }) => "exit from a queue",
        About::Conversation(ConversationFact::AgentLeft { .. }) => "handling by an agent",
        About::Conversation(ConversationFact::WrappedUp { .. }) => "after-call work",
        About::Taint(_) => "regime of a regulated page",
    }
}

const fn kind_of_visit(visit: &VisitFact) -> &'static str {
    match visit {
        VisitFact::Page(_) => "page",
        VisitFact::App => "app event",
        VisitFact::Segment(_) => "segment",
        VisitFact::Regulated => "end of counting for a regulated visit",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::{ActionEvent, OrganizationIndex};
    use super::super::names::EpochKey;
    use super::super::policy::Regime;
    use super::*;

    const ORG: OrganizationIndex = OrganizationIndex(0);
    const AT: EventTime = EventTime::from_seconds(9 * 86_400);

    fn namer() -> Namer {
        let mut namer = Namer::default();
        for number in 0..3 {
            for (place, domain) in Domain::ALL.into_iter().enumerate() {
                let key = EpochKey([number as u8 * 8 + place as u8; 32]);
                namer.learn(Epoch::numbered(number), domain, &key, &["org-1".into()]);
            }
        }
        namer
    }

    fn names(domain: Domain, id: &str) -> Names {
        namer().names(domain, ORG, id, AT).unwrap()
    }

    fn fact(domain: Domain, id: &str, about: About) -> Fact {
        Fact { organization: ORG, at: AT, names: names(domain, id), about }
    }

    fn started(id: &str, action: Option<&str>, visit: Option<&str>) -> Fact {
        let action = action.map(|id| names(Domain::Action, id));
        let visit = visit.map(|id| Box::new(names(Domain::Taint, id)));
        fact(Domain::Conversation, id, About::Conversation(ConversationFact::Started { action, map: None, visit }))
    }

    fn step(id: &str, visit: Option<&str>) -> Fact {
        let visit = visit.map(|id| names(Domain::Taint, id));
        let says = ActionFact { event: ActionEvent::Stepped, map: None, version: None, medium: None, visit };
        fact(Domain::Action, id, About::Action(says))
    }

    fn page(visit: &str) -> Fact {
        fact(Domain::Visit, visit, About::Visit(VisitFact::Page(None)))
    }

    fn proof(facts: &[Fact]) -> Proof {
        let mut proof = Proof::of(&namer(), "c-1", Span::from_days(12));
        let mut led = true;
        while led {
            led = false;
            facts.iter().for_each(|fact| led |= proof.follow(fact));
        }
        let since = WallTime::from_millis(AT.millis());
        for fact in facts {
            proof.count(
                fact,
                Resting { store: Store::Facts, since, until: since.after(Span::from_days(12)), held_for: &[] },
            );
        }
        proof
    }

    fn ties(facts: &[Fact]) -> Vec<(Tie, &'static str, usize)> {
        proof(facts).held().map(|(_, tie, kind, held)| (tie, kind, held.facts)).collect()
    }

    #[test]
    fn a_conversation_leads_to_its_offer_its_visits_mark_and_what_else_came_of_it_in_whatever_order_it_is_read() {
        let taint = fact(Domain::Taint, "s-1", About::Taint(Regime::Mifid2));
        let mut facts = vec![
            step("a-2", Some("s-1")),
            started("c-2", Some("a-2"), None),
            taint,
            step("a-1", Some("s-1")),
            started("c-1", Some("a-1"), None),
            started("c-9", Some("a-9"), Some("s-9")),
            step("a-9", Some("s-9")),
        ];
        let expected = [
            (Tie::Itself, "start of a conversation", 1),
            (Tie::Offer, "step or block of an offer", 1),
            (Tie::Visit, "regime of a regulated page", 1),
            (Tie::SameVisit, "start of a conversation", 1),
            (Tie::SameVisit, "step or block of an offer", 1),
        ];
        assert_eq!(ties(&facts), expected);
        facts.reverse();
        assert_eq!(ties(&facts), expected);
    }

    #[test]
    fn no_page_of_the_visit_is_reached_since_no_key_names_it_twice() {
        let facts = [started("c-1", Some("a-1"), Some("s-1")), step("a-1", Some("s-1")), page("s-1"), page("s-2")];
        let proof = proof(&facts);
        assert_eq!(proof.browsed().collect::<Vec<_>>(), [("page", Browsed { facts: 2, reached: 0 })]);
        assert_eq!(proof.reached_browsing(), 0);
    }

    #[test]
    fn a_page_under_any_name_that_was_reached_is_found() {
        for reached in [names(Domain::Conversation, "c-1"), names(Domain::Action, "a-1"), names(Domain::Taint, "s-1")] {
            let planted = Fact { names: Names { own: reached.own, before: None }, ..page("s-2") };
            let facts = [started("c-1", Some("a-1"), Some("s-1")), planted, page("s-3")];
            assert_eq!(proof(&facts).reached_browsing(), 1, "{reached:?}");
        }
    }

    #[test]
    fn what_is_held_has_no_name_any_more_when_the_key_of_its_epoch_is_gone() {
        let proof = proof(&[started("c-1", None, None)]);
        let (.., held) = proof.held().next().unwrap();
        assert_eq!(held.nameless.millis(), EventTime::from_seconds(26 * 86_400).millis());
    }
}
