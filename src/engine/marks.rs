//! Marks: that a visit is regulated is written once for its day, so that nobody can count its pages.

use std::mem;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::fact::{About, Fact, VisitFact};
use super::names::Name;
use super::policy::Regime;
use super::time::EventTime;

/// So many marks at least are remembered, and twice as many at most.
const REMEMBERED: usize = 32_768;

/// What tells one mark from another: the name of the visit, the coarse time, and in `facts` the regime.
type Mark = (Name, EventTime, Option<Regime>);

/// The marks that were written lately. Nothing depends on them: a mark that is forgotten is written again.
#[derive(Debug, Default)]
pub struct Marks {
    newer: HashSet<Mark, RandomState>,
    older: HashSet<Mark, RandomState>,
}

impl Marks {
    /// Whether a fact is to be written: every fact is, but a mark that was written already.
    pub fn call_for(&mut self, fact: &Fact) -> bool {
        let regime = match &fact.about {
            About::Taint(regime) => Some(*regime),
            About::Visit(VisitFact::Regulated) => None,
            About::Visit(VisitFact::Page(_) | VisitFact::App | VisitFact::Segment(_))
            | About::Action(_)
            | About::Conversation(_) => return true,
        };
        let mark = (fact.names.own, fact.at, regime);
        if !self.newer.insert(mark) {
            return false;
        }
        let is_new = !self.older.contains(&mark);
        if self.newer.len() >= REMEMBERED {
            self.older = mem::take(&mut self.newer);
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::OrganizationIndex;
    use super::super::names::Names;
    use super::*;

    fn mark(visit: u128, day: i64, about: About) -> Fact {
        let names = Names { own: Name(visit), before: None };
        Fact { organization: OrganizationIndex(0), at: EventTime::from_seconds(day * 86_400), names, about }
    }

    #[test]
    fn a_visit_is_marked_once_a_day_and_regime_and_everything_else_is_written_as_often_as_it_comes() {
        let mut marks = Marks::default();
        for (visit, day, about, is_written) in [
            (1, 0, About::Taint(Regime::Mifid2), true),
            (1, 0, About::Taint(Regime::Mifid2), false),
            (1, 0, About::Taint(Regime::Health), true),
            (1, 0, About::Visit(VisitFact::Regulated), true),
            (1, 0, About::Visit(VisitFact::Regulated), false),
            (1, 1, About::Taint(Regime::Mifid2), true),
            (2, 0, About::Taint(Regime::Mifid2), true),
            (1, 0, About::Visit(VisitFact::App), true),
            (1, 0, About::Visit(VisitFact::App), true),
        ] {
            let fact = mark(visit, day, about);
            assert_eq!(marks.call_for(&fact), is_written, "{fact:?}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_was_forgotten_is_written_again() {
        let mut marks = Marks::default();
        let of = |visit| mark(visit, 0, About::Taint(Regime::Mifid2));
        assert!((0..100_000).all(|visit| marks.call_for(&of(visit))));
        assert!(marks.newer.len() + marks.older.len() <= 2 * REMEMBERED);
        assert!(!marks.call_for(&of(99_999)) && marks.call_for(&of(0)));
    }
}
