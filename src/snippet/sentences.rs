//! Sentences: the answers to the nine questions, each with what it rests on.

use super::address::is_genesys_host;
use super::evidence::{Clue, Evidence, How, Inert, Standing};
use super::finding::{Confidence, Finding, Sentence, Topic, Tracking, Verdict};
use super::input::{Kind, listed};
use super::judge::verdict;
use super::mapping::{Dependence, Mapping};
use super::signature::Generation;
use super::visits::HostOffers;

/// Every answer about a finding; sets its verdict on the way.
pub fn about(
    input: &str,
    kind: Kind,
    finding: &mut Finding,
    evidence: &Evidence,
    mapping: Option<&Mapping>,
) -> Vec<Sentence> {
    let seen = seen(input, kind, finding);
    let mut said = vec![
        Sentence { topic: Topic::Tracking, says: tracking(finding, evidence), evidence: vec![seen.clone()] },
        Sentence { topic: Topic::What, says: what(finding), evidence: signatures_seen(finding) },
    ];
    let foreign = foreign_host(finding, evidence);
    said.extend(foreign.map(|host| Sentence {
        topic: Topic::What,
        says: format!(
            "Its script comes from {host}, which is none of Genesys' hosts: a copy, a proxy, or somebody else's code under their name."
        ),
        evidence: vec![seen.clone()],
    }));
    said.extend(trouble_with_calls(finding, evidence));
    said.push(whose(finding, &seen));
    said.push(effect(Topic::Sends, finding, &finding.product.sends));
    let stores = finding.product.stores.join("; ");
    let of_deployment = finding.deployment_id.as_ref().map(|id| stores.replace("<deployment id>", id));
    said.push(effect(Topic::Stores, finding, of_deployment.as_deref().unwrap_or(&stores)));
    said.extend(who(input, kind, finding, evidence));
    let (stops, known) = stops(finding, evidence, mapping);
    let depends = known.as_ref().map(|known| known.something);
    finding.verdict = verdict(finding, depends);
    let rests_on = if depends.is_some() { stops.evidence.clone() } else { vec![seen] };
    said.push(stops);
    said.push(reasons(finding, depends, rests_on));
    said.push(next(finding, evidence, known.as_ref(), foreign));
    said
}

/// Where it stands and what is written there.
fn seen(input: &str, kind: Kind, finding: &Finding) -> String {
    finding.places.first().map_or_else(String::new, |place| {
        let part = place.part.as_deref().map_or_else(String::new, |part| format!(", {part}"));
        // Lines of an answer in a recording are those of the answer; all others are the file's.
        if kind == Kind::Har && place.how != How::Request {
            return format!("{input}{part}, its line {}: {}", place.line, place.quote);
        }
        format!("{input}:{}{part}: {}", place.line, place.quote)
    })
}

fn signatures_seen(finding: &Finding) -> Vec<String> {
    let mut names: Vec<String> =
        finding.places.iter().map(|place| format!("signature {} on line {}", place.signature, place.line)).collect();
    names.dedup();
    names.truncate(4);
    names
}

/// The host that the code comes from, where that is none of Genesys' and the product is never served from elsewhere.
fn foreign_host<'e>(finding: &Finding, evidence: &'e Evidence) -> Option<&'e str> {
    let in_cloud = matches!(finding.product.id.as_str(), "messenger" | "journey_sdk" | "altocloud" | "web_chat");
    let mut loaders = loaders(finding, evidence).map(|(_, clue)| clue.host.as_deref());
    let first = loaders.next().flatten().filter(|host| in_cloud && !is_genesys_host(host))?;
    loaders.all(|host| host.is_some_and(|host| !is_genesys_host(host))).then_some(first)
}

/// What loads the product and stands as the finding does, with its places in the list.
fn loaders<'e>(finding: &Finding, evidence: &'e Evidence) -> impl Iterator<Item = (usize, &'e Clue)> {
    let (product, inert) = (finding.product, finding.inert.is_some());
    let is_of = move |clue: &Clue| clue.signature.product == product.id && clue.standing.is_inert() == inert;
    evidence.clues.iter().enumerate().filter(move |(_, clue)| clue.is_loader() && is_of(clue))
}

/// The condition that stands before everything that loads it and speaks of no consent.
fn condition<'e>(finding: &Finding, evidence: &'e Evidence) -> Option<&'e str> {
    let running = loaders(finding, evidence).filter(|(_, clue)| clue.standing == Standing::Runs);
    let conditions: Vec<Option<&String>> = running.map(|(place, _)| evidence.conditions.get(&place)).collect();
    conditions.iter().all(Option::is_some).then(|| conditions.first().copied().flatten())?.map(String::as_str)
}

fn tracking(finding: &Finding, evidence: &Evidence) -> String {
    let name = &finding.product.name;
    match (finding.tracking, finding.confidence) {
        (Tracking::Inert, _) => {
            format!("No. It is present but inert: {}.", finding.inert.map_or("nothing runs it", Inert::sentence))
        }
        (Tracking::AfterConsent, _) => {
            format!("Only after consent: {}.", finding.waits_for.as_deref().unwrap_or("it waits"))
        }
        (Tracking::No, _) if finding.product.chats => {
            format!(
                "No. {name} is active on this page and opens chats, but by itself it tells nothing of visitors who only look."
            )
        }
        (Tracking::No, _) => format!("No. {name} is active on this page, but it tracks no visitors."),
        (Tracking::Yes, Confidence::Loader) => {
            if let Some(condition) = condition(finding, evidence) {
                return format!(
                    "Yes. {name} starts where the condition before it holds (`{condition}`), without asking for consent; whose browsers that are cannot be known from here."
                );
            }
            format!("Yes. {name} starts in every visitor's browser, without asking.")
        }
        (Tracking::Yes, Confidence::CallsOnly) => {
            format!("Yes, as far as can be seen: {name} is used here, but what loads it is not in this input.")
        }
    }
}

fn what(finding: &Finding) -> String {
    let age = match finding.product.generation {
        Generation::Current => "the current generation",
        Generation::Legacy => "an earlier generation, with a successor",
        Generation::Obsolete => "an obsolete generation",
    };
    format!("{}; {age}.", finding.product.name)
}

fn trouble_with_calls(finding: &Finding, evidence: &Evidence) -> Option<Sentence> {
    (evidence.identifies && matches!(finding.product.id.as_str(), "journey_sdk" | "altocloud")).then(|| Sentence {
        topic: Topic::What,
        says: "It still calls `identify`, which has added nothing to customer records since 2023-01-31.".to_owned(),
        evidence: vec!["a call of identify".to_owned()],
    })
}

fn whose(finding: &Finding, seen: &str) -> Sentence {
    let mut parts = Vec::new();
    let called = if finding.product.id == "altocloud" { "account" } else { "organisation" };
    parts.extend(finding.deployment_id.as_ref().map(|id| format!("deployment {id}")));
    parts.extend(finding.organization_id.as_ref().map(|id| format!("{called} {id}")));
    parts.extend(finding.region.as_ref().map(|region| match (region.aws, region.domain) {
        (Some(aws), Some(domain)) => {
            format!("region {aws} ({}, {domain}; from the {})", region.environment, region.read_from)
        }
        (_, _) => format!("data centre {}", region.environment),
    }));
    parts.extend(finding.endpoint.as_ref().map(|endpoint| format!("server {endpoint}")));
    if !finding.other_ids.is_empty() {
        parts.push(format!("it names {} as well", finding.other_ids.join(", ")));
    }
    if !finding.other_regions.is_empty() {
        parts.push(format!("some of that in {}", finding.other_regions.join(", ")));
    }
    let says =
        if parts.is_empty() { "It does not say whose it is.".to_owned() } else { format!("{}.", parts.join("; ")) };
    Sentence { topic: Topic::Whose, says, evidence: vec![seen.to_owned()] }
}

fn effect(topic: Topic, finding: &Finding, known: &str) -> Sentence {
    let says = match finding.tracking {
        Tracking::Inert => format!("Nothing, as it stands. Were it switched on: {known}."),
        Tracking::AfterConsent => format!("Nothing before consent; after it: {known}."),
        Tracking::Yes | Tracking::No => format!("{known}."),
    };
    let evidence = vec![format!("what is documented of {}; docs/snippet.md names the sources", finding.product.name)];
    Sentence { topic, says, evidence }
}

fn who(input: &str, kind: Kind, finding: &Finding, evidence: &Evidence) -> Vec<Sentence> {
    let Some(place) = finding.places.first() else { return Vec::new() };
    let mut said = Vec::new();
    let where_is = match &place.part {
        Some(part) if kind == Kind::Har => format!("{part}, its line {}", place.line),
        Some(_) | None => format!("{input}:{}", place.line),
    };
    let says = match (place.how, place.part.as_deref()) {
        (How::TagManager, part) => {
            format!("Whoever may publish in the tag manager: it is in {}.", part.unwrap_or("its container"))
        }
        (How::ScriptFile, _) => format!("Whoever builds the script file that it is a part of ({where_is})."),
        (How::Data, _) => format!("Whoever fills the page's data: it is in the data that scripts read ({where_is})."),
        (How::Request, part) => {
            format!("Not to be seen from a recording: the browser asked for it ({}).", part.unwrap_or("a request"))
        }
        (How::InlineScript | How::Tag | How::Handler | How::Text, Some(part)) => {
            format!("Whoever makes the page: it is in {part}, line {}.", place.line)
        }
        (How::InlineScript | How::Tag | How::Handler | How::Text, None) => {
            format!("Whoever makes the page: it is in the page's own markup ({where_is}).")
        }
    };
    said.push(Sentence { topic: Topic::Who, says, evidence: vec![place.quote.clone()] });
    if !evidence.cms.is_empty() && kind == Kind::Page {
        let made = evidence.cms.iter().copied().collect::<Vec<_>>().join(", ");
        let says = format!(
            "The page is made with {made}: a plug-in, a theme or a template of it may have written the markup."
        );
        said.push(Sentence { topic: Topic::Who, says, evidence: vec![format!("addresses and marks of {made}")] });
    }
    if finding.confidence == Confidence::CallsOnly && !evidence.managers.is_empty() && place.how != How::TagManager {
        let says = format!("What loads it is not here; {} may.", managers(evidence));
        said.push(Sentence { topic: Topic::Who, says, evidence: vec![managers(evidence)] });
    }
    said
}

fn managers(evidence: &Evidence) -> String {
    let named = |(name, ids): (&&'static str, &std::collections::BTreeSet<String>)| {
        if ids.is_empty() { (*name).to_owned() } else { format!("{name} ({})", listed(ids)) }
    };
    evidence.managers.iter().map(named).collect::<Vec<_>>().join(" and ")
}

/// What is known of who and what depends on it.
struct Known {
    site: String,
    owner: String,
    something: bool,
}

/// What stops, and what is known of what depends on it.
fn stops(finding: &mut Finding, evidence: &Evidence, mapping: Option<&Mapping>) -> (Sentence, Option<Known>) {
    let sentence = |says: String, evidence: Vec<String>| Sentence { topic: Topic::Stops, says, evidence };
    if finding.tracking == Tracking::Inert {
        return (sentence("Nothing: it does nothing now.".to_owned(), vec!["it is inert".to_owned()]), None);
    }
    let known = evidence.sites.iter().find_map(|site| Some((site, mapping?.of(site)?)));
    finding.depends = known.as_ref().map(|(site, depends)| as_json(site, depends));
    let Some((site, depends)) = known else {
        let mut why = match (mapping, evidence.sites.is_empty()) {
            (None, _) => "neither recorded events (--events) nor a mapping (--mapping) were given".to_owned(),
            (Some(mapping), _) if mapping.is_deaf() && mapping.is_unwritten() => {
                "no recorded event could be read".to_owned()
            }
            (Some(_), true) => "the input does not say which hostname it is of".to_owned(),
            (Some(mapping), false) => format!("{} of {}", mapping.silence(), listed(&evidence.sites)),
        };
        if let (Some(mapping), false) = (mapping, why.is_empty()) {
            why = [&[why], mapping.unread()].concat().join("; ");
        }
        let kinds = match (finding.product.chats, finding.product.tracks) {
            (true, _) => "Chats and offers that it opens would stop; how many",
            (false, true) => "What is counted and offered through it would stop; how much",
            (false, false) => "What people do with it on this page would stop; how much",
        };
        return (sentence(format!("{kinds} cannot be known from here."), vec![why]), None);
    };
    let unread = mapping.map_or(&[][..], Mapping::unread).to_vec();
    let known = |something: bool| Some(Known { site: site.clone(), owner: depends.owner.clone(), something });
    let (offers, chats) = (depends.offers_per_week.unwrap_or(0.0), depends.chats_per_week.unwrap_or(0.0));
    let weeks = depends.weeks;
    let owner = if depends.owner.is_empty() { String::new() } else { format!(" {} answers for it.", depends.owner) };
    if let Some(recorded) = &depends.recorded {
        let source = format!("recorded events of {site}, linked to offers by their session.id");
        let rests_on = [vec![source], unread].concat();
        return (sentence(format!("{}{owner}", of_visits(site, recorded)), rests_on), known(recorded.offers > 0));
    }
    let rests_on = [vec![format!("the mapping's row of {site}")], unread].concat();
    if offers == 0.0 && chats == 0.0 {
        let says = format!(
            "On {site}, no offers and no chats depend on it (over {weeks} weeks), and no adjustment is made.{owner}"
        );
        return (sentence(says, rests_on), known(false));
    }
    let says = format!(
        "On {site}, {offers} offers and {chats} chats a week (over {weeks} weeks) depend on it, and so do the volume adjustments made of them.{owner}"
    );
    (sentence(says, rests_on), known(true))
}

/// What recorded visits say would stop.
fn of_visits(site: &str, recorded: &HostOffers) -> String {
    let HostOffers { visits, visits_with_offer, offers, accepted, .. } = *recorded;
    let span = recorded.spanned();
    if offers == 0 {
        return format!(
            "On {site}, none of {visits} recorded visits led to an offer in {span} of recorded events; no adjustment is made of them."
        );
    }
    let share = recorded.share() * 100.0;
    let accepted = match accepted {
        0 => "none of them was".to_owned(),
        1 => "one of them was".to_owned(),
        more => format!("{more} of them were"),
    };
    let rate = recorded.weekly(offers).map_or_else(String::new, |rate| format!(", {rate:.1} a week"));
    let offers = if offers == 1 { "one offer".to_owned() } else { format!("{offers} offers") };
    format!(
        "On {site}, {visits_with_offer} of {visits} recorded visits led to {offers} in {span} of recorded events{rate}; {accepted} \
         accepted. That is {share:.1} % of all recorded offers. They would stop, and so would the volume adjustments made of them."
    )
}

fn as_json(site: &str, depends: &Dependence) -> serde_json::Value {
    let recorded = depends.recorded.as_ref();
    serde_json::json!({
        "hostname": site,
        "source": if recorded.is_some() { "events" } else { "mapping" },
        "offers_per_week": depends.offers_per_week,
        "chats_per_week": depends.chats_per_week,
        "weeks": depends.weeks,
        "days": recorded.map(|it| (it.days() * 100.0).round() / 100.0),
        "visits": recorded.map(|it| it.visits),
        "visits_with_offer": recorded.map(|it| it.visits_with_offer),
        "offers": recorded.map(|it| it.offers),
        "accepted": recorded.map(|it| it.accepted),
        "share_of_offers": recorded.map(HostOffers::share),
    })
}

fn reasons(finding: &Finding, depends: Option<bool>, rests_on: Vec<String>) -> Sentence {
    let why = match finding.verdict {
        Verdict::Unused => "it does nothing where it stands",
        Verdict::Keep => "offers or chats depend on it",
        Verdict::Replace => "it belongs to a generation that is being switched off",
        Verdict::AskTheOwner if depends == Some(false) => {
            "nothing is counted on this hostname, but the owner may know of more"
        }
        Verdict::AskTheOwner => "nothing here tells what depends on it",
    };
    Sentence { topic: Topic::Verdict, says: format!("{}: {why}.", finding.verdict.words()), evidence: rests_on }
}

fn next(finding: &Finding, evidence: &Evidence, known: Option<&Known>, foreign: Option<&str>) -> Sentence {
    let says = match (finding.tracking, finding.confidence) {
        (Tracking::Inert, _) if matches!(finding.inert, Some(Inert::Quoted | Inert::Documentation)) => {
            "Nothing to do for visitors; take it out where the text is no longer true.".to_owned()
        }
        (Tracking::Inert, _) => "Take it out with the next change of this file; nothing stops.".to_owned(),
        (_, Confidence::CallsOnly) if !evidence.managers.is_empty() => {
            format!(
                "Look into {} for what loads it: save the container's script and audit it too. {}",
                managers(evidence),
                asking(finding, known)
            )
        }
        (_, _) => asking(finding, known),
    };
    let first = foreign.map_or_else(String::new, |host| format!("First find out who runs {host}. "));
    Sentence { topic: Topic::Next, says: format!("{first}{says}"), evidence: Vec::new() }
}

/// Whom to ask what, by what is known of the owner and of the id.
fn asking(finding: &Finding, known: Option<&Known>) -> String {
    let product = finding.product;
    let keep = finding.verdict == Verdict::Keep;
    let asked = match known.filter(|known| !known.owner.is_empty()) {
        Some(Known { site, owner, .. }) if keep => {
            format!(
                "Leave it in place: offers or chats depend on it. Before any change ask {owner}, who answers for {site}."
            )
        }
        Some(Known { site, owner, .. }) => format!("Ask {owner}, who answers for {site}, {}.", product.ask),
        None if keep => format!("Leave it in place; before any change: {}", product.next),
        None => product.next.clone(),
    };
    let Some(place) = product.listed_under.as_ref() else { return asked };
    match &finding.deployment_id {
        Some(id) => format!("{asked} Its id, {id}, is in Genesys Cloud under {place}."),
        None => format!("{asked} No id was found here; deployments are in Genesys Cloud under {place}."),
    }
}
