//! The rules of the house that a lint cannot hold.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST: usize = 500;
const PURE: [&str; 8] =
    ["src/engine", "src/staffing", "src/wire", "src/simulate", "src/snippet", "src/load", "src/settings", "src/audit"];
const IMPURE_WORDS: [&str; 11] = [
    "tokio",
    "rdkafka",
    "rusqlite",
    "std::fs",
    "std::env",
    "Instant::now",
    "SystemTime",
    "async fn",
    "crate::io",
    "crate::http",
    "crate::cli",
];

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be listed")) {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn is_generated(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "gen")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("sources are text")
}

#[test]
fn every_file_opens_with_a_sentence_and_is_short() {
    for path in [sources("src"), sources("tests")].concat().into_iter().filter(|path| !is_generated(path)) {
        let text = text(&path);
        assert!(text.starts_with("//! "), "{}: open with one plain sentence after //!", path.display());
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{}: {lines} lines, at most {LONGEST}: make a room of its own", path.display());
    }
}

#[test]
fn the_pure_rooms_do_no_io_and_read_no_clock() {
    for path in PURE.into_iter().flat_map(sources).filter(|path| !is_generated(path)) {
        let text = text(&path);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (number, line) in code.enumerate() {
            for word in IMPURE_WORDS {
                assert!(!line.contains(word), "{}:{number}: {word} has no place in a pure room", path.display());
            }
        }
    }
}

#[test]
fn there_is_no_drawer() {
    for path in sources("src") {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        assert!(
            !["utils", "util", "common", "helpers", "types", "misc"].contains(&stem),
            "{}: give it a noun",
            path.display()
        );
    }
}
