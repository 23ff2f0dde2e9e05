//! The live view of the demo: what arrived, who is on the site, and the newest revisions.

use std::fmt::Write;
use std::net::SocketAddr;

use comfy_table::{Table, presets};

use crate::engine::fact::OrganizationIndex;
use crate::engine::{EventTime, Span, Unrouted, VolumeAdjustment};
use crate::io::Counter;
use crate::io::embedded::Runner;
use crate::io::reading::Accounting;
use crate::perform::Failure;
use crate::wire::{Rfc3339, adjustment};

/// So many rows and revisions are shown.
const ROWS: usize = 14;
const REVISIONS: usize = 6;
const DWELL: Span = Span::from_minutes(5);

/// Everything as text.
pub fn view(
    counter: &Counter<Runner>,
    account: &Accounting,
    now: EventTime,
    address: SocketAddr,
) -> Result<String, Failure> {
    let mut text = String::new();
    writeln!(
        text,
        "journeycast demo   simulated time {}   http://{address}/metrics   Ctrl-C ends it\n",
        clock_text(now)
    )?;
    writeln!(
        text,
        "records read {} = admitted {} + not relevant {} + not permitted {} + set aside {}",
        account.read(),
        account.admitted,
        account.not_relevant,
        account.not_permitted,
        account.set_aside_in_all()
    )?;
    writeln!(text, "{}\n", live_visits(counter))?;
    let mut rows = Vec::new();
    for body in counter.log().log().newest_rows(EventTime::DISTANT_PAST)? {
        rows.push(adjustment::decode(&body)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.identity.interval_start));
    writeln!(text, "{}", adjustments(&rows))?;
    writeln!(text, "\nnewest revisions")?;
    let mut newest: Vec<&VolumeAdjustment> = rows.iter().filter(|row| row.revision > 1).collect();
    newest.sort_by_key(|row| std::cmp::Reverse((row.watermark, row.revision)));
    for row in newest.into_iter().take(REVISIONS) {
        writeln!(
            text,
            "  {} {} rev {} {} {:+}",
            row.identity.planning_group_id,
            clock_text(row.identity.interval_start),
            row.revision,
            format!("{:?}", row.state).to_uppercase(),
            row.additional_offered.mean
        )?;
    }
    let unrouted = Unrouted::of(counter.engine().unrouted(), &counter.log().log().told_labels()?);
    let by_map = unrouted.action_maps.iter().map(|(map, actions)| format!(", {actions} of {map}"));
    let by_map: String = by_map.collect();
    writeln!(text, "\nactions of maps that lead to no planning group: {}{by_map}", unrouted.in_all())?;
    Ok(text)
}

fn live_visits(counter: &Counter<Runner>) -> String {
    let counts = counter.engine().live_visits(OrganizationIndex(0), DWELL);
    let classes = counts.into_iter().filter_map(|(class, count)| {
        Some(format!("{} on {} now, {} for more than five minutes", count.now, class?, count.longer))
    });
    let said: Vec<String> = classes.collect();
    if said.is_empty() { "nobody is on a page of a known class".to_owned() } else { said.join(" · ") }
}

fn adjustments(rows: &[VolumeAdjustment]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "planning group",
        "interval (UTC)",
        "state",
        "qualified",
        "offered",
        "accepted",
        "queued",
        "answered",
        "additional",
        "rev",
    ]);
    for row in rows.iter().take(ROWS) {
        let counts = &row.evidence.counts;
        let mut cells = vec![
            row.identity.planning_group_id.to_string(),
            clock_text(row.identity.interval_start),
            format!("{:?}", row.state).to_uppercase(),
        ];
        cells.extend(
            [counts.qualified, counts.offered, counts.accepted, counts.queued, counts.answered].map(|n| n.to_string()),
        );
        cells.extend([format!("{:+}", row.additional_offered.mean), row.revision.to_string()]);
        table.add_row(cells);
    }
    table
}

fn clock_text(at: EventTime) -> String {
    let text = Rfc3339::from(EventTime::from_seconds(at.seconds())).to_string();
    text.trim_end_matches('Z').replace('T', " ")
}
