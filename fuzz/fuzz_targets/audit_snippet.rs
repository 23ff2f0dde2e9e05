//! Whatever bytes arrive as a page, a script or a container: nothing panics, and every line named is one of the input.
//!
//! `cargo fuzz run -s none audit_snippet` runs it on the stable toolchain; `tests/snippets/pages` is a good start for its corpus.
#![no_main]

use journeycast::snippet::{Kind, as_json, as_sarif, as_text, audit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses the kind of file, the rest is the file.
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let names = ["a.html", "a.js", "a.json", "a.php", "a.md", "a.har", "a"];
    let name = names[usize::from(*kind) % names.len()];
    let audited = audit(name, bytes, None, None);
    if audited.kind != Some(Kind::Har) {
        let ends = |end: u8| bytes.iter().filter(|byte| **byte == end).count() as u64;
        let last = ends(b'\n').max(ends(b'\r')) + 1;
        for place in audited.findings.iter().flat_map(|finding| &finding.places) {
            assert!((1..=last).contains(&place.line), "line {} of {last}", place.line);
        }
    }
    let audits = [audited];
    assert!(!as_text::written(&audits).is_empty());
    assert!(as_json::written(&audits, &[]).is_object() && as_sarif::written(&audits, "").is_object());
});
