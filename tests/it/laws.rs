//! The laws of counting: order, copies and cuts change nothing, and entities that share a name are one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZoneDatabase;
use journeycast::engine::fact::{
    About, ActionEvent, ActionFact, BlockingReason, ConversationFact, Medium, OfferState, OrganizationIndex,
    QueueOutcome, RouteKey,
};
use journeycast::engine::plan::{ActionMapPlan, GroupPlan, Plan, RoutePathPlan, SourceScheme, UnitPlan, Windows};
use journeycast::engine::{
    Decision, Engine, EventTime, Fact, Label, Labels, Name, Names, Span, Step, VolumeAdjustment,
};
use proptest::prelude::*;

const MONDAY: i64 = 1_793_577_600_000;
const EPOCH: i64 = 7 * 86_400_000;
const ORG: OrganizationIndex = OrganizationIndex(0);

fn plan() -> Plan {
    let unit = |id: &str, zone: &str, minutes| UnitPlan {
        id: Arc::from(id),
        organization: ORG,
        time_zone: Arc::from(zone),
        zone: TimeZoneDatabase::bundled().get(zone).expect("the zone is bundled"),
        interval: Span::from_minutes(minutes),
    };
    let group = |id: &str, unit, map: &str, queue: &str| GroupPlan {
        id: Arc::from(id),
        unit,
        action_maps: vec![ActionMapPlan { id: Arc::from(map), version: None, reach: 1.0 }],
        route_paths: vec![RoutePathPlan {
            queue: Arc::from(queue),
            media_type: Arc::from("message"),
            language: None,
            skills: Vec::new(),
        }],
        handle_time: None,
    };
    Plan {
        organizations: vec![Arc::from("org-1")],
        units: vec![unit("bu-1", "Europe/Dublin", 15), unit("bu-2", "Australia/Lord_Howe", 60)],
        groups: vec![group("pg-1", 0, "am-1", "q-1"), group("pg-2", 1, "am-2", "q-2")],
        page_classes: Vec::new(),
        conversations_feed: true,
        windows: Windows {
            out_of_orderness: Span::from_seconds(30),
            grace: Span::from_minutes(10),
            correction_horizon: Span::from_days(30),
        },
        sources: SourceScheme::One,
    }
}

/// The labels that facts of these tests use, in the order of a table of their own.
fn labels() -> (Labels, [Label; 5]) {
    let mut labels = Labels::default();
    let made = ["am-1", "am-2", "q-1", "q-2", "message"].map(|text| labels.intern(text));
    (labels, made)
}

/// Names as the keys of epochs give them: one a week, and that of the week before.
fn names(domain: u128, id: u8, at: EventTime) -> Names {
    let week = |number: i64| Name(domain << 96 | u128::from(id) << 64 | u128::from(number.unsigned_abs()));
    let number = at.millis().div_euclid(EPOCH);
    Names { own: week(number), before: Some(week(number - 1)) }
}

fn action(id: u8, minute: i64, kind: u8, map: u8) -> Fact {
    let (_, made) = labels();
    let at = EventTime::from_millis(MONDAY + minute * 60_000);
    let event = match OfferState::ALL.get(usize::from(kind)) {
        Some(state) => ActionEvent::Reached(*state),
        None if kind.is_multiple_of(2) => ActionEvent::Stepped,
        None => ActionEvent::Blocked(BlockingReason::NoAvailableAgents),
    };
    let blocked = matches!(event, ActionEvent::Blocked(_));
    let medium = (!blocked).then_some(Medium::WEB_MESSAGING_OFFER);
    let map = made.get(usize::from(map)).copied();
    let about = About::Action(ActionFact { event, map, version: None, medium });
    Fact { organization: ORG, at, names: names(1, id, at), about }
}

fn talk(id: u8, minute: i64, kind: u8, place: u8) -> Fact {
    let (_, made) = labels();
    let at = EventTime::from_millis(MONDAY + minute * 60_000);
    let queue = made.get(2 + usize::from(place)).copied();
    let fact = match kind {
        0 => ConversationFact::Started { action: Some(names(1, id, at)), map: None },
        1 | 2 => {
            ConversationFact::Queued(RouteKey { queue, media_type: Some(made[4]), language: None, skills: vec![] })
        }
        3 => ConversationFact::LeftQueue { queue, outcome: QueueOutcome::Answered },
        _ => ConversationFact::AgentLeft { queue, handled: Span::from_seconds(300) },
    };
    Fact { organization: ORG, at, names: names(2, id, at), about: About::Conversation(fact) }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let minutes = 0..(12 * 1_440_i64);
    prop_oneof![
        (0..6_u8, minutes.clone(), 0..18_u8, 0..2_u8).prop_map(|(id, minute, kind, map)| action(id, minute, kind, map)),
        (0..6_u8, minutes, 0..5_u8, 0..2_u8).prop_map(|(id, minute, kind, place)| talk(id, minute, kind, place)),
    ]
}

type Table = BTreeMap<String, VolumeAdjustment>;

/// The table without its history, and every revision in order.
fn table(facts: &[Fact], cut: usize) -> (Table, Vec<VolumeAdjustment>) {
    let mut engine = Engine::new(plan(), labels().0);
    let (mut newest, mut said) = (Table::new(), Vec::new());
    let mut take = |decisions: Vec<Decision>| {
        for Decision::Say(row) in decisions {
            let key = format!("{} {}", row.identity.planning_group_id, row.identity.interval_start.millis());
            said.push((*row).clone());
            newest.insert(key, *row);
        }
    };
    for part in facts.chunks(cut.max(1)) {
        engine.step(Step::Facts { facts: part, not_after: None });
        take(engine.step(Step::Say));
    }
    engine.step(Step::EndOfInput);
    take(engine.step(Step::Say));
    newest.retain(|_, row| !row.evidence.counts.is_zero());
    for row in newest.values_mut() {
        row.revision = 0;
        row.state = journeycast::engine::adjustment::RowState::Final;
        row.watermark = None;
    }
    (newest, said)
}

/// The figures of a table, short enough to be read in a failure.
fn told(table: &Table) -> Vec<String> {
    let row = |(key, row): (&String, &VolumeAdjustment)| {
        let counts = |tally: &journeycast::engine::Tally| {
            let text = format!("{tally:?}");
            let some = text.split(", ").filter(|part| !part.ends_with(": 0") && !part.ends_with(" 0"));
            some.collect::<Vec<_>>().join(" ")
        };
        let by_map = row.by_action_map.iter().map(|map| format!("{}: {}", map.action_map.id, counts(&map.counts)));
        format!("{key} {:?} {} / {:?}", row.handle_time, counts(&row.evidence.counts), by_map.collect::<Vec<_>>())
    };
    table.iter().map(row).collect()
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
    fn revisions_of_a_row_are_one_two_three_and_each_says_something_new(
        facts in prop::collection::vec(any_fact(), 1..40), cut in 1..9_usize,
    ) {
        let (_, said) = table(&facts, cut);
        let mut last: BTreeMap<String, VolumeAdjustment> = BTreeMap::new();
        for row in said {
            let key = format!("{} {}", row.identity.planning_group_id, row.identity.interval_start.millis());
            let before = last.insert(key, row.clone());
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
