//! The lexer: one pass over a script, which never fails and never goes back.

use std::ops::Range;

use super::token::{Kind, Token};

/// Words after which a slash starts a regular expression.
const BEFORE_REGEX: [&str; 13] =
    ["return", "typeof", "case", "in", "of", "do", "else", "void", "delete", "throw", "new", "instanceof", "yield"];

/// Words whose round brackets are followed by a statement.
const STATEMENT_HEADS: [&str; 4] = ["if", "while", "for", "with"];

/// How deep templates are followed into their expressions.
const DEEPEST: usize = 64;

/// One pass over a script.
pub struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Range<usize>>,
    open: Vec<u32>,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning.
    pub fn new(source: &'a str) -> Self {
        Self { source, bytes: source.as_bytes(), at: 0, tokens: Vec::new(), comments: Vec::new(), open: Vec::new() }
    }

    /// Tokens and comments of the whole script.
    pub fn run(mut self) -> (Vec<Token>, Vec<Range<usize>>) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0..=8 | 11 | 12 => self.at += 1,
                b'/' => self.slash(),
                b'"' | b'\'' => self.string(byte),
                b'`' => self.template(),
                b'<' if self.rest().starts_with(b"<!--") => self.comment_to_line_end(),
                b'0'..=b'9' => self.push_while(Kind::Number, |byte| is_word(byte) || byte == b'.'),
                byte if is_word(byte) || byte == b'\\' => {
                    self.push_while(Kind::Word, |byte| is_word(byte) || byte == b'\\')
                }
                _ => self.mark(),
            }
        }
        (self.tokens, self.comments)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let parent = self.open.last().copied().unwrap_or(Token::NONE);
        let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        self.tokens.push(Token { kind, start: place(start), end: place(self.at), parent, pair: Token::NONE });
    }

    fn push_while(&mut self, kind: Kind, belongs: impl Fn(u8) -> bool) {
        let start = self.at;
        while self.peek(0).is_some_and(&belongs) {
            self.at += 1;
        }
        self.push(kind, start);
    }

    fn comment_to_line_end(&mut self) {
        let start = self.at;
        self.at += memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
        self.comments.push(start..self.at);
    }

    fn slash(&mut self) {
        match self.peek(1) {
            Some(b'/') => self.comment_to_line_end(),
            Some(b'*') => {
                let start = self.at;
                let end = memchr::memmem::find(self.bytes.get(start + 2..).unwrap_or_default(), b"*/");
                self.at = end.map_or(self.bytes.len(), |end| start + 2 + end + 2);
                self.comments.push(start..self.at);
            }
            Some(_) | None if self.regex_may_start() => self.regex(),
            Some(_) | None => self.mark(),
        }
    }

    fn raw(&self, token: &Token) -> &'a str {
        self.source.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    fn token(&self, at: u32) -> Option<&Token> {
        self.tokens.get(at as usize)
    }

    /// By what stands before: a value is divided, anything else is followed by a regular expression.
    fn regex_may_start(&self) -> bool {
        let Some(before) = self.tokens.last() else { return true };
        match (before.kind, self.raw(before)) {
            (Kind::Number | Kind::Text | Kind::Template | Kind::Regex, _) | (Kind::Mark, "]" | "++" | "--") => false,
            (Kind::Word, word) => BEFORE_REGEX.contains(&word),
            (Kind::Mark, ")") => {
                let head = before.pair.checked_sub(1).and_then(|head| self.token(head));
                head.is_some_and(|head| head.kind == Kind::Word && STATEMENT_HEADS.contains(&self.raw(head)))
            }
            (Kind::Mark, "}") => {
                let head = before.pair.checked_sub(1).and_then(|head| self.token(head));
                head.is_none_or(|head| {
                    matches!(self.raw(head), ")" | "{" | "}" | ";" | "else" | "do" | "try" | "finally" | "=>")
                })
            }
            (Kind::Mark, _) => true,
        }
    }

    /// A regular expression ends in its line; what does not was a division.
    fn regex(&mut self) {
        let start = self.at;
        let (mut end, mut in_class) = (start + 1, false);
        loop {
            match self.bytes.get(end) {
                None | Some(b'\n') => return self.mark(),
                Some(b'\\') => end += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                Some(_) => {}
            }
            end += 1;
        }
        self.at = end + 1;
        while self.peek(0).is_some_and(|byte| byte.is_ascii_alphabetic()) {
            self.at += 1;
        }
        self.push(Kind::Regex, start);
    }

    /// A string ends in its line, unless the line's end is escaped: so one stray quote spoils one line only.
    fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        while let Some(next) = memchr::memchr3(quote, b'\\', b'\n', self.rest()) {
            self.at += next;
            match self.peek(0) {
                Some(b'\\') => self.at = self.after_escape(),
                Some(b'\n') => return self.push(Kind::Text, start),
                Some(_) | None => {
                    self.at += 1;
                    return self.push(Kind::Text, start);
                }
            }
        }
        self.at = self.bytes.len();
        self.push(Kind::Text, start);
    }

    /// Behind a backslash and the letter after it, which may take several bytes.
    fn after_escape(&self) -> usize {
        let mut after = self.at + 2;
        while after < self.bytes.len() && !self.source.is_char_boundary(after) {
            after += 1;
        }
        after.min(self.bytes.len())
    }

    /// A template is one token with its expressions in it; their own templates and brackets are stepped over.
    fn template(&mut self) {
        let start = self.at;
        let mut stack = vec![b'`'];
        self.at += 1;
        while let (Some(byte), Some(within)) = (self.peek(0), stack.last().copied()) {
            match (within, byte) {
                (b'`', b'\\') => {
                    self.at = self.after_escape();
                    continue;
                }
                (b'`', b'`') | (b'{', b'}') => drop(stack.pop()),
                (b'`', b'$') if self.peek(1) == Some(b'{') && stack.len() < DEEPEST => {
                    stack.push(b'{');
                    self.at += 1;
                }
                (b'{', b'{' | b'`') if stack.len() < DEEPEST => stack.push(byte),
                _ => {}
            }
            self.at += 1;
        }
        self.push(Kind::Template, start);
    }

    fn mark(&mut self) {
        let start = self.at;
        let width =
            |marks: &[&str]| marks.iter().find(|mark| self.rest().starts_with(mark.as_bytes())).map(|it| it.len());
        let wide = width(&["===", "!==", "==", "!=", "=>", "&&", "||", "??", "?.", "++", "--", "<=", ">="]);
        self.at += wide.unwrap_or(1);
        while self.at < self.bytes.len() && !self.source.is_char_boundary(self.at) {
            self.at += 1;
        }
        match self.bytes.get(start) {
            Some(b'(' | b'[' | b'{') => {
                let place = u32::try_from(self.tokens.len()).unwrap_or(Token::NONE);
                self.push(Kind::Mark, start);
                self.open.push(place);
            }
            Some(byte @ (b')' | b']' | b'}')) => self.close(*byte, start),
            Some(_) | None => self.push(Kind::Mark, start),
        }
    }

    /// Closes the nearest bracket of its kind, and with it whatever was left open inside.
    fn close(&mut self, byte: u8, start: usize) {
        let wanted = match byte {
            b')' => "(",
            b']' => "[",
            _ => "{",
        };
        let near = self
            .open
            .iter()
            .rev()
            .take(DEEPEST)
            .position(|open| self.token(*open).is_some_and(|it| self.raw(it) == wanted));
        let opened = near.and_then(|depth| {
            let opened = self.open.get(self.open.len() - 1 - depth).copied();
            self.open.truncate(self.open.len() - 1 - depth);
            opened
        });
        let place = u32::try_from(self.tokens.len()).unwrap_or(Token::NONE);
        self.push(Kind::Mark, start);
        if let Some(opened) = opened {
            if let Some(token) = self.tokens.get_mut(opened as usize) {
                token.pair = place;
            }
            if let Some(token) = self.tokens.last_mut() {
                token.pair = opened;
            }
        }
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}
