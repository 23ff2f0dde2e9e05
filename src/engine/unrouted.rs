//! Unrouted: action maps that lead to no planning group, told by name only where enough actions came of them.

use std::collections::BTreeMap;

use super::names::Name;

/// An action map that the configuration does not name is told from so many actions on: what fewer say may be anything,
/// a person's name too.
pub const TOLD_FROM: usize = 5;
/// So many action maps are told at most; the rest is one figure.
const MOST: usize = 1_000;
/// An id is told only where it is no longer than this and of plain characters.
const LONGEST: usize = 64;

/// Actions of maps that lead nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unrouted {
    /// By action map, where it is told.
    pub action_maps: BTreeMap<String, i64>,
    /// Of all others.
    pub other: i64,
}

impl Unrouted {
    /// Sums up: `counts` by what is kept of each map, `texts` what may be told of it.
    pub fn of<'a>(counts: impl Iterator<Item = (Option<&'a str>, i64)>, texts: &BTreeMap<String, String>) -> Self {
        let mut all = Self::default();
        for (label, actions) in counts {
            match label.and_then(|label| texts.get(label)) {
                Some(text) if usize::try_from(actions).is_ok_and(|actions| actions >= TOLD_FROM) => {
                    *all.action_maps.entry(text.clone()).or_default() += actions;
                }
                Some(_) | None => all.other += actions,
            }
        }
        all
    }

    /// All of them.
    pub fn in_all(&self) -> i64 {
        self.action_maps.values().sum::<i64>() + self.other
    }
}

/// Unlisted action maps as they are met: what is kept of each, its text, and some of its actions.
#[derive(Debug, Default)]
pub struct Strangers {
    met: BTreeMap<String, Stranger>,
}

#[derive(Debug)]
struct Stranger {
    text: String,
    actions: Vec<Name>,
    is_news: bool,
}

impl Strangers {
    /// An action of a map that the configuration does not name.
    pub fn meet(&mut self, stand_in: &str, text: &str, action: Name) {
        if let Some(stranger) = self.met.get_mut(stand_in) {
            stranger.is_news = true;
            if stranger.actions.len() < TOLD_FROM && !stranger.actions.contains(&action) {
                stranger.actions.push(action);
            }
        } else if is_plain(text) {
            let stranger = Stranger { text: text.to_owned(), actions: vec![action], is_news: true };
            self.met.insert(stand_in.to_owned(), stranger);
            // Of too many the smallest stay: whoever is among them at the end was never left out, in whatever order they came.
            if self.met.len() > MOST {
                self.met.pop_last();
            }
        }
    }

    /// Those that may be told, and were met since this was last asked.
    pub fn news(&mut self) -> Vec<(String, String)> {
        let told = self.met.iter_mut().filter(|(_, stranger)| stranger.may_be_told() && stranger.is_news);
        told.map(|(stand_in, stranger)| {
            stranger.is_news = false;
            (stand_in.clone(), stranger.text.clone())
        })
        .collect()
    }

    /// All that may be told: what is kept of each, and its text.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let told = self.met.iter().filter(|(_, stranger)| stranger.may_be_told());
        told.map(|(stand_in, stranger)| (stand_in.clone(), stranger.text.clone())).collect()
    }
}

impl Stranger {
    fn may_be_told(&self) -> bool {
        self.actions.len() >= TOLD_FROM
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(stand_in: &str, text: &str, actions: u128) -> Strangers {
        let mut strangers = Strangers::default();
        for action in 0..actions {
            strangers.meet(stand_in, text, Name(action));
            strangers.meet(stand_in, text, Name(action));
        }
        strangers
    }

    #[test]
    fn a_map_is_told_from_five_actions_on_however_often_each_is_heard_of() {
        assert_eq!(met("s", "am-99", 4).news(), []);
        assert_eq!(met("s", "am-99", 5).news(), [("s".to_owned(), "am-99".to_owned())]);
    }

    #[test]
    fn what_was_told_is_news_again_only_when_it_is_met_again() {
        let mut strangers = met("s", "am-99", 5);
        assert_eq!(strangers.news().len(), 1);
        assert_eq!(strangers.news().len(), 0);
        strangers.meet("s", "am-99", Name(1));
        assert_eq!(strangers.news().len(), 1);
    }

    #[test]
    fn long_ids_and_sentences_are_never_told() {
        assert_eq!(met("s", "Mrs Miller", 9).news(), []);
        assert_eq!(met("s", &"x".repeat(65), 9).news(), []);
    }

    #[test]
    fn of_too_many_the_same_are_told_in_whatever_order_they_come() {
        let told = |numbers: &mut dyn Iterator<Item = u128>| {
            let mut strangers = Strangers::default();
            for number in numbers {
                let name = format!("{:05}", number % 1_500);
                strangers.meet(&name, &name, Name(number));
            }
            strangers.texts()
        };
        let (forwards, backwards) = (told(&mut (0..7_500)), told(&mut (0..7_500).rev()));
        assert_eq!((forwards.len(), &forwards), (1_000, &backwards));
    }

    #[test]
    fn what_is_not_told_is_one_figure() {
        let texts = BTreeMap::from([("a".to_owned(), "am-7".to_owned()), ("b".to_owned(), "am-8".to_owned())]);
        let counts = [(Some("a"), 5), (Some("b"), 4), (Some("c"), 100), (None, 1)];
        let told = Unrouted::of(counts.into_iter(), &texts);
        assert_eq!(told, Unrouted { action_maps: BTreeMap::from([("am-7".to_owned(), 5)]), other: 105 });
        assert_eq!(told.in_all(), 110);
    }
}
