//! Identity: whose a snippet is, and in which region, from what it says of itself.

use std::collections::BTreeSet;

use super::address::{Address, is_uuid};
use super::evidence::{Clue, Detail, Evidence, Field};
use super::signature::Region;

/// The region of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// What a page writes for it.
    pub environment: String,
    /// What Amazon calls it; nothing for a data centre of Altocloud.
    pub aws: Option<&'static str>,
    /// Its domain.
    pub domain: Option<&'static str>,
    /// What it was read from.
    pub read_from: &'static str,
}

impl Whereabouts {
    fn of(region: &'static Region, read_from: &'static str) -> Self {
        Self {
            environment: region.environment.clone(),
            aws: Some(&region.aws),
            domain: Some(&region.domain),
            read_from,
        }
    }
}

/// Whose a snippet is.
#[derive(Debug, Default)]
pub struct Identity {
    pub deployment: Option<String>,
    pub organization: Option<String>,
    pub others: Vec<String>,
    pub region: Option<Whereabouts>,
    pub other_regions: Vec<&'static str>,
    pub endpoint: Option<String>,
}

impl Identity {
    /// Of the snippet that these clues belong to. `foreign` are pieces that belong to other snippets.
    pub fn of(evidence: &Evidence, clues: &[&Clue], inert: bool, foreign: &BTreeSet<u32>) -> Self {
        let product = clues.first().map_or("", |clue| clue.signature.product.as_str());
        let own: BTreeSet<u32> = clues.iter().map(|clue| clue.block).collect();
        let near: Vec<&Detail> = evidence.details.iter().filter(|detail| own.contains(&detail.block)).collect();
        let far: Vec<&Detail> = evidence
            .details
            .iter()
            .filter(|detail| detail.inert == inert && !own.contains(&detail.block) && !foreign.contains(&detail.block))
            .collect();
        let mut identity = Self::default();
        let deployments = found(&near, &far, Field::Deployment, product);
        let organizations = found(&near, &far, Field::Organization, product);
        let named_by = deployments.first().map(|detail| (detail.block, detail.group));
        identity.deployment = deployments.first().map(|detail| detail.value.clone());
        identity.organization = organizations.first().map(|detail| detail.value.clone());
        if identity.deployment.is_none() && matches!(product, "messenger" | "widgets") {
            identity.deployment = only_unnamed(&near, identity.organization.as_deref());
        }
        let mut more: BTreeSet<String> = deployments.iter().chain(&organizations).map(|it| it.value.clone()).collect();
        more.retain(|id| Some(id) != identity.deployment.as_ref() && Some(id) != identity.organization.as_ref());
        identity.others = more.into_iter().collect();
        identity.endpoint = near.iter().chain(&far).find(|it| it.field == Field::Endpoint).map(|it| it.value.clone());
        identity.region = region(&near, &far, named_by, clues, identity.endpoint.as_deref());
        let chosen = identity.region.as_ref().and_then(|region| region.aws);
        let said = near.iter().chain(&far).filter(|detail| detail.field == Field::Region);
        let beside_other =
            said.filter(|region| deployments.iter().any(|id| (id.block, id.group) == (region.block, region.group)));
        let others = beside_other.filter_map(|detail| Region::named(&detail.value)).map(|region| region.aws.as_str());
        identity.other_regions =
            others.filter(|aws| Some(*aws) != chosen).collect::<BTreeSet<_>>().into_iter().collect();
        if !takes_deployment(product) {
            identity.deployment = None;
        }
        identity
    }
}

fn takes_deployment(product: &str) -> bool {
    matches!(product, "messenger" | "widgets" | "web_chat" | "co_browse")
}

/// What fits the product: a deployment of Messenger is a UUID, a key of Co-browse is none.
fn found<'d>(near: &[&'d Detail], far: &[&'d Detail], field: Field, product: &str) -> Vec<&'d Detail> {
    let fits = |detail: &&&Detail| {
        detail.field == field
            && match field {
                Field::Deployment if product == "co_browse" => true,
                Field::Deployment => is_uuid(&detail.value),
                Field::Organization => product == "altocloud" || is_uuid(&detail.value),
                Field::Region | Field::Endpoint | Field::Unnamed => true,
            }
    };
    let mut all: Vec<&Detail> = near.iter().filter(fits).copied().collect();
    if all.is_empty() {
        all = far.iter().filter(fits).copied().collect();
    }
    all.dedup_by(|one, other| one.value == other.value);
    all
}

/// The one id of a piece that nobody named is that of its deployment.
fn only_unnamed(near: &[&Detail], organization: Option<&str>) -> Option<String> {
    let ids: BTreeSet<&str> = near
        .iter()
        .filter(|detail| detail.field == Field::Unnamed && Some(detail.value.as_str()) != organization)
        .map(|detail| detail.value.as_str())
        .collect();
    let mut ids = ids.into_iter();
    ids.next().filter(|_| ids.next().is_none()).map(str::to_owned)
}

/// What the page names goes before the host that the code comes from; the two may disagree.
fn region(
    near: &[&Detail],
    far: &[&Detail],
    named_by: Option<(u32, u32)>,
    clues: &[&Clue],
    endpoint: Option<&str>,
) -> Option<Whereabouts> {
    let beside = |detail: &&&Detail| named_by == Some((detail.block, detail.group));
    let telling = |detail: &&&Detail| detail.value.contains('-') || detail.value.len() == 4;
    let regions = || near.iter().filter(|detail| detail.field == Field::Region);
    let read = |detail: &&Detail| Region::named(&detail.value).map(|region| Whereabouts::of(region, "configuration"));
    let named = regions().filter(beside).find_map(&read).or_else(|| regions().filter(telling).find_map(&read));
    let of_host = |host: &str| Region::of_host(host);
    let hosted = || {
        let endpoint = endpoint.and_then(Address::of).and_then(|it| it.host.and_then(of_host));
        let of_endpoint = endpoint.map(|region| Whereabouts::of(region, "endpoint"));
        let mut hosts = clues.iter().filter_map(|clue| clue.host.as_deref());
        of_endpoint.or_else(|| hosts.find_map(of_host).map(|region| Whereabouts::of(region, "host")))
    };
    let plain = || regions().find_map(&read);
    let elsewhere = || far.iter().filter(|it| it.field == Field::Region).filter(telling).find_map(&read);
    let datacenter = || {
        let said = near.iter().chain(far).find(|detail| detail.field == Field::Region)?;
        Some(Whereabouts { environment: said.value.clone(), aws: None, domain: None, read_from: "configuration" })
    };
    named.or_else(hosted).or_else(elsewhere).or_else(plain).or_else(datacenter)
}
