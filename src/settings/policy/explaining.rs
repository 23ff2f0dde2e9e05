//! A policy in words: what it says of pages, consent and conversations, and what becomes of one page.

use super::{Policy, RegulatedPage, said};
use crate::engine::host_and_path;
use crate::engine::policy::{Permission, Regime, normalised, plain_host};

/// The address of a page as far as it is ever read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host; none where the address does not say.
    pub host: Option<String>,
    /// The path, without query and fragment.
    pub path: String,
}

impl Address {
    /// Reads an address as records' own are read, such as `https://shop.example/a?b=1`, `shop.example/a` or `/a`, or says
    /// what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_of_the_web = |scheme: &str| ["http", "https"].iter().any(|web| scheme.trim().eq_ignore_ascii_case(web));
        let read = text.split(['?', '#']).next().unwrap_or("");
        if let Some((scheme, _)) = read.split_once("://").filter(|(scheme, _)| !is_of_the_web(scheme)) {
            return Err(format!("{scheme}:// is no scheme of a page; write https://host/path"));
        }
        let (host, path) = host_and_path(text);
        let host = host.map(|host| plain_host(&host).to_lowercase()).filter(|host| !host.is_empty());
        let is_host = |host: &String| !host.contains(char::is_whitespace);
        match path.filter(|path| host.as_ref().map_or_else(|| path.starts_with(['/', '\\']), is_host)) {
            Some(path) => Ok(Self { host, path }),
            None => {
                Err("is no address of a page; write https://host/path, host/path, or /path where the host is not known"
                    .to_owned())
            }
        }
    }
}

/// What becomes of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageExplained<'a> {
    /// The path as it is compared.
    pub compared: String,
    /// The patterns that match, the strictest first.
    pub matches: Vec<&'a RegulatedPage>,
    /// The strictest of their regimes.
    pub regime: Regime,
    /// What becomes of the view, the visit, its actions and its conversations, a sentence each.
    pub becomes: Vec<String>,
}

impl Policy {
    /// What becomes of a page, whose class is this.
    pub fn explain_page(&self, address: &Address, class: Option<&str>) -> PageExplained<'_> {
        let compared = normalised(&address.path).into_owned();
        let applies = |page: &&RegulatedPage| {
            address.host.as_deref().is_none_or(|host| page.host.eq_ignore_ascii_case(host))
                && page.pattern.matches(&compared)
        };
        let mut matches: Vec<&RegulatedPage> = self.pages.iter().filter(applies).collect();
        matches.sort_by_key(|page| std::cmp::Reverse(page.regime));
        let regime = matches.first().map_or(Regime::Unregulated, |page| page.regime);
        let becomes = if regime > Regime::Unregulated { self.of_regulated(regime) } else { self.of_permitted(class) };
        PageExplained { compared, matches, regime, becomes }
    }

    fn of_regulated(&self, regime: Regime) -> Vec<String> {
        let conversations = if self.interactions_may_count {
            "its conversations count in queued, answered and abandoned_in_queue, and nowhere else"
        } else {
            "its conversations count nowhere"
        };
        [
            "the view is not_permitted: nothing of it leaves the parser, whatever the consent".to_owned(),
            "the visit counts nowhere, from its start, whenever the view is heard of".to_owned(),
            format!("its actions are in no row; only their number is told, as regulated under {}", regime.name()),
            conversations.to_owned(),
        ]
        .to_vec()
    }

    fn of_permitted(&self, class: Option<&str>) -> Vec<String> {
        let class = class.map_or_else(|| "a page of no class".to_owned(), |class| format!("the page class {class}"));
        vec![
            format!(
                "the view is read where consent permits it, and kept for 2 hours as {class} under the visit's keyed hash"
            ),
            "the visit counts; so do its actions and its conversations".to_owned(),
        ]
    }

    /// What the policy says, a sentence each.
    pub fn explanation(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.pages.iter().map(RegulatedPage::sentence).collect();
        if self.pages.is_empty() {
            lines.push("no page is regulated".to_owned());
        }
        lines.push(if self.interactions_may_count {
            "conversations of regulated visits count in staffing, for somebody answers them either way".to_owned()
        } else {
            "conversations of regulated visits count nowhere".to_owned()
        });
        lines.extend(self.consent_in_words());
        lines
    }

    fn consent_in_words(&self) -> Vec<String> {
        let rule = &self.consent;
        let granted: Vec<String> = rule.granted.iter().map(|word| format!("{word:?}")).collect();
        let control = &rule.privacy_control_attribute;
        vec![
            format!(
                "consent is read from the attribute {:?}: an event that says {} may enter, one that says anything else may not",
                rule.attribute,
                granted.join(" or ")
            ),
            format!("an event without that attribute is {}", said(rule.absent)),
            "events of offers and of segments carry no attributes: no signal keeps them out".to_owned(),
            match rule.privacy_control {
                Permission::Refused => format!(
                    "an event whose attribute {control:?} says that Global Privacy Control is on is refused, whatever the consent"
                ),
                Permission::Permitted => format!("Global Privacy Control ({control:?}) changes nothing"),
            },
        ]
    }
}

impl RegulatedPage {
    /// The pattern as one word.
    pub fn pattern(&self) -> String {
        format!("{}{}", self.host, self.pattern.as_str())
    }

    fn sentence(&self) -> String {
        let (pattern, owner) = (self.pattern(), &self.owner);
        if self.regime > Regime::Unregulated {
            let regime = self.regime.name();
            return format!(
                "{pattern} stands under {regime}: its views never leave the parser and the visit counts nowhere; {owner} answers for it"
            );
        }
        format!(
            "{pattern} stands under no regime: its views are read where consent permits it, {}; {owner} answers for it",
            self.retention
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_far_as_records_are() {
        let read =
            |host: Option<&str>, path: &str| Ok(Address { host: host.map(str::to_owned), path: path.to_owned() });
        for (text, expected) in [
            ("https://Shop.example:443/Invest/a?b=1#c", read(Some("shop.example"), "/Invest/a")),
            ("shop.example/a", read(Some("shop.example"), "/a")),
            ("https://somebody:secret@shop.example", read(Some("shop.example"), "/")),
            ("/a//b", read(None, "/a//b")),
            ("//shop.example/a", read(Some("shop.example"), "/a")),
            ("https:\\\\shop.example\\a", read(Some("shop.example"), "\\a")),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
        for text in ["", "ftp://shop.example/", "?a=1", "two words/a", "javascript:x", "https://"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
