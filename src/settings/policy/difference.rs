//! What changed between two policies, and what follows from it: a line each.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Policy, RegulatedPage, SignOff, said};
use crate::engine::policy::Regime;
use crate::settings::duration;
use crate::settings::retention::{ASK_COUNSEL, Stated, Store};

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: a pattern, a key, a store.
    pub about: String,
    /// What it was and what it is.
    pub change: String,
    /// What follows.
    pub effect: String,
}

const COUNTS_NOWHERE: &str =
    "visits that saw such a page count nowhere from now on, as far back as the correction horizon";
const COUNTS_AGAIN: &str = "unless another pattern matches, such pages are read from now on and the visits count";
const NOT_COMPARED: &str = "nothing else is read or counted";

impl Policy {
    /// What changed since `old`, on this day: pages in order, answers, consent, retention, the signature.
    pub fn differences(&self, old: &Self, today: Date) -> Vec<Difference> {
        let mut found = pages(self, old);
        found.extend(self.answers(old));
        found.extend(self.consent_changes(old));
        found.extend(Store::ALL.into_iter().flat_map(|store| stated(store, self, old)));
        if self.version() != old.version() {
            found.push(difference(
                "version",
                format!("{} -> {}", old.version(), self.version()),
                "rows that are remembered are said again under the new version",
            ));
        }
        found.extend(self.signature(old, today));
        found
    }

    fn answers(&self, old: &Self) -> Option<Difference> {
        let (was, is) = (old.interactions_may_count, self.interactions_may_count);
        let effect = if is {
            "conversations of regulated visits count in queued, answered and abandoned_in_queue"
        } else {
            "conversations of regulated visits count nowhere"
        };
        (was != is).then(|| difference("interactions_may_count", format!("{was} -> {is}"), effect))
    }

    fn consent_changes(&self, old: &Self) -> Vec<Difference> {
        let words = |policy: &Self| {
            let rule = &policy.consent;
            let granted: Vec<&str> = rule.granted.iter().map(|word| &**word).collect();
            [
                rule.attribute.to_string(),
                format!("{granted:?}"),
                said(rule.absent).to_owned(),
                said(rule.privacy_control).to_owned(),
                rule.privacy_control_attribute.to_string(),
            ]
        };
        let named = [
            ("consent.attribute", "consent is read from another attribute"),
            ("consent.granted", "other words give consent: events that say anything else are refused"),
            ("consent.absent", "events without a signal are read, or refused, as it says now"),
            (
                "consent.global_privacy_control",
                "events under Global Privacy Control are read, or refused, as it says now",
            ),
            ("consent.global_privacy_control_attribute", "Global Privacy Control is read from another attribute"),
        ];
        let both = words(old).into_iter().zip(words(self)).zip(named);
        let changed = both.filter(|((was, is), _)| was != is);
        changed.map(|((was, is), (key, effect))| difference(key, format!("{was} -> {is}"), effect)).collect()
    }

    fn signature(&self, old: &Self, today: Date) -> Option<Difference> {
        let words = |policy: &Self| policy.sign_off.as_ref().map_or_else(|| "not signed".to_owned(), SignOff::words);
        let (was, is) = (words(old), words(self));
        let effect = match self.refusal(today) {
            None => "it holds: production runs under it".to_owned(),
            Some(_) if self.sign_off.is_none() => "production refuses it until it is signed".to_owned(),
            Some(_) => {
                "it does not hold for this policy today: production refuses it until it is signed again".to_owned()
            }
        };
        let holds = [old, self].map(|policy| policy.refusal(today).is_none());
        (was != is || holds[0] != holds[1]).then(|| Difference {
            about: "sign_off".to_owned(),
            change: if was == is { was } else { format!("{was} -> {is}") },
            effect,
        })
    }
}

impl SignOff {
    fn words(&self) -> String {
        format!("{} on {}, until {}", self.reviewed_by, self.approved_on, self.review_by)
    }
}

fn difference(about: &str, change: String, effect: &str) -> Difference {
    Difference { about: about.to_owned(), change, effect: effect.to_owned() }
}

fn pages(new: &Policy, old: &Policy) -> Vec<Difference> {
    let mut both = BTreeMap::<String, [Option<&RegulatedPage>; 2]>::new();
    for page in &old.pages {
        both.entry(page.pattern()).or_default()[0] = Some(page);
    }
    for page in &new.pages {
        both.entry(page.pattern()).or_default()[1] = Some(page);
    }
    both.iter().flat_map(|(pattern, [was, is])| page_changes(pattern, *was, *is)).collect()
}

fn page_changes(pattern: &str, was: Option<&RegulatedPage>, is: Option<&RegulatedPage>) -> Vec<Difference> {
    let effect = |page: &RegulatedPage, regulated| {
        if page.regime > Regime::Unregulated { regulated } else { NOT_COMPARED }
    };
    let (was, is) = match (was, is) {
        (None, None) => return Vec::new(),
        (None, Some(page)) => {
            return vec![difference(pattern, format!("added, {}", page.regime.name()), effect(page, COUNTS_NOWHERE))];
        }
        (Some(page), None) => {
            return vec![difference(
                pattern,
                format!("removed, was {}", page.regime.name()),
                effect(page, COUNTS_AGAIN),
            )];
        }
        (Some(was), Some(is)) => (was, is),
    };
    let regime = (was.regime != is.regime).then(|| {
        let way = if is.regime > was.regime { "stricter" } else { "weaker" };
        let effect = match (was.regime > Regime::Unregulated, is.regime > Regime::Unregulated) {
            (false, _) => COUNTS_NOWHERE,
            (true, false) => COUNTS_AGAIN,
            (true, true) => "such visits count nowhere, as before; their number is told under the new regime",
        };
        difference(pattern, format!("{way}: {} -> {}", was.regime.name(), is.regime.name()), effect)
    });
    let owner = (was.owner != is.owner)
        .then(|| difference(pattern, format!("owner: {} -> {}", was.owner, is.owner), "somebody else answers for it"));
    let kept = (was.retention != is.retention)
        .then(|| difference(pattern, format!("retention: {} -> {}", was.retention, is.retention), NOT_COMPARED));
    regime.into_iter().chain(owner).chain(kept).collect()
}

fn stated(store: Store, new: &Policy, old: &Policy) -> Vec<Difference> {
    let of = |policy: &Policy| policy.retention.iter().find(|row| row.store == store).map(words);
    let about = format!("retention of {}", store.name());
    let checked = "`retention check` compares it with what is in force";
    match (of(old), of(new)) {
        (None, None) => Vec::new(),
        (None, Some(is)) => {
            vec![difference(&about, format!("stated: {}", is.map(|(_, said)| said).join(", ")), checked)]
        }
        (Some(_), None) => {
            vec![difference(&about, "not stated any more".to_owned(), "basis and citation: ask counsel")]
        }
        (Some(was), Some(is)) => {
            let changed = was.into_iter().zip(is).filter(|(was, is)| was != is);
            changed.map(|((key, was), (_, is))| difference(&about, format!("{key}: {was} -> {is}"), checked)).collect()
        }
    }
}

fn words(row: &Stated) -> [(&'static str, String); 5] {
    [
        ("at most", row.period.map_or_else(|| "no period".to_owned(), duration::say)),
        ("basis", row.basis.to_string()),
        ("citation", row.citation.as_deref().unwrap_or(ASK_COUNSEL).to_owned()),
        ("owner", row.owner.to_string()),
        ("review by", row.review_by.map_or_else(|| "no day".to_owned(), |day| day.to_string())),
    ]
}
