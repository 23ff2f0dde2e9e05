//! Whatever bytes arrive as a page or a script: an answer comes, in time that grows with the length, and its lines are lines of the input.

use std::time::Duration;

use journeycast::snippet::{Kind, audit};
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces that the scanner takes notice of, and what breaks them.
const PIECES: [&str; 40] = [
    "<script>",
    "</script>",
    "<script type=\"text/plain\" data-category=\"x\">",
    "<!--",
    "-->",
    "<template>",
    "</template>",
    "<pre>",
    "<iframe srcdoc=\"",
    "\">",
    "/*",
    "*/",
    "//",
    "\n",
    "\r\n",
    "'",
    "\"",
    "`",
    "${",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "if(false)",
    "return;",
    "function f",
    "=",
    ":",
    ",",
    "\\n",
    "&#10;&lt;script&gt;",
    "deploymentId",
    "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff",
    "prod-euw2",
    "https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js",
    "_genesysJs",
    "Genesys('command','Journey.pageview')",
    "\"vtp_html\":",
];

const NAMES: [&str; 6] = ["a.html", "a.js", "a.json", "a.php", "a.md", "a"];

fn holds(name: &str, bytes: &[u8]) {
    let audited = audit(name, bytes, None, None);
    // A recording's lines are those of the responses in it.
    if audited.kind == Some(Kind::Har) {
        return;
    }
    let lines = bytes.split(|byte| *byte == b'\n').count().max(bytes.split(|byte| *byte == b'\r').count()) as u64;
    for place in audited.findings.iter().flat_map(|finding| &finding.places) {
        assert!((1..=lines).contains(&place.line), "{name}: line {} of {lines}: {place:?}", place.line);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..600), name in 0..NAMES.len()) {
        holds(NAMES[name], &bytes);
    }

    #[test]
    fn pieces_of_snippets_in_any_order_are_answered_with_lines_of_the_input(
        pieces in vec(0..PIECES.len(), 0..60),
        noise in vec(any::<u8>(), 0..12),
        name in 0..NAMES.len(),
    ) {
        let mut bytes: Vec<u8> = pieces.iter().flat_map(|piece| PIECES[*piece].bytes()).collect();
        let at = bytes.len() / 2;
        bytes.splice(at..at, noise);
        holds(NAMES[name], &bytes);
    }
}

#[test]
fn no_piece_that_comes_again_and_again_takes_more_than_its_length() {
    for piece in PIECES {
        let text = format!("<script>genesys {}", piece.repeat((1 << 17) / piece.len()));
        for name in ["a.html", "a.js"] {
            let (done, took) = std::sync::mpsc::channel();
            let bytes = text.clone().into_bytes();
            std::thread::spawn(move || {
                holds(name, &bytes);
                done.send(())
            });
            // It takes well under a second; what grows with the square of its length would take minutes.
            let waited = took.recv_timeout(Duration::from_secs(60));
            assert!(waited.is_ok(), "{name}: {piece:?}");
        }
    }
}

#[test]
fn what_a_string_writes_as_a_line_feed_is_no_line_of_the_input() {
    let text = r#"x({"vtp_html":"\u003Cscript\u003E\n\n\n_genesysJs;s.src=\"https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js\"\u003C/script\u003E"})"#;
    holds("a.js", text.as_bytes());
    holds("a.html", b"<iframe srcdoc=\"&#10;&#10;<script src=https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js></script>\"></iframe>");
    let lines = audit("a.js", text.as_bytes(), None, None).findings.remove(0).places;
    assert!(lines.iter().all(|place| place.line == 1), "{lines:?}");
}
