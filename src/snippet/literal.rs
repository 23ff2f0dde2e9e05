//! Literals: objects and arrays of a script or of JSON as a tree; one that is cut short is read as far as it goes.

use super::script::{Kind, Script};

/// How deep a tree is followed.
const DEEPEST: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Keys and values in order, and the line that it starts on.
    Object(Vec<(String, Self)>, u64),
    /// Values in order.
    Array(Vec<Self>),
    /// A string and its line.
    Text(String, u64),
    /// A number as it is written.
    Number(String),
    /// True or false.
    Truth(bool),
    /// Anything else.
    Other,
}

impl Literal {
    /// The value that starts at this token, and the token behind it; `complete` turns false where it is cut short.
    pub fn read(script: &Script<'_>, at: usize, complete: &mut bool) -> (Self, usize) {
        Self::at_depth(script, at, 0, complete)
    }

    fn at_depth(script: &Script<'_>, at: usize, depth: usize, complete: &mut bool) -> (Self, usize) {
        if at >= script.tokens.len() {
            *complete = false;
            return (Self::Other, at);
        }
        if depth < DEEPEST && script.is_mark(at, "{") {
            return Self::object(script, at, depth, complete);
        }
        if depth < DEEPEST && script.is_mark(at, "[") {
            return Self::array(script, at, depth, complete);
        }
        let value = match script.tokens.get(at).map(|token| token.kind) {
            Some(Kind::Text | Kind::Template) => {
                Self::Text(script.text(at).unwrap_or_default().into_owned(), script.line(at))
            }
            Some(Kind::Number) => Self::Number(script.raw(at).to_owned()),
            Some(Kind::Word) if matches!(script.raw(at), "true" | "false") => Self::Truth(script.raw(at) == "true"),
            Some(Kind::Mark) if script.is_mark(at, "!") => Self::Truth(script.raw(at + 1) == "0"),
            Some(Kind::Word | Kind::Regex | Kind::Mark) | None => Self::Other,
        };
        // Whatever an expression goes on with is stepped over.
        let parent = script.parent(at);
        let mut next = at;
        while next < script.tokens.len() {
            let ends =
                script.is(next, Kind::Mark) && matches!(script.raw(next), "," | "}" | "]" | ")" | ";") && next > at;
            if ends && (script.parent(next) == parent || script.pair(next) == parent) {
                return (value, next);
            }
            let opens = script.is(next, Kind::Mark) && matches!(script.raw(next), "(" | "[" | "{");
            next = script.pair(next).filter(|pair| opens && *pair > next).unwrap_or(next) + 1;
        }
        *complete &= parent.is_none();
        (value, next)
    }

    fn object(script: &Script<'_>, open: usize, depth: usize, complete: &mut bool) -> (Self, usize) {
        let (mut entries, mut at) = (Vec::new(), open + 1);
        let line = script.line(open);
        while !script.is_mark(at, "}") {
            if at >= script.tokens.len() {
                *complete = false;
                return (Self::Object(entries, line), at);
            }
            if let Some(key) = script.name(at).filter(|_| script.is_mark(at + 1, ":")) {
                let (value, next) = Self::at_depth(script, at + 2, depth + 1, complete);
                entries.push((key.into_owned(), value));
                at = next.max(at + 2);
            } else {
                at += 1;
            }
        }
        (Self::Object(entries, line), at + 1)
    }

    fn array(script: &Script<'_>, open: usize, depth: usize, complete: &mut bool) -> (Self, usize) {
        let (mut values, mut at) = (Vec::new(), open + 1);
        while !script.is_mark(at, "]") {
            if at >= script.tokens.len() {
                *complete = false;
                return (Self::Array(values), at);
            }
            if script.is_mark(at, ",") {
                at += 1;
                continue;
            }
            let (value, next) = Self::at_depth(script, at, depth + 1, complete);
            values.push(value);
            at = next.max(at + 1);
        }
        (Self::Array(values), at + 1)
    }

    /// The value under a key.
    pub fn get(&self, wanted: &str) -> Option<&Self> {
        match self {
            Self::Object(entries, _) => entries.iter().find(|(key, _)| key == wanted).map(|(_, value)| value),
            Self::Array(_) | Self::Text(..) | Self::Number(_) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// The values of an array; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(values) => values,
            Self::Object(..) | Self::Text(..) | Self::Number(_) | Self::Truth(_) | Self::Other => &[],
        }
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text, _) => Some(text),
            Self::Object(..) | Self::Array(_) | Self::Number(_) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// The text under a key.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }

    /// The whole number.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Number(number) => number.parse().ok(),
            Self::Object(..) | Self::Array(_) | Self::Text(..) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// The line of the first string in it.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Text(_, line) | Self::Object(_, line) => Some(*line),
            Self::Array(values) => values.iter().find_map(Self::line),
            Self::Number(_) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// Whether some text in it, keys included, fits.
    pub fn any_text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Object(entries, _) => entries.iter().any(|(key, value)| fits(key) || value.any_text(fits)),
            Self::Array(values) => values.iter().any(|value| value.any_text(fits)),
            Self::Text(text, _) => fits(text),
            Self::Number(_) | Self::Truth(_) | Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> (Literal, bool) {
        let mut complete = true;
        let literal = Literal::read(&Script::new(source, 1), 0, &mut complete).0;
        (literal, complete)
    }

    #[test]
    fn json_and_scripts_read_the_same() {
        let (json, _) = read(r#"{"a":[1,"x",true,null],"b":{"c":"\u003Cp>"}}"#);
        let (script, _) = read(r"{a:[1,'x',!0,f(1,2)],b:{'c':'\x3cp>'}}");
        assert_eq!(json, script);
        assert_eq!(json.get("b").and_then(|it| it.text_at("c")), Some("<p>"));
    }

    #[test]
    fn what_is_cut_short_is_read_as_far_as_it_goes() {
        let (literal, complete) = read(r#"{"log":{"entries":[{"url":"a"},{"url":"b"},{"ur"#);
        assert!(!complete);
        let entries = literal.get("log").and_then(|log| log.get("entries")).map_or(0, |entries| entries.items().len());
        assert_eq!(entries, 3);
        assert!(read(&"[".repeat(100_000)).0 != Literal::Other);
    }
}
