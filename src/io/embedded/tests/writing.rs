//! Appending, counting and reading beside each other, and what a crash or a full disk leaves.

use std::collections::BTreeMap;
use std::thread;

use super::*;
use crate::io::log::Way;

#[test]
fn two_append_while_one_commits_and_nothing_is_lost() {
    let folder = folder();
    let mut runner = open(&folder);
    thread::scope(|scope| {
        for name in ["a", "b"] {
            let mut appender = open(&folder);
            scope.spawn(move || {
                for place in 0..40 {
                    appender.append(NOW, &facts(format!("{name}{place}").as_bytes())).unwrap();
                }
            });
        }
        for quarter in 0..40 {
            let rows = [row("pg-1", quarter, 1)];
            runner.commit(NOW, &Commit { rows: &rows, positions: counted(0, 0), progress: b"" }).unwrap();
        }
    });
    assert_eq!(runner.ends().unwrap(), counted(80, 0));
    assert_eq!(rows(&runner).len(), 40);
    for name in ["a", "b"] {
        let in_order: Vec<String> = (0..40).map(|place| format!("{name}{place}")).collect();
        let read: Vec<String> =
            bodies(&runner, Stream::Facts).into_iter().filter(|body| body.starts_with(name)).collect();
        assert_eq!(read, in_order);
    }
}

#[test]
fn processes_that_start_at_once_agree_on_folder_and_key() {
    let folder = folder();
    let keys: Vec<[u8; 32]> = thread::scope(|scope| {
        let starting: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&folder).label_key())).collect();
        starting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_was_not_committed_when_the_process_died_has_not_happened() {
    let folder = folder();
    let mut log = open(&folder);
    log.append(NOW, &facts(b"kept")).unwrap();
    log.connection
        .execute_batch(
            "BEGIN IMMEDIATE; INSERT INTO facts (appended_at, newest_event, n, body) VALUES (1, 1, 1, 'lost')",
        )
        .unwrap();
    drop(log);
    let log = open(&folder);
    assert_eq!(bodies(&log, Stream::Facts), ["kept"]);
}

#[test]
fn a_full_disk_leaves_everything_as_it_was_and_says_what_to_do() {
    let folder = folder();
    let mut log = open(&folder);
    log.append(NOW, &facts(b"before")).unwrap();
    let said = [row("pg-1", 0, 1)];
    log.commit(NOW, &Commit { rows: &said, positions: counted(1, 0), progress: b"p1" }).unwrap();
    log.connection.pragma_update(None, "max_page_count", 1).unwrap();

    let large = SaidRow { body: vec![b'x'; 100_000], ..row("pg-1", 1, 1) };
    let fresh = [row("pg-1", 0, 2), large];
    let error = log.commit(NOW, &Commit { rows: &fresh, positions: counted(9, 9), progress: b"p2" }).unwrap_err();
    assert!(matches!(error, EmbeddedError::Full { .. }), "{error}");
    assert_eq!(error.fate(), Fate::Halt);
    assert!(error.to_string().ends_with("nothing that was stored is lost: free some space and start again"), "{error}");
    log.append(NOW, &facts(&[b'x'; 100_000])).unwrap_err();

    assert_eq!(rows(&log), ["pg-1 0 r1"]);
    assert_eq!(log.positions().unwrap(), (counted(1, 0), b"p1".to_vec()));
    assert_eq!(bodies(&log, Stream::Facts), ["before"]);
    drop(log);
    let mut log = open(&folder);
    log.commit(NOW, &Commit { rows: &fresh, positions: counted(1, 0), progress: b"p2" }).unwrap();
    assert_eq!(rows(&log).first().map(String::as_str), Some("pg-1 0 r2"));
}

#[test]
fn a_revision_is_said_once_and_never_changed() {
    let folder = folder();
    let mut log = open(&folder);
    let first = [row("pg-1", 0, 1), row("pg-1", 0, 2)];
    log.commit(NOW, &Commit { rows: &first, positions: counted(1, 1), progress: b"p1" }).unwrap();
    let again = [row("pg-1", 1, 1), SaidRow { body: b"other".to_vec(), ..row("pg-1", 0, 2) }];
    let error = log.commit(NOW, &Commit { rows: &again, positions: counted(2, 2), progress: b"p2" }).unwrap_err();
    assert!(matches!(error, EmbeddedError::SaidBefore { revision: 2, .. }), "{error}");
    assert_eq!(rows(&log), ["pg-1 0 r2"]);
    assert_eq!(log.positions().unwrap(), (counted(1, 1), b"p1".to_vec()));
    let said: Vec<u64> = log.revisions(0, 10).unwrap().iter().map(|revision| revision.seq).collect();
    assert_eq!(said, [1, 2]);
}

#[test]
fn an_older_revision_never_takes_the_place_of_a_newer_one() {
    let folder = folder();
    let mut log = open(&folder);
    let said = [row("pg-1", 0, 3)];
    log.commit(NOW, &Commit { rows: &said, positions: counted(0, 0), progress: b"" }).unwrap();
    let older = [row("pg-1", 0, 2)];
    log.commit(NOW, &Commit { rows: &older, positions: counted(0, 0), progress: b"" }).unwrap_err();
    assert_eq!(rows(&log), ["pg-1 0 r3"]);
}

#[test]
fn rows_come_by_group_and_start_and_revisions_as_they_were_said() {
    let folder = folder();
    let mut log = open(&folder);
    let said = [row("pg-2", 1, 1), row("pg-1", 1, 1), row("pg-2", 0, 1), row("pg-2", 1, 2)];
    log.commit(NOW, &Commit { rows: &said, positions: counted(0, 0), progress: b"" }).unwrap();
    assert_eq!(rows(&log), ["pg-1 1 r1", "pg-2 0 r1", "pg-2 1 r2"]);
    let revisions: Vec<Vec<u8>> = log.revisions(1, 2).unwrap().into_iter().map(|revision| revision.body).collect();
    assert_eq!(revisions, [b"pg-1 1 r1".to_vec(), b"pg-2 0 r1".to_vec()]);
}

#[test]
fn what_became_of_the_records_is_told_in_one_breath_with_the_facts() {
    let folder = folder();
    let mut log = open(&folder);
    let accounted = |class: &str, records| Accounted {
        source: "web".to_owned(),
        outcome: "set_aside".to_owned(),
        class: class.to_owned(),
        records,
    };
    let pointer = Pointer {
        source: "web".to_owned(),
        container: "events.ndjson".to_owned(),
        partition: None,
        position: 17,
        class: "not_json".to_owned(),
        path: Some("eventBody.action.id".to_owned()),
    };
    let label = HiddenLabel { stand_in: "am-1\0ab".to_owned(), text: "am-17".to_owned() };
    for _ in 0..2 {
        let append = Append {
            facts: packed(b"f"),
            visits: packed(b"v"),
            accounting: &[accounted("not_json", 2), accounted("no_time", 1)],
            set_aside: std::slice::from_ref(&pointer),
            labels: std::slice::from_ref(&label),
        };
        log.append(NOW, &append).unwrap();
    }
    assert_eq!(log.accounting().unwrap(), [accounted("no_time", 2), accounted("not_json", 4)]);
    assert_eq!(log.set_aside(1, 10).unwrap(), [SetAside { seq: 2, at: NOW, pointer }]);
    assert_eq!(log.told_labels().unwrap(), BTreeMap::from([(label.stand_in, label.text)]));
    assert_eq!(log.ends().unwrap(), counted(2, 2));
}

#[test]
fn a_baseline_is_appended_whole_and_read_in_order() {
    let folder = folder();
    let mut log = open(&folder);
    log.append_baseline(NOW, &[b"b1".to_vec(), b"b2".to_vec()]).unwrap();
    let read = log.read(Stream::Baseline, 1, 10).unwrap();
    let second = Stored { seq: 2, appended_at: NOW, way: Way::Untold, is_copy: false, body: b"b2".to_vec() };
    assert_eq!(read, [second]);
    let ends = log.ends().unwrap();
    assert!(Positions { baseline: 2, ..Positions::default() }.reach(&ends) && !counted(9, 9).reach(&ends));
}

#[test]
fn a_second_runner_is_refused_until_the_first_is_gone() {
    let folder = folder();
    let first = RunnerLock::take(folder.path()).unwrap();
    let refused = RunnerLock::take(folder.path()).unwrap_err();
    let expected = format!("another journeycast (process {}) already runs on", std::process::id());
    assert!(refused.to_string().starts_with(&expected), "{refused}");
    open(&folder).append(NOW, &facts(b"an appender is welcome")).unwrap();
    drop(first);
    RunnerLock::take(folder.path()).unwrap();
}

#[test]
fn a_database_of_tomorrow_or_of_somebody_else_is_refused_and_left_alone() {
    let folder = folder();
    drop(open(&folder));
    let file = folder.path().join(DATABASE);
    let outside = Connection::open(&file).unwrap();
    outside.pragma_update(None, "user_version", 3).unwrap();
    let newer = Embedded::open(folder.path(), None).unwrap_err();
    assert!(matches!(newer, EmbeddedError::NewerSchema { found: 3, known: 2, .. }), "{newer}");
    outside.pragma_update(None, "application_id", 7).unwrap();
    assert!(matches!(Embedded::open(folder.path(), None).unwrap_err(), EmbeddedError::Foreign { .. }));
    drop(outside);
    fs::write(&file, "a text of somebody else, and a long one at that, ".repeat(50)).unwrap();
    assert!(matches!(Embedded::open(folder.path(), None).unwrap_err(), EmbeddedError::Foreign { .. }));
}

#[test]
fn notes_outlive_the_run() {
    let folder = folder();
    open(&folder).set_meta("time_zone", b"Europe/Dublin").unwrap();
    open(&folder).set_meta("time_zone", b"Europe/Paris").unwrap();
    assert_eq!(open(&folder).get_meta("time_zone").unwrap(), Some(b"Europe/Paris".to_vec()));
    assert_eq!(open(&folder).get_meta("interval").unwrap(), None);
}
