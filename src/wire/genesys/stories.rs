//! Stories: what becomes of a record, and why.

use std::borrow::Cow;
use std::sync::Arc;

use super::*;
use crate::engine::event::{ConversationStep, Path, Signal, Signals, What};
use crate::engine::fact::{ActionEvent, BlockingReason, Medium, OfferState, OrganizationIndex, QueueOutcome};
use crate::simulate::{Fate, ORGANIZATION, Pathologies, Sent, Site, SitePlan};

const CREATED: &str = "2026-11-02T09:00:00.123Z";
const CREATED_MILLIS: i64 = 1_793_610_000_123;
const SOURCE: &str = "aws.partner/genesys.com/cloud/org-a/bus";

fn rules(organizations: &[&str], default: Option<&str>) -> Rules {
    Rules {
        organizations: organizations.iter().copied().map(Arc::from).collect(),
        default_organization: default.map(Arc::from),
        signals: None,
        max_clock_ahead: Span::from_minutes(10),
        correction_horizon: Span::from_days(7),
    }
}

fn ours() -> Rules {
    rules(&["org-a", "org-b"], Some("org-a"))
}

/// Both ways must read alike, whatever the story is about.
fn reading<'a>(record: &'a [u8], rules: &Rules) -> Reading<'a> {
    let reading = read(record, None, rules);
    assert_eq!(reading, read_slowly(record, None, rules));
    reading
}

fn told(record: impl AsRef<[u8]>) -> String {
    told_by(record, &ours())
}

fn told_by(record: impl AsRef<[u8]>, rules: &Rules) -> String {
    match reading(record.as_ref(), rules) {
        Reading::Admitted(_) => "admitted".to_owned(),
        Reading::NotRelevant => "not_relevant".to_owned(),
        Reading::SetAside(SetAside { class, path }) | Reading::Untimely(_, SetAside { class, path }) => {
            format!("{class} at {path}")
        }
        Reading::Blank => "blank".to_owned(),
    }
}

/// A web action's step; `{"id":…}` and the rest are put where the letters stand.
fn step(action: &str, map: &str) -> String {
    format!(
        r#"{{"id":"e","createdDate":"{CREATED}","session":{{"id":"s","type":"web"}},"eventType":"WebActionEvent","webActionEvent":{{"action":{action},"actionMap":{map}}}}}"#
    )
}

fn plain_step() -> String {
    step(r#"{"id":"a","state":"accepted","mediaType":"webMessagingOffer"}"#, r#"{"id":"m","version":7}"#)
}

fn notified(topic: &str, body: &str) -> String {
    format!(r#"{{"topicName":"{topic}","version":"2","eventBody":{body},"timestamp":"2026-11-02T09:00:01Z"}}"#)
}

fn bridged(source: &str, time: &str, topic: &str, body: &str) -> String {
    let detail = notified(topic, body);
    format!(r#"{{"version":"0","detail-type":"v2","source":"{source}","time":{time},"detail":{detail}}}"#)
}

fn talk(step: &str, fields: &str) -> String {
    let body = format!(r#"{{"eventTime":{CREATED_MILLIS},"conversationId":"c"{fields}}}"#);
    notified(&format!("v2.detail.events.conversation.c.{step}"), &body)
}

fn admitted(record: &str) -> (EventTime, What<'_>) {
    match reading(record.as_bytes(), &ours()) {
        Reading::Admitted(event) => (event.arrival, event.what),
        other @ (Reading::NotRelevant | Reading::SetAside(_) | Reading::Untimely(..) | Reading::Blank) => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn a_step_says_its_action_state_map_version_and_medium() {
    let expected = What::Action {
        session: Some("s".into()),
        id: "a".into(),
        event: ActionEvent::Reached(OfferState::Accepted),
        map: Some("m".into()),
        version: Some(7),
        medium: Some(Medium::WEB_MESSAGING_OFFER),
    };
    let body = plain_step();
    let bridged = bridged(SOURCE, "\"2026-11-02T09:00:05Z\"", "v2.journey.sessions.s.web.events", &body);
    let text = serde_json::to_string(&bridged).unwrap();
    let coded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &bridged);
    let table = [
        (body.clone(), CREATED_MILLIS),
        (notified("v2.journey.sessions.s.web.events", &body), 1_793_610_001_000),
        (bridged, 1_793_610_005_000),
        (format!(r#"{{"Type":"Notification","Message":{text}}}"#), 1_793_610_005_000),
        (format!(r#"{{"kinesis":1,"data":"{coded}"}}"#), 1_793_610_005_000),
        (format!(r#"{{"body":"no JSON","value":{text}}}"#), 1_793_610_005_000),
        (format!(r#"{{"time":{CREATED_MILLIS},"detail":{text}}}"#), CREATED_MILLIS),
        (
            format!(r#"{{"body":{}}}"#, serde_json::to_string(&format!(r#"{{"Message":{text}}}"#)).unwrap()),
            1_793_610_005_000,
        ),
    ];
    for (record, arrival) in table {
        assert_eq!(admitted(&record), (EventTime::from_millis(arrival), expected.clone()), "{record}");
    }
}

#[test]
fn a_common_record_is_read_without_copying() {
    let record = plain_step();
    let (_, What::Action { id: Cow::Borrowed("a"), .. }) = admitted(&record) else { panic!("copied") };
}

#[test]
fn a_state_or_reason_of_tomorrow_is_still_a_step_or_a_block() {
    let block = |reason: &str| {
        plain_step()
            .replace("WebActionEvent", "BlockedWebActionOfferEvent")
            .replace(r#""webActionEvent":{"#, &format!(r#""blockedWebActionOfferEvent":{{{reason}"#))
    };
    let table = [
        (step(r#"{"id":"a"}"#, "null"), ActionEvent::Stepped),
        (step(r#"{"id":"a","state":"pending"}"#, "null"), ActionEvent::Stepped),
        (step(r#"{"id":"a","state":"timedout"}"#, "null"), ActionEvent::Reached(OfferState::TimedOut)),
        (block(""), ActionEvent::Blocked(BlockingReason::Unknown)),
        (block(r#""blockingReason":"Boredom","#), ActionEvent::Blocked(BlockingReason::Unknown)),
        (block(r#""blockingReason":"NoAvailableAgents","#), ActionEvent::Blocked(BlockingReason::NoAvailableAgents)),
    ];
    for (record, expected) in table {
        let (_, What::Action { event, .. }) = admitted(&record) else { panic!("no action: {record}") };
        assert_eq!(event, expected, "{record}");
    }
}

#[test]
fn a_visit_says_its_session_and_what_the_visitor_cannot_hide() {
    let visit = |kind: &str, more: &str| {
        format!(r#"{{"createdDate":"{CREATED}","session":{{"id":"s"}},"eventType":"com.genesys.{kind}"{more}}}"#)
    };
    let page = |host: Option<&'static str>, path: Option<&'static str>| What::Page {
        session: "s".into(),
        host: host.map(Cow::from),
        path: path.map_or(Path::Unsaid, |path| Path::Said(path.into())),
        signals: Signals::default(),
    };
    let unreadable = |host: Option<&'static str>| What::Page {
        session: "s".into(),
        host: host.map(Cow::from),
        path: Path::Unreadable,
        signals: Signals::default(),
    };
    let table = [
        (
            visit("WebEvent", r#","webEvent":{"page":{"hostname":"h","pathname":"/p?q#f"}}"#),
            page(Some("h"), Some("/p")),
        ),
        (visit("WebEvent", r#","webEvent":{"page":{"hostname":7,"pathname":"\ud800"}}"#), unreadable(None)),
        (
            visit("WebEvent", r#","webEvent":{"page":{"hostname":"h","pathname":7,"url":"https://h/p"}}"#),
            unreadable(Some("h")),
        ),
        (visit("WebEvent", r#","webEvent":{"page":{"hostname":"h","url":"https://h/\ud800"}}"#), unreadable(Some("h"))),
        (visit("WebEvent", r#","webEvent":{"page":{"url":"shop.example/p"}}"#), page(Some("shop.example"), Some("/p"))),
        (visit("WebEvent", r#","webEvent":{"page":{"url":"https:\\\\h\\p"}}"#), page(Some("h"), Some("\\p"))),
        (visit("WebEvent", r#","webEvent":{"page":{"pathname":"\/p\u003fq"}}"#), page(None, Some("/p"))),
        (visit("WebEvent", r#","webEvent":[]"#), page(None, None)),
        (
            visit("WebEvent", r#","webEvent":{"page":{"hostname":"h","pathname":"/p","url":"https://i/q"}}"#),
            page(Some("h"), Some("/p")),
        ),
        (
            visit("WebEvent", r#","webEvent":{"page":{"hostname":"h","url":"https:\/\/me@i:80/q/r?s=/t#/u"}}"#),
            page(Some("h"), Some("/q/r")),
        ),
        (
            visit("WebEvent", r#","webEvent":{"page":{"pathname":"","hostname":7,"url":"https://me@i:80?q=://"}}"#),
            page(Some("i:80"), Some("/")),
        ),
        (visit("WebEvent", r#","webEvent":{"page":{"url":"/q?to=https://i/r"}}"#), page(None, Some("/q"))),
        (visit("WebEvent", r#","webEvent":{"page":{"url":"//i/q"}}"#), page(Some("i"), Some("/q"))),
        (visit("WebEvent", r#","webEvent":{"page":{"url":"about:blank"}}"#), page(None, None)),
        (visit("WebEvent", r#","webEvent":{"page":{"url":["https://i/q"]}}"#), unreadable(None)),
        (visit("AppEvent", ""), What::App { session: "s".into(), signals: Signals::default() }),
        (
            visit("SegmentAssignmentEvent", r#","segmentAssignmentEvent":{"segment":{"id":"g"}}"#),
            What::Segment { session: "s".into(), segment: Some("g".into()) },
        ),
    ];
    for (record, expected) in table {
        assert_eq!(admitted(&record).1, expected, "{record}");
    }
}

#[test]
fn attributes_are_read_only_where_a_policy_asks_and_what_is_unclear_says_so() {
    let asking = Rules { signals: Some(SignalNames { consent: "ok".into(), privacy_control: "gpc".into() }), ..ours() };
    let said = |text: &'static str| Signal::Said(text.into());
    for (attributes, consent, privacy_control) in [
        (r#"{"ok":{"value":"yes","dataType":"STRING"},"email":{"value":"x"}}"#, said("yes"), Signal::Nothing),
        (r#"{"ok":"yes","gpc":{"value":"true"}}"#, said("yes"), said("true")),
        (r#"{"\u006fk":{"value":"y\u0065s"}}"#, said("yes"), Signal::Nothing),
        (r#"{"ok":{"value":true}}"#, Signal::Unclear, Signal::Nothing),
        (r#"{"ok":{"value":"yes"},"ok":{"value":"no"}}"#, Signal::Unclear, Signal::Nothing),
        (r#"{"ok":{"value":null}}"#, Signal::Nothing, Signal::Nothing),
        (r#"{"value":"yes"}"#, Signal::Nothing, Signal::Nothing),
        ("7", Signal::Nothing, Signal::Nothing),
    ] {
        for part in ["webEvent", "appEvent"] {
            let kind = if part == "webEvent" { "WebEvent" } else { "AppEvent" };
            let record = format!(
                r#"{{"createdDate":"{CREATED}","session":{{"id":"s"}},"eventType":"{kind}","{part}":{{"attributes":{attributes}}}}}"#
            );
            let heard = |rules: &Rules| match reading(record.as_bytes(), rules) {
                Reading::Admitted(Event { what: What::Page { signals, .. } | What::App { signals, .. }, .. }) => {
                    Some(signals)
                }
                Reading::Admitted(_)
                | Reading::NotRelevant
                | Reading::SetAside(_)
                | Reading::Untimely(..)
                | Reading::Blank => None,
            };
            let expected = Signals { consent: consent.clone(), privacy_control: privacy_control.clone() };
            assert_eq!(heard(&asking), Some(expected), "{record}");
            assert_eq!(heard(&ours()), Some(Signals::default()), "{record}");
        }
    }
}

#[test]
fn a_conversation_says_the_steps_that_count() {
    let queue = Some(Cow::Borrowed("q"));
    let started = |action: Option<&'static str>, map: Option<&'static str>| ConversationStep::Started {
        action: action.map(Cow::from),
        map: map.map(Cow::from),
        session: None,
    };
    let table = [
        ("customer.start", r#","journeyContext":{"actionId":"a","actionMapId":""}"#, started(Some("a"), None)),
        ("customer.start", r#","journeyContext":{"actionMapId":"m"},"queueId":7"#, started(None, Some("m"))),
        (
            "customer.start",
            r#","journeyContext":{"actionMapId":"m","sessionId":"s"}"#,
            ConversationStep::Started { action: None, map: Some("m".into()), session: Some("s".into()) },
        ),
        (
            "acd.start",
            r#","queueId":"q","mediaType":"MESSAGE","requestedRoutingSkillIds":["x","y"],"requestedLanguageId":null"#,
            ConversationStep::Queued {
                queue: queue.clone(),
                media_type: Some("MESSAGE".into()),
                language: None,
                skills: vec!["x".into(), "y".into()],
            },
        ),
        (
            "acd.end",
            r#","queueId":"q","acdOutcome":"ABANDON""#,
            ConversationStep::LeftQueue { queue: queue.clone(), outcome: QueueOutcome::Abandoned },
        ),
        ("acd.end", "", ConversationStep::LeftQueue { queue: None, outcome: QueueOutcome::Other }),
        (
            "user.end",
            r#","queueId":"q","interactingDurationMs":300,"heldDurationMs":25"#,
            ConversationStep::AgentLeft { queue: queue.clone(), handled: Span::from_millis(325) },
        ),
        ("acw", r#","queueId":"q""#, ConversationStep::WrappedUp { queue: queue.clone(), wrapup: Span::ZERO }),
    ];
    for (name, fields, step) in table {
        assert_eq!(admitted(&talk(name, fields)).1, What::Conversation { id: "c".into(), step }, "{name}");
    }
}

#[test]
fn what_feeds_nothing_is_not_relevant_whenever_it_happened_and_whoever_it_is_of() {
    let typed = |kind: &str| format!(r#"{{"createdDate":"never","eventType":"{kind}"}}"#);
    let table = [
        typed("OutcomeAchievedEvent"),
        typed("OutcomeAttributionEvent"),
        typed("WebEvent"),
        r#"{"createdDate":7,"eventType":"AppEvent","session":{"id":""}}"#.to_owned(),
        notified("v2.externalcontacts.contacts.c.journey.sessions", "{}"),
        notified("channel.metadata", r#""pong""#),
        notified("v2.system.socket_closing", "null"),
        talk("flow.start", ""),
        talk("customer.start", ""),
        talk("customer.start", r#","journeyContext":{"sessionId":"s"}"#),
        bridged("aws.partner/genesys.com/cloud/nobody/x", "\"never\"", "t", &typed("OutcomeAttributionEvent")),
    ];
    for record in table {
        assert_eq!(told(&record), "not_relevant", "{record}");
    }
}

#[test]
fn bytes_that_are_no_record_of_json_are_set_aside_as_what_they_are() {
    let deep = |levels: usize| {
        plain_step().replace("\"id\":\"e\"", &format!("\"x\":{}{}", "[".repeat(levels), "]".repeat(levels)))
    };
    let table = [
        (Vec::new(), "blank"),
        (b"\xef\xbb\xbf \t \r".to_vec(), "blank"),
        (vec![b' '; LARGEST_RECORD + 1], "too_large at $"),
        (b"{\"x\":\"\xff\"}".to_vec(), "not_utf8 at $"),
        (b"{\"x\":\"\x01\"}".to_vec(), "not_json at $"),
        (b"{\"x\":01}".to_vec(), "not_json at $"),
        (b"{\"x\":NaN}".to_vec(), "not_json at $"),
        (format!("{},", plain_step()).into_bytes(), "not_json at $"),
        (deep(127).into_bytes(), "admitted"),
        (deep(128).into_bytes(), "too_deep at $"),
        (b"[]".to_vec(), "unknown_shape at $"),
        (b"{\"a\":\"{}\"}".to_vec(), "unknown_shape at $"),
        (b"{\"data\":\"bm90IGpzb24=\"}".to_vec(), "unknown_shape at $"),
    ];
    for (record, expected) in table {
        assert_eq!(told(&record), expected, "{}", String::from_utf8_lossy(record.get(..40).unwrap_or(&record)));
    }
}

#[test]
fn a_needed_field_that_is_absent_or_of_another_type_is_told_by_its_path() {
    let body = plain_step();
    let table = [
        (body.replace("\"WebActionEvent\"", "\"TomorrowEvent\""), "unknown_shape at $.eventType"),
        (r#"{"conversationId":"c","eventTime":1}"#.to_owned(), "unknown_shape at $.eventType"),
        (body.replace("\"WebActionEvent\"", "null"), "missing_field at $.eventType"),
        (body.replace(&format!("\"{CREATED}\""), "null"), "missing_field at $.createdDate"),
        (body.replace(r#""id":"a""#, r#""id":"""#), "missing_field at $.webActionEvent.action.id"),
        (step("null", "null"), "missing_field at $.webActionEvent.action"),
        (notified("t", "null"), "missing_field at $.eventBody"),
        (bridged(SOURCE, "null", "t", "[]"), "wrong_type at $.detail.eventBody"),
        (body.replace("\"accepted\"", "7"), "wrong_type at $.webActionEvent.action.state"),
        (body.replace("\"accepted\"", r#""\ud800""#), "wrong_type at $.webActionEvent.action.state"),
        (body.replace("\"version\":7", "\"version\":\"7\""), "wrong_type at $.webActionEvent.actionMap.version"),
        (body.replace("\"version\":7", "\"version\":2147483648"), "wrong_type at $.webActionEvent.actionMap.version"),
        (body.replace(r#"{"id":"s","type":"web"}"#, "[]"), "wrong_type at $.session"),
        (body.replace(&format!("\"{CREATED}\""), "true"), "wrong_type at $.createdDate"),
        (
            talk("acd.start", r#","requestedRoutingSkillIds":["x",7]"#),
            "wrong_type at $.eventBody.requestedRoutingSkillIds",
        ),
        (talk("acw", "").replace("conversationId", "id"), "missing_field at $.eventBody.conversationId"),
        (talk("user.end", r#","heldDurationMs":-1"#), "wrong_type at $.eventBody.heldDurationMs"),
        (
            body.replace(r#"{"id":"a","#, r#"{"id":{},"#).replace(CREATED, "never"),
            "wrong_type at $.webActionEvent.action.id",
        ),
    ];
    for (record, expected) in table {
        assert_eq!(told(&record), expected, "{record}");
    }
}

#[test]
fn a_needed_key_twice_is_a_duplicate_and_any_other_is_not() {
    let body = plain_step();
    let outcome = r#"{"eventType":"OutcomeAchievedEvent","eventType":"OutcomeAchievedEvent"}"#;
    let twice = |text: &str| format!("{text},{text}");
    let table = [
        (
            body.replace(r#""state":"accepted""#, &twice(r#""state":"accepted""#)),
            "duplicate_key at $.webActionEvent.action.state",
        ),
        (body.replace(r#""id":"a""#, r#""id":"a","\u0069d":"b""#), "duplicate_key at $.webActionEvent.action.id"),
        (notified("channel.metadata", &format!("1,{}", r#""eventBody":2"#)), "duplicate_key at $.eventBody"),
        (outcome.to_owned(), "duplicate_key at $.eventType"),
        (talk("customer.start", r#","queueId":"q","queueId":"q""#), "duplicate_key at $.eventBody.queueId"),
        (r#"{"Message":"","Message":"{\"eventBody\":{}}"}"#.to_owned(), "duplicate_key at $"),
        (body.replace(r#""id":"a""#, r#""id":7,"id":{}"#), "duplicate_key at $.webActionEvent.action.id"),
        (body.replace(r#""session":"#, r#""session":[],"session":"#), "duplicate_key at $.session"),
        (step(r#"{"id":"a"},"action":{}"#, "null"), "duplicate_key at $.webActionEvent.action"),
        (body.replace("\"session\":", "\"createdDate\":null,\"session\":"), "duplicate_key at $.createdDate"),
        (body.replace(r#""id":"e""#, &twice(r#""id":"e""#)), "admitted"),
        (body.replace(r#""id":"e""#, r#""\ud800":"\udfff","x":1e400,"y":-0"#), "admitted"),
    ];
    for (record, expected) in table {
        assert_eq!(told(&record), expected, "{record}");
    }
}

#[test]
fn a_time_must_be_readable_and_lie_between_the_two_windows() {
    let at = |time: &str, created: &str| {
        bridged(SOURCE, time, "t", &plain_step().replace(&format!("\"{CREATED}\""), created))
    };
    let table = [
        (at("null", "\"2026-13-45T99:99:99Z\""), "bad_time at $.detail.eventBody.createdDate"),
        (at("null", "1e300"), "bad_time at $.detail.eventBody.createdDate"),
        (at("null", "1000000000000000000000000000000"), "bad_time at $.detail.eventBody.createdDate"),
        (at("null", "0"), "bad_time at $.detail.eventBody.createdDate"),
        (at("\"soon\"", "1793610000000"), "bad_time at $.time"),
        (at("1793610000000", "1793610600000"), "admitted"),
        (at("1793610000000", "1793610600001"), "from_the_future at $.detail.eventBody.createdDate"),
        (at("1793610000000", "1793005200000"), "admitted"),
        (at("1793610000000", "1793005199999"), "beyond_horizon at $.detail.eventBody.createdDate"),
    ];
    for (record, expected) in table {
        assert_eq!(told(&record), expected, "{record}");
    }
}

#[test]
fn a_record_belongs_to_the_organization_that_source_and_settings_agree_on() {
    let of = |organization: &str| {
        bridged(&format!("aws.partner/genesys.com.test/cloud/{organization}/bus"), "null", "t", &plain_step())
    };
    let table = [
        (of("org-a"), Some("org-a"), Ok(0)),
        (of("org-b"), None, Ok(1)),
        (of("org-b"), Some("org-a"), Err("unknown_organization at $.source")),
        (of("ORG-A"), None, Err("unknown_organization at $.source")),
        (plain_step(), Some("org-b"), Ok(1)),
        (plain_step(), Some("org-c"), Err("unknown_organization at $.source")),
        (plain_step(), None, Err("unknown_organization at $.source")),
        (bridged("my.own.bus", "null", "t", &plain_step()), Some("org-b"), Ok(1)),
    ];
    for (record, default, expected) in table {
        let rules = rules(&["org-a", "org-b"], default);
        match (reading(record.as_bytes(), &rules), expected) {
            (Reading::Admitted(event), Ok(index)) => {
                assert_eq!(event.organization, OrganizationIndex(index), "{record}")
            }
            (_, expected) => assert_eq!(Err(told_by(&record, &rules).as_str()), expected.map(|_| ()), "{record}"),
        }
    }
}

#[test]
fn every_record_of_a_troubled_site_ends_as_it_was_made_to() {
    let rules = rules(&[ORGANIZATION], None);
    let plan = SitePlan { seed: 11, days: 1.0, pathologies: Pathologies::ALL, ..SitePlan::default() };
    for sent in Site::new(plan).take(20_000) {
        let ended = match reading(&sent.line, &rules) {
            Reading::Admitted(_) => ["admitted", ""],
            Reading::NotRelevant => ["not_relevant", ""],
            Reading::SetAside(aside) | Reading::Untimely(_, aside) => ["set_aside", aside.class.name()],
            Reading::Blank => ["blank", ""],
        };
        let Sent { line, fate, .. } = sent;
        assert_eq!(ended, Fate::texts(fate), "{}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn the_classes_are_named_in_the_order_in_which_they_are_checked() {
    let names = Class::ALL.map(Class::name).join(" ");
    let order = "empty not_utf8 not_json too_large too_deep unknown_shape missing_field wrong_type duplicate_key bad_time from_the_future beyond_horizon unknown_organization";
    assert_eq!(names, order);
    assert!(Class::ALL.is_sorted());
}
