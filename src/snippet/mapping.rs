//! Mapping: what depends on a hostname, as somebody wrote it down or as recorded visits tell: offers, chats, owner.

use std::collections::BTreeMap;

use super::visits::{HostOffers, Recording, Visits};

/// What depends on a hostname.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependence {
    /// Offers a week; nothing where what was recorded is shorter than a week.
    pub offers_per_week: Option<f64>,
    /// Chats a week that came of them.
    pub chats_per_week: Option<f64>,
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
    /// Why recorded events could not be read.
    unread: Vec<String>,
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
                offers_per_week: Some(number(0)?),
                chats_per_week: Some(number(1)?),
                weeks: number(2)?,
                owner: owner.and_then(|place| record.get(place)).unwrap_or("").to_owned(),
                recorded: None,
            };
            all.insert(record.get(hostname).unwrap_or("").to_ascii_lowercase(), dependence);
        }
        Ok(Self { written: all, visits: None, unread: Vec::new() })
    }

    /// The same with recorded visits, which go before what was written down.
    pub fn with_visits(self, visits: Visits, recordings: &[Recording]) -> Self {
        let unread = recordings.iter().filter_map(Recording::complaint).collect();
        Self { visits: Some(visits), unread, ..self }
    }

    /// Why recorded events could not be read.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Whether nobody wrote anything down.
    pub fn is_unwritten(&self) -> bool {
        self.written.is_empty()
    }

    /// Whether no recorded event could be used, though some were named.
    pub fn is_deaf(&self) -> bool {
        self.visits.as_ref().is_some_and(Visits::is_empty)
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
        Some(Dependence {
            offers_per_week: recorded.weekly(recorded.offers),
            chats_per_week: recorded.weekly(recorded.accepted),
            weeks: (recorded.days() / 7.0 * 100.0).round() / 100.0,
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
        assert_eq!((found.offers_per_week, found.chats_per_week, found.weeks), (Some(120.0), Some(35.0), 8.0));
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
