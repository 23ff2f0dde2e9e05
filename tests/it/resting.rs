//! What rests, on the embedded log: under which names, and whether any of them leads from one store into another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use journeycast::engine::fact::{About, ConversationFact, VisitFact};
use journeycast::engine::names::{Domain, Epoch};
use journeycast::engine::{Fact, Labels, Name, Names};
use journeycast::io::Embedded;
use journeycast::io::log::Stream;
use journeycast::simulate::{ORGANIZATION, Pathologies, Site, SitePlan, config_toml};
use journeycast::wire::facts;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::installation::Installation;
use crate::process::file_of;
use crate::visitors::policy;

/// The facts of a record of our own log.
pub fn unpacked(body: &[u8]) -> Vec<Fact> {
    let organizations = [Arc::from(ORGANIZATION)];
    facts::decode(body, &organizations, &mut Labels::default()).expect("it is a record of facts").facts
}

/// The names that a fact holds, by the domain that each is of.
fn held(fact: &Fact) -> Vec<(Domain, Name)> {
    let (own, mut more) = match &fact.about {
        About::Action(action) => (Domain::Action, vec![(Domain::Taint, action.visit)]),
        About::Visit(_) => (Domain::Visit, Vec::new()),
        About::Taint(_) => (Domain::Taint, Vec::new()),
        About::Conversation(ConversationFact::Started { action, visit, .. }) => {
            (Domain::Conversation, vec![(Domain::Action, *action), (Domain::Taint, visit.as_deref().copied())])
        }
        About::Conversation(
            ConversationFact::Queued(_)
            | ConversationFact::LeftQueue { .. }
            | ConversationFact::AgentLeft { .. }
            | ConversationFact::WrappedUp { .. },
        ) => (Domain::Conversation, Vec::new()),
    };
    more.push((own, Some(fact.names)));
    let both = |names: Names| [Some(names.own), names.before].into_iter().flatten();
    more.into_iter()
        .flat_map(|(domain, names)| names.into_iter().flat_map(both).map(move |name| (domain, name)))
        .collect()
}

/// Every name in these records, by domain.
pub fn names_in<'a>(bodies: impl IntoIterator<Item = &'a Vec<u8>>) -> BTreeMap<Domain, BTreeSet<Name>> {
    let mut names: BTreeMap<Domain, BTreeSet<Name>> = BTreeMap::new();
    for (domain, name) in bodies.into_iter().flat_map(|body| unpacked(body)).flat_map(|fact| held(&fact)) {
        names.entry(domain).or_default().insert(name);
    }
    names
}

/// Which of these names lie somewhere in these bytes, in the order that we write and the other, or in hex.
pub fn found_in(bytes: &[u8], names: &BTreeSet<Name>) -> Vec<Name> {
    let is_name = |window: &[u8; 16]| {
        [u128::from_le_bytes(*window), u128::from_be_bytes(*window)]
            .map(Name)
            .into_iter()
            .find(|name| names.contains(name))
    };
    let mut found: Vec<Name> = bytes.array_windows::<16>().filter_map(is_name).collect();
    let from_hex = |window: &[u8; 32]| u128::from_str_radix(str::from_utf8(window).ok()?, 16).ok();
    let in_hex = bytes.array_windows::<32>().filter_map(from_hex);
    found.extend(in_hex.flat_map(|n| [Name(n), Name(n.swap_bytes())]).filter(|name| names.contains(name)));
    found
}

fn bodies_of(site: &Installation, stream: Stream) -> Vec<Vec<u8>> {
    let log = Embedded::open(&site.path("data"), None).expect("it can be opened");
    let stored = log.read(stream, 0, 1_000_000).expect("it can be read");
    stored.into_iter().map(|stored| stored.body).collect()
}

/// An installation under a policy, on the configuration of the simulated site.
fn site() -> Installation {
    let configuration = config_toml(&SitePlan::default()).replace("./journeycast-data", "./data");
    let more = "\n[policy]\nfile = \"policy.toml\"\n\n[environment]\nkind = \"test\"\n";
    let site = Installation::of(&format!("{configuration}{more}"));
    site.put("policy.toml", policy(true).as_bytes());
    site
}

fn ingest(site: &Installation, lines: &[Vec<u8>]) {
    site.put("in.ndjson", &file_of(lines));
    site.printed(&["ingest", "--config", "journeycast.toml", "in.ndjson"]);
}

/// Everything in every table but two, with the table's name.
fn other_tables(site: &Installation) -> BTreeMap<String, Vec<u8>> {
    let database = Connection::open(site.path("data/journeycast.db")).expect("it is SQLite");
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("it has tables");
    let tables =
        tables.query_map([], |row| row.get(0)).expect("they can be listed").collect::<Result<Vec<String>, _>>();
    let mut contents = BTreeMap::new();
    for table in tables.expect("they are text").into_iter().filter(|table| table != "facts" && table != "visits") {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).expect("it can be read");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("it can be read");
        let bytes: &mut Vec<u8> = contents.entry(table).or_default();
        while let Some(row) = rows.next().expect("it can be read") {
            for column in 0..columns {
                let value = row.get_ref(column).expect("it is there");
                bytes.extend(value.as_bytes_or_null().ok().flatten().unwrap_or_default());
                bytes.push(b'|');
            }
        }
    }
    contents
}

#[test]
fn no_name_of_a_visit_leads_to_a_conversation_an_action_or_a_taint_by_anything_that_rests() {
    let plan =
        SitePlan { seed: 4, days: 1.0, visits_per_day: 500.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let lines: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    let site = site();
    ingest(&site, &lines);
    site.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    let [facts, visits] = [Stream::Facts, Stream::Visits].map(|stream| bodies_of(&site, stream));

    let names = names_in(facts.iter().chain(&visits));
    assert!(Domain::ALL.iter().all(|domain| names[domain].len() > 20), "every domain has names to look for");
    for (place, (one, of_one)) in names.iter().enumerate() {
        for (other, of_other) in names.iter().skip(place + 1) {
            assert!(of_one.is_disjoint(of_other), "a name of {one:?} is one of {other:?} too");
        }
    }
    for fact in facts.iter().chain(&visits).flat_map(|body| unpacked(body)) {
        let domains: BTreeSet<Domain> = held(&fact).into_iter().map(|(domain, _)| domain).collect();
        assert!(!domains.contains(&Domain::Visit) || domains.len() == 1, "one fact holds names of {domains:?}");
    }
    let of_visits = names[&Domain::Visit].clone();
    let of_others: BTreeSet<Name> =
        names.values().flatten().filter(|name| !of_visits.contains(name)).copied().collect();
    assert_eq!(found_in(&facts.concat(), &of_visits), []);
    assert_eq!(found_in(&visits.concat(), &of_others), []);
    assert!(found_in(&visits.concat(), &of_visits).len() >= of_visits.len(), "the search finds what is there");
    let all: BTreeSet<Name> = of_visits.union(&of_others).copied().collect();
    let tables = other_tables(&site);
    assert!(["rows", "revisions", "keys", "meta", "progress"].iter().all(|table| tables[*table].len() > 50));
    for (table, bytes) in tables {
        assert_eq!(found_in(&bytes, &all), [], "{table} holds a name");
    }
}

/// What rests of regulated pages, without names: the marks in facts and those in visits.
fn marks(site: &Installation) -> [Vec<Fact>; 2] {
    [Stream::Facts, Stream::Visits].map(|stream| {
        let facts = bodies_of(site, stream).into_iter().flat_map(|body| unpacked(&body));
        let is_mark = |fact: &Fact| matches!(fact.about, About::Taint(_) | About::Visit(VisitFact::Regulated));
        facts.filter(is_mark).collect()
    })
}

#[test]
fn of_a_visits_regulated_pages_it_rests_under_which_regime_and_on_which_day_and_each_but_once() {
    let plan =
        SitePlan { seed: 5, days: 1.0, visits_per_day: 300.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let lines: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    let site = site();
    ingest(&site, &lines);
    let [tainted, regulated] = marks(&site);
    assert!(tainted.len() > 20 && regulated.len() > 10, "{} and {}", tainted.len(), regulated.len());
    for (marks, stretch) in [(tainted, 86_400_000), (regulated, 3_600_000)] {
        assert!(marks.iter().all(|fact| fact.at.millis() % stretch == 0), "a time says more than the day or the hour");
        let told: BTreeSet<(Name, i64, String)> =
            marks.iter().map(|fact| (fact.names.own, fact.at.millis(), format!("{:?}", fact.about))).collect();
        assert_eq!(told.len(), marks.len(), "a mark that rests twice tells of two pages");
    }
}

#[test]
fn a_visit_that_saw_one_regulated_page_leaves_what_one_leaves_that_saw_many_at_other_times() {
    let one = visitor_in(TWO_EPOCHS[0]);
    let (again, later) = (second_of(&one[1], 417), second_of(&one[1], 3_599));
    let many: Vec<Vec<u8>> =
        [&one[0], &again, &one[2], &one[3], &later, &again, &one[4], &one[5]].map(Clone::clone).into();
    let left = [one, many].map(|lines| {
        let site = site();
        ingest(&site, &lines);
        let all = [Stream::Facts, Stream::Visits].map(|stream| bodies_of(&site, stream).iter().map(Vec::len).sum());
        let nameless = |fact: Fact| (fact.at, format!("{:?}", fact.about));
        (marks(&site).map(|marks| marks.into_iter().map(nameless).collect::<Vec<_>>()), all)
    });
    let of_bytes: [[usize; 2]; 2] = [left[0].1, left[1].1];
    assert_eq!(left[0].0, left[1].0);
    assert_eq!(of_bytes[0], of_bytes[1], "and not one byte more rests of it");
}

/// A page of the visitor, at this second after his first.
fn second_of(page: &[u8], second: i64) -> Vec<u8> {
    let mut record: Value = serde_json::from_slice(page).expect("it is JSON");
    let start = TWO_EPOCHS[0].start().millis() + 3 * 86_400_000;
    let stamp = |millis: i64| json!(jiff::Timestamp::from_millisecond(millis).expect("it is a time").to_string());
    record["detail"]["eventBody"]["createdDate"] = stamp(start + second * 1_000);
    record["time"] = stamp(start + second * 1_000 + 2_000);
    record.to_string().into_bytes()
}

/// One visitor's records on the fourth day of an epoch: pages, one of them regulated, an offer and a conversation. His
/// identifiers are the same whenever he comes.
pub fn visitor_in(epoch: Epoch) -> Vec<Vec<u8>> {
    let start = epoch.start().millis() + 3 * 86_400_000;
    let enveloped = |after: i64, topic: &str, body: Value| {
        let stamp = |millis: i64| jiff::Timestamp::from_millisecond(millis).expect("it is a time").to_string();
        let mut body = body;
        match body.get("conversationId") {
            Some(_) => body["eventTime"] = json!(start + after),
            None => body["createdDate"] = json!(stamp(start + after)),
        }
        let arrived = stamp(start + after + 2_000);
        let source = format!("aws.partner/genesys.com/cloud/{ORGANIZATION}/bus");
        let detail = json!({"topicName": topic, "version": "2", "eventBody": body, "timestamp": arrived});
        json!({"version": "0", "detail-type": topic, "source": source, "time": arrived, "detail": detail})
            .to_string()
            .into_bytes()
    };
    let session = json!({"id": "se-of-one-visitor"});
    let page = |path: &str| json!({"eventType": "WebEvent", "session": session, "webEvent": {"page": {"hostname": "shop.example", "pathname": path}}});
    let offer = |state: &str| {
        json!({"eventType": "WebActionEvent", "session": session, "webActionEvent": {
            "action": {"id": "ac-of-one-visitor", "state": state, "mediaType": "webMessagingOffer"},
            "actionMap": {"id": "am-pricing-help", "version": 1}}})
    };
    let talk = |more: Value| {
        let mut body =
            json!({"conversationId": "co-of-one-visitor", "mediaType": "MESSAGE", "messageType": "WEBMESSAGING"});
        for (key, value) in more.as_object().expect("it is an object") {
            body[key] = value.clone();
        }
        body
    };
    let context = json!({"journeyContext": {"sessionId": "se-of-one-visitor", "actionId": "ac-of-one-visitor"}});
    let (web, talks) = ("v2.journey.sessions.{id}.web.events", "v2.detail.events.conversation.{id}");
    vec![
        enveloped(0, web, page("/pricing/plans")),
        enveloped(30_417, web, page("/account/orders")),
        enveloped(60_000, web, offer("offered")),
        enveloped(90_000, web, offer("accepted")),
        enveloped(91_000, &format!("{talks}.customer.start"), talk(context)),
        enveloped(95_000, &format!("{talks}.acd.start"), talk(json!({"queueId": "qu-dublin-sales"}))),
    ]
}

/// Two epochs apart: facts of actions and conversations carry the name of the epoch before as well.
pub const TWO_EPOCHS: [Epoch; 2] = [Epoch::numbered(1_900), Epoch::numbered(1_902)];

#[test]
fn the_bytes_of_two_epochs_share_no_name_of_one_visitor() {
    let site = site();
    let [first, later] = TWO_EPOCHS.map(visitor_in);
    let bodies = || [Stream::Facts, Stream::Visits].map(|stream| bodies_of(&site, stream)).concat();
    ingest(&site, &first);
    let resting: Vec<u8> = site.bytes_below("data").into_iter().flat_map(|(_, bytes)| bytes).collect();
    let first: BTreeSet<Name> = names_in(&bodies()).into_values().flatten().collect();
    assert_eq!(first.len(), 6, "two of the action, two of the conversation, one of the visit in each of its domains");
    assert!(first.iter().all(|name| !found_in(&resting, &BTreeSet::from([*name])).is_empty()));
    ingest(&site, &later);
    let both: BTreeSet<Name> = names_in(&bodies()).into_values().flatten().collect();
    let later: BTreeSet<Name> = both.difference(&first).copied().collect();
    assert_eq!(later.len(), 6, "no name of the first epoch is one of the later");
    assert_eq!(found_in(&resting, &later), []);
}
