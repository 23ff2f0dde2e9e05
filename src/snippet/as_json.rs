//! The answer as JSON: a shape that stays, described in docs/snippet.md.

use serde_json::{Value, json};

use super::browsed;
use super::finding::{Finding, Origin, Tracking};
use super::input::Audit;
use super::signature::signatures;
use super::unread::Unread;
use super::visits::Recording;

/// All audits as one JSON value, with what came of recorded events.
pub fn written(audits: &[Audit], recordings: &[Recording]) -> Value {
    let unread = recordings.iter().filter(|recording| recording.trouble.is_some()).count();
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
            "errors": audits.iter().filter(|audit| audit.trouble.is_some()).count() + unread,
        },
        "events": recordings.iter().map(recording).collect::<Vec<_>>(),
        "inputs": audits.iter().map(one).collect::<Vec<_>>(),
    })
}

fn recording(recording: &Recording) -> Value {
    let trouble = recording.trouble.as_ref();
    json!({
        "input": recording.name, "used": recording.used, "passed_over": recording.passed_over,
        "error": trouble.map(|trouble| json!({"name": trouble.name(), "message": trouble.to_string()})),
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
        "not_read": audit.unread.iter().map(not_read).collect::<Vec<_>>(),
        "third_parties": others,
        "made_with": audit.made_with,
        "hostnames": audit.sites,
        "notes": audit.notes,
        "browser": audit.browser.as_ref().map(browsed::as_json),
    })
}

fn not_read(unread: &Unread) -> Value {
    let (containers, addresses) = match unread {
        Unread::TagManager { containers, scripts, .. } => (containers.clone(), scripts.clone()),
        Unread::OwnScripts(addresses) => (Vec::new(), addresses.clone()),
        Unread::SentOn(address) => (Vec::new(), vec![address.clone()]),
        Unread::LedElsewhere(_) | Unread::Part(_) => (Vec::new(), Vec::new()),
    };
    json!({
        "what": unread.name(), "containers": containers, "addresses": addresses,
        "says": unread.says(), "next": unread.next(),
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
    let author = finding.origin.as_ref().and_then(|origin| match origin {
        Origin::Commit(author) => Some(author),
        Origin::InNoCommit | Origin::Shallow | Origin::NotAsked(_) => None,
    });
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
        "version_control": finding.origin.as_ref().map(Origin::name),
        "configuration": finding.configuration,
        "depends": finding.depends,
        "verdict": finding.verdict.name(),
        "sentences": sentences,
    })
}
