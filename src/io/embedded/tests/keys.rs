//! Keys: the same for everybody, never readable on the disk, gone when due, and of no use under another master.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::engine::names::{Domain, Epoch, EpochKey};
use crate::io::master::MasterError;

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
