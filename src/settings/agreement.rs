//! Whether the parts of a configuration agree: each id once, each reference known, each length of time possible beside the others.

use std::collections::BTreeMap;

use super::complaint::Complaint;
use super::document::{Node, Place};
use super::duration;
use super::goals;
use super::kind::quoted;
use super::spelling::did_you_mean;

/// Checks a sound tree whose defaults are filled in.
pub fn check(tree: &Node, complaints: &mut Vec<Complaint>) {
    let mut checks = Checks { tree, complaints };
    for (list, thing) in
        [("business_unit", "business unit"), ("planning_group", "planning group"), ("page_class", "page class")]
    {
        checks.each_once(list, "id", &format!("the id of the {thing}"));
    }
    checks.each_once("source", "topic", "the topic of the source");
    checks.sources();
    checks.groups();
    checks.goals();
    checks.lengths_of_time();
    checks.log();
}

struct Checks<'a> {
    tree: &'a Node,
    complaints: &'a mut Vec<Complaint>,
}

/// What may be listed once in an organization, and where it was listed first.
type Once<'a, K> = BTreeMap<(&'a str, K), &'a Place>;

impl<'a> Checks<'a> {
    fn complain(&mut self, place: &Place, key: &str, message: String) {
        self.complaints.push(Complaint { place: place.clone(), key: key.to_owned(), message });
    }

    fn each_once(&mut self, list: &str, key: &str, what: &str) {
        let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
        for node in self.tree.list(list).iter().filter_map(|entry| entry.get(key)) {
            let Some(text) = node.as_text() else { continue };
            if let Some(before) = first.get(text) {
                let message = format!("{text:?} is already {what} {}; each is listed once", before.nearby());
                self.complain(&node.place, &format!("{list}.{key}"), message);
            } else {
                first.insert(text, &node.place);
            }
        }
    }

    fn sources(&mut self) {
        let units = self.tree.list("business_unit");
        let organizations: Vec<&str> = units.iter().filter_map(|unit| unit.text("organization_id")).collect();
        for node in self.tree.list("source").iter().filter_map(|source| source.get("organization_id")) {
            let known = node.as_text().is_none_or(|text| organizations.contains(&text));
            if !known {
                self.unknown(
                    node,
                    "source.organization_id",
                    "the organization of no [[business_unit]]",
                    &organizations,
                );
            }
        }
    }

    fn unknown(&mut self, node: &Node, key: &str, what: &str, known: &[&str]) {
        let text = node.as_text().unwrap_or("");
        let mut known = known.to_vec();
        known.sort_unstable();
        known.dedup();
        let near = did_you_mean(text, known.iter().copied());
        let list = if known.is_empty() { String::new() } else { format!(" (known: {})", quoted(known)) };
        self.complain(&node.place, key, format!("{text:?} is {what}{near}{list}"));
    }

    fn groups(&mut self) {
        let units = self.tree.list("business_unit");
        let ids: Vec<&str> = units.iter().filter_map(|unit| unit.text("id")).collect();
        let (mut maps, mut paths): (Once<'a, _>, Once<'a, _>) = (BTreeMap::new(), BTreeMap::new());
        for group in self.tree.list("planning_group") {
            let Some(node) = group.get("business_unit") else { continue };
            let unit = units.iter().find(|unit| unit.text("id") == node.as_text());
            match unit {
                None => self.unknown(node, "planning_group.business_unit", "the id of no [[business_unit]]", &ids),
                Some(unit) => {
                    let organization = unit.text("organization_id").unwrap_or("");
                    self.action_maps(organization, group, &mut maps);
                    self.route_paths(organization, group, &mut paths);
                }
            }
        }
    }

    /// Where a single value was taken out, what is left may look senseless and is not.
    fn goals(&mut self) {
        if self.complaints.iter().any(|complaint| complaint.key.starts_with("planning_group.goals")) {
            return;
        }
        self.tree.list("planning_group").iter().for_each(|group| goals::check(group, self.complaints));
    }

    fn action_maps(&mut self, organization: &'a str, group: &'a Node, seen: &mut Once<'a, (&'a str, String)>) {
        for entry in group.list("action_maps") {
            let Some(id) = entry.get("id") else { continue };
            let text = id.as_text().unwrap_or("");
            let version = entry.get("version").map_or_else(|| "every version".to_owned(), |node| node.value.describe());
            if let Some(before) = seen.get(&(organization, (text, version.clone()))) {
                let message = format!(
                    "{text:?} for {} already leads to a planning group {}; an offer can lead to one only",
                    version.replace("the number", "version"),
                    before.nearby()
                );
                self.complain(&id.place, "planning_group.action_maps.id", message);
            } else {
                seen.insert((organization, (text, version)), &id.place);
            }
        }
    }

    fn route_paths(&mut self, organization: &'a str, group: &'a Node, seen: &mut Once<'a, RouteKey<'a>>) {
        for entry in group.list("route_paths") {
            let Some(queue) = entry.get("queue") else { continue };
            let mut skills: Vec<&str> = entry.list("skills").iter().filter_map(Node::as_text).collect();
            skills.sort_unstable();
            skills.dedup();
            let media = entry.text("media_type").unwrap_or("").to_lowercase();
            let key = (organization, (queue.as_text().unwrap_or(""), media, entry.text("language"), skills));
            if let Some(before) = seen.get(&key) {
                let message = format!(
                    "the same queue, media type, language and skills already lead to a planning group {}; list them once",
                    before.nearby()
                );
                self.complain(&queue.place, "planning_group.route_paths.queue", message);
            } else {
                seen.insert(key, &queue.place);
            }
        }
    }

    /// What is late enough to be set aside cannot be waited for, and what may still be corrected cannot be deleted.
    fn lengths_of_time(&mut self) {
        let horizon = ["windows", "correction_horizon"];
        for (shorter, longer, why) in [
            (["windows", "grace"], horizon, "what comes later than the horizon is set aside"),
            (["windows", "out_of_orderness"], horizon, "what comes later than the horizon is set aside"),
            (horizon, ["retention", "adjustments"], "a row is kept while it may be corrected"),
        ] {
            let (Some(small), Some(large)) = (self.tree.at(&shorter), self.tree.at(&longer)) else { continue };
            let (small_text, large_text) = (small.as_text().unwrap_or(""), large.as_text().unwrap_or(""));
            if duration::parse(small_text).ok() <= duration::parse(large_text).ok() {
                continue;
            }
            let (shorter, longer) = (shorter.join("."), longer.join("."));
            // The operator's own word is the one to mend, not a default.
            if small.place == Place::Default {
                let message =
                    format!("{large_text} is shorter than {shorter} ({small_text}); make it longer, for {why}");
                self.complain(&large.place, &longer, message);
            } else {
                let message =
                    format!("{small_text} is longer than {longer} ({large_text}); make it shorter, for {why}");
                self.complain(&small.place, &shorter, message);
            }
        }
    }

    fn log(&mut self) {
        let Some(kind) = self.tree.at(&["log", "kind"]) else { return };
        if kind.as_text() == Some("kafka") {
            for (path, add) in [
                (&["log", "kafka", "bootstrap_servers"][..], "add to [log.kafka]: bootstrap_servers = \"host:9092\""),
                (
                    &["keys", "key_file"][..],
                    "add to [keys]: key_file = \"…\", a file with 64 hex digits that all workers share",
                ),
            ] {
                if self.tree.at(path).is_none() {
                    self.complain(
                        &kind.place,
                        &path.join("."),
                        format!("is missing, and kind = \"kafka\" needs it; {add}"),
                    );
                }
            }
        }
        for setting in self.tree.at(&["log", "kafka", "client"]).map_or(&[][..], Node::entries) {
            let plain = setting.key.strip_suffix("_file");
            if plain.is_some_and(|plain| self.tree.at(&["log", "kafka", "client", plain]).is_some()) {
                let message = "is set twice, here from a file and beside it as text; keep one".to_owned();
                self.complain(&setting.node.place, &format!("log.kafka.client.{}", setting.key), message);
            }
        }
    }
}

/// Queue, media type, language and skills.
type RouteKey<'a> = (&'a str, String, Option<&'a str>, Vec<&'a str>);
