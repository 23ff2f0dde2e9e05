//! Gates: what a piece of a script waits for before it runs, as far as the script itself tells.

use super::asked::{asks, kept_answer, words_between};
use super::constant::{operand, truth};
use super::statement::{ends_statement, ends_with_line, is_body, is_declared};
use super::token::{Kind, Script};
use crate::snippet::signature::signatures;

/// How far back a condition is looked for.
const FURTHEST: usize = 240;

/// How many calls of a function are looked at.
const MOST_CALLS: usize = 24;

/// Parts of a name that tell that it is waited until consent is there, and not only for what asks for it.
const WAITS: [&str; 8] = ["wait", "grant", "given", "accept", "until", "when", "require", "has"];

/// How many functions deep a call is followed.
const DEEPEST: u8 = 4;

/// Most words and marks between what handles a click and what it does.
const SHORT: usize = 8;

/// Functions that listen for an event.
const LISTENS: [&str; 5] = ["addEventListener", "on", "one", "once", "bind"];

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
    let mut branch = Branch::default();
    let mut place = at;
    let mut steps = 0;
    while place > floor && steps < FURTHEST && !ends_with_line(script, place) {
        place -= 1;
        steps += 1;
        let raw = script.raw(place);
        match script.tokens.get(place).map(|token| token.kind) {
            Some(Kind::Mark) => match raw {
                ";" | "{" => break,
                "," if !in_call => break,
                "," | "&&" | "||" | "?" | ":" if branch.is_never(script, place) => return Gate::Never,
                "}" | "]" | ")" => {
                    if raw == "}" && is_whole_block(script, place) {
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
            Some(Kind::Word) if raw == "else" && is_never_else(script, place) => return Gate::Never,
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

/// Whether nothing goes on with the curly bracket that closes here.
fn is_whole_block(script: &Script<'_>, closed: usize) -> bool {
    let goes_on = [")", "(", ",", ".", "[", "?.", "&&", "||", "?", "=>", "{"];
    !goes_on.contains(&script.raw(closed + 1)) || ends_statement(script, closed)
}

/// Which side of the operators before it a place is on.
#[derive(Default)]
struct Branch {
    elses: usize,
    is_other_argument: bool,
}

impl Branch {
    /// Whether the operator here never lets what stands behind it run.
    fn is_never(&mut self, script: &Script<'_>, at: usize) -> bool {
        let mark = script.raw(at);
        self.is_other_argument |= mark == ",";
        if self.is_other_argument {
            return false;
        }
        let stops = match mark {
            ":" => {
                self.elses += 1;
                return false;
            }
            "?" if self.elses > 0 => {
                self.elses -= 1;
                true
            }
            mark => mark == "||",
        };
        operand(script, at) == Some(stops)
    }
}

/// What a pair of round brackets says about what follows it.
fn condition(script: &Script<'_>, opened: usize, closed: usize) -> Option<Gate> {
    let is_condition = matches!(script.callee(opened), Some("if" | "while"));
    if is_condition && truth(script, opened + 1, closed) == Some(false) {
        return Some(Gate::Never);
    }
    let asked = words_between(script, opened + 1, closed);
    asked.or_else(|| is_condition.then(|| kept_answer(script, opened, closed)).flatten()).map(Gate::Consent)
}

/// Whether the `else` at this place follows a condition that is always true.
fn is_never_else(script: &Script<'_>, at: usize) -> bool {
    let block = at.checked_sub(1).filter(|closed| script.is_mark(*closed, "}")).and_then(|closed| script.pair(closed));
    let closed = block.and_then(|opened| opened.checked_sub(1));
    let opened = closed.and_then(|closed| script.pair(closed)).filter(|opened| script.callee(*opened) == Some("if"));
    closed.zip(opened).is_some_and(|(closed, opened)| truth(script, opened + 1, closed) == Some(true))
}

/// A condition that leaves the block before a place, or what is waited for there: `if (!consent) return;`, `await consentGiven();`.
fn early_return(script: &Script<'_>, block: usize, at: usize) -> Option<String> {
    let mut place = block + 1;
    while place < at {
        if script.word(place) == Some("if") && script.is_mark(place + 1, "(") {
            let closed = script.pair(place + 1)?;
            let leaves = script.word(closed + 1) == Some("return")
                || script.is_mark(closed + 1, "{") && script.word(closed + 2) == Some("return");
            let asked = leaves.then(|| words_between(script, place + 2, closed)).flatten();
            let denies = || leaves && script.is_mark(place + 2, "!");
            if let Some(word) = asked.or_else(|| denies().then(|| kept_answer(script, place + 1, closed)).flatten()) {
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
    let is_used = script.is_mark(behind, "(") || script.is_mark(behind, ".");
    if is_used && !is_declared(script, body) {
        return Gate::Open;
    }
    let name = script.raw(defined);
    let calls = (0..script.tokens.len())
        .filter(|at| script.word(*at) == Some(name) && *at != defined && !(body..end).contains(at))
        .take(MOST_CALLS);
    let mut waits = None;
    let mut any = false;
    let mut clicked = false;
    for call in calls {
        any = true;
        if depth >= DEEPEST {
            return Gate::Open;
        }
        match Gate::looked_for(script, call, depth + 1) {
            Gate::Open if is_clicked(script, call) => clicked = true,
            Gate::Open => return Gate::Open,
            Gate::Consent(word) => waits = Some(Gate::Consent(word)),
            Gate::Never => waits = waits.or(Some(Gate::Never)),
            Gate::CallOf(outer) => waits = waits.or(Some(Gate::CallOf(outer))),
        }
    }
    // Where another call asks for consent, the click is that on the banner.
    if any {
        return waits.filter(|gate| !clicked || matches!(gate, Gate::Consent(_))).unwrap_or(Gate::Open);
    }
    if is_nobodys(script, body, defined) { Gate::Never } else { Gate::CallOf(name.to_owned()) }
}

/// Whether a place only runs once somebody clicks.
fn is_clicked(script: &Script<'_>, at: usize) -> bool {
    let mut place = at;
    for _ in 0..MOST_LEVELS {
        let assigned = |it: usize| script.word(it) == Some("onclick") && script.is_mark(it + 1, "=");
        if (place.saturating_sub(SHORT)..place).any(assigned) {
            return true;
        }
        let Some(parent) = script.parent(place) else { return false };
        if script.is_mark(parent, "(") {
            let listens = script.callee(parent).is_some_and(|word| LISTENS.contains(&word));
            if listens && script.text(parent + 1).is_some_and(|event| event.starts_with("click")) {
                return true;
            }
        }
        place = parent;
    }
    false
}

/// Whether a function that nothing in its script names is out of reach of all other scripts: it stands in another
/// function, and is no member of anything.
fn is_nobodys(script: &Script<'_>, body: usize, defined: usize) -> bool {
    let keyword = defined.checked_sub(1).and_then(|before| script.word(before));
    if !is_declared(script, body) && !matches!(keyword, Some("const" | "let" | "var")) {
        return false;
    }
    let name = script.raw(defined);
    let names = |at: usize| script.is(at, Kind::Template) && script.raw(at).contains(name);
    let mut around = script.parent(defined);
    while let Some(outer) = around {
        if script.is_mark(outer, "{") && is_body(script, outer) {
            return !(0..script.tokens.len()).any(names);
        }
        around = script.parent(outer);
    }
    false
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
