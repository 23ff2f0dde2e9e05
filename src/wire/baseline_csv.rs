//! The baseline as planners upload it: CSV with a first line that names the columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::timestamp::from_rfc3339;
use crate::engine::EventTime;
use crate::engine::baseline::BaselineRow;

const START: &str = "interval_start_utc";
const GROUP: &str = "planning_group";
const OFFERED: &str = "offered";
const HANDLE_TIME: &str = "average_handle_time_seconds";

/// The years 2000 to 2100: a time outside them is a slip of the pen.
const FIRST: EventTime = EventTime::from_seconds(946_684_800);
const AFTER_LAST: EventTime = EventTime::from_seconds(4_133_980_800);

/// Why a baseline cannot be read, where, and what to change.
#[derive(Debug, thiserror::Error)]
pub enum BaselineCsvError {
    /// The first line does not name a column.
    #[error(
        "line 1: there is no column {column}; start the file with the line {START},{GROUP},{OFFERED},{HANDLE_TIME}, separated by commas"
    )]
    NoColumn {
        /// The column.
        column: &'static str,
    },
    /// A cell is not what its column holds.
    #[error("line {line}, column {column}: {text:?} is not {wanted}")]
    BadCell {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What the cell says, cut to 40 characters.
        text: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Two lines speak of the same interval.
    #[error(
        "line {line}, column {START}: line {earlier} already has this planning group and time; keep one of the two"
    )]
    Twice {
        /// The later line, from 1.
        line: u64,
        /// The earlier line.
        earlier: u64,
    },
    /// A line has more or fewer cells than the first.
    #[error(
        "line {line}: {found} cells where the first line names {wanted} columns; put quotes around text with commas, and decimals after a point"
    )]
    WrongWidth {
        /// The line, from 1.
        line: u64,
        /// Cells found.
        found: usize,
        /// Columns named.
        wanted: usize,
    },
    /// The text is not UTF-8.
    #[error("line {line}: not UTF-8; save the file as \"CSV UTF-8\"")]
    NotUtf8 {
        /// The line, from 1.
        line: u64,
    },
    /// The file is no CSV for another reason.
    #[error("line {line}: {error}")]
    NotCsv {
        /// The line, from 1.
        line: u64,
        /// The reason.
        error: csv::Error,
    },
}

/// Reads the rows in the order of the file. Columns may stand in any order, and others beside them are not read.
pub fn read_rows(file: &[u8]) -> Result<Vec<BaselineRow>, BaselineCsvError> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(text);
    let names = reader.headers().map_err(|error| lines.complaint(error))?.clone();
    let columns = Columns::of(&names)?;
    let mut said: BTreeMap<(Arc<str>, EventTime), u64> = BTreeMap::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| lines.complaint(error))?;
        let line = lines.line_of(record.position());
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != names.len() {
            return Err(BaselineCsvError::WrongWidth { line, found: record.len(), wanted: names.len() });
        }
        let row = columns.row(line, &record)?;
        if let Some(earlier) = said.insert((Arc::clone(&row.planning_group_id), row.start), line) {
            return Err(BaselineCsvError::Twice { line, earlier });
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Tells on which line a record begins, as an editor counts: the csv crate leaves out blank lines and halves of CR LF.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record that is not before the last one asked for.
    fn line_of(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        while let Some(byte) = self.text.get(self.at) {
            let is_line_end = matches!(byte, b'\r' | b'\n');
            if self.at >= begin && !is_line_end {
                break;
            }
            let is_half = *byte == b'\r' && self.text.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(is_line_end && !is_half);
            self.at += 1;
        }
        self.line
    }

    fn complaint(&mut self, error: csv::Error) -> BaselineCsvError {
        let line = self.line_of(error.position());
        if let ErrorKind::Utf8 { .. } = error.kind() {
            BaselineCsvError::NotUtf8 { line }
        } else {
            BaselineCsvError::NotCsv { line, error }
        }
    }
}

/// Where each column stands.
struct Columns {
    start: usize,
    group: usize,
    offered: usize,
    handle_time: usize,
}

impl Columns {
    fn of(headers: &StringRecord) -> Result<Self, BaselineCsvError> {
        let place = |column: &'static str| {
            headers.iter().position(|name| name == column).ok_or(BaselineCsvError::NoColumn { column })
        };
        Ok(Self {
            start: place(START)?,
            group: place(GROUP)?,
            offered: place(OFFERED)?,
            handle_time: place(HANDLE_TIME)?,
        })
    }

    fn row(&self, line: u64, record: &StringRecord) -> Result<BaselineRow, BaselineCsvError> {
        let cell = |place: usize, column| Cell { line, column, text: record.get(place).unwrap_or_default() };
        Ok(BaselineRow {
            line,
            planning_group_id: cell(self.group, GROUP).id()?,
            start: cell(self.start, START).time()?,
            offered: cell(self.offered, OFFERED).figure()?,
            handle_time_seconds: cell(self.handle_time, HANDLE_TIME).figure_if_any()?,
        })
    }
}

/// One cell and where it stands.
struct Cell<'a> {
    line: u64,
    column: &'static str,
    text: &'a str,
}

impl Cell<'_> {
    fn id(&self) -> Result<Arc<str>, BaselineCsvError> {
        if self.text.is_empty() { Err(self.not("the id of a planning group")) } else { Ok(Arc::from(self.text)) }
    }

    fn time(&self) -> Result<EventTime, BaselineCsvError> {
        from_rfc3339(self.text)
            .filter(|at| (FIRST..AFTER_LAST).contains(at) && EventTime::from_seconds(at.seconds()) == *at)
            .ok_or_else(|| {
                self.not("a whole second of the years 2000 to 2100 with its zone, as in 2026-11-23T09:00:00Z")
            })
    }

    fn figure(&self) -> Result<f64, BaselineCsvError> {
        let figure = self.text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        figure.ok_or_else(|| self.not("a number of at least 0, as in 12.5"))
    }

    fn figure_if_any(&self) -> Result<Option<f64>, BaselineCsvError> {
        if self.text.is_empty() { Ok(None) } else { self.figure().map(Some) }
    }

    fn not(&self, wanted: &'static str) -> BaselineCsvError {
        let text = self.text.chars().take(40).collect();
        BaselineCsvError::BadCell { line: self.line, column: self.column, text, wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE: EventTime = EventTime::from_seconds(1_795_424_400);

    /// What is said of a file with this first line and these others.
    fn complaint(text: &str) -> String {
        read_rows(text.as_bytes()).unwrap_err().to_string()
    }

    fn row(line: u64, group: &str, start: EventTime, offered: f64, handle_time_seconds: Option<f64>) -> BaselineRow {
        BaselineRow { line, planning_group_id: Arc::from(group), start, offered, handle_time_seconds }
    }

    #[test]
    fn a_planners_file_is_read_row_by_row() {
        let text = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n\
                    2026-11-23T09:00:00Z,pg-a,12.5,310\n\
                    2026-11-23T10:00:00+01:00,\"pg, b\",0,\n";
        let expected = [row(2, "pg-a", NINE, 12.5, Some(310.0)), row(3, "pg, b", NINE, 0.0, None)];
        assert_eq!(read_rows(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_spreadsheets_habits_do_no_harm() {
        let text = "\u{feff}planning_group, offered ,remark,interval_start_utc,average_handle_time_seconds\r\n\
                    pg-a, 3 ,sale,2026-11-23T09:00:00Z,\r\n\r\n\
                    pg-b,4,\"two\r\nlines\",2026-11-23T09:00:00Z,1e2\r\n \r\n,,,,\r\n\
                    pg-c,5,,2026-11-23T09:00:00Z,\r\n";
        let expected =
            [row(2, "pg-a", NINE, 3.0, None), row(4, "pg-b", NINE, 4.0, Some(100.0)), row(8, "pg-c", NINE, 5.0, None)];
        assert_eq!(read_rows(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_file_of_its_first_line_alone_has_no_rows() {
        let text = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n";
        assert_eq!(read_rows(text.as_bytes()).unwrap(), []);
    }

    #[test]
    fn a_missing_column_is_named_with_the_line_that_would_do() {
        let advice = "start the file with the line interval_start_utc,planning_group,offered,average_handle_time_seconds, separated by commas";
        let table = [
            ("interval_start_utc,planning_group,average_handle_time_seconds\n", OFFERED),
            ("interval_start_utc;planning_group;offered;average_handle_time_seconds\n", START),
            ("", START),
        ];
        for (text, column) in table {
            assert_eq!(complaint(text), format!("line 1: there is no column {column}; {advice}"));
        }
    }

    #[test]
    fn a_cell_that_means_nothing_is_named_by_line_and_column() {
        let time = "a whole second of the years 2000 to 2100 with its zone, as in 2026-11-23T09:00:00Z";
        let number = "a number of at least 0, as in 12.5";
        let table = [
            ("2026-11-23 09:00,pg-a,1,", START, "2026-11-23 09:00", time),
            ("2026-11-23T09:00:00.5Z,pg-a,1,", START, "2026-11-23T09:00:00.5Z", time),
            ("1926-11-23T09:00:00Z,pg-a,1,", START, "1926-11-23T09:00:00Z", time),
            ("2026-11-23T09:00:00Z,,1,", GROUP, "", "the id of a planning group"),
            ("2026-11-23T09:00:00Z,pg-a,,", OFFERED, "", number),
            ("2026-11-23T09:00:00Z,pg-a,-1,", OFFERED, "-1", number),
            ("2026-11-23T09:00:00Z,pg-a,NaN,", OFFERED, "NaN", number),
            ("2026-11-23T09:00:00Z,pg-a,inf,", OFFERED, "inf", number),
            ("2026-11-23T09:00:00Z,pg-a,1e999,", OFFERED, "1e999", number),
            ("2026-11-23T09:00:00Z,pg-a,1,5 min", HANDLE_TIME, "5 min", number),
        ];
        for (line, column, text, wanted) in table {
            let file = format!("interval_start_utc,planning_group,offered,average_handle_time_seconds\n{line}\n");
            assert_eq!(complaint(&file), format!("line 2, column {column}: {text:?} is not {wanted}"));
        }
    }

    #[test]
    fn two_lines_of_one_interval_are_both_named() {
        let text = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n\
                    2026-11-23T09:00:00Z,pg-a,1,\n\
                    2026-11-23T09:00:00Z,pg-b,1,\n\
                    2026-11-23T10:00:00+01:00,pg-a,1,\n";
        let expected =
            "line 4, column interval_start_utc: line 2 already has this planning group and time; keep one of the two";
        assert_eq!(complaint(text), expected);
    }

    #[test]
    fn a_line_with_a_decimal_comma_has_a_cell_too_many() {
        let text = "interval_start_utc,planning_group,offered,average_handle_time_seconds\n2026-11-23T09:00:00Z,pg-a,1,5,300\n";
        assert!(complaint(text).starts_with("line 2: 5 cells where the first line names 4 columns"));
    }

    #[test]
    fn what_is_not_utf_8_is_named_by_its_line() {
        let mut bytes = b"interval_start_utc,planning_group,offered,average_handle_time_seconds\n".to_vec();
        bytes.extend(b"2026-11-23T09:00:00Z,pg-\xe9,1,\n");
        assert_eq!(read_rows(&bytes).unwrap_err().to_string(), "line 2: not UTF-8; save the file as \"CSV UTF-8\"");
    }
}
