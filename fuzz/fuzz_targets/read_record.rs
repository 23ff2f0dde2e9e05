//! Whatever bytes arrive: nothing panics, and the short cut says what the way that decides says.
//!
//! `cargo fuzz run -s none read_record` runs it on the stable toolchain (`cargo install cargo-fuzz`). Lines of a
//! `journeycast simulate --malformed 0.2 --hostile 0.3`, one a file in `fuzz/corpus/read_record`, are a good start.
#![no_main]

use std::sync::Arc;

use journeycast::engine::{EventTime, Span};
use journeycast::wire::genesys::{Rules, read, read_slowly};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|record: &[u8]| {
    let rules = Rules {
        organizations: vec![Arc::from("org-a"), Arc::from("org-b")],
        default_organization: Some(Arc::from("org-a")),
        signals: None,
        max_clock_ahead: Span::from_minutes(10),
        correction_horizon: Span::from_days(7),
    };
    for recorded in [None, Some(EventTime::from_seconds(1_793_610_000))] {
        assert_eq!(read(record, recorded, &rules), read_slowly(record, recorded, &rules));
    }
});
