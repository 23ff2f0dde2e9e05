//! The answer as text, for a person: the questions in the order in which they are asked.

use super::browsed;
use super::finding::{Finding, Tracking};
use super::input::Audit;
use super::signature::signatures;

/// All audits as text. What nothing was found in is counted in one line where there is more of it.
pub fn written(audits: &[Audit]) -> String {
    let mut text = String::new();
    let (telling, silent): (Vec<&Audit>, Vec<&Audit>) =
        audits.iter().partition(|audit| !audit.findings.is_empty() || audit.trouble.is_some() || audits.len() == 1);
    for audit in &telling {
        one(&mut text, audit);
    }
    if !silent.is_empty() {
        let others = silent.iter().filter(|audit| !audit.managers.is_empty()).count();
        line(
            &mut text,
            &format!("No code of Genesys in {} more input{}.", silent.len(), if silent.len() == 1 { "" } else { "s" }),
        );
        if others > 0 {
            line(
                &mut text,
                &format!("{others} of them start a tag manager, which may load it: audit its container too."),
            );
        }
    }
    line(&mut text, &format!("Signatures of {}.", signatures().version));
    text
}

fn line(text: &mut String, what: &str) {
    text.push_str(what);
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
            line(text, "  Tracking people now?  NO");
            line(text, "      Nothing here is code of Genesys.");
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
