//! Unread: what an input names that may bring code of Genesys and is not in it, and how to have it read.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{Address, is_below};
use super::evidence::Evidence;
use super::input::{Audit, Kind};
use super::shown::{is_container, shown_address};

/// Most addresses of scripts that are named.
const MOST_NAMED: usize = 3;

/// Something that was not read and may bring code of Genesys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// What a tag manager adds.
    TagManager {
        /// Which.
        name: &'static str,
        /// The ids of its containers.
        containers: Vec<String>,
        /// The addresses of its scripts.
        scripts: Vec<String>,
    },
    /// Scripts and frames of the page's own site.
    OwnScripts(Vec<String>),
    /// The page that this one sends its visitors to by itself.
    SentOn(String),
    /// The page that was named: another host answered in its place.
    LedElsewhere(String),
    /// A part of the input itself; a sentence says which.
    Part(String),
}

impl Unread {
    /// Its name for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TagManager { .. } => "tag_manager",
            Self::OwnScripts(_) => "own_scripts",
            Self::SentOn(_) => "sent_on",
            Self::LedElsewhere(_) => "led_elsewhere",
            Self::Part(_) => "part",
        }
    }

    /// What was not read.
    pub fn says(&self) -> String {
        match self {
            Self::TagManager { name, containers, .. } => {
                let which = if containers.is_empty() { String::new() } else { format!(" {}", containers.join(", ")) };
                format!("{name}{which} can add it, and what it adds is not in this input")
            }
            Self::OwnScripts(addresses) => {
                let more = addresses.len().saturating_sub(MOST_NAMED);
                let named: Vec<&str> = addresses.iter().take(MOST_NAMED).map(String::as_str).collect();
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("the page's own {}{more} can hold it, and was not read", named.join(", "))
            }
            Self::SentOn(address) => {
                format!("the page sends its visitors on to {address}, which was not read")
            }
            Self::LedElsewhere(host) => {
                format!(
                    "the address led to another host, {host}: its page was read, perhaps a sign-in, and not the one named"
                )
            }
            Self::Part(note) => format!("{note}, and it may stand there"),
        }
    }

    /// How to have it read.
    pub fn next(&self) -> String {
        match self {
            Self::TagManager { name, containers, scripts } => {
                let of_google = containers.iter().filter(|id| is_container(id));
                let of_google = of_google.map(|id| format!("https://www.googletagmanager.com/gtm.js?id={id}"));
                let whole = scripts.iter().filter(|it| it.starts_with("http") && !it.contains('…')).cloned();
                let known: BTreeSet<String> = of_google.chain(whole).collect();
                if known.is_empty() {
                    return format!("Save the script of {name} that the page loads and audit it too, or {BY_BROWSER}");
                }
                let commands: Vec<String> =
                    known.iter().map(|it| format!("`journeycast snippet audit {it}`")).collect();
                format!("Audit what it adds: {}, or {BY_BROWSER}", commands.join(", "))
            }
            Self::OwnScripts(addresses) => {
                let whole = addresses.iter().find(|it| it.starts_with("http") && !it.contains('…'));
                let named = whole.map_or_else(
                    || "name the file, or the folder that the site is delivered from".to_owned(),
                    |it| format!("`journeycast snippet audit {it}`"),
                );
                format!("Have the scripts read too: {named}, or {BY_BROWSER}")
            }
            Self::SentOn(address) => {
                let named = if address.starts_with("http") {
                    format!("`journeycast snippet audit {address}`")
                } else {
                    "name that page".to_owned()
                };
                format!("Audit the page that it leads to: {named}.")
            }
            Self::LedElsewhere(_) => {
                "Sign in with a browser, record the page there as a HAR file with content, and audit that.".to_owned()
            }
            Self::Part(_) => "Look at that part by hand, or cut it out into a file and audit that.".to_owned(),
        }
    }

    const fn headline(&self) -> &'static str {
        match self {
            Self::TagManager { .. } => "NOTHING FOUND HERE, BUT A TAG MANAGER CAN ADD IT",
            Self::OwnScripts(_) | Self::SentOn(_) | Self::LedElsewhere(_) | Self::Part(_) => {
                "NOTHING FOUND HERE, BUT NOT ALL WAS READ"
            }
        }
    }
}

const BY_BROWSER: &str =
    "record the page with a browser as a HAR file with content, or open its address with --browser.";

/// What there is instead of a plain "no" where nothing was found; nothing where everything was read.
pub fn headline(audit: &Audit) -> Option<&'static str> {
    let cut = audit.trouble.as_ref().map(|_| "NOTHING FOUND IN WHAT COULD BE READ");
    audit.unread.first().map(Unread::headline).or(cut)
}

/// What the evidence names and does not hold.
pub fn unread(kind: Kind, evidence: &Evidence) -> Vec<Unread> {
    let mut unread = Vec::new();
    if kind == Kind::Documentation {
        return unread;
    }
    let was_read = |address: &str| evidence.answered.iter().any(|read| is_same(read, address));
    // A tag of Google that is no container (`G-…`) adds nothing of others.
    let is_bare_tag = |ids: &BTreeSet<String>| !ids.is_empty() && ids.iter().all(|id| id.starts_with("G-"));
    for (name, ids) in evidence.managers.iter().filter(|(_, ids)| kind != Kind::Container && !is_bare_tag(ids)) {
        let found = evidence.manager_scripts.get(name);
        let has_text = |id: &String| evidence.answered.iter().any(|read| read.contains(id.as_str()));
        let containers: Vec<String> = ids.iter().filter(|id| !has_text(id)).cloned().collect();
        let scripts: Vec<String> =
            found.into_iter().flatten().filter(|it| !was_read(it)).map(|it| shown_address(&whole(it))).collect();
        let named = !containers.is_empty() || !scripts.is_empty();
        // A script that names its manager and nothing of it is that manager's own.
        if named || matches!(kind, Kind::Page) && ids.is_empty() && found.is_none() {
            unread.push(Unread::TagManager { name, containers, scripts });
        }
    }
    let own = evidence.brought.iter().filter(|it| is_own(it, evidence) && !was_read(it));
    let own: Vec<String> = own.map(|it| shown_address(it)).collect();
    if !own.is_empty() {
        unread.push(Unread::OwnScripts(own));
    }
    unread.extend(evidence.sends_on.iter().map(|it| Unread::SentOn(shown_address(it))));
    unread.extend(evidence.notes.iter().filter(|note| !note.contains("in pieces")).cloned().map(Unread::Part));
    unread
}

fn whole(address: &str) -> String {
    if address.starts_with("//") { format!("https:{address}") } else { address.to_owned() }
}

/// Whether it is an address of the page's own site.
fn is_own(address: &str, evidence: &Evidence) -> bool {
    let Some(read) = Address::of(address) else { return false };
    let below =
        |host: &str| evidence.sites.iter().any(|site| is_below(host, site.strip_prefix("www.").unwrap_or(site)));
    !address.contains("{{") && !address.starts_with("data:") && read.host.is_none_or(below)
}

/// Whether something that was read, by file or address, is what a page names.
fn is_same(read: &str, named: &str) -> bool {
    let bare = |text: &str| text.split(['?', '#']).next().unwrap_or(text).to_owned();
    let named = bare(named);
    let named = named.split_once("//").map_or(named.as_str(), |(_, behind)| behind);
    let named = named.trim_start_matches(['.', '/']);
    bare(read).strip_suffix(named).is_some_and(|rest| !named.is_empty() && (rest.is_empty() || rest.ends_with('/')))
}

/// Inputs by the last part of their names.
fn by_last_part(read: &[String]) -> BTreeMap<&str, Vec<&String>> {
    let mut inputs: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for input in read {
        inputs.entry(last_part(input)).or_default().push(input);
    }
    inputs
}

fn last_part(address: &str) -> &str {
    let bare = address.split(['?', '#']).next().unwrap_or(address);
    bare.rsplit('/').next().unwrap_or(bare)
}

/// What one input names and another one is has been read after all.
pub fn read_together(audits: &mut [Audit]) {
    let read: Vec<String> = audits.iter().filter(|it| it.kind.is_some()).map(|it| it.input.clone()).collect();
    let inputs = by_last_part(&read);
    let was_read = |address: &String| {
        inputs.get(last_part(address)).is_some_and(|inputs| inputs.iter().any(|input| is_same(input, address)))
    };
    let of_containers: Vec<&String> = read.iter().filter(|input| input.contains("GTM-")).collect();
    for audit in audits {
        audit.unread.retain_mut(|unread| match unread {
            Unread::TagManager { containers, scripts, .. } => {
                let had = containers.len() + scripts.len();
                containers.retain(|id| !of_containers.iter().any(|input| input.contains(id.as_str())));
                scripts.retain(|script| !was_read(script));
                had == 0 || containers.len() + scripts.len() > 0
            }
            Unread::OwnScripts(addresses) => {
                addresses.retain(|address| !was_read(address));
                !addresses.is_empty()
            }
            Unread::SentOn(address) => !was_read(address),
            Unread::LedElsewhere(_) | Unread::Part(_) => true,
        });
    }
}

impl Audit {
    /// Says that another host answered than the one that was asked.
    pub fn led_to(&mut self, asked: &str, answered: &str) {
        let bare = |host: &str| host.to_ascii_lowercase().trim_start_matches("www.").to_owned();
        if bare(asked) != bare(answered) && self.kind.is_some() {
            let unread = Unread::LedElsewhere(answered.to_owned());
            self.notes.push(unread.says());
            self.unread.push(unread);
        }
    }
}
