//! Constants: which conditions a script settles by itself, whoever looks at the page.

use super::statement::ends_with_line;
use super::token::{Kind, Script};

/// How far back a name is given its value.
const NEAR: usize = 2_000;

/// In longer scripts nobody looks for what may give a name another value.
const MOST_TOKENS: usize = 50_000;

/// Names shorter than this are a minifier's, and mean another thing in every function.
const LONG_NAME: usize = 4;

/// A value that is written where it stands.
#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    Flag(bool),
    Number(&'a str),
    Text(String),
    Nothing,
}

impl Value<'_> {
    fn is_true(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Number(number) => *number != "0",
            Self::Text(text) => !text.is_empty(),
            Self::Nothing => false,
        }
    }

    const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Flag(_), Self::Flag(_)) | (Self::Number(_), Self::Number(_)) | (Self::Text(_), Self::Text(_))
        )
    }
}

/// What a condition between two places always is; nothing where it may be either.
pub fn truth(script: &Script<'_>, start: usize, end: usize) -> Option<bool> {
    if script.is_mark(start, "!") && start + 1 < end {
        let is_compared = (start + 1..end).any(|at| compares(script, at).is_some());
        return if is_compared { None } else { truth(script, start + 1, end).map(|is| !is) };
    }
    match end.checked_sub(start)? {
        1 => value(script, start).map(|value| value.is_true()),
        3 if script.is_mark(start + 1, ".") => member(script, start).map(|value| value.is_true()),
        3 => {
            let wants_equal = compares(script, start + 1)?;
            let (one, other) = (value(script, start)?, value(script, start + 2)?);
            one.is_like(&other).then_some((one == other) == wants_equal)
        }
        _ => None,
    }
}

/// What the operand that ends before an operator always is: `false &&`, `!0 ||`, `on ?`.
pub fn operand(script: &Script<'_>, end: usize) -> Option<bool> {
    let last = end.checked_sub(1)?;
    let start = last.checked_sub(1).filter(|before| script.is_mark(*before, "!")).unwrap_or(last);
    let begins = start.checked_sub(1).is_none_or(|before| {
        let opens = script.is(before, Kind::Mark)
            && matches!(script.raw(before), ";" | "{" | "}" | "(" | "," | "=" | ":" | "&&" | "||" | "=>");
        opens || script.word(before) == Some("return") || ends_with_line(script, start)
    });
    if begins { truth(script, start, end) } else { None }
}

/// Whether a mark compares, and if so whether it asks for what is equal.
fn compares(script: &Script<'_>, at: usize) -> Option<bool> {
    match script.raw(at) {
        "==" | "===" => Some(true),
        "!=" | "!==" => Some(false),
        _ => None,
    }
}

fn value<'a>(script: &Script<'a>, at: usize) -> Option<Value<'a>> {
    written(script, at).map(|(value, _)| value).or_else(|| named(script, at))
}

/// A value that stands here, and where it ends. What a server or a build may still fill in is no value yet.
fn written<'a>(script: &Script<'a>, at: usize) -> Option<(Value<'a>, usize)> {
    let raw = script.raw(at);
    let value = match script.tokens.get(at)?.kind {
        Kind::Mark if raw == "!" && script.is(at + 1, Kind::Number) => {
            return Some((Value::Flag(script.raw(at + 1) == "0"), at + 2));
        }
        Kind::Word => match raw {
            "true" | "false" => Value::Flag(raw == "true"),
            "null" | "undefined" => Value::Nothing,
            _ => return None,
        },
        Kind::Number => Value::Number(raw),
        Kind::Text => {
            let text = script.text(at)?;
            let is_plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
            return is_plain.then(|| (Value::Text(text.into_owned()), at + 1));
        }
        Kind::Template | Kind::Regex | Kind::Mark => return None,
    };
    Some((value, at + 1))
}

/// A value that is all that stands here.
fn whole<'a>(script: &Script<'a>, at: usize) -> Option<Value<'a>> {
    let (value, end) = written(script, at)?;
    let ends = matches!(script.raw(end), ";" | "," | "}" | "") || ends_with_line(script, end);
    ends.then_some(value)
}

/// What a name stands for, where it is given one value and no other.
fn named<'a>(script: &Script<'a>, at: usize) -> Option<Value<'a>> {
    let is_member = at.checked_sub(1).is_some_and(|before| script.is_mark(before, "."));
    let given = declared(script, at).filter(|_| !is_member)?;
    let is_given_again = |it: usize| it != given && is_written_to(script, it);
    let same = |it: &usize| script.word(*it) == script.word(at);
    if (0..script.tokens.len()).filter(same).any(is_given_again) { None } else { whole(script, given + 2) }
}

/// What `FLAGS.chat` stands for, where the object is written out and only ever read.
fn member<'a>(script: &Script<'a>, at: usize) -> Option<Value<'a>> {
    let given = declared(script, at)?;
    let opened = given + 2;
    let end = script.is_mark(opened, "{").then(|| script.pair(opened)).flatten()?;
    let is_read = |it: usize| {
        it == given || script.is_mark(it + 1, ".") && script.is(it + 2, Kind::Word) && !is_written_to(script, it + 2)
    };
    if !(0..script.tokens.len()).filter(|it| script.word(*it) == script.word(at)).all(is_read) {
        return None;
    }
    let is_key = |it: &usize| {
        script.parent(*it) == Some(opened) && script.name(*it) == script.name(at + 2) && script.is_mark(*it + 1, ":")
    };
    let mut keys = (opened..end).filter(is_key);
    let key = keys.next()?;
    if keys.next().is_some() { None } else { whole(script, key + 2) }
}

/// Where the name at a place was declared and given its value, so that nothing comes between.
fn declared(script: &Script<'_>, at: usize) -> Option<usize> {
    let name = script.word(at).filter(|_| script.tokens.len() <= MOST_TOKENS)?;
    let is_given = |it: &usize| script.word(*it) == Some(name) && script.is_mark(*it + 1, "=");
    let given = (at.saturating_sub(NEAR)..at).rev().find(is_given)?;
    let keyword = given.checked_sub(1).and_then(|before| script.word(before))?;
    let (own, outer) = (block_of(script, at), block_of(script, given));
    let is_seen = || {
        let mut around = own;
        while around.is_some() && around != outer {
            around = around.and_then(|block| script.parent(block));
        }
        around == outer
    };
    let holds = own == outer || keyword == "const" && name.len() >= LONG_NAME && is_seen();
    (matches!(keyword, "const" | "let" | "var") && holds).then_some(given)
}

/// The block that a place stands in.
fn block_of(script: &Script<'_>, at: usize) -> Option<usize> {
    let mut place = at;
    while let Some(parent) = script.parent(place) {
        if script.is_mark(parent, "{") {
            return Some(parent);
        }
        place = parent;
    }
    None
}

fn is_written_to(script: &Script<'_>, at: usize) -> bool {
    let next = script.raw(at + 1);
    let before = at.checked_sub(1).map_or("", |before| script.raw(before));
    let counts = |mark: &str| matches!(mark, "++" | "--");
    let combines =
        matches!(next, "+" | "-" | "*" | "/" | "|" | "&" | "||" | "&&" | "??") && script.is_mark(at + 2, "=");
    next == "=" || counts(next) || counts(before) || combines
}
