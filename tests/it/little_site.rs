//! A little site: two business units with a planning group each, and facts about a handful of actions and conversations.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZoneDatabase;
use journeycast::engine::adjustment::RowState;
use journeycast::engine::fact::{
    About, ActionEvent, ActionFact, BlockingReason, ConversationFact, Medium, OfferState, OrganizationIndex,
    QueueOutcome, RouteKey,
};
use journeycast::engine::plan::{
    ActionMapPlan, GroupPlan, Plan, PolicyPlan, RoutePathPlan, SourceScheme, UnitPlan, Windows,
};
use journeycast::engine::{EventTime, Fact, Label, Labels, Name, Names, Regime, Span, VolumeAdjustment};

pub const MONDAY: i64 = 1_793_577_600_000;
pub const EPOCH: i64 = 7 * 86_400_000;
pub const ORG: OrganizationIndex = OrganizationIndex(0);

pub fn plan() -> Plan {
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
        goals: None,
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
        policy: PolicyPlan::default(),
    }
}

/// The labels that facts of these tests use, in the order of a table of their own.
pub fn labels() -> (Labels, [Label; 5]) {
    let mut labels = Labels::default();
    let made = ["am-1", "am-2", "q-1", "q-2", "message"].map(|text| labels.intern(text));
    (labels, made)
}

/// Names as the keys of epochs give them: one a week, and that of the week before.
pub fn names(domain: u128, id: u8, at: EventTime) -> Names {
    let week = |number: i64| Name(domain << 96 | u128::from(id) << 64 | u128::from(number.unsigned_abs()));
    let number = at.millis().div_euclid(EPOCH);
    Names { own: week(number), before: Some(week(number - 1)) }
}

pub fn action(id: u8, minute: i64, kind: u8, map: u8) -> Fact {
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
    let visit = Some(names(4, id, at));
    let about = About::Action(ActionFact { event, map, version: None, medium, visit });
    Fact { organization: ORG, at, names: names(1, id, at), about }
}

pub fn talk(id: u8, minute: i64, kind: u8, place: u8) -> Fact {
    let (_, made) = labels();
    let at = EventTime::from_millis(MONDAY + minute * 60_000);
    let queue = made.get(2 + usize::from(place)).copied();
    let fact = match kind {
        0 => ConversationFact::Started { action: Some(names(1, id, at)), map: None, visit: None },
        5 => ConversationFact::Started {
            action: None,
            map: made.get(usize::from(place)).copied(),
            visit: Some(Box::new(names(4, id, at))),
        },
        1 | 2 => {
            ConversationFact::Queued(RouteKey { queue, media_type: Some(made[4]), language: None, skills: vec![] })
        }
        3 => ConversationFact::LeftQueue { queue, outcome: QueueOutcome::Answered },
        _ => ConversationFact::AgentLeft { queue, handled: Span::from_seconds(300) },
    };
    Fact { organization: ORG, at, names: names(2, id, at), about: About::Conversation(fact) }
}

/// The visit of this number saw a regulated page.
pub fn taint(id: u8, minute: i64) -> Fact {
    let at = EventTime::from_millis(MONDAY + minute * 60_000);
    Fact { organization: ORG, at, names: names(4, id, at), about: About::Taint(Regime::Mifid2) }
}

/// The newest row of each group and interval.
pub type Table = BTreeMap<String, VolumeAdjustment>;

/// Where a row belongs in a table.
pub fn place_of(row: &VolumeAdjustment) -> String {
    format!("{} {}", row.identity.planning_group_id, row.identity.interval_start.millis())
}

/// The table without its history: what must be the same however it came about.
pub fn final_table(mut table: Table) -> Table {
    table.retain(|_, row| !row.evidence.counts.is_zero());
    for row in table.values_mut() {
        row.revision = 0;
        row.state = RowState::Final;
        row.watermark = None;
    }
    table
}

/// The figures of a table, short enough to be read in a failure.
pub fn told(table: &Table) -> Vec<String> {
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
