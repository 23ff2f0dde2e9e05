//! No change goes unseen: any edit, gap, double, swap, old head, cut or foreign key; and what was signed verifies.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::engine::{EventTime, WallTime};
use crate::settings::retention::Store;

const NOW: WallTime = WallTime::from_millis(1_795_424_400_123);

fn signer() -> Signer {
    Signer::of(&[7; 32])
}

fn hold(matter: &str) -> Hold {
    Hold {
        matter: matter.to_owned(),
        by: "counsel-1".to_owned(),
        stores: BTreeSet::from([Store::Facts, Store::Adjustments]),
        planning_groups: BTreeSet::from(["pg-1".to_owned()]),
        from: Some(EventTime::from_seconds(1_000)),
        until: None,
    }
}

fn events() -> Vec<Event> {
    let signed = Signed {
        reviewed_by: "counsel \"1\" \u{e9}\n".to_owned(),
        approved_on: "2026-11-01".to_owned(),
        review_by: "2099-01-01".to_owned(),
    };
    vec![
        Event::PolicyLoaded {
            version: "0123456789abcdef".to_owned(),
            environment: "test".to_owned(),
            standing: Standing::Signed(signed.clone()),
        },
        Event::PolicySigned { version: "0123456789abcdef".to_owned(), signed },
        Event::KeysMade { epoch: 2_968 },
        Event::HoldAdded(hold("m-1")),
        Event::erased(["erased", "nothing_held", "erased"].into_iter()),
        Event::KeysDestroyed { epochs: vec![2_960, 2_961] },
        Event::HoldReleased { matter: "m-1".to_owned(), by: "counsel-2".to_owned() },
        Event::Overridden { what: "a start".to_owned() },
    ]
}

fn chain() -> Vec<Kept> {
    after(None, NOW, events(), &signer()).unwrap()
}

fn wrong(kept: &[Kept], anchor: Option<&str>) -> Wrong {
    verify(kept, &signer().public_key(), anchor).unwrap_err()
}

#[test]
fn a_chain_that_grew_in_steps_verifies_against_every_head_that_it_ever_had() {
    let mut kept = Vec::<Kept>::new();
    for event in events() {
        kept.extend(after(kept.last(), NOW, vec![event], &signer()).unwrap());
    }
    assert_eq!(kept, chain());
    for anchor in &kept {
        let verified = verify(&kept, &signer().public_key(), Some(&anchor.head)).unwrap();
        assert_eq!((verified.entries, verified.first, verified.head.unwrap().size), (8, 1, 8));
    }
    assert_eq!(verify(&[], &signer().public_key(), None).unwrap(), Verified { entries: 0, first: 0, head: None });
}

#[test]
fn an_entry_is_read_back_as_it_was_and_written_in_one_way_only() {
    for (kept, event) in chain().iter().zip(events()) {
        assert_eq!(kept.read().unwrap().event, event);
        assert_eq!(export::read(&export::line(kept)).as_ref(), Some(kept));
        assert!(export::read(&export::line(kept).replacen(':', ": ", 1)).is_none());
        assert!(kept.entry.contains(&format!("\"kind\":\"{}\"", event.name())));
    }
    let first = &chain()[0].entry;
    assert!(Entry::read(&first.replacen('{', "{\"at\":\"2026-11-23T09:00:00Z\",", 1)).is_none());
}

#[test]
fn what_is_wrong_is_named_with_its_entry() {
    let whole = chain();
    let newest = whole.last().map(|kept| kept.head.clone());
    let mut edited = whole.clone();
    edited[2].entry = edited[2].entry.replace("2968", "2969");
    assert_eq!(wrong(&edited, None), Wrong::Altered { sequence: 3 });
    edited[2].hash = whole[1].hash.with(edited[2].entry.as_bytes());
    assert_eq!(wrong(&edited, None), Wrong::HeadOther { sequence: 3 });
    edited[2].head = Signer::of(&[8; 32]).sign(&Head { size: 3, hash: edited[2].hash });
    assert_eq!(wrong(&edited, None), Wrong::HeadForged { sequence: 3 });

    let (mut gap, mut doubled, mut old_head) = (whole.clone(), whole.clone(), whole.clone());
    gap.remove(4);
    assert_eq!(wrong(&gap, None), Wrong::NotNext { before: 4, found: 6 });
    doubled.insert(4, whole[3].clone());
    assert_eq!(wrong(&doubled, None), Wrong::NotNext { before: 4, found: 4 });
    old_head[7].head.clone_from(&whole[6].head);
    assert_eq!(wrong(&old_head, None), Wrong::HeadOther { sequence: 8 });

    assert_eq!(wrong(&whole[..5], newest.as_deref()), Wrong::Shorter { anchored: 8, last: 5 });
    assert_eq!(wrong(&[], newest.as_deref()), Wrong::Shorter { anchored: 8, last: 0 });
    assert_eq!(wrong(&whole[1..], None), Wrong::BeginningMissing { first: 2 });
    let mut anew = events();
    anew.swap(1, 2);
    let anew = after(None, NOW, anew, &signer()).unwrap();
    assert_eq!(wrong(&anew, newest.as_deref()), Wrong::AnotherHistory { anchored: 8 });
    let forged = newest.unwrap().replace("\n8\n", "\n7\n");
    assert_eq!(wrong(&whole, Some(&forged)), Wrong::AnchorForged);
}

#[test]
fn an_anchor_is_taken_as_a_mail_or_a_log_left_it() {
    let whole = chain();
    let head = &whole[4].head;
    for kept in [
        head.trim_end().to_owned(),
        head.replace('\n', "\r\n"),
        format!("\n{head}\n\n"),
        head.replace('\n', "\\n"),
        format!("{{\"level\":\"INFO\",\"head\":\"{}\",\"target\":\"journeycast\"}}\n", head.replace('\n', "\\n")),
    ] {
        assert!(verify(&whole, &signer().public_key(), Some(&kept)).is_ok(), "{kept:?}");
        assert_eq!(wrong(&whole, Some(&kept.replace('5', "4"))), Wrong::AnchorForged, "{kept:?}");
    }
    for junk in ["", "hello\nworld\n", &head.repeat(2)] {
        assert_eq!(wrong(&whole, Some(junk)), Wrong::AnchorForged, "{junk:?}");
    }
    let hex = signer().public_key().to_string();
    assert_eq!(PublicKey::from_hex(&hex.to_uppercase()), Some(signer().public_key()));
}

#[test]
fn another_key_neither_verifies_nor_goes_on() {
    let other = Signer::of(&[8; 32]);
    let whole = chain();
    assert_eq!(verify(&whole, &other.public_key(), None), Err(Wrong::HeadForged { sequence: 1 }));
    let refused = after(whole.last(), NOW, vec![Event::KeysMade { epoch: 1 }], &other);
    assert_eq!(refused, Err(Wrong::HeadForged { sequence: 8 }));
}

#[test]
fn what_was_due_may_be_gone_where_an_entry_says_so() {
    let mut whole = chain();
    whole.extend(after(whole.last(), NOW, vec![Event::AuditShortened { through: 3 }], &signer()).unwrap());
    for kept in 0..=3 {
        let verified = verify(&whole[kept..], &signer().public_key(), Some(&whole[3].head)).unwrap();
        assert_eq!(verified.first, kept as u64 + 1);
    }
    assert_eq!(wrong(&whole[4..], None), Wrong::BeginningMissing { first: 5 });
    assert!(verify(&whole[3..], &signer().public_key(), Some(&whole[2].head)).is_ok());
    assert_eq!(wrong(&whole[3..], Some(&whole[1].head)), Wrong::AnchorTooOld { anchored: 2, first: 4 });
}

#[test]
fn a_head_is_a_signed_note_as_others_write_it() {
    let head = Head { size: 3, hash: Hash::of_nothing() };
    let note = signer().sign(&head);
    let lines: Vec<&str> = note.split('\n').collect();
    assert_eq!(lines[..2], ["journeycast/audit/v1", "3"]);
    assert_eq!((lines[2].len(), lines[3], lines[5]), (44, "", ""));
    assert!(lines[4].starts_with("\u{2014} journeycast/audit/v1 "), "{note}");
    assert_eq!(Head::read(&note), Some(head));
    assert!(signer().public_key().signed(&head, &note));
    for changed in [note.replace("\n3\n", "\n03\n"), format!("{note}\n"), note.trim_end().to_owned()] {
        assert!(!signer().public_key().signed(&head, &changed), "{changed:?}");
    }
    assert_eq!(PublicKey::from_hex(&signer().public_key().to_string()), Some(signer().public_key()));
}

#[test]
fn a_start_is_recorded_once_for_each_policy_and_standing() {
    let start = |recorded: &[Event], version, standing: &Standing| {
        event::of_a_start(recorded.iter(), version, "test", standing, false)
    };
    assert_eq!(start(&[], None, &Standing::NoPolicy), []);
    let first = start(&[], Some("v1"), &Standing::Unsigned);
    assert_eq!(first.iter().map(Event::name).collect::<Vec<_>>(), ["policy_loaded", "overridden"]);
    assert_eq!(start(&first, Some("v1"), &Standing::Unsigned), []);
    assert_eq!(start(&first, Some("v1"), &Standing::Changed).len(), 2);
    assert_eq!(start(&first, None, &Standing::NoPolicy).len(), 1);
    assert_eq!(event::of_a_start([].iter(), Some("v1"), "production", &Standing::Unsigned, true).len(), 1);
}

#[test]
fn a_hold_covers_its_stores_groups_and_time_until_it_is_released() {
    let read = |events: Vec<Event>| -> Vec<Entry> {
        after(None, NOW, events, &signer()).unwrap().iter().map(|kept| kept.read().unwrap()).collect()
    };
    let holds = Holds::of(&read(vec![Event::HoldAdded(hold("m-1")), Event::HoldAdded(hold("m-2"))]));
    let row = |planning_group, second| Spot::Interval { planning_group, start: EventTime::from_seconds(second) };
    for (store, spot, held) in [
        (Store::Adjustments, row("pg-1", 1_000), true),
        (Store::Adjustments, row("pg-1", 999), false),
        (Store::Adjustments, row("pg-2", 1_000), false),
        (Store::Revisions, row("pg-1", 1_000), false),
        (Store::Facts, Spot::At(EventTime::from_seconds(1_000)), true),
        (Store::Facts, Spot::At(EventTime::from_seconds(999)), false),
        (Store::SetAside, Spot::Anywhere, false),
    ] {
        let matters: &[&str] = if held { &["m-1", "m-2"] } else { &[] };
        assert_eq!(holds.matters(store, spot), matters, "{store:?} {spot:?}");
    }
    assert_eq!(holds.oldest_entry(), Some(1));
    let release = |matter: &str| Event::HoldReleased { matter: matter.to_owned(), by: "c".to_owned() };
    let left = Holds::of(&read(vec![Event::HoldAdded(hold("m-1")), Event::HoldAdded(hold("m-2")), release("m-1")]));
    assert_eq!((left.matters_in(Store::Facts), left.oldest_entry()), (vec!["m-2"], Some(2)));
}

#[test]
fn what_contradicts_itself_or_another_hold_is_refused() {
    let added = Entry { sequence: 4, at: NOW, previous: Hash::of_nothing(), event: Event::HoldAdded(hold("m-1")) };
    let holds = Holds::of(&[added]);
    let with = |change: fn(&mut Hold)| {
        let mut hold = hold("m-2");
        change(&mut hold);
        holds.may_add(&hold).map_err(|why| why.to_string()).err().unwrap_or_default()
    };
    for (said, words) in [
        (with(|_| {}), ""),
        (with(|hold| hold.matter = "m-1".to_owned()), "the matter \"m-1\" is held already, since entry 4"),
        (with(|hold| hold.by = " ".to_owned()), "--by is empty"),
        (with(|hold| hold.by = "c\n2".to_owned()), "--by has control characters"),
        (with(|hold| hold.matter = "\u{dc}".repeat(201)), "--matter has more than 200 characters"),
        (with(|hold| hold.matter = "\u{dc}".repeat(200)), ""),
        (with(|hold| hold.until = hold.from), "--until must be later than --from"),
        (with(|hold| hold.stores.extend([Store::Visits])), "--topic visits: visits are never kept"),
        (with(|hold| hold.stores.extend([Store::Keys])), "--topic keys: keys are destroyed"),
    ] {
        assert!(said.starts_with(words) && said.is_empty() == words.is_empty(), "{said:?} is not {words:?}");
    }
    assert!(holds.may_release("m-1", "c").is_ok());
    assert!(matches!(holds.may_release("m-9", "c"), Err(Contradiction::Unknown { .. })));
}

proptest! {
    #[test]
    fn no_single_change_goes_unseen(place in 0..8_usize, other in 0..8_usize, kind in 0..4_usize, byte: usize, new: u8) {
        let whole = chain();
        let newest = whole.last().map(|kept| kept.head.clone());
        let mut changed = whole.clone();
        match kind {
            0 => drop(changed.remove(place)),
            1 => changed.insert(other, whole[place].clone()),
            2 => changed.swap(place, other),
            _ => {
                let mut bytes = export::line(&whole[place]).into_bytes();
                let at = byte % bytes.len();
                bytes[at] = new;
                let read = String::from_utf8(bytes).ok().and_then(|text| export::read(&text));
                let Some(read) = read else { return Ok(()) };
                changed[place] = read;
            }
        }
        prop_assume!(changed != whole);
        prop_assert!(verify(&changed, &signer().public_key(), newest.as_deref()).is_err());
    }
}
