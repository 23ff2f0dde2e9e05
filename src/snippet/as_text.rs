//! The answer as text, for a person: the questions in the order in which they are asked.

use std::collections::BTreeSet;

use super::browsed;
use super::finding::{Finding, Tracking};
use super::input::Audit;
use super::shown::plain;
use super::signature::signatures;
use super::unread::{self, Unread};

/// Most things that were not read which are told of inputs that nothing was found in.
const MOST_UNREAD: usize = 8;

/// All audits as text. What nothing was found in is counted in one line where there is more of it.
pub fn written(audits: &[Audit]) -> String {
    let mut text = String::new();
    let (telling, silent): (Vec<&Audit>, Vec<&Audit>) = audits.iter().partition(|audit| {
        !audit.findings.is_empty()
            || audit.trouble.is_some()
            || audits.len() == 1
            || audit.unread.iter().any(|unread| matches!(unread, Unread::LedElsewhere(_)))
    });
    for audit in &telling {
        one(&mut text, audit);
    }
    if !silent.is_empty() {
        of_silent(&mut text, &silent);
    }
    line(&mut text, &format!("Signatures of {}.", signatures().version));
    text
}

/// What nothing was found in: how many, and what of them was not read.
fn of_silent(text: &mut String, silent: &[&Audit]) {
    let count = |number: usize| format!("{number} more input{}", if number == 1 { "" } else { "s" });
    let (open, closed): (Vec<&Audit>, Vec<&Audit>) = silent.iter().partition(|audit| !audit.unread.is_empty());
    if !closed.is_empty() {
        line(text, &format!("No code of Genesys in {}.", count(closed.len())));
    }
    if open.is_empty() {
        return;
    }
    line(text, &format!("Nothing found in {}, but not all that they load was read:", count(open.len())));
    let unread: BTreeSet<(String, String)> =
        open.iter().flat_map(|audit| &audit.unread).map(|it| (it.says(), it.next())).collect();
    for (says, next) in unread.iter().take(MOST_UNREAD) {
        line(text, &format!("      {says}."));
        line(text, &format!("        ({next})"));
    }
    if unread.len() > MOST_UNREAD {
        line(text, &format!("      and {} more; --format json lists them all.", unread.len() - MOST_UNREAD));
    }
}

/// Every line goes through here, so that nothing of others commands the terminal.
fn line(text: &mut String, what: &str) {
    text.push_str(&plain(what));
    text.push('\n');
}

fn one(text: &mut String, audit: &Audit) {
    line(text, &audit.input);
    if let Some(trouble) = &audit.trouble {
        line(
            text,
            &format!(
                "  NOT READ{}: {}: {trouble}.",
                if audit.kind.is_some() { " TO ITS END" } else { "" },
                trouble.name()
            ),
        );
    }
    if audit.kind.is_some() {
        if audit.findings.is_empty() {
            of_nothing(text, audit);
        }
        for finding in &audit.findings {
            of_finding(text, finding);
        }
        surroundings(text, audit);
    }
    for said in audit.browser.iter().flat_map(browsed::as_lines) {
        line(text, &said);
    }
    for note in &audit.notes {
        line(text, &format!("  Note: {note}."));
    }
    line(text, "");
}

/// Where nothing was found: a plain "no" only where everything was read.
fn of_nothing(text: &mut String, audit: &Audit) {
    let Some(headline) = unread::headline(audit) else {
        line(text, "  Tracking people now?  NO");
        return line(text, "      Nothing here is code of Genesys.");
    };
    line(text, &format!("  Tracking people now?  {headline}"));
    line(text, "      No code of Genesys was found in what was read.");
    for unread in &audit.unread {
        line(text, &format!("      But {}.", unread.says()));
    }
    if !audit.unread.is_empty() {
        line(text, "  Next step");
    }
    for next in audit.unread.iter().map(Unread::next).collect::<BTreeSet<String>>() {
        line(text, &format!("      {next}"));
    }
}

fn of_finding(text: &mut String, finding: &Finding) {
    line(text, &format!("  {}", finding.product.name));
    let mut last = None;
    for sentence in &finding.sentences {
        if last != Some(sentence.topic) {
            let short = if last.is_none() { headline(finding.tracking) } else { "" };
            line(text, format!("  {}  {short}", sentence.topic.question()).trim_end());
            last = Some(sentence.topic);
        }
        line(text, &format!("      {}", sentence.says));
        for evidence in sentence.evidence.iter().filter(|evidence| !evidence.is_empty()) {
            line(text, &format!("        ({evidence})"));
        }
    }
}

const fn headline(tracking: Tracking) -> &'static str {
    tracking.words()
}

fn surroundings(text: &mut String, audit: &Audit) {
    for (manager, ids) in &audit.managers {
        let is_told = |unread: &Unread| matches!(unread, Unread::TagManager { name, .. } if name == manager);
        if audit.findings.is_empty() && audit.unread.iter().any(is_told) {
            continue;
        }
        let which = if ids.is_empty() { String::new() } else { format!(" {}", ids.join(", ")) };
        line(
            text,
            &format!(
                "  Tag manager: {manager}{which}. What it adds is not in this input, unless the input is its container."
            ),
        );
    }
    if !audit.others.is_empty() {
        line(text, "  Others that it loads from:");
    }
    for other in &audit.others {
        let who =
            other.party.map_or_else(|| "unknown".to_owned(), |party| format!("{} ({})", party.name, party.category));
        line(text, &format!("      {}: {who}, line {}", other.host, other.line));
    }
}
