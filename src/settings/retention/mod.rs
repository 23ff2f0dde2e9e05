//! Retention as rows: for every store what rests there, how long, from when, what ends it, on what basis, and who answers.

use std::sync::Arc;

use jiff::civil::Date;

use super::duration;
use super::{Complaint, Place, Settings, SettingsError};
use crate::engine::Span;

mod store;
pub use store::{ASK_COUNSEL, Period, Store, VISITS_KEPT, Whom};

mod judging;
pub use judging::{Judgement, Seen, TopicSeen, Verdict, of_age, of_topic};

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

    fn kept_too_long(&self) -> Option<Complaint> {
        let (Period::For(kept), Some(stated)) = (self.period(), self.stated) else { return None };
        let at_most = stated.period.filter(|at_most| *at_most < kept)?;
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
            (super::Log::Kafka { .. }, store) => store.topic().unwrap_or("").to_owned(),
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
            Whom::UnderAHash => "about visitors under keyed hashes, which are personal data all the same",
            Whom::Somebody => "about visitors as the contact centre knows them",
        };
        let until = match self.period() {
            Period::For(span) => {
                format!("is kept for {} from {}, then {}", words(span), moment(store.from()), store.action())
            }
            Period::UntilReplaced => format!("is kept for as long as the log is, each value {}", store.action()),
            Period::NotOurs => {
                format!("is kept for as long as {} decide it; journeycast deletes none of it", decider(store))
            }
        };
        let (basis, answers) = match self.stated {
            None => (format!("{ASK_COUNSEL}, nothing is stated"), String::new()),
            Some(stated) => {
                let citation = stated.citation.as_deref().unwrap_or(ASK_COUNSEL);
                let at_most = stated.period.map(|span| format!(", at most {}", words(span))).unwrap_or_default();
                (format!("{} ({citation}){at_most}", stated.basis), format!("; {} answers for it", stated.owner))
            }
        };
        format!(
            "{}: {}, {about}, {until} ({}); basis: {basis}{answers}.",
            store.name(),
            store.holds(),
            store.mechanism(&self.settings.log)
        )
    }
}

const fn decider(store: Store) -> &'static str {
    match store {
        Store::Logs => "those who run the platform",
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
        | Store::Files => "you",
    }
}

/// "at the end of" follows "from" without its "at".
fn moment(from: &'static str) -> &'static str {
    from.strip_prefix("at ").unwrap_or(from)
}

/// A length of time as people say it.
pub fn words(span: Span) -> String {
    let units = [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000), ("millisecond", 1)];
    let whole = units.into_iter().find(|(_, millis)| span.millis() >= *millis && span.millis() % millis == 0);
    let (unit, millis) = whole.unwrap_or(("second", 1_000));
    let n = span.millis() / millis;
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}
