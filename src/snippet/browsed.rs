//! Browsed: what a live browser asked of Genesys and kept on the device, before consent and after: names, never values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::address::{Address, is_genesys_host, is_uuid};
use super::finding::Topic;
use super::input::Audit;
use super::trouble::Trouble;

/// Longest name that is repeated.
const LONGEST: usize = 120;

/// When something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before anybody agreed to anything.
    BeforeConsent,
    /// After the click that agrees.
    AfterConsent,
}

impl Phase {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeConsent => "before_consent",
            Self::AfterConsent => "after_consent",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::BeforeConsent => "before consent",
            Self::AfterConsent => "after consent",
        }
    }
}

/// A request to Genesys: where to, and nothing of what it carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The host.
    pub host: String,
    /// The path without its query; ids in it are left out, but for that of the deployment.
    pub path: String,
    /// The method, or that it is a socket.
    pub method: String,
}

impl Request {
    /// The request for this address, where it goes to Genesys.
    pub fn of(method: &str, url: &str) -> Option<Self> {
        let address = Address::of(url)?;
        let host = address.host.filter(|host| is_genesys_host(host))?.to_ascii_lowercase();
        let mut before = "";
        let parts: Vec<&str> = address
            .path
            .split('/')
            .map(|part| {
                let hidden = is_uuid(part) && before != "deployments";
                before = part;
                if hidden { "{id}" } else { part }
            })
            .collect();
        Some(Self { host, path: short(&parts.join("/")), method: method.to_owned() })
    }
}

/// Where a browser keeps something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// A cookie.
    Cookie,
    /// The local storage.
    Local,
    /// The session storage.
    Session,
}

impl Store {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Local => "local_storage",
            Self::Session => "session_storage",
        }
    }
}

/// A key on the device, without its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Where it is kept.
    pub store: Store,
    /// Its name.
    pub name: String,
    /// The site of a cookie.
    pub domain: Option<String>,
    /// For how many seconds a cookie is kept; nothing for what ends with the session or never.
    pub seconds: Option<i64>,
}

impl Key {
    /// A key of the local storage or of the session storage.
    pub fn stored(store: Store, name: &str) -> Self {
        Self { store, name: short(name), domain: None, seconds: None }
    }

    /// A cookie.
    pub fn cookie(name: &str, domain: &str, seconds: Option<i64>) -> Self {
        Self { store: Store::Cookie, name: short(name), domain: Some(domain.to_owned()), seconds }
    }

    /// How long it is kept, in words.
    pub fn lifetime(&self) -> String {
        match (self.store, self.seconds) {
            (Store::Local, _) => "until it is cleared".to_owned(),
            (Store::Session, _) => "until the tab closes".to_owned(),
            (Store::Cookie, None) => "until the browser closes".to_owned(),
            (Store::Cookie, Some(seconds)) if seconds >= 2 * 86_400 => format!("{} days", seconds / 86_400),
            (Store::Cookie, Some(seconds)) => format!("{} minutes", seconds.max(60) / 60),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// What was seen in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub phase: Phase,
    /// Requests to Genesys that began in it.
    pub requests: BTreeSet<Request>,
    /// Keys on the device at its end.
    pub keys: BTreeSet<Key>,
}

impl Seen {
    fn as_json(&self) -> Value {
        let requests: Vec<Value> =
            self.requests.iter().map(|it| json!({"method": it.method, "host": it.host, "path": it.path})).collect();
        let key = |key: &Key| {
            json!({
                "store": key.store.name(), "name": key.name, "domain": key.domain, "seconds": key.seconds,
                "lifetime": key.lifetime(),
            })
        };
        json!({"phase": self.phase.name(), "requests": requests, "keys": self.keys.iter().map(key).collect::<Vec<_>>()})
    }
}

/// What a browser saw of a page, or why it could not.
pub type Browsed = Result<Vec<Seen>, Trouble>;

impl Audit {
    /// Takes in what a browser saw.
    pub fn browsed(&mut self, browsed: Browsed) {
        if let Ok(phases) = &browsed {
            let count = |seen: &Seen| {
                format!("in a browser, {} requests to Genesys {}", seen.requests.len(), seen.phase.words())
            };
            let said: Vec<String> = phases.iter().map(count).collect();
            for finding in self.findings.iter_mut().filter(|finding| finding.inert.is_none()) {
                let tracking = finding.sentences.iter_mut().find(|sentence| sentence.topic == Topic::Tracking);
                tracking.into_iter().for_each(|sentence| sentence.evidence.extend(said.iter().cloned()));
            }
            let asked = |wanted: Phase| phases.iter().any(|seen| seen.phase == wanted && !seen.requests.is_empty());
            if asked(Phase::BeforeConsent) && self.findings.iter().any(|finding| finding.waits_for.is_some()) {
                self.notes.push(
                    "by its code it waits for consent, but a browser asked Genesys before any was given".to_owned(),
                );
            }
            if self.findings.is_empty() && (asked(Phase::BeforeConsent) || asked(Phase::AfterConsent)) {
                self.notes.push(
                    "the page itself does not name Genesys, but a browser asked it: something that the page loads does"
                        .to_owned(),
                );
            }
        }
        self.browser = Some(browsed);
    }
}

/// For programs.
pub fn as_json(browsed: &Browsed) -> Value {
    match browsed {
        Ok(phases) => json!({"error": null, "phases": phases.iter().map(Seen::as_json).collect::<Vec<_>>()}),
        Err(trouble) => json!({"error": {"name": trouble.name(), "message": trouble.to_string()}, "phases": []}),
    }
}

/// For a person, in lines.
pub fn as_lines(browsed: &Browsed) -> Vec<String> {
    let phases = match browsed {
        Ok(phases) => phases,
        Err(trouble) => return vec![format!("  In a browser: NOT SEEN: {}: {trouble}.", trouble.name())],
    };
    let mut lines = Vec::new();
    for seen in phases {
        lines.push(format!("  In a browser, {}:", seen.phase.words()));
        if seen.requests.is_empty() {
            lines.push("      No request to Genesys.".to_owned());
        }
        lines.extend(seen.requests.iter().map(|it| format!("      {} {}{}", it.method, it.host, it.path)));
        lines.extend(seen.keys.iter().map(|key| {
            let of = key.domain.as_ref().map_or_else(String::new, |domain| format!(" of {domain}"));
            format!("      keeps {} {}{of}, {}", key.store.name().replace('_', " "), key.name, key.lifetime())
        }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_without_its_query_and_without_the_ids_of_visitors() {
        let id = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff";
        let of = |url: &str| Request::of("GET", url).map(|request| format!("{}{}", request.host, request.path));
        let customer = format!("https://api.mypurecloud.ie/api/v2/journey/customers/{id}/ping?dl=secret");
        assert_eq!(of(&customer).as_deref(), Some("api.mypurecloud.ie/api/v2/journey/customers/{id}/ping"));
        let deployment = format!("https://api-cdn.mypurecloud.ie/webdeployments/v1/deployments/{id}/config.json");
        assert!(of(&deployment).is_some_and(|said| said.contains(id)));
        assert_eq!(of("https://shop.example/genesys-bootstrap/genesys.min.js"), None);
    }

    #[test]
    fn lifetimes_are_told_in_words() {
        let cookie = |seconds| Key::cookie("_actmu", "shop.example", seconds).lifetime();
        assert_eq!(cookie(Some(365 * 86_400)), "365 days");
        assert_eq!(cookie(Some(1_800)), "30 minutes");
        assert_eq!(cookie(None), "until the browser closes");
        assert_eq!(Key::stored(Store::Local, "k").lifetime(), "until it is cleared");
    }
}
