//! Conditions of the server: what a template writes only after consent, or never.

use super::anchors::has_anchor;
use super::evidence::{Evidence, How, Inert, Setting, Standing};
use super::page::read_text;
use super::script::{Script, truth, words_between};

/// A language of templates, by how its directives open and close.
struct Language {
    open: &'static str,
    close: &'static str,
    /// How a directive begins that ends a block.
    ends: &'static [&'static str],
    /// How a directive begins or ends that opens one.
    begins: &'static [&'static str],
    leaves_open: &'static [&'static str],
}

const LANGUAGES: [Language; 3] = [
    Language { open: "<?php", close: "?>", ends: &["endif", "}"], begins: &[], leaves_open: &[":", "{"] },
    Language { open: "{%", close: "%}", ends: &["endif"], begins: &["if "], leaves_open: &[] },
    Language {
        open: "<%",
        close: "%>",
        ends: &["end", "}"],
        begins: &["if ", "unless ", "case ", "for "],
        leaves_open: &["{", " do", "|"],
    },
];

impl Language {
    /// The next directive behind a place: where it starts and ends, and what it says.
    fn next<'t>(&self, text: &'t str, from: usize) -> Option<(usize, usize, &'t str)> {
        let start = from + text.get(from..)?.find(self.open)?;
        let inner = start + self.open.len();
        let behind = text.get(inner..)?;
        let (said, end) = match behind.split_once(self.close) {
            Some((said, _)) => (said, inner + said.len() + self.close.len()),
            None => (behind, text.len()),
        };
        Some((start, end, said.trim_matches(['-', '~', ' ', '\t', '\r', '\n'])))
    }

    fn opens(&self, said: &str) -> bool {
        self.begins.iter().any(|word| said.starts_with(word))
            || self.leaves_open.iter().any(|mark| said.ends_with(mark))
    }

    /// Where the block ends that opens before a place: at its end, or at its `else`.
    fn end_of_block(&self, text: &str, from: usize) -> Option<usize> {
        let (mut at, mut depth) = (from, 0_usize);
        while let Some((start, end, said)) = self.next(text, at) {
            let ends = self.ends.iter().any(|word| said.starts_with(word));
            if depth == 0 && (ends || said.starts_with("els")) {
                return Some(start);
            }
            depth = (depth + usize::from(self.opens(said))).saturating_sub(usize::from(ends));
            at = end;
        }
        None
    }
}

/// Reads what stands behind such conditions by their words; blank lines take its place.
pub fn without_conditions(evidence: &mut Evidence, text: &str) -> Option<String> {
    let mut changed = None;
    for language in &LANGUAGES {
        let current = changed.as_deref().unwrap_or(text);
        changed = without_blocks(evidence, current, language).or(changed);
    }
    changed
}

fn without_blocks(evidence: &mut Evidence, text: &str, language: &Language) -> Option<String> {
    let (mut markup, mut done, mut at) = (String::new(), 0, 0);
    while let Some((_, end, said)) = language.next(text, at) {
        at = end;
        let Some(standing) = standing_behind(said).filter(|_| language.opens(said)) else { continue };
        let Some(last) = language.end_of_block(text, end) else { break };
        let block = text.get(end..last).filter(|block| has_anchor(block.as_bytes()));
        if let Some(block) = block {
            let lines = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count();
            let line = text.get(..end).map_or(0, lines) as u64 + 1;
            read_text(evidence, block, &Setting::top(How::InlineScript).inner(standing, line));
            markup.push_str(text.get(done..end).unwrap_or_default());
            markup.push_str(&"\n".repeat(lines(block)));
            (done, at) = (last, last);
        }
    }
    markup.push_str(text.get(done..).unwrap_or_default());
    (done > 0).then_some(markup)
}

/// What a directive that asks for consent, or for nothing that is ever true, makes of what it writes.
fn standing_behind(said: &str) -> Option<Standing> {
    let script = Script::new(said, 1);
    let asked = (0..script.tokens.len()).rev().find(|at| script.word(*at) == Some("if"))? + 1;
    let end = script.tokens.len();
    let (start, end) = match script.pair(asked).filter(|_| script.is_mark(asked, "(")) {
        Some(closed) => (asked + 1, closed),
        None => (asked, end),
    };
    if truth(&script, start, end) == Some(false) {
        return Some(Standing::Inert(Inert::DeadCode));
    }
    if script.is_mark(start, "!") || script.word(start) == Some("not") {
        return None;
    }
    let word = words_between(&script, start, end)?;
    Some(Standing::AfterConsent(format!("the server asks for `{word}` first")))
}
