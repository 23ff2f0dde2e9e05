//! What is due is gone from the disk, not only from the tables; what is not counted stays.

use super::*;
use crate::engine::names::Epoch;

const MARK: &str = "MARK-OF-A-VISIT-";

fn marked(place: usize, length: usize) -> Vec<u8> {
    format!("{MARK}{place:06}-").repeat(length / 20 + 1).into_bytes()
}

/// The numbers of all visits of which a crumb is found in any file.
fn marks_on_disk(folder: &Path) -> Vec<i64> {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let numbers = files.flat_map(|bytes| {
        let after = memchr::memmem::find_iter(&bytes, MARK).map(|place| place + MARK.len());
        after.map(|place| String::from_utf8_lossy(&bytes[place..place + 6]).parse().unwrap()).collect::<Vec<_>>()
    });
    numbers.collect()
}

fn committed(log: &mut Embedded, positions: Positions) {
    log.commit(NOW, &Commit { rows: &[], positions, progress: b"" }).unwrap();
}

#[test]
fn visits_are_gone_from_every_file_after_two_hours() {
    let folder = folder();
    let mut log = open(&folder);
    for (place, length) in [40, 700, 3_000, 20_000, 90].into_iter().cycle().take(60).enumerate() {
        log.append(NOW, &visits(&marked(place, length))).unwrap();
    }
    log.append(NOW, &facts(b"a fact of then")).unwrap();
    committed(&mut log, counted(1, 60));
    assert!(found_on_disk(folder.path(), MARK) > 0);

    let swept = log.sweep(NOW.after(KEEP.visits), &KEEP).unwrap();
    assert_eq!(swept, Swept { visits: 60, journal_is_empty: true, ..Swept::default() });
    assert_eq!(found_on_disk(folder.path(), MARK), 0);
    assert!(found_on_disk(folder.path(), "a fact of then") > 0);
}

#[test]
fn sweeping_a_little_at_a_time_leaves_no_crumbs_in_what_stays() {
    let folder = folder();
    let mut log = open(&folder);
    let lengths = [40, 700, 3_000, 150, 9_000, 90, 1_200, 400];
    for place in 0..400 {
        let at = NOW.after(Span::from_seconds(place));
        let number = usize::try_from(place).unwrap();
        let length = lengths[(number * 7 + number / 5) % lengths.len()];
        log.append(at, &visits(&marked(number, length))).unwrap();
    }
    committed(&mut log, counted(0, 400));
    for gone in (7..=400).step_by(7) {
        log.sweep(NOW.after(KEEP.visits).after(Span::from_seconds(gone - 1)), &KEEP).unwrap();
        let oldest = marks_on_disk(folder.path()).into_iter().min();
        assert_eq!(oldest, (gone < 400).then_some(gone), "after {gone} were swept");
        let kept = usize::try_from(400 - gone).unwrap();
        assert_eq!(log.read(Stream::Visits, 0, 1_000).unwrap().len(), kept);
    }
}

#[test]
fn what_was_not_counted_stays_however_old_it_is() {
    let folder = folder();
    let mut log = open(&folder);
    for body in ["one", "two", "three"] {
        log.append(NOW, &facts(body.as_bytes())).unwrap();
        log.append(NOW, &visits(body.as_bytes())).unwrap();
    }
    let later = NOW.after(Span::from_days(900));
    assert_eq!(log.sweep(later, &KEEP).unwrap(), Swept { journal_is_empty: true, ..Swept::default() });
    committed(&mut log, counted(2, 1));
    let swept = log.sweep(later, &KEEP).unwrap();
    assert_eq!((swept.facts, swept.visits), (2, 1));
    assert_eq!(bodies(&log, Stream::Facts), ["three"]);
    assert_eq!(bodies(&log, Stream::Visits), ["two", "three"]);
}

#[test]
fn positions_and_ends_survive_the_deletion_of_everything() {
    let folder = folder();
    let mut log = open(&folder);
    for _ in 0..3 {
        log.append(NOW, &facts(b"f")).unwrap();
    }
    committed(&mut log, counted(3, 0));
    log.sweep(NOW.after(KEEP.facts), &KEEP).unwrap();
    drop(log);
    let mut log = open(&folder);
    assert_eq!(log.ends().unwrap(), counted(3, 0));
    assert_eq!(log.positions().unwrap().0, counted(3, 0));
    log.append(NOW, &facts(b"next")).unwrap();
    assert_eq!(log.read(Stream::Facts, 3, 10).unwrap().first().map(|stored| stored.seq), Some(4));
}

#[test]
fn each_kind_goes_at_its_own_time() {
    let folder = folder();
    let mut log = open(&folder);
    let pointer = Pointer {
        source: "web".to_owned(),
        container: "events.ndjson".to_owned(),
        partition: Some(3),
        position: 1,
        class: "not_json".to_owned(),
        path: None,
    };
    let label = HiddenLabel { stand_in: "\0ab".to_owned(), text: "am-17".to_owned() };
    let append = Append {
        facts: packed(b"f"),
        visits: packed(b"v"),
        accounting: &[],
        set_aside: std::slice::from_ref(&pointer),
        labels: std::slice::from_ref(&label),
    };
    log.append(NOW, &append).unwrap();
    log.append_baseline(NOW, &[b"b".to_vec()]).unwrap();
    let rows = [row("pg-1", 0, 1)];
    let positions = Positions { facts: 1, visits: 1, baseline: 1 };
    log.commit(NOW, &Commit { rows: &rows, positions, progress: b"" }).unwrap();
    let none = Swept { journal_is_empty: true, ..Swept::default() };
    for (keep, expected) in [
        (KEEP.visits, Swept { visits: 1, ..none.clone() }),
        (KEEP.facts, Swept { facts: 1, ..none.clone() }),
        (KEEP.set_aside, Swept { set_aside: 1, labels: 1, ..none.clone() }),
        (KEEP.adjustments, Swept { rows: 1, revisions: 1, baseline: 1, ..none.clone() }),
    ] {
        let due = NOW.after(keep);
        assert_eq!(log.sweep(due.before(Span::from_millis(1)), &KEEP).unwrap(), none.clone());
        assert_eq!(log.sweep(due, &KEEP).unwrap(), expected);
    }
}

#[test]
fn hidden_texts_leave_no_crumbs_in_whatever_order_they_go() {
    let folder = folder();
    let mut log = open(&folder);
    for place in 0..600 {
        let shuffled = place * 7_919 % 600;
        let filler = "x".repeat(usize::try_from(place * 31 % 190).unwrap());
        let label =
            HiddenLabel { stand_in: format!("{shuffled:03}\0{filler}"), text: format!("{MARK}{place:06}-{filler}") };
        let append = Append { labels: std::slice::from_ref(&label), ..Append::default() };
        log.append(NOW.after(Span::from_seconds(place)), &append).unwrap();
    }
    for gone in (9..=600).step_by(9) {
        log.sweep(NOW.after(KEEP.set_aside).after(Span::from_seconds(gone - 1)), &KEEP).unwrap();
        assert_eq!(marks_on_disk(folder.path()).into_iter().min(), (gone < 600).then_some(gone), "after {gone} went");
    }
}

/// A log with something marked in every store, written one after the other.
fn marked_everywhere(folder: &TempDir) -> Embedded {
    let mut log = open(folder);
    for (place, length) in [40, 700, 3_000, 20_000, 90, 150, 1_200, 9_000].into_iter().cycle().take(80).enumerate() {
        let mark = String::from_utf8(marked(place, length)).unwrap();
        let pointer = Pointer {
            source: mark.clone(),
            container: mark.clone(),
            partition: None,
            position: place as u64,
            class: "not_json".to_owned(),
            path: Some(mark.clone()),
        };
        let label = HiddenLabel { stand_in: format!("\0{place}"), text: mark.clone() };
        let append = Append {
            facts: packed(mark.as_bytes()),
            visits: packed(mark.as_bytes()),
            accounting: &[],
            set_aside: std::slice::from_ref(&pointer),
            labels: std::slice::from_ref(&label),
        };
        log.append(NOW, &append).unwrap();
        log.append_baseline(NOW, &[mark.clone().into_bytes()]).unwrap();
        let rows: Vec<SaidRow> = [1, 2]
            .map(|revision| SaidRow {
                key: format!("{mark}{place}"),
                body: mark.clone().into_bytes(),
                ..row("pg-1", place as i64, revision)
            })
            .into();
        let counted = place as u64 + 1;
        let positions = Positions { facts: counted, visits: counted, baseline: counted };
        log.commit(NOW, &Commit { rows: &rows, positions, progress: mark.as_bytes() }).unwrap();
    }
    log
}

#[test]
fn when_everything_is_due_no_store_has_left_a_crumb_in_any_file() {
    let folder = folder();
    let mut log = marked_everywhere(&folder);
    assert!(found_on_disk(folder.path(), MARK) > 80 * 8);
    log.commit(NOW, &Commit { rows: &[], positions: Positions { facts: 80, visits: 80, baseline: 80 }, progress: b"" })
        .unwrap();
    log.sweep(NOW.after(KEEP.facts), &KEEP).unwrap();
    assert!(found_on_disk(folder.path(), MARK) > 0, "what is kept for longer is still there");
    let swept = log.sweep(NOW.after(KEEP.adjustments), &KEEP).unwrap();
    assert!(swept.journal_is_empty);
    assert_eq!(found_on_disk(folder.path(), MARK), 0);
}

#[test]
fn keys_past_their_time_leave_no_byte_of_their_sealed_form() {
    let folder = folder();
    let mut log = open(&folder);
    let epoch = Epoch::of(EventTime::from_millis(NOW.millis()));
    log.epoch_keys(epoch, NOW).unwrap();
    let sealed: Vec<Vec<u8>> = log
        .look(|connection| connection.prepare("SELECT wrapped FROM keys")?.query_map([], |row| row.get(0))?.collect())
        .unwrap();
    assert_eq!(sealed.len(), 4);
    let on_disk = || {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files
            .map(|bytes| sealed.iter().filter(|key| memchr::memmem::find(&bytes, key).is_some()).count())
            .sum::<usize>()
    };
    assert!(on_disk() >= 4);
    let long_after = NOW.after(KEEP.facts).after(Span::from_days(8));
    assert_eq!(log.sweep(long_after, &KEEP).unwrap().keys, 4);
    assert_eq!(on_disk(), 0);
}

#[test]
fn a_look_at_what_is_kept_finds_the_oldest_of_every_store_what_waits_and_who_may_look_too() {
    let folder = folder();
    let mut log = open(&folder);
    log.append(NOW, &visits(b"first")).unwrap();
    log.append(NOW.after(Span::from_seconds(9)), &visits(b"second")).unwrap();
    let looked = log.retained(NOW, KEEP.facts, None).unwrap();
    let oldest = |looked: &Retained, table: &str| looked.oldest.iter().find(|(name, _)| *name == table).unwrap().1;
    assert_eq!(oldest(&looked, "visits"), Some(NOW));
    assert_eq!(oldest(&looked, "facts"), None);
    assert_eq!(looked.not_counted, ["visits"]);
    assert!(looked.overwrites);
    committed(&mut log, counted(0, 1));
    log.sweep(NOW.after(KEEP.visits), &KEEP).unwrap();
    let swept = log.retained(NOW, KEEP.facts, None).unwrap();
    assert_eq!(oldest(&swept, "visits"), Some(NOW.after(Span::from_seconds(9))));
    assert_eq!(swept.journal_bytes, 0);

    let key = folder.path().join("master.key");
    assert_eq!(swept.open_to.last(), Some(&(key.clone(), OpenTo::Nobody)));
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(log.retained(NOW, KEEP.facts, None).unwrap().open_to.last(), Some(&(key, OpenTo::Everybody)));
}

#[test]
fn a_data_folder_that_is_made_is_its_owners_alone_and_one_that_is_there_stays_as_it_is() {
    let folder = folder();
    let mode =
        |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777;
    let made = folder.path().join("data");
    drop(Embedded::open(&made, None).unwrap());
    assert_eq!(mode(&made), 0o700);
    fs::set_permissions(&made, std::os::unix::fs::PermissionsExt::from_mode(0o750)).unwrap();
    drop(Embedded::open(&made, None).unwrap());
    assert_eq!(mode(&made), 0o750);
}
