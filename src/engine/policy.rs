//! Policy: what may enter and as what. The addresses of pages end here, and so does what may not be known.

use std::borrow::Cow;
use std::sync::Arc;

use super::event::{Path, Signal};
use crate::settings::{PageClass, PagePath};

/// The rules under which a page stands, the least strict first: of two that apply the greater one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Regime {
    /// None: the page is like any other.
    Unregulated,
    /// Investment services.
    Mifid2,
    /// Health.
    Health,
    /// Children.
    Children,
}

impl Regime {
    /// Every regime, the least strict first.
    pub const ALL: [Self; 4] = [Self::Unregulated, Self::Mifid2, Self::Health, Self::Children];

    /// What it is called in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unregulated => "none",
            Self::Mifid2 => "mifid2",
            Self::Health => "health",
            Self::Children => "children",
        }
    }

    /// The regime of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|regime| regime.name() == name)
    }
}

/// What a policy answers to a question that has no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// What carries it may enter.
    Permitted,
    /// Nothing of it may.
    Refused,
}

/// Pages that are regulated, or are said not to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRule {
    /// The host in lower case.
    pub host: Arc<str>,
    /// The path, normalised.
    pub path: PagePath,
    /// The rules under which such pages stand.
    pub regime: Regime,
}

/// What is needed of a visitor before his events may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRule {
    /// The attribute that carries the signal.
    pub attribute: Arc<str>,
    /// What it says where consent was given.
    pub granted: Vec<Arc<str>>,
    /// What no signal means.
    pub absent: Permission,
    /// The attribute that carries the browser's Global Privacy Control.
    pub privacy_control_attribute: Arc<str>,
    /// What that signal means.
    pub privacy_control: Permission,
}

/// Tells the kind of a page from its address, whether it may enter, and whether consent was given.
#[derive(Debug, Clone, Default)]
pub struct PagePolicy {
    classes: Vec<PageClass>,
    rules: Vec<PageRule>,
    consent: Option<ConsentRule>,
}

impl PagePolicy {
    /// The classes in the order in which they are tried.
    pub const fn new(classes: Vec<PageClass>) -> Self {
        Self { classes, rules: Vec::new(), consent: None }
    }

    /// The same, under a policy.
    pub fn under(self, rules: Vec<PageRule>, consent: ConsentRule) -> Self {
        let rules = rules.into_iter().filter(|rule| rule.regime > Regime::Unregulated).collect();
        Self { rules, consent: Some(consent), ..self }
    }

    /// The class of a page: the first whose host and path match.
    pub fn class_of(&self, host: &str, path: &str) -> Option<&Arc<str>> {
        let found = self.classes.iter().find(|class| class.host.eq_ignore_ascii_case(host) && class.path.matches(path));
        found.map(|class| &class.id)
    }

    /// Whether any page is regulated: only then must it be known to which visit an action belongs.
    pub const fn regulates(&self) -> bool {
        !self.rules.is_empty()
    }

    /// The strictest regime under which a page stands. Where the host is not known, the path decides alone; where the
    /// path is not said, a pattern for the whole host does; where it cannot be read, every pattern of the host does.
    pub fn regime_of(&self, host: Option<&str>, path: &Path<'_>) -> Regime {
        if !self.regulates() {
            return Regime::Unregulated;
        }
        let path = match path {
            Path::Said(path) => Some(normalised(path)),
            Path::Unsaid if host.is_some() => Some(Cow::Borrowed("/")),
            Path::Unsaid => return Regime::Unregulated,
            Path::Unreadable => None,
        };
        let host = host.map(plain_host);
        let applies = |rule: &&PageRule| {
            host.is_none_or(|host| rule.host.eq_ignore_ascii_case(host))
                && path.as_deref().is_none_or(|path| rule.path.matches(path))
        };
        self.rules.iter().filter(applies).map(|rule| rule.regime).max().unwrap_or(Regime::Unregulated)
    }

    /// Whether the signals that an event carries permit it.
    pub fn permits(&self, consent: &Signal<'_>, privacy_control: &Signal<'_>) -> bool {
        let Some(rule) = &self.consent else { return true };
        if rule.privacy_control == Permission::Refused && is_on(privacy_control) {
            return false;
        }
        match consent {
            Signal::Nothing => rule.absent == Permission::Permitted,
            Signal::Said(said) => rule.granted.iter().any(|granted| **granted == **said),
            Signal::Unclear => false,
        }
    }
}

/// What cannot be read is taken for what protects more.
fn is_on(privacy_control: &Signal<'_>) -> bool {
    match privacy_control {
        Signal::Nothing => false,
        Signal::Said(said) => !matches!(said.trim(), "" | "0") && !said.trim().eq_ignore_ascii_case("false"),
        Signal::Unclear => true,
    }
}

/// A host without blanks around it, user, port and final dot.
pub fn plain_host(host: &str) -> &str {
    let host = host.trim();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    host.strip_suffix('.').unwrap_or(host)
}

/// A path as servers may read it: escapes resolved, in lower case, without parameters, control characters, blanks around
/// it, empty and dotted segments, and with a slash before it. Two spellings of one page are one page, and a page that is taken for another by mistake is rather regulated than not.
pub fn normalised(path: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| {
        !(byte.is_ascii_uppercase()
            || matches!(byte, b'%' | b';' | b'\\')
            || byte.is_ascii_control()
            || !byte.is_ascii())
    };
    let has_odd_segments = !path.starts_with('/')
        || path.contains("//")
        || path.contains("/.")
        || path.len() > 1 && path.ends_with(['/', ' ']);
    if path.bytes().all(is_plain) && !has_odd_segments {
        return Cow::Borrowed(path);
    }
    let mut segments: Vec<String> = Vec::new();
    let mut resolved = resolved(path).replace('\\', "/");
    resolved.retain(|c| !c.is_control());
    for segment in resolved.trim().split('/') {
        match segment.split_once(';').map_or(segment, |(name, _)| name) {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name.to_lowercase()),
        }
    }
    Cow::Owned(format!("/{}", segments.join("/")))
}

/// Resolves escapes, and escapes of escapes, which some servers resolve as well.
fn resolved(path: &str) -> String {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..2 {
        let mut plain = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            match (first, after) {
                (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    plain.push(digit(*high) << 4 | digit(*low));
                    rest = after;
                }
                _ => {
                    plain.push(*first);
                    rest = after;
                }
            }
        }
        bytes = plain;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(hex: u8) -> u8 {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(host: &str, path: &str, regime: Regime) -> PageRule {
        PageRule { host: host.into(), path: PagePath::parse(&normalised(path)).unwrap(), regime }
    }

    fn said(path: &str) -> Path<'_> {
        Path::Said(path.into())
    }

    fn policy() -> PagePolicy {
        let rules = vec![
            rule("shop.example", "/invest/**", Regime::Mifid2),
            rule("shop.example", "/invest/kids/**", Regime::Children),
            rule("shop.example", "/help", Regime::Unregulated),
        ];
        PagePolicy::new(Vec::new()).under(rules, consent(Permission::Permitted))
    }

    fn consent(absent: Permission) -> ConsentRule {
        ConsentRule {
            attribute: "consent".into(),
            granted: vec!["yes".into()],
            absent,
            privacy_control_attribute: "gpc".into(),
            privacy_control: Permission::Refused,
        }
    }

    #[test]
    fn every_spelling_of_a_regulated_page_is_regulated_and_the_strictest_pattern_wins() {
        for (host, path, regime) in [
            ("shop.example", "/invest/funds", Regime::Mifid2),
            ("SHOP.example.", "/invest", Regime::Mifid2),
            ("shop.example:443", "/Invest/Funds/", Regime::Mifid2),
            ("shop.example", "//invest//funds", Regime::Mifid2),
            ("shop.example", "/%69nvest/funds", Regime::Mifid2),
            ("shop.example", "/%2569nvest", Regime::Mifid2),
            ("shop.example", "/a/../invest;jsession=1/x", Regime::Mifid2),
            ("shop.example", "/a/%2e%2e/invest/x", Regime::Mifid2),
            ("shop.example", "invest/funds", Regime::Mifid2),
            ("shop.example", "/inv\test/fu\nnds", Regime::Mifid2),
            ("shop.example", " /invest ", Regime::Mifid2),
            (" shop.example ", "/invest", Regime::Mifid2),
            ("somebody@shop.example", "/invest", Regime::Mifid2),
            ("shop.example", "/invest/kids/toys", Regime::Children),
            ("shop.example", "/invest/../help", Regime::Unregulated),
            ("shop.example", "/investors", Regime::Unregulated),
            ("other.example", "/invest/funds", Regime::Unregulated),
        ] {
            assert_eq!(policy().regime_of(Some(host), &said(path)), regime, "{host}{path}");
        }
    }

    #[test]
    fn a_host_that_is_not_known_excludes_nothing() {
        assert_eq!(policy().regime_of(None, &said("/invest/x")), Regime::Mifid2);
        assert_eq!(policy().regime_of(Some("shop.example"), &Path::Unsaid), Regime::Unregulated);
        let clinic = vec![rule("clinic.example", "/**", Regime::Health)];
        let clinic = PagePolicy::new(Vec::new()).under(clinic, consent(Permission::Permitted));
        assert_eq!(clinic.regime_of(Some("clinic.example"), &Path::Unsaid), Regime::Health);
        assert_eq!(clinic.regime_of(None, &Path::Unsaid), Regime::Unregulated);
    }

    #[test]
    fn a_path_that_cannot_be_read_may_be_any_of_its_host() {
        assert_eq!(policy().regime_of(Some("shop.example"), &Path::Unreadable), Regime::Children);
        assert_eq!(policy().regime_of(None, &Path::Unreadable), Regime::Children);
        assert_eq!(policy().regime_of(Some("other.example"), &Path::Unreadable), Regime::Unregulated);
    }

    #[test]
    fn without_the_needed_consent_nothing_is_permitted() {
        let said = |text: &'static str| Signal::Said(Cow::Borrowed(text));
        for (absent, signal, control, permitted) in [
            (Permission::Permitted, Signal::Nothing, Signal::Nothing, true),
            (Permission::Refused, Signal::Nothing, Signal::Nothing, false),
            (Permission::Refused, said("yes"), Signal::Nothing, true),
            (Permission::Permitted, said("no"), Signal::Nothing, false),
            (Permission::Permitted, Signal::Unclear, Signal::Nothing, false),
            (Permission::Permitted, said("yes"), said("true"), false),
            (Permission::Permitted, said("yes"), said("1"), false),
            (Permission::Permitted, said("yes"), Signal::Unclear, false),
            (Permission::Permitted, said("yes"), said("false"), true),
            (Permission::Permitted, said("yes"), said("0"), true),
        ] {
            let policy = PagePolicy::new(Vec::new()).under(Vec::new(), consent(absent));
            assert_eq!(policy.permits(&signal, &control), permitted, "{absent:?} {signal:?} {control:?}");
        }
    }
}
