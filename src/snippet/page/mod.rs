//! Pages: markup goes through the tokenizer of html5ever in small pieces, and every script is told where it stands.

mod walker;

mod elements;

mod tag;

use std::rc::Rc;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tokenizer, TokenizerOpts};

use super::decode::Decoder;
use super::evidence::{Evidence, Setting};
use walker::{Handle, Walker};

/// How much of a page is handed to the tokenizer at once.
const PIECE: usize = 64 << 10;

/// A tag with this many blanks has so many attributes that looking for doubles among them would take minutes.
const MOST_BLANKS: usize = 60_000;

/// Most markup that is read of a string.
const LONGEST_TEXT: usize = 8 << 20;

/// What a reader looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looking {
    /// Snippets.
    ForSnippets,
    /// Calls of these functions.
    ForCalls(Vec<String>),
}

/// Reads a page of any length and encoding; evidence goes into `evidence`.
pub fn read_page(evidence: &mut Evidence, bytes: &[u8], setting: &Setting, looking: &Looking) {
    let mut decoder = Decoder::of(bytes);
    let mut reader = Reader::new(evidence, setting, looking);
    while let Some(piece) = decoder.next_piece(PIECE) {
        reader.feed(&piece);
    }
    reader.finish();
}

/// Reads markup that stands in a string.
pub fn read_text(evidence: &mut Evidence, text: &str, setting: &Setting) {
    if text.len() > LONGEST_TEXT {
        evidence.notes.insert("a string of more than 8 MiB of markup was not read".to_owned());
        return;
    }
    let mut reader = Reader::new(evidence, setting, &Looking::ForSnippets);
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (piece, behind) = rest.split_at(end);
        reader.feed(piece);
        rest = behind;
    }
    reader.finish();
}

struct Reader<'e> {
    tokenizer: Tokenizer<Handle<'e>>,
    queue: BufferQueue,
    first_line: u64,
    lines: u64,
    tokens_before: u64,
    blanks: usize,
    in_comment: bool,
    skipped: Option<String>,
}

impl<'e> Reader<'e> {
    fn new(evidence: &'e mut Evidence, setting: &Setting, looking: &Looking) -> Self {
        Self {
            tokenizer: Tokenizer::new(
                Handle(Rc::new(Walker::new(evidence, setting, looking))),
                TokenizerOpts::default(),
            ),
            queue: BufferQueue::default(),
            first_line: setting.line,
            lines: 0,
            tokens_before: 0,
            blanks: 0,
            in_comment: false,
            skipped: None,
        }
    }

    fn feed(&mut self, piece: &str) {
        let lines = memchr::memchr_iter(b'\n', piece.as_bytes()).count() as u64;
        if self.skipped.is_some() {
            return self.skip(piece, lines);
        }
        self.queue.push_back(StrTendril::from_slice(piece));
        while let TokenizerResult::Script(()) | TokenizerResult::EncodingIndicator(_) = self.tokenizer.feed(&self.queue)
        {
        }
        self.lines += lines;
        let tokens = self.tokenizer.sink.0.tokens();
        if tokens != self.tokens_before {
            self.tokens_before = tokens;
            self.blanks = 0;
            self.in_comment =
                piece.rsplit("<!--").next().is_some_and(|last| last.len() < piece.len() && !last.contains("-->"));
            return;
        }
        self.blanks += piece.bytes().filter(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'/')).count();
        if self.blanks > MOST_BLANKS {
            self.tokenizer.sink.0.note("a tag or comment of hundreds of kilobytes was passed over");
            self.skipped = Some(String::new());
        }
    }

    /// Passes over the rest of a tag or comment, and starts anew behind it.
    fn skip(&mut self, piece: &str, lines: u64) {
        let end = if self.in_comment { "-->" } else { ">" };
        let cut = self.skipped.take().unwrap_or_default();
        let joined = format!("{cut}{piece}");
        let Some((_, behind)) = joined.split_once(end) else {
            let kept = joined.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
            self.skipped = joined.get(kept..).map(str::to_owned);
            self.lines += lines;
            return;
        };
        let lines_behind = memchr::memchr_iter(b'\n', behind.as_bytes()).count() as u64;
        self.lines += lines.saturating_sub(lines_behind);
        self.start_anew();
        self.feed(behind);
    }

    fn start_anew(&mut self) {
        let line = self.first_line + self.lines;
        self.queue = BufferQueue::default();
        self.tokenizer.sink.0.goes_on_at(line);
        self.tokenizer = Tokenizer::new(Handle(Rc::clone(&self.tokenizer.sink.0)), TokenizerOpts::default());
        self.tokens_before = self.tokenizer.sink.0.tokens();
        self.blanks = 0;
    }

    fn finish(self) {
        self.tokenizer.end();
        self.tokenizer.sink.0.finish();
    }
}
