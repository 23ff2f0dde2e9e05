//! What a record holds at the places that are needed, before anybody judges it.

use std::borrow::Cow;
use std::mem;

use super::place::{Form, Part, Place};

/// What stands at one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value<'a> {
    /// Nothing, or null.
    #[default]
    Absent,
    /// An object.
    Object,
    /// An array of strings, kept in [`Found::skills`].
    Texts,
    /// A string.
    Text(Cow<'a, str>),
    /// An integer of 64 bits.
    Integer(i64),
    /// Any other number.
    Number,
    /// Anything else, a string that is no text included.
    Other,
}

impl Value<'_> {
    fn into_owned(self) -> Value<'static> {
        match self {
            Self::Absent => Value::Absent,
            Self::Object => Value::Object,
            Self::Texts => Value::Texts,
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Integer(integer) => Value::Integer(integer),
            Self::Number => Value::Number,
            Self::Other => Value::Other,
        }
    }
}

/// What a record holds at every place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// How the event is presented.
    pub form: Form,
    /// The part that holds the action.
    pub part: Part,
    /// The skills asked for.
    pub skills: Vec<Cow<'a, str>>,
    values: [Value<'a>; Place::COUNT],
    present: u64,
    twice: u64,
}

impl<'a> Found<'a> {
    /// Nothing yet.
    pub fn nothing(form: Form) -> Self {
        let values = [const { Value::Absent }; Place::COUNT];
        Self { form, part: Part::Step, skills: Vec::new(), values, present: 0, twice: 0 }
    }

    /// What stands at a place.
    pub fn at(&self, place: Place) -> &Value<'a> {
        self.values.get(place as usize).unwrap_or(&const { Value::Absent })
    }

    /// Takes what stands at a place.
    pub fn take(&mut self, place: Place) -> Value<'a> {
        self.values.get_mut(place as usize).map(mem::take).unwrap_or_default()
    }

    /// The key of a place was met; `false` where it was met before.
    pub const fn meet(&mut self, place: Place) -> bool {
        let is_first = self.present & place.bit() == 0;
        self.present |= place.bit();
        if !is_first {
            self.meet_twice(place);
        }
        is_first
    }

    /// Says what stands at a place.
    pub fn put(&mut self, place: Place, value: Value<'a>) {
        if let Some(slot) = self.values.get_mut(place as usize) {
            *slot = value;
        }
    }

    /// Whether any of these keys was met, with null behind it or anything else.
    pub const fn has_any(&self, places: u64) -> bool {
        self.present & places != 0
    }

    /// The first of these places whose key was met twice.
    pub fn twice(&self, places: &[Place]) -> Option<Place> {
        if self.twice == 0 {
            return None;
        }
        places.iter().copied().find(|place| self.is_twice(*place))
    }

    /// The key of a place was met twice, so that nobody knows what stands there, nor anywhere inside.
    pub const fn meet_twice(&mut self, place: Place) {
        self.present |= place.bit();
        self.twice |= place.bit() | place.within();
    }

    /// Whether nobody knows what stands at a place, because of a key that was met twice.
    pub const fn is_twice(&self, place: Place) -> bool {
        self.twice & place.bit() != 0
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Found<'static> {
        Found {
            form: self.form,
            part: self.part,
            skills: self.skills.into_iter().map(|skill| Cow::Owned(skill.into_owned())).collect(),
            values: self.values.map(Value::into_owned),
            present: self.present,
            twice: self.twice,
        }
    }
}
