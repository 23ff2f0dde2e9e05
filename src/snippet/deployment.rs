//! Deployments: what the public configuration of a Messenger deployment says about whether it tracks anybody.

use serde_json::{Value, json};

use super::address::is_uuid;
use super::evidence::Inert;
use super::finding::{Finding, Sentence, Topic, Tracking};
use super::trouble::Trouble;

/// Members of `journeyEvents` that each hold a list of things to watch, and what they watch.
const TRACKERS: [(&str, &str); 5] = [
    ("clickEvents", "clicks"),
    ("formsTrackEvents", "forms"),
    ("idleEvents", "idle time"),
    ("inViewportEvents", "what comes into view"),
    ("scrollDepthEvents", "scrolling"),
];

/// A deployment whose configuration can be asked for: its host is one that we know, never one that a page names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deployment {
    /// The domain of its region.
    pub domain: &'static str,
    /// Its id.
    pub id: String,
}

impl Deployment {
    /// The deployment that a finding names, where it runs and says id and region.
    pub fn of(finding: &Finding) -> Option<Self> {
        let runs = finding.product.id == "messenger" && finding.inert.is_none();
        let id = finding.deployment_id.as_deref().filter(|id| runs && is_uuid(id))?;
        let domain = finding.region.as_ref()?.domain?;
        Some(Self { domain, id: id.to_ascii_lowercase() })
    }

    /// Where Genesys serves it to every browser.
    pub fn origin(&self) -> String {
        format!("https://api-cdn.{}", self.domain)
    }

    /// The path of its configuration.
    pub fn configuration_path(&self) -> String {
        format!("/webdeployments/v1/deployments/{}/config.json", self.id)
    }

    /// The path of the list of sites that may use it.
    pub fn domains_path(&self) -> String {
        format!("/webdeployments/v1/deployments/{}/domains.json", self.id)
    }
}

/// What a public configuration says; what it does not say is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The version of the configuration.
    pub version: Option<String>,
    /// The state of the deployment, such as `Active`.
    pub status: Option<String>,
    /// Whether the chat window is on.
    pub messenger: Option<bool>,
    /// Whether the page draws its own chat window.
    pub headless: Option<bool>,
    /// Whether visitors' journeys are told of.
    pub journey_events: Option<bool>,
    /// When page views are sent: `Auto`, `Once` or `Off`.
    pub pageviews: Option<String>,
    /// What else is watched, and by how many rules.
    pub trackers: Vec<(&'static str, usize)>,
    /// The sites that may use it; nothing where any may, or where the list could not be read.
    pub sites: Option<Vec<String>>,
}

impl Configuration {
    /// Reads `config.json`; nothing where it is no JSON object.
    pub fn read(config: &[u8]) -> Option<Self> {
        let whole: Value = serde_json::from_slice(config).ok()?;
        whole.as_object()?;
        let flag = |path: &str| whole.pointer(path).and_then(Value::as_bool);
        let text = |path: &str| whole.pointer(path).and_then(Value::as_str).map(short);
        let rules = |name: &str| whole.pointer(&format!("/journeyEvents/{name}")).and_then(Value::as_array);
        let trackers = TRACKERS.iter().filter_map(|(name, what)| Some((*what, rules(name)?.len())));
        Some(Self {
            version: text("/version"),
            status: text("/status"),
            messenger: flag("/messenger/enabled"),
            headless: flag("/headlessMode/enabled"),
            journey_events: flag("/journeyEvents/enabled"),
            pageviews: text("/journeyEvents/pageviewConfig"),
            trackers: trackers.filter(|(_, rules)| *rules > 0).collect(),
            sites: None,
        })
    }

    /// Reads `domains.json` as well.
    pub fn with_sites(self, domains: &[u8]) -> Self {
        let sites = serde_json::from_slice::<Value>(domains).ok().and_then(|whole| {
            if whole.get("allowAllDomains")?.as_bool()? {
                return None;
            }
            let listed = whole.get("allowedDomains")?.as_array()?;
            Some(listed.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect())
        });
        Self { sites, ..self }
    }

    /// Whether it starts on this hostname: one that is listed, or below one that is.
    pub fn admits(&self, hostname: &str) -> bool {
        let hostname = hostname.to_ascii_lowercase();
        let is_at = |site: &String| {
            hostname.strip_suffix(site.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.sites.as_ref().is_none_or(|sites| sites.iter().any(is_at))
    }

    /// Whether it tells of visitors who only look, and the sentence that says so; nothing where it does not say.
    fn judged(&self, page_records: bool, hostnames: &[String]) -> Option<(bool, String)> {
        if let Some(status) = self.status.as_deref().filter(|status| !status.eq_ignore_ascii_case("active")) {
            return Some((false, format!("the deployment is {status}, not active")));
        }
        if !hostnames.is_empty() && !hostnames.iter().any(|hostname| self.admits(hostname)) {
            let sites = hostnames.join(", ");
            return Some((false, format!("the deployment does not admit {sites}, so it starts nothing there")));
        }
        if !self.journey_events? {
            return Some((false, "its journey events are switched off".to_owned()));
        }
        let by_itself = self.pageviews.as_deref().is_none_or(|when| !when.eq_ignore_ascii_case("off"));
        if by_itself || !self.trackers.is_empty() {
            return Some((true, format!("its journey events are switched on ({})", self.watched())));
        }
        let says = "its journey events are switched on, but it sends nothing by itself";
        Some(if page_records {
            (true, format!("{says}; the page records events of its own"))
        } else {
            (false, format!("{says}, and this input records no events of its own"))
        })
    }

    /// What is watched, in words.
    fn watched(&self) -> String {
        let mut parts = vec![match self.pageviews.as_deref() {
            Some(when) if when.eq_ignore_ascii_case("off") => "no page views".to_owned(),
            Some(when) if when.eq_ignore_ascii_case("once") => "one page view for each page load".to_owned(),
            Some(_) | None => "page views on every page".to_owned(),
        }];
        parts.extend(self.trackers.iter().map(|(what, rules)| format!("{what}: {rules}")));
        parts.join(", ")
    }

    fn as_json(&self, from: &str, hostnames: &[String]) -> Value {
        let trackers: serde_json::Map<String, Value> =
            self.trackers.iter().map(|(what, rules)| (what.replace(' ', "_"), json!(rules))).collect();
        let admitted = (!hostnames.is_empty()).then(|| hostnames.iter().any(|hostname| self.admits(hostname)));
        json!({
            "from": from, "error": null, "version": self.version, "status": self.status, "messenger": self.messenger,
            "headless": self.headless, "journey_events": self.journey_events, "pageviews": self.pageviews,
            "trackers": trackers, "admits_this_site": admitted,
        })
    }
}

/// A word of somebody else's file, as far as a report should repeat it.
fn short(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(40).collect()
}

impl Finding {
    /// Takes in what the public configuration says, or why it could not be read.
    pub fn configured(&mut self, from: &str, answer: &Result<Configuration, Trouble>, hostnames: &[String]) {
        let configuration = match answer {
            Ok(configuration) => configuration,
            Err(trouble) => {
                let mut note = format!("{from} could not be read: {trouble}");
                if matches!(trouble, Trouble::Status(403 | 404)) {
                    note.push_str("; a deployment that is no longer there is answered so");
                }
                self.said(Topic::Tracking, None, note);
                let error = json!({"name": trouble.name(), "message": trouble.to_string()});
                self.configuration = Some(json!({"from": from, "error": error}));
                return;
            }
        };
        self.configuration = Some(configuration.as_json(from, hostnames));
        let records = self.places.iter().any(|place| place.quote.contains("Journey."));
        let Some((tracks, why)) = configuration.judged(records, hostnames) else {
            return self.said(Topic::Tracking, None, format!("{from} does not say whether journey events are on"));
        };
        let name = &self.product.name;
        let says = match (tracks, self.tracking) {
            (true, Tracking::AfterConsent) => {
                format!("Only after consent: {}; {why}.", self.waits_for.as_deref().unwrap_or("it waits"))
            }
            (true, Tracking::Yes | Tracking::No | Tracking::Inert) => format!("Yes. {name} starts and tracks: {why}."),
            (false, _) => {
                format!("No. {name} is loaded on this page, but tells nothing of visitors who only look: {why}.")
            }
        };
        let sends = match (tracks, configuration.messenger) {
            (true, Some(false)) => format!("{}; the chat window is off.", configuration.watched()),
            (true, Some(true) | None) => format!("{}; chat messages once a visitor writes.", configuration.watched()),
            (false, Some(false)) => "Nothing by itself; the chat window is off, too.".to_owned(),
            (false, Some(true) | None) => "Chat messages once a visitor writes; nothing by itself.".to_owned(),
        };
        if !tracks && self.inert != Some(Inert::Text) {
            self.tracking = Tracking::No;
        }
        self.said(Topic::Tracking, Some(says), from.to_owned());
        self.said(Topic::Sends, Some(sends), from.to_owned());
    }

    /// Says something else to a question, or adds to what the answer rests on.
    fn said(&mut self, topic: Topic, says: Option<String>, evidence: String) {
        let found: Option<&mut Sentence> = self.sentences.iter_mut().find(|sentence| sentence.topic == topic);
        if let Some(sentence) = found {
            sentence.says = says.unwrap_or_else(|| sentence.says.clone());
            sentence.evidence.push(evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::audit;

    const ID: &str = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff";

    fn finding(more: &str) -> Finding {
        let page = format!(
            "<script>window._genesysJs='Genesys';Genesys.c={{environment:'prod-euw2',deploymentId:'{ID}'}};\
             var s=document.createElement('script');s.src='https://apps.euw2.pure.cloud/genesys-bootstrap/genesys.min.js';\
             document.head.append(s);{more}</script>"
        );
        audit("page.html", page.as_bytes(), None, None).findings.remove(0)
    }

    fn after(config: &str, domains: &str, more: &str) -> (Tracking, String) {
        let mut finding = finding(more);
        let read = Configuration::read(config.as_bytes()).map(|it| it.with_sites(domains.as_bytes()));
        finding.configured("config.json", &read.ok_or(Trouble::NoConfiguration), &["www.shop.example".to_owned()]);
        (finding.tracking, finding.sentences[0].says.clone())
    }

    #[test]
    fn the_switch_of_a_deployment_turns_yes_into_no_and_says_why() {
        let any = r#"{"allowAllDomains":true,"allowedDomains":[]}"#;
        let table = [
            (
                r#"{"status":"Active","journeyEvents":{"enabled":true}}"#,
                any,
                "",
                Tracking::Yes,
                "page views on every page",
            ),
            (r#"{"status":"Active","journeyEvents":{"enabled":false}}"#, any, "", Tracking::No, "switched off"),
            (
                r#"{"status":"Inactive","journeyEvents":{"enabled":true}}"#,
                any,
                "",
                Tracking::No,
                "Inactive, not active",
            ),
            (
                r#"{"journeyEvents":{"enabled":true,"pageviewConfig":"Once","clickEvents":[{"selector":".buy"}]}}"#,
                r#"{"allowAllDomains":false,"allowedDomains":["shop.example"]}"#,
                "",
                Tracking::Yes,
                "one page view for each page load, clicks: 1",
            ),
            (
                r#"{"journeyEvents":{"enabled":true,"pageviewConfig":"Off"}}"#,
                any,
                "",
                Tracking::No,
                "nothing by itself",
            ),
            (
                r#"{"journeyEvents":{"enabled":true,"pageviewConfig":"Off"}}"#,
                any,
                "Genesys('command','Journey.pageview',{});",
                Tracking::Yes,
                "events of its own",
            ),
            (
                r#"{"journeyEvents":{"enabled":true}}"#,
                r#"{"allowAllDomains":false,"allowedDomains":["op.example"]}"#,
                "",
                Tracking::No,
                "does not admit www.shop.example",
            ),
            (r#"{"messenger":{"enabled":true}}"#, any, "", Tracking::Yes, "without asking"),
        ];
        for (config, domains, more, tracking, part) in table {
            let (is, says) = after(config, domains, more);
            assert_eq!(is, tracking, "{config}: {says}");
            assert!(says.contains(part), "{config}: {says}");
        }
    }

    #[test]
    fn consent_still_goes_before_a_deployment_that_tracks() {
        let mut finding = finding("");
        (finding.tracking, finding.waits_for) = (Tracking::AfterConsent, Some("the tag waits".to_owned()));
        let on = Configuration { journey_events: Some(true), ..Configuration::default() };
        finding.configured("config.json", &Ok(on), &[]);
        assert_eq!(finding.tracking, Tracking::AfterConsent);
        assert!(finding.sentences[0].says.starts_with("Only after consent: the tag waits;"));
    }

    #[test]
    fn what_cannot_be_read_changes_no_answer_and_is_named() {
        let mut finding = finding("");
        finding.configured("config.json", &Err(Trouble::Status(403)), &[]);
        assert_eq!(finding.tracking, Tracking::Yes);
        assert!(finding.sentences[0].evidence.iter().any(|it| it.contains("no longer there")));
        assert_eq!(finding.configuration.unwrap()["error"]["name"], "status");
    }

    #[test]
    fn only_a_host_of_a_known_region_is_ever_asked() {
        assert_eq!(Deployment::of(&finding("")).unwrap().origin(), "https://api-cdn.euw2.pure.cloud");
        let strange = "<script src='https://apps.evil.example/genesys-bootstrap/genesys.min.js'></script>\
                       <script>Genesys.c={environment:'evil.example',deploymentId:'0aa1b2c3-d4e5-46f7-8899-aabbccddeeff'}</script>";
        let found = audit("page.html", strange.as_bytes(), None, None).findings.remove(0);
        assert_eq!((found.deployment_id.as_deref(), Deployment::of(&found)), (Some(ID), None));
    }
}
