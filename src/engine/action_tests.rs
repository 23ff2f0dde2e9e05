//! Stories of one action: what it counts as, told by the steps that it took.

use std::collections::BTreeMap;

use super::action::Action;
use super::fact::{ActionEvent, ActionFact, BlockingReason, Medium, OfferState, OrganizationIndex};
use super::label::Labels;
use super::policy::Regime;
use super::tally::Metric;
use super::time::EventTime;

use ActionEvent::{Blocked, Reached, Stepped};
use OfferState::{
    Abandoned, Accepted, Completed, Engaged, Errored, FrequencyCapReached, Ignored, Offered, OfferedOutsideSchedule,
    Qualified, QualifiedOutsideSchedule, Rejected, Started, TimedOut,
};

fn at(minute: i64) -> EventTime {
    EventTime::from_seconds(minute * 60)
}

fn fact(event: ActionEvent, medium: Option<Medium>) -> ActionFact {
    ActionFact { event, map: None, version: None, medium, visit: None }
}

fn action(medium: Option<Medium>, events: &[(i64, ActionEvent)]) -> Action {
    let (mut action, labels) = (Action::of(OrganizationIndex(0), at(0)), Labels::default());
    for (minute, event) in events {
        action.learn(at(*minute), &fact(*event, medium), &labels);
    }
    action
}

/// What a chat offer that took these steps counts as, each with its minute.
fn counted(events: &[(i64, ActionEvent)]) -> BTreeMap<String, i64> {
    told(&action(Some(Medium::WEB_MESSAGING_OFFER), events))
}

fn told(action: &Action) -> BTreeMap<String, i64> {
    let counts = action.counts().into_iter();
    counts.map(|(metric, at): (Metric, EventTime)| (format!("{metric:?}"), at.seconds() / 60)).collect()
}

fn are<const N: usize>(expected: [(&str, i64); N]) -> BTreeMap<String, i64> {
    expected.into_iter().map(|(metric, minute)| (metric.to_owned(), minute)).collect()
}

#[test]
fn each_count_stands_in_the_earliest_of_its_events() {
    let events = [(9, Reached(Accepted)), (3, Reached(Offered)), (2, Reached(Qualified)), (5, Reached(Accepted))];
    assert_eq!(counted(&events), are([("Qualified", 2), ("Offered", 3), ("Accepted", 5)]));
}

#[test]
fn whoever_answered_was_offered_and_whoever_chats_has_accepted() {
    for state in [Accepted, Started, Abandoned, Completed] {
        assert_eq!(
            counted(&[(4, Reached(state))]),
            are([("Qualified", 4), ("Offered", 4), ("Accepted", 4)]),
            "{state:?}"
        );
    }
    let engaged = counted(&[(4, Reached(Engaged))]);
    assert_eq!(engaged, are([("Qualified", 4), ("Offered", 4), ("Accepted", 4), ("Engaged", 4)]));
}

#[test]
fn an_action_has_one_outcome_accepted_before_rejected_before_timed_out_before_ignored_before_errored() {
    let outcomes = [(Rejected, "Rejected"), (TimedOut, "TimedOut"), (Ignored, "Ignored"), (Errored, "Errored")];
    for (place, (better, name)) in outcomes.into_iter().enumerate() {
        for (worse, _) in outcomes.into_iter().skip(place + 1) {
            let counts = counted(&[(1, Reached(worse)), (2, Reached(better))]);
            assert_eq!(counts.get(name), Some(&2), "{better:?} and {worse:?}");
            assert_eq!(counts.keys().filter(|key| outcomes.iter().any(|(_, name)| name == key)).count(), 1);
        }
        let accepted = counted(&[(1, Reached(better)), (2, Reached(Started))]);
        assert_eq!((accepted.get("Accepted"), accepted.get(name)), (Some(&2), None), "{better:?}");
    }
}

#[test]
fn an_acceptance_that_failed_before_the_chat_started_is_an_error() {
    let failed = [(1, Reached(Accepted)), (2, Reached(Errored))];
    assert_eq!(counted(&failed), are([("Qualified", 1), ("Offered", 1), ("Errored", 2)]));
    let went_on = [(1, Reached(Accepted)), (2, Reached(Errored)), (3, Reached(Started))];
    assert_eq!(counted(&went_on), are([("Qualified", 1), ("Offered", 1), ("Accepted", 1)]));
}

#[test]
fn what_happened_outside_the_schedule_or_at_the_cap_is_counted_once_and_nowhere_else() {
    let aside = [
        (QualifiedOutsideSchedule, "QualifiedOutsideSchedule"),
        (OfferedOutsideSchedule, "OfferedOutsideSchedule"),
        (FrequencyCapReached, "FrequencyCapped"),
    ];
    for (place, (state, name)) in aside.into_iter().enumerate() {
        assert_eq!(
            counted(&[(4, Reached(state)), (2, Stepped), (3, Blocked(BlockingReason::Unknown))]),
            are([(name, 4)])
        );
        for (other, _) in aside.into_iter().take(place) {
            assert_eq!(counted(&[(1, Reached(other)), (4, Reached(state))]), are([(name, 4)]), "{other:?} {state:?}");
        }
        let also_offered = counted(&[(4, Reached(state)), (5, Reached(Offered))]);
        assert_eq!(also_offered, are([("Qualified", 4), ("Offered", 5)]), "{state:?}");
    }
}

#[test]
fn a_block_counts_where_nothing_was_offered_by_the_reason_of_the_earliest() {
    let (agents, unknown) = (BlockingReason::NoAvailableAgents, BlockingReason::Unknown);
    let blocked = counted(&[(5, Blocked(unknown)), (3, Blocked(agents)), (4, Reached(Qualified))]);
    assert_eq!(blocked, are([("Qualified", 4), ("Blocked(NoAvailableAgents)", 3)]));
    let offered = counted(&[(3, Blocked(agents)), (4, Reached(Offered))]);
    assert_eq!(offered, are([("Qualified", 4), ("Offered", 4)]));
}

#[test]
fn of_two_blocks_at_once_the_first_of_the_published_list_holds() {
    let all = BlockingReason::ALL;
    for pair in all.windows(2) {
        for order in [[pair[0], pair[1]], [pair[1], pair[0]]] {
            let counts = told(&action(None, &order.map(|reason| (3, Blocked(reason)))));
            assert_eq!(counts, are([(format!("Blocked({:?})", pair[0]).as_str(), 3)]));
        }
    }
}

#[test]
fn a_step_without_a_state_moves_qualified_and_nothing_else() {
    assert_eq!(counted(&[(2, Stepped), (3, Reached(Qualified))]), are([("Qualified", 2)]));
}

#[test]
fn another_medium_and_none_at_all_are_counted_by_type_in_the_interval_of_the_first_event() {
    let content = Medium::named("contentOffer");
    let events = [(4, Reached(Offered)), (2, Blocked(BlockingReason::Unknown))];
    assert_eq!(told(&action(Some(content), &events)), are([("OtherMedia(ContentOffer)", 2)]));
    assert_eq!(told(&action(Some(Medium::named("hologram")), &events)), are([("OtherMedia(Unknown)", 2)]));
    assert_eq!(told(&action(None, &events)), are([("OtherMedia(Unknown)", 2)]));
    assert_eq!(told(&action(None, &events[1..])), are([("Blocked(Unknown)", 2)]));
}

#[test]
fn the_map_version_and_medium_of_the_earliest_event_hold_and_the_smaller_where_two_tie() {
    let mut labels = Labels::default();
    let (nine, ten) = (labels.intern("am-9"), labels.intern("am-10"));
    let says =
        |map, version| ActionFact { event: Stepped, map: Some(map), version: Some(version), medium: None, visit: None };
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let events = [(at(2), says(nine, 1)), (at(1), says(nine, 7)), (at(1), says(ten, 8))];
        let mut action = Action::of(OrganizationIndex(0), at(5));
        for place in order {
            let (at, fact) = &events[place];
            action.learn(*at, fact, &labels);
        }
        assert_eq!((action.map(), action.version()), (Some(ten), Some(7)), "{order:?}: as texts, am-10 is smaller");
    }
}

#[test]
fn an_action_of_every_step_over_years_loses_none_of_them() {
    let years = |n: i64| n * 365 * 1_440;
    let mut events: Vec<(i64, ActionEvent)> =
        (1..).zip(OfferState::ALL).map(|(n, state)| (years(n), Reached(state))).collect();
    events.extend([(years(20), Stepped), (years(21), Blocked(BlockingReason::Unknown))]);
    let all = action(Some(Medium::WEB_CHAT), &events);
    assert_eq!(all.latest(), at(years(21)));
    let (forwards, labels) = (told(&all), Labels::default());
    events.reverse();
    let (first, second) = events.split_at(7);
    let [mut one, other] = [first, second].map(|part| action(Some(Medium::WEB_CHAT), part));
    one.absorb(&other, &labels);
    assert_eq!(told(&one), forwards);
    assert_eq!(one.latest(), all.latest());
}

#[test]
fn an_action_takes_a_line_of_the_cache_and_keeps_version_and_regime_apart() {
    assert_eq!(size_of::<Action>(), 64);
    let mut action = Action::of(OrganizationIndex(0), EventTime::from_seconds(0));
    assert!(action.fall_under(Regime::Health) && !action.fall_under(Regime::Mifid2));
    assert_eq!((action.version(), action.regime()), (None, Regime::Health));
    let says = ActionFact { event: Stepped, map: None, version: Some(0), medium: None, visit: None };
    action.learn(EventTime::from_seconds(1), &says, &Labels::default());
    assert!(action.fall_under(Regime::Children));
    assert_eq!((action.version(), action.regime()), (Some(0), Regime::Children));
}
