//! `snippet audit --format sarif`: sound by the schema of OASIS, and with what code scanning on GitHub asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn log_of(inputs: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    command.args(["snippet", "audit", "--format", "sarif"]).args(inputs).current_dir(folder().join("snippets"));
    serde_json::from_slice(&command.output().expect("it runs").stdout).expect("it is JSON")
}

fn faults(log: &Value) -> Vec<String> {
    let schema = fs::read(folder().join("sarif/sarif-schema-2.1.0.json")).expect("the schema is there");
    let mut schema: Value = serde_json::from_slice(&schema).expect("it is JSON");
    // Its pattern of a language has a bracket too many, which strict readers of patterns refuse; we name no language.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"]["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let validator = jsonschema::validator_for(&schema).expect("a sound schema");
    validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn what_is_written_is_sound_by_the_schema_of_sarif() {
    let mut log = log_of(&["pages", "nowhere.html", "http://"]);
    assert_eq!(faults(&log), Vec::<String>::new());
    // The schema does look: what is not SARIF is refused.
    log["runs"][0]["results"][0]["level"] = "loud".into();
    log["runs"][0]["results"][1]["message"] = Value::Null;
    assert_eq!(faults(&log).len(), 2, "{:?}", faults(&log));
}

#[test]
fn every_result_has_a_rule_a_message_and_a_place_that_code_scanning_can_show() {
    let log = log_of(&["pages"]);
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    let rules: Vec<&Value> = driver["rules"].as_array().expect("rules").iter().collect();
    assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].is_string() && rule["help"]["text"].is_string()));
    let rules: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 120);
    for result in results {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
        assert!(["warning", "note"].iter().any(|level| result["level"] == *level), "{result}");
        assert!(!result["message"]["text"].as_str().unwrap_or("").is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 0), "{result}");
        let file = &place["artifactLocation"];
        assert!(file["uri"].as_str().is_some_and(|uri| uri.starts_with("pages/")), "{result}");
        assert_eq!(file["uriBaseId"], "%SRCROOT%");
    }
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"][0]["descriptor"]["id"], "har_cut_short");
}

#[test]
fn a_file_is_named_from_the_folder_of_the_checkout_however_it_was_given() {
    let uri = |input: &str| {
        let log = log_of(&[input]);
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        (place["uri"].as_str().unwrap_or("").to_owned(), place["uriBaseId"].is_string())
    };
    let page = "pages/messenger-euw1.html";
    let whole = folder().join("snippets").join(page).display().to_string();
    for input in [page, "./pages/messenger-euw1.html", &whole] {
        assert_eq!(uri(input), (page.to_owned(), true), "{input}");
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    let copy = elsewhere.path().join("a page.html");
    fs::copy(&whole, &copy).expect("it can be copied");
    let (uri, is_relative) = uri(&copy.display().to_string());
    assert!(uri.starts_with("file:///") && uri.ends_with("/a%20page.html") && !is_relative, "{uri}");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_and_files_outside_of_the_root_are_named_as_they_are() {
    use std::os::unix::ffi::OsStrExt;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let inside = elsewhere.path().join("inside");
    fs::create_dir(&inside).expect("a folder");
    let page = fs::read(folder().join("snippets/pages/messenger-euw1.html")).expect("a page");
    fs::write(elsewhere.path().join(std::ffi::OsStr::from_bytes(b"l\xff.html")), page).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
    command.args(["snippet", "audit", "--format", "sarif", ".."]).current_dir(&inside);
    let log: Value = serde_json::from_slice(&command.output().expect("it runs").stdout).expect("it is JSON");
    let file = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    let uri = file["uri"].as_str().unwrap_or("");
    assert!(uri.starts_with("file:///") && uri.ends_with("/l%FF.html") && !uri.contains(".."), "{uri}");
    assert!(file["uriBaseId"].is_null());
}
