//! The tokens of a script, which bracket each stands in, and the small steps between them.

use std::borrow::Cow;
use std::ops::Range;

use super::lexer::Lexer;
use super::text::string_value;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string in quotes.
    Text,
    /// A template in backticks, with its expressions as they are written.
    Template,
    /// A regular expression.
    Regex,
    /// Brackets and operators.
    Mark,
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The bracket that it stands in; `Token::NONE` at the outermost level.
    pub parent: u32,
    /// The other bracket of its pair; `Token::NONE` where it has none.
    pub pair: u32,
}

impl Token {
    /// No token.
    pub const NONE: u32 = u32::MAX;
}

/// A script that was cut into tokens.
#[derive(Debug)]
pub struct Script<'a> {
    /// What was cut.
    pub source: &'a str,
    /// The tokens in order.
    pub tokens: Vec<Token>,
    /// Where comments stand.
    pub comments: Vec<Range<usize>>,
    line_starts: Vec<u32>,
    first_line: u64,
}

impl<'a> Script<'a> {
    /// Cuts a script whose first line has this number; what is no script is cut too, into whatever it looks like.
    pub fn new(source: &'a str, first_line: u64) -> Self {
        let (tokens, comments) = Lexer::new(source).run();
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', source.as_bytes()).filter_map(|at| u32::try_from(at + 1).ok()));
        Self { source, tokens, comments, line_starts, first_line }
    }

    /// The line that a byte stands on.
    pub fn line_at(&self, byte: usize) -> u64 {
        let byte = u32::try_from(byte).unwrap_or(u32::MAX);
        let before = self.line_starts.partition_point(|start| *start <= byte).saturating_sub(1);
        self.first_line + before as u64
    }

    /// The line that a token stands on.
    pub fn line(&self, at: usize) -> u64 {
        self.tokens.get(at).map_or(self.first_line, |token| self.line_at(token.start as usize))
    }

    /// Whether a line ends between this token and the one before.
    pub fn breaks_before(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.tokens.get(before)) else { return true };
        let start = self.tokens.get(at).map_or(self.source.len(), |token| token.start as usize);
        self.source.get(before.end as usize..start).is_some_and(|between| between.contains(['\n', '\r']))
    }

    /// What is written; nothing past the end.
    pub fn raw(&self, at: usize) -> &'a str {
        self.tokens.get(at).and_then(|token| self.source.get(token.start as usize..token.end as usize)).unwrap_or("")
    }

    /// The token of this kind.
    pub fn is(&self, at: usize, kind: Kind) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == kind)
    }

    /// Whether it is this bracket or operator.
    pub fn is_mark(&self, at: usize, mark: &str) -> bool {
        self.is(at, Kind::Mark) && self.raw(at) == mark
    }

    /// The name or keyword there.
    pub fn word(&self, at: usize) -> Option<&'a str> {
        self.is(at, Kind::Word).then(|| self.raw(at))
    }

    /// The value of a string or template there.
    pub fn text(&self, at: usize) -> Option<Cow<'a, str>> {
        (self.is(at, Kind::Text) || self.is(at, Kind::Template)).then(|| string_value(self.raw(at)))
    }

    /// A name, or the value of a string.
    pub fn name(&self, at: usize) -> Option<Cow<'a, str>> {
        self.word(at).map(Cow::Borrowed).or_else(|| self.text(at))
    }

    /// The other bracket of a pair.
    pub fn pair(&self, at: usize) -> Option<usize> {
        self.tokens.get(at).map(|token| token.pair).filter(|pair| *pair != Token::NONE).map(|pair| pair as usize)
    }

    /// The bracket that a token stands in.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.tokens.get(at).map(|token| token.parent).filter(|parent| *parent != Token::NONE).map(|it| it as usize)
    }

    /// The function that the call bracket at this place calls: its last name, where it has one.
    pub fn callee(&self, bracket: usize) -> Option<&'a str> {
        self.word(bracket.checked_sub(1)?)
    }
}
