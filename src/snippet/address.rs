//! Addresses as pages write them: with or without scheme, with unknown parts, with escapes.

use super::signature::{Region, Signature, SignatureKind, signatures};

/// An address cut into what matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// The host; nothing where the address is relative, or the host is not written out.
    pub host: Option<&'a str>,
    /// From the first slash behind the host to the question mark.
    pub path: &'a str,
    /// Behind the question mark.
    pub query: &'a str,
}

impl<'a> Address<'a> {
    /// Cuts an address; nothing where the text is none.
    pub fn of(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let unlike = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | ';' | '|' | '\\');
        if text.len() > 4_096 || text.is_empty() || text.contains(unlike) || !text.contains(['/', '.']) {
            return None;
        }
        let text = text.split('#').next().unwrap_or(text);
        let (whole, query) = text.split_once('?').unwrap_or((text, ""));
        let behind = whole.split_once("://").map(|it| it.1).or_else(|| whole.strip_prefix("//"));
        let Some(behind) = behind else {
            let (first, _) = whole.split_once('/').unwrap_or((whole, ""));
            let bare =
                first.contains('.') && !first.starts_with('.') && whole.len() > first.len() && !whole.starts_with('/');
            let host = Some(first).filter(|_| bare && !first.ends_with(".js"));
            let path = host.map_or(whole, |host| whole.get(host.len()..).unwrap_or(whole));
            return Some(Self { host, path, query });
        };
        let slash = behind.find('/').unwrap_or(behind.len());
        let (host, path) = behind.split_at_checked(slash)?;
        let host = host.rsplit('@').next().unwrap_or(host);
        let host = host.split(':').next().unwrap_or(host);
        let plain =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_') || !letter.is_ascii();
        Some(Self { host: Some(host).filter(|host| !host.is_empty() && host.chars().all(plain)), path, query })
    }

    /// Whether this is a host of Genesys.
    pub fn is_genesys(&self) -> bool {
        self.host.is_some_and(is_genesys_host)
    }

    /// The signature that this address bears.
    pub fn signature(&self) -> Option<&'static Signature> {
        signatures().signature.iter().find(|signature| match signature.kind {
            SignatureKind::Path => {
                // A host that is put together elsewhere may be one of Genesys; one that is written out must be.
                let place = !signature.genesys_host || self.is_genesys();
                place && signature.any.iter().any(|part| contains_ignoring_case(self.path, part))
            }
            SignatureKind::Host => self.host.is_some_and(|host| {
                let script = self.path.len() > 1;
                script && signature.any.iter().any(|wanted| is_below(host, wanted))
            }),
            SignatureKind::Name | SignatureKind::Chain | SignatureKind::Call | SignatureKind::Value => false,
            SignatureKind::Attribute => false,
        })
    }
}

/// Whether a host is this domain or below it.
pub fn is_below(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a host is one of Genesys, of whatever generation.
pub fn is_genesys_host(host: &str) -> bool {
    Region::of_host(host).is_some()
        || [
            "pure.cloud",
            "genesyscloud.com",
            "altocloud.com",
            "altocloud-sdk.com",
            "altocloudcdn.com",
            "mypurecloud.com",
        ]
        .iter()
        .any(|domain| is_below(host, domain))
}

/// Whether a text holds a part, whatever the case.
pub fn contains_ignoring_case(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// Whether it has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let lengths = [8, 4, 4, 4, 12];
    let fits = |length: usize| {
        groups.next().is_some_and(|group| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    lengths.into_iter().all(fits) && text.len() == 36
}

/// The value of a parameter of a query.
pub fn parameter<'a>(query: &'a str, wanted: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|it| it.1)
}

/// The first UUID among the parts of a path.
pub fn uuid_in(path: &str) -> Option<&str> {
    path.split('/').find(|part| is_uuid(part))
}
