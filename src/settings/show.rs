//! The configuration as it holds, with where each value comes from; secrets are never shown.

use std::fmt::Write;

use super::SettingsError;
use super::document::{Node, Value};
use super::keys::{Key, Kind, ROOT, full_name};
use super::log::is_secret;

/// What is written where a secret stands.
const HIDDEN: &str = "(a secret, not shown)";

/// The effective configuration as TOML: what the file and the environment say, and the defaults.
pub fn show(
    text: &str,
    file_name: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<String, SettingsError> {
    let tree = super::tree(text, file_name, environment)?;
    let mut shown = Shown { file_name, text: String::new() };
    shown.sections(ROOT, "", &tree);
    Ok(shown.text.trim_start().to_owned())
}

/// The same, value by value: its full name, what it says, and where that was said.
pub fn list(
    text: &str,
    file_name: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<[String; 3]>, SettingsError> {
    let tree = super::tree(text, file_name, environment)?;
    let mut rows = Vec::new();
    list_section(ROOT, "", &tree, &mut |name, value, node| {
        rows.push([name, value, node.place.within(file_name)]);
    });
    Ok(rows)
}

fn list_section(keys: &[Key], section: &str, node: &Node, row: &mut impl FnMut(String, String, &Node)) {
    for (key, value) in keys.iter().filter_map(|key| node.get(key.name).map(|value| (key, value))) {
        let name = full_name(section, key.name);
        match key.kind {
            Kind::One(_) => row(name, plain(value), value),
            Kind::Table(inner) => list_section(inner, &name, value, row),
            Kind::Entries(inner, _) => {
                for (place, element) in value.elements().iter().enumerate() {
                    list_section(inner, &format!("{name}[{}]", place + 1), element, row);
                }
            }
            Kind::Foreign => {
                for entry in value.entries() {
                    let said = if is_secret(&entry.key) { HIDDEN.to_owned() } else { plain(&entry.node) };
                    row(full_name(&name, &entry.key), said, &entry.node);
                }
            }
        }
    }
}

/// A value as a program wants it: text without its quotes.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Whole(_) | Value::Decimal(_) | Value::Flag(_) | Value::List(_) | Value::Alien(_) | Value::Table(_) => {
            written(node)
        }
    }
}

struct Shown<'a> {
    file_name: &'a str,
    text: String,
}

impl Shown<'_> {
    fn table(&mut self, header: &str, keys: &[Key], name: &str, node: &Node) {
        if node.entries().is_empty() {
            return;
        }
        self.line(format_args!("\n{header}"));
        for (key, value) in keys.iter().filter_map(|key| node.get(key.name).map(|value| (key, value))) {
            if matches!(key.kind, Kind::One(_)) {
                self.line(format_args!("{} = {}  # {}", key.name, written(value), value.place.within(self.file_name)));
            }
        }
        self.sections(keys, name, node);
    }

    fn sections(&mut self, keys: &[Key], section: &str, node: &Node) {
        for (key, value) in keys.iter().filter_map(|key| node.get(key.name).map(|value| (key, value))) {
            let name = full_name(section, key.name);
            match key.kind {
                Kind::Table(inner) => self.table(&format!("[{name}]"), inner, &name, value),
                Kind::Entries(inner, _) => {
                    for element in value.elements() {
                        self.table(&format!("[[{name}]]"), inner, &name, element);
                    }
                }
                Kind::Foreign => self.foreign(&name, value),
                Kind::One(_) => {}
            }
        }
    }

    fn foreign(&mut self, name: &str, node: &Node) {
        self.line(format_args!("\n[{name}]"));
        for entry in node.entries() {
            let value = if is_secret(&entry.key) { quote(HIDDEN) } else { written(&entry.node) };
            let place = entry.node.place.within(self.file_name);
            self.line(format_args!("{} = {value}  # {place}", quote(&entry.key)));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        writeln!(self.text, "{line}").unwrap_or_default();
    }
}

fn written(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => quote(text),
        Value::Whole(number) => number.to_string(),
        Value::Decimal(number) => format!("{number:?}"),
        Value::Flag(flag) => flag.to_string(),
        Value::List(elements) => format!("[{}]", elements.iter().map(written).collect::<Vec<_>>().join(", ")),
        // A checked tree holds no date, and its tables have sections of their own.
        Value::Alien(_) | Value::Table(_) => quote(""),
    }
}

/// A basic string of TOML, which is one of JSON but for the delete character.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
