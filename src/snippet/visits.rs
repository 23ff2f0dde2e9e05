//! Visits: which hostname's recorded visits led to offers. Hostnames and visits are hashes here, and nothing of it is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::trouble::Trouble;
use crate::engine::EventTime;
use crate::load::recorded::{body_of, time_of};

/// Milliseconds of an hour, a day and a week.
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// Wrappers around one event.
const LAYERS: usize = 2;

/// What is known of one action: each set only grows, so order and copies change nothing.
#[derive(Debug, Default)]
struct Action {
    visit: Option<u64>,
    offered: bool,
    taken: bool,
    began: bool,
    errored: bool,
    medium: Option<(EventTime, bool)>,
}

impl Action {
    fn learn(&mut self, state: &str) {
        let began = matches!(state, "started" | "engaged" | "abandoned" | "completed");
        self.began |= began;
        self.taken |= began || state == "accepted";
        self.errored |= state == "errored";
        self.offered |= began || matches!(state, "offered" | "accepted" | "rejected" | "timedout" | "ignored");
    }

    fn is_offer(&self) -> bool {
        self.offered && self.medium.is_none_or(|(_, is_chat)| is_chat)
    }

    fn is_accepted(&self) -> bool {
        self.is_offer() && self.taken && (self.began || !self.errored)
    }
}

/// Recorded visits, the hostnames that they saw, and the offers that they led to.
#[derive(Debug, Default)]
pub struct Visits {
    seen_by: BTreeMap<u64, BTreeSet<u64>>,
    actions: BTreeMap<u64, Action>,
    span: Option<(EventTime, EventTime)>,
}

/// A file of recorded events, and what came of it.
#[derive(Debug)]
pub struct Recording {
    /// What it is called.
    pub name: String,
    /// How many records told of visits or offers.
    pub used: u64,
    /// How many others there were.
    pub passed_over: u64,
    /// Why it could not be read, or not to its end.
    pub trouble: Option<Trouble>,
}

impl Recording {
    /// What is wrong with it, in one line.
    pub fn complaint(&self) -> Option<String> {
        self.trouble.as_ref().map(|trouble| format!("--events {}: {}: {trouble}", self.name, trouble.name()))
    }
}

/// What recorded visits say about one hostname.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostOffers {
    /// Visits that saw it.
    pub visits: u64,
    /// Of these, visits that led to an offer.
    pub visits_with_offer: u64,
    /// The offers of these visits.
    pub offers: u64,
    /// Of these, accepted ones.
    pub accepted: u64,
    /// All offers that were recorded, on whatever hostname.
    pub all_offers: u64,
    /// From the first recorded event to the last, in milliseconds.
    pub span: u64,
}

impl HostOffers {
    /// How many days the recorded events span.
    pub fn days(&self) -> f64 {
        self.span as f64 / DAY as f64
    }

    /// How many a week, over the time that the events span; nothing where that is shorter than a week.
    pub fn weekly(&self, count: u64) -> Option<f64> {
        (self.span >= WEEK).then(|| count as f64 * WEEK as f64 / self.span as f64)
    }

    /// The time that the events span, in words.
    pub fn spanned(&self) -> String {
        let said = |number: f64, unit: &str| {
            let number = format!("{number:.1}");
            let number = number.strip_suffix(".0").unwrap_or(&number);
            if number == "1" { format!("one {unit}") } else { format!("{number} {unit}s") }
        };
        match self.span {
            0..HOUR => "less than an hour".to_owned(),
            HOUR..DAY => said(self.span as f64 / HOUR as f64, "hour"),
            DAY.. if self.span < 2 * WEEK => said(self.days(), "day"),
            _ => said(self.span as f64 / WEEK as f64, "week"),
        }
    }

    /// Its share of all offers that were recorded. A visit may see many hostnames, so shares may add up to more than all.
    pub fn share(&self) -> f64 {
        if self.all_offers == 0 { 0.0 } else { self.offers as f64 / self.all_offers as f64 }
    }
}

impl Visits {
    /// Takes in a record, in any envelope and any order; false where it says nothing of visits or offers.
    pub fn learn(&mut self, record: &[u8]) -> bool {
        self.learned(record).is_some()
    }

    fn learned(&mut self, record: &[u8]) -> Option<()> {
        let whole: Value = serde_json::from_slice(record).ok()?;
        let body = body_of(&whole, LAYERS)?;
        let kind = body.get("eventType")?.as_str()?;
        let at = time_of(body.get("createdDate")?)?;
        let visit = body.pointer("/session/id").and_then(Value::as_str).map(|id| hash("visit", id));
        match kind.rsplit('.').next().unwrap_or(kind) {
            "WebEvent" => {
                let hostname = body.pointer("/webEvent/page/hostname")?.as_str()?;
                self.seen_by.entry(of_hostname(hostname)).or_default().insert(visit?);
            }
            "WebActionEvent" => {
                let id = body.pointer("/webActionEvent/action/id")?.as_str()?;
                let said = |path: &str| body.pointer(path).and_then(Value::as_str);
                let action = self.actions.entry(hash("action", id)).or_default();
                action.visit = action.visit.or(visit);
                action.learn(said("/webActionEvent/action/state").unwrap_or(""));
                if let Some(medium) = said("/webActionEvent/action/mediaType") {
                    let found = (at, matches!(medium, "webMessagingOffer" | "webchat"));
                    action.medium = Some(action.medium.map_or(found, |known| known.min(found)));
                }
            }
            _ => return None,
        }
        self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        Some(())
    }

    /// Whether nothing was learned.
    pub const fn is_empty(&self) -> bool {
        self.span.is_none()
    }

    /// What they say about a hostname, with or without `www.`; nothing where no visit saw it.
    pub fn of(&self, hostname: &str) -> Option<HostOffers> {
        let visits = self.seen_by.get(&of_hostname(hostname))?;
        let (first, last) = self.span?;
        let offers: Vec<&Action> = self.actions.values().filter(|action| action.is_offer()).collect();
        let here = |action: &&&Action| action.visit.is_some_and(|visit| visits.contains(&visit));
        let led: Vec<&&Action> = offers.iter().filter(here).collect();
        let span = last.millis().abs_diff(first.millis());
        Some(HostOffers {
            visits: visits.len() as u64,
            visits_with_offer: led.iter().filter_map(|action| action.visit).collect::<BTreeSet<u64>>().len() as u64,
            offers: led.len() as u64,
            accepted: led.iter().filter(|action| action.is_accepted()).count() as u64,
            all_offers: offers.len() as u64,
            span,
        })
    }
}

fn of_hostname(hostname: &str) -> u64 {
    let hostname = hostname.trim_end_matches('.').to_ascii_lowercase();
    hash("hostname", hostname.strip_prefix("www.").unwrap_or(&hostname))
}

fn hash(kind: &str, text: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&[0]).update(text.as_bytes());
    hasher.finalize().as_bytes().first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(visit: &str, day: u32, hostname: &str) -> String {
        format!(
            r#"{{"id":"p{visit}{day}","createdDate":"2026-11-{day:02}T10:00:00Z","session":{{"id":"{visit}"}},"eventType":"WebEvent","webEvent":{{"page":{{"hostname":"{hostname}","pathname":"/"}}}}}}"#
        )
    }

    fn action(id: &str, visit: &str, state: &str, medium: &str) -> String {
        format!(
            r#"{{"createdDate":"2026-11-03T10:00:00Z","session":{{"id":"{visit}"}},"eventType":"WebActionEvent","webActionEvent":{{"action":{{"id":"{id}","state":"{state}","mediaType":"{medium}"}}}}}}"#
        )
    }

    fn of(records: &[String], hostname: &str) -> Option<HostOffers> {
        let mut visits = Visits::default();
        for record in records {
            visits.learn(record.as_bytes());
        }
        visits.of(hostname)
    }

    fn story() -> Vec<String> {
        let chat = "webMessagingOffer";
        vec![
            page("s1", 2, "www.Shop.example"),
            page("s2", 2, "shop.example"),
            page("s3", 2, "help.example"),
            page("s1", 16, "help.example"),
            action("a1", "s1", "offered", chat),
            action("a1", "s1", "accepted", chat),
            action("a2", "s1", "rejected", chat),
            action("a3", "s3", "accepted", chat),
            action("a3", "s3", "errored", chat),
            action("a4", "s2", "qualified", chat),
            action("a5", "s2", "offered", "contentOffer"),
        ]
    }

    #[test]
    fn offers_belong_to_every_hostname_that_their_visit_saw() {
        let shop = of(&story(), "shop.example").unwrap();
        let span = 14 * DAY;
        let wanted = HostOffers { visits: 2, visits_with_offer: 1, offers: 2, accepted: 1, all_offers: 3, span };
        assert_eq!(shop, wanted);
        let help = of(&story(), "www.help.example").unwrap();
        assert_eq!((help.visits, help.offers, help.accepted, help.share()), (2, 3, 1, 1.0));
        assert_eq!(of(&story(), "nobody.example"), None);
    }

    #[test]
    fn rates_are_of_the_time_that_the_events_span_and_shorter_ones_than_a_week_have_none() {
        let over =
            |span: u64| HostOffers { visits: 1, visits_with_offer: 1, offers: 96, accepted: 8, all_offers: 96, span };
        let said = |span: u64| (over(span).spanned(), over(span).weekly(96));
        assert_eq!(said(0), ("less than an hour".to_owned(), None));
        assert_eq!(said(36 * HOUR), ("1.5 days".to_owned(), None));
        assert_eq!(said(2 * DAY), ("2 days".to_owned(), None));
        assert_eq!(said(8 * DAY), ("8 days".to_owned(), Some(84.0)));
        assert_eq!(said(3 * WEEK), ("3 weeks".to_owned(), Some(32.0)));
    }

    #[test]
    fn order_copies_and_envelopes_change_nothing() {
        let mut records = story();
        let wanted = of(&records, "shop.example");
        records.reverse();
        records.extend(story());
        assert_eq!(of(&records, "shop.example"), wanted);
        let wrapped: Vec<String> =
            story().iter().map(|it| format!(r#"{{"Message":{}}}"#, Value::from(it.as_str()))).collect();
        assert_eq!(of(&wrapped, "shop.example"), wanted);
    }

    #[test]
    fn what_says_nothing_of_visits_or_offers_is_passed_over() {
        let mut visits = Visits::default();
        for record in [
            "",
            "[]",
            r#"{"eventType":"WebEvent","createdDate":"2026-11-02T10:00:00Z"}"#,
            r#"{"eventType":"AppEvent"}"#,
        ] {
            assert!(!visits.learn(record.as_bytes()), "{record}");
        }
        assert_eq!(visits.of("shop.example"), None);
    }
}
