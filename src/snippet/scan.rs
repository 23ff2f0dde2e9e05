//! Scanning a script: which signatures its tokens bear, and whether they do anything where they stand.

use std::ops::Range;

use base64::Engine as _;

use super::address::{Address, contains_ignoring_case};
use super::anchors::has_anchor;
use super::container::saw_configuration;
use super::details;
use super::evidence::{Clue, Detail, Evidence, Field, How, Inert, Setting, Standing};
use super::page;
use super::script::{Gate, Kind, Script, condition_before, html_unescaped};
use super::signature::{Named, Region, Role, Signature, SignatureKind, signatures};
use super::usage::{self, Usage};

/// Longest piece of a script that is cut into tokens at once.
const WINDOW: usize = 8 << 20;

/// How many strings within strings are opened.
const DEEPEST: u8 = 5;

/// How many gates are looked for in one script; the rest is taken to run.
const MOST_GATES: usize = 60;

/// How far into an object a key is looked for.
const MOST_KEYS: usize = 2_000;

/// Longest quotation of a page.
const LONGEST_QUOTE: usize = 120;

/// Scans a script of any length.
pub fn scan(evidence: &mut Evidence, source: &str, setting: &Setting) {
    if source.len() <= WINDOW {
        return scan_window(evidence, source, setting);
    }
    let mut start = 0;
    while start < source.len() {
        let mut end = (start + WINDOW).min(source.len());
        while !source.is_char_boundary(end) {
            end += 1;
        }
        let window = source.get(start..end).unwrap_or_default();
        if has_anchor(window.as_bytes()) {
            let before = source.get(..start).unwrap_or_default();
            let line = setting.line + memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64;
            scan_window(evidence, window, &Setting { line, ..setting.clone() });
        }
        start = end;
    }
    evidence.notes.insert("a script of more than 8 MiB was read in pieces".to_owned());
}

fn scan_window(evidence: &mut Evidence, source: &str, setting: &Setting) {
    let script = Script::new(source, setting.line);
    let mut scanner = Scanner {
        block: evidence.next_block(),
        loads_scripts: usage::loads_scripts(&script),
        gates: 0,
        script: &script,
        setting,
        evidence,
    };
    if has_anchor(source.as_bytes()) {
        scanner.tokens();
        scanner.comments();
        details::of_script(scanner.evidence, &script, scanner.block, setting.standing.is_inert());
        scanner.configuration();
    }
    scanner.hosts();
}

/// Looks for calls of these functions, and whether some of them waits for nothing.
pub fn find_calls(evidence: &mut Evidence, source: &str, wanted: &[String]) {
    if source.len() > WINDOW || !wanted.iter().any(|name| source.contains(name.as_str())) {
        return;
    }
    let script = Script::new(source, 1);
    let mut gates = 0;
    for at in 0..script.tokens.len() {
        let Some(name) = script.word(at).filter(|word| wanted.iter().any(|name| name == word)) else { continue };
        let defines = at > 0 && script.word(at - 1) == Some("function") || script.is_mark(at + 1, "=");
        let is_known = evidence.calls.get(name) == Some(&true);
        if !defines && !is_known && gates < MOST_GATES {
            gates += 1;
            let open = matches!(Gate::before(&script, at), Gate::Open | Gate::CallOf(_));
            *evidence.calls.entry(name.to_owned()).or_insert(false) |= open;
        }
    }
}

struct Scanner<'e, 's, 't> {
    evidence: &'e mut Evidence,
    script: &'t Script<'s>,
    setting: &'t Setting,
    block: u32,
    loads_scripts: bool,
    gates: usize,
}

impl Scanner<'_, '_, '_> {
    fn tokens(&mut self) {
        for at in 0..self.script.tokens.len() {
            match self.script.tokens.get(at).map(|token| token.kind) {
                Some(Kind::Word) => self.word(at),
                Some(Kind::Text | Kind::Template) => self.string(at),
                Some(Kind::Mark) if self.script.is_mark(at, "(") => self.call(at),
                Some(Kind::Mark | Kind::Number | Kind::Regex) | None => {}
            }
        }
    }

    /// A deployment and its environment side by side, where nothing else tells of Messenger.
    fn configuration(&mut self) {
        let block = self.block;
        let of_block = |field: Field| move |detail: &&Detail| detail.block == block && detail.field == field;
        let regions: Vec<u32> = self
            .evidence
            .details
            .iter()
            .filter(of_block(Field::Region))
            .filter(|detail| {
                let value = detail.value.to_ascii_lowercase();
                Region::named(&value).is_some()
                    && ["prod-", "fedramp", "eusc"].iter().any(|start| value.starts_with(start))
            })
            .map(|detail| detail.group)
            .collect();
        let mut deployments = self.evidence.details.iter().filter(of_block(Field::Deployment));
        let told = self.evidence.clues.iter().any(|clue| clue.block == block);
        if !told && deployments.any(|detail| regions.contains(&detail.group)) {
            saw_configuration(self.evidence, self.setting, block, self.setting.line);
        }
    }

    fn word(&mut self, at: usize) {
        let word = self.script.raw(at);
        for signature in &signatures().signature {
            let found = match signature.kind {
                SignatureKind::Name => signature.any.iter().any(|name| name == word),
                SignatureKind::Chain => signature.any.iter().any(|chain| self.is_chain(at, chain)),
                SignatureKind::Path | SignatureKind::Host | SignatureKind::Call => false,
                SignatureKind::Value | SignatureKind::Attribute => false,
            };
            if found {
                self.found(at, signature, None, Standing::Runs);
            }
        }
    }

    /// `A.b`, `A["b"]` or `A = {b: …}`.
    fn is_chain(&self, at: usize, chain: &str) -> bool {
        let script = self.script;
        let mut place = at;
        let mut names = chain.split('.');
        if names.next() != script.word(at) {
            return false;
        }
        names.all(|name| {
            let next = place + 1;
            place = if script.is_mark(next, ".") && script.word(next + 1) == Some(name) {
                next + 1
            } else if script.is_mark(next, "[") && script.text(next + 1).as_deref() == Some(name) {
                next + 2
            } else if let Some(key) = self.key_of_object(next, name) {
                key
            } else {
                return false;
            };
            true
        })
    }

    fn key_of_object(&self, mark: usize, name: &str) -> Option<usize> {
        let script = self.script;
        let mut open = mark + 1;
        if !(script.is_mark(mark, "=") || script.is_mark(mark, ":")) {
            return None;
        }
        // `x = x || {…}`
        while open < mark + 8 && !script.is_mark(open, "{") && !script.is_mark(open, ";") {
            open += 1;
        }
        let end = script.is_mark(open, "{").then(|| script.pair(open)).flatten()?;
        let mut key = open + 1;
        for _ in 0..MOST_KEYS {
            if key >= end {
                return None;
            }
            if script.is_mark(key + 1, ":") && script.name(key).as_deref() == Some(name) {
                return Some(key);
            }
            let opens = script.is(key, Kind::Mark) && matches!(script.raw(key), "(" | "[" | "{");
            key = script.pair(key).filter(|pair| opens && *pair > key).unwrap_or(key) + 1;
        }
        None
    }

    /// A call: its function and the first texts that it is given, also in an array.
    fn call(&mut self, bracket: usize) {
        let script = self.script;
        let first = if script.is_mark(bracket + 1, "[") { bracket + 2 } else { bracket + 1 };
        let Some(said) = script.text(first) else { return };
        let Some(callee) = script.callee(bracket) else { return };
        let object = bracket
            .checked_sub(3)
            .filter(|_| bracket >= 3 && script.is_mark(bracket - 2, "."))
            .and_then(|at| script.word(at));
        let full = object.map_or_else(|| callee.to_owned(), |object| format!("{object}.{callee}"));
        let second = script.is_mark(first + 1, ",").then(|| script.text(first + 2)).flatten().unwrap_or_default();
        for signature in signatures().signature.iter().filter(|signature| signature.kind == SignatureKind::Call) {
            let fits = |pattern: &String| {
                let mut parts = pattern.splitn(3, '|');
                let function = parts.next().unwrap_or("");
                let wanted = [parts.next().unwrap_or(""), parts.next().unwrap_or("")];
                (function == "*" || function == callee || function == full)
                    && said == wanted[0]
                    && second.starts_with(wanted[1])
            };
            if signature.any.iter().any(fits) {
                self.found(bracket - 1, signature, None, Standing::Runs);
                self.evidence.identifies |= said == "identify";
            }
        }
    }

    fn string(&mut self, at: usize) {
        let Some(value) = self.script.text(at) else { return };
        if value.len() < 4 {
            return;
        }
        for signature in &signatures().signature {
            if matches!(signature.kind, SignatureKind::Name | SignatureKind::Value)
                && signature.any.iter().any(|it| **it == *value)
            {
                self.found(at, signature, None, Standing::Runs);
            }
        }
        if let Some(address) = Address::of(&value) {
            return self.address(at, &address);
        }
        if self.setting.depth >= DEEPEST {
            return;
        }
        if has_anchor(value.as_bytes()) {
            self.nested(at, &value);
        } else if at > 0 && self.script.callee(at - 1) == Some("atob") {
            self.unpacked(at, &value);
        }
    }

    fn address(&mut self, at: usize, address: &Address<'_>) {
        let Some(signature) = address.signature() else { return };
        let standing = match usage::of_address(self.script, at, self.loads_scripts, self.setting.how) {
            Usage::Runs => Standing::Runs,
            Usage::Idle => Standing::Inert(Inert::Text),
        };
        let host = address.host.map(str::to_owned);
        details::of_address(self.evidence, address, self.block, standing.is_inert());
        let place = if standing == Standing::Runs { self.most_open_use(at) } else { at };
        self.found_at(at, place, signature, host, standing);
    }

    /// Code that is kept in base64 and unpacked where it stands.
    fn unpacked(&mut self, at: usize, value: &str) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(value).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if has_anchor(text.as_bytes()) {
            let (standing, _) = self.gated(at);
            let line = self.script.line(at);
            scan(self.evidence, &text, &self.setting.on_one_line(standing, line));
        }
    }

    /// Markup or code within a string.
    fn nested(&mut self, at: usize, value: &str) {
        let runs = usage::of_code(self.script, at, value) == Usage::Runs;
        let mut standing = if runs { Standing::Runs } else { Standing::Inert(Inert::Text) };
        if runs {
            standing = self.gated(at).0;
        }
        let line = self.script.line(at);
        let mut inner = self.setting.inner(standing, line);
        let end = self.script.tokens.get(at).map_or(0, |token| token.end as usize);
        inner.last_line = self.setting.within_lines(self.script.line_at(end));
        let plain = html_unescaped(value);
        if contains_ignoring_case(&plain, "<script")
            || contains_ignoring_case(&plain, "<iframe")
            || plain.contains("<!--")
        {
            page::read_text(self.evidence, &plain, &inner);
        } else if value.contains(['(', '=', '{', '[']) {
            if inner.how == How::Data {
                inner.how = How::InlineScript;
            }
            scan(self.evidence, value, &inner);
        }
    }

    /// What the place waits for, and the function that nothing calls, where it stands in one.
    fn gated(&mut self, at: usize) -> (Standing, Option<String>) {
        self.gates += 1;
        if self.gates > MOST_GATES {
            return (Standing::Runs, None);
        }
        match Gate::before(self.script, at) {
            Gate::Open => (Standing::Runs, None),
            Gate::Consent(word) => {
                let manager = signatures().consent.manager_in(&word);
                let manager = manager.map_or_else(String::new, |name| format!(" ({name})"));
                (Standing::AfterConsent(format!("the script asks for `{word}` first{manager}")), None)
            }
            Gate::Never => (Standing::Inert(Inert::DeadCode), None),
            Gate::CallOf(name) => (Standing::Runs, Some(name)),
        }
    }

    /// Where the address in a constant is used; the use that waits for least decides.
    fn most_open_use(&self, at: usize) -> usize {
        let script = self.script;
        if self.gates > MOST_GATES {
            return at;
        }
        let Some(name) = at.checked_sub(2).filter(|_| script.is_mark(at - 1, "=")).and_then(|name| script.word(name))
        else {
            return at;
        };
        let uses: Vec<usize> =
            (at + 1..script.tokens.len()).filter(|it| script.word(*it) == Some(name)).take(8).collect();
        let open = uses.iter().find(|it| Gate::before(script, **it) == Gate::Open);
        open.or(uses.first()).copied().unwrap_or(at)
    }

    fn found(&mut self, at: usize, signature: &'static Signature, host: Option<String>, standing: Standing) {
        self.found_at(at, at, signature, host, standing);
    }

    /// A signature at a place of the script, which waits for what another place waits for.
    fn found_at(
        &mut self,
        at: usize,
        waits_at: usize,
        signature: &'static Signature,
        host: Option<String>,
        standing: Standing,
    ) {
        let (gate, waiting) = if standing == Standing::Runs && signature.role != Role::Call {
            self.gated(waits_at)
        } else {
            (Standing::Runs, None)
        };
        let standing = standing.within(&gate).within(&self.setting.standing);
        let clue = Clue {
            signature,
            standing,
            how: self.setting.how,
            line: self.setting.within_lines(self.script.line(at)),
            part: self.setting.part.clone(),
            quote: self.quote(at),
            host,
            block: self.block,
        };
        let condition = (clue.standing == Standing::Runs && signature.role != Role::Call && self.gates <= MOST_GATES)
            .then(|| condition_before(self.script, waits_at))
            .flatten();
        let place = self.evidence.saw(clue);
        if let (Some(place), Some(condition)) = (place, condition) {
            self.evidence.conditions.insert(place, condition);
        }
        if let (Some(place), Some(name)) = (place, waiting) {
            self.evidence.uncalled.insert(name.clone());
            self.evidence.waiting.push((place, name));
        }
    }

    /// What is written there, as far as a report should repeat it.
    fn quote(&self, at: usize) -> String {
        let start = self.script.tokens.get(at).map_or(0, |token| token.start as usize);
        let rest = self.script.source.get(start..).unwrap_or_default();
        rest.chars().take_while(|letter| *letter != '\n').take(LONGEST_QUOTE).collect::<String>().trim().to_owned()
    }

    fn comments(&mut self) {
        if self.setting.depth >= DEEPEST {
            return;
        }
        let comments: Vec<Range<usize>> = joined(self.script);
        for comment in comments {
            let text = self.script.source.get(comment.clone()).unwrap_or_default();
            if !has_anchor(text.as_bytes()) {
                continue;
            }
            let bare: String = text.lines().map(without_marks).collect::<Vec<_>>().join("\n");
            let inner = self.setting.inner(Standing::Inert(Inert::ScriptComment), self.script.line_at(comment.start));
            if contains_ignoring_case(&bare, "<script") {
                page::read_text(self.evidence, &bare, &inner);
            } else {
                scan(self.evidence, &bare, &inner);
            }
        }
    }

    /// Whom else the script loads from, and which tag manager it starts.
    fn hosts(&mut self) {
        if self.setting.standing.is_inert() {
            return;
        }
        for at in 0..self.script.tokens.len() {
            let Some(value) = self.script.text(at) else { continue };
            if value.len() == 11 || value.len() == 12 || value.len() == 10 {
                self.container_id(&value);
            }
            let Some(address) = Address::of(&value) else { continue };
            if let Some(manager) = Named::among(&signatures().manager, &value) {
                self.evidence.managers.entry(manager).or_default();
                if !address.path.ends_with("/gtm.js") {
                    self.evidence.starts(manager, &value);
                }
            }
            let loaded = || usage::of_address(self.script, at, self.loads_scripts, self.setting.how) == Usage::Runs;
            if let Some(host) = address.host.filter(|_| !matches!(self.setting.how, How::Data | How::ScriptFile))
                && contains_ignoring_case(address.path, ".js")
                && loaded()
            {
                self.evidence.loads_from(host, self.setting.within_lines(self.script.line(at)));
            }
        }
    }

    fn container_id(&mut self, value: &str) {
        if value.starts_with("GTM-") && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.evidence.managers.entry("Google Tag Manager").or_default().insert(value.to_owned());
        }
    }
}

/// Comments to the end of a line that follow each other are one: code is commented out line by line.
fn joined(script: &Script<'_>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for comment in &script.comments {
        let blank =
            |from: usize| script.source.get(from..comment.start).is_some_and(|between| between.trim().is_empty());
        match joined.last_mut() {
            Some(last) if blank(last.end) => last.end = comment.end,
            Some(_) | None => joined.push(comment.clone()),
        }
    }
    joined
}

fn without_marks(line: &str) -> &str {
    let line = line.trim();
    let line =
        line.strip_prefix("//").or_else(|| line.strip_prefix("/*")).or_else(|| line.strip_prefix('*')).unwrap_or(line);
    line.strip_suffix("*/").unwrap_or(line)
}
