//! The walker: follows the tokens of a page and keeps in mind what it is inside of.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use super::tag::{Attributes, Content, attribute, content_of, is_compiled};
use super::{Looking, read_text};
use crate::snippet::address::contains_ignoring_case;
use crate::snippet::anchors::has_anchor;
use crate::snippet::evidence::{Evidence, How, Inert, Setting, Standing};
use crate::snippet::scan::{find_calls, scan};
use crate::snippet::signature::signatures;

/// Longest text of one element that is kept; a script may be longer than anything else.
const LONGEST_SCRIPT: usize = 64 << 20;

/// Longest text between tags that is looked at.
const LONGEST_PROSE: usize = 256 << 10;

/// How many pages within pages are opened.
const DEEPEST: u8 = 5;

/// Elements whose text is shown as it is written.
const QUOTING: [&str; 6] = ["pre", "code", "samp", "kbd", "blockquote", "xmp"];

/// Elements that end a drawing.
const BREAK_OUT: [&str; 14] =
    ["html", "head", "body", "div", "p", "pre", "ul", "table", "span", "img", "h1", "h2", "foreignobject", "section"];

/// An element whose text is being collected.
struct Collecting {
    name: String,
    attributes: Attributes,
    line: u64,
    text: String,
}

#[derive(Default)]
pub struct Inside {
    templates: usize,
    quotes: usize,
    drawings: usize,
    collecting: Option<Collecting>,
    prose: String,
    prose_line: u64,
    pub(super) auto_blocks: bool,
    /// Whether a compiler was loaded that runs scripts of its own type.
    pub(super) compiles: bool,
}

/// Follows the tokens of a page.
pub struct Walker<'e> {
    pub(super) evidence: RefCell<&'e mut Evidence>,
    pub(super) setting: Setting,
    first_line: Cell<u64>,
    looking: Looking,
    pub(super) inside: RefCell<Inside>,
    tokens: Cell<u64>,
}

impl<'e> Walker<'e> {
    pub fn new(evidence: &'e mut Evidence, setting: &Setting, looking: &Looking) -> Self {
        Self {
            evidence: RefCell::new(evidence),
            first_line: Cell::new(setting.line),
            setting: setting.clone(),
            looking: looking.clone(),
            inside: RefCell::default(),
            tokens: Cell::new(0),
        }
    }

    /// How many tokens there were.
    pub fn tokens(&self) -> u64 {
        self.tokens.get()
    }

    /// The tokenizer starts anew on this line.
    pub fn goes_on_at(&self, line: u64) {
        self.first_line.set(line);
    }

    pub fn note(&self, note: &str) {
        self.evidence.borrow_mut().notes.insert(note.to_owned());
    }

    /// What was left open is looked at as far as it came.
    pub fn finish(&self) {
        let open = self.inside.borrow_mut().collecting.take();
        if let Some(open) = open {
            self.collected(&open);
        }
        self.flush_prose();
    }

    pub(super) fn line(&self, line: u64) -> u64 {
        self.setting.within_lines(self.first_line.get() + line.saturating_sub(1))
    }

    /// What stands here by where it stands: in a template, quoted, or on the page.
    pub(super) fn here(&self) -> Standing {
        let inside = self.inside.borrow();
        if inside.templates > 0 { Standing::Inert(Inert::Template) } else { Standing::Runs }
    }

    fn start(&self, tag: &Tag, line: u64) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        let attributes: Attributes =
            tag.attrs.iter().map(|it| (it.name.local.to_string(), it.value.to_string())).collect();
        self.leave_drawing(&name);
        let keeps = QUOTING.contains(&name.as_str()) || self.inside.borrow().quotes > 0;
        if !keeps {
            self.flush_prose();
        }
        match &self.looking {
            Looking::ForSnippets => self.tag(&name, &attributes, line),
            Looking::ForCalls(wanted) => self.handlers_calling(&attributes, wanted),
        }
        let mut inside = self.inside.borrow_mut();
        match name.as_str() {
            "template" if !tag.self_closing && !attributes.iter().any(|(name, _)| name == "shadowrootmode") => {
                inside.templates += 1;
            }
            "svg" | "math" if !tag.self_closing => inside.drawings += 1,
            name if QUOTING.contains(&name) && name != "xmp" => inside.quotes += 1,
            _ => {}
        }
        let raw = match name.as_str() {
            "script" if tag.self_closing && inside.drawings > 0 => None,
            "script" => Some(RawKind::ScriptData),
            "textarea" | "title" => Some(RawKind::Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
            _ => None,
        };
        let Some(raw) = raw else { return TokenSinkResult::Continue };
        inside.collecting = Some(Collecting { name, attributes, line: self.line(line), text: String::new() });
        if inside.drawings > 0 { TokenSinkResult::Continue } else { TokenSinkResult::RawData(raw) }
    }

    fn leave_drawing(&self, name: &str) {
        let mut inside = self.inside.borrow_mut();
        if inside.drawings > 0 && BREAK_OUT.contains(&name) {
            inside.drawings = 0;
        }
    }

    fn end(&self, name: &str) {
        let ended = {
            let mut inside = self.inside.borrow_mut();
            let matches = inside.collecting.as_ref().is_some_and(|open| open.name == name);
            if matches { inside.collecting.take() } else { None }
        };
        if let Some(ended) = ended {
            return self.collected(&ended);
        }
        let closes_quote = {
            let mut inside = self.inside.borrow_mut();
            match name {
                "template" => inside.templates = inside.templates.saturating_sub(1),
                "svg" | "math" => inside.drawings = inside.drawings.saturating_sub(1),
                _ => {}
            }
            let quotes = QUOTING.contains(&name) && inside.quotes > 0;
            inside.quotes -= usize::from(quotes);
            inside.quotes == 0
        };
        if closes_quote {
            self.flush_prose();
        }
    }

    /// An element whose text was collected has ended.
    fn collected(&self, element: &Collecting) {
        if let Looking::ForCalls(wanted) = &self.looking {
            if element.name == "script" {
                find_calls(&mut self.evidence.borrow_mut(), &element.text, wanted);
            }
            return;
        }
        let runs = self.here();
        match element.name.as_str() {
            "script" => self.script(element, runs),
            "noscript" => self.nested(&element.text, Standing::Inert(Inert::Noscript).within(&runs), element.line),
            "textarea" | "xmp" | "iframe" | "noembed" | "noframes" => {
                self.quoted(&element.text, element.line);
            }
            _ => {}
        }
    }

    fn script(&self, element: &Collecting, runs: Standing) {
        let auto_blocks = self.inside.borrow().auto_blocks;
        let text = &element.text;
        let compiled = self.inside.borrow().compiles && is_compiled(&element.attributes);
        let content = content_of(&element.attributes, auto_blocks);
        match if compiled { Content::Script(Standing::Runs) } else { content } {
            Content::Script(standing) => {
                // Where a tag has an address, its text never runs.
                let has_address = attribute(&element.attributes, "src").is_some();
                let standing = if has_address { Standing::Inert(Inert::DeadCode) } else { standing };
                let standing = standing.within(&runs);
                let mut setting = self.setting.inner(standing, element.line);
                setting.depth = self.setting.depth;
                if setting.how != How::TagManager {
                    setting.how = How::InlineScript;
                }
                scan(&mut self.evidence.borrow_mut(), text, &setting);
            }
            Content::Data { of_framework } => {
                let standing = if of_framework { Standing::Runs } else { Standing::Inert(Inert::Text) };
                let mut setting = self.setting.inner(standing.within(&runs), element.line);
                setting.how = How::Data;
                scan(&mut self.evidence.borrow_mut(), text, &setting);
            }
            Content::Template => self.nested(text, Standing::Inert(Inert::Template).within(&runs), element.line),
        }
    }

    /// Markup in markup.
    pub(super) fn nested(&self, text: &str, standing: Standing, line: u64) {
        if self.setting.depth < DEEPEST && has_anchor(text.as_bytes()) {
            read_text(&mut self.evidence.borrow_mut(), text, &self.setting.inner(standing, line));
        }
    }

    /// Markup in an attribute, whose lines are not told apart.
    pub(super) fn in_attribute(&self, text: &str, standing: Standing, line: u64) {
        if self.setting.depth < DEEPEST && has_anchor(text.as_bytes()) {
            read_text(&mut self.evidence.borrow_mut(), text, &self.setting.on_one_line(standing, line));
        }
    }

    /// Text that is shown as it is written.
    fn quoted(&self, text: &str, line: u64) {
        if self.setting.depth >= DEEPEST || !has_anchor(text.as_bytes()) {
            return;
        }
        let mut setting = self.setting.inner(Standing::Inert(Inert::Quoted), line);
        setting.how = How::Text;
        if contains_ignoring_case(text, "<script") || contains_ignoring_case(text, "<iframe") {
            read_text(&mut self.evidence.borrow_mut(), text, &setting);
        } else {
            scan(&mut self.evidence.borrow_mut(), text, &setting);
        }
    }

    /// Text between tags: a snippet that is shown to readers is one that does nothing.
    fn flush_prose(&self) {
        let (prose, line) = {
            let mut inside = self.inside.borrow_mut();
            (std::mem::take(&mut inside.prose), inside.prose_line)
        };
        let like_code = prose.contains("<script") || prose.contains(['{', '=']) && prose.contains(['(', '"', '\'']);
        if like_code && self.looking == Looking::ForSnippets {
            self.quoted(&prose, line);
        }
    }

    fn characters(&self, text: &str, line: u64) {
        let mut inside = self.inside.borrow_mut();
        if let Some(open) = &mut inside.collecting {
            if open.text.len() + text.len() <= LONGEST_SCRIPT {
                open.text.push_str(text);
            }
            return;
        }
        if inside.prose.is_empty() {
            inside.prose_line = self.line(line);
        }
        if inside.prose.len() + text.len() <= LONGEST_PROSE {
            inside.prose.push_str(text);
        }
    }

    fn comment(&self, text: &str, line: u64) {
        if self.looking != Looking::ForSnippets || self.setting.depth >= DEEPEST || !has_anchor(text.as_bytes()) {
            return;
        }
        // The line is that of the end.
        let start = self.line(line).saturating_sub(memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64);
        let setting = self.setting.inner(Standing::Inert(Inert::Comment), start.max(1));
        if text.contains('<') {
            read_text(&mut self.evidence.borrow_mut(), text, &setting);
        } else {
            scan(&mut self.evidence.borrow_mut(), text, &setting);
        }
    }

    /// Handlers in attributes call functions too.
    fn handlers_calling(&self, attributes: &Attributes, wanted: &[String]) {
        for (_, code) in attributes.iter().filter(|(name, _)| name.starts_with("on")) {
            for name in wanted.iter().filter(|name| code.contains(name.as_str())) {
                let asks = attributes.iter().any(|(_, value)| {
                    signatures().consent.word_in(value).is_some() || contains_ignoring_case(value, "cookie")
                });
                *self.evidence.borrow_mut().calls.entry(name.clone()).or_insert(false) |= !asks;
            }
        }
    }
}

/// A walker that one tokenizer after the other hands its tokens to.
pub struct Handle<'e>(pub Rc<Walker<'e>>);

impl TokenSink for Handle<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        self.0.tokens.set(self.0.tokens.get() + u64::from(!matches!(token, Token::ParseError(_))));
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.0.start(&tag, line),
            Token::TagToken(tag) => self.0.end(&tag.name),
            Token::CommentToken(text) => self.0.comment(&text, line),
            Token::CharacterTokens(text) => self.0.characters(&text, line),
            Token::NullCharacterToken | Token::DoctypeToken(_) | Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.0.inside.borrow().drawings > 0
    }
}
