//! Offers a minute before the end of an epoch that are accepted a minute after it: each is one action, on either log.

use std::collections::BTreeMap;

use journeycast::engine::Span;
use journeycast::engine::names::Epoch;
use journeycast::simulate::{ORGANIZATION, SitePlan, config_toml};
use serde_json::{Value, json};

use crate::installation::Installation;
use crate::process::file_of;

const EPOCH: Epoch = Epoch::numbered(2_966);
const OFFERS: usize = 7;

/// The offers before the end of the epoch, and what came of them after it.
pub fn both_sides() -> [Vec<Vec<u8>>; 2] {
    let step = |number: usize, state: &str, after: Span| {
        let at = jiff::Timestamp::from_millisecond(EPOCH.end().after(after).millis()).expect("it is a time");
        let body = json!({
            "createdDate": at.to_string(), "eventType": "WebActionEvent", "session": {"id": format!("se-{number}")},
            "webActionEvent": {
                "action": {"id": format!("ac-{number}"), "state": state, "mediaType": "webMessagingOffer"},
                "actionMap": {"id": "am-pricing-help", "version": 1},
            },
        });
        let source = format!("aws.partner/genesys.com/cloud/{ORGANIZATION}/bus");
        let topic = "v2.journey.sessions.{id}.web.events";
        let detail = json!({"topicName": topic, "version": "2", "eventBody": body, "timestamp": at.to_string()});
        json!({"version": "0", "detail-type": topic, "source": source, "time": at.to_string(), "detail": detail})
            .to_string()
            .into_bytes()
    };
    let (before, after) = (Span::from_seconds(-60), Span::from_seconds(60));
    let offered = (0..OFFERS).flat_map(|n| ["qualified", "offered"].map(|state| step(n, state, before)));
    let accepted = (0..OFFERS).map(|n| step(n, "accepted", after));
    [offered.collect(), accepted.collect()]
}

/// What a table says by the start of its intervals: how many qualified, were offered and accepted.
pub fn told(table: &BTreeMap<String, Value>) -> Vec<[String; 4]> {
    let count = |row: &Value, name: &str| row["evidence"][name].as_str().unwrap_or("0").to_owned();
    let row = |row: &Value| {
        let start = row["intervalStart"].as_str().unwrap_or_default().to_owned();
        [start, count(row, "qualified"), count(row, "offered"), count(row, "accepted")]
    };
    table.values().map(row).collect()
}

/// What they must say.
pub fn expected() -> Vec<[String; 4]> {
    let row = |start: Span, counts: [usize; 3]| {
        let start = jiff::Timestamp::from_millisecond(EPOCH.end().after(start).millis()).expect("it is a time");
        let [qualified, offered, accepted] = counts.map(|n| n.to_string());
        [start.to_string(), qualified, offered, accepted]
    };
    vec![row(Span::from_minutes(-15), [OFFERS, OFFERS, 0]), row(Span::ZERO, [0, 0, OFFERS])]
}

#[test]
fn an_offer_at_the_end_of_an_epoch_that_is_accepted_after_it_is_one_action_on_the_embedded_log() {
    let configuration = config_toml(&SitePlan::default()).replace("./journeycast-data", "./data");
    for order in [[0, 1], [1, 0]] {
        let site = Installation::of(&configuration);
        let sides = both_sides();
        for side in order {
            site.put("side.ndjson", &file_of(&sides[side]));
            site.printed(&["ingest", "--config", "journeycast.toml", "side.ndjson"]);
            site.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
        }
        let table = crate::process::table(&site.printed(&["tail", "--config", "journeycast.toml"]));
        assert_eq!(told(&table), expected(), "{order:?}");
    }
}
