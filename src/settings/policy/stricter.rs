//! The JSON Schema of a policy, made to refuse what `policy check` refuses beyond the kind of each value.

use serde_json::{Value, json};

use super::keys::{NEVER_KEPT, WHILE_LIVE};
use crate::engine::policy::Regime;

/// Texts of which blanks alone are none.
const SAYING: [&str; 6] = [
    "/properties/page/items/properties/owner",
    "/properties/consent/properties/attribute",
    "/properties/sign_off/properties/reviewed_by",
    "/properties/retention/items/properties/basis",
    "/properties/retention/items/properties/citation",
    "/properties/retention/items/properties/owner",
];

/// The schema with what the parts of a policy must keep to among each other.
pub fn schema(plain: String) -> String {
    let Ok(mut schema) = serde_json::from_str::<Value>(&plain) else { return plain };
    for text in SAYING {
        add(&mut schema, text, json!({"pattern": "\\S"}));
    }
    add(&mut schema, "/properties/consent/properties/granted", json!({"minItems": 1}));
    let kept = |retention: &str| json!({"properties": {"retention": {"const": retention}}});
    let of_no_regime = json!({"properties": {"regime": {"const": Regime::Unregulated.name()}}, "required": ["regime"]});
    let pages = json!({"if": of_no_regime, "then": kept(WHILE_LIVE), "else": kept(NEVER_KEPT)});
    add(&mut schema, "/properties/page/items", pages);
    format!("{schema:#}\n")
}

fn add(schema: &mut Value, place: &str, more: Value) {
    if let (Some(Value::Object(members)), Value::Object(more)) = (schema.pointer_mut(place), more) {
        members.extend(more);
    }
}
