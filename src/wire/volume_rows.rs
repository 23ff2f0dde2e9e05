//! Baseline and adjusted volumes as they come: CSV by the names of its columns, or adjustments as lines of JSON.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Deserialize;
use serde_json::Value;

use super::staffing_csv::{TableError, cell, places};

/// The columns of the volumes.
pub const COLUMNS: [&str; 5] =
    ["interval_start_utc", "planning_group", "baseline_offered", "adjusted_offered", "average_handle_time_seconds"];

/// How volumes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV whose first line names the columns.
    Csv,
    /// Adjustments as `tail` and `replay` write them.
    Ndjson,
}

impl Form {
    /// JSON lines begin with a brace, and no head of a table does.
    pub fn of(bytes: &[u8]) -> Self {
        let first = without_mark(bytes).iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'{') { Self::Ndjson } else { Self::Csv }
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// One row, its cells as text in the order of [`COLUMNS`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VolumeRow {
    /// The cells.
    pub cells: [String; COLUMNS.len()],
    /// Whether it could not be read at all.
    pub is_broken: bool,
}

/// All rows, and how many were older revisions of them.
#[derive(Debug, Default)]
pub struct Volumes {
    /// The rows in the order in which they came.
    pub rows: Vec<VolumeRow>,
    /// Lines that a higher revision of the same row made void.
    pub superseded: u64,
}

/// Reads volumes in this form.
pub fn read(bytes: &[u8], form: Form) -> Result<Volumes, TableError> {
    match form {
        Form::Csv => of_csv(without_mark(bytes)),
        Form::Ndjson => Ok(of_ndjson(without_mark(bytes))),
    }
}

fn of_csv(bytes: &[u8]) -> Result<Volumes, TableError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let places = places(&reader.byte_headers()?.clone(), &COLUMNS)?;
    let mut volumes = Volumes::default();
    for record in reader.byte_records() {
        let record = record?;
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        let mut row = VolumeRow::default();
        for (text, place) in row.cells.iter_mut().zip(&places) {
            *text = cell(&record, *place).into_owned();
        }
        volumes.rows.push(row);
    }
    Ok(volumes)
}

/// What is read of an adjustment.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    interval_start: Value,
    planning_group_id: Value,
    baseline_offered: Value,
    adjusted_offered: Value,
    average_handle_time_seconds: Value,
    revision: Value,
}

impl Line {
    fn revision(&self) -> u64 {
        text(&self.revision).parse().unwrap_or(0)
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        [
            &self.interval_start,
            &self.planning_group_id,
            &self.baseline_offered,
            &self.adjusted_offered,
            &self.average_handle_time_seconds,
        ]
        .map(text)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Of two revisions of a row the higher one holds, and stands where the first stood.
fn of_ndjson(bytes: &[u8]) -> Volumes {
    let mut volumes = Volumes::default();
    let mut newest: BTreeMap<[String; 2], (u64, usize)> = BTreeMap::new();
    for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        // A list would do for an object that is read by its fields.
        let object = Some(line).filter(|line| line.starts_with(b"{"));
        let Some(line) = object.and_then(|line| serde_json::from_slice::<Line>(line).ok()) else {
            volumes.rows.push(VolumeRow { is_broken: true, ..VolumeRow::default() });
            continue;
        };
        let row = VolumeRow { cells: line.cells(), is_broken: false };
        let [start, group, ..] = &row.cells;
        if start.is_empty() || group.is_empty() {
            volumes.rows.push(row);
            continue;
        }
        match newest.entry([group.clone(), start.clone()]) {
            Entry::Vacant(first) => {
                first.insert((line.revision(), volumes.rows.len()));
                volumes.rows.push(row);
            }
            Entry::Occupied(mut before) => {
                volumes.superseded += 1;
                let (revision, place) = before.get_mut();
                if line.revision() >= *revision
                    && let Some(held) = volumes.rows.get_mut(*place)
                {
                    *revision = line.revision();
                    *held = row;
                }
            }
        }
    }
    volumes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<String> {
        let volumes = read(bytes, Form::of(bytes)).unwrap();
        volumes.rows.iter().map(|row| row.cells.join(" ")).collect()
    }

    #[test]
    fn a_table_is_read_by_the_names_of_its_columns_whatever_a_spreadsheet_did_to_it() {
        let text = "\u{feff}planning_group,remark,adjusted_offered, baseline_offered ,interval_start_utc,average_handle_time_seconds\r\n\
                    \"pg, a\",x,12,10,2026-11-23T09:00:00Z,300\r\n,,,,,\r\npg-b,,7\r\n";
        assert_eq!(cells(text.as_bytes()), ["2026-11-23T09:00:00Z pg, a 10 12 300", " pg-b  7 "]);
    }

    #[test]
    fn columns_that_are_not_there_are_named() {
        for text in ["", "planning_group,interval_start_utc,adjusted_offered,average_handle_time_seconds\n"] {
            let error = read(text.as_bytes(), Form::of(text.as_bytes())).unwrap_err().to_string();
            assert!(error.contains("baseline_offered"), "{error}");
        }
    }

    #[test]
    fn of_the_revisions_of_an_adjustment_the_highest_holds() {
        let line = |revision: u64, adjusted: f64| {
            format!(
                "{{\"planningGroupId\":\"pg\",\"intervalStart\":\"2026-11-23T09:00:00Z\",\"revision\":\"{revision}\",\
                 \"baselineOffered\":10.0,\"adjustedOffered\":{adjusted:?},\"evidence\":{{}}}}\n"
            )
        };
        let text = format!("\n{}{}not json\n{}[]\n{{}}\n{{}}", line(2, 12.0), line(3, 13.5), line(1, 11.0));
        let volumes = read(text.as_bytes(), Form::of(text.as_bytes())).unwrap();
        assert_eq!(volumes.rows[0].cells.join(" "), "2026-11-23T09:00:00Z pg 10.0 13.5 ");
        let broken: Vec<bool> = volumes.rows.iter().map(|row| row.is_broken).collect();
        assert_eq!((broken, volumes.superseded), (vec![false, true, true, false, false], 2));
    }
}
