//! Retention as rows: every store has one, what is stated fits it, and what is kept for too long is told with what to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use journeycast::engine::{Span, WallTime};
use journeycast::io::kafka::topics::wanted;
use journeycast::settings::retention::{Period, Seen, Store, TopicSeen, Verdict, of_age, of_topic};
use journeycast::settings::{Policy, Settings};

use crate::installation::{Installation, said};
use crate::policy::{CONFIGURATION, SOUND, web};

const STATED: &str = r#"
[[retention]]
store = "adjustments"
period = "300d"
basis = "forecasts of a year are compared"
citation = "records schedule 4.2"
owner = "records-manager"
review_by = "2027-01-31"

[[retention]]
store = "input"
period = "20d"
basis = "ask counsel"
owner = "platform"
"#;

fn settings(stated: &str) -> Settings {
    let mut settings = Settings::parse(CONFIGURATION, "journeycast.toml", std::iter::empty()).expect("it is sound");
    let policy = Policy::parse(&format!("{SOUND}{stated}"), "policy.toml").unwrap_or_else(|error| panic!("{error}"));
    settings.policy = Some(Arc::new(policy));
    settings
}

fn days(n: i64) -> Span {
    Span::from_days(n)
}

#[test]
fn every_topic_of_ours_has_a_row_that_promises_what_the_topic_is_made_with() {
    let settings = settings("");
    for topic in wanted(&settings) {
        let store = Store::ALL.into_iter().find(|store| store.topics().contains(&topic.name));
        let store = store.unwrap_or_else(|| panic!("{} has no row: add it to settings/retention/store.rs", topic.name));
        let made_with = topic.settings.iter().find(|(key, _)| *key == "retention.ms").map(|(_, value)| value.clone());
        let promised = match store.period(&settings) {
            // What is due there is told there before it is deleted, which no broker does.
            Period::For(_) if store == Store::Audit => Some("-1".to_owned()),
            Period::For(span) if store != Store::Keys => Some(span.millis().to_string()),
            Period::For(_) | Period::UntilReplaced | Period::NotOurs => None,
        };
        assert_eq!(made_with, promised, "{}", topic.name);
    }
}

#[test]
fn the_names_of_stores_are_one_each_and_in_their_order() {
    let names = Store::ALL.map(Store::name);
    assert_eq!(names, Store::NAMES);
    assert_eq!(BTreeSet::from(names).len(), names.len());
}

#[test]
fn a_policy_that_states_nothing_of_retention_is_the_policy_that_it_was() {
    let bare = Policy::parse(SOUND, "policy.toml").unwrap();
    assert_eq!(bare.version(), "ec712d0fa10a0c58");
    let stated = Policy::parse(&format!("{SOUND}{STATED}"), "policy.toml").unwrap();
    assert_ne!(stated.version(), bare.version());
    let other_way =
        STATED.replace("300d", "7200h").replace("store = \"input\"\nperiod", "# theirs\nstore = \"input\"\nperiod");
    assert_eq!(Policy::parse(&format!("{SOUND}{other_way}"), "policy.toml").unwrap().version(), stated.version());
}

#[test]
fn a_signature_from_before_there_were_rows_still_holds_and_a_row_ends_it() {
    let signed = format!(
        "{SOUND}\n[sign_off]\nreviewed_by = \"counsel \\\"1\\\"\"\napproved_on = \"2026-11-01\"\nreview_by = \"2026-12-31\"\n\
         hash = \"0c1050c3c1403764a78aa29248e5a0626b384495b0d2876abd51084266b0bbb2\"\n"
    );
    let refused = |text: &str| {
        let policy = Policy::parse(text, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
        policy.refusal("2026-11-24".parse().expect("a day")).map(|why| why.to_string())
    };
    assert_eq!(refused(&signed), None);
    assert!(refused(&format!("{signed}{STATED}")).is_some_and(|why| why.contains("was changed since it was signed")));
}

#[test]
fn what_is_in_force_for_longer_than_stated_is_told_by_the_line_that_states_it() {
    let complaint = settings(STATED).kept_too_long().expect("400 days are more than 300").to_string();
    assert_eq!(
        complaint,
        "policy.toml:18:10: retention.period: adjustments are kept for 400d by [retention] adjustments, longer than the \
         300d stated here; shorten that, or have this line reviewed"
    );
    assert_eq!(settings(&STATED.replace("300d", "400d")).kept_too_long(), None);
}

#[test]
fn every_store_is_told_in_one_sentence_with_its_basis_or_the_advice_to_ask_for_one() {
    let settings = settings(STATED);
    let told: Vec<String> = settings.retention_rows().iter().map(|row| row.sentence()).collect();
    assert_eq!(told.len(), Store::ALL.len());
    for (store, sentence) in Store::ALL.into_iter().zip(&told) {
        let name = format!("{} holds ", store.name());
        assert!(sentence.starts_with(&name) && sentence.ends_with('.') && !sentence.contains(". "), "{sentence}");
        let is_stated = matches!(store, Store::Adjustments | Store::Input);
        assert_eq!(sentence.contains("the basis is not stated: ask counsel"), !is_stated, "{sentence}");
    }
    assert_eq!(
        told[2],
        "visits holds which kinds of pages and segments a visit had, about visitors under keyed hashes, which is personal \
         data all the same; it is kept for 2 hours from when it was appended and then deleted (rows deleted and \
         overwritten in the file; the journal is emptied); the basis is not stated: ask counsel."
    );
    let stated = "records-manager answers for it and states as its basis for 300 days at most: forecasts of a year are \
                  compared (records schedule 4.2).";
    assert!(told[3].ends_with(stated), "{}", told[3]);
}

#[test]
fn a_record_may_be_as_old_as_its_row_and_the_rhythm_of_deleting_allow_and_not_a_millisecond_older() {
    let settings = settings(STATED);
    let rows = settings.retention_rows();
    let now = WallTime::from_millis(1_795_424_400_000);
    let rhythm = Span::from_minutes(10);
    for (store, longest) in [
        (Store::Facts, days(12)),
        (Store::Visits, Span::from_minutes(120)),
        (Store::Adjustments, days(300)),
        (Store::Revisions, days(400)),
        (Store::SetAside, days(30)),
    ] {
        let row = rows.iter().find(|row| row.store == store).expect("every store has a row");
        for (more, verdict) in [(0, Verdict::Within), (1, Verdict::Exceeds)] {
            let oldest = Some(now.before(longest.and(rhythm)).before(Span::from_millis(more)));
            let judged = of_age(row, "place", Seen { oldest, newest: oldest, rhythm }, now, "do something");
            assert_eq!(judged.verdict, verdict, "{judged:?}");
            assert_eq!(judged.advice.is_empty(), verdict == Verdict::Within);
        }
        assert_eq!(of_age(row, "place", Seen { oldest: None, newest: None, rhythm }, now, "").verdict, Verdict::Within);
    }
}

/// What is said of a topic of a store that is set like this.
fn judged(store: Store, stated: &str, set: &[(&str, &str)]) -> Vec<(Verdict, String, String)> {
    let settings = settings(stated);
    let rows = settings.retention_rows();
    let row = rows.iter().find(|row| row.store == store).expect("every store has a row");
    let wanted = wanted(&settings).into_iter().find(|topic| store.topics().contains(&topic.name));
    let promised = wanted.map(|topic| topic.settings).unwrap_or_default();
    let set = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let topic = TopicSeen { settings: set, ..TopicSeen::default() };
    let all = of_topic(row, "topic", &promised, &topic).into_iter();
    all.map(|judged| (judged.verdict, judged.found, judged.advice)).collect()
}

#[test]
fn a_topic_that_keeps_longer_than_its_row_is_told_with_the_setting_to_change() {
    let sound = [
        ("cleanup.policy", "delete"),
        ("retention.ms", "7200000"),
        ("message.timestamp.type", "LogAppendTime"),
        ("segment.ms", "900000"),
    ];
    let changed = |key: &str, value: &'static str| {
        let mut set = sound;
        set.iter_mut().filter(|(name, _)| *name == key).for_each(|(_, old)| *old = value);
        judged(Store::Visits, "", &set)
            .into_iter()
            .filter(|(verdict, ..)| *verdict != Verdict::Within)
            .collect::<Vec<_>>()
    };
    assert_eq!(changed("segment.ms", "60000"), []);
    for (key, value, verdict, advice) in [
        ("retention.ms", "7200001", Verdict::Exceeds, "set retention.ms=7200000"),
        ("retention.ms", "-1", Verdict::Exceeds, "set retention.ms=7200000"),
        ("retention.ms", "3600000", Verdict::Look, "set retention.ms=7200000"),
        ("cleanup.policy", "compact", Verdict::Exceeds, "set cleanup.policy=compact,delete"),
        ("message.timestamp.type", "CreateTime", Verdict::Exceeds, "set message.timestamp.type=LogAppendTime"),
        ("segment.ms", "604800000", Verdict::Exceeds, "set segment.ms=900000"),
    ] {
        let told = changed(key, value);
        assert_eq!(told.len(), 1, "{key} {value}: {told:?}");
        assert_eq!(told[0].0, verdict, "{told:?}");
        assert!(told[0].2.starts_with(advice), "{told:?}");
    }
    let keys = [("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime"), ("segment.ms", "86400000")];
    let lazy = judged(Store::Keys, "", &[&keys[..], &[("max.compaction.lag.ms", "9223372036854775807")]].concat());
    assert!(
        lazy.iter().any(|(verdict, found, _)| *verdict == Verdict::Exceeds && found.contains("stays readable")),
        "{lazy:?}"
    );
}

#[test]
fn a_topic_whose_owner_deletes_what_is_due_may_keep_for_ever_by_time() {
    let settings = settings("");
    let rows = settings.retention_rows();
    let row = rows.iter().find(|row| row.store == Store::Audit).expect("every store has a row");
    let set =
        [("cleanup.policy", "delete"), ("retention.ms", "-1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let topic = TopicSeen { settings: set.into(), ..TopicSeen::default() };
    for (promised, verdict) in [("-1", Verdict::Within), ("34560000000", Verdict::Exceeds)] {
        let judged = of_topic(row, "topic", &[("retention.ms", promised.to_owned())], &topic);
        assert_eq!(judged.iter().map(|judged| judged.verdict).collect::<Vec<_>>(), [verdict]);
    }
}

#[test]
fn the_customers_own_topics_are_named_as_theirs_and_only_what_he_stated_himself_is_held_against_them() {
    let month = [("cleanup.policy", "delete"), ("retention.ms", "2592000000")];
    let week = [("cleanup.policy", "delete"), ("retention.ms", "604800000")];
    let forever = [("cleanup.policy", "compact"), ("retention.ms", "604800000")];
    for (stated, set, verdict) in [
        ("", week, Verdict::Within),
        ("", month, Verdict::Look),
        ("", forever, Verdict::Look),
        (STATED, week, Verdict::Within),
        (STATED, month, Verdict::Exceeds),
        (STATED, forever, Verdict::Exceeds),
    ] {
        let told = judged(Store::Input, stated, &set);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, verdict, "{told:?}");
        assert!(told[0].1.starts_with("yours: "), "{told:?}");
    }
}

const CHECK: [&str; 6] = ["retention", "check", "--config", "journeycast.toml", "--format", "json"];

/// An installation on one machine with a stated row or two.
fn shop(stated: &str) -> Installation {
    let shop = Installation::of(&format!("[log]\npath = \"./data\"\n{CONFIGURATION}"));
    shop.put("policy.toml", format!("{SOUND}{stated}").as_bytes());
    shop
}

/// What exceeds its row: store, place and advice; and how the command ended.
fn exceeding(shop: &Installation) -> (Option<i32>, Vec<(String, String, String)>) {
    let output = shop.perform(&CHECK);
    let rows: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("it is text").to_owned();
    let rows = rows.as_array().expect("it is a list").iter().filter(|row| row["verdict"] == "exceeds");
    (output.status.code(), rows.map(|row| (text(row, "store"), text(row, "where"), text(row, "advice"))).collect())
}

#[test]
fn a_folder_that_keeps_to_its_rows_is_within_and_what_does_not_is_named_with_what_to_do() {
    let shop = shop("");
    std::fs::create_dir(shop.path("data")).unwrap();
    let refused = shop.perform(&CHECK);
    assert_eq!(refused.status.code(), Some(2), "nothing is there yet: {}", said(&refused));
    assert!(said(&refused).contains("see that [log] path is right"), "{}", said(&refused));
    assert!(shop.bytes_below("data").is_empty(), "whoever looks makes nothing");
    shop.put("events.ndjson", format!("{}\n", web("s-1", "/", serde_json::json!({}))).as_bytes());
    shop.printed(&["ingest", "--config", "journeycast.toml", "events.ndjson"]);
    assert_eq!(exceeding(&shop), (Some(0), vec![]), "nothing is due yet");

    let database = rusqlite::Connection::open(shop.path("data/journeycast.db")).unwrap();
    let older = |table: &str, column: &str, millis: i64| {
        database.execute(&format!("UPDATE {table} SET {column} = {column} - {millis}"), []).unwrap()
    };
    assert!(older("visits", "appended_at", 3 * 3_600_000) > 0);
    let (code, found) = exceeding(&shop);
    assert_eq!((code, found.len()), (Some(1), 1), "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("visits", "visits"));
    assert!(found[0].2.contains("not counted yet"), "{found:?}");
    shop.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    shop.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(exceeding(&shop), (Some(0), vec![]), "what was counted is swept");

    assert!(older("audit", "at", -86_400_000) > 0);
    let (code, found) = exceeding(&shop);
    assert_eq!((code, found.len()), (Some(1), 1), "{found:?}");
    assert!(found[0].0 == "audit" && found[0].2.starts_with("set the clock"), "{found:?}");
    older("audit", "at", 86_400_000);
    assert_eq!(exceeding(&shop), (Some(0), vec![]));

    shop.printed(&["hold", "add", "--config", "journeycast.toml", "--matter", "m", "--by", "c", "--topic", "audit"]);
    older("audit", "at", 500 * 86_400_000);
    let listed = shop.printed(&CHECK);
    assert!(listed.contains("on hold for m, whole or in part: what else of it is past its time does not"), "{listed}");
    older("audit", "at", -500 * 86_400_000);

    assert!(database.execute("UPDATE keys SET epoch = epoch - 10, created_at = 0", []).unwrap() > 0);
    std::fs::set_permissions(shop.path("data/master.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    let (code, found) = exceeding(&shop);
    let stores: Vec<&str> = found.iter().map(|(store, ..)| store.as_str()).collect();
    assert_eq!((code, stores), (Some(1), vec!["keys", "master-key"]), "{found:?}");
    assert!(found[1].2.starts_with("chmod go-rwx "), "{found:?}");
}

#[test]
fn what_is_stated_shorter_than_what_is_in_force_is_a_finding_of_both_checks() {
    let shop = shop(&STATED.replace("2027-01-31", "2026-01-31"));
    shop.put("events.ndjson", b"");
    shop.printed(&["ingest", "--config", "journeycast.toml", "events.ndjson"]);
    let (code, found) = exceeding(&shop);
    let places: Vec<&str> = found.iter().map(|(_, place, _)| place.as_str()).collect();
    assert_eq!((code, places), (Some(1), vec!["policy", "configuration"]), "{found:?}");
    let refused = shop.perform(&["policy", "check", "--config", "journeycast.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said(&refused).contains("policy.toml:18:10: retention.period: adjustments are kept for 400d"),
        "{}",
        said(&refused)
    );
    let configuration = format!("[log]\npath = \"./data\"\n[retention]\nadjustments = \"300d\"\n{CONFIGURATION}");
    shop.put("journeycast.toml", configuration.as_bytes());
    let right = shop.printed(&["policy", "check", "--config", "journeycast.toml"]);
    assert!(right.contains("the retention of adjustments was due for review on 2026-01-31"), "{right}");
}

#[test]
fn a_cluster_that_does_not_answer_cannot_be_looked_at() {
    let kafka =
        "[log]\nkind = \"kafka\"\n[log.kafka]\nbootstrap_servers = \"127.0.0.1:9\"\n[keys]\nkey_file = \"./k\"\n";
    let shop =
        Installation::of(&format!("{kafka}{}", CONFIGURATION.replace("[policy]\nfile = \"./policy.toml\"\n", "")));
    let output = shop.perform(&CHECK);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("127.0.0.1:9"), "{}", said(&output));
}

#[test]
fn programs_list_every_store_and_people_are_told_one_sentence_each() {
    let shop = shop(STATED);
    let listed = |format| shop.printed(&["retention", "list", "--config", "journeycast.toml", "--format", format]);
    assert_eq!(listed("csv").lines().count(), Store::ALL.len() + 1);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&listed("json")).unwrap();
    assert_eq!(rows.len(), Store::ALL.len());
    assert_eq!((&rows[3]["owner"], &rows[4]["basis"]), (&"records-manager".into(), &"ask counsel".into()));
    let told = shop.printed(&["retention", "explain", "--config", "journeycast.toml"]);
    assert_eq!(told.lines().count(), Store::ALL.len());
}

#[test]
fn the_schema_of_a_policy_describes_every_key_of_a_row_and_knows_the_stores() {
    let schema: serde_json::Value = serde_json::from_str(&Policy::schema()).unwrap();
    let row = &schema["properties"]["retention"]["items"];
    let keys = row["properties"].as_object().unwrap();
    assert_eq!(keys.len(), 6);
    assert!(keys.values().all(|key| key["description"].as_str().is_some_and(|text| text.ends_with('.'))), "{keys:?}");
    assert_eq!(row["properties"]["store"]["enum"], serde_json::json!(Store::NAMES));
    assert_eq!(row["required"], serde_json::json!(["store", "basis", "owner"]));
}
