//! What is wrong with a record: the least of all that was noted is what is told.

use super::class::{Class, SetAside};
use super::found::Found;
use super::place::Place;

/// The least fault noted so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults(Option<(Class, Place)>);

impl Faults {
    /// Notes what is wrong with a field; nothing but its key, where that stands there twice.
    pub fn note_field(&mut self, class: Class, place: Place, found: &Found<'_>) {
        self.note(if found.is_twice(place) { Class::DuplicateKey } else { class }, place);
    }

    /// Notes a fault.
    pub fn note(&mut self, class: Class, place: Place) {
        if self.0.is_none_or(|(least, _)| class < least) {
            self.0 = Some((class, place));
        }
    }

    /// Notes the first of these places that stands there twice.
    pub fn note_twice(&mut self, found: &Found<'_>, places: &[Place]) {
        if let Some(place) = found.twice(places) {
            self.note(Class::DuplicateKey, place);
        }
    }

    /// What is to be told.
    pub fn told(self, found: &Found<'_>) -> Option<SetAside> {
        self.0.map(|(class, place)| SetAside { class, path: place.path(found.form, found.part) })
    }
}
