//! Third parties: who is behind a host that is not Genesys, after the data of third-party-web.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Name, category and domains of 2,141 entities, one a line; see `docs/decisions/0012-snippet-audit.md`.
static TABLE: &str = include_str!("third_parties.tsv");

static BY_DOMAIN: LazyLock<HashMap<&'static str, ThirdParty>> = LazyLock::new(|| {
    let mut by_domain = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(name), Some(category), Some(domains)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        for domain in domains.split(' ') {
            by_domain.entry(domain).or_insert(ThirdParty { name, category });
        }
    }
    by_domain
});

/// Somebody whose code a page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThirdParty {
    /// Who it is.
    pub name: &'static str,
    /// What it is for.
    pub category: &'static str,
}

/// Who is behind a host; nobody where the table does not say.
pub fn third_party(host: &str) -> Option<ThirdParty> {
    let host = host.to_ascii_lowercase();
    if let Some(exact) = BY_DOMAIN.get(host.as_str()) {
        return Some(*exact);
    }
    let mut domain = host.as_str();
    loop {
        if let Some(below) = BY_DOMAIN.get(format!("*.{domain}").as_str()) {
            return Some(*below);
        }
        domain = domain.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_by_itself_or_by_the_domain_above_it() {
        let name = |host: &str| third_party(host).map(|party| party.name);
        assert_eq!(name("www.googletagmanager.com"), Some("Google Tag Manager"));
        assert_eq!(name("widget.intercom.io"), Some("Intercom"));
        assert_eq!(name("static.zdassets.com"), Some("ZenDesk"));
        assert_eq!(name("shop.example"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn every_line_of_the_table_has_three_columns() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').count(), 3, "{line}");
        }
    }
}
