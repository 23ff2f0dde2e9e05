//! What a policy states of stores: read, checked for what contradicts itself, and in its normal form.

use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::agreement::blank;
use crate::settings::document::Node;
use crate::settings::reading::text;
use crate::settings::retention::{Stated, Store};
use crate::settings::{Complaint, duration};

/// Reads the rows, in the order of the stores.
pub fn of(entries: &[Node]) -> Vec<Stated> {
    let mut rows: Vec<Stated> = entries.iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.store);
    rows
}

fn row(entry: &Node) -> Option<Stated> {
    let place = |key: &str| entry.get(key).map_or(&entry.place, |node| &node.place).clone();
    let day = |text: &str| text.parse::<Date>().ok();
    Some(Stated {
        store: entry.text("store").and_then(Store::named)?,
        period: entry.text("period").and_then(|text| duration::parse(text).ok()),
        basis: text(entry, "basis"),
        citation: entry.text("citation").map(Into::into),
        owner: text(entry, "owner"),
        review_by: entry.text("review_by").and_then(day),
        period_place: place("period"),
        review_place: place("review_by"),
    })
}

/// A row in the normal form: what is not said is not there.
pub fn normal_form(row: &Stated) -> Json {
    let mut form = json!({"store": row.store.name(), "basis": *row.basis, "owner": *row.owner});
    let more = [
        ("period", row.period.map(duration::say)),
        ("citation", row.citation.as_deref().map(str::to_owned)),
        ("review_by", row.review_by.map(|day| day.to_string())),
    ];
    if let Some(members) = form.as_object_mut() {
        members.extend(more.into_iter().filter_map(|(key, said)| Some((key.to_owned(), Json::from(said?)))));
    }
    form
}

/// Checks that each store is stated once, with a period that it can have, for a reason.
pub fn check(entries: &[Node], complaints: &mut Vec<Complaint>) {
    for (place, entry) in entries.iter().enumerate() {
        let Some(node) = entry.get("store") else { continue };
        let before = entries.iter().take(place).filter_map(|other| other.get("store"));
        if let Some(before) = before.into_iter().find(|other| other.as_text() == node.as_text()) {
            let message = format!("is already stated {}; state each store once", before.place.nearby());
            complaints.push(complaint(node, "store", message));
        }
        complaints.extend(node.as_text().and_then(Store::named).and_then(|store| wrong_period(store, entry)));
        let words = ["basis", "citation", "owner"].into_iter();
        complaints.extend(words.filter_map(|key| blank(&format!("retention.{key}"), entry.get(key))));
    }
}

fn wrong_period(store: Store, entry: &Node) -> Option<Complaint> {
    let node = entry.get("period")?;
    let said = node.as_text().and_then(|text| duration::parse(text).ok())?;
    let name = store.name();
    if !store.has_a_period() {
        let message = format!("{name} is kept for as long as the log is, whatever is stated; take the period out");
        return Some(complaint(node, "period", message));
    }
    let fixed = store.fixed_period().filter(|fixed| *fixed != said)?;
    let message = format!(
        "{name} are kept for {}, and nothing changes that; write that, or take the period out",
        duration::say(fixed)
    );
    Some(complaint(node, "period", message))
}

fn complaint(node: &Node, key: &str, message: String) -> Complaint {
    Complaint { place: node.place.clone(), key: format!("retention.{key}"), message }
}
