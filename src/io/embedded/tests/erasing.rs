//! What is erased is gone from the bytes of every file, everything else stays, and whoever counts is told once.

use super::*;
use crate::engine::erasure::Erasure;
use crate::engine::fact::{About, ActionEvent, ActionFact, OrganizationIndex};
use crate::engine::names::{Domain, Epoch, Namer};
use crate::engine::{Fact, Labels};
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
    assert!(log.erase(&mut erasure, &organizations()).unwrap(), "the journal is not empty");
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

    assert!(log.erase(&mut erasure, &organizations()).unwrap());
    assert_eq!(log.erasures().unwrap(), 1, "nothing was left to erase, and still it was told");
}
