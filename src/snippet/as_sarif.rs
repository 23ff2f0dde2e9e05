//! The answer as SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use super::finding::{Finding, Topic, Tracking};
use super::input::Audit;
use super::signature::{Product, signatures};

/// All audits as one SARIF log. Files below the root are named from it, as code scanning asks for.
pub fn written(audits: &[Audit], root: &str) -> Value {
    let rules: Vec<Value> = signatures().product.iter().map(rule).collect();
    let results: Vec<Value> = audits
        .iter()
        .flat_map(|audit| audit.findings.iter().map(|finding| result(&audit.input, root, finding)))
        .collect();
    let troubles: Vec<Value> = audits.iter().filter_map(|audit| notification(audit, root)).collect();
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
                "executionSuccessful": troubles.is_empty(),
                "toolExecutionNotifications": troubles,
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

fn result(input: &str, root: &str, finding: &Finding) -> Value {
    let level = match finding.tracking {
        Tracking::Yes => "warning",
        Tracking::AfterConsent | Tracking::No | Tracking::Inert => "note",
    };
    let said = |topic: Topic| finding.sentences.iter().filter(move |it| it.topic == topic).map(|it| it.says.as_str());
    let text: Vec<&str> =
        [Topic::Tracking, Topic::Whose, Topic::Verdict, Topic::Next].into_iter().flat_map(said).collect();
    let locations: Vec<Value> =
        finding.places.iter().take(1).map(|place| location(input, root, place.line, &place.quote)).collect();
    let related: Vec<Value> =
        finding.places.iter().skip(1).map(|place| location(input, root, place.line, &place.quote)).collect();
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

fn location(input: &str, root: &str, line: u64, quote: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(input, root),
            "region": {"startLine": line.max(1), "snippet": {"text": quote}},
        },
    })
}

/// A file as a reference from the root, where it lies below it; anything else by its whole address.
fn artifact(input: &str, root: &str) -> Value {
    if input.starts_with("http://") || input.starts_with("https://") {
        return json!({"uri": input.chars().map(|it| if it.is_ascii_graphic() { it } else { '-' }).collect::<String>()});
    }
    let below = input.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).filter(|_| !root.is_empty());
    let path = below.unwrap_or(input);
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.starts_with('/') {
        return json!({"uri": format!("file://{}", coded(path))});
    }
    json!({"uri": coded(path), "uriBaseId": "%SRCROOT%"})
}

/// A path in which what may not stand in an address is written as a code.
fn coded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
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
        "locations": [{"physicalLocation": {"artifactLocation": artifact(&audit.input, root)}}],
    }))
}
