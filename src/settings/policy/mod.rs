//! A policy: which pages are regulated, what needs consent, what counts, how long it may be kept, and who signed it.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::json;

use super::document::{self, Node, Place, Value};
use super::reading::text;
use super::{Complaint, PagePath, SettingsError, defaults, schema, shape};
use crate::engine::plan::PolicyPlan;
use crate::engine::policy::{ConsentRule, PageRule, Permission, Regime, normalised};
use crate::settings::retention::Stated;

mod agreement;

mod keys;

mod stated;

mod explaining;
pub use explaining::{Address, PageExplained};

mod difference;
pub use difference::Difference;

mod signing;
pub use signing::Signing;

mod checklist;

mod stricter;

/// Every key of the file with its sentence, and the few defaults.
static REFERENCE: &str = include_str!("reference.toml");
/// So many characters of the hash tell one version from another.
const VERSION_LENGTH: usize = 16;

/// What a policy file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    file: String,
    /// The pages, as listed.
    pub pages: Vec<RegulatedPage>,
    /// Whether conversations of regulated visits count in staffing.
    pub interactions_may_count: bool,
    /// What is needed of a visitor.
    pub consent: ConsentRule,
    /// What is stated of stores, in the order of the stores.
    pub retention: Vec<Stated>,
    /// Who signed it.
    pub sign_off: Option<SignOff>,
}

/// Pages under one regime.
#[derive(Debug, Clone, PartialEq)]
pub struct RegulatedPage {
    /// The host in lower case.
    pub host: Arc<str>,
    /// The path as it was written.
    pub path: Arc<str>,
    /// Their rules.
    pub regime: Regime,
    /// Who answers for them.
    pub owner: Arc<str>,
    /// How long they are kept.
    pub retention: Arc<str>,
    pattern: PagePath,
}

/// A signature under a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct SignOff {
    /// Who reviewed it.
    pub reviewed_by: Arc<str>,
    /// When it was approved.
    pub approved_on: Date,
    /// The last day on which it holds.
    pub review_by: Date,
    hash: Arc<str>,
    hash_place: Place,
    approved_on_place: Place,
    review_by_place: Place,
}

impl Policy {
    /// Reads the text of a policy file; says all that is wrong, not only the first.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, SettingsError> {
        let mut tree = document::read(text).map_err(|complaints| SettingsError::new(file_name, complaints))?;
        let mut complaints = Vec::new();
        shape::check(keys::ROOT, &mut tree, &mut complaints);
        defaults::fill_from(REFERENCE, keys::ROOT, &mut tree);
        agreement::check(&tree, &mut complaints);
        if complaints.is_empty() {
            Ok(Self::of(&tree, file_name))
        } else {
            Err(SettingsError::new(file_name, complaints))
        }
    }

    fn of(tree: &Node, file_name: &str) -> Self {
        let none = Node::empty_table(Place::Default);
        let consent = tree.get("consent").unwrap_or(&none);
        let mut granted: Vec<Arc<str>> =
            consent.list("granted").iter().filter_map(Node::as_text).map(Arc::from).collect();
        granted.sort();
        granted.dedup();
        Self {
            file: file_name.to_owned(),
            pages: tree.list("page").iter().filter_map(page).collect(),
            interactions_may_count: tree
                .get("interactions_may_count")
                .is_some_and(|node| node.value == Value::Flag(true)),
            consent: ConsentRule {
                attribute: text(consent, "attribute"),
                granted,
                absent: permission(consent, "absent"),
                privacy_control_attribute: text(consent, "global_privacy_control_attribute"),
                privacy_control: permission(consent, "global_privacy_control"),
            },
            retention: stated::of(tree.list("retention")),
            sign_off: tree.get("sign_off").and_then(sign_off),
        }
    }

    /// The file that it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The JSON Schema of the file.
    pub fn schema() -> String {
        stricter::schema(schema::schema_of(keys::ROOT, REFERENCE, "policy.toml", "What a policy says to journeycast."))
    }

    /// The pages as admission compares them.
    pub fn page_rules(&self) -> Vec<PageRule> {
        let rule = |page: &RegulatedPage| PageRule {
            host: Arc::clone(&page.host),
            path: page.pattern.clone(),
            regime: page.regime,
        };
        self.pages.iter().map(rule).collect()
    }

    /// What it asks of counting.
    pub fn plan(&self) -> PolicyPlan {
        PolicyPlan { version: self.version().into(), interactions_may_count: self.interactions_may_count }
    }

    /// What it says, the same for every way to write it; the sign-off is no part of it.
    pub fn normal_form(&self) -> serde_json::Value {
        let mut pages: Vec<[&str; 5]> = self.pages.iter().map(RegulatedPage::words).collect();
        pages.sort_unstable();
        pages.dedup();
        let pages: Vec<_> = pages
            .into_iter()
            .map(|[host, path, regime, owner, retention]| {
                json!({"host": host, "owner": owner, "path": path, "regime": regime, "retention": retention})
            })
            .collect();
        let mut form = json!({
            "consent": {
                "absent": said(self.consent.absent),
                "attribute": *self.consent.attribute,
                "global_privacy_control": said(self.consent.privacy_control),
                "global_privacy_control_attribute": *self.consent.privacy_control_attribute,
                "granted": self.consent.granted.iter().map(|granted| &**granted).collect::<Vec<_>>(),
            },
            "interactions_may_count": self.interactions_may_count,
            "page": pages,
        });
        // What states nothing of retention is the same policy that it was before anything could be stated.
        if let Some(members) = form.as_object_mut().filter(|_| !self.retention.is_empty()) {
            members.insert("retention".to_owned(), self.retention.iter().map(stated::normal_form).collect());
        }
        form
    }

    /// What tells it from every other policy; rows carry it. A new signature under the same policy is the same version.
    pub fn version(&self) -> String {
        let hash = blake3::hash(self.normal_form().to_string().as_bytes()).to_hex();
        hash.chars().take(VERSION_LENGTH).collect()
    }

    /// Why it may not run in production on this day, by the line to mend; nothing where it may.
    pub fn refusal(&self, today: Date) -> Option<SettingsError> {
        let complain = |place: &Place, key: &str, message: String| {
            let complaint = Complaint { place: place.clone(), key: key.to_owned(), message };
            Some(SettingsError::new(&self.file, vec![complaint]))
        };
        let Some(signed) = &self.sign_off else {
            let message = "is missing: nobody has signed this policy; have it reviewed and sign it with `journeycast policy sign`";
            return complain(&Place::START, "sign_off", message.to_owned());
        };
        if *signed.hash != *self.hash_under(&signed.signing()) {
            let message = "the policy was changed since it was signed; have the change reviewed and sign it with `journeycast policy sign`";
            return complain(&signed.hash_place, "sign_off.hash", message.to_owned());
        }
        if signed.approved_on > today {
            let message = format!(
                "it is approved as of {}, and today is {today}: it is not approved yet; wait, or sign it with `journeycast policy sign` when it is",
                signed.approved_on
            );
            return complain(&signed.approved_on_place, "sign_off.approved_on", message);
        }
        if signed.review_by < today {
            let message = format!(
                "the review was due on {}, and today is {today}; have the policy reviewed and sign it with `journeycast policy sign`",
                signed.review_by
            );
            return complain(&signed.review_by_place, "sign_off.review_by", message);
        }
        None
    }

    /// What it amounts to, in words.
    pub fn statement(&self) -> Vec<String> {
        let regulated = self.pages.iter().filter(|page| page.regime > Regime::Unregulated).count();
        let counts = if self.interactions_may_count { "count" } else { "do not count" };
        vec![
            format!("policy {}: {regulated} of {} page patterns are regulated", self.version(), self.pages.len()),
            format!("policy: conversations of regulated visits {counts} in staffing"),
            format!(
                "policy: consent is read from the attribute {:?}; without a signal an event is {}, under Global Privacy Control {}",
                self.consent.attribute,
                said(self.consent.absent),
                said(self.consent.privacy_control)
            ),
        ]
    }
}

impl RegulatedPage {
    fn words(&self) -> [&str; 5] {
        [&self.host, self.pattern.as_str(), self.regime.name(), &self.owner, &self.retention]
    }
}

impl SignOff {
    fn signing(&self) -> Signing {
        Signing { reviewed_by: self.reviewed_by.to_string(), approved_on: self.approved_on, review_by: self.review_by }
    }
}

fn page(entry: &Node) -> Option<RegulatedPage> {
    let path = entry.text("path")?;
    Some(RegulatedPage {
        host: text(entry, "host").to_lowercase().into(),
        path: path.into(),
        regime: entry.text("regime").and_then(Regime::named)?,
        owner: text(entry, "owner"),
        retention: text(entry, "retention"),
        pattern: pattern(path)?,
    })
}

/// A path as pages are compared with it: in the form into which their own paths are brought.
fn pattern(path: &str) -> Option<PagePath> {
    PagePath::parse(&normalised(path)).ok()
}

fn sign_off(node: &Node) -> Option<SignOff> {
    let day = |key| node.text(key).and_then(|text| text.parse::<Date>().ok());
    let place = |key| node.get(key).map(|node| node.place.clone());
    Some(SignOff {
        reviewed_by: text(node, "reviewed_by"),
        approved_on: day("approved_on")?,
        review_by: day("review_by")?,
        hash: text(node, "hash"),
        hash_place: place("hash")?,
        approved_on_place: place("approved_on")?,
        review_by_place: place("review_by")?,
    })
}

fn permission(node: &Node, key: &str) -> Permission {
    if node.text(key) == Some(said(Permission::Permitted)) { Permission::Permitted } else { Permission::Refused }
}

const fn said(permission: Permission) -> &'static str {
    match permission {
        Permission::Permitted => "permitted",
        Permission::Refused => "refused",
    }
}
