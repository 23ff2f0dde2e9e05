//! Gates: what a piece of a script waits for before it runs, as far as the script itself tells.

use super::token::{Kind, Script};
use crate::snippet::signature::signatures;

/// How far back a condition is looked for.
const FURTHEST: usize = 240;

/// How many calls of a function are looked at.
const MOST_CALLS: usize = 24;

/// How far back a name is given what a condition asks of it.
const NEAR: usize = 2_000;

/// Most words and marks in a condition whose names are followed.
const SHORT: usize = 8;

/// Names shorter than this are a minifier's, and mean another thing in every function.
const LONG_NAME: usize = 4;

/// Parts of a name that tell that it is waited until consent is there, and not only for what asks for it.
const WAITS: [&str; 8] = ["wait", "grant", "given", "accept", "until", "when", "require", "has"];

/// How many functions deep a call is followed.
const DEEPEST: u8 = 4;

/// How many brackets are climbed.
const MOST_LEVELS: usize = 200;

/// Words that stand before a round bracket and are no function.
const KEYWORDS: [&str; 7] = ["if", "for", "while", "switch", "catch", "with", "function"];

/// What a piece of a script waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Nothing.
    Open,
    /// Consent; the text is the word that tells so.
    Consent(String),
    /// A condition that is never true.
    Never,
    /// A call of this function, which does not come in this script.
    CallOf(String),
}

impl Gate {
    /// What the token at this place waits for.
    pub fn before(script: &Script<'_>, at: usize) -> Self {
        Self::looked_for(script, at, 0)
    }

    fn looked_for(script: &Script<'_>, at: usize, depth: u8) -> Self {
        let mut place = at;
        let mut uncalled = None;
        // A consent manager says more than the word `consent` in what it is given, so it is looked for further out.
        let mut asked = None;
        let names_manager = |word: &str| signatures().consent.manager_in(word).is_some();
        for _ in 0..MOST_LEVELS {
            match head_of(script, place) {
                Self::Open => {}
                Self::Consent(word) if !names_manager(&word) => asked = asked.or(Some(word)),
                closed @ (Self::Consent(_) | Self::Never | Self::CallOf(_)) => return closed,
            }
            let Some(parent) = script.parent(place) else { break };
            if script.is_mark(parent, "{") {
                if has_returned(script, parent, place) {
                    return Self::Never;
                }
                if let Some(word) = early_return(script, parent, place) {
                    asked = asked.or(Some(word));
                }
                match called(script, parent, depth) {
                    Self::Open => {}
                    Self::CallOf(name) => uncalled = Some(name),
                    Self::Consent(word) if !names_manager(&word) => asked = asked.or(Some(word)),
                    closed @ (Self::Consent(_) | Self::Never) => return closed,
                }
            }
            place = parent;
        }
        asked.map(Self::Consent).or(uncalled.map(Self::CallOf)).unwrap_or(Self::Open)
    }
}

/// What stands before a place in its own statement: a condition, the name of a function, the event that it handles.
fn head_of(script: &Script<'_>, at: usize) -> Gate {
    let in_call = script.parent(at).is_some_and(|parent| script.is_mark(parent, "("));
    let floor = script.parent(at).map_or(0, |parent| parent + 1);
    let mut place = at;
    let mut steps = 0;
    while place > floor && steps < FURTHEST {
        place -= 1;
        steps += 1;
        let raw = script.raw(place);
        match script.tokens.get(place).map(|token| token.kind) {
            Some(Kind::Mark) => match raw {
                ";" | "{" => break,
                "," if !in_call => break,
                "&&" if is_never(script, place) => return Gate::Never,
                "}" | "]" | ")" => {
                    let continues = matches!(
                        script.raw(place + 1),
                        ")" | "(" | "," | "." | "[" | "?." | "&&" | "||" | "?" | "=>" | "{"
                    );
                    if raw == "}" && !continues {
                        break;
                    }
                    let Some(opened) = script.pair(place).filter(|opened| *opened >= floor) else { break };
                    if raw == ")"
                        && let Some(gate) = condition(script, opened, place)
                    {
                        return gate;
                    }
                    place = opened;
                }
                _ => {}
            },
            Some(Kind::Word | Kind::Text | Kind::Template) => {
                if let Some(word) = asks(script, place) {
                    return Gate::Consent(word);
                }
            }
            Some(Kind::Number | Kind::Regex) | None => {}
        }
    }
    Gate::Open
}

/// What a pair of round brackets says about what follows it.
fn condition(script: &Script<'_>, opened: usize, closed: usize) -> Option<Gate> {
    let whole = closed == opened + 2 || closed == opened + 3 && script.is_mark(opened + 1, "!");
    let is_condition = matches!(script.callee(opened), Some("if" | "while"));
    if whole && is_condition && is_never(script, closed) {
        return Some(Gate::Never);
    }
    if is_condition && closed == opened + 2 && is_false_constant(script, opened + 1) {
        return Some(Gate::Never);
    }
    let asked = words_between(script, opened + 1, closed);
    asked.or_else(|| is_condition.then(|| kept_answer(script, opened, closed)).flatten()).map(Gate::Consent)
}

/// Whether what ends before a place is never true: `false`, `0`, `!1`, `!true`.
fn is_never(script: &Script<'_>, end: usize) -> bool {
    let (Some(last), before) = (end.checked_sub(1), end.checked_sub(2)) else { return false };
    let negated = before.is_some_and(|before| script.is_mark(before, "!"));
    let operators = ["==", "===", "!=", "!==", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "."];
    let compared = before.is_some_and(|before| operators.contains(&script.raw(before)));
    match script.raw(last) {
        "false" | "0" => !negated && !compared,
        "true" | "1" => negated,
        _ => false,
    }
}

/// Whether a name is that of a constant which is false.
fn is_false_constant(script: &Script<'_>, at: usize) -> bool {
    let Some(name) = script.word(at) else { return false };
    let mut places = (at.saturating_sub(NEAR)..at).rev();
    places.any(|it| {
        script.word(it) == Some("const")
            && script.word(it + 1) == Some(name)
            && script.is_mark(it + 2, "=")
            && is_never(script, it + 4)
            && script.is_mark(it + 4, ";")
    })
}

/// A short condition on a name that was given the answer of a consent manager a little before.
fn kept_answer(script: &Script<'_>, opened: usize, closed: usize) -> Option<String> {
    if closed > opened + SHORT {
        return None;
    }
    let names = (opened + 1..closed).filter_map(|at| script.word(at)).filter(|name| name.len() >= LONG_NAME);
    names.into_iter().find_map(|name| {
        let is_given = |at: &usize| script.word(*at) == Some(name) && script.is_mark(*at + 1, "=");
        let given = (opened.saturating_sub(NEAR)..opened).rev().find(is_given)?;
        let end = (given..opened).find(|at| script.is_mark(*at, ";")).unwrap_or(opened);
        words_between(script, given + 2, end)
    })
}

/// Whether something between two places asks for a category that is granted without asking.
fn asks_for_what_is_granted(script: &Script<'_>, start: usize, end: usize) -> bool {
    let is_always = |at| script.name(at).is_some_and(|name| signatures().consent.is_always_in_scripts(&name));
    (start..end.min(start + FURTHEST)).any(is_always)
}

fn words_between(script: &Script<'_>, start: usize, end: usize) -> Option<String> {
    if asks_for_what_is_granted(script, start, end) {
        return None;
    }
    (start..end.min(start + FURTHEST)).find_map(|at| asks(script, at))
}

/// The word at a place, where it is about consent. A long string is a text of its own and no event or key.
fn asks(script: &Script<'_>, at: usize) -> Option<String> {
    let name = script.name(at)?;
    if name.len() > 60 || name.contains("//") {
        return None;
    }
    signatures().consent.word_in(&name).map(|_| name.into_owned())
}

/// A condition that leaves the block before a place, or what is waited for there: `if (!consent) return;`, `await consentGiven();`.
fn early_return(script: &Script<'_>, block: usize, at: usize) -> Option<String> {
    let mut place = block + 1;
    while place < at {
        if script.word(place) == Some("if") && script.is_mark(place + 1, "(") {
            let closed = script.pair(place + 1)?;
            let leaves = script.word(closed + 1) == Some("return")
                || script.is_mark(closed + 1, "{") && script.word(closed + 2) == Some("return");
            if leaves && let Some(word) = words_between(script, place + 2, closed) {
                return Some(word);
            }
        }
        if script.word(place) == Some("await")
            && let Some(word) = (place + 1..place + 6).find_map(|at| asks(script, at))
            && WAITS.iter().any(|part| word.to_ascii_lowercase().contains(part))
        {
            return Some(word);
        }
        let opens = script.is(place, Kind::Mark) && matches!(script.raw(place), "(" | "[" | "{");
        place = script.pair(place).filter(|pair| opens && *pair > place).unwrap_or(place) + 1;
    }
    None
}

/// A `return;` that leaves the block before a place, whatever happens. A function that is declared behind it is there
/// all the same, and so is the next case of a switch.
fn has_returned(script: &Script<'_>, block: usize, at: usize) -> bool {
    let mut place = block + 1;
    let mut returned = false;
    while place < at {
        match script.word(place) {
            Some("return") => {
                returned |= script.is_mark(place + 1, ";") && matches!(script.raw(place - 1), "{" | ";" | "}");
            }
            Some("function" | "class" | "case" | "default") => returned = false,
            Some(_) | None => {}
        }
        let opens = script.is(place, Kind::Mark) && matches!(script.raw(place), "(" | "[" | "{");
        place = script.pair(place).filter(|pair| opens && *pair > place).unwrap_or(place) + 1;
    }
    returned
}

/// Whether and how the function with this body is called in its script.
fn called(script: &Script<'_>, body: usize, depth: u8) -> Gate {
    let Some(defined) = defined_at(script, body) else { return Gate::Open };
    let end = script.pair(body).unwrap_or(body);
    // A function that is called where it stands.
    let behind = if script.is_mark(end + 1, ")") { end + 2 } else { end + 1 };
    if script.is_mark(behind, "(") || script.is_mark(behind, ".") {
        return Gate::Open;
    }
    let name = script.raw(defined);
    let calls = (0..script.tokens.len())
        .filter(|at| script.word(*at) == Some(name) && *at != defined && !(body..end).contains(at))
        .take(MOST_CALLS);
    let mut waits = None;
    let mut any = false;
    for call in calls {
        any = true;
        if depth >= DEEPEST {
            return Gate::Open;
        }
        match Gate::looked_for(script, call, depth + 1) {
            Gate::Open => return Gate::Open,
            Gate::Consent(word) => waits = Some(Gate::Consent(word)),
            Gate::Never => waits = waits.or(Some(Gate::Never)),
            Gate::CallOf(outer) => waits = waits.or(Some(Gate::CallOf(outer))),
        }
    }
    if any { waits.unwrap_or(Gate::Open) } else { Gate::CallOf(name.to_owned()) }
}

/// Where the function whose body opens here gets its name.
fn defined_at(script: &Script<'_>, body: usize) -> Option<usize> {
    let mut before = body.checked_sub(1)?;
    if script.is_mark(before, "=>") {
        before = before.checked_sub(1)?;
        let start = if script.is_mark(before, ")") { script.pair(before)? } else { before };
        return assigned_before(script, start);
    }
    if !script.is_mark(before, ")") {
        return None;
    }
    before = script.pair(before)?.checked_sub(1)?;
    match script.word(before) {
        Some("function") => assigned_before(script, before),
        Some(word) if KEYWORDS.contains(&word) => None,
        Some(_) => Some(before),
        None => None,
    }
}

fn assigned_before(script: &Script<'_>, start: usize) -> Option<usize> {
    let mut mark = start.checked_sub(1)?;
    if script.word(mark) == Some("async") {
        mark = mark.checked_sub(1)?;
    }
    let named = script.is_mark(mark, "=") || script.is_mark(mark, ":");
    let name = mark.checked_sub(1)?;
    (named && script.is(name, Kind::Word)).then_some(name)
}
