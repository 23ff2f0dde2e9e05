//! The answer as JSON: a shape that stays, described in docs/snippet.md.

use serde_json::{Value, json};

use super::browsed;
use super::finding::{Finding, Tracking};
use super::input::Audit;
use super::signature::signatures;

/// All audits as one JSON value.
pub fn written(audits: &[Audit]) -> Value {
    let count =
        |wanted: Tracking| audits.iter().filter(|audit| audit.kind.is_some() && audit.tracking() == wanted).count();
    json!({
        "schema": "journeycast.snippet-audit/1",
        "signatures": signatures().version,
        "summary": {
            "inputs": audits.len(),
            "yes": count(Tracking::Yes),
            "only_after_consent": count(Tracking::AfterConsent),
            "inert": count(Tracking::Inert),
            "no": count(Tracking::No),
            "errors": audits.iter().filter(|audit| audit.trouble.is_some()).count(),
        },
        "inputs": audits.iter().map(one).collect::<Vec<_>>(),
    })
}

fn one(audit: &Audit) -> Value {
    let others: Vec<Value> = audit
        .others
        .iter()
        .map(|other| {
            let (name, category) = (other.party.map(|it| it.name), other.party.map(|it| it.category));
            json!({"host": other.host, "entity": name, "category": category, "line": other.line})
        })
        .collect();
    let managers: Vec<Value> =
        audit.managers.iter().map(|(name, ids)| json!({"name": name, "containers": ids})).collect();
    json!({
        "input": audit.input,
        "kind": audit.kind.map(|kind| kind.name()),
        "error": audit.trouble.as_ref().map(|trouble| json!({"name": trouble.name(), "message": trouble.to_string()})),
        "present": !audit.findings.is_empty(),
        "tracking": audit.kind.map(|_| audit.tracking().name()),
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
        "tag_managers": managers,
        "third_parties": others,
        "made_with": audit.made_with,
        "hostnames": audit.sites,
        "notes": audit.notes,
        "browser": audit.browser.as_ref().map(browsed::as_json),
    })
}

fn finding(finding: &Finding) -> Value {
    let places: Vec<Value> = finding
        .places
        .iter()
        .map(|place| {
            json!({
                "line": place.line, "how": place.how.name(), "part": place.part,
                "signature": place.signature, "quote": place.quote,
            })
        })
        .collect();
    let sentences: Vec<Value> = finding
        .sentences
        .iter()
        .map(|sentence| json!({"topic": sentence.topic.name(), "says": sentence.says, "evidence": sentence.evidence}))
        .collect();
    let region = finding.region.as_ref();
    let author = finding.author.as_ref();
    json!({
        "product": finding.product.id,
        "name": finding.product.name,
        "generation": finding.product.generation.name(),
        "tracking": finding.tracking.name(),
        "active": finding.inert.is_none(),
        "inert_because": finding.inert.map(|why| why.name()),
        "waits_for": finding.waits_for,
        "confidence": finding.confidence.name(),
        "deployment_id": finding.deployment_id,
        "organization_id": finding.organization_id,
        "other_ids": finding.other_ids,
        "other_regions": finding.other_regions,
        "region": region.and_then(|region| region.aws),
        "environment": region.map(|region| region.environment.as_str()),
        "domain": region.and_then(|region| region.domain),
        "region_from": region.map(|region| region.read_from),
        "endpoint": finding.endpoint,
        "sends": finding.product.sends,
        "stores": finding.product.stores,
        "places": places,
        "commit": author.map(|it| json!({"id": it.commit, "author": it.name, "date": it.date, "subject": it.subject})),
        "configuration": finding.configuration,
        "depends": finding.depends,
        "verdict": finding.verdict.name(),
        "sentences": sentences,
    })
}
