//! The JSON Schema of `journeycast.toml`, for editors and other people's checks.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::defaults::{DEFAULTS, sentences, tree_of};
use super::document::{Node, Value};
use super::keys::{Key, Kind, Need, ROOT, Single, Unsaid, full_name};

/// The schema (draft 2020-12) as pretty JSON with a line feed at its end.
pub fn schema() -> String {
    schema_of(ROOT, DEFAULTS, "journeycast.toml", "What an operator may say to journeycast.")
}

/// The schema of a file with these keys, whose sentences and defaults stand in `reference`.
pub fn schema_of(keys: &'static [Key], reference: &str, title: &str, description: &str) -> String {
    let writer = Writer { sentences: sentences(reference) };
    let mut root = writer.table(keys, "", &tree_of(reference));
    let head =
        [("$schema", "https://json-schema.org/draft/2020-12/schema"), ("title", title), ("description", description)];
    if let Json::Object(members) = &mut root {
        members.extend(head.map(|(key, text)| (key.to_owned(), Json::from(text))));
    }
    format!("{root:#}\n")
}

struct Writer {
    sentences: BTreeMap<String, String>,
}

impl Writer {
    fn table(&self, keys: &[Key], section: &str, defaults: &Node) -> Json {
        let property = |key: &Key| (key.name.to_owned(), self.property(key, section, defaults.get(key.name)));
        let required = keys.iter().filter(|key| matches!(key.need, Need::Must(_))).map(|key| key.name);
        json!({
            "type": "object",
            "properties": keys.iter().map(property).collect::<Map<_, _>>(),
            "required": required.collect::<Vec<_>>(),
            "additionalProperties": false,
        })
    }

    fn property(&self, key: &Key, section: &str, default: Option<&Node>) -> Json {
        let name = full_name(section, key.name);
        let nothing = Node { place: super::Place::Default, value: Value::List(Vec::new()) };
        let mut property = match key.kind {
            Kind::Table(inner) => self.table(inner, &name, default.unwrap_or(&nothing)),
            Kind::Entries(inner, unsaid) => {
                let template = default.and_then(|list| list.elements().first()).filter(|_| unsaid == Unsaid::FillsEach);
                let least = usize::from(matches!(key.need, Need::Must(_)));
                json!({ "type": "array", "items": self.table(inner, &name, template.unwrap_or(&nothing)), "minItems": least })
            }
            Kind::Foreign => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            Kind::One(kind) => single(kind),
        };
        if let Json::Object(members) = &mut property {
            members.extend(self.sentences.get(&name).map(|text| ("description".to_owned(), Json::from(text.as_str()))));
            members.extend(default.and_then(as_default).map(|default| ("default".to_owned(), default)));
        }
        property
    }
}

/// A default of a single value; tables say theirs key by key.
fn as_default(node: &Node) -> Option<Json> {
    match &node.value {
        Value::Text(text) => Some(Json::from(text.as_str())),
        Value::Whole(number) => Some(Json::from(*number)),
        Value::Decimal(number) => Some(Json::from(*number)),
        Value::Flag(flag) => Some(Json::from(*flag)),
        Value::Alien(_) | Value::List(_) | Value::Table(_) => None,
    }
}

fn single(kind: Single) -> Json {
    match kind {
        Single::Name | Single::Location | Single::Address | Single::Zone => json!({ "type": "string", "minLength": 1 }),
        Single::Host => json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]*[A-Za-z0-9_-]$" }),
        Single::PagePath => json!({ "type": "string", "pattern": "^/[^?#]*$" }),
        Single::Day => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Single::Names => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Single::Choice(words) => json!({ "type": "string", "enum": words }),
        Single::Length(_) => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
        Single::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Single::Version => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Single::Flag => json!({ "type": "boolean" }),
    }
}
