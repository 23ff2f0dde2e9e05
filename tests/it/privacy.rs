//! Nothing personal gets past the parser: 74 values are planted, and every byte that leaves the program is searched for them.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use serde_json::{Map, Value, json};

use crate::installation::{Installation, get, metrics_until, said};

const ORGANIZATION: &str = "org-of-the-shop";
const CONFIGURATION: &str = r#"
[log]
path = "./data"

[http]
listen = "127.0.0.1:0"

[[source]]
topic = "journey.events.v1"
organization_id = "org-of-the-shop"

[[business_unit]]
id = "bu-shop"
organization_id = "org-of-the-shop"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-web-sales"
business_unit = "bu-shop"
action_maps = [{ id = "am-configured" }]
route_paths = [{ queue = "q-configured", media_type = "message" }]

[[page_class]]
id = "pricing"
host = "shop.example"
path = "/pricing/**"
"#;

/// The pages of the planted address are regulated, and an attribute in which something is planted carries consent.
const POLICY: &str = r#"
interactions_may_count = false

[[page]]
host = "shop.example"
path = "/pricing/**"
regime = "health"
owner = "head-of-compliance"
retention = "never-kept"

[consent]
attribute = "email"
granted = ["yes"]
absent = "permitted"
global_privacy_control = "refused"
"#;

/// Every planted value: the family of event and the field that it stands in. A field that ends in `*` has it as a key.
const PLANTED: [(&str, &str, &str); 74] = [
    ("web", "/id", "event-5c1f-Wexford"),
    ("web", "/correlationId", "correlation-88d1-Tramore"),
    ("web", "/customerId", "cookie-b8d4-Oughterard"),
    ("web", "/customerIdType", "idtype-Roscarberry"),
    ("web", "/externalContact/id", "contact-71aa-Skibbereen"),
    ("web", "/externalContact/selfUri", "/api/v2/externalcontacts/Ballydehob"),
    ("web", "/session/id", "session-se77-Clonakilty"),
    ("web", "/session/selfUri", "/api/v2/journey/sessions/Castletownbere"),
    ("web", "/webEvent/eventName", "clicked_by_Fionnuala"),
    ("web", "/webEvent/userAgentString", "Mozilla/5.0 (Phone of Caoimhe)"),
    ("web", "/webEvent/ipAddress", "203.0.113.217"),
    ("web", "/webEvent/ipOrganization", "Murphy & Daughters Ltd"),
    ("web", "/webEvent/searchQuery", "divorce lawyer \"Kinsale\""),
    ("web", "/webEvent/browser/fingerprint", "fingerprint-9a77c3e1"),
    ("web", "/webEvent/device/fingerprint", "devprint-4410be92"),
    ("web", "/webEvent/device/manufacturer", "Handmade by Eoghan"),
    ("web", "/webEvent/geolocation/locality", "Ballinascarthy"),
    ("web", "/webEvent/geolocation/postalCode", "P72 XY45-Geo"),
    ("web", "/webEvent/geolocation/latitude", "51.658274913"),
    ("web", "/webEvent/geolocation/longitude", "-8.862319457"),
    ("web", "/webEvent/mktCampaign/clickId", "gclid-Tr0ub4dor"),
    ("web", "/webEvent/mktCampaign/term", "campaign term Dungarvan"),
    ("web", "/webEvent/page/url", "https://shop.example/pricing/?email=grainne%40mail.example#iban"),
    ("web", "/webEvent/page/title", "Invoice of Gráinne Ní Mháille"),
    ("web", "/webEvent/page/fragment", "fragment-token-6f1e"),
    ("web", "/webEvent/page/queryString", "token=s3cr3t-Youghal"),
    ("web", "/webEvent/page/pathname", "/pricing/for/Sorcha-Kavanagh"),
    ("web", "/webEvent/page/keywords", "keyword Cahersiveen"),
    ("web", "/webEvent/page/breadcrumb", "breadcrumb Letterfrack"),
    ("web", "/webEvent/referrer/url", "https://clinic.example/results?patient=Tadhg"),
    ("web", "/webEvent/referrer/queryString", "patient=Lorcan.Byrne"),
    ("web", "/webEvent/attributes/email/value", "aoife.osullivan@mail.example"),
    ("web", "/webEvent/attributes/*", "attribute key of Niamh"),
    ("web", "/webEvent/traits/familyName/value", "O'Shaughnessy-Quirke"),
    ("web", "/webEvent/traits/*", "trait key of Oisin"),
    ("web", "/webEvent/traits/cellPhone/value", "+353 87 555 01 99"),
    ("app", "/session/id", "appsession-Inchydoney"),
    ("app", "/appEvent/screenName", "screen of Bridget"),
    ("app", "/appEvent/app/namespace", "example.app.Donncha"),
    ("app", "/appEvent/networkConnectivity/carrier", "Carrier of Muireann"),
    ("step", "/webActionEvent/action/id", "action-ac501-Bantry"),
    ("step", "/webActionEvent/action/prompt", "Hello Siobhan, need help?"),
    ("step", "/webActionEvent/actionMap/displayName", "Map for Cillian Roche"),
    ("step", "/webActionEvent/errorMessage", "no route for Padraig"),
    ("step", "/webActionEvent/visitReferrer/url", "https://bank.example/loan?who=Roisin"),
    ("stranger", "/webActionEvent/action/id", "action-of-Dunmanway"),
    ("stranger", "/webActionEvent/actionMap/id", "map.named.after.Seamus"),
    ("stranger", "/webActionEvent/action/state", "state-of-Eilis"),
    ("stranger", "/webActionEvent/action/mediaType", "medium-of-Conchobar"),
    ("block", "/blockedWebActionOfferEvent/action/id", "blocked-action-Timoleague"),
    ("block", "/blockedWebActionOfferEvent/blockingReason", "because-of-Deirdre"),
    ("block", "/blockedWebActionOfferEvent/blockingAction/id", "blocking-action-Goleen"),
    ("block", "/blockedWebActionOfferEvent/blockingPageUrlConditions", "condition-Ardfert"),
    ("segment", "/segmentAssignmentEvent/segment/id", "segment-of-the-pregnant"),
    ("segment", "/segmentAssignmentEvent/segment/displayName", "Segment in debt Mairead"),
    ("customer.start", "/conversationId", "conversation-Schull-01"),
    ("customer.start", "/participantId", "participant-Rosscarbery"),
    ("customer.start", "/sessionId", "talk-session-Drimoleague"),
    ("customer.start", "/participantName", "Feidhlim Mac Carthaigh"),
    ("customer.start", "/ani", "tel:+353215550123"),
    ("customer.start", "/dnis", "tel:+353215550456"),
    ("customer.start", "/addressFrom", "from.Dearbhla@mail.example"),
    ("customer.start", "/addressTo", "to.Fiachra@mail.example"),
    ("customer.start", "/callbackNumbers", "+353-66-555-0147"),
    ("customer.start", "/callbackUserName", "Call back Ruaidhri"),
    ("customer.start", "/externalContactId", "external-contact-Durrus"),
    ("customer.start", "/journeyContext/sessionId", "journey-session-Kilcrohane"),
    ("customer.start", "/journeyContext/actionId", "journey-action-Ahakista"),
    ("acd.start", "/queueId", "queue-named-Proinsias"),
    ("acd.start", "/requestedRoutingSkillIds", "skill-of-Labhras"),
    ("acd.start", "/queueName", "Queue for Mrs Hanrahan"),
    ("acw", "/wrapupNotes", "she cried, said Mr Geoghegan"),
    ("acw", "/wrapupCode", "wrapup-code-Leap-Village"),
    ("session", "/lastEvent/eventName", "snapshot-event-Baltimore"),
];

const HAPPENED: &str = "2026-11-20T10:14:58.201Z";
const ARRIVED: &str = "2026-11-20T10:15:03Z";
const HAPPENED_MILLIS: i64 = 1_795_169_698_201;

/// An event of a family with nothing planted in it yet.
fn body(family: &str) -> Value {
    let head = |kind: &str, part: &str, inner: Value| json!({"createdDate": HAPPENED, "session": {"id": "plain", "type": "web"}, "eventType": kind, part: inner});
    let taken = json!({"id": "plain", "state": "accepted", "mediaType": "webMessagingOffer"});
    let map = json!({"id": "am-configured", "version": 7});
    match family {
        "web" => {
            head("WebEvent", "webEvent", json!({"page": {"hostname": "shop.example", "pathname": "/pricing/plans"}}))
        }
        "app" => head("AppEvent", "appEvent", json!({})),
        "step" | "stranger" => head("WebActionEvent", "webActionEvent", json!({"action": taken, "actionMap": map})),
        "block" => head("BlockedWebActionOfferEvent", "blockedWebActionOfferEvent", json!({"actionMap": map})),
        "segment" => head("SegmentAssignmentEvent", "segmentAssignmentEvent", json!({"assignmentState": "Assigned"})),
        "session" => json!({"id": "plain", "createdDate": HAPPENED, "durationInSeconds": 5, "pageviewCount": 1}),
        _ => json!({"eventTime": HAPPENED_MILLIS, "conversationId": "conversation-Schull-01", "mediaType": "MESSAGE",
            "messageType": "WEBMESSAGING", "queueId": "q-configured", "wrapupDurationMs": 1000,
            "journeyContext": {"actionMapId": "am-configured"}}),
    }
}

fn topic(family: &str) -> String {
    match family {
        "step" | "stranger" | "web" => "v2.journey.sessions.{id}.web.events".to_owned(),
        "app" => "v2.journey.sessions.{id}.app.events".to_owned(),
        "block" => "v2.journey.sessions.{id}.action.events".to_owned(),
        "segment" => "v2.externalcontacts.contacts.{id}.journey.segments".to_owned(),
        "session" => "v2.externalcontacts.contacts.{id}.journey.sessions".to_owned(),
        step => format!("v2.detail.events.conversation.{{id}}.{step}"),
    }
}

fn enveloped(family: &str, body: &Value) -> Value {
    let source = format!("aws.partner/genesys.com/cloud/{ORGANIZATION}/bus");
    let concrete = topic(family).replace("{id}", "contact-71aa-Skibbereen");
    json!({"version": "0", "detail-type": topic(family), "source": source, "time": ARRIVED,
        "detail": {"topicName": concrete, "version": "2", "eventBody": body, "timestamp": ARRIVED}})
}

/// Puts a value where a path leads, making what is not there.
fn plant(body: &mut Value, path: &str, value: &str) {
    let mut place = body;
    for key in path.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[if key == "*" { value } else { key }];
    }
    let as_number = ["latitude", "longitude"].iter().any(|field| path.ends_with(field));
    let as_list = ["Numbers", "SkillIds", "breadcrumb", "Conditions"].iter().any(|field| path.ends_with(field));
    *place = match value.parse::<f64>() {
        Ok(number) if as_number => json!(number),
        Ok(_) | Err(_) if as_list => json!([value]),
        Ok(_) | Err(_) => json!(value),
    };
}

/// One record of each family, with everything planted that belongs there, and in every wrapper that is read.
fn usable_records() -> Vec<Vec<u8>> {
    let mut bodies: BTreeMap<&str, Value> = BTreeMap::new();
    for (family, path, value) in PLANTED {
        plant(bodies.entry(family).or_insert_with(|| body(family)), path, value);
    }
    let mut queued = body("acd.start");
    queued["queueId"] = json!("q-configured");
    let mut records = vec![enveloped("acd.start", &queued).to_string().into_bytes()];
    for (family, body) in &bodies {
        let whole = enveloped(family, body);
        let text = whole.to_string();
        records.push(text.clone().into_bytes());
        records.push(whole["detail"].to_string().into_bytes());
        records.push(body.to_string().into_bytes());
        records.push(json!({"Message": text}).to_string().into_bytes());
        records.push(json!({"data": STANDARD.encode(&text)}).to_string().into_bytes());
    }
    records
}

/// Everything that a broken or hostile record may do with a value.
fn unusable_records(value: &str) -> Vec<Vec<u8>> {
    let quoted = Value::from(value).to_string();
    let step = |field: &str, inner: Value| {
        let mut body = body("step");
        plant(&mut body, "/webActionEvent/action/id", value);
        *body.pointer_mut(field).expect("the field is there") = inner;
        enveloped("step", &body).to_string().into_bytes()
    };
    let whole = enveloped("step", &body("step"));
    let set = |field: &str, inner: &str| {
        let mut whole = whole.clone();
        *whole.pointer_mut(field).expect("the field is there") = json!(inner);
        whole.to_string().into_bytes()
    };
    let twice =
        |key: &str| whole.to_string().replacen(&format!("\"{key}\":"), &format!("\"{key}\":{quoted},\"{key}\":"), 1);
    let deep = format!("{}{quoted}{}", "[".repeat(200), "]".repeat(200));
    let broken = format!("{{\"detail\":{{\"eventBody\":{{\"session\":{quoted}");
    let not_text = [quoted.as_bytes(), b"\xff\xfe{"].concat();
    vec![
        value.as_bytes().to_vec(),
        broken.clone().into_bytes(),
        not_text,
        format!("{{\"attributes\":{deep}}}").into_bytes(),
        deep.into_bytes(),
        json!({ value: value }).to_string().into_bytes(),
        json!({"eventType": value, "createdDate": HAPPENED}).to_string().into_bytes(),
        json!({"Message": broken}).to_string().into_bytes(),
        json!({"data": STANDARD.encode(broken.as_bytes())}).to_string().into_bytes(),
        json!({"payload": value, "body": {value: [value]}}).to_string().into_bytes(),
        step("/webActionEvent/action", json!(value)),
        step("/webActionEvent/actionMap", json!([value])),
        step("/webActionEvent/actionMap/version", json!(value)),
        step("/session", json!({"id": {value: value}})),
        step("/createdDate", json!(value)),
        step("/eventType", json!(value)),
        set("/source", &format!("aws.partner/genesys.com/cloud/{value}/bus")),
        set("/time", value),
        set("/detail/topicName", value),
        twice("createdDate").into_bytes(),
        twice("state").into_bytes(),
        twice("source").into_bytes(),
    ]
}

fn input() -> Vec<u8> {
    let mut records = usable_records();
    records.extend(PLANTED.iter().flat_map(|(_, _, value)| unusable_records(value)));
    let ahead = HAPPENED.replace("2026-11-20", "2026-11-21");
    let late = HAPPENED.replace("2026-11-20", "2026-10-20");
    for other in [ahead, late] {
        records.extend(
            usable_records().into_iter().map(|record| {
                String::from_utf8(record).expect("records are text").replace(HAPPENED, &other).into_bytes()
            }),
        );
    }
    let mut huge = vec![b'x'; 8 * 1_024 * 1_024];
    huge.extend(PLANTED.iter().flat_map(|(_, _, value)| value.bytes()));
    records.push(huge);
    records.iter().map(|record| [record, b"\n".as_slice()].concat()).collect::<Vec<_>>().concat()
}

/// A value as it may stand in a file: as it is, and in every dress that programs give to text.
fn dresses(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let wide = |order: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let percent = |keep: &[u8]| -> String {
        let one = |byte: u8| {
            if byte.is_ascii_alphanumeric() || keep.contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        value.bytes().map(one).collect()
    };
    let quoted = Value::from(value).to_string();
    let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let ascii: String = value
        .encode_utf16()
        .map(|unit| {
            char::from_u32(u32::from(unit))
                .filter(char::is_ascii)
                .map_or_else(|| format!("\\u{unit:04x}"), String::from)
        })
        .collect();
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut dresses = vec![
        ("as it is", value.as_bytes().to_vec()),
        ("in lower case", value.to_lowercase().into_bytes()),
        ("in upper case", value.to_uppercase().into_bytes()),
        ("as a string of JSON", quoted.trim_matches('"').as_bytes().to_vec()),
        ("as escapes of JSON", escaped.into_bytes()),
        ("as JSON in ASCII", ascii.into_bytes()),
        ("percent-encoded", percent(b"-._~").into_bytes()),
        ("percent-encoded in lower case", percent(b"-._~").to_lowercase().into_bytes()),
        ("as a path", percent(b"-._~/:@").into_bytes()),
        ("as UTF-16, low byte first", wide(u16::to_le_bytes)),
        ("as UTF-16, high byte first", wide(u16::to_be_bytes)),
        ("in hex", hex.clone().into_bytes()),
        ("in upper hex", hex.to_uppercase().into_bytes()),
    ];
    for shift in 0..3 {
        for alphabet in [&STANDARD, &URL_SAFE] {
            let text = alphabet.encode([&vec![0; shift], value.as_bytes()].concat());
            // The first characters hold the shift as well, the last ones what would come next.
            let (from, end) = ((shift * 8).div_ceil(6), (shift + value.len()) * 8 / 6);
            dresses.push(("in base64", text.as_bytes()[from..end].to_vec()));
        }
    }
    dresses
}

/// Everything planted that shows in these bytes.
fn shows(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (family, field, value) in PLANTED {
        for (how, dress) in dresses(value) {
            if memmem::find(bytes, &dress).is_some() {
                found.push(format!("{value:?} of {family} {field}, {how}"));
            }
        }
    }
    found
}

#[test]
fn the_search_finds_each_value_in_each_dress_and_each_is_planted() {
    let input = input();
    for (place, (_, field, value)) in PLANTED.into_iter().enumerate() {
        assert!(value.len() >= 10, "{value:?} is too short to be told from chance");
        assert!(
            memmem::find(&input, &Value::from(value).to_string().into_bytes()).is_some(),
            "{field}: not in the input"
        );
        for (how, dress) in dresses(value) {
            let hay = [b"before ".as_slice(), &dress, b" after"].concat();
            assert!(shows(&hay).iter().any(|found| found.contains(field)), "{value:?} {how}");
        }
        for shift in 0..3 {
            let hay = STANDARD.encode(format!("{}{value}, and more", "x".repeat(shift)));
            assert!(shows(hay.as_bytes()).iter().any(|found| found.contains(field)), "{value:?} at {shift}");
        }
        let others = PLANTED.iter().take(place);
        assert!(others.clone().all(|(_, _, other)| *other != value), "{value:?} is planted twice");
    }
}

/// Everything that every command and page writes about these records, on the disk and off it.
fn everything_written(shop: &Installation) -> Vec<(String, Vec<u8>)> {
    shop.put("in.ndjson", &input());
    let mut written: Vec<(String, Vec<u8>)> = Vec::new();
    let mut told = |command: &str, words: &[&str]| {
        let output = shop.journeycast(words).env("RUST_LOG", "trace").output().expect("the program starts");
        assert!(output.status.success(), "{command}: {}", said(&output));
        written.push((format!("{command}: what it printed"), output.stdout));
        written.push((format!("{command}: what it said"), output.stderr));
        written.extend(shop.bytes_below("data"));
    };
    told("ingest", &["ingest", "--config", "journeycast.toml", "in.ndjson"]);
    told("run", &["run", "--config", "journeycast.toml", "--until-caught-up"]);
    told("tail", &["tail", "--config", "journeycast.toml", "--revisions"]);
    told("doctor", &["doctor", "--config", "journeycast.toml"]);
    told("replay", &["replay", "--config", "journeycast.toml", "--events", "in.ndjson", "--out", "out"]);
    let mut runner = shop.run("trace");
    let address = runner.address();
    metrics_until(&address, |text| text.contains("journeycast_records"));
    for page in ["/metrics", "/ready", "/live", "/"] {
        written.push((page.to_owned(), get(&address, page).into_bytes()));
    }
    written.extend(shop.bytes_below("data"));
    runner.signal("TERM");
    let (_, all) = runner.end(Duration::from_secs(10));
    written.push(("run: all that it said".to_owned(), all.into_bytes()));
    written.extend(shop.bytes_below("data"));
    written.extend(shop.bytes_below("out"));
    written
}

fn summary_of(shop: &Installation) -> Value {
    serde_json::from_slice(&fs::read(shop.path("out/summary.json")).expect("it was written")).expect("it is JSON")
}

#[test]
fn nothing_planted_shows_under_a_policy_that_reads_attributes_either() {
    let more = "\n[policy]\nfile = \"policy.toml\"\n\n[environment]\nkind = \"test\"\n";
    let shop = Installation::of(&format!("{CONFIGURATION}{more}"));
    shop.put("policy.toml", POLICY.as_bytes());
    for (place, bytes) in everything_written(&shop) {
        assert_eq!(shows(&bytes), Vec::<String>::new(), "{place}");
    }
    let summary = summary_of(&shop);
    assert!(summary["records"]["not_permitted"].as_u64() >= Some(10), "{summary}");
    assert!(summary["facts_by_kind"]["taint"].as_u64() > Some(0), "{summary}");
}

#[test]
fn nothing_planted_shows_in_any_byte_that_is_written() {
    let shop = Installation::of(CONFIGURATION);
    let written = everything_written(&shop);
    for (place, bytes) in &written {
        assert_eq!(shows(bytes), Vec::<String>::new(), "{place}");
    }
    let holds = |what: &str, end: &str| {
        let mut those = written.iter().filter(|(place, _)| place.contains(end));
        assert!(those.any(|(_, bytes)| memmem::find(bytes, what.as_bytes()).is_some()), "{end} does not hold {what}");
    };
    // What the configuration names may be written, and is: the search looks in the right places.
    holds("pg-web-sales", "data/");
    holds("am-configured", "data/");
    holds("pg-web-sales", "tail: what it printed");
    holds("am-configured", "adjustments.ndjson");
    holds("journeycast_records", "/metrics");
    let summary = summary_of(&shop);
    let classes = summary["set_aside_by_class"].as_object().expect("there are classes");
    for class in [
        "not_utf8",
        "not_json",
        "too_large",
        "too_deep",
        "unknown_shape",
        "wrong_type",
        "duplicate_key",
        "bad_time",
        "from_the_future",
        "beyond_horizon",
        "unknown_organization",
    ] {
        assert!(classes.contains_key(class), "no record was {class}: {classes:?}");
    }
    assert!(summary["records"]["admitted"].as_u64() > Some(20), "{summary}");
    assert!(summary["records"]["not_relevant"].as_u64() > Some(0), "{summary}");
}
