//! Who is who: finds the entity of a fact by any name that they share, and joins two that turn out to be one.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use super::names::{Name, Names};

/// Entities live in chunks of this many, so that growing never copies them all.
const CHUNK: usize = 4_096;

/// The place of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u32);

impl Place {
    /// Which chunk, and where in it.
    const fn parts(self) -> (usize, usize) {
        (self.0 as usize / CHUNK, self.0 as usize % CHUNK)
    }
}

/// An entry of the index: a place, and in the top bit which of its two names led here.
#[derive(Debug, Clone, Copy)]
struct Code(u32);

impl Code {
    const BEFORE: u32 = 1 << 31;

    const fn of_own(place: Place) -> Self {
        Self(place.0)
    }

    const fn of_before(place: Place) -> Self {
        Self(place.0 | Self::BEFORE)
    }

    const fn place(self) -> Place {
        Place(self.0 & !Self::BEFORE)
    }

    const fn is_of_before(self) -> bool {
        self.0 & Self::BEFORE != 0
    }
}

#[derive(Debug)]
struct Slot<T> {
    own: [u8; 16],
    before: [u8; 16],
    body: Option<T>,
}

impl<T> Slot<T> {
    fn answers_to(&self, name: Name) -> bool {
        let bytes = name.0.to_le_bytes();
        self.own == bytes || self.before == bytes
    }

    fn name(&self, code: Code) -> Name {
        Name(u128::from_le_bytes(if code.is_of_before() { self.before } else { self.own }))
    }

    fn names(&self) -> [Name; 2] {
        [self.own, self.before].map(|bytes| Name(u128::from_le_bytes(bytes)))
    }
}

/// All entities of one kind. The two names that most of them ever have stand beside the entity; the index holds places only.
#[derive(Debug)]
pub struct Roster<T> {
    chunks: Vec<Vec<Slot<T>>>,
    index: HashTable<Code>,
    more: HashMap<Name, Place, RandomState>,
    more_of: HashMap<Place, Vec<Name>, RandomState>,
    free: Vec<Place>,
    hasher: RandomState,
    live: usize,
}

impl<T> Default for Roster<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            index: HashTable::new(),
            more: HashMap::default(),
            more_of: HashMap::default(),
            free: Vec::new(),
            hasher: RandomState::default(),
            live: 0,
        }
    }
}

/// Where a fact's entity is.
#[derive(Debug)]
pub struct Found<T> {
    /// Its place.
    pub place: Place,
    /// What was known of another entity that is the same, as the fact shows.
    pub absorbed: Option<T>,
    /// Whether it is now known by a name that it did not have.
    pub is_newly_named: bool,
}

impl<T> Roster<T> {
    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.live
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The entity at a place.
    pub fn get(&self, place: Place) -> Option<&T> {
        self.slot(place)?.body.as_ref()
    }

    /// The entity at a place, to be changed.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        let (chunk, within) = place.parts();
        self.chunks.get_mut(chunk)?.get_mut(within)?.body.as_mut()
    }

    /// The entity that has any of these names.
    pub fn find(&self, names: &Names) -> Option<Place> {
        self.find_name(names.own).or_else(|| names.before.and_then(|name| self.find_name(name)))
    }

    /// The entity that has any of these names, made with `make` where there is none; two that share them become one.
    pub fn settle(&mut self, names: &Names, make: impl FnOnce() -> T) -> Found<T> {
        let own = self.find_name(names.own);
        let before = names.before.and_then(|name| self.find_name(name));
        let found = |place, is_newly_named| Found { place, absorbed: None, is_newly_named };
        match (own, before) {
            (None, None) => found(self.insert(names, make()), true),
            (Some(place), None) => found(place, names.before.is_some_and(|name| self.also_called(place, name))),
            (None, Some(place)) => found(place, self.also_called(place, names.own)),
            (Some(place), Some(other)) if place == other => found(place, false),
            (Some(place), Some(other)) => {
                let (their_names, absorbed) = self.remove(other);
                for name in their_names {
                    self.also_called(place, name);
                }
                Found { place, absorbed, is_newly_named: true }
            }
        }
    }

    /// Every name of the entity at a place.
    pub fn names_at(&self, place: Place) -> Vec<Name> {
        let mut names: Vec<Name> = self.slot(place).map(|slot| slot.names().to_vec()).unwrap_or_default();
        names.dedup();
        names.extend(self.more_of.get(&place).into_iter().flatten());
        names
    }

    /// Forgets every entity for which `is_over` holds; says how many.
    pub fn forget(&mut self, is_over: impl Fn(&T) -> bool) -> usize {
        let over: Vec<Place> = self.places().filter(|(_, body)| is_over(body)).map(|(place, _)| place).collect();
        for place in &over {
            self.remove(*place);
        }
        over.len()
    }

    /// Every entity, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.places().map(|(_, body)| body)
    }

    /// Every entity with its place, in the order of the places.
    pub fn places(&self) -> impl Iterator<Item = (Place, &T)> {
        let slots = self.chunks.iter().enumerate().flat_map(|(chunk, slots)| {
            slots.iter().enumerate().map(move |(within, slot)| (chunk * CHUNK + within, slot))
        });
        slots.filter_map(|(place, slot)| Some((Place(u32::try_from(place).unwrap_or(u32::MAX)), slot.body.as_ref()?)))
    }

    fn slot(&self, place: Place) -> Option<&Slot<T>> {
        let (chunk, within) = place.parts();
        self.chunks.get(chunk)?.get(within)
    }

    fn hash(&self, name: Name) -> u64 {
        self.hasher.hash_one(name.0)
    }

    fn find_name(&self, name: Name) -> Option<Place> {
        let found = self
            .index
            .find(self.hash(name), |code| self.slot(code.place()).is_some_and(|slot| slot.name(*code) == name));
        found
            .map(|code| code.place())
            .or_else(|| if self.more.is_empty() { None } else { self.more.get(&name).copied() })
    }

    fn insert(&mut self, names: &Names, body: T) -> Place {
        let slot = Slot {
            own: names.own.0.to_le_bytes(),
            before: names.before.unwrap_or(names.own).0.to_le_bytes(),
            body: Some(body),
        };
        let place = self.free.pop().unwrap_or_else(|| self.next_place());
        let (chunk, within) = place.parts();
        if let Some(slots) = self.chunks.get_mut(chunk) {
            match slots.get_mut(within) {
                Some(old) => *old = slot,
                None => slots.push(slot),
            }
        }
        self.live += 1;
        self.list(Code::of_own(place), names.own);
        if let Some(before) = names.before.filter(|before| *before != names.own) {
            self.list(Code::of_before(place), before);
        }
        place
    }

    fn next_place(&mut self) -> Place {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let filled = self.chunks.last().map_or(0, Vec::len);
        Place(u32::try_from((self.chunks.len() - 1) * CHUNK + filled).unwrap_or(u32::MAX))
    }

    fn list(&mut self, code: Code, name: Name) {
        let hash = self.hash(name);
        let (chunks, hasher) = (&self.chunks, &self.hasher);
        self.index.insert_unique(hash, code, |listed| {
            let (chunk, within) = listed.place().parts();
            let slot = chunks.get(chunk).and_then(|chunk| chunk.get(within));
            slot.map_or(0, |slot| hasher.hash_one(slot.name(*listed).0))
        });
    }

    /// Notes another name of an entity; false where it had it.
    fn also_called(&mut self, place: Place, name: Name) -> bool {
        let known = self.slot(place).is_some_and(|slot| slot.answers_to(name));
        if known || self.more.insert(name, place) == Some(place) {
            return false;
        }
        self.more_of.entry(place).or_default().push(name);
        true
    }

    fn remove(&mut self, place: Place) -> (Vec<Name>, Option<T>) {
        let names = self.names_at(place);
        let [own, before] = self.slot(place).map(Slot::names).unwrap_or([Name(0); 2]);
        for name in &names {
            if let Ok(entry) = self.index.find_entry(self.hash(*name), |code| {
                code.place() == place && *name == if code.is_of_before() { before } else { own }
            }) {
                entry.remove();
            }
            if self.more.get(name) == Some(&place) {
                self.more.remove(name);
            }
        }
        self.more_of.remove(&place);
        let (chunk, within) = place.parts();
        let body = self.chunks.get_mut(chunk).and_then(|slots| slots.get_mut(within)).and_then(|slot| slot.body.take());
        if body.is_some() {
            self.live -= 1;
            self.free.push(place);
        }
        (names, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(own: u128, before: Option<u128>) -> Names {
        Names { own: Name(own), before: before.map(Name) }
    }

    /// The letters of the entity that answers to this name alone.
    fn who(roster: &Roster<String>, name: u128) -> Option<&str> {
        roster.get(roster.find(&called(name, None))?).map(String::as_str)
    }

    fn settle(roster: &mut Roster<String>, own: u128, before: Option<u128>, letter: &str) -> Option<String> {
        let found = roster.settle(&called(own, before), String::new);
        if let Some(entity) = roster.get_mut(found.place) {
            entity.push_str(letter);
        }
        found.absorbed
    }

    #[test]
    fn an_entity_is_found_by_each_of_its_names() {
        let mut roster = Roster::default();
        settle(&mut roster, 2, Some(1), "a");
        settle(&mut roster, 3, Some(2), "b");
        assert_eq!(roster.len(), 1);
        assert_eq!([1, 2, 3, 4].map(|name| who(&roster, name)), [Some("ab"), Some("ab"), Some("ab"), None]);
    }

    #[test]
    fn two_that_share_a_name_become_one_and_keep_all_names() {
        let mut roster = Roster::default();
        settle(&mut roster, 1, None, "a");
        settle(&mut roster, 5, Some(4), "b");
        assert_eq!(settle(&mut roster, 1, Some(4), "c"), Some("b".to_owned()));
        assert_eq!(roster.len(), 1);
        assert_eq!([1, 4, 5].map(|name| who(&roster, name)), [Some("ac"); 3]);
    }

    #[test]
    fn who_was_forgotten_answers_to_no_name_and_its_place_is_taken_by_the_next() {
        let mut roster = Roster::default();
        settle(&mut roster, 2, Some(1), "old");
        settle(&mut roster, 3, Some(2), "er");
        settle(&mut roster, 9, None, "new");
        assert_eq!(roster.forget(|entity| entity.starts_with("old")), 1);
        assert_eq!([1, 2, 3, 9].map(|name| who(&roster, name)), [None, None, None, Some("new")]);
        settle(&mut roster, 7, Some(6), "next");
        assert_eq!((roster.len(), roster.places().count()), (2, 2));
        assert_eq!([6, 7].map(|name| who(&roster, name)), [Some("next"); 2]);
    }

    #[test]
    fn a_new_name_is_news_and_the_same_again_is_not() {
        let mut roster = Roster::default();
        let news =
            |roster: &mut Roster<String>, own, before| roster.settle(&called(own, before), String::new).is_newly_named;
        assert!(news(&mut roster, 1, None));
        assert!(news(&mut roster, 2, Some(1)));
        assert!(!news(&mut roster, 2, Some(1)));
        assert!(!news(&mut roster, 1, None));
    }

    #[test]
    fn thousands_are_found_again_after_every_growth() {
        let mut roster = Roster::default();
        for name in 0..3 * CHUNK as u128 {
            settle(&mut roster, 2 * name + 1, Some(2 * name), &name.to_string());
        }
        for name in 0..3 * CHUNK as u128 {
            assert_eq!(who(&roster, 2 * name), Some(name.to_string().as_str()));
            assert_eq!(who(&roster, 2 * name + 1), Some(name.to_string().as_str()));
        }
    }
}
