//! Whether one value is of its kind; said in words that tell what to write instead.

use std::net::SocketAddr;

use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;

use super::document::{Node, Value};
use super::duration;
use super::keys::{Kind, Single};
use super::page_path::PagePath;
use super::spelling::did_you_mean;

impl Kind {
    /// What is wrong with a value that is not looked into, if anything.
    pub fn complaint_about(self, value: &Value) -> Option<String> {
        match self {
            Self::One(kind) => kind.complaint_about(value),
            // What was found may be a password.
            Self::Foreign => Some("expected a table of texts such as { \"client.id\" = \"a\" }".to_owned()),
            Self::Table(_) => Some(expected("a table, written with single brackets and only once", value)),
            Self::Entries(..) => Some(expected("a list of tables, each written with double brackets", value)),
        }
    }
}

fn expected(what: &str, found: &Value) -> String {
    format!("expected {what}, found {}", found.describe())
}

impl Single {
    /// What is wrong with the value, if anything.
    pub fn complaint_about(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Name | Self::Location, Value::Text(text)) => name(text),
            (Self::Names, Value::List(elements)) => elements.iter().find_map(|element| Self::Name.of_element(element)),
            (Self::Choice(words), Value::Text(text)) => choice(words, text),
            (Self::Length(least), Value::Text(text)) => match duration::parse(text) {
                Err(message) => Some(message),
                Ok(span) if span < least => Some(format!("{text:?} is too short; at least {}", duration::say(least))),
                Ok(_) => None,
            },
            (Self::Share, Value::Whole(0 | 1)) | (Self::Flag, Value::Flag(_)) => None,
            (Self::Share, Value::Decimal(share)) if (0.0..=1.0).contains(share) => None,
            (Self::Share, Value::Whole(_) | Value::Decimal(_)) => {
                Some(format!("{} is outside 0 to 1; write 80 % as 0.8", value.describe()))
            }
            (Self::Version, Value::Whole(number)) => u32::try_from(*number)
                .is_err()
                .then(|| format!("{number} is no version; write a whole number from 0 to {}", u32::MAX)),
            (Self::Address, Value::Text(text)) => address(text),
            (Self::Zone, Value::Text(text)) => zone(text),
            (Self::Host, Value::Text(text)) => host(text),
            (Self::PagePath, Value::Text(text)) => PagePath::parse(text).err(),
            (Self::Day, Value::Text(text)) => day(text),
            (_, other) => Some(expected(&self.describe(), other)),
        }
    }

    fn of_element(self, element: &Node) -> Option<String> {
        self.complaint_about(&element.value).map(|message| format!("in this list: {message}"))
    }

    /// What it is, with an example.
    pub fn describe(self) -> String {
        match self {
            Self::Name => "text in quotes".to_owned(),
            Self::Names => "a list of texts such as [\"a\", \"b\"]".to_owned(),
            Self::Location => "a path in quotes".to_owned(),
            Self::Choice(words) => format!("one of {}", quoted(words.iter().copied())),
            Self::Length(_) => "a length of time in quotes such as \"30s\"".to_owned(),
            Self::Share => "a number from 0 to 1".to_owned(),
            Self::Version => "a whole number".to_owned(),
            Self::Flag => "true or false, without quotes".to_owned(),
            Self::Address => "an address with a port such as \"127.0.0.1:8080\"".to_owned(),
            Self::Zone => "an IANA time zone such as \"Europe/Dublin\"".to_owned(),
            Self::Host => "a host such as \"shop.example\"".to_owned(),
            Self::PagePath => "a path such as \"/pricing/**\"".to_owned(),
            Self::Day => "a day in quotes such as \"2026-11-01\"".to_owned(),
        }
    }

    /// The value that a text of the environment stands for; what does not fit is left as text and complained about later.
    pub fn value_of_variable(self, text: &str) -> Value {
        let as_text = || Value::Text(text.to_owned());
        match self {
            Self::Flag => text.parse().map_or_else(|_| as_text(), Value::Flag),
            Self::Version => text.parse().map_or_else(|_| as_text(), Value::Whole),
            Self::Share => text.parse().map_or_else(|_| as_text(), Value::Decimal),
            Self::Name
            | Self::Names
            | Self::Location
            | Self::Choice(_)
            | Self::Length(_)
            | Self::Address
            | Self::Zone
            | Self::Host
            | Self::PagePath
            | Self::Day => as_text(),
        }
    }
}

/// Words in quotes, separated by commas.
pub fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

fn name(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("is empty; write something between the quotes".to_owned());
    }
    let control = text.chars().find(|c| c.is_control())?;
    Some(format!("{text:?} contains the control character U+{:04X}; take it out", u32::from(control)))
}

fn choice(words: &[&str], text: &str) -> Option<String> {
    if words.contains(&text) {
        return None;
    }
    let known = quoted(words.iter().copied());
    Some(format!("{text:?} is not one of {known}{}", did_you_mean(text, words.iter().copied())))
}

fn address(text: &str) -> Option<String> {
    if text.parse::<SocketAddr>().is_ok() {
        return None;
    }
    Some(format!(
        "{text:?} is no address with a port; write one such as \"127.0.0.1:8080\", \"0.0.0.0:8080\" or \"[::1]:8080\""
    ))
}

/// The bundled database alone, so that the same file is right or wrong on every machine.
fn zone(text: &str) -> Option<String> {
    let zones = TimeZoneDatabase::bundled();
    let names: Vec<String> = zones.available().map(|name| name.as_str().to_owned()).collect();
    if names.iter().any(|name| name == text) {
        return None;
    }
    Some(format!("{text:?} is no IANA time zone{}", did_you_mean(text, names.iter().map(String::as_str))))
}

fn day(text: &str) -> Option<String> {
    let is_plain = text.len() == 10 && text.parse::<Date>().is_ok();
    (!is_plain).then(|| format!("{text:?} is no day; write it as \"2026-11-01\""))
}

fn host(text: &str) -> Option<String> {
    if let Some(message) = name(text) {
        return Some(message);
    }
    if let Some(foreign) = text.chars().find(|c| !c.is_ascii() && c.is_alphanumeric()) {
        return Some(format!(
            "{text:?} contains {foreign:?}; browsers send such a host in its ASCII form, which begins with xn--: write that"
        ));
    }
    if text.ends_with('.') {
        return Some(format!("{text:?} ends with a dot; hosts are compared without it, so leave it out"));
    }
    let wrong = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))?;
    Some(format!("{text:?} contains {wrong:?}; write the host alone, without scheme, port, path and stars"))
}
