//! The table of all that may be said in a policy: one row a key.

use crate::engine::Span;
use crate::settings::keys::{Key, Kind, Need, Single, entries, may, must, table};
use crate::settings::retention::Store;

/// The regimes as they are written.
pub const REGIMES: [&str; 4] = ["none", "mifid2", "health", "children"];
/// Nothing of a page is kept.
pub const NEVER_KEPT: &str = "never-kept";
/// A page is kept for as long as visits are.
pub const WHILE_LIVE: &str = "while-live";
const ANSWERS: Single = Single::Choice(&["permitted", "refused"]);

/// The sections of the file.
pub static ROOT: &[Key] = &[
    must(
        "interactions_may_count",
        Single::Flag,
        "compliance must answer: interactions_may_count = true counts the conversations of regulated visits in staffing, false does not",
    ),
    entries("page", PAGE, Need::May),
    Key { name: "consent", kind: Kind::Table(CONSENT), need: Need::Must(ADD_CONSENT) },
    entries("retention", RETENTION, Need::May),
    table("sign_off", SIGN_OFF),
];

const ADD_CONSENT: &str = "add [consent] with attribute, granted, absent and global_privacy_control";

static PAGE: &[Key] = &[
    must("host", Single::Host, "add the host: host = \"shop.example\""),
    must("path", Single::PagePath, "add the path: path = \"/invest/**\""),
    must("regime", Single::Choice(&REGIMES), "add the regime: regime = \"mifid2\""),
    must("owner", Single::Name, "add who answers for it: owner = \"…\""),
    must(
        "retention",
        Single::Choice(&[NEVER_KEPT, WHILE_LIVE]),
        "add how long such a page is kept: retention = \"never-kept\"",
    ),
];

static CONSENT: &[Key] = &[
    must("attribute", Single::Name, "add the attribute that carries the signal: attribute = \"consent\""),
    must("granted", Single::Names, "add what it says where consent was given: granted = [\"yes\"]"),
    must("absent", ANSWERS, "compliance must answer what no signal means: absent = \"permitted\" or \"refused\""),
    must(
        "global_privacy_control",
        ANSWERS,
        "compliance must answer what it means: global_privacy_control = \"permitted\" or \"refused\"",
    ),
    may("global_privacy_control_attribute", Single::Name),
];

static RETENTION: &[Key] = &[
    must("store", Single::Choice(&Store::NAMES), "add which store: store = \"adjustments\""),
    may("period", Single::Length(MOMENT)),
    must("basis", Single::Name, "add why it may be kept, or \"ask counsel\": basis = \"…\""),
    may("citation", Single::Name),
    must("owner", Single::Name, "add who answers for it: owner = \"…\""),
    may("review_by", Single::Day),
];

const MOMENT: Span = Span::from_millis(1);

static SIGN_OFF: &[Key] = &[
    must("reviewed_by", Single::Name, SIGN),
    must("approved_on", Single::Day, SIGN),
    must("review_by", Single::Day, SIGN),
    must("hash", Single::Name, SIGN),
];

const SIGN: &str = "have it reviewed and sign it with `journeycast policy sign`";
