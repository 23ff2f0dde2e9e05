//! What is asked: which words of a condition speak of consent, and which only of its refusal.

use super::statement::ends_with_line;
use super::token::{Kind, Script};
use crate::snippet::signature::signatures;

/// How much of a condition is looked at.
const FURTHEST: usize = 240;

/// How far back a name is given what a condition asks of it.
const NEAR: usize = 2_000;

/// Most words and marks in a condition whose names are followed.
const SHORT: usize = 8;

/// Names shorter than this are a minifier's, and mean another thing in every function.
const LONG_NAME: usize = 4;

/// Longest text that is an event, a key or an answer; a longer one is a text of its own.
const LONGEST: usize = 60;

/// The word at a place, where it is about consent.
pub fn asks(script: &Script<'_>, at: usize) -> Option<String> {
    let is_regex = script.is(at, Kind::Regex);
    let name = if is_regex { script.raw(at).into() } else { script.name(at)? };
    let said = if is_regex { pattern(&name) } else { &name };
    let consent = &signatures().consent;
    let is_refused = said.rsplit_once('=').is_some_and(|(_, answer)| consent.is_refusal(answer));
    if said.len() > LONGEST || said.contains("//") || is_path(script, at, said) || is_refused {
        return None;
    }
    consent.word_in(said).map(|_| name.into_owned())
}

/// What a regular expression looks for, without its marks.
fn pattern(written: &str) -> &str {
    let inner = written.strip_prefix('/').unwrap_or(written);
    inner.rsplit_once('/').map_or(inner, |(inner, _)| inner).trim_start_matches(['^', '\\'])
}

/// Whether a text is the path of a page: one may be about cookies, and asks for nothing.
fn is_path(script: &Script<'_>, at: usize, said: &str) -> bool {
    !script.is(at, Kind::Word) && (said.starts_with('/') || said.ends_with(".html") || said.ends_with(".php"))
}

/// The first word between two places that asks for consent, and for more than is granted without asking.
pub fn words_between(script: &Script<'_>, start: usize, end: usize) -> Option<String> {
    if asks_for_what_is_granted(script, start, end) {
        return None;
    }
    let asking = |at: usize| asks(script, at).filter(|_| !is_key(script, at));
    clauses(script, start, end).into_iter().find_map(|(start, end)| (start..end).find_map(asking))
}

/// A short condition on a name that was given the answer of a consent manager a little before.
pub fn kept_answer(script: &Script<'_>, opened: usize, closed: usize) -> Option<String> {
    if closed > opened + SHORT {
        return None;
    }
    let clauses = clauses(script, opened + 1, closed);
    let words = clauses.into_iter().flat_map(|(start, end)| (start..end).filter_map(|at| script.word(at)));
    words.filter(|name| name.len() >= LONG_NAME).find_map(|name| {
        let is_given = |at: &usize| script.word(*at) == Some(name) && script.is_mark(*at + 1, "=");
        let given = (opened.saturating_sub(NEAR)..opened).rev().find(is_given)?;
        let ends = |at: &usize| script.is_mark(*at, ";") || *at > given + 2 && ends_with_line(script, *at);
        let end = (given..opened).find(ends).unwrap_or(opened);
        words_between(script, given + 2, end)
    })
}

/// Whether something between two places asks for a category that is granted without asking.
fn asks_for_what_is_granted(script: &Script<'_>, start: usize, end: usize) -> bool {
    let is_always = |at| script.name(at).is_some_and(|name| signatures().consent.is_always_in_scripts(&name));
    (start..end.min(start + FURTHEST)).any(is_always)
}

/// The key of an object says what something is called, and asks for nothing.
fn is_key(script: &Script<'_>, at: usize) -> bool {
    let opens = at.checked_sub(1).is_some_and(|before| script.is_mark(before, "{") || script.is_mark(before, ","));
    opens && script.is_mark(at + 1, ":") && script.parent(at).is_some_and(|parent| script.is_mark(parent, "{"))
}

/// The parts of a condition but for those that compare with a refusal: who never answered has not refused.
fn clauses(script: &Script<'_>, start: usize, end: usize) -> Vec<(usize, usize)> {
    let end = end.min(start + FURTHEST);
    let mut parts = Vec::new();
    let mut from = start;
    let joins = |at: &usize| ["&&", "||", "??"].iter().any(|mark| script.is_mark(*at, mark));
    for at in (start..end).filter(joins).chain([end]) {
        parts.push((from, at));
        from = at + 1;
    }
    parts.retain(|(start, end)| !(*start..*end).any(|at| compares_with_refusal(script, at)));
    parts
}

fn compares_with_refusal(script: &Script<'_>, at: usize) -> bool {
    let compares = ["==", "===", "!=", "!=="].iter().any(|mark| script.is_mark(at, mark));
    let refuses = |at: usize| script.text(at).is_some_and(|text| signatures().consent.is_refusal(&text));
    compares && (refuses(at + 1) || at.checked_sub(1).is_some_and(refuses))
}
