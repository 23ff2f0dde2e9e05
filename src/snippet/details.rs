//! Details: the ids, regions and addresses that a snippet says of itself.

use std::collections::HashMap;

use super::address::{Address, is_uuid, parameter, uuid_in};
use super::evidence::{Detail, Evidence, Field};
use super::script::{Kind, Script};
use super::signature::Region;

/// How far a value is looked for behind its key.
const FURTHEST: usize = 40;

/// Most ids without a name that are kept of one script.
const MOST_UNNAMED: usize = 50;

/// What a key is about; any spelling, with or without a prefix.
pub fn field_of(key: &str) -> Option<Field> {
    if key.len() > 60 {
        return None;
    }
    let key: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let ends = |endings: &[&str]| endings.iter().any(|ending| key.ends_with(ending));
    if ends(&["deploymentid", "deploymentkey", "messengerdeployment", "genesysdeployment"]) {
        Some(Field::Deployment)
    } else if ends(&["orgguid", "organizationid", "organisationid", "orgid", "organizationguid"]) {
        Some(Field::Organization)
    } else if ends(&["environment", "genesysenv", "region", "datacenter", "purecloudenv", "env"]) {
        Some(Field::Region)
    } else if ends(&["dataurl", "httpsendpoint", "httpendpoint", "gcburl", "gcbserver"]) {
        Some(Field::Endpoint)
    } else {
        None
    }
}

/// Whether a value can be what its key says.
pub fn is_plausible(field: Field, value: &str) -> bool {
    match field {
        Field::Deployment => is_uuid(value) || is_key(value),
        Field::Organization => is_uuid(value) || is_account(value),
        Field::Region => Region::named(value).is_some() || is_datacenter(value),
        Field::Endpoint => Address::of(value).is_some_and(|address| address.host.is_some()),
        Field::Unnamed => is_uuid(value),
    }
}

/// A key of Co-browse: 32 hexadecimal digits.
fn is_key(value: &str) -> bool {
    value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// An account of Altocloud.
fn is_account(value: &str) -> bool {
    (16..=40).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A data centre of Altocloud.
fn is_datacenter(value: &str) -> bool {
    value.len() <= 4
        && value.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && value.ends_with(|letter: char| letter.is_ascii_digit())
}

/// What the keys, calls and constants of a script say.
pub fn of_script(evidence: &mut Evidence, script: &Script<'_>, block: u32, inert: bool) {
    let constants = constants_of(script);
    let mut unnamed = 0;
    for at in 0..script.tokens.len() {
        if script.is_mark(at, "(") {
            of_init(evidence, script, at, &constants, block, inert);
        }
        if let Some(id) = script.text(at).filter(|value| is_uuid(value))
            && unnamed < MOST_UNNAMED
        {
            unnamed += 1;
            let group = group_of(script, at);
            evidence.learned(Detail { field: Field::Unnamed, value: id.to_ascii_lowercase(), block, group, inert });
        }
        // A host that addresses are put together from names the region, where nothing else does.
        if let Some(host) =
            script.text(at).filter(|value| value.len() < 60 && value.contains('.') && !value.contains(' '))
            && let Some(region) = Region::of_host(host.trim_end_matches('/').trim_start_matches("https://"))
        {
            evidence.learned(Detail {
                field: Field::Region,
                value: region.domain.clone(),
                block,
                group: u32::MAX,
                inert,
            });
        }
        let keyed = script.is_mark(at + 1, ":") || script.is_mark(at + 1, "=") || script.is_mark(at + 1, ",");
        let Some(field) = script.name(at).filter(|_| keyed).and_then(|key| field_of(&key)) else { continue };
        // `setAttribute("org-guid", "…")` names its key in a call.
        if script.is_mark(at + 1, ",") && !script.is(at, Kind::Text) {
            continue;
        }
        if let Some(value) = value_at(script, at + 2, &constants, field) {
            evidence.learned(Detail { field, value, block, group: group_of(script, at), inert });
        }
    }
}

fn group_of(script: &Script<'_>, at: usize) -> u32 {
    script.parent(at).and_then(|parent| u32::try_from(parent + 1).ok()).unwrap_or(0)
}

/// `ac("init", "<organisation>", …)`, whatever the function is called.
fn of_init(
    evidence: &mut Evidence,
    script: &Script<'_>,
    open: usize,
    constants: &HashMap<&str, usize>,
    block: u32,
    inert: bool,
) {
    if script.text(open + 1).as_deref() != Some("init") || !script.is_mark(open + 2, ",") {
        return;
    }
    if let Some(value) = value_at(script, open + 3, constants, Field::Organization) {
        evidence.learned(Detail { field: Field::Organization, value, block, group: 0, inert });
    }
}

/// The strings that names stand for, where they stand for one only.
fn constants_of<'a>(script: &Script<'a>) -> HashMap<&'a str, usize> {
    let mut constants = HashMap::new();
    for at in 0..script.tokens.len() {
        let assigned = script.is_mark(at + 1, "=") || script.is_mark(at + 1, ":");
        let is_text = script.is(at + 2, Kind::Text) || script.is(at + 2, Kind::Template);
        if let Some(word) = script.word(at).filter(|_| assigned && is_text) {
            constants.entry(word).or_insert(at + 2);
        }
    }
    constants
}

/// The first plausible value in an expression: a string, a constant, or an alternative.
fn value_at(script: &Script<'_>, start: usize, constants: &HashMap<&str, usize>, field: Field) -> Option<String> {
    let parent = script.tokens.get(start)?.parent;
    for at in start..start + FURTHEST {
        let token = script.tokens.get(at)?;
        if token.parent == parent && script.is(at, Kind::Mark) && matches!(script.raw(at), "," | ";" | "}" | ")" | "]")
        {
            return None;
        }
        // Another key of an object that the value holds says something of its own.
        if script.is_mark(at, "{") {
            return None;
        }
        let said = match token.kind {
            Kind::Text | Kind::Template => script.text(at),
            Kind::Word => constants.get(script.raw(at)).and_then(|place| script.text(*place)),
            Kind::Number | Kind::Regex | Kind::Mark => None,
        };
        if let Some(value) = said.map(|value| value.trim().to_owned()).filter(|value| is_plausible(field, value)) {
            return Some(value);
        }
    }
    None
}

/// What an address says in its path and its query.
pub fn of_address(evidence: &mut Evidence, address: &Address<'_>, block: u32, inert: bool) {
    let mut learn = |field: Field, value: &str| {
        if is_plausible(field, value) {
            evidence.learned(Detail { field, value: value.to_owned(), block, group: 0, inert });
        }
    };
    for name in ["deploymentKey", "deploymentId"] {
        parameter(address.query, name).into_iter().for_each(|value| learn(Field::Deployment, value));
    }
    for name in ["orgGuid", "organizationId"] {
        parameter(address.query, name).into_iter().for_each(|value| learn(Field::Organization, value));
    }
    if address.path.contains("/deployments/") {
        uuid_in(address.path).into_iter().for_each(|value| learn(Field::Deployment, value));
    }
}

/// What the attributes of a tag say.
pub fn of_attributes(evidence: &mut Evidence, attributes: &[(String, String)], block: u32, inert: bool) {
    for (name, value) in attributes {
        if let Some(field) = field_of(name).filter(|field| is_plausible(*field, value)) {
            evidence.learned(Detail { field, value: value.trim().to_owned(), block, group: 0, inert });
        }
    }
}
