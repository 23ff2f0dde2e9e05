//! Whether the parts of a policy agree: each pattern once, none that can have no effect, nothing regulated that is kept.

use std::collections::HashMap;

use super::keys::{NEVER_KEPT, WHILE_LIVE};
use super::{pattern, stated};
use crate::engine::policy::Regime;
use crate::settings::document::Node;
use crate::settings::{Complaint, PagePath};

/// Checks a sound tree.
pub fn check(tree: &Node, complaints: &mut Vec<Complaint>) {
    let patterns: Vec<Pattern<'_>> = tree.list("page").iter().filter_map(Pattern::of).collect();
    let mut listed: HashMap<(&str, &str), &Pattern<'_>> = HashMap::new();
    let mut regulated: HashMap<&str, Vec<&Pattern<'_>>> = HashMap::new();
    for one in patterns.iter().filter(|one| one.regime > Regime::Unregulated) {
        regulated.entry(&one.host).or_default().push(one);
    }
    for one in &patterns {
        complaints.extend(one.kept_otherwise());
        let other = *listed.entry((&one.host, one.pages.as_str())).or_insert(one);
        if !std::ptr::eq(other, one) {
            let message = format!(
                "{:?} of this host is already listed {}; list it once, with the strictest regime",
                one.written,
                other.path.place.nearby()
            );
            complaints.push(complaint(one.path, "page.path", message));
            continue;
        }
        let of_host = regulated.get(&*one.host).map_or(&[][..], Vec::as_slice);
        let wider = of_host.iter().find(|other| one.is_idle_beside(other));
        if let Some(other) = wider {
            let message = format!(
                "is without effect: every such page is {} by the pattern {}, and the strictest wins; narrow that one, or take this one out",
                other.regime.name(),
                other.path.place.nearby()
            );
            complaints.push(complaint(one.regime_node, "page.regime", message));
        }
    }
    complaints.extend(attributes_that_are_one(tree));
    complaints.extend(tree.list("page").iter().filter_map(|entry| blank("page.owner", entry.get("owner"))));
    complaints.extend(blank("consent.attribute", tree.at(&["consent", "attribute"])));
    complaints.extend(blank("sign_off.reviewed_by", tree.at(&["sign_off", "reviewed_by"])));
    stated::check(tree.list("retention"), complaints);
}

/// Text that is there and says nothing.
pub(super) fn blank(key: &str, node: Option<&Node>) -> Option<Complaint> {
    let node = node?;
    let is_blank = node.as_text().is_some_and(|text| !text.is_empty() && text.trim().is_empty());
    is_blank.then(|| complaint(node, key, "is blank; write something between the quotes".to_owned()))
}

fn attributes_that_are_one(tree: &Node) -> Option<Complaint> {
    let control = tree.at(&["consent", "global_privacy_control_attribute"])?;
    let is_one = tree.at(&["consent", "attribute"])?.as_text() == control.as_text();
    let message = "is the attribute of consent too; one attribute cannot carry both signals".to_owned();
    is_one.then(|| complaint(control, "consent.global_privacy_control_attribute", message))
}

fn complaint(node: &Node, key: &str, message: String) -> Complaint {
    Complaint { place: node.place.clone(), key: key.to_owned(), message }
}

/// A listed pattern and where its parts stand.
struct Pattern<'a> {
    host: String,
    path: &'a Node,
    written: &'a str,
    pages: PagePath,
    regime: Regime,
    regime_node: &'a Node,
    retention: Option<&'a Node>,
}

impl<'a> Pattern<'a> {
    fn of(entry: &'a Node) -> Option<Self> {
        let (path, regime_node) = (entry.get("path")?, entry.get("regime")?);
        let written = path.as_text()?;
        Some(Self {
            host: entry.text("host")?.to_lowercase(),
            path,
            written,
            pages: pattern(written)?,
            regime: Regime::named(regime_node.as_text()?)?,
            regime_node,
            retention: entry.get("retention"),
        })
    }

    /// A page of no regime inside a regulated pattern would be meant as an exception, and is none.
    fn is_idle_beside(&self, other: &Self) -> bool {
        self.regime == Regime::Unregulated && other.pages.covers(&self.pages)
    }

    /// What is regulated is never kept, and what is not is.
    fn kept_otherwise(&self) -> Option<Complaint> {
        let retention = self.retention?;
        if self.regime == Regime::Unregulated {
            let is_said_never = retention.as_text() == Some(NEVER_KEPT);
            return is_said_never.then(|| {
                let message = format!(
                    "pages of no regime are kept for as long as visits are; write {WHILE_LIVE:?}, or name a regime"
                );
                complaint(retention, "page.retention", message)
            });
        }
        let is_kept = retention.as_text() != Some(NEVER_KEPT);
        is_kept.then(|| {
            let message = format!(
                "pages under {} never leave the parser, so they cannot be kept; write {NEVER_KEPT:?}",
                self.regime.name()
            );
            complaint(retention, "page.retention", message)
        })
    }
}
