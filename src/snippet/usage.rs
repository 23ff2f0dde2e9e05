//! Usage: what a script does with a string: loads it, runs it, or just has it.

use super::details::field_of;
use super::evidence::{Field, How};
use super::script::{Kind, Script};

/// What becomes of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It is loaded or run.
    Runs,
    /// It is only there.
    Idle,
}

/// How far into an object a key is looked for.
const MOST_KEYS: usize = 400;

/// Functions that look at a text and load nothing.
const LOOKERS: [&str; 29] = [
    "indexOf",
    "includes",
    "startsWith",
    "endsWith",
    "test",
    "match",
    "matches",
    "search",
    "replace",
    "split",
    "log",
    "warn",
    "error",
    "info",
    "debug",
    "alert",
    "querySelector",
    "querySelectorAll",
    "closest",
    "has",
    "if",
    "while",
    "switch",
    "RegExp",
    "lastIndexOf",
    "addAll",
    "expect",
    "assert",
    "contains",
];

/// Parts of names that tell that a list of addresses is for looking at only.
const LISTS: [&str; 12] =
    ["block", "deny", "ignore", "skip", "exclud", "allow", "csp", "mock", "example", "doc", "known", "pattern"];

/// Names under which code is kept that will be run.
const CODE_KEYS: [&str; 31] = [
    "vtp_html",
    "__html",
    "text",
    "textContent",
    "innerText",
    "innerHTML",
    "code",
    "source",
    "script",
    "scripts",
    "children",
    "html",
    "customHtml",
    "head",
    "headHtml",
    "headScripts",
    "snippet",
    "embed",
    "inject",
    "beforeInteractive",
    "srcdoc",
    "option_value",
    "post_content",
    "rendered",
    "header",
    "footer",
    "footerHtml",
    "footerScripts",
    "headerScripts",
    "custom_html",
    "trackingCode",
];

/// Functions that run the code or write the markup that they are given.
const RUNNERS: [&str; 18] = [
    "write",
    "writeln",
    "eval",
    "Function",
    "setTimeout",
    "setInterval",
    "append",
    "prepend",
    "html",
    "createContextualFragment",
    "__registerScript",
    "createTextNode",
    "jsx",
    "jsxs",
    "createElement",
    "h",
    "push",
    "parse",
];

/// Whether a script puts scripts on the page at all.
pub fn loads_scripts(script: &Script<'_>) -> bool {
    (0..script.tokens.len()).any(|at| match script.word(at) {
        Some("createElement") => script
            .text(at + 2)
            .is_none_or(|what| what.eq_ignore_ascii_case("script") || what.eq_ignore_ascii_case("iframe")),
        Some("src") => script.is_mark(at + 1, "=") && at > 0 && script.is_mark(at - 1, "."),
        Some(
            "getScript" | "loadScript" | "importScripts" | "insertScript" | "injectScript" | "useScript" | "addScript",
        ) => true,
        Some("import") => script.is_mark(at + 1, "("),
        Some("insertBefore" | "appendChild") => true,
        Some("document") => matches!(script.word(at + 2), Some("write" | "writeln")),
        Some("Script") => at > 0 && script.is_mark(at - 1, "<"),
        Some("wp_enqueue_script" | "wp_register_script") => true,
        Some(_) | None => false,
    })
}

/// What stands before a string once sums, brackets and alternatives are stepped over.
struct Before<'a> {
    /// The name that it is assigned to, or the key that it stands under.
    name: Option<std::borrow::Cow<'a, str>>,
    /// The function that it is given to.
    callee: Option<&'a str>,
    /// Whether it is given to a function that is called where it stands, or that has no name.
    unnamed_call: bool,
    /// Whether it is compared.
    compared: bool,
    /// Whether it is written out by `echo` or `print`.
    echoed: bool,
}

fn before<'a>(script: &Script<'a>, at: usize) -> Before<'a> {
    let mut found = Before { name: None, callee: None, unnamed_call: false, compared: false, echoed: false };
    let compares = |mark: &str| matches!(mark, "==" | "===" | "!=" | "!==");
    found.compared = compares(script.raw(at + 1));
    let mut place = at;
    for _ in 0..400 {
        let Some(previous) = place.checked_sub(1) else { return found };
        let raw = script.raw(previous);
        let is_mark = script.is(previous, Kind::Mark);
        match raw {
            mark if is_mark && compares(mark) => {
                found.compared = true;
                return found;
            }
            "=" | ":" if is_mark => {
                let conditional = raw == ":" && !is_key(script, previous);
                if !conditional {
                    found.name = previous.checked_sub(1).and_then(|name| name_ending_at(script, name));
                    return found;
                }
                place = previous;
            }
            "(" if is_mark => {
                found.callee = script.callee(previous);
                if found.callee.is_some_and(|callee| !is_keyword(callee)) {
                    return found;
                }
                let called = previous
                    .checked_sub(1)
                    .is_some_and(|it| script.is_mark(it, ")") || script.is_mark(it, "}") || script.is_mark(it, "]"));
                if called {
                    found.unnamed_call = true;
                    return found;
                }
                place = previous;
            }
            // A child of an element, as JSX writes it: `<Script>{`…`}</Script>`.
            "{" if is_mark && previous.checked_sub(1).is_some_and(|it| script.is_mark(it, ">")) => {
                found.name = Some("children".into());
                return found;
            }
            ";" | "{" | "}" if is_mark => return found,
            ")" | "]" if is_mark => match script.pair(previous) {
                Some(opened) if opened < previous => place = opened,
                Some(_) | None => return found,
            },
            "echo" | "print" => {
                found.echoed = true;
                return found;
            }
            "return" | "=>" => return found,
            _ => place = previous,
        }
        // Siblings in a list of arguments are stepped over whole, up to the bracket.
        if script.is_mark(place, ",")
            && let Some(open) = script.parent(place)
            && !script.is_mark(open, "{")
        {
            place = open + 1;
        }
    }
    found
}

/// Whether the colon at a place follows a key, and not the middle of `a ? b : c`.
fn is_key(script: &Script<'_>, colon: usize) -> bool {
    let Some(key) = colon.checked_sub(1) else { return false };
    let named = script.is(key, Kind::Word) || script.is(key, Kind::Text) || script.is(key, Kind::Number);
    named && key.checked_sub(1).is_none_or(|open| matches!(script.raw(open), "{" | ","))
}

fn name_ending_at<'a>(script: &Script<'a>, at: usize) -> Option<std::borrow::Cow<'a, str>> {
    if script.is_mark(at, "]") {
        return script.name(at.checked_sub(1)?);
    }
    script.name(at)
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "return" | "typeof" | "in" | "of" | "case" | "await" | "void" | "new" | "else" | "do")
}

/// What becomes of an address.
pub fn of_address(script: &Script<'_>, at: usize, loads_scripts: bool, how: How) -> Usage {
    let before = before(script, at);
    if before.compared || before.callee.is_some_and(|callee| LOOKERS.contains(&callee)) {
        return Usage::Idle;
    }
    if before
        .name
        .as_deref()
        .is_some_and(|name| matches!(name, "src" | "gtmsrc" | "scriptSrc" | "scriptUrl" | "script_url"))
    {
        return Usage::Runs;
    }
    if before.name.as_deref().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        LISTS.iter().any(|part| name.contains(part))
    }) {
        return Usage::Idle;
    }
    if loads_scripts || before.unnamed_call || matches!(how, How::TagManager | How::Data) || is_setting(script, at) {
        return Usage::Runs;
    }
    // A function of another file that is given the address of a script.
    let loads = before.callee.is_some_and(|callee| {
        let callee = callee.to_ascii_lowercase();
        ["script", "load", "inject", "import", "require", "enqueue", "fetch", "genesys", "messenger"]
            .iter()
            .any(|part| callee.contains(part))
    });
    if loads { Usage::Runs } else { Usage::Idle }
}

/// Whether an address is a setting of something that loads it: beside a deployment, or among the paths of a module loader.
fn is_setting(script: &Script<'_>, at: usize) -> bool {
    let Some(open) = script.parent(at).filter(|open| script.is_mark(*open, "{")) else { return false };
    let is_paths = open >= 2 && script.is_mark(open - 1, ":") && script.name(open - 2).as_deref() == Some("paths");
    let end = script.pair(open).unwrap_or(open).min(open + MOST_KEYS);
    let mut keys = (open + 1..end).filter(|key| script.parent(*key) == Some(open) && script.is_mark(key + 1, ":"));
    is_paths || keys.any(|key| script.name(key).and_then(|name| field_of(&name)) == Some(Field::Deployment))
}

/// What becomes of markup or code in a string.
pub fn of_code(script: &Script<'_>, at: usize, value: &str) -> Usage {
    let before = before(script, at);
    let is_markup = value.contains("<script") || value.contains("<SCRIPT");
    if let Some(name) = before.name.as_deref() {
        let never_runs = is_markup && matches!(name, "innerHTML" | "outerHTML" | "innerText" | "textContent" | "text");
        return if CODE_KEYS.contains(&name) && !never_runs { Usage::Runs } else { Usage::Idle };
    }
    let listed = value.trim_start().starts_with(['{', '[']) || value.contains(":[") || value.contains(":{");
    // `echo "<script …>"`, as templates in other languages write it.
    if is_markup && before.echoed {
        return Usage::Runs;
    }
    match before.callee {
        Some("push" | "parse") if !listed => Usage::Idle,
        Some("createTextNode" | "append") if !is_markup => Usage::Runs,
        Some("createTextNode") => Usage::Idle,
        Some(callee) if RUNNERS.contains(&callee) => Usage::Runs,
        Some(_) | None => Usage::Idle,
    }
}
