//! What a configuration amounts to, in words: what is counted, what cannot be known, what is assumed.

use super::duration::say;
use super::{Goals, Log, PlanningGroup, Settings, SettingsError, Source};

/// Checks a configuration; says what it amounts to, or everything that is wrong with it.
pub fn check(
    text: &str,
    file_name: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<String, SettingsError> {
    Ok(Settings::parse(text, file_name, environment)?.found_right(file_name))
}

impl Settings {
    /// What is said of a configuration in which nothing is wrong.
    pub fn found_right(&self, file_name: &str) -> String {
        format!("{file_name}: ok\n{}", self.statement())
    }

    /// What `config check` prints and `run` says at its start; one statement a line.
    pub fn statement(&self) -> String {
        let mut lines = vec![self.amounts(), self.where_it_is_kept(), self.sources_in_words(), self.waits()];
        lines.extend(self.required_agents());
        lines.extend(self.not_known().into_iter().map(|line| format!("not known: {line}")));
        lines.extend(self.assumed().into_iter().map(|line| format!("assumed: {line}")));
        match &self.policy {
            Some(policy) => lines.extend(policy.statement()),
            None => lines.push("no policy: nothing is regulated and no consent is asked for".to_owned()),
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn amounts(&self) -> String {
        let groups = &self.planning_groups;
        [
            count(self.organizations().len(), "organization"),
            count(self.business_units.len(), "business unit"),
            count(groups.len(), "planning group"),
            count(groups.iter().map(|group| group.action_maps.len()).sum(), "action map"),
            count(groups.iter().map(|group| group.route_paths.len()).sum(), "route path"),
            count(self.page_classes.len(), "page class"),
        ]
        .join(", ")
    }

    fn where_it_is_kept(&self) -> String {
        match &self.log {
            Log::Embedded { path } => format!("log: on this machine, in {}", path.display()),
            Log::Kafka { bootstrap_servers, group, .. } => format!("log: Kafka at {bootstrap_servers}, group {group}"),
        }
    }

    fn sources_in_words(&self) -> String {
        let one = |source: &Source| match &source.organization_id {
            Some(organization) => format!("{} (organization {organization})", source.topic),
            None => source.topic.to_string(),
        };
        format!("sources: {}", self.sources.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    fn waits(&self) -> String {
        let windows = &self.windows;
        format!(
            "an interval is final {} past its end and may be corrected for {}; an open row is said at most every {}",
            say(windows.grace.and(windows.out_of_orderness)),
            say(windows.correction_horizon),
            say(self.publish_every)
        )
    }

    fn required_agents(&self) -> Option<String> {
        let model = |goals: &Goals| if goals.patience_seconds.is_some() { "Erlang A" } else { "Erlang C" };
        let staffed = self.planning_groups.iter().filter_map(|group| group.goals.as_ref().map(|goals| (group, goals)));
        let told: Vec<String> = staffed.map(|(group, goals)| format!("{} ({})", group.id, model(goals))).collect();
        (!told.is_empty()).then(|| format!("required agents: said of {}", told.join(", ")))
    }

    fn not_known(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.conversations_feed {
            lines.push(
                "what was queued, for no conversation feed is connected ([conversations] feed = false)".to_owned(),
            );
        }
        if self.page_classes.is_empty() {
            lines.push("what kind of page a visitor is on, for there is no [[page_class]]".to_owned());
        }
        if self.organizations().len() > 1 && self.organization_for_files().is_none() {
            lines.push("whose a record of a file is that does not say so itself; it is set aside".to_owned());
        }
        let without = |has: fn(&PlanningGroup) -> bool| -> Vec<&PlanningGroup> {
            self.planning_groups.iter().filter(|g| !has(g)).collect()
        };
        if let Some(groups) = ids(&without(|group| !group.action_maps.is_empty())) {
            lines.push(format!("which offers lead to {groups}, for no action map is listed there"));
        }
        if let Some(groups) = ids(&without(|group| !group.route_paths.is_empty())).filter(|_| self.conversations_feed) {
            lines.push(format!("which queues belong to {groups}, for no route path is listed there"));
        }
        lines
    }

    fn assumed(&self) -> Vec<String> {
        if self.conversations_feed {
            return Vec::new();
        }
        let maps = self.planning_groups.iter().flat_map(|group| &group.action_maps);
        let (whole, part): (Vec<_>, Vec<_>) = maps.partition(|map| map.reach >= 1.0);
        let mut lines = Vec::new();
        if !whole.is_empty() {
            lines.push(format!(
                "every accepted offer of {} reaches a queue (reach = 1.0)",
                count(whole.len(), "action map")
            ));
        }
        let named = |version: Option<u32>| version.map_or_else(String::new, |version| format!(" version {version}"));
        lines.extend(part.iter().map(|map| {
            format!("of the accepted offers of {}{}, {} reach a queue", map.id, named(map.version), map.reach)
        }));
        lines
    }
}

fn count(number: usize, thing: &str) -> String {
    let ending = match (number, thing.ends_with("ss")) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{number} {thing}{ending}")
}

fn ids(groups: &[&PlanningGroup]) -> Option<String> {
    (!groups.is_empty()).then(|| groups.iter().map(|group| &*group.id).collect::<Vec<_>>().join(", "))
}
