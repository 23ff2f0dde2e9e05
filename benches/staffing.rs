//! Prints what staffing answers cost: one Erlang A by load, one required number of agents, a week of 200 planning groups.
//!
//! `cargo bench --bench staffing`. Where Python has pyworkforce (`pip install pyworkforce==0.5.1`), its time and its
//! errors on the same rows of `tests/tables` stand beside ours.

use std::hint::black_box;
use std::io::Write;
use std::process::Command;

use journeycast::engine::plan::{Plan, SourceScheme};
use journeycast::io::clock::usage;
use journeycast::settings::Settings;
use journeycast::staffing::{
    Agents, Demand, ErlangA, Erlangs, PatientGoal, Refusal, ServiceGoal, ServiceLevel, required_a, required_c,
};
use journeycast::wire::StaffingPlan;
use journeycast::wire::staffing_plan::Form;

const GROUPS: u32 = 200;
const QUARTERS: u32 = 7 * 96;

/// Required agents by Erlang C of every row: how many differ from the table, and microseconds a row.
const PYWORKFORCE: &str = r#"
import csv, math, sys, time
from pyworkforce.queuing import ErlangC
rows = list(csv.DictReader(open("tests/tables/required_agents_erlang_c.csv")))
wrong = refused = 0
begin = time.process_time()
for row in rows:
    number = lambda name: float(row[name])
    try:
        queue = ErlangC(transactions=number("contacts_per_interval"), aht=number("aht_s") / 60,
                        interval=number("interval_s") / 60, asa=number("threshold_s") / 60, shrinkage=number("shrinkage"))
        found = queue.required_positions(service_level=number("sl_target"), max_occupancy=number("max_occupancy"))
        wrong += found["raw_positions"] != int(row["agents"]) or found["positions"] != int(row["paid_heads_ceil"])
    except Exception:
        refused += 1
spent = time.process_time() - begin
print(f"{spent * 1e6 / len(rows):.1f} us a row; of {len(rows)} rows {wrong} differ from long arithmetic, {refused} are refused")
"#;

/// Microseconds of CPU for each of so many calls.
fn cost(calls: u64, mut call: impl FnMut() -> Result<f64, Refusal>) -> Result<f64, Refusal> {
    let before = usage().cpu_seconds;
    for _ in 0..calls {
        black_box(call()?);
    }
    Ok((usage().cpu_seconds - before) * 1e6 / calls as f64)
}

fn erlang_a(load: f64) -> Result<f64, Refusal> {
    let agents = Agents::new((load + load.sqrt()).ceil() as u64)?;
    let load = Erlangs::read("load", load)?;
    cost(2_000, || Ok(ErlangA::of(black_box(agents), black_box(load), 2.0, 0.1)?.p_wait))
}

/// Every quarter of an hour of a week in each group, in the order of time; volumes go up and down with the day.
fn a_week_of_two_hundred_groups() -> Result<(Plan, String), Box<dyn std::error::Error>> {
    let mut text = "[[business_unit]]\nid = \"bu\"\norganization_id = \"org\"\ntime_zone = \"UTC\"\n".to_owned();
    for group in 0..GROUPS {
        text += &format!(
            "[[planning_group]]\nid = \"pg-{group}\"\nbusiness_unit = \"bu\"\ngoals = {{ service_level = 0.8, within = \
             \"20s\", mean_patience = \"120s\", max_abandon = 0.05, average_speed_of_answer = \"30s\" }}\n"
        );
    }
    let plan = Settings::parse(&text, "journeycast.toml", std::iter::empty())?.plan(SourceScheme::ByKind);
    let mut volumes =
        "interval_start_utc,planning_group,baseline_offered,adjusted_offered,average_handle_time_seconds\n".to_owned();
    for quarter in 0..QUARTERS {
        let (day, hour, minute) = (23 + quarter / 96, quarter / 4 % 24, quarter % 4 * 15);
        let busy = (f64::from(quarter % 96) / 96.0 * std::f64::consts::PI).sin();
        for group in 0..GROUPS {
            let offered = busy * f64::from(group + 1);
            let adjusted = offered * 1.1;
            let at = format!("2026-11-{day:02}T{hour:02}:{minute:02}:00Z");
            volumes += &format!("{at},pg-{group},{offered:.2},{adjusted:.2},420\n");
        }
    }
    Ok((plan, volumes))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for load in [10.0, 1_000.0, 10_000.0] {
        writeln!(out, "Erlang A at {load:>6} erlangs                {:>9.2} us", erlang_a(load)?)?;
    }
    let demand = |contacts: f64| Demand { contacts, interval_seconds: 900.0, handle_seconds: 420.0 };
    let goal = ServiceGoal { service_level: 0.8, threshold_seconds: 20.0, max_occupancy: 0.9, shrinkage: 0.3 };
    let patient = PatientGoal {
        patience_seconds: 120.0,
        service_level: 0.8,
        threshold_seconds: 20.0,
        definition: ServiceLevel::AnsweredOfOffered,
        max_abandon: 0.05,
    };
    let c = cost(2_000, || Ok(required_c(&demand(black_box(100.0)), &goal)?.agents.real()))?;
    let a = cost(2_000, || Ok(required_a(&demand(black_box(100.0)), &patient)?.agents.real()))?;
    writeln!(out, "required by Erlang C, 100 contacts in 15 min {c:>8.2} us")?;
    writeln!(out, "required by Erlang A, 100 contacts in 15 min {a:>8.2} us")?;
    let intervals = 200 * 7 * 96;
    let mut contacts = 0;
    let each = cost(intervals, || {
        contacts = (contacts + 37) % 211;
        Ok(required_a(&demand(f64::from(contacts)), &patient)?.agents.real())
    })?;
    writeln!(
        out,
        "a week of 200 groups, {intervals} intervals by Erlang A: {:.2} CPU-seconds",
        each * intervals as f64 / 1e6
    )?;
    let (plan, volumes) = a_week_of_two_hundred_groups()?;
    for (carries_over, how) in [(true, "carried over"), (false, "each interval alone")] {
        let before = usage().cpu_seconds;
        let planned = StaffingPlan::answer(volumes.as_bytes(), Form::Csv, &[], &plan, carries_over)?;
        let spent = usage().cpu_seconds - before;
        let rows = planned.answered.rows;
        writeln!(out, "staffing plan of {rows} rows, baseline and adjusted, {how}: {spent:.2} CPU-seconds")?;
    }
    match Command::new("python3").args(["-c", PYWORKFORCE]).current_dir(env!("CARGO_MANIFEST_DIR")).output() {
        Ok(said) if said.status.success() => {
            write!(out, "pyworkforce on required_agents_erlang_c.csv: {}", String::from_utf8_lossy(&said.stdout))?;
        }
        Ok(_) | Err(_) => writeln!(out, "pyworkforce is not there to be measured: pip install pyworkforce==0.5.1")?,
    }
    let table = std::fs::read("tests/tables/required_agents_erlang_c.csv")?;
    let (mut rows, mut spent) = (0, usage().cpu_seconds);
    for _ in 0..100 {
        let model = journeycast::wire::staffing_csv::Model::RequiredC;
        rows += journeycast::wire::staffing_csv::answer_table(model, table.as_slice(), std::io::sink())?.rows;
    }
    spent = usage().cpu_seconds - spent;
    writeln!(out, "journeycast on the same rows, CSV and all: {:.1} us a row", spent * 1e6 / rows as f64)?;
    Ok(())
}
