//! Mapping: what depends on a hostname, as somebody wrote it down or as recorded visits tell: offers, chats, owner.

use std::collections::BTreeMap;

use super::visits::{HostOffers, Visits};

/// What depends on a hostname.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependence {
    /// Offers a week.
    pub offers_per_week: f64,
    /// Chats a week that came of them.
    pub chats_per_week: f64,
    /// Over how many weeks that was counted.
    pub weeks: f64,
    /// Who answers for it.
    pub owner: String,
    /// What recorded visits say, where they go before what was written down.
    pub recorded: Option<HostOffers>,
}

/// Hostnames and what depends on them: as somebody wrote it down, and as recorded visits tell.
#[derive(Debug, Default)]
pub struct Mapping {
    written: BTreeMap<String, Dependence>,
    visits: Option<Visits>,
}

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// Columns are missing.
    #[error(
        "the mapping has no column {0}; it needs hostname, offers_per_week, chats_per_week, weeks and may have owner"
    )]
    Missing(&'static str),
    /// A value is none.
    #[error("line {line} of the mapping: {column} {value:?} is no number from 0 up")]
    NotANumber {
        /// On which line.
        line: u64,
        /// In which column.
        column: &'static str,
        /// What is there.
        value: String,
    },
    /// It is no table.
    #[error("the mapping cannot be read: {0}")]
    Csv(#[from] csv::Error),
}

impl Mapping {
    /// Reads a table by the names of its columns.
    ///
    /// # Errors
    ///
    /// Where a column is missing or a number is none.
    pub fn read(bytes: &[u8]) -> Result<Self, MappingError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let head = reader.headers()?.clone();
        let place = |column: &str| head.iter().position(|found| found.trim_start_matches('\u{feff}') == column);
        let need = |column: &'static str| place(column).ok_or(MappingError::Missing(column));
        let hostname = need("hostname")?;
        let numbers = ["offers_per_week", "chats_per_week", "weeks"];
        let places = [need(numbers[0])?, need(numbers[1])?, need(numbers[2])?];
        let owner = place("owner");
        let mut all = BTreeMap::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let number = |which: usize| {
                let value = record.get(places[which]).unwrap_or("");
                let wrong = || MappingError::NotANumber { line, column: numbers[which], value: value.to_owned() };
                value.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0).ok_or_else(wrong)
            };
            let dependence = Dependence {
                offers_per_week: number(0)?,
                chats_per_week: number(1)?,
                weeks: number(2)?,
                owner: owner.and_then(|place| record.get(place)).unwrap_or("").to_owned(),
                recorded: None,
            };
            all.insert(record.get(hostname).unwrap_or("").to_ascii_lowercase(), dependence);
        }
        Ok(Self { written: all, visits: None })
    }

    /// The same with recorded visits, which go before what was written down.
    pub fn with_visits(self, visits: Visits) -> Self {
        Self { visits: Some(visits), ..self }
    }

    /// That a hostname is in none of what was given.
    pub fn silence(&self) -> &'static str {
        match (self.written.is_empty(), self.visits.is_some()) {
            (true, true) => "no recorded event is",
            (false, true) => "neither a recorded event nor a row of the mapping is",
            (_, false) => "no row of the mapping is",
        }
    }

    /// What depends on this hostname, with or without `www.`.
    pub fn of(&self, hostname: &str) -> Option<Dependence> {
        let bare = hostname.strip_prefix("www.").unwrap_or(hostname);
        let names = [hostname, bare, &format!("www.{bare}")];
        let written = names.iter().find_map(|name| self.written.get(*name)).cloned();
        let Some(recorded) = self.visits.as_ref().and_then(|visits| visits.of(hostname)) else { return written };
        let weeks = recorded.weeks as f64;
        Some(Dependence {
            offers_per_week: recorded.offers as f64 / weeks,
            chats_per_week: recorded.accepted as f64 / weeks,
            weeks,
            owner: written.map_or_else(String::new, |row| row.owner),
            recorded: Some(recorded),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_by_the_names_of_its_columns() {
        let table = b"owner,hostname,weeks,offers_per_week,chats_per_week\nWeb team,Shop.example,8,120,35\n";
        let mapping = Mapping::read(table).unwrap();
        let found = mapping.of("www.shop.example").unwrap();
        assert_eq!((found.offers_per_week, found.chats_per_week, found.weeks), (120.0, 35.0, 8.0));
        assert_eq!(found.owner, "Web team");
        assert!(mapping.of("other.example").is_none());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let said = |table: &[u8]| Mapping::read(table).unwrap_err().to_string();
        assert!(said(b"host,offers\n").contains("no column hostname"));
        assert!(said(b"hostname,offers_per_week,chats_per_week,weeks\na,many,1,1\n").contains("line 2"));
        assert!(said(b"hostname,offers_per_week,chats_per_week,weeks\na,-1,1,1\n").contains("offers_per_week"));
    }
}
