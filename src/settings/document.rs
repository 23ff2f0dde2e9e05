//! A configuration as a tree of values, each with the place that it comes from.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaint::Complaint;

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the configuration file, both counted from 1; columns are characters.
    File {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// In this environment variable.
    Environment(Arc<str>),
    /// Nowhere: it is the default.
    Default,
}

impl Place {
    /// The first character of the file.
    pub(super) const START: Self = Self::File { line: 1, column: 1 };

    /// How to find it: `file:line:column`, or the name of the variable.
    pub fn within(&self, file: &str) -> String {
        match self {
            Self::File { line, column } => format!("{file}:{line}:{column}"),
            Self::Environment(variable) => variable.to_string(),
            Self::Default => "default".to_owned(),
        }
    }

    /// The same, inside a sentence about another place of the same file.
    pub(super) fn nearby(&self) -> String {
        match self {
            Self::File { line, .. } => format!("in line {line}"),
            Self::Environment(variable) => format!("in {variable}"),
            Self::Default => "by default".to_owned(),
        }
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub value: Value,
}

/// What can be said in TOML, as far as it matters here.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer.
    Whole(i64),
    /// A float.
    Decimal(f64),
    /// True or false.
    Flag(bool),
    /// A date, or a number too large to hold: no setting is either.
    Alien(String),
    /// An array, of tables too.
    List(Vec<Node>),
    /// A table, in the order of its keys.
    Table(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// What it is set to.
    pub node: Node,
}

impl Value {
    /// What it is, in a sentence that says that something else was expected.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("the text {text:?}"),
            Self::Whole(number) => format!("the number {number}"),
            Self::Decimal(number) => format!("the number {number}"),
            Self::Flag(flag) => flag.to_string(),
            Self::Alien(text) => text.clone(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

impl Node {
    /// A table without entries.
    pub(super) fn empty_table(place: Place) -> Self {
        Self { place, value: Value::Table(Vec::new()) }
    }

    /// The value of a key, where this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a table; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    /// The elements of a list; none of anything else.
    pub fn elements(&self) -> &[Self] {
        if let Value::List(elements) = &self.value { elements } else { &[] }
    }

    /// The elements of the list at a key; none where there is none.
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::elements)
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The text at a key, where there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }

    /// Sets the value of a key of a table, in place of what it was.
    pub(super) fn set(&mut self, key: &str, node: Self) {
        if let Value::Table(entries) = &mut self.value {
            entries.retain(|entry| entry.key != key);
            entries.push(Entry { key: key.to_owned(), place: node.place.clone(), node });
        }
    }
}

/// Reads TOML, or says where it is none.
pub fn read(text: &str) -> Result<Node, Vec<Complaint>> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { place: Place::START, value: lines.table(table.get_ref()) });
    }
    let complaint = |error: toml::de::Error| {
        let span = error.span().unwrap_or_default();
        let word = text.get(span.clone()).unwrap_or("");
        let remedy = if error.message() == "duplicate key" { format!(" {word}; keep one") } else { String::new() };
        let message = format!("this is no TOML: {}{remedy}", error.message().replace('\n', "; "));
        Complaint { place: lines.place(span.start), key: String::new(), message }
    };
    Err(errors.into_iter().map(complaint).collect())
}

/// Where the lines of a text begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect() }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        // A byte order mark is no column.
        let before = self.text.get(start..offset).unwrap_or("").trim_start_matches('\u{feff}');
        Place::File { line, column: before.chars().count() + 1 }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let read = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Alien(format!("the huge number {number}")), Value::Whole),
            DeValue::Float(number) => {
                number.as_str().parse().map_or_else(|_| Value::Alien(format!("the number {number}")), Value::Decimal)
            }
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(date) => Value::Alien(format!("the date {date}")),
            DeValue::Array(elements) => Value::List(elements.iter().map(|element| self.node(element)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        Node { place: self.place(value.span().start), value: read }
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let key: &Spanned<std::borrow::Cow<'_, str>> = key;
            Entry { key: key.get_ref().to_string(), place: self.place(key.span().start), node: self.node(value) }
        };
        Value::Table(table.iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, path: &[&str]) -> String {
        read(text).unwrap().at(path).unwrap().place.within("a.toml")
    }

    #[test]
    fn every_value_knows_its_line_and_column_in_characters() {
        assert_eq!(place("[log]\n  path = \"ü\" # x\n", &["log", "path"]), "a.toml:2:10");
        assert_eq!(place("log = { \"ü\" = 1, path = 'x' }", &["log", "path"]), "a.toml:1:25");
        assert_eq!(place("\r\nlog.path = 'x'\r\n", &["log", "path"]), "a.toml:2:12");
        assert_eq!(place("\u{feff}a = 1", &["a"]), "a.toml:1:5");
        assert_eq!(place("\n[log]\n", &["log"]), "a.toml:2:1");
    }

    #[test]
    fn numbers_are_read_in_every_notation_and_huge_ones_do_not_pass_for_small_ones() {
        let read = read("a = 1_000\nb = 0xff\nc = 1e2\nd = 99999999999999999999\ne = -3").unwrap();
        for (key, value) in [
            ("a", Value::Whole(1_000)),
            ("b", Value::Whole(255)),
            ("c", Value::Decimal(100.0)),
            ("d", Value::Alien("the huge number 99999999999999999999".to_owned())),
            ("e", Value::Whole(-3)),
        ] {
            assert_eq!(read.get(key).unwrap().value, value);
        }
    }
}
