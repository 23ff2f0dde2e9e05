//! Staffing plans through the program: volumes in, agents out by the goals of each planning group.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Output;

use crate::installation::{Installation, said};

const SHOP: &str = r#"
[[business_unit]]
id = "bu-shop"
organization_id = "org-1"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-chat"
business_unit = "bu-shop"
average_handle_time = "420s"
[planning_group.goals]
service_level = 0.8
within = "20s"
mean_patience = "2m"
max_abandon = 0.05

[[planning_group]]
id = "pg-voice"
business_unit = "bu-shop"
goals = { service_level = 0.8, within = "20s", max_occupancy = 0.85, shrinkage = 0.3 }

[[planning_group]]
id = "pg-mail"
business_unit = "bu-shop"
"#;

const HEAD: &str = "interval_start_utc,planning_group,baseline_offered,adjusted_offered,average_handle_time_seconds";

type Row = BTreeMap<String, String>;

fn performed(shop: &Installation, input: &str, words: &[&str]) -> Output {
    shop.put("volumes", input.as_bytes());
    let words = [&["staffing", "plan", "--config", "journeycast.toml"], words].concat();
    let volumes = File::open(shop.path("volumes")).expect("it is there");
    shop.journeycast(&words).stdin(volumes).output().expect("the program starts")
}

fn rows_of(csv: &[u8]) -> Vec<Row> {
    csv::Reader::from_reader(csv).deserialize().map(|row| row.expect("it is a table")).collect()
}

fn planned(shop: &Installation, input: &str, words: &[&str]) -> Vec<Row> {
    let output = performed(shop, input, words);
    assert!(output.status.success(), "{}", said(&output));
    rows_of(&output.stdout)
}

fn cells<'a>(row: &'a Row, columns: &[&str]) -> Vec<&'a str> {
    columns.iter().map(|column| row[*column].as_str()).collect()
}

const AGENTS: [&str; 3] = ["required_agents_baseline", "required_agents_adjusted", "required_agents_difference"];
const HEADS: [&str; 3] = ["paid_heads_baseline", "paid_heads_adjusted", "paid_heads_difference"];

#[test]
fn an_analyst_learns_how_many_more_people_how_many_more_chats_take() {
    let shop = Installation::of(SHOP);
    let input = format!(
        "{HEAD}\n2026-11-23T09:00:00Z,pg-voice,50,60,180\n2026-11-23T09:00:00Z,pg-chat,30,36,\n\
         2026-11-23T10:00:00Z,pg-chat,30,20,600\n"
    );
    let rows = planned(&shop, &input, &["--stationary"]);
    // 10 erlangs take 14 agents for 80 % in 20 s, which keeps them below 85 %; 12 take 16; and 14 / 0.7 is 20.
    assert_eq!(cells(&rows[0], &AGENTS), ["14", "16", "2"]);
    assert_eq!(cells(&rows[0], &HEADS), ["20", "23", "3"]);
    assert_eq!(cells(&rows[1], &["average_handle_time_seconds", "baseline_erlangs", "error"]), ["420.0", "14.0", ""]);
    let table =
        "contacts_per_interval,interval_s,aht_s,mean_patience_s,sl_target,threshold_s,sl_definition,max_abandon\n";
    let line = |contacts, handle| format!("{contacts},900,{handle},120,0.8,20,answered_of_offered,0.05\n");
    shop.put("table.csv", [table, &line(30, 420), &line(36, 420), &line(30, 600), &line(20, 600)].concat().as_bytes());
    let words = ["staffing", "table", "--model", "required-a"];
    let input = File::open(shop.path("table.csv")).expect("it is there");
    let table = shop.journeycast(&words).stdin(input).output().expect("the program starts");
    let agents: Vec<String> = rows_of(&table.stdout).iter().map(|row| row["agents"].clone()).collect();
    let told = [&rows[1], &rows[2]].map(|row| cells(row, &AGENTS)[..2].to_vec()).concat();
    assert_eq!(told, agents);
    assert!(rows[2]["required_agents_difference"].starts_with('-'));
}

#[test]
fn a_row_without_an_answer_says_why_and_the_rest_goes_on() {
    let shop = Installation::of(SHOP);
    let lines = [
        ("2026-11-23T09:00:00Z,pg-voice,50,60,180", ""),
        ("2026-11-23T10:00:00+01:00,pg-voice,50,60,180", "twice"),
        ("2026-11-23T09:05:00Z,pg-voice,50,60,180", "not_a_start"),
        ("yesterday,pg-voice,50,60,180", "not_a_time"),
        ("2026-11-23T09:00:00Z,pg-mail,50,60,180", "no_goals"),
        ("2026-11-23T09:00:00Z,pg-fax,50,60,180", "unknown_group"),
        ("2026-11-23T09:15:00Z,pg-voice,50,60,", "missing"),
        ("2026-11-23T09:30:00Z,pg-voice,50,60,0", "zero"),
        ("2026-11-23T09:45:00Z,pg-voice,50,,180", "missing"),
        ("2026-11-23T10:00:00Z,pg-voice,-1,60,180", "negative"),
        ("2026-11-23T10:15:00Z,pg-voice,NaN,60,180", "not_a_number"),
        ("2026-11-23T10:30:00Z,pg-voice,50,inf,180", "not_a_number"),
        ("2026-11-23T10:45:00Z,pg-voice,1e9,1e9,1e9", "too_large"),
        ("2026-11-23T11:00:00Z,pg-voice", "missing"),
        ("2026-11-23T11:15:00Z,pg-voice,0,0,", ""),
        ("2026-11-23T11:30:00Z,pg-chat,5,6,180", ""),
    ];
    let input = format!("{HEAD}\n{}\n", lines.map(|(line, _)| line).join("\n"));
    let rows = planned(&shop, &input, &[]);
    let errors: Vec<&str> = rows.iter().map(|row| row["error"].split(':').next().unwrap_or("")).collect();
    assert_eq!(errors, lines.map(|(_, error)| error));
    for (row, error) in rows.iter().zip(errors) {
        assert_eq!(row["required_agents_adjusted"].is_empty(), !error.is_empty(), "{row:?}");
    }
    let missing = performed(&shop, "interval_start_utc,planning_group\n", &[]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).contains("has no column baseline_offered, adjusted_offered, average"), "{}", said(&missing));
}

#[test]
fn long_contacts_are_work_for_the_intervals_after_them_in_whatever_order_the_rows_come() {
    let shop = Installation::of(SHOP);
    let at = |minute: u32, adjusted: u32| format!("2026-11-23T09:{minute:02}:00Z,pg-chat,9,{adjusted},1800\n");
    let lines = [at(0, 9), at(15, 45), at(30, 9), at(45, 9)];
    let forth = planned(&shop, &format!("{HEAD}\n{}", lines.concat()), &[]);
    let mut back = planned(&shop, &format!("{HEAD}\n{}", lines.iter().rev().cloned().collect::<String>()), &[]);
    back.reverse();
    assert_eq!(forth, back);
    let more: Vec<i64> = forth.iter().map(|row| row["required_agents_difference"].parse().expect("whole")).collect();
    let alone = planned(&shop, &format!("{HEAD}\n{}", lines.concat()), &["--stationary"]);
    let burst: i64 = alone[1]["required_agents_difference"].parse().expect("whole");
    assert!(more[0] == 0 && more[1] < burst && more[2] > 0 && more[3] > 0 && more[3] < more[2], "{more:?} {burst}");
}

#[test]
fn adjustments_are_taken_as_they_were_said_and_a_baseline_fills_the_intervals_between_them() {
    let shop = Installation::of(SHOP);
    let row = |revision: u32, adjusted: f64| {
        format!(
            "{{\"planningGroupId\":\"pg-chat\",\"intervalStart\":\"2026-11-23T09:15:00Z\",\"revision\":\"{revision}\",\
             \"averageHandleTimeSeconds\":300.0,\"baselineOffered\":30.0,\"adjustedOffered\":{adjusted:?}}}\n"
        )
    };
    let baseline = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n\
                    2026-11-23T09:30:00Z,pg-chat,20,300\n2026-11-23T09:15:00Z,pg-chat,30,300\n\
                    2026-11-23T09:00:00Z,pg-mail,10,300\n2026-11-23T09:15:00Z,pg-voice,30,240\n2026-11-23T09:00:00Z,pg-chat,20,300\n";
    shop.put("baseline.csv", baseline.as_bytes());
    // A row that fell to no evidence has no handle time of its own.
    let fallen = "{\"planningGroupId\":\"pg-voice\",\"intervalStart\":\"2026-11-23T09:15:00Z\",\"revision\":\"4\",\
                  \"baselineOffered\":30.0,\"adjustedOffered\":30.0}\n";
    let input = row(2, 36.5) + fallen + &row(1, 33.0);
    let columns = ["interval_start_utc", "baseline_offered", "adjusted_offered", "error"];
    let rows = planned(&shop, &input, &["--baseline", "baseline.csv"]);
    assert_eq!(
        rows.iter().map(|row| cells(row, &columns)).collect::<Vec<_>>(),
        [
            ["2026-11-23T09:00:00Z", "20.0", "20.0", ""],
            ["2026-11-23T09:15:00Z", "30.0", "36.5", ""],
            ["2026-11-23T09:30:00Z", "20.0", "20.0", ""],
            ["2026-11-23T09:15:00Z", "30.0", "30.0", ""],
        ]
    );
    assert_eq!(rows[3]["average_handle_time_seconds"], "240.0");
    let alone = planned(&shop, &input, &["--from", "ndjson"]);
    assert_eq!(
        alone.iter().map(|row| row["error"].as_str()).collect::<Vec<_>>(),
        ["", "missing: average_handle_time_seconds is missing"]
    );
    let json = performed(&shop, &input, &["--format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert_eq!(list[0]["adjusted_offered"], "36.5");
}
