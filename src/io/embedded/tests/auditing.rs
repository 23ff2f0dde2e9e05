//! Nothing happens unrecorded, nobody forks the chain, and what is on hold stays until it is released.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::*;
use crate::audit::{Entry, Event, Hold, Hold as Held, Verified, verify};
use crate::engine::fact::{About, ConversationFact, OrganizationIndex};
use crate::engine::names::Epoch;
use crate::engine::{BaselineInterval, Fact, Labels, Name, Names};
use crate::io::embedded::OnHold;
use crate::settings::retention::Store;
use crate::wire::facts::encode;

fn verified(log: &Embedded) -> Verified {
    verify(&log.audit().unwrap(), &log.signer().public_key(), None).unwrap()
}

fn recorded(log: &Embedded) -> Vec<Event> {
    log.audit().unwrap().iter().map(|kept| kept.read().unwrap().event).collect()
}

fn names(log: &Embedded) -> Vec<&'static str> {
    recorded(log).iter().map(Event::name).collect()
}

fn tell(log: &mut Embedded, at: WallTime, event: Event) {
    log.record(at, |_: &[Entry]| Ok::<_, Infallible>(vec![event])).unwrap().unwrap();
}

fn hold(matter: &str, stores: &[Store], groups: &[&str], from: Option<i64>) -> Held {
    Hold {
        matter: matter.to_owned(),
        by: "counsel-1".to_owned(),
        stores: stores.iter().copied().collect(),
        planning_groups: groups.iter().map(|group| (*group).to_owned()).collect::<BTreeSet<_>>(),
        from: from.map(EventTime::from_seconds),
        until: None,
    }
}

fn release(matter: &str) -> Event {
    Event::HoldReleased { matter: matter.to_owned(), by: "counsel-1".to_owned() }
}

#[test]
fn keys_are_made_and_destroyed_on_the_record_and_once() {
    let folder = folder();
    let mut log = open(&folder);
    for _ in 0..2 {
        log.epoch_keys(Epoch::numbered(2_968), NOW).unwrap();
    }
    log.sweep(NOW, &KEEP).unwrap();
    let due = WallTime::from_millis(Epoch::numbered(2_968).end().millis()).after(KEEP.facts);
    for _ in 0..2 {
        log.sweep(due, &KEEP).unwrap();
    }
    assert_eq!(recorded(&log), [Event::KeysMade { epoch: 2_968 }, Event::KeysDestroyed { epochs: vec![2_968] }]);
    assert_eq!(verified(&log).entries, 2);
}

#[test]
fn where_the_audit_finds_no_space_no_key_is_made_and_none_destroyed() {
    let folder = folder();
    let mut log = open(&folder);
    log.epoch_keys(Epoch::numbered(2_000), NOW).unwrap();
    let pages: i64 = log.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    log.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let error = (2_001..2_200).find_map(|number| log.epoch_keys(Epoch::numbered(number), NOW).err()).unwrap();
    assert!(matches!(error, EmbeddedError::Full { .. }), "{error}");
    let made = names(&log).len();
    let kept: i64 = log.connection.query_row("SELECT count(DISTINCT epoch) FROM keys", [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(kept).unwrap(), made, "every key that is there is on the record");
    let what = "x".repeat(100_000);
    let refused = log.record(NOW, |_| Ok::<_, Infallible>(vec![Event::Overridden { what }])).unwrap_err();
    assert!(matches!(refused, EmbeddedError::Full { .. }), "{refused}");
    assert_eq!(verified(&log).entries, made);
}

#[test]
fn processes_that_record_at_once_never_fork_the_chain() {
    let folder = folder();
    drop(open(&folder));
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let mut log = open(&folder);
            scope.spawn(move || {
                for n in 0..15 {
                    tell(&mut log, NOW, Event::KeysMade { epoch: writer * 100 + n });
                }
            });
        }
    });
    assert_eq!(verified(&open(&folder)).entries, 60);
}

#[test]
fn a_folder_of_the_first_version_is_brought_forward_and_keeps_all_it_has() {
    let folder = folder();
    let mut log = open(&folder);
    log.append(NOW, &facts(b"of then")).unwrap();
    log.connection.execute_batch("DROP TABLE audit; PRAGMA user_version = 1").unwrap();
    drop(log);
    let mut log = open(&folder);
    assert_eq!(bodies(&log, Stream::Facts), ["of then"]);
    tell(&mut log, NOW, Event::KeysMade { epoch: 1 });
    drop(log);
    assert_eq!(verified(&open(&folder)).entries, 1);
}

#[test]
fn with_another_key_the_audit_does_not_go_on_and_says_so() {
    let folder = folder();
    let mut log = open(&folder);
    tell(&mut log, NOW, Event::KeysMade { epoch: 1 });
    let file = folder.path().join("audit.key");
    fs::write(&file, "0f".repeat(32)).unwrap();
    let mut other = open(&folder).signing_with(Some(&file)).unwrap();
    let error = other.epoch_keys(Epoch::numbered(5), NOW).unwrap_err();
    assert!(error.to_string().contains("cannot go on: the head of entry 1 was not signed with this key"), "{error}");
    assert_eq!(log.epochs().unwrap(), []);
    fs::write(&file, "0f").unwrap();
    let error = open(&folder).signing_with(Some(&file)).unwrap_err();
    assert!(error.to_string().contains("audit_key_file must name a file with 64 hex digits"), "{error}");
}

fn keyed(group: &str, quarter: i64) -> SaidRow {
    let start = EventTime::from_seconds(1_795_424_400 + 900 * quarter);
    SaidRow { key: crate::wire::interval_key(["org-1", "bu-1", group], start, 900), ..row(group, quarter, 1) }
}

#[test]
fn rows_and_revisions_in_scope_outlive_their_day_until_the_matter_is_released() {
    let folder = folder();
    let mut log = open(&folder);
    let said = [keyed("pg-1", 0), keyed("pg-1", 9), keyed("pg-2", 9)];
    log.commit(NOW, &Commit { rows: &said, positions: counted(0, 0), progress: b"" }).unwrap();
    let stores = [Store::Adjustments, Store::Revisions];
    tell(&mut log, NOW, Event::HoldAdded(hold("m-1", &stores, &["pg-1"], Some(1_795_424_400 + 900))));
    log.epoch_keys(Epoch::numbered(2_000), NOW).unwrap();

    let due = NOW.after(KEEP.adjustments);
    let swept = log.sweep(due, &KEEP).unwrap();
    assert_eq!((swept.rows, swept.revisions, swept.keys, swept.audit), (2, 2, 4, 0), "{swept:?}");
    let held = |store| OnHold { store, matter: "m-1".to_owned(), records: 1 };
    assert_eq!(swept.on_hold, stores.map(held));
    assert_eq!(rows(&log), ["pg-1 9 r1"]);
    assert_eq!(log.revisions(0, 9).unwrap().len(), 1);

    tell(&mut log, due, release("m-1"));
    let swept = log.sweep(due, &KEEP).unwrap();
    assert_eq!((swept.rows, swept.revisions, swept.audit, swept.on_hold.len()), (1, 1, 2, 0), "{swept:?}");
    assert_eq!(names(&log), ["keys_destroyed", "hold_released", "audit_shortened"]);
    assert_eq!(verified(&log).first, 3);
}

#[test]
fn a_hold_on_everything_keeps_pointers_facts_baseline_and_audit_and_no_visit() {
    let folder = folder();
    let mut log = open(&folder);
    tell(&mut log, NOW, Event::HoldAdded(hold("m-1", &Vec::from_iter(Hold::usual_stores(false)), &[], None)));
    let pointer = Pointer {
        source: "web".to_owned(),
        container: "events.ndjson".to_owned(),
        partition: None,
        position: 1,
        class: "not_json".to_owned(),
        path: None,
    };
    let set_aside = std::slice::from_ref(&pointer);
    log.append(NOW, &Append { facts: packed(b"f"), visits: packed(b"v"), set_aside, ..Append::default() }).unwrap();
    log.append_baseline(NOW, &[b"b".to_vec()]).unwrap();
    let positions = Positions { facts: 1, visits: 1, baseline: 1 };
    log.commit(NOW, &Commit { rows: &[], positions, progress: b"" }).unwrap();
    let swept = log.sweep(NOW.after(KEEP.adjustments), &KEEP).unwrap();
    let gone = (swept.facts, swept.visits, swept.baseline, swept.set_aside, swept.audit);
    assert_eq!(gone, (0, 1, 0, 0, 0), "{swept:?}");
    let held: Vec<&str> = swept.on_hold.iter().map(|held| held.store.name()).collect();
    assert_eq!(held, ["facts", "baseline", "set-aside", "audit"]);
}

#[test]
fn the_audit_is_cut_at_its_beginning_when_due_and_still_verifies_from_there() {
    let folder = folder();
    let mut log = open(&folder);
    for day in 0..6 {
        tell(&mut log, NOW.after(Span::from_days(day)), Event::KeysMade { epoch: 1 });
    }
    let anchor = log.audit().unwrap()[4].head.clone();
    for days in 1..=3 {
        let due = NOW.after(KEEP.adjustments).after(Span::from_days(days));
        assert_eq!(log.sweep(due, &KEEP).unwrap().audit, if days == 1 { 2 } else { 1 });
        assert_eq!(log.sweep(due, &KEEP).unwrap().audit, 0, "nothing more is due");
    }
    assert_eq!(verified(&log).first, 5);
    assert!(verify(&log.audit().unwrap(), &log.signer().public_key(), Some(&anchor)).is_ok());
    let long_after = NOW.after(KEEP.adjustments).after(Span::from_days(900));
    log.sweep(long_after, &KEEP).unwrap();
    assert_eq!(names(&log), ["audit_shortened"]);
    assert_eq!(verified(&log).first, 10);
}

#[test]
fn facts_and_baseline_out_of_scope_go_and_those_in_scope_stay_with_all_of_their_record() {
    let folder = folder();
    let mut log = open(&folder);
    let stores = [Store::Facts, Store::Baseline];
    let mut asked = hold("m-1", &stores, &["pg-1"], Some(1_000));
    asked.until = Some(EventTime::from_seconds(2_000));
    tell(&mut log, NOW, Event::HoldAdded(asked));
    let fact = |second: i64| Fact {
        organization: OrganizationIndex(0),
        at: EventTime::from_seconds(second),
        names: Names { own: Name(7), before: None },
        about: About::Conversation(ConversationFact::Started { action: None, map: None, visit: None }),
    };
    let records: [&[i64]; 5] = [&[999, 998], &[999, 1_000], &[1_999], &[2_000], &[500, 3_000]];
    for seconds in records {
        let few: Vec<Fact> = seconds.iter().copied().map(fact).collect();
        log.append(NOW, &facts(&encode(&few, &[Arc::from("org-1")], &Labels::default()))).unwrap();
    }
    let volume = |group: &str, second: i64| BaselineInterval {
        organization_id: Arc::from("org-1"),
        business_unit_id: Arc::from("bu-1"),
        planning_group_id: Arc::from(group),
        start: EventTime::from_seconds(second),
        interval_seconds: 900,
        offered: 3.0,
        handle_time_seconds: None,
    };
    let volumes = [volume("pg-1", 1_800), volume("pg-1", 2_700), volume("pg-2", 1_800)];
    log.append_baseline(NOW, &volumes.each_ref().map(crate::wire::baseline::encode)).unwrap();
    let positions = Positions { facts: 5, visits: 0, baseline: 3 };
    log.commit(NOW, &Commit { rows: &[], positions, progress: b"" }).unwrap();
    log.sweep(NOW.after(KEEP.adjustments), &KEEP).unwrap();
    let left = |stream| log.read(stream, 0, 10).unwrap().iter().map(|stored| stored.seq).collect::<Vec<_>>();
    assert_eq!(left(Stream::Facts), [2, 3, 5], "the times of the last one lie around the scope");
    assert_eq!(left(Stream::Baseline), [1]);
}

/// Writes into the database by other means.
fn tamper(folder: &tempfile::TempDir, sql: &str) {
    rusqlite::Connection::open(folder.path().join("journeycast.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn behind_an_entry_that_was_changed_nothing_is_erased_swept_made_or_told() {
    let folder = folder();
    let mut log = open(&folder);
    tell(&mut log, NOW, Event::HoldAdded(hold("m-1", &[Store::Facts], &[], None)));
    tell(&mut log, NOW, Event::KeysMade { epoch: 1 });
    tamper(&folder, r#"UPDATE audit SET entry = replace(entry, '"facts"', '"baseline"')"#);
    let (keep, erasure) = (KEEP, &mut crate::engine::Erasure::default());
    let told = |_: &crate::engine::Erasure| Event::Overridden { what: "never".to_owned() };
    for refused in [
        log.erase(NOW, erasure, &[], told).map(|_| ()),
        log.sweep(NOW, &keep).map(|_| ()),
        log.record(NOW, |_| Ok::<_, Infallible>(vec![Event::KeysMade { epoch: 9 }])).map(|_| ()),
        log.holds().map(|_| ()),
        open(&folder).audited().map(|_| ()),
    ] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("cannot go on: entry 1 was changed"), "{said}");
    }
    assert_eq!(names(&log).len(), 2);
    tamper(&folder, r#"UPDATE audit SET entry = replace(entry, '"epoch":1', '"epoch":2') WHERE seq = 2"#);
    let said = log.epoch_keys(Epoch::numbered(5), NOW).unwrap_err().to_string();
    assert!(said.contains("cannot go on: entry 2 was changed"), "{said}");
}

#[test]
fn where_keys_are_and_no_entry_the_audit_was_emptied_unless_the_folder_is_older_than_it() {
    let folder = folder();
    let mut log = open(&folder).audited().unwrap();
    log.epoch_keys(Epoch::numbered(2_968), NOW).unwrap();
    tamper(&folder, "DELETE FROM audit");
    for refused in [log.audit().map(|_| ()), log.audited().map(|_| ())] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("its entries were deleted"), "{said}");
    }
    tamper(&folder, "DROP TABLE audit; PRAGMA user_version = 1");
    assert!(open(&folder).audited().is_ok(), "nothing told of keys then");
}
