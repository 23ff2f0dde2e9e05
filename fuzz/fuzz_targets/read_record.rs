//! Whatever bytes arrive: nothing panics, and the short cut says what the way that decides says.
#![no_main]

use std::sync::Arc;

use journeycast::engine::{EventTime, Span};
use journeycast::wire::genesys::{Rules, read, read_slowly};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|record: &[u8]| {
    let rules = Rules {
        organizations: vec![Arc::from("org-a"), Arc::from("org-b")],
        default_organization: Some(Arc::from("org-a")),
        max_clock_ahead: Span::from_minutes(10),
        correction_horizon: Span::from_days(7),
    };
    for recorded in [None, Some(EventTime::from_seconds(1_793_610_000))] {
        assert_eq!(read(record, recorded, &rules), read_slowly(record, recorded, &rules));
    }
});
