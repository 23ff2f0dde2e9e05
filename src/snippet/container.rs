//! Containers of Google Tag Manager: as they are delivered to browsers, and as they are exported from its page.

use super::anchors::has_anchor;
use super::details::{field_of, is_plausible};
use super::evidence::{Clue, Detail, Evidence, Field, How, Inert, Setting, Standing};
use super::literal::Literal;
use super::page;
use super::scan::scan;
use super::script::Script;
use super::signature::{SignatureKind, signatures};

/// What stands in a page for something that only a visitor's browser knows.
const UNKNOWN: &str = "unknown";

/// Reads a container as it is delivered; false where the script is none.
pub fn read_delivered(evidence: &mut Evidence, script: &Script<'_>, setting: &Setting) -> bool {
    let resource = (0..script.tokens.len()).find(|at| {
        script.name(*at).as_deref() == Some("resource") && script.is_mark(at + 1, ":") && script.is_mark(at + 2, "{")
    });
    let Some(at) = resource else { return false };
    let mut complete = true;
    let (resource, _) = Literal::read(script, at + 2, &mut complete);
    let Some(tags) = resource.get("tags") else { return false };
    evidence.managers.entry("Google Tag Manager").or_default();
    for (number, tag) in tags.items().iter().enumerate() {
        delivered_tag(evidence, &resource, number, tag, setting);
    }
    true
}

fn delivered_tag(evidence: &mut Evidence, resource: &Literal, number: usize, tag: &Literal, setting: &Setting) {
    let id = tag.get("tag_id").and_then(Literal::index).unwrap_or(number);
    let standing = delivered_standing(resource, number, tag);
    let inner = of_tag(setting, standing, tag, format!("tag {id} of the Google Tag Manager container"));
    let Some(html) = tag.get("vtp_html").map(|html| written_out(html, resource)) else {
        return template_tag(evidence, tag, &inner, &|value| Some(written_out(value, resource)));
    };
    if has_anchor(html.as_bytes()) {
        page::read_text(evidence, &html, &inner);
    }
}

fn of_tag(setting: &Setting, standing: Standing, tag: &Literal, part: String) -> Setting {
    let line = tag.line().unwrap_or(setting.line);
    Setting { how: How::TagManager, part: Some(part), ..setting.on_one_line(standing, line) }
}

fn consent_in(literal: &Literal) -> bool {
    literal.any_text(&|text| {
        text.len() < 200 && signatures().consent.word_in(text).is_some()
            || matches!(text, "ad_storage" | "analytics_storage" | "functionality_storage" | "personalization_storage")
    })
}

/// A tag waits where it names kinds of consent itself, or where everything that fires it asks for consent.
fn delivered_standing(resource: &Literal, number: usize, tag: &Literal) -> Standing {
    if tag.get("consent").is_some_and(|consent| !consent.items().is_empty()) {
        return Standing::AfterConsent("its tag asks for consent in the tag manager".to_owned());
    }
    let predicates = resource.get("predicates").map_or(&[][..], Literal::items);
    let macros = resource.get("macros").map_or(&[][..], Literal::items);
    let asks = |predicate: &Literal| {
        let of_macro = |value: &Literal| macro_of(value).and_then(|place| macros.get(place)).is_some_and(consent_in);
        consent_in(predicate) || ["arg0", "arg1"].iter().filter_map(|key| predicate.get(key)).any(of_macro)
    };
    let named = |part: &Literal, word: &str| part.items().first().and_then(Literal::text) == Some(word);
    let numbers = |part: &Literal| part.items().iter().skip(1).filter_map(Literal::index).collect::<Vec<_>>();
    let rules = resource.get("rules").map_or(&[][..], Literal::items);
    let mut firing = rules
        .iter()
        .filter(|rule| rule.items().iter().any(|part| named(part, "add") && numbers(part).contains(&number)))
        .peekable();
    let fires = firing.peek().is_some();
    let all_ask = firing.all(|rule| {
        let conditions = rule.items().iter().filter(|part| named(part, "if") || named(part, "unless"));
        conditions.flat_map(&numbers).any(|place| predicates.get(place).is_some_and(asks))
    });
    if fires && all_ask {
        return Standing::AfterConsent("every trigger that fires its tag asks for consent".to_owned());
    }
    Standing::Runs
}

fn macro_of(value: &Literal) -> Option<usize> {
    match value.items() {
        [first, place, ..] if first.text() == Some("macro") => place.index(),
        [first, inner, ..] if first.text() == Some("escape") => macro_of(inner),
        _ => None,
    }
}

/// A text of the container with its variables in it; constants are written out.
fn written_out(value: &Literal, resource: &Literal) -> String {
    if let Some(text) = value.text() {
        return text.to_owned();
    }
    if let Some(place) = macro_of(value) {
        let found = resource.get("macros").map_or(&[][..], Literal::items).get(place);
        let constant =
            found.and_then(|it| it.get("vtp_value").or_else(|| it.get("vtp_defaultValue"))).and_then(Literal::text);
        let escaped = value.items().first().and_then(Literal::text) == Some("escape");
        let said = constant.unwrap_or(UNKNOWN);
        return if escaped { format!("\"{said}\"") } else { said.to_owned() };
    }
    match value.items() {
        [first, parts @ ..] if first.text() == Some("template") => {
            parts.iter().map(|part| written_out(part, resource)).collect()
        }
        _ => String::new(),
    }
}

/// A tag made from a template of the gallery: its fields name a deployment, and its template loads Messenger.
fn template_tag(evidence: &mut Evidence, tag: &Literal, setting: &Setting, say: &dyn Fn(&Literal) -> Option<String>) {
    let Literal::Object(entries, _) = tag else { return };
    let said: Vec<(Field, String)> = entries
        .iter()
        .filter_map(|(key, value)| Some((field_of(key)?, say(value)?)))
        .filter(|(field, value)| is_plausible(*field, value))
        .collect();
    let has = |wanted: Field| said.iter().any(|(field, _)| *field == wanted);
    if !(has(Field::Deployment) && has(Field::Region)) {
        return;
    }
    let block = evidence.next_block();
    let inert = setting.standing.is_inert();
    for (field, value) in said {
        evidence.learned(Detail { field, value, block, group: 1, inert });
    }
    saw_configuration(evidence, setting, block, setting.line);
}

/// A deployment and its region side by side are a configuration of Messenger, whoever reads it.
pub fn saw_configuration(evidence: &mut Evidence, setting: &Setting, block: u32, line: u64) {
    let boot = |it: &&super::signature::Signature| it.product == "messenger" && it.kind == SignatureKind::Name;
    if let Some(signature) = signatures().signature.iter().find(boot) {
        evidence.saw(Clue {
            signature,
            standing: setting.standing.clone(),
            how: setting.how,
            line,
            part: setting.part.clone(),
            quote: "deployment id and environment side by side".to_owned(),
            host: None,
            block,
        });
    }
}

/// Reads a container as it is exported; false where the value is none.
pub fn read_exported(evidence: &mut Evidence, root: &Literal, setting: &Setting) -> bool {
    let version = root.get("containerVersion").unwrap_or(root);
    let Some(tags) =
        version.get("tag").filter(|_| version.get("container").is_some() || version.get("containerId").is_some())
    else {
        return false;
    };
    let id = version.get("container").and_then(|container| container.text_at("publicId"));
    evidence.managers.entry("Google Tag Manager").or_default().extend(id.map(str::to_owned));
    for tag in tags.items() {
        exported_tag(evidence, version, tag, setting);
    }
    true
}

fn exported_tag(evidence: &mut Evidence, version: &Literal, tag: &Literal, setting: &Setting) {
    let name = tag.text_at("name").unwrap_or("without a name");
    let part = format!("tag `{name}` of the Google Tag Manager container");
    let inner = of_tag(setting, exported_standing(version, tag), tag, part);
    let parameters = tag.get("parameter").map_or(&[][..], Literal::items);
    let mut fields = Vec::new();
    for parameter in parameters {
        let (Some(key), Some(value)) = (parameter.text_at("key"), parameter.text_at("value")) else { continue };
        let value = with_constants(value, version);
        if matches!(key, "html" | "javascript") && has_anchor(value.as_bytes()) {
            let mut at_line = inner.clone();
            at_line.line = parameter.get("value").and_then(Literal::line).unwrap_or(inner.line);
            if value.contains('<') {
                page::read_text(evidence, &value, &at_line);
            } else {
                scan(evidence, &value, &at_line);
            }
        }
        fields.push((key.to_owned(), Literal::Text(value, inner.line)));
    }
    template_tag(evidence, &Literal::Object(fields, inner.line), &inner, &|value| value.text().map(str::to_owned));
}

fn exported_standing(version: &Literal, tag: &Literal) -> Standing {
    if tag.get("paused") == Some(&Literal::Truth(true)) {
        return Standing::Inert(Inert::Paused);
    }
    let needed = tag.get("consentSettings").and_then(|settings| settings.text_at("consentStatus"));
    if needed.is_some_and(|needed| needed.eq_ignore_ascii_case("needed")) {
        return Standing::AfterConsent("its tag asks for consent in the tag manager".to_owned());
    }
    let fires = tag.get("firingTriggerId").map_or(&[][..], Literal::items);
    let triggers = version.get("trigger").map_or(&[][..], Literal::items);
    let asks = |id: &Literal| {
        let is_it = |trigger: &&Literal| trigger.text_at("triggerId") == id.text();
        triggers.iter().find(is_it).is_some_and(consent_in)
    };
    if !fires.is_empty() && fires.iter().all(asks) {
        return Standing::AfterConsent("every trigger that fires its tag asks for consent".to_owned());
    }
    Standing::Runs
}

/// `{{Name}}` stands for a variable; constants are written out.
fn with_constants(text: &str, version: &Literal) -> String {
    let mut said = text.to_owned();
    for variable in version.get("variable").map_or(&[][..], Literal::items) {
        let (Some(name), Some("c")) = (variable.text_at("name"), variable.text_at("type")) else { continue };
        let parameters = variable.get("parameter").map_or(&[][..], Literal::items);
        let constant =
            parameters.iter().find(|it| it.text_at("key") == Some("value")).and_then(|it| it.text_at("value"));
        if let Some(constant) = constant {
            said = said.replace(&format!("{{{{{name}}}}}"), constant);
        }
    }
    said
}
