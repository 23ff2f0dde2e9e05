//! What is erased is gone from the bytes of every file, everything else stays, and whoever counts is told once.

use super::*;
use crate::audit::{Event, Hold};
use crate::engine::erasure::Erasure;
use crate::engine::fact::{About, ActionEvent, ActionFact, OrganizationIndex};
use crate::engine::names::{Domain, Epoch, Namer};
use crate::engine::{Fact, Labels};
use crate::settings::retention::Store;
use crate::wire::facts::{decode, encode};

const ACTIONS: usize = 300;

fn organizations() -> Vec<Arc<str>> {
    vec![Arc::from("org-1")]
}

/// A namer with the folder's own keys, as an erasure has it.
fn namer(log: &mut Embedded) -> Namer {
    let at = EventTime::from_millis(NOW.millis());
    let mut namer = Namer::default();
    for epoch in [Epoch::of(at).before(), Epoch::of(at)] {
        for (domain, key) in log.epoch_keys(epoch, NOW).unwrap() {
            namer.learn(epoch, domain, &key, &organizations());
        }
    }
    namer
}

fn step(namer: &Namer, number: usize) -> Fact {
    let (organization, at) = (OrganizationIndex(0), EventTime::from_millis(NOW.millis()));
    let says = ActionFact { event: ActionEvent::Stepped, map: None, version: None, medium: None, visit: None };
    let names = namer.names(Domain::Action, organization, &format!("a-{number}"), at).unwrap();
    Fact { organization, at, names, about: About::Action(says) }
}

/// How often any name of a fact is found in any file of a folder.
fn names_on_disk(folder: &Path, fact: &Fact) -> usize {
    let names: Vec<[u8; 16]> =
        std::iter::once(fact.names.own).chain(fact.names.before).map(|name| name.0.to_le_bytes()).collect();
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| names.iter().map(|name| memchr::memmem::find_iter(&bytes, name).count()).sum::<usize>()).sum()
}

/// What the audit is told.
fn told(_: &Erasure) -> Event {
    Event::erased(std::iter::empty())
}

#[test]
fn the_names_of_what_is_erased_are_in_no_byte_of_any_file_and_all_others_stay() {
    let folder = folder();
    let mut log = open(&folder);
    let namer = namer(&mut log);
    let steps: Vec<Fact> = (0..ACTIONS).map(|number| step(&namer, number)).collect();
    for few in steps.chunks(7) {
        log.append(NOW, &facts(&encode(few, &organizations(), &Labels::default()))).unwrap();
    }
    let mut erasure = Erasure::default();
    for number in (0..ACTIONS).step_by(3) {
        erasure.seek(&namer, Domain::Action, &format!("a-{number}"));
    }
    assert_eq!(log.erasures().unwrap(), 0);
    let erased = log.erase(NOW, &mut erasure, &organizations(), told).unwrap();
    assert!(erased.journal_is_empty, "the journal is not empty");
    for (number, fact) in steps.iter().enumerate() {
        let there = names_on_disk(folder.path(), fact);
        assert_eq!(there > 0, number % 3 != 0, "action {number} is found {there} times");
    }
    let left = log
        .read(Stream::Facts, 0, ACTIONS)
        .unwrap()
        .into_iter()
        .map(|stored| decode(&stored.body, &organizations(), &mut Labels::default()).unwrap().facts.len());
    assert_eq!(left.sum::<usize>(), ACTIONS - ACTIONS / 3);
    assert_eq!(log.erasures().unwrap(), 1);

    assert!(log.erase(NOW, &mut erasure, &organizations(), told).unwrap().journal_is_empty);
    assert_eq!(log.erasures().unwrap(), 1, "nothing was left to erase, and still it was told");
}

#[test]
fn what_is_on_hold_is_not_erased_until_it_is_released_and_every_answer_is_on_the_record() {
    let folder = folder();
    let mut log = open(&folder);
    let namer = namer(&mut log);
    let steps = [step(&namer, 1), step(&namer, 2)];
    log.append(NOW, &facts(&encode(&steps, &organizations(), &Labels::default()))).unwrap();
    let hold = Hold {
        matter: "m-1".to_owned(),
        by: "counsel-1".to_owned(),
        stores: [Store::Facts].into(),
        planning_groups: std::collections::BTreeSet::new(),
        from: Some(steps[0].at),
        until: None,
    };
    let record = |log: &mut Embedded, event: Event| {
        log.record(NOW, |_| Ok::<_, std::convert::Infallible>(vec![event])).unwrap().unwrap();
    };
    record(&mut log, Event::HoldAdded(hold));
    let mut answered = Vec::new();
    for _ in 0..2 {
        let mut erasure = Erasure::default();
        let place = erasure.seek(&namer, Domain::Action, "a-1");
        let told = |erasure: &Erasure| {
            let answer = if erasure.has_kept(place) { "on_hold" } else { "erased" };
            Event::erased([answer].into_iter())
        };
        let erased = log.erase(NOW, &mut erasure, &organizations(), told).unwrap();
        answered.push((Vec::from_iter(erased.on_hold), erasure.has_found(place), log.erasures().unwrap()));
        record(&mut log, Event::HoldReleased { matter: "m-1".to_owned(), by: "counsel-1".to_owned() });
    }
    assert_eq!(answered, [(vec!["m-1".to_owned()], false, 0), (vec![], true, 1)]);
    assert_eq!(names_on_disk(folder.path(), &steps[0]), 0);
    assert!(names_on_disk(folder.path(), &steps[1]) > 0);
    let events: Vec<Event> = log.audit().unwrap().iter().map(|kept| kept.read().unwrap().event).collect();
    let told = events.into_iter().filter(|event| matches!(event, Event::Erased { .. }));
    assert_eq!(told.collect::<Vec<_>>(), ["on_hold", "erased"].map(|answer| Event::erased([answer].into_iter())));
}
