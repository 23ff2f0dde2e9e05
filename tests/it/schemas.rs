//! The published schemas and the reading of records agree on every example.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journeycast::engine::Span;
use journeycast::wire::genesys::{Class, Reading, Rules, SetAside, read, read_slowly};
use jsonschema::Validator;
use serde_json::Value;

const ORGANIZATION: &str = "11111111-2222-4333-8444-555555555555";

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn validator(schema: &str) -> Validator {
    let text = fs::read(schemas().join(format!("{schema}.schema.json"))).expect("a schema");
    let schema: Value = serde_json::from_slice(&text).expect("JSON");
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).expect("a sound schema")
}

/// The examples of a folder: the parts of their names, and what they say.
fn examples(folder: &str) -> Vec<(Vec<String>, Vec<u8>)> {
    let folder = schemas().join("examples").join(folder);
    let paths: BTreeSet<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    let named = |path: &PathBuf| {
        let name = path.file_stem().and_then(OsStr::to_str).expect("a name");
        (name.split('.').map(str::to_owned).collect(), fs::read(path).expect("an example"))
    };
    paths.iter().map(named).collect()
}

fn rules() -> Rules {
    Rules {
        organizations: vec![Arc::from(ORGANIZATION)],
        default_organization: Some(Arc::from(ORGANIZATION)),
        signals: None,
        max_clock_ahead: Span::from_minutes(10),
        correction_horizon: Span::from_days(7),
    }
}

fn is_valid(schema: &str, record: &[u8]) -> bool {
    validator(schema).is_valid(&serde_json::from_slice(record).expect("JSON"))
}

#[test]
fn a_valid_example_is_valid_and_admitted() {
    for (name, record) in examples("valid") {
        let [schema, _] = name.as_slice() else { panic!("{name:?} should be schema.what") };
        assert!(is_valid(schema, &record), "{name:?}");
        let reading = read(&record, None, &rules());
        assert!(matches!(reading, Reading::Admitted(_)), "{name:?}: {reading:?}");
        assert_eq!(reading, read_slowly(&record, None, &rules()));
    }
}

#[test]
fn an_invalid_example_is_invalid_and_set_aside_under_the_class_in_its_name() {
    for (name, record) in examples("invalid") {
        let [schema, class, _] = name.as_slice() else { panic!("{name:?} should be schema.class.what") };
        let class = Class::ALL.into_iter().find(|known| known.name() == class).unwrap();
        assert!(!is_valid(schema, &record), "{name:?}");
        match read(&record, None, &rules()) {
            Reading::SetAside(SetAside { class: told, .. }) => assert_eq!(told, class, "{name:?}"),
            other @ (Reading::Admitted(_) | Reading::NotRelevant | Reading::Untimely(..) | Reading::Blank) => {
                panic!("{name:?}: {other:?}")
            }
        }
    }
}

#[test]
fn every_schema_has_examples_of_both_kinds() {
    let of =
        |folder: &str| -> BTreeSet<String> { examples(folder).into_iter().map(|(name, _)| name[0].clone()).collect() };
    let files = fs::read_dir(schemas()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let published: BTreeSet<String> =
        files.filter_map(|name| name.strip_suffix(".schema.json").map(str::to_owned)).collect();
    assert_eq!([of("valid"), of("invalid")], [published.clone(), published]);
}
