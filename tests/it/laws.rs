//! The laws of counting: order, copies and cuts change nothing, and entities that share a name are one.

use std::collections::BTreeMap;

use journeycast::engine::fact::OfferState;
use journeycast::engine::{Decision, Engine, Fact, Step, Tally, VolumeAdjustment};
use proptest::prelude::*;

use crate::little_site::{EPOCH, MONDAY, Table, action, final_table, labels, place_of, plan, taint, talk, told};

fn any_fact() -> impl Strategy<Value = Fact> {
    (0..6_u8).prop_flat_map(any_fact_of)
}

/// A fact about the action of this number, or about the conversation that came of it.
fn any_fact_of(id: u8) -> impl Strategy<Value = Fact> {
    let minutes = 0..(12 * 1_440_i64);
    prop_oneof![
        4 => (minutes.clone(), 0..18_u8, 0..2_u8).prop_map(move |(minute, kind, map)| action(id, minute, kind, map)),
        4 => (minutes.clone(), 0..6_u8, 0..2_u8).prop_map(move |(minute, kind, place)| talk(id, minute, kind, place)),
        1 => minutes.prop_map(move |minute| taint(id, minute)),
    ]
}

/// The same within fewer days than an epoch has, so that all that is one entity is known to be. A conversation that
/// names no visit in any of its starts is left out: nothing says whose it is.
fn any_fact_within_days(id: u8) -> impl Strategy<Value = Fact> {
    let minutes = 0..(6 * 1_440_i64);
    prop_oneof![
        (minutes.clone(), 0..18_u8, 0..2_u8).prop_map(move |(minute, kind, map)| action(id, minute, kind, map)),
        (minutes, 1..6_u8, 0..2_u8).prop_map(move |(minute, kind, place)| talk(id, minute, kind, place)),
    ]
}

/// The table without its history, and every revision in order.
fn table(facts: &[Fact], cut: usize) -> (Table, Vec<VolumeAdjustment>) {
    let mut engine = Engine::new(plan(), labels().0);
    let (mut newest, mut said) = (Table::new(), Vec::new());
    let mut take = |decisions: Vec<Decision>| {
        for Decision::Say(row) in decisions {
            said.push((*row).clone());
            newest.insert(place_of(&row), (*row).clone());
        }
    };
    for part in facts.chunks(cut.max(1)) {
        engine.step(Step::Facts { facts: part, not_after: None, partition: None });
        take(engine.step(Step::Say));
    }
    engine.step(Step::EndOfInput);
    take(engine.step(Step::Say));
    (final_table(newest), said)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn order_copies_and_cuts_change_nothing(
        facts in prop::collection::vec(any_fact(), 1..40),
        order in any::<u64>(),
        copies in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        cut in 1..9_usize,
    ) {
        let (expected, _) = table(&facts, facts.len());
        let mut other = facts.clone();
        other.extend(copies.iter().map(|index| index.get(&facts).clone()));
        let mut state = order;
        for place in (1..other.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(place, usize::try_from(state >> 33).unwrap_or(0) % (place + 1));
        }
        let (found, _) = table(&other, cut);
        prop_assert_eq!(told(&found), told(&expected));
    }

    #[test]
    fn a_regulated_visit_leaves_no_trace_whenever_the_page_is_heard_of(
        facts in prop::collection::vec((0..6_u8).prop_flat_map(|id| (Just(id), any_fact_within_days(id))), 1..40),
        tainted in 0..6_u8,
        minute in 0..(6 * 1_440_i64),
        place in any::<prop::sample::Index>(),
        cut in 1..9_usize,
    ) {
        let of = |keep: &dyn Fn(u8) -> bool| -> Vec<Fact> {
            facts.iter().filter(|(id, _)| keep(*id)).map(|(_, fact)| fact.clone()).collect()
        };
        let (expected, _) = table(&of(&|id| id != tainted), facts.len());
        let mut whole = of(&|_| true);
        whole.insert(place.index(whole.len() + 1), taint(tainted, minute));
        prop_assert_eq!(told(&table(&whole, cut).0), told(&expected));
    }

    #[test]
    fn the_tallies_of_two_engines_that_share_no_entity_add_up_to_those_of_one(
        facts in prop::collection::vec((0..6_u8).prop_flat_map(|id| (Just(id), any_fact_of(id))), 1..40),
    ) {
        let (even, odd): (Vec<_>, Vec<_>) = facts.iter().cloned().partition(|(id, _)| id % 2 == 0);
        let of = |part: Vec<(u8, Fact)>| table(&part.into_iter().map(|(_, fact)| fact).collect::<Vec<_>>(), 7).0;
        let mut merged: BTreeMap<String, Tally> = BTreeMap::new();
        for (key, row) in of(even).into_iter().chain(of(odd)) {
            *merged.entry(key).or_default() += &row.evidence.counts;
        }
        let whole = of(facts).into_iter().map(|(key, row)| (key, row.evidence.counts));
        prop_assert_eq!(merged, whole.collect::<BTreeMap<_, _>>());
    }

    #[test]
    fn revisions_of_a_row_are_one_two_three_and_each_says_something_new(
        facts in prop::collection::vec(any_fact(), 1..40), cut in 1..9_usize,
    ) {
        let (_, said) = table(&facts, cut);
        let mut last: BTreeMap<String, VolumeAdjustment> = BTreeMap::new();
        for row in said {
            let before = last.insert(place_of(&row), row.clone());
            prop_assert_eq!(row.revision, before.as_ref().map_or(0, |before| before.revision) + 1);
            prop_assert!(before.is_none_or(|before| !before.says_the_same_as(&row)));
        }
    }
}

#[test]
fn an_offer_before_an_epochs_end_that_is_accepted_after_it_is_one_action() {
    let end = (MONDAY / EPOCH + 1) * EPOCH;
    let minute = (end - MONDAY) / 60_000;
    let facts =
        [action(1, minute - 1, OfferState::Offered as u8, 0), action(1, minute + 1, OfferState::Accepted as u8, 0)];
    let (table, _) = table(&facts, 1);
    let offered: i64 = table.values().map(|row| row.evidence.counts.offered).sum();
    let qualified: i64 = table.values().map(|row| row.evidence.counts.qualified).sum();
    assert_eq!((offered, qualified), (1, 1));
}

#[test]
fn of_two_starts_at_once_the_smaller_map_holds_whichever_was_heard_of_first() {
    for order in [[0, 1], [1, 0]] {
        let starts = order.map(|place| talk(1, 5, 5, place));
        let queued = talk(1, 6, 1, 0);
        let (table, _) = table(&[starts[0].clone(), starts[1].clone(), queued], 1);
        let maps: Vec<&str> =
            table.values().flat_map(|row| &row.by_action_map).map(|map| &*map.action_map.id).collect();
        assert_eq!(maps, ["am-1"]);
    }
}
