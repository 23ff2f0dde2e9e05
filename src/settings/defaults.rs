//! The embedded `defaults.toml`: the values that hold unless something else is said, and the sentence of every key.

use std::collections::BTreeMap;

use super::document::{self, Node, Place, Value};
use super::keys::{Key, Kind, ROOT, Unsaid};

/// The file, as it is also shown in the manual.
pub static DEFAULTS: &str = include_str!("defaults.toml");

/// The tree of all defaults of such a file; every place in it is [`Place::Default`].
pub fn tree_of(file: &str) -> Node {
    let mut tree = document::read(file).unwrap_or_else(|_| Node::empty_table(Place::Default));
    forget_places(&mut tree);
    tree
}

fn forget_places(node: &mut Node) {
    node.place = Place::Default;
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            entry.place = Place::Default;
            forget_places(&mut entry.node);
        }),
        Value::List(elements) => elements.iter_mut().for_each(forget_places),
        Value::Text(_) | Value::Whole(_) | Value::Decimal(_) | Value::Flag(_) | Value::Alien(_) => {}
    }
}

/// Puts the defaults wherever the operator said nothing.
pub fn fill(said: &mut Node) {
    fill_from(DEFAULTS, ROOT, said);
}

/// Puts the defaults of such a file wherever nothing was said.
pub fn fill_from(file: &str, keys: &[Key], said: &mut Node) {
    fill_table(keys, said, &tree_of(file));
}

fn fill_table(keys: &[Key], said: &mut Node, defaults: &Node) {
    for key in keys {
        let Some(default) = defaults.get(key.name) else { continue };
        match key.kind {
            Kind::Table(inner) => {
                let mut table = said.get(key.name).cloned().unwrap_or(Node::empty_table(Place::Default));
                fill_table(inner, &mut table, default);
                said.set(key.name, table);
            }
            Kind::Entries(inner, Unsaid::FillsEach) => {
                let template = default.elements().first();
                let Some((mut list, template)) = said.get(key.name).cloned().zip(template) else { continue };
                if let Value::List(elements) = &mut list.value {
                    elements.iter_mut().for_each(|element| fill_table(inner, element, template));
                }
                said.set(key.name, list);
            }
            Kind::Entries(_, Unsaid::IsTheList) | Kind::One(_) | Kind::Foreign => {
                if said.get(key.name).is_none() {
                    said.set(key.name, default.clone());
                }
            }
        }
    }
}

/// The sentence of every section and key, by its full name: the comment above it in such a file.
pub fn sentences(file: &str) -> BTreeMap<String, String> {
    let (mut sentences, mut section, mut above) = (BTreeMap::new(), String::new(), String::new());
    for line in file.lines() {
        let said = line.strip_prefix('#').unwrap_or(line);
        if let Some(comment) = line.strip_prefix("# ") {
            comment.clone_into(&mut above);
            continue;
        }
        let named = if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            Some(section.clone())
        } else {
            said.split_once(" = ").map(|(key, _)| super::keys::full_name(&section, key))
        };
        if let Some(name) = named.filter(|_| !above.is_empty()) {
            sentences.insert(name, above.clone());
        }
        above.clear();
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::super::keys::{Need, full_name};
    use super::*;

    fn walk(keys: &'static [Key], section: &str, visit: &mut impl FnMut(String, &'static Key)) {
        for key in keys {
            let name = full_name(section, key.name);
            visit(name.clone(), key);
            if let Kind::Table(inner) | Kind::Entries(inner, _) = key.kind {
                walk(inner, &name, visit);
            }
        }
    }

    #[test]
    fn every_key_has_one_sentence_in_the_defaults_and_every_sentence_a_key() {
        let (said, mut known) = (sentences(DEFAULTS), Vec::new());
        walk(ROOT, "", &mut |name, _| known.push(name));
        for name in &known {
            let sentence = said.get(name).unwrap_or_else(|| panic!("{name} has no sentence in defaults.toml"));
            assert!(sentence.ends_with('.'), "{name}: {sentence}");
        }
        for name in said.keys() {
            assert!(known.contains(name), "defaults.toml describes {name}, which is no key");
        }
    }

    #[test]
    fn every_default_is_a_key_of_the_table_and_fits_its_kind() {
        let mut complaints = Vec::new();
        let mut tree = tree_of(DEFAULTS);
        super::super::shape::check(ROOT, &mut tree, &mut complaints);
        // What must be said has no default, so a template lacks it.
        complaints.retain(|complaint| !complaint.message.contains("is missing"));
        assert_eq!(complaints, []);
    }

    #[test]
    fn what_must_be_said_has_no_default() {
        let defaults = tree_of(DEFAULTS);
        walk(ROOT, "", &mut |name, key| {
            let path: Vec<&str> = name.split('.').collect();
            let template = |node: &'_ Node, part: &str| node.elements().first().unwrap_or(node).get(part).cloned();
            let default = path.iter().try_fold(defaults.clone(), |node, part| template(&node, part));
            let list = matches!(key.kind, Kind::Entries(..)) || name.starts_with("source.");
            assert!(list || default.is_none() || key.need == Need::May, "{name} must be said and has a default");
        });
    }

    #[test]
    fn an_example_in_a_comment_is_toml_that_its_kind_accepts() {
        let uncommented: Vec<&str> =
            DEFAULTS.lines().map(|l| if l.starts_with("# ") { "" } else { l.trim_start_matches('#') }).collect();
        let mut complaints = Vec::new();
        let mut tree = document::read(&uncommented.join("\n")).unwrap();
        super::super::shape::check(ROOT, &mut tree, &mut complaints);
        assert_eq!(complaints, []);
    }
}
