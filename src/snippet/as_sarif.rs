//! The answer as SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use super::finding::{Finding, Topic, Tracking};
use super::input::Audit;
use super::location::has_scheme;
use super::signature::{Product, signatures};
use super::unread::Unread;

/// All audits as one SARIF log. Files below the root are named from it, as code scanning asks for.
pub fn written(audits: &[Audit], root: &str) -> Value {
    let rules: Vec<Value> = signatures().product.iter().map(rule).collect();
    let results: Vec<Value> =
        audits.iter().flat_map(|audit| audit.findings.iter().map(|finding| result(audit, root, finding))).collect();
    let troubles: Vec<Value> = audits.iter().filter_map(|audit| notification(audit, root)).collect();
    let successful = troubles.is_empty();
    let unread = audits.iter().filter(|audit| audit.findings.is_empty()).flat_map(|audit| not_read(audit, root));
    let notifications: Vec<Value> = troubles.into_iter().chain(unread).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "journeycast snippet audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
                "properties": {"signatures": signatures().version},
            }},
            "columnKind": "utf16CodeUnits",
            "invocations": [{
                "executionSuccessful": successful,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

fn rule(product: &Product) -> Value {
    json!({
        "id": product.id,
        "name": product.name,
        "shortDescription": {"text": product.name},
        "fullDescription": {"text": format!("{} Sends: {}.", product.name, product.sends)},
        "help": {"text": product.next},
        "properties": {"generation": product.generation.name()},
    })
}

fn result(audit: &Audit, root: &str, finding: &Finding) -> Value {
    let level = match finding.tracking {
        Tracking::Yes => "warning",
        Tracking::AfterConsent | Tracking::No | Tracking::Inert => "note",
    };
    let said = |topic: Topic| finding.sentences.iter().filter(move |it| it.topic == topic).map(|it| it.says.as_str());
    let text: Vec<&str> =
        [Topic::Tracking, Topic::Whose, Topic::Verdict, Topic::Next].into_iter().flat_map(said).collect();
    let locations: Vec<Value> =
        finding.places.iter().take(1).map(|place| location(audit, root, place.line, &place.quote)).collect();
    let related: Vec<Value> =
        finding.places.iter().skip(1).map(|place| location(audit, root, place.line, &place.quote)).collect();
    let identity = format!(
        "{}:{}:{}",
        finding.product.id,
        finding.deployment_id.as_deref().or(finding.organization_id.as_deref()).unwrap_or(""),
        finding.tracking.name()
    );
    json!({
        "ruleId": finding.product.id,
        "level": level,
        "message": {"text": text.join(" ")},
        "locations": locations,
        "relatedLocations": related,
        "partialFingerprints": {"snippet/v1": identity},
        "properties": {
            "tracking": finding.tracking.name(),
            "verdict": finding.verdict.name(),
            "deployment_id": finding.deployment_id,
            "organization_id": finding.organization_id,
            "region": finding.region.as_ref().and_then(|region| region.aws),
        },
    })
}

fn location(audit: &Audit, root: &str, line: u64, quote: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(audit, root),
            "region": {"startLine": line.max(1), "snippet": {"text": quote}},
        },
    })
}

/// A file as a reference from the root, where it lies below it; anything else by its whole address.
fn artifact(audit: &Audit, root: &str) -> Value {
    if has_scheme(&audit.input) {
        let plain = |letter: char| if letter.is_ascii_graphic() { letter } else { '-' };
        return json!({"uri": audit.input.chars().map(plain).collect::<String>()});
    }
    let named = audit.raw_name.as_deref().unwrap_or(audit.input.as_bytes());
    if root.is_empty() && !named.starts_with(b"/") {
        return json!({"uri": coded(&straight(named)), "uriBaseId": "%SRCROOT%"});
    }
    let whole =
        if named.starts_with(b"/") { straight(named) } else { straight(&[root.as_bytes(), b"/", named].concat()) };
    let below =
        whole.strip_prefix(root.as_bytes()).and_then(|rest| rest.strip_prefix(b"/")).filter(|_| !root.is_empty());
    match below {
        Some(path) => json!({"uri": coded(path), "uriBaseId": "%SRCROOT%"}),
        None => json!({"uri": format!("file://{}", coded(&whole))}),
    }
}

/// A path without steps that lead nowhere or back.
fn straight(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if path.starts_with(b"/") => {}
            part => parts.push(part),
        }
    }
    let start: &[u8] = if path.starts_with(b"/") { b"/" } else { b"" };
    [start, &parts.join(&b'/')].concat()
}

/// A path in which what may not stand in an address is written as a code.
fn coded(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.iter().copied() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~');
        if plain { uri.push(char::from(byte)) } else { uri.push_str(&format!("%{byte:02X}")) }
    }
    uri
}

fn notification(audit: &Audit, root: &str) -> Option<Value> {
    let trouble = audit.trouble.as_ref()?;
    Some(json!({
        "level": "error",
        "descriptor": {"id": trouble.name()},
        "message": {"text": format!("{}: {trouble}", audit.input)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact(audit, root)}}],
    }))
}

/// What nothing was found in and was not read in whole is told, so that silence is no clean bill.
fn not_read(audit: &Audit, root: &str) -> Vec<Value> {
    let note = |unread: &Unread| {
        json!({
            "level": "note",
            "descriptor": {"id": "not_read"},
            "message": {"text": format!("{}: nothing was found here, but {}. {}", audit.input, unread.says(), unread.next())},
            "locations": [{"physicalLocation": {"artifactLocation": artifact(audit, root)}}],
        })
    };
    audit.unread.iter().map(note).collect()
}
