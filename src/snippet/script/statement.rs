//! Statements: where one ends, with a semicolon or without.

use super::token::{Kind, Script};

/// Words whose round brackets stand before a block or a statement.
const HEADS: [&str; 6] = ["if", "for", "while", "switch", "catch", "with"];

/// Words that a block follows.
const BEFORE_BLOCK: [&str; 4] = ["else", "try", "finally", "do"];

/// Words that something must follow, on the next line as well.
const UNFINISHED: [&str; 19] = [
    "else",
    "do",
    "try",
    "finally",
    "typeof",
    "void",
    "delete",
    "new",
    "await",
    "throw",
    "case",
    "in",
    "of",
    "instanceof",
    "extends",
    "async",
    "export",
    "default",
    "function",
];

/// Words that go on with the expression on the line before.
const GOING_ON: [&str; 4] = ["in", "of", "instanceof", "as"];

/// Whether the curly bracket that closes here ends a statement, so that whatever follows is another one.
pub fn ends_statement(script: &Script<'_>, closed: usize) -> bool {
    let Some(opened) = script.pair(closed) else { return false };
    let Some(before) = opened.checked_sub(1) else { return true };
    // The body of an arrow function is not called where it stands, unless it stands in brackets of its own.
    if script.is_mark(before, "=>") {
        return script.is_mark(closed + 1, "(") || script.is_mark(closed + 1, "[");
    }
    if script.word(before).is_some_and(|word| BEFORE_BLOCK.contains(&word)) {
        return true;
    }
    if is_any_mark(script, before, &[";", "{", "}"]) {
        return true;
    }
    let Some(brackets) = parameters_before(script, before) else { return false };
    script.callee(brackets).is_some_and(|word| HEADS.contains(&word)) || declares(script, brackets)
}

/// Whether the function with this body is declared, and not an expression that may be called where it stands.
pub fn is_declared(script: &Script<'_>, body: usize) -> bool {
    let brackets = body.checked_sub(1).and_then(|before| parameters_before(script, before));
    brackets.is_some_and(|brackets| declares(script, brackets))
}

/// Whether this bracket opens the body of a function.
pub fn is_body(script: &Script<'_>, opened: usize) -> bool {
    let Some(before) = opened.checked_sub(1) else { return false };
    let brackets = parameters_before(script, before);
    script.is_mark(before, "=>")
        || brackets.is_some_and(|brackets| script.callee(brackets).is_none_or(|word| !HEADS.contains(&word)))
}

/// Whether a line ends before a place, and with it the statement: what stands there cannot go on with it.
pub fn ends_with_line(script: &Script<'_>, at: usize) -> bool {
    at.checked_sub(1)
        .is_some_and(|before| script.breaks_before(at) && is_finished(script, before) && starts(script, at))
}

/// The round brackets before a body, also where the type of what is returned stands between.
fn parameters_before(script: &Script<'_>, before: usize) -> Option<usize> {
    let typed = || script.is(before, Kind::Word) && before >= 2 && script.is_mark(before - 1, ":");
    let closed = if typed() { before - 2 } else { before };
    script.is_mark(closed, ")").then(|| script.pair(closed)).flatten()
}

/// Whether these are the brackets of `function name(…)` at the start of a statement.
fn declares(script: &Script<'_>, brackets: usize) -> bool {
    let Some(name) = brackets.checked_sub(1).filter(|name| script.is(*name, Kind::Word)) else { return false };
    let function = if name >= 2 && script.is_mark(name - 1, "*") { name.checked_sub(2) } else { name.checked_sub(1) };
    let Some(mut start) = function.filter(|at| script.word(*at) == Some("function")) else { return false };
    while let Some(before) = start.checked_sub(1)
        && matches!(script.word(before), Some("async" | "export" | "default"))
    {
        start = before;
    }
    let Some(before) = start.checked_sub(1) else { return true };
    is_any_mark(script, before, &[";", "{", "}"])
        || is_head(script, before)
        || script.word(before) == Some("else")
        || script.breaks_before(start) && is_finished(script, before)
}

fn is_any_mark(script: &Script<'_>, at: usize, marks: &[&str]) -> bool {
    script.is(at, Kind::Mark) && marks.contains(&script.raw(at))
}

/// Whether the bracket that closes here is that of a condition or a loop.
fn is_head(script: &Script<'_>, closed: usize) -> bool {
    let opened = script.is_mark(closed, ")").then(|| script.pair(closed)).flatten();
    opened.and_then(|opened| script.callee(opened)).is_some_and(|word| HEADS.contains(&word))
}

/// Whether an expression can end here.
fn is_finished(script: &Script<'_>, at: usize) -> bool {
    match script.tokens.get(at).map(|token| token.kind) {
        Some(Kind::Word) => !UNFINISHED.contains(&script.raw(at)),
        Some(Kind::Number | Kind::Text | Kind::Template | Kind::Regex) => true,
        Some(Kind::Mark) => is_any_mark(script, at, &[")", "]", "}", "++", "--"]) && !is_head(script, at),
        None => false,
    }
}

/// Whether what stands here starts an expression, and goes on with none.
fn starts(script: &Script<'_>, at: usize) -> bool {
    match script.tokens.get(at).map(|token| token.kind) {
        Some(Kind::Word) => !GOING_ON.contains(&script.raw(at)),
        Some(Kind::Number | Kind::Text) => true,
        Some(Kind::Mark) => is_any_mark(script, at, &["!", "~", "++", "--"]),
        Some(Kind::Template | Kind::Regex) | None => false,
    }
}
