//! Judging: evidence of one input becomes findings, one for each product and for what of it does nothing.

use std::collections::BTreeSet;

use super::evidence::{Clue, Evidence, Field, How, Inert, Standing};
use super::finding::{Confidence, Finding, Place, Tracking, Verdict};
use super::identity::Identity;
use super::input::Kind;
use super::mapping::Mapping;
use super::sentences;
use super::signature::{Generation, Product, Role, signatures};

/// Most places that a finding names.
const MOST_PLACES: usize = 12;

/// Findings of an input, those that do most first.
pub fn judge(input: &str, kind: Kind, evidence: &Evidence, mapping: Option<&Mapping>) -> Vec<Finding> {
    let clues = settled(evidence);
    let mut findings: Vec<Finding> = Vec::new();
    for product in &signatures().product {
        let of_product = |clue: &&Clue| clue.signature.product == product.id;
        let live: Vec<&Clue> = clues.iter().filter(of_product).filter(|clue| !clue.standing.is_inert()).collect();
        let inert: Vec<&Clue> = clues.iter().filter(of_product).filter(|clue| clue.standing.is_inert()).collect();
        let leftover = has_loader(&inert) && !starts(&live);
        if leftover || !proves(product, &live, evidence) || belongs_to_altocloud(product, &live, &clues) {
            let calls = calls_altocloud(product, &inert, &clues);
            findings.extend(inert_finding(product, &inert, evidence, &clues).filter(|_| !calls));
            continue;
        }
        findings.push(live_finding(product, &live, evidence, &clues));
        let other = inert_finding(product, &inert, evidence, &clues);
        let live_id = findings.last().and_then(|finding| finding.deployment_id.clone());
        // What is left of the same snippet elsewhere adds nothing.
        findings.extend(other.filter(|other| other.deployment_id.is_some() && other.deployment_id != live_id));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.tracking));
    for finding in &mut findings {
        finding.sentences = sentences::about(input, kind, finding, evidence, mapping);
    }
    findings
}

/// What waits for a function that another script of the page calls is known now.
fn settled(evidence: &Evidence) -> Vec<Clue> {
    let mut clues = evidence.clues.clone();
    for (place, name) in &evidence.waiting {
        if evidence.calls.get(name) == Some(&false)
            && let Some(clue) = clues.get_mut(*place)
            && clue.standing == Standing::Runs
        {
            clue.standing = Standing::AfterConsent(format!("`{name}` is called after consent only"));
        }
    }
    clues
}

fn has_loader(clues: &[&Clue]) -> bool {
    clues.iter().any(|clue| clue.is_loader())
}

fn starts(clues: &[&Clue]) -> bool {
    clues.iter().any(|clue| matches!(clue.signature.role, Role::Loader | Role::Boot | Role::Request))
}

/// Whether these clues are enough to say that the product is there.
fn proves(product: &Product, clues: &[&Clue], evidence: &Evidence) -> bool {
    if clues.is_empty() {
        return false;
    }
    if has_loader(clues) {
        return true;
    }
    let blocks: BTreeSet<u32> = clues.iter().map(|clue| clue.block).collect();
    let mut details = evidence.details.iter().filter(|detail| blocks.contains(&detail.block));
    match product.id.as_str() {
        // Short names that other scripts may bear too: they need an organisation beside them, or a call of nobody else's.
        "journey_sdk" => {
            starts(clues)
                || details.any(|it| it.field == Field::Organization)
                || ["pageview", "autotrack", "forms:track"].iter().any(|part| quoted(clues, part))
        }
        "web_engagement" => quoted(clues, "_g") || starts(clues),
        _ => true,
    }
}

fn quoted(clues: &[&Clue], part: &str) -> bool {
    clues.iter().any(|clue| clue.quote.contains(part))
}

/// The calls of Altocloud and of its successor are the same; where Altocloud is loaded they are its own.
fn belongs_to_altocloud(product: &Product, live: &[&Clue], all: &[Clue]) -> bool {
    product.id == "journey_sdk"
        && !starts(live)
        && all.iter().any(|clue| clue.signature.product == "altocloud" && !clue.standing.is_inert())
}

/// The same of calls that do nothing, beside an Altocloud that does nothing.
fn calls_altocloud(product: &Product, inert: &[&Clue], all: &[Clue]) -> bool {
    let beside = |clue: &Clue| clue.signature.product == "altocloud" && inert.iter().any(|it| it.block == clue.block);
    product.id == "journey_sdk" && !starts(inert) && all.iter().any(beside)
}

fn live_finding(product: &'static Product, live: &[&Clue], evidence: &Evidence, all: &[Clue]) -> Finding {
    let deciding = deciding(live);
    let runs = deciding.iter().any(|clue| clue.standing == Standing::Runs);
    let waits_for = deciding.iter().find_map(|clue| match &clue.standing {
        Standing::AfterConsent(why) if !runs => Some(why.clone()),
        Standing::AfterConsent(_) | Standing::Runs | Standing::Inert(_) => None,
    });
    let tracking = match (&waits_for, product.tracks) {
        (Some(_), _) => Tracking::AfterConsent,
        (None, true) => Tracking::Yes,
        (None, false) => Tracking::No,
    };
    let confidence = if has_loader(live) { Confidence::Loader } else { Confidence::CallsOnly };
    finding(product, live, evidence, all, tracking, None, waits_for, confidence)
}

/// What tells whether a product runs: what loads it, else what starts it, else what uses it.
fn deciding<'c>(live: &[&'c Clue]) -> Vec<&'c Clue> {
    let of = |fits: &dyn Fn(&Clue) -> bool| live.iter().copied().filter(|clue| fits(clue)).collect::<Vec<_>>();
    let choices = [of(&Clue::is_loader), of(&|clue| clue.signature.role == Role::Boot), live.to_vec()];
    choices.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// What does nothing is worth a finding where it is a whole snippet and not just a word about one.
fn inert_finding(product: &'static Product, inert: &[&Clue], evidence: &Evidence, all: &[Clue]) -> Option<Finding> {
    let blocks: BTreeSet<u32> = inert.iter().map(|clue| clue.block).collect();
    let has_id = evidence.details.iter().any(|detail| blocks.contains(&detail.block) && detail.field != Field::Region);
    let signatures: BTreeSet<&str> = inert.iter().map(|clue| clue.signature.id.as_str()).collect();
    let told_of = inert.iter().all(|clue| clue.how == How::Text);
    let whole = has_loader(inert) || signatures.len() > 1 || has_id && !inert.is_empty();
    if !whole || told_of && !has_loader(inert) && !has_id && signatures.len() < 2 {
        return None;
    }
    let why = inert.iter().find(|clue| clue.is_loader()).or(inert.first()).and_then(|clue| match clue.standing {
        Standing::Inert(why) => Some(why),
        Standing::Runs | Standing::AfterConsent(_) => None,
    });
    let confidence = if has_loader(inert) { Confidence::Loader } else { Confidence::CallsOnly };
    Some(finding(product, inert, evidence, all, Tracking::Inert, why, None, confidence))
}

#[expect(clippy::too_many_arguments, reason = "what the two kinds of finding differ in")]
fn finding(
    product: &'static Product,
    clues: &[&Clue],
    evidence: &Evidence,
    all: &[Clue],
    tracking: Tracking,
    inert: Option<Inert>,
    waits_for: Option<String>,
    confidence: Confidence,
) -> Finding {
    let foreign: BTreeSet<u32> = all
        .iter()
        .filter(|clue| clue.signature.product != product.id && !clue_of_altocloud(product, clue))
        .map(|clue| clue.block)
        .collect();
    let own: BTreeSet<u32> = clues.iter().map(|clue| clue.block).collect();
    let foreign: BTreeSet<u32> = foreign.difference(&own).copied().collect();
    let identity = Identity::of(evidence, clues, inert.is_some(), &foreign);
    Finding {
        product,
        tracking,
        inert,
        waits_for,
        confidence,
        deployment_id: identity.deployment,
        organization_id: identity.organization,
        other_ids: identity.others,
        other_regions: identity.other_regions,
        region: identity.region,
        endpoint: identity.endpoint,
        places: places(clues),
        origin: None,
        configuration: None,
        depends: None,
        verdict: Verdict::AskTheOwner,
        sentences: Vec::new(),
    }
}

fn clue_of_altocloud(product: &Product, clue: &Clue) -> bool {
    product.id == "altocloud" && clue.signature.product == "journey_sdk"
}

fn places(clues: &[&Clue]) -> Vec<Place> {
    let mut sorted: Vec<&&Clue> = clues.iter().collect();
    sorted.sort_by_key(|clue| (clue.signature.role, clue.line));
    let mut places: Vec<Place> = Vec::new();
    for clue in sorted {
        let place = Place {
            line: clue.line,
            how: clue.how,
            part: clue.part.clone(),
            signature: &clue.signature.id,
            quote: clue.quote.clone(),
        };
        if places.len() < MOST_PLACES && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// What should become of it, as far as the input and a mapping tell.
pub fn verdict(finding: &Finding, depends: Option<bool>) -> Verdict {
    match (finding.tracking, finding.product.generation, depends) {
        (Tracking::Inert, _, _) => Verdict::Unused,
        (_, Generation::Obsolete, _) => Verdict::Replace,
        (_, Generation::Legacy, Some(true)) if finding.product.id != "journey_sdk" => Verdict::Replace,
        (_, Generation::Current | Generation::Legacy, Some(true)) => Verdict::Keep,
        (_, Generation::Legacy, _) if matches!(finding.product.id.as_str(), "widgets" | "web_engagement") => {
            Verdict::Replace
        }
        (_, Generation::Current | Generation::Legacy, Some(false) | None) => Verdict::AskTheOwner,
    }
}
