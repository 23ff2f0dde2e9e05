//! What the strings of a script say once their escapes are undone.

use std::borrow::Cow;

/// The value of a string literal, quotes included; JSON strings are understood as well.
pub fn string_value(literal: &str) -> Cow<'_, str> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
    let inner = match quote {
        Some(quote) => {
            let rest = literal.strip_prefix(quote).unwrap_or(literal);
            rest.strip_suffix(quote).unwrap_or(rest)
        }
        None => literal,
    };
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    Cow::Owned(unescaped(inner))
}

fn unescaped(inner: &str) -> String {
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            value.push(letter);
            continue;
        }
        match rest.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('b' | 'f' | 'v' | '0' | '\n') | None => {}
            Some('x') => value.extend(coded(&mut rest, 2)),
            Some('u') if rest.as_str().starts_with('{') => {
                rest.next();
                let digits: String = rest.by_ref().take_while(|digit| *digit != '}').collect();
                value.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some('u') => value.extend(wide(&mut rest)),
            Some(other) => value.push(other),
        }
    }
    value
}

fn coded(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    code(rest, digits).and_then(char::from_u32)
}

fn code(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<u32> {
    let written = rest.as_str().get(..digits)?;
    let code = u32::from_str_radix(written, 16).ok()?;
    rest.nth(digits - 1);
    Some(code)
}

/// A `\u` escape, or two that make one letter.
fn wide(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let first = code(rest, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    let mut ahead = rest.clone();
    if ahead.next() != Some('\\') || ahead.next() != Some('u') {
        return None;
    }
    let second = code(&mut ahead, 4)?;
    *rest = ahead;
    char::from_u32(0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff))
}

/// The same text with the five entities that scripts are hidden behind undone.
pub fn html_unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        value.push_str(before);
        let known = ENTITIES.iter().find_map(|(name, letter)| Some((*letter, after.strip_prefix(name)?)));
        let (letter, next) = known.unwrap_or(("&", after));
        value.push_str(letter);
        rest = next;
    }
    value.push_str(rest);
    Cow::Owned(value)
}

const ENTITIES: [(&str, &str); 15] = [
    ("lt;", "<"),
    ("gt;", ">"),
    ("quot;", "\""),
    ("apos;", "'"),
    ("#39;", "'"),
    ("#039;", "'"),
    ("#34;", "\""),
    ("#60;", "<"),
    ("#62;", ">"),
    ("#47;", "/"),
    ("#x2F;", "/"),
    ("#x2f;", "/"),
    ("#x27;", "'"),
    ("#x22;", "\""),
    ("amp;", "&"),
];
