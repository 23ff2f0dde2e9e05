//! Retention as rows: for every store what rests there, how long, from when, what ends it, on what basis, and who answers.

use std::sync::Arc;

use jiff::civil::Date;

use super::duration;
use super::{Complaint, Place, Settings, SettingsError};
use crate::engine::Span;

mod store;
pub use store::{ASK_COUNSEL, Period, Store, VISITS_KEPT, Whom};

mod judging;
pub use judging::{Judgement, Seen, TopicSeen, Verdict, of_age, of_the_future, of_topic};

/// What a company states of one store; only it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Which.
    pub store: Store,
    /// The longest that it may be kept.
    pub period: Option<Span>,
    /// Why it may.
    pub basis: Arc<str>,
    /// Where that is written.
    pub citation: Option<Arc<str>>,
    /// Who answers for it.
    pub owner: Arc<str>,
    /// The last day before this must be reviewed again.
    pub review_by: Option<Date>,
    pub(super) period_place: Place,
    pub(super) review_place: Place,
}

/// A row: what holds for one store, and what is stated of it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    settings: &'a Settings,
    /// Which store.
    pub store: Store,
    /// What the policy states of it.
    pub stated: Option<&'a Stated>,
}

/// The columns in which rows are listed.
pub const COLUMNS: [&str; 15] = [
    "store",
    "holds",
    "person",
    "period",
    "decided_by",
    "clock_start",
    "expiry_action",
    "mechanism",
    "where",
    "hold",
    "basis",
    "citation",
    "stated_period",
    "owner",
    "review_by",
];

impl Settings {
    /// The row of every store.
    pub fn retention_rows(&self) -> Vec<Row<'_>> {
        Store::ALL.into_iter().map(|store| Row { settings: self, store, stated: self.stated(store) }).collect()
    }

    /// What is stated and was due for review before this day, a sentence each.
    pub fn retention_overdue(&self, today: Date) -> Vec<String> {
        let overdue = |row: &Row<'_>| {
            let due = row.overdue(today)?;
            let name = row.store.name();
            Some(format!(
                "the retention of {name} was due for review on {due}; have its line reviewed and its review_by moved"
            ))
        };
        self.retention_rows().iter().filter_map(overdue).collect()
    }

    fn stated(&self, store: Store) -> Option<&Stated> {
        self.policy.as_ref()?.retention.iter().find(|stated| stated.store == store)
    }

    /// Where something is kept for longer than the policy states, by the line that states it.
    pub fn kept_too_long(&self) -> Option<SettingsError> {
        let policy = self.policy.as_ref()?;
        let complaints: Vec<Complaint> = self.retention_rows().iter().filter_map(Row::kept_too_long).collect();
        (!complaints.is_empty()).then(|| SettingsError::new(policy.file(), complaints))
    }
}

impl Row<'_> {
    /// How long it is kept.
    pub const fn period(&self) -> Period {
        self.store.period(self.settings)
    }

    /// The longest that it may be kept: as promised, or as stated where that is shorter.
    pub fn longest(&self) -> Option<Span> {
        let stated = self.stated.and_then(|stated| stated.period);
        match self.period() {
            Period::For(span) => Some(stated.map_or(span, |stated| stated.min(span))),
            Period::UntilReplaced | Period::NotOurs => stated,
        }
    }

    /// How long it is kept, where that is longer than stated.
    pub fn kept_beyond_what_is_stated(&self) -> Option<Span> {
        let Period::For(kept) = self.period() else { return None };
        self.stated?.period.filter(|at_most| *at_most < kept).map(|_| kept)
    }

    fn kept_too_long(&self) -> Option<Complaint> {
        let (kept, stated) = (self.kept_beyond_what_is_stated()?, self.stated?);
        let at_most = stated.period?;
        let message = format!(
            "{} are kept for {} by {}, longer than the {} stated here; shorten that, or have this line reviewed",
            self.store.name(),
            duration::say(kept),
            self.store.decided_by(),
            duration::say(at_most)
        );
        Some(Complaint { place: stated.period_place.clone(), key: "retention.period".to_owned(), message })
    }

    /// What is stated and was due for review before this day.
    pub fn overdue(&self, today: Date) -> Option<Date> {
        self.stated?.review_by.filter(|review_by| *review_by < today)
    }

    fn period_in_words(&self) -> String {
        match self.period() {
            Period::For(span) => duration::say(span),
            Period::UntilReplaced => "until replaced".to_owned(),
            Period::NotOurs => "not ours".to_owned(),
        }
    }

    /// Where it rests.
    pub fn place(&self) -> String {
        match (&self.settings.log, self.store) {
            (super::Log::Kafka { .. }, Store::Input) => {
                let topics: Vec<&str> = self.settings.sources.iter().map(|source| &*source.topic).collect();
                topics.join(" ")
            }
            (super::Log::Kafka { .. }, store) => store.topics().join(" "),
            (super::Log::Embedded { .. }, store) => store.tables().join(" "),
        }
    }

    /// As it is listed.
    pub fn cells(&self) -> [String; COLUMNS.len()] {
        let store = self.store;
        let ask = || ASK_COUNSEL.to_owned();
        let stated = self.stated;
        [
            store.name().to_owned(),
            store.holds().to_owned(),
            store.whom().name().to_owned(),
            self.period_in_words(),
            store.decided_by().to_owned(),
            store.from().to_owned(),
            store.action().to_owned(),
            store.mechanism(&self.settings.log).to_owned(),
            self.place(),
            if store.may_be_held() { "may suspend it" } else { "never" }.to_owned(),
            stated.map_or_else(ask, |stated| stated.basis.to_string()),
            stated.and_then(|stated| stated.citation.as_deref()).map_or_else(ask, str::to_owned),
            stated.and_then(|stated| stated.period).map(duration::say).unwrap_or_default(),
            stated.map(|stated| stated.owner.to_string()).unwrap_or_default(),
            stated.and_then(|stated| stated.review_by).map(|day| day.to_string()).unwrap_or_default(),
        ]
    }

    /// One sentence for whoever must be told how long what is kept.
    pub fn sentence(&self) -> String {
        let store = self.store;
        let about = match store.whom() {
            Whom::Nobody => "about no person",
            Whom::UnderAHash => "about visitors under keyed hashes, which is personal data all the same",
            Whom::Somebody => "about visitors as the contact centre knows them",
        };
        let kept = match self.period() {
            Period::For(span) => format!("for {} from {} and then {}", words(span), store.from(), store.action()),
            Period::UntilReplaced => "for as long as the log is, each value until the next".to_owned(),
            Period::NotOurs => format!("for as long as {}, and journeycast deletes none of it", decider(store)),
        };
        let basis = match self.stated {
            None => format!("the basis is not stated: {ASK_COUNSEL}"),
            Some(stated) => {
                let citation = stated.citation.as_deref().unwrap_or(ASK_COUNSEL);
                let at_most = stated.period.map(|span| format!(" for {} at most", words(span))).unwrap_or_default();
                let Stated { basis, owner, .. } = stated;
                format!("{owner} answers for it and states as its basis{at_most}: {basis} ({citation})")
            }
        };
        let (name, holds, by) = (store.name(), store.holds(), store.mechanism(&self.settings.log));
        format!("{name} holds {holds}, {about}; it is kept {kept} ({by}); {basis}.")
    }
}

const fn decider(store: Store) -> &'static str {
    match store {
        Store::Logs => "those decide who run the platform",
        Store::Input
        | Store::Facts
        | Store::Visits
        | Store::Adjustments
        | Store::Revisions
        | Store::Baseline
        | Store::Audit
        | Store::SetAside
        | Store::Labels
        | Store::Progress
        | Store::Keys
        | Store::MasterKey
        | Store::Files => "you decide",
    }
}

/// A length of time as people say it.
pub fn words(span: Span) -> String {
    let units = [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000), ("millisecond", 1)];
    let whole = units.into_iter().find(|(_, millis)| span.millis() >= *millis && span.millis() % millis == 0);
    let (unit, millis) = whole.unwrap_or(("second", 1_000));
    let n = span.millis() / millis;
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}
