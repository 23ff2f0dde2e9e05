//! What the environment says over the file: `JOURNEYCAST__SECTION__KEY`.

use super::complaint::Complaint;
use super::document::{Node, Place, Value};
use super::keys::{Key, Kind, ROOT, Single};
use super::spelling::nearest;

/// How every variable of ours begins.
pub const PREFIX: &str = "JOURNEYCAST__";
/// What separates section and key.
const BETWEEN: &str = "__";

/// Lays what the environment says over what the file says. Variables that do not begin with [`PREFIX`] are not ours.
pub fn lay_over(tree: &mut Node, environment: impl Iterator<Item = (String, String)>, complaints: &mut Vec<Complaint>) {
    let mut said: Vec<(String, String)> = environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    said.sort();
    for (variable, text) in said {
        let place = Place::Environment(variable.as_str().into());
        match Target::of(&variable) {
            Ok(target) => target.set(tree, Node { value: target.kind.value_of_variable(&text), place }),
            Err(message) => complaints.push(Complaint { place, key: String::new(), message }),
        }
    }
}

/// The key that a variable sets.
struct Target {
    path: Vec<String>,
    kind: Single,
}

impl Target {
    fn of(variable: &str) -> Result<Self, String> {
        let (mut keys, mut path) = (ROOT, Vec::new());
        let mut words = variable.strip_prefix(PREFIX).unwrap_or("").split(BETWEEN);
        while let Some(word) = words.next() {
            let Some(key) = keys.iter().find(|key| key.name.to_uppercase() == word) else { break };
            path.push(key.name.to_owned());
            match key.kind {
                Kind::Table(inner) => keys = inner,
                Kind::Entries(..) => {
                    return Err(format!("[[{}]] is a list; lists are written in the file alone", key.name));
                }
                Kind::Foreign => {
                    let rest = words.collect::<Vec<_>>().join(BETWEEN);
                    if rest.is_empty() {
                        return Err(format!(
                            "names no setting; write one behind {PREFIX}…{BETWEEN}CLIENT{BETWEEN}, with _ for every dot"
                        ));
                    }
                    path.push(foreign_name(&rest));
                    return Ok(Self { path, kind: Single::Name });
                }
                Kind::One(kind) if words.next().is_none() => return Ok(Self { path, kind }),
                Kind::One(_) => break,
            }
        }
        let known = variables();
        let near = nearest(variable, known.iter().map(String::as_str));
        let hint =
            near.map_or_else(|| format!("known are {}", known.join(", ")), |near| format!("did you mean {near}?"));
        Err(format!("sets no key of the configuration; {hint}"))
    }

    fn set(&self, tree: &mut Node, node: Node) {
        let Some((last, sections)) = self.path.split_last() else { return };
        let mut here = tree;
        for section in sections {
            if here.get(section).is_none() {
                here.set(section, Node::empty_table(node.place.clone()));
            }
            let Value::Table(entries) = &mut here.value else { return };
            let Some(entry) = entries.iter_mut().find(|entry| entry.key == *section) else { return };
            here = &mut entry.node;
        }
        here.set(last, node);
    }
}

/// `SASL_PASSWORD_FILE` is `sasl.password_file`: dots cannot be written in most shells, and `_file` is ours.
fn foreign_name(rest: &str) -> String {
    let lower = rest.to_lowercase();
    match lower.strip_suffix("_file") {
        Some(name) => format!("{}_file", name.replace('_', ".")),
        None => lower.replace('_', "."),
    }
}

/// Every variable that sets a key, settings of librdkafka aside.
fn variables() -> Vec<String> {
    let mut variables = Vec::new();
    collect(ROOT, PREFIX, &mut variables);
    variables
}

fn collect(keys: &[Key], before: &str, variables: &mut Vec<String>) {
    for key in keys {
        let name = format!("{before}{}", key.name.to_uppercase());
        match key.kind {
            Kind::Table(inner) => collect(inner, &format!("{name}{BETWEEN}"), variables),
            Kind::Entries(..) => {}
            Kind::Foreign => variables.push(format!("{name}{BETWEEN}…")),
            Kind::One(_) => variables.push(name),
        }
    }
}
