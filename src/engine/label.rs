//! Labels: identifiers of the contact centre's own configuration, kept as text only where the configuration names them.
//!
//! A record may carry anything where an action map or a queue belongs, personal data too. So an identifier that
//! the configuration does not name is replaced, before anything rests, by a stand-in: a keyed hash that sorts
//! exactly where the text would sort among the configured identifiers.

use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// An interned identifier of one engine; two labels are equal where their texts are. It counts from one, so that no
/// label at all takes no more room than a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(NonZeroU32);

impl Label {
    /// Its place in the table that made it.
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The table of all labels of one engine.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    texts: Vec<Arc<str>>,
    places: HashMap<Arc<str>, Label, RandomState>,
}

impl Labels {
    /// The label of this text, made where it is new.
    pub fn intern(&mut self, text: &str) -> Label {
        if let Some(label) = self.places.get(text) {
            return *label;
        }
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        let count = u32::try_from(self.texts.len()).ok().and_then(NonZeroU32::new);
        let label = Label(count.unwrap_or(NonZeroU32::MAX));
        self.places.insert(text, label);
        label
    }

    /// The label of this text, if it has one.
    pub fn find(&self, text: &str) -> Option<Label> {
        self.places.get(text).copied()
    }

    /// The text of a label; empty for a label of another table.
    pub fn text(&self, label: Label) -> &str {
        self.texts.get(label.index()).map_or("", |text| text)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// The identifiers that the configuration names, and the key under which all others are hidden.
#[derive(Debug, Clone)]
pub struct KnownLabels {
    sorted: Vec<Arc<str>>,
    key: [u8; 32],
}

impl KnownLabels {
    /// Sets up the list; `key` must stay the same for as long as facts are kept.
    pub fn new(mut names: Vec<Arc<str>>, key: [u8; 32]) -> Self {
        names.sort();
        names.dedup();
        Self { sorted: names, key }
    }

    /// What may be kept of `text`: itself where the configuration names it, else a stand-in that hides it and sorts like it.
    pub fn keepable(&self, text: &str) -> Keepable<'_> {
        let place = self.sorted.partition_point(|known| &**known <= text);
        let below = place.checked_sub(1).and_then(|place| self.sorted.get(place)).map_or("", |known| known);
        if below == text && place > 0 {
            return Keepable::Known(below);
        }
        let hash = blake3::keyed_hash(&self.key, text.as_bytes());
        let hidden =
            hash.as_bytes().iter().take(8).fold(String::with_capacity(16), |hex, byte| hex + &format!("{byte:02x}"));
        Keepable::StandIn(format!("{below}\0{hidden}"))
    }
}

/// What may be kept of an identifier.
#[derive(Debug, PartialEq, Eq)]
pub enum Keepable<'a> {
    /// The configuration names it.
    Known(&'a str),
    /// Nobody knows what it says.
    StandIn(String),
}

impl Keepable<'_> {
    /// The text to keep.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::StandIn(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownLabels {
        KnownLabels::new(["am-2", "am-1", "am-10"].map(Arc::from).to_vec(), [7; 32])
    }

    #[test]
    fn what_the_configuration_names_is_kept_as_it_is() {
        assert_eq!(known().keepable("am-10"), Keepable::Known("am-10"));
    }

    #[test]
    fn what_it_does_not_name_is_hidden_and_still_sorts_where_it_would() {
        for (text, below, above) in
            [("am-11", "am-10", "am-2"), ("am-", "", "am-1"), ("zebra", "am-2", "~"), ("am-1a", "am-10", "am-2")]
        {
            let known = known();
            let kept = known.keepable(text);
            assert!(!kept.as_str().contains(text), "{text} shows in {kept:?}");
            assert!(
                below < kept.as_str() && kept.as_str() < above,
                "{text}: {kept:?} is not between {below} and {above}"
            );
        }
    }

    #[test]
    fn an_empty_identifier_is_hidden_too() {
        assert!(matches!(known().keepable(""), Keepable::StandIn(_)));
    }

    #[test]
    fn labels_are_equal_where_their_texts_are() {
        let mut labels = Labels::default();
        let (one, two) = (labels.intern("a"), labels.intern("b"));
        assert_eq!(labels.intern("a"), one);
        assert_ne!(one, two);
        assert_eq!(labels.text(two), "b");
    }
}
