//! Anchors: the few words without which no snippet of Genesys can be written; a cheap look before the careful one.

use std::sync::LazyLock;

use memchr::memmem::Finder;

const WORDS: [&str; 29] = [
    "genesys",
    "Genesys",
    "GENESYS",
    "purecloud",
    "PureCloud",
    "pure.cloud",
    "altocloud",
    "Altocloud",
    "cxbus",
    "CXBus",
    "_gt",
    "GPE.",
    "GTC.",
    "ININ",
    "_gwc",
    "journey/sdk",
    "journey\\/sdk",
    "eploymentI",
    "eploymentK",
    "DEPLOYMENT",
    "gcb",
    "cobrowse",
    "pageview",
    "widgets-core",
    "autotrack",
    "atob(",
    "ac('init",
    "ac(\"init",
    "ac(`init",
];

static FINDERS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| WORDS.iter().map(Finder::new).collect());

/// Whether a text holds any of them.
pub fn has_anchor(text: &[u8]) -> bool {
    FINDERS.iter().any(|finder| finder.find(text).is_some())
}
