//! Whether everything that was said is a known key with a value of its kind. What is not is complained about and taken out.

use super::complaint::Complaint;
use super::document::{Entry, Node, Value};
use super::keys::{Key, Kind, Need, full_name};
use super::kind::quoted;
use super::spelling::did_you_mean;

/// Checks the whole tree by what may be said in it; what is left of it is sound as far as single values go.
pub fn check(keys: &'static [Key], tree: &mut Node, complaints: &mut Vec<Complaint>) {
    table(keys, "", tree, complaints);
}

fn table(keys: &'static [Key], section: &str, node: &mut Node, complaints: &mut Vec<Complaint>) {
    let place = node.place.clone();
    let Value::Table(entries) = &mut node.value else { return };
    for key in keys {
        let Need::Must(add) = key.need else { continue };
        let said = entries.iter().find(|entry| entry.key == key.name);
        if said.is_none_or(|entry| entry.node.value == Value::List(Vec::new())) {
            let (key, message) = (full_name(section, key.name), format!("is missing; {add}"));
            complaints.push(Complaint { place: place.clone(), key, message });
        }
    }
    entries.retain_mut(|entry| match keys.iter().find(|key| key.name == entry.key) {
        Some(key) => sound(key, section, entry, complaints),
        None => {
            complaints.push(unknown(keys, section, entry));
            false
        }
    });
}

fn sound(key: &'static Key, section: &str, entry: &mut Entry, complaints: &mut Vec<Complaint>) -> bool {
    let name = full_name(section, key.name);
    let complaint = match (key.kind, &mut entry.node.value) {
        (Kind::Table(keys), Value::Table(_)) => {
            table(keys, &name, &mut entry.node, complaints);
            None
        }
        (Kind::Entries(keys, _), Value::List(elements)) => {
            elements.retain_mut(|element| one_of_many(keys, &name, element, complaints));
            None
        }
        (Kind::Foreign, Value::Table(settings)) => {
            settings.retain(|setting| foreign(&name, setting, complaints));
            None
        }
        (kind, value) => kind.complaint_about(value),
    };
    let Some(message) = complaint else { return true };
    complaints.push(Complaint { place: entry.node.place.clone(), key: name, message });
    false
}

fn one_of_many(keys: &'static [Key], name: &str, element: &mut Node, complaints: &mut Vec<Complaint>) -> bool {
    if !matches!(element.value, Value::Table(_)) {
        let message = format!("expected a table such as {{ id = \"…\" }}, found {}", element.value.describe());
        complaints.push(Complaint { place: element.place.clone(), key: name.to_owned(), message });
        return false;
    }
    table(keys, name, element, complaints);
    true
}

fn foreign(name: &str, setting: &Entry, complaints: &mut Vec<Complaint>) -> bool {
    let message = match &setting.node.value {
        Value::Text(_) => return true,
        Value::Table(_) => {
            "is a table; a name with dots is written in quotes: \"session.timeout.ms\" = \"…\"".to_owned()
        }
        // What was found may be a password.
        Value::Whole(_) | Value::Decimal(_) | Value::Flag(_) | Value::Alien(_) | Value::List(_) => {
            "expected text in quotes".to_owned()
        }
    };
    complaints.push(Complaint { place: setting.node.place.clone(), key: full_name(name, &setting.key), message });
    false
}

fn unknown(keys: &[Key], section: &str, entry: &Entry) -> Complaint {
    let names = || keys.iter().map(|key| key.name);
    let near = did_you_mean(&entry.key, names());
    let holder = if section.is_empty() { "the file".to_owned() } else { format!("[{section}]") };
    Complaint {
        place: entry.place.clone(),
        key: full_name(section, &entry.key),
        message: format!("is no key of {holder}{near} (known: {})", quoted(names())),
    }
}
