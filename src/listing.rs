//! A listing: the same rows as a table for people, as JSON or as CSV for programs.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value};

use crate::cli::Format;
use crate::perform::Failure;

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
            Format::Table => Ok(self.as_table()),
            Format::Json => self.as_json(),
            Format::Csv => self.as_csv(),
        }
    }

    fn as_table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns).add_rows(&self.rows);
        let lines = table.to_string();
        lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
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
