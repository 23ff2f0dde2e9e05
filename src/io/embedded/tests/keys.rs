//! Keys: the same for everybody, never readable on the disk, gone when due, and of no use under another master.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::engine::Labels;
use crate::engine::names::{Domain, Epoch, EpochKey};
use crate::io::master::MasterError;
use crate::io::{Appender, clock};
use crate::settings::Settings;
use crate::wire;

const EPOCH: Epoch = Epoch::numbered(2_968);

fn on_disk(folder: &Path, key: &[u8; 32]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        memchr::memmem::find(&bytes, key).is_some()
    })
}

#[test]
fn two_processes_get_the_same_four_keys_whoever_asks_first() {
    let folder = folder();
    let (mut one, mut two) = (open(&folder), open(&folder));
    let keys = one.epoch_keys(EPOCH, NOW).unwrap();
    assert_eq!(two.epoch_keys(EPOCH, NOW).unwrap(), keys);
    assert_ne!(two.epoch_keys(EPOCH.before(), NOW).unwrap(), keys);
    assert_eq!(keys.clone().map(|(domain, _)| domain), Domain::ALL);
    let distinct = |place: usize, key: &EpochKey| keys.iter().skip(place + 1).all(|(_, other)| other != key);
    assert!(keys.iter().enumerate().all(|(place, (_, key))| distinct(place, key)));
}

#[test]
fn no_file_ever_holds_a_key_as_it_is() {
    let folder = folder();
    let mut log = open(&folder);
    let keys = log.epoch_keys(EPOCH, NOW).unwrap();
    assert!(keys.iter().all(|(_, key)| !on_disk(folder.path(), &key.0)));
    assert!(!on_disk(folder.path(), &log.label_key()));
}

#[test]
fn keys_are_destroyed_when_due_and_no_trace_stays_on_the_disk() {
    let folder = folder();
    let mut log = open(&folder);
    let before = log.epoch_keys(EPOCH, NOW).unwrap();
    let wrapped: Vec<u8> = log.connection.query_row("SELECT wrapped FROM keys", [], |row| row.get(0)).unwrap();
    let on_disk = || {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files.map(|bytes| memchr::memmem::find_iter(&bytes, &wrapped).count()).sum::<usize>()
    };
    assert!(on_disk() > 0);
    let due = WallTime::from_millis(EPOCH.end().millis()).after(KEEP.facts);
    assert!(due > NOW.after(KEEP.facts));
    assert_eq!(log.sweep(due.before(Span::from_millis(1)), &KEEP).unwrap().keys, 0);
    assert_eq!(log.sweep(due, &KEEP).unwrap().keys, 4);
    assert_eq!(on_disk(), 0);
    assert_ne!(log.epoch_keys(EPOCH, due).unwrap(), before);
}

#[test]
fn keys_of_an_epoch_long_past_live_as_long_as_facts_that_are_appended_now() {
    let folder = folder();
    let mut log = open(&folder);
    log.epoch_keys(Epoch::numbered(2_000), NOW).unwrap();
    let due = NOW.after(KEEP.facts);
    assert_eq!(log.sweep(due.before(Span::from_millis(1)), &KEEP).unwrap().keys, 0);
    assert_eq!(log.sweep(due, &KEEP).unwrap().keys, 4);
}

#[test]
fn a_key_that_somebody_moved_or_changed_is_refused() {
    let folder = folder();
    let mut log = open(&folder);
    log.epoch_keys(EPOCH, NOW).unwrap();
    let swap = "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE domain = 'visit') WHERE domain = 'taint'";
    log.connection.execute(swap, []).unwrap();
    let error = log.epoch_keys(EPOCH, NOW).unwrap_err();
    assert!(matches!(error, EmbeddedError::KeyDamaged { domain: "taint", .. }), "{error}");
}

#[test]
fn the_folders_own_master_is_for_its_owner_only_and_stays() {
    let folder = folder();
    let label_key = open(&folder).label_key();
    let file = folder.path().join(MASTER_KEY);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap().trim_end().len(), 64);
    assert_eq!(open(&folder).label_key(), label_key);
}

#[test]
fn a_lost_master_is_missed_and_never_made_anew() {
    let folder = folder();
    drop(open(&folder));
    let file = folder.path().join(MASTER_KEY);
    fs::remove_file(&file).unwrap();
    let error = Embedded::open(folder.path(), None).unwrap_err();
    assert!(matches!(error, EmbeddedError::MasterMissing { .. }), "{error}");
    assert!(!file.exists());
}

#[test]
fn another_master_is_refused_by_name() {
    let (folder, elsewhere) = (folder(), folder());
    drop(open(&folder));
    let file = elsewhere.path().join("another.key");
    fs::write(&file, "0f".repeat(32)).unwrap();
    let error = Embedded::open(folder.path(), Some(&file)).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("the master key at {} is not the one that", file.display())),
        "{error}"
    );
}

#[test]
fn a_configured_master_is_read_and_none_is_made_beside_it() {
    let (folder, elsewhere) = (folder(), folder());
    let file = elsewhere.path().join("site.key");
    let absent = Embedded::open(folder.path(), Some(&file)).unwrap_err();
    assert!(matches!(absent, EmbeddedError::Master(MasterError::Unreadable { .. })), "{absent}");
    for text in ["", "0f", "zz", "0f0f 0f"] {
        fs::write(&file, text.repeat(32)).unwrap();
        let read = Embedded::open(folder.path(), Some(&file));
        match text {
            "0f" => assert!(read.is_ok()),
            _ => assert!(matches!(read.unwrap_err(), EmbeddedError::Master(MasterError::Malformed { .. })), "{text}"),
        }
    }
    assert!(!folder.path().join(MASTER_KEY).exists());
}

#[test]
fn a_clock_that_goes_back_neither_repeats_nor_hastens_destruction_and_is_told() {
    let folder = folder();
    let mut log = open(&folder);
    log.epoch_keys(EPOCH, NOW).unwrap();
    let due = WallTime::from_millis(EPOCH.end().millis()).after(KEEP.facts);
    let swept = log.sweep(due, &KEEP).unwrap();
    assert_eq!((swept.keys, swept.clock_went_back), (4, Span::ZERO));
    let back = due.before(Span::from_days(3));
    let swept = log.sweep(back, &KEEP).unwrap();
    assert_eq!((swept.keys, swept.clock_went_back), (0, Span::from_days(3)));
    // What is made after the clock went back lives as long as any other, by the clock that goes on.
    let anew = log.epoch_keys(EPOCH, back).unwrap();
    assert_eq!(log.sweep(due, &KEEP).unwrap().keys, 0);
    assert_eq!(open(&folder).epoch_keys(EPOCH, due).unwrap(), anew);
    let swept = log.sweep(back.after(KEEP.facts), &KEEP).unwrap();
    assert_eq!((swept.keys, swept.clock_went_back), (4, Span::ZERO));
}

#[test]
fn keys_that_are_destroyed_while_others_hold_them_are_told_and_made_once_for_all() {
    let folder = folder();
    let (mut one, mut two, mut sweeper) = (open(&folder), open(&folder), open(&folder));
    let before = [one.epoch_keys(EPOCH, NOW).unwrap(), two.epoch_keys(EPOCH, NOW).unwrap()];
    assert_eq!((one.destructions().unwrap(), two.destructions().unwrap()), (0, 0));
    let due = WallTime::from_millis(EPOCH.end().millis()).after(KEEP.facts);
    sweeper.sweep(due, &KEEP).unwrap();
    assert_eq!((one.destructions().unwrap(), two.destructions().unwrap()), (1, 1));
    let after = [two.epoch_keys(EPOCH, due).unwrap(), one.epoch_keys(EPOCH, due).unwrap()];
    assert_eq!(after[0], after[1]);
    assert_ne!(after[0], before[0]);
    assert_eq!(sweeper.sweep(due, &KEEP).unwrap().keys, 0);
    assert_eq!(one.destructions().unwrap(), 1);
}

#[test]
fn keys_that_somebody_made_and_died_before_using_are_used_by_the_next() {
    let folder = folder();
    let mut dies = open(&folder);
    let made = dies.epoch_keys(EPOCH, NOW).unwrap();
    drop(dies);
    assert_eq!(open(&folder).epoch_keys(EPOCH, NOW.after(Span::from_days(1))).unwrap(), made);
}

#[test]
fn an_appender_that_runs_on_after_its_keys_were_destroyed_asks_for_new_ones() {
    let folder = folder();
    let text = "[[business_unit]]\nid = \"bu-1\"\norganization_id = \"org-1\"\ntime_zone = \"Europe/Dublin\"\n\
                [[planning_group]]\nid = \"pg-1\"\nbusiness_unit = \"bu-1\"\naction_maps = [{ id = \"am-1\" }]\n";
    let settings = Settings::parse(text, "journeycast.toml", std::iter::empty()).unwrap();
    let mut appender = Appender::new(open(&folder), &settings, "a pipe");
    let record = br#"{"createdDate": "2026-11-20T10:00:00Z", "eventType": "WebActionEvent", "session": {"id": "s"},
        "webActionEvent": {"action": {"id": "a-1", "state": "offered"}, "actionMap": {"id": "am-1"}}}"#;
    let mut append = || {
        appender.push(record, "a pipe", 1).unwrap();
        appender.flush().unwrap();
    };
    append();
    append();
    open(&folder).sweep(clock::now().after(Span::from_days(4_000)), &KEEP).unwrap();
    append();
    let organizations = [Arc::from("org-1")];
    let stored = open(&folder).read(Stream::Facts, 0, 10).unwrap();
    let names = |stored: &Stored| {
        let decoded = wire::facts::decode(&stored.body, &organizations, &mut Labels::default()).unwrap();
        decoded.facts[0].names
    };
    let names: Vec<_> = stored.iter().map(names).collect();
    assert_eq!(names.len(), 3);
    assert!(names[0] == names[1] && !names[1].share_a_name_with(&names[2]), "{names:?}");
}

#[test]
fn what_was_published_can_be_read_without_the_master() {
    let folder = folder();
    let said = [row("sales", 1, 1)];
    open(&folder).commit(NOW, &Commit { rows: &said, positions: counted(0, 0), progress: b"" }).unwrap();
    fs::remove_file(folder.path().join(MASTER_KEY)).unwrap();
    assert!(Embedded::open(folder.path(), None).is_err());
    assert_eq!(rows(&Embedded::open_published(folder.path()).unwrap()), ["sales 1 r1"]);
    assert!(!folder.path().join(MASTER_KEY).exists());
}
