//! Staffing against tables of long arithmetic, and the laws that no queue breaks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use journeycast::wire::staffing_csv::{Model, answer_table};
use proptest::prelude::*;

const TOLERANCE: f64 = 1e-12;

type Rows = Vec<BTreeMap<String, String>>;

fn rows_of(text: &[u8]) -> Rows {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(|row| row.expect("it is a table")).collect()
}

fn reference(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(format!("{name}.csv"));
    fs::read(path).expect("the table is there")
}

fn answered(model: Model, input: &[u8]) -> Rows {
    let mut out = Vec::new();
    answer_table(model, input, &mut out).expect("the table has its columns");
    rows_of(&out)
}

fn number(row: &BTreeMap<String, String>, column: &str) -> Option<f64> {
    row.get(column).filter(|text| !text.is_empty()).map(|text| text.parse().expect("it is a number"))
}

/// How far a figure of a row may be off: where agents hardly exceed the load, their difference has few digits.
fn allowed(row: &BTreeMap<String, String>, column: &str, wanted: f64) -> f64 {
    let stressed = row.get("note").is_some_and(|note| note == "stress");
    let relative = match (column, number(row, "agents"), number(row, "offered_erlangs")) {
        ("asa_over_aht" | "mean_queue", Some(agents), Some(load)) if stressed => {
            1e-9 + 4.0 * f64::EPSILON * agents / (agents - load)
        }
        _ => TOLERANCE,
    };
    relative * wanted.abs().max(1.0)
}

fn compare(model: Model, name: &str) {
    let text = reference(name);
    let (wanted, found) = (rows_of(&text), answered(model, &text));
    assert_eq!(found.len(), wanted.len());
    for (line, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        assert_eq!(found["error"], "", "{name} row {line}");
        for column in model.outputs() {
            let (wanted_value, found_value) = (number(wanted, column), number(found, column));
            let Some(value) = wanted_value else {
                assert_eq!(found_value, None, "{name} row {line}: {column}");
                continue;
            };
            let difference = (found_value.unwrap_or(f64::NAN) - value).abs();
            let counts = column.starts_with("agents") && !column.contains("fraction") || *column == "paid_heads_ceil";
            let allowed = if counts { 0.0 } else { allowed(wanted, column, value) };
            assert!(difference <= allowed, "{name} row {line}: {column} is {found_value:?}, not {value:e}: {wanted:?}");
        }
    }
}

#[test]
fn every_figure_of_every_row_agrees_with_long_arithmetic() {
    compare(Model::ErlangB, "erlang_b_fractional");
    compare(Model::ErlangC, "erlang_c");
    compare(Model::ErlangA, "erlang_a");
    compare(Model::Chat, "erlang_chat_balanced");
    compare(Model::Gated, "gated_proactive");
    compare(Model::RequiredC, "required_agents_erlang_c");
    compare(Model::RequiredA, "required_agents_erlang_a");
}

#[test]
fn balanced_levels_are_within_a_hundredth_of_a_simulation() {
    for row in rows_of(&reference("chat_concurrency_check")) {
        let at_once = row["max_chats"].parse::<usize>().expect("it is a number");
        let ladder = ["600", "660", "780", "960"][..at_once].join("|");
        let input = format!(
            "agents,max_chats,aht_s_by_level,lambda_per_s,mean_patience_s,T_s\n{},{at_once},{ladder},{},240,30\n",
            row["agents"], row["lambda_per_s"]
        );
        let found = answered(Model::Chat, input.as_bytes());
        for (ours, simulated) in
            [("sl_answered_within_T_of_offered", "sim_sl30"), ("p_abandon", "sim_p_abandon"), ("p_wait", "sim_p_wait")]
        {
            let (ours, simulated) = (number(&found[0], ours), number(&row, simulated));
            assert!((ours.unwrap() - simulated.unwrap()).abs() < 0.01, "{ours:?} {simulated:?}: {row:?}");
        }
    }
}

#[test]
fn a_row_that_means_nothing_is_named_and_the_rest_goes_on() {
    let input =
        b"offered_erlangs,agents,shift\n10,14,early\n10,10,late\n,3,\nten,3,\n-1,3,\n5,2.5,\n5,2e9,\nNaN,4,\n\xff\xfe,4,\n3,5,\xe9\n";
    let found = answered(Model::ErlangC, input);
    let errors: Vec<&str> = found.iter().map(|row| row["error"].split(':').next().unwrap_or("")).collect();
    assert_eq!(
        errors,
        [
            "",
            "unstable",
            "not_a_number",
            "not_a_number",
            "negative",
            "not_whole",
            "too_large",
            "not_a_number",
            "not_a_number",
            ""
        ]
    );
    assert!(found[1]["error"].starts_with("unstable: as much comes"), "{}", found[1]["error"]);
    assert!(found.iter().all(|row| row.contains_key("p_wait") && !row.contains_key("shift")));
    let missing = answer_table(Model::ErlangC, b"agents,erlangs\n1,2\n".as_slice(), Vec::new()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the table has no column offered_erlangs; the head must name agents, offered_erlangs"
    );
}

#[test]
fn each_definition_of_the_service_level_asks_for_its_own_number_of_agents() {
    let definitions = ["answered_of_offered", "excluding_abandons", "of_answered", "virtual_wait", "sl_of_answered"];
    let lines = definitions.map(|definition| format!("100,900,300,60,0.8,60,{definition},1"));
    let input = format!("{}\n{}\n", Model::RequiredA.inputs().join(","), lines.join("\n"));
    let found = answered(Model::RequiredA, input.as_bytes());
    let agents: Vec<&str> = found.iter().map(|row| row["agents"].as_str()).collect();
    // The first two are worked out in full by others: 29 and 18.
    assert_eq!((agents[0], agents[1]), ("29", "18"));
    assert_eq!(agents[2], agents[4]);
    for (row, definition) in found.iter().zip(&definitions) {
        assert!(number(row, "sl_at_agents") >= Some(0.8), "{definition}");
        assert!(number(row, "sl_at_one_fewer") < Some(0.8), "{definition}");
    }
}

#[test]
fn a_ladder_of_handle_times_is_read_however_a_spreadsheet_lists_it() {
    let ladders = ["600|660", "\"600,660\"", "600;660", "\"[600, 660]\"", "600||660", "600|660|780", ""];
    let lines = ladders.map(|ladder| format!("3,2,{ladder},0.01,240,30"));
    let found = answered(Model::Chat, format!("{}\n{}\n", Model::Chat.inputs().join(","), lines.join("\n")).as_bytes());
    let named = |row: &BTreeMap<String, String>| row["error"].split(':').next().unwrap_or("").to_owned();
    assert_eq!(
        found.iter().map(named).collect::<Vec<_>>(),
        ["", "", "", "", "not_a_number", "wrong_length", "not_a_number"]
    );
    assert!(found[..4].iter().all(|row| row["p_wait"] == found[0]["p_wait"]), "{found:?}");
}

#[test]
fn a_refusal_says_what_would_be_answered() {
    let error = |model: Model, line: &str| {
        answered(model, format!("{}\n{line}\n", model.inputs().join(",")).as_bytes()).remove(0)["error"].clone()
    };
    assert_eq!(
        error(Model::Chat, "1e9,3,600|660|780,0.01,240,30"),
        "too_large: agents times max_chats are too many for this model; at most 10000000 at work at once are answered"
    );
    assert_eq!(
        error(Model::RequiredA, "100,900,300,60,0.8,60,answered,1"),
        "unknown_name: sl_definition names none of the known definitions: answered_of_offered, excluding_abandons, \
         of_answered, virtual_wait"
    );
}

fn figures(model: Model, inputs: &[f64]) -> BTreeMap<String, String> {
    let line: Vec<String> = inputs.iter().map(|input| format!("{input:?}")).collect();
    let input = format!("{}\n{}\n", model.inputs().join(","), line.join(","));
    answered(model, input.as_bytes()).remove(0)
}

/// The four service levels of Erlang A.
fn levels(agents: f64, load: f64, giving_up: f64, threshold: f64) -> [f64; 4] {
    let row = figures(Model::ErlangA, &[agents, load, giving_up, threshold]);
    ["sl_answered_within_T_of_offered", "sl_excluding_abandons_within_T", "sl_of_answered", "sl_virtual_wait"]
        .map(|column| number(&row, column).unwrap_or(f64::NAN))
}

proptest! {
    #[test]
    fn more_agents_never_lower_the_service_level_and_more_load_never_raises_it(
        agents in 1..400_u32, load in 0.01..500.0_f64, giving_up in 0.01..20.0_f64, threshold in 0.0..3.0_f64,
    ) {
        let here = levels(f64::from(agents), load, giving_up, threshold);
        let more_agents = levels(f64::from(agents) + 1.0, load, giving_up, threshold);
        let more_load = levels(f64::from(agents), load * 1.1, giving_up, threshold);
        for place in 0..4 {
            prop_assert!(more_agents[place] >= here[place] - 1e-11, "{place}: {here:?} {more_agents:?}");
            prop_assert!(more_load[place] <= here[place] + 1e-11, "{place}: {here:?} {more_load:?}");
        }
    }

    #[test]
    fn with_patience_without_end_erlang_a_is_erlang_c(agents in 2..300_u32, part in 0.05..0.97_f64) {
        let (agents, load) = (f64::from(agents), f64::from(agents) * part);
        let (patient, nearly) = (
            figures(Model::ErlangC, &[agents, load]),
            figures(Model::ErlangA, &[agents, load, 1e-11, 0.1]),
        );
        let wait = |row: &BTreeMap<String, String>| number(row, "p_wait").unwrap_or(f64::NAN);
        prop_assert!((wait(&patient) - wait(&nearly)).abs() < 1e-7);
    }

    #[test]
    fn fractional_agents_join_the_whole_ones_without_a_step(agents in 1..300_u32, load in 0.01..400.0_f64) {
        let blocked = |agents: f64| number(&figures(Model::ErlangB, &[agents, load]), "erlang_b").unwrap_or(f64::NAN);
        let whole = f64::from(agents);
        let (below, here, above) = (blocked(whole - 1e-9), blocked(whole), blocked(whole + 1e-9));
        prop_assert!(below >= here && here >= above, "{below} {here} {above}");
        prop_assert!(below - above < 1e-6);
    }

    #[test]
    fn one_agent_fewer_misses_the_goal_that_the_fewest_meet(
        contacts in 0.1..3_000.0_f64, handle in 20.0..1_200.0_f64, target in 0.3..0.99_f64, threshold in 0.0..120.0_f64,
    ) {
        let row = figures(Model::RequiredC, &[contacts, 900.0, handle, target, threshold, 1.0, 0.3]);
        prop_assert!(number(&row, "sl_at_agents_sl_only").unwrap_or(f64::NAN) >= target, "{row:?}");
        prop_assert!(number(&row, "sl_at_one_fewer").is_none_or(|level| level < target), "{row:?}");
    }

    #[test]
    fn no_finite_input_makes_a_figure_that_is_none(
        model in prop::sample::select(Model::ALL.to_vec()), inputs in prop::collection::vec(any_input(), 8),
    ) {
        let row = figures(model, &inputs[..model.inputs().len()]);
        for column in model.outputs() {
            prop_assert!(number(&row, column).is_none_or(f64::is_finite), "{column}: {row:?}");
        }
    }
}

/// Numbers of every size, whole ones too.
fn any_input() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        (0..2_000_u32).prop_map(f64::from),
        0.0..1.0_f64,
        (-300.0..9.0_f64).prop_map(|power| 10.0_f64.powf(power)),
        (0.0..9.0_f64).prop_map(|power| 10.0_f64.powf(power).round()),
    ]
}
