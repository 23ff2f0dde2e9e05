//! The texts beside the records: configuration, baseline, truth and accounting.

use std::fmt::Write;

use super::calendar::{Calendar, instant};
use super::page::PageClass;
use super::place::{GROUPS, Group, HOST, Listed, ORGANIZATION, UNITS, maps};
use super::plan::SitePlan;
use super::truth::{Counts, Truth};

const TOPICS: [&str; 3] = ["journey.events.v1", "journey.offers.v1", "journey.conversations.v1"];

/// The configuration under which the site's records mean what the truth says.
pub fn config_toml(plan: &SitePlan) -> String {
    let mut text = format!(
        "# A simulated site, seed {}: {} visits a day in each business unit.\n\n\
         [log]\nkind = \"embedded\"\npath = \"./journeycast-data\"\n",
        plan.seed, plan.visits_per_day
    );
    for topic in TOPICS {
        text += &format!("\n[[source]]\ntopic = \"{topic}\"\norganization_id = \"{ORGANIZATION}\"\n");
    }
    for unit in UNITS {
        text += &format!(
            "\n[[business_unit]]\nid = \"{}\"\norganization_id = \"{ORGANIZATION}\"\ntime_zone = \"{}\"\n\
             start_day_of_week = \"monday\"\ninterval = \"{}m\"\n",
            unit.id,
            unit.time_zone,
            unit.interval_seconds / 60
        );
    }
    for group in GROUPS {
        text += &format!(
            "\n[[planning_group]]\nid = \"{}\"\nbusiness_unit = \"{}\"\naction_maps = [{}]\n\
             route_paths = [{{ queue = \"{}\", media_type = \"message\" }}]\n",
            group.id,
            group.unit.id,
            listed_maps(group),
            group.queue
        );
    }
    for class in PageClass::ALL.into_iter().filter(|class| *class != PageClass::Home) {
        let (id, pattern) = (class.id(), class.pattern());
        text += &format!("\n[[page_class]]\nid = \"{id}\"\nhost = \"{HOST}\"\npath = \"{pattern}\"\n");
    }
    text += "\n[conversations]\nfeed = true\n\n[windows]\nout_of_orderness = \"30s\"\ngrace = \"10m\"\n\
             correction_horizon = \"7d\"\nmax_clock_ahead = \"10m\"\nsource_idle_after = \"60s\"\n";
    text
}

fn listed_maps(group: &'static Group) -> String {
    let entries = maps().filter_map(|map| match map.listed {
        Listed::ById(of) if of == group => Some(format!("{{ id = \"{}\" }}", map.id)),
        Listed::ByVersion(of) if of == group => Some(format!("{{ id = \"{}\", version = {} }}", map.id, map.version)),
        Listed::ById(_) | Listed::ByVersion(_) | Listed::Nowhere => None,
    });
    entries.collect::<Vec<_>>().join(", ")
}

/// The forecast of conversations that come without an offer; an endless site has one for its first week.
pub fn baseline_csv(plan: &SitePlan) -> String {
    let mut text = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n".to_owned();
    let end = plan.end_seconds().min(plan.start_seconds.saturating_add(400 * 86_400));
    let end = if plan.days.is_finite() { end } else { plan.start_seconds + 7 * 86_400 };
    for group in GROUPS {
        let Some(handle_seconds) = group.baseline_handle_seconds else { continue };
        let calendar = Calendar::of(group.unit);
        let first = calendar.midnight(plan.start_seconds);
        let mean = plan.visits_per_day * group.organic_per_thousand / 1_000.0 / 86_400.0;
        for start in (first..end).step_by(group.unit.interval_seconds as usize) {
            let offered = mean * calendar.busyness(start) * group.unit.interval_seconds as f64;
            let (at, id) = (instant(start), group.id);
            text += &format!("{at},{id},{offered:.2},{handle_seconds:.2}\n");
        }
    }
    text
}

/// Rows below this mean and without any count are left out.
const LEAST_MEAN: f64 = 0.000_5;

/// `truth.csv`: a line per planning group and interval.
pub fn truth_csv(truth: &Truth) -> String {
    let mut text = "organization_id,business_unit_id,planning_group_id,interval_start_utc,qualified,offered,accepted,\
                    engaged,rejected,timed_out,ignored,errored,blocked,queued,answered,mean_queued\n"
        .to_owned();
    for ((unit, group, start), counts) in truth.rows() {
        if counts.mean_queued >= LEAST_MEAN
            || *counts != (Counts { mean_queued: counts.mean_queued, ..Counts::default() })
        {
            let at = instant(*start);
            text += &format!("{ORGANIZATION},{unit},{group},{at},{}\n", figures(counts));
        }
    }
    text
}

fn figures(counts: &Counts) -> String {
    let Counts { qualified, offered, accepted, engaged, rejected, timed_out, ignored, errored, .. } = counts;
    let Counts { blocked, queued, answered, mean_queued, .. } = counts;
    let reasons: Vec<String> = blocked.iter().map(|(reason, count)| format!("\"\"{reason}\"\": {count}")).collect();
    let mut line = format!("{qualified},{offered},{accepted},{engaged},{rejected},{timed_out},{ignored},{errored}");
    // Writing into a string cannot fail.
    write!(line, ",\"{{{}}}\",{queued},{answered},{mean_queued:.6}", reasons.join(", ")).unwrap_or_default();
    line
}

/// `records.csv`: how many records must end how.
pub fn records_csv(truth: &Truth) -> String {
    let mut text = "outcome,class,records\n".to_owned();
    for (fate, records) in truth.records() {
        let [outcome, class] = fate.texts();
        text += &format!("{outcome},{class},{records}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Site;

    #[test]
    fn the_configuration_is_toml_and_names_every_group() {
        let value: toml::Value = toml::from_str(&config_toml(&SitePlan::default())).unwrap();
        assert_eq!(value["planning_group"].as_array().unwrap().len(), GROUPS.len());
        assert_eq!(value["business_unit"][1]["interval"].as_str(), Some("30m"));
    }

    #[test]
    fn the_baseline_covers_each_day_of_the_groups_that_have_one() {
        let plan = SitePlan { days: 2.0, ..SitePlan::default() };
        let (text, mut lines) = (baseline_csv(&plan), 0);
        for group in GROUPS {
            lines += text.matches(&format!(",{},", group.id)).count();
            assert_eq!(text.contains(group.id), group.baseline_handle_seconds.is_some());
        }
        assert_eq!(lines + 1, text.lines().count());
    }

    #[test]
    fn the_truth_is_csv_with_as_many_fields_as_names() {
        let mut site = Site::new(SitePlan { days: 0.5, ..SitePlan::default() });
        site.by_ref().for_each(drop);
        let text = truth_csv(&site.into_truth());
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
        assert!(rows.len() > 50 && rows.iter().all(|row| row.len() == 16));
        assert!(rows.iter().all(|row| serde_json::from_str::<serde_json::Value>(&row[12]).is_ok()));
    }
}
