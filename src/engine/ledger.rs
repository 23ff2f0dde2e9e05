//! The ledger: what every (planning group, interval) has been given, as integer tallies by action map.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::adjustment::VolumeAdjustment;
use super::interval::{Calendar, IntervalWindow};
use super::plan::Plan;
use super::routing::{EntryIndex, GroupIndex};
use super::tally::{Metric, Tally};
use super::time::{EventTime, Span};

/// Something that an entity adds to one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// The planning group.
    pub group: GroupIndex,
    /// The configured action map through which it came, where one is known.
    pub entry: Option<EntryIndex>,
    /// What.
    pub what: Amount,
    /// In the interval of this instant.
    pub at: EventTime,
}

/// What is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// One more.
    Count(Metric),
    /// One more conversation whose handle time is known.
    Handled(Span),
}

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The planning group.
    pub group: GroupIndex,
    /// The interval's first instant.
    pub start: EventTime,
}

/// What the forecast already holds for a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Contacts.
    pub offered: f64,
    /// Average handle time in seconds.
    pub handle_time_seconds: Option<f64>,
}

/// One row of the ledger.
#[derive(Debug)]
pub struct Row {
    /// Its interval.
    pub window: IntervalWindow,
    /// What it has been given, by configured action map.
    pub tallies: BTreeMap<Option<EntryIndex>, Tally>,
    /// What was last said of it.
    pub said: Option<Arc<VolumeAdjustment>>,
}

impl Row {
    /// All tallies together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.tallies.values().for_each(|tally| total += tally);
        total
    }
}

/// All rows.
#[derive(Debug)]
pub struct Ledger {
    calendars: Vec<Calendar>,
    unit_of: Vec<usize>,
    rows: BTreeMap<RowKey, Row>,
    changed: BTreeSet<RowKey>,
    expected: BTreeMap<RowKey, Expected>,
}

impl Ledger {
    /// An empty ledger for the groups of a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            calendars: plan.units.iter().map(|unit| Calendar::new(unit.zone.clone(), unit.interval)).collect(),
            unit_of: plan.groups.iter().map(|group| group.unit).collect(),
            rows: BTreeMap::new(),
            changed: BTreeSet::new(),
            expected: BTreeMap::new(),
        }
    }

    /// The calendar of a group's business unit.
    pub fn calendar(&mut self, group: GroupIndex) -> Option<&mut Calendar> {
        let unit = *self.unit_of.get(group.0 as usize)?;
        self.calendars.get_mut(unit)
    }

    /// Moves a row from what an entity gave before to what it gives now.
    pub fn replace(&mut self, before: &[Contribution], now: &[Contribution]) {
        for old in before.iter().filter(|old| !now.contains(old)) {
            self.add(old, -1);
        }
        for new in now.iter().filter(|new| !before.contains(new)) {
            self.add(new, 1);
        }
    }

    /// The row of a group in which this happened, made where it is new.
    pub fn row_at(&mut self, group: GroupIndex, at: EventTime) -> Option<(RowKey, &mut Row)> {
        let window = self.calendar(group)?.interval_at(at);
        let key = RowKey { group, start: window.start };
        let row = self.rows.entry(key).or_insert_with(|| Row { window, tallies: BTreeMap::new(), said: None });
        Some((key, row))
    }

    /// A row.
    pub fn row_mut(&mut self, key: RowKey) -> Option<&mut Row> {
        self.rows.get_mut(&key)
    }

    /// Learns what the forecast holds for a row; true where that is news.
    pub fn expect(&mut self, key: RowKey, expected: Expected) -> bool {
        self.expected.insert(key, expected) != Some(expected)
    }

    /// What the forecast holds for a row.
    pub fn expected(&self, key: RowKey) -> Option<Expected> {
        self.expected.get(&key).copied()
    }

    /// Notes that a row may have to be said anew.
    pub fn touch(&mut self, key: RowKey) {
        self.changed.insert(key);
    }

    /// Notes it of every row that is remembered.
    pub fn touch_all(&mut self) {
        self.changed.extend(self.rows.keys().copied());
    }

    /// The rows that may have to be said anew, in order.
    pub const fn changed(&self) -> &BTreeSet<RowKey> {
        &self.changed
    }

    /// The same; they are not named again.
    pub fn take_changed(&mut self) -> BTreeSet<RowKey> {
        std::mem::take(&mut self.changed)
    }

    /// Forgets rows (and what was expected of them) for which `is_over` holds.
    pub fn forget(&mut self, is_over: impl Fn(RowKey, EventTime) -> bool) {
        self.rows.retain(|key, row| !is_over(*key, row.window.end));
        self.expected.retain(|key, _| !is_over(*key, key.start));
    }

    /// How many rows are remembered.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True where none is.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn add(&mut self, contribution: &Contribution, n: i64) {
        let Some((key, row)) = self.row_at(contribution.group, contribution.at) else { return };
        let tally = row.tallies.entry(contribution.entry).or_default();
        match contribution.what {
            Amount::Count(metric) => tally.add(metric, n),
            Amount::Handled(span) => {
                tally.handled += n;
                tally.handle_time_millis += n * span.millis();
            }
        }
        if tally.is_zero() {
            row.tallies.remove(&contribution.entry);
        }
        self.changed.insert(key);
    }
}
