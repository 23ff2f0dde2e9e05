//! A listing: the same rows as a table for people, as JSON or as CSV for programs.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Map, Value};

use crate::cli::Format;
use crate::perform::Failure;

/// Words up to this length are never broken; no number is longer.
const LONGEST_WORD: usize = 24;

/// Blanks around a cell.
const PADDING: usize = 2;

/// Rows of text under the names of their columns.
#[derive(Debug)]
pub struct Listing<const COLUMNS: usize> {
    /// What the columns are called.
    pub columns: [&'static str; COLUMNS],
    /// The rows.
    pub rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Listing<COLUMNS> {
    /// The listing in one of its forms, with the line feed at its end.
    pub fn written(&self, format: Format) -> Result<String, Failure> {
        match format {
            // A terminal that does not know how wide it is says nought.
            Format::Table => Ok(self.as_table(Table::new().width().filter(|width| *width > 0))),
            Format::Json => self.as_json(),
            Format::Csv => self.as_csv(),
        }
    }

    /// Long texts are wrapped to the width, and no word of them broken. What is wider all the same goes on below, each
    /// time after the first column.
    fn as_table(&self, width: Option<u16>) -> String {
        let least: Vec<usize> = (0..COLUMNS).map(|column| self.least_width(column)).collect();
        let first = least.first().copied().unwrap_or(0);
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        let mut used = usize::MAX;
        for (column, least) in least.iter().enumerate() {
            used = used.saturating_add(*least);
            match blocks.last_mut() {
                Some(block) if block.len() == 1 || width.is_none_or(|width| used <= usize::from(width)) => {
                    block.push(column)
                }
                None => (blocks, used) = (vec![vec![column]], *least),
                Some(_) => {
                    used = first + least;
                    blocks.push(vec![0, column]);
                }
            }
        }
        blocks.iter().map(|block| self.block(block, &least, width)).collect::<Vec<_>>().join("\n")
    }

    /// The table of some columns.
    fn block(&self, columns: &[usize], least: &[usize], width: Option<u16>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(columns.iter().filter_map(|column| self.columns.get(*column)));
        for row in &self.rows {
            table.add_row(columns.iter().filter_map(|column| row.get(*column)));
        }
        if let Some(width) = width {
            table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
            let least = columns.iter().filter_map(|column| least.get(*column));
            let least = least.map(|least| Width::Fixed(u16::try_from(*least).unwrap_or(u16::MAX)));
            table.set_constraints(least.map(ColumnConstraint::LowerBoundary));
        }
        table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// The width of the longest word of a column, with the blanks around it.
    fn least_width(&self, column: usize) -> usize {
        let header = self.columns.get(column).copied();
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        let words = header.into_iter().chain(cells).flat_map(str::split_whitespace);
        words.map(|word| word.chars().count()).max().unwrap_or(0).min(LONGEST_WORD) + PADDING
    }

    fn as_json(&self) -> Result<String, Failure> {
        let objects = self.rows.iter().map(|row| {
            let fields = self.columns.iter().zip(row);
            Value::Object(
                fields.map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str()))).collect::<Map<_, _>>(),
            )
        });
        Ok(format!("{:#}\n", Value::Array(objects.collect())))
    }

    fn as_csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let bytes = writer.into_inner().map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(String::from_utf8(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing<2> {
        let rows = [["grace", "10m"], ["a \"name\", quoted", "two\nlines"]];
        Listing { columns: ["setting", "value"], rows: rows.map(|row| row.map(str::to_owned)).to_vec() }
    }

    #[test]
    fn a_table_has_one_row_under_its_names() {
        let table = Listing { rows: vec![["grace".to_owned(), "10m".to_owned()]], ..listing() };
        assert_eq!(table.written(Format::Table).unwrap(), " setting  value\n grace    10m\n");
    }

    #[test]
    fn whatever_the_width_no_number_is_broken_and_what_is_too_wide_goes_on_below() {
        let columns = ["rate", "too_many_requests", "throughput_per_second", "generator_lag_p99_ms", "other_answers"];
        let row = ["12.50", "3", "119.63", "10.175", "no_connection=12 status_503=4 timed_out=7"];
        let listing = Listing { columns, rows: vec![row.map(str::to_owned)] };
        let whole = listing.as_table(None);
        assert_eq!(whole.lines().count(), 2, "without a known width nothing is wrapped: {whole}");
        for width in [40, 60, 80, 100, 160] {
            let table = listing.as_table(Some(width));
            for word in columns.iter().chain(&row).flat_map(|cell| cell.split_whitespace()) {
                assert!(table.split_whitespace().any(|shown| shown == word), "{word} at {width}:\n{table}");
            }
            assert!(table.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}:\n{table}");
        }
        assert_eq!(listing.as_table(Some(40)).matches("12.50").count(), 4, "every piece begins with the rate");
    }

    #[test]
    fn programs_read_back_exactly_what_was_listed() {
        let json: Value = serde_json::from_str(&listing().written(Format::Json).unwrap()).unwrap();
        assert_eq!(json[0]["setting"], "grace");
        assert_eq!(json[1]["value"], "two\nlines");
        let text = listing().written(Format::Csv).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<[String; 2]> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows, listing().rows);
    }
}
