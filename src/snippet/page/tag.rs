//! A script tag by its attributes: whether it runs, waits, holds data, or never runs.

use crate::snippet::evidence::{Inert, Standing};
use crate::snippet::signature::signatures;

/// The attributes of a tag, in small letters, with their values.
pub type Attributes = Vec<(String, String)>;

/// What a script tag does with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It is a script of this standing.
    Script(Standing),
    /// It is data for other scripts.
    Data {
        /// Whether a framework draws its pages from it.
        of_framework: bool,
    },
    /// It is markup that something may put on the page.
    Template,
}

/// The value of an attribute.
pub fn attribute<'a>(attributes: &'a Attributes, wanted: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// What a script tag does with its content. `auto_blocks` tells that a consent manager on the page blocks by itself.
pub fn content_of(attributes: &Attributes, auto_blocks: bool) -> Content {
    let signatures = signatures();
    let (types, consent) = (&signatures.types, &signatures.consent);
    let full = attribute(attributes, "type").unwrap_or("").trim().to_ascii_lowercase();
    let kind = full.split(';').next().unwrap_or("").trim();
    if types.runs.iter().any(|runs| runs == kind) || kind.ends_with(&types.runs_after_hash) {
        let marked = attribute(attributes, "data-cookieconsent").filter(|_| !consent.is_always(attributes));
        return Content::Script(match marked {
            Some(category) if auto_blocks => {
                Standing::AfterConsent(format!("Cookiebot blocks it until the visitor agrees to {category}"))
            }
            Some(_) | None => Standing::Runs,
        });
    }
    if types.data.iter().any(|data| data == kind) {
        let id = attribute(attributes, "id").unwrap_or("");
        let of_framework = kind.ends_with("json") && kind != "application/ld+json" || id.starts_with("__N");
        return Content::Data { of_framework };
    }
    let marker = consent.attribute_among(attributes);
    if consent.types.iter().any(|waits| waits == kind) || marker.is_some() {
        if consent.is_always(attributes) {
            return Content::Script(Standing::Runs);
        }
        let marker = marker.unwrap_or(kind);
        return Content::Script(Standing::AfterConsent(format!(
            "its script tag waits for a consent manager (`{marker}`)"
        )));
    }
    if kind == "text/html"
        || kind.contains("template")
        || kind.contains("handlebars")
        || kind.starts_with("text/x-")
        || kind.contains("mustache")
    {
        return Content::Template;
    }
    Content::Script(Standing::Inert(Inert::TypeNeverRuns))
}

/// Whether a script waits for Babel in the page, which compiles and runs it.
pub fn is_compiled(attributes: &Attributes) -> bool {
    attribute(attributes, "type").is_some_and(|kind| matches!(kind.trim(), "text/babel" | "text/jsx"))
}

/// The addresses in a script tag: `src`, and what consent managers and optimisers put in its place.
pub fn addresses(attributes: &Attributes) -> impl Iterator<Item = &str> {
    let holds = |name: &str| name == "src" || name.ends_with("src") && name.starts_with("data");
    attributes
        .iter()
        .filter(move |(name, _)| holds(name) || name.starts_with("consent-original-src"))
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(attributes: &[(&str, &str)]) -> Content {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        content_of(&attributes.iter().map(owned).collect(), false)
    }

    #[test]
    fn a_script_tag_is_judged_by_its_type_and_by_the_marks_of_consent_managers() {
        let runs = Content::Script(Standing::Runs);
        assert_eq!(tag(&[]), runs);
        assert_eq!(tag(&[("type", " Text/JavaScript; charset=utf-8")]), runs);
        assert_eq!(tag(&[("type", "a1b2c3-text/javascript")]), runs);
        assert_eq!(tag(&[("type", "rocketlazyloadscript")]), runs);
        assert_eq!(tag(&[("type", "text/plain"), ("class", "optanon-category-C0001")]), runs);
        assert_eq!(tag(&[("type", "text/plain"), ("data-cookieconsent", "necessary")]), runs);
        let waits = |content| matches!(content, Content::Script(Standing::AfterConsent(_)));
        assert!(waits(tag(&[("type", "text/plain"), ("class", "x optanon-category-C0002")])));
        assert!(waits(tag(&[("type", "text/plain"), ("data-cookieconsent", "marketing")])));
        assert!(waits(tag(&[("type", "text/plain"), ("data-usercentrics", "Genesys")])));
        assert!(waits(tag(&[("type", "didomi/javascript")])));
        assert_eq!(tag(&[("type", "text/plain")]), Content::Script(Standing::Inert(Inert::TypeNeverRuns)));
        assert_eq!(tag(&[("type", "text/x-handlebars-template")]), Content::Template);
        assert_eq!(tag(&[("type", "application/ld+json")]), Content::Data { of_framework: false });
        assert_eq!(tag(&[("type", "application/json"), ("id", "__NEXT_DATA__")]), Content::Data { of_framework: true });
    }
}
