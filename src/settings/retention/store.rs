//! Every store: where something rests, about whom, for how long, and what ends it.

use serde::{Deserialize, Serialize};

use crate::engine::Span;
use crate::settings::{Log, Settings};

/// Facts under visit names are kept for so long.
pub const VISITS_KEPT: Span = Span::from_minutes(120);
/// All other facts are kept for so much longer than an event may come late.
const FACTS_PAST_HORIZON: Span = Span::from_days(5);
/// What a row says where no citation is known.
pub const ASK_COUNSEL: &str = "ask counsel";

/// A place where something rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// The customer's topics, or files.
    Input,
    /// Facts about actions, conversations and regulated visits.
    Facts,
    /// Facts under visit names.
    Visits,
    /// The newest revision of every row.
    Adjustments,
    /// Every revision.
    Revisions,
    /// What the forecast already holds.
    Baseline,
    /// What was done to policies, keys, holds and erasures.
    Audit,
    /// Pointers to records that could not be used.
    SetAside,
    /// What stand-ins of unlisted action maps stand for.
    Labels,
    /// How far was read and counted, and what became of the records.
    Progress,
    /// The keys of epochs, sealed.
    Keys,
    /// The key that seals them.
    MasterKey,
    /// What the process says of itself.
    Logs,
    /// What commands write where they are told to.
    Files,
}

/// About whom something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// About nobody.
    Nobody,
    /// About somebody under a keyed hash.
    UnderAHash,
    /// About somebody as the contact centre knows him.
    Somebody,
}

impl Whom {
    /// As it is listed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "no person",
            Self::UnderAHash => "pseudonymous",
            Self::Somebody => "personal",
        }
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// For so long after its clock starts.
    For(Span),
    /// For as long as the log is, each value until the next one.
    UntilReplaced,
    /// For as long as somebody else decides.
    NotOurs,
}

/// What a store is, whatever is configured.
struct Described {
    name: &'static str,
    holds: &'static str,
    whom: Whom,
    from: &'static str,
    may_be_held: bool,
}

impl Store {
    /// Every store, in the order in which data flows.
    pub const ALL: [Self; 14] = [
        Self::Input,
        Self::Facts,
        Self::Visits,
        Self::Adjustments,
        Self::Revisions,
        Self::Baseline,
        Self::Audit,
        Self::SetAside,
        Self::Labels,
        Self::Progress,
        Self::Keys,
        Self::MasterKey,
        Self::Logs,
        Self::Files,
    ];

    /// The names of all, in that order.
    pub const NAMES: [&str; 14] = [
        "input",
        "facts",
        "visits",
        "adjustments",
        "revisions",
        "baseline",
        "audit",
        "set-aside",
        "labels",
        "progress",
        "keys",
        "master-key",
        "logs",
        "files",
    ];

    /// The store of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|store| store.name() == name)
    }

    /// What it is called in a policy and in lists.
    pub const fn name(self) -> &'static str {
        self.described().name
    }

    /// What rests there.
    pub const fn holds(self) -> &'static str {
        self.described().holds
    }

    /// About whom that is.
    pub const fn whom(self) -> Whom {
        self.described().whom
    }

    /// From when on its period counts.
    pub const fn from(self) -> &'static str {
        self.described().from
    }

    /// Whether a legal hold may suspend its deletion. What can be tied to a visit, and keys, no hold keeps: without its keys
    /// a fact that is held names nobody.
    pub const fn may_be_held(self) -> bool {
        self.described().may_be_held
    }

    /// Why no hold can keep anything in it; nothing where one can.
    pub const fn never_held(self) -> Option<&'static str> {
        if self.may_be_held() {
            return None;
        }
        match self {
            Self::Visits => Some("visits are never kept for longer than two hours, whoever asks"),
            Self::Keys => Some("keys are destroyed on their day, whoever asks: that is what makes names end"),
            Self::Input | Self::MasterKey | Self::Logs | Self::Files => {
                Some("it is yours: journeycast deletes nothing in it, and can keep nothing there")
            }
            Self::Facts
            | Self::Adjustments
            | Self::Revisions
            | Self::Baseline
            | Self::Audit
            | Self::SetAside
            | Self::Labels
            | Self::Progress => Some("it tells of no matter: it is what the program itself goes on with"),
        }
    }

    /// Whether what it holds is of a planning group.
    pub const fn knows_groups(self) -> bool {
        match self {
            Self::Adjustments | Self::Revisions | Self::Baseline => true,
            Self::Input
            | Self::Facts
            | Self::Visits
            | Self::Audit
            | Self::SetAside
            | Self::Labels
            | Self::Progress
            | Self::Keys
            | Self::MasterKey
            | Self::Logs
            | Self::Files => false,
        }
    }

    const fn described(self) -> Described {
        const fn of(name: &'static str, holds: &'static str, whom: Whom, from: &'static str, held: bool) -> Described {
            Described { name, holds, whom, from, may_be_held: held }
        }
        let (nobody, hash, somebody) = (Whom::Nobody, Whom::UnderAHash, Whom::Somebody);
        let (appended, said) = ("when it was appended", "when it was last said");
        match self {
            Self::Input => of("input", "the raw records of the contact centre", somebody, "as you set it", false),
            Self::Facts => of(
                "facts",
                "what happened to actions and conversations, and which visits are regulated",
                hash,
                appended,
                true,
            ),
            Self::Visits => of("visits", "which kinds of pages and segments a visit had", hash, appended, false),
            Self::Adjustments => of("adjustments", "the newest revision of every row", nobody, said, true),
            Self::Revisions => of("revisions", "every revision of every row", nobody, "when it was said", true),
            Self::Baseline => of("baseline", "volumes that the forecast already holds", nobody, appended, true),
            Self::Audit => of("audit", "what was done to policies, keys, holds and erasures", nobody, appended, true),
            Self::SetAside => of("set-aside", "where records lie that could not be used", nobody, appended, true),
            Self::Labels => {
                of("labels", "ids of action maps that no planning group names", nobody, "when one was last seen", false)
            }
            Self::Progress => of("progress", "how far was read and counted, and how many records", nobody, "", false),
            Self::Keys => of(
                "keys",
                "the keys of epochs, sealed by the master key",
                nobody,
                "the later of the end of their epoch and when they were made",
                false,
            ),
            Self::MasterKey => of("master-key", "the key that seals the keys of epochs", nobody, "", false),
            Self::Logs => {
                of("logs", "what the process says of itself, without ids and records", nobody, "as you set it", false)
            }
            Self::Files => {
                of("files", "what replay, tail, set-aside and exports wrote", nobody, "as you set it", false)
            }
        }
    }

    /// The tables of the embedded log in which it is.
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Facts => &["facts"],
            Self::Visits => &["visits"],
            Self::Adjustments => &["rows"],
            Self::Revisions => &["revisions"],
            Self::Baseline => &["baseline"],
            Self::Audit => &["audit"],
            Self::SetAside => &["set_aside"],
            Self::Labels => &["unrouted_labels"],
            Self::Progress => &["positions", "progress", "accounting", "meta"],
            Self::Keys => &["keys"],
            Self::Input | Self::MasterKey | Self::Logs | Self::Files => &[],
        }
    }

    /// The topics of ours in which it is.
    pub const fn topics(self) -> &'static [&'static str] {
        match self {
            Self::Facts => &["journeycast.facts.v1"],
            Self::Visits => &["journeycast.visits.v1"],
            Self::Adjustments => &["wfm.volume-adjustments.v1"],
            Self::Revisions => &["wfm.volume-adjustment-revisions.v1"],
            Self::Baseline => &["wfm.baseline.v1"],
            Self::Audit => &["journeycast.audit.v1"],
            Self::SetAside => &["journeycast.set-aside.v1"],
            Self::Labels => &["journeycast.labels.v1"],
            Self::Progress => &["journeycast.progress.v1", "journeycast.erasures.v1"],
            Self::Keys => &["journeycast.keys.v1"],
            Self::Input | Self::MasterKey | Self::Logs | Self::Files => &[],
        }
    }

    /// How long it is kept under these settings.
    pub const fn period(self, settings: &Settings) -> Period {
        match self {
            Self::Facts | Self::Keys => Period::For(settings.facts_kept()),
            Self::Visits => Period::For(VISITS_KEPT),
            Self::Adjustments | Self::Revisions | Self::Baseline | Self::Audit => {
                Period::For(settings.retention.adjustments)
            }
            Self::SetAside | Self::Labels => Period::For(settings.retention.set_aside),
            Self::Progress => Period::UntilReplaced,
            Self::Input | Self::MasterKey | Self::Logs | Self::Files => Period::NotOurs,
        }
    }

    /// The period that nothing can change, where there is one.
    pub const fn fixed_period(self) -> Option<Span> {
        match self {
            Self::Visits => Some(VISITS_KEPT),
            Self::Input
            | Self::Facts
            | Self::Adjustments
            | Self::Revisions
            | Self::Baseline
            | Self::Audit
            | Self::SetAside
            | Self::Labels
            | Self::Progress
            | Self::Keys
            | Self::MasterKey
            | Self::Logs
            | Self::Files => None,
        }
    }

    /// Whether a period can be stated for it at all.
    pub const fn has_a_period(self) -> bool {
        !matches!(self, Self::Progress | Self::MasterKey)
    }

    /// What decides how long it is kept.
    pub const fn decided_by(self) -> &'static str {
        match self {
            Self::Facts | Self::Keys => "[windows] correction_horizon and 5 days",
            Self::Visits => "fixed",
            Self::Adjustments | Self::Revisions | Self::Baseline | Self::Audit => "[retention] adjustments",
            Self::SetAside | Self::Labels => "[retention] set_aside",
            Self::Progress => "the log",
            Self::Input => "you, where you keep your records",
            Self::MasterKey => "you: without it the state cannot be read",
            Self::Logs => "the platform that collects standard error",
            Self::Files => "you, where you had them written",
        }
    }

    /// What happens when its time is over.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Facts | Self::Visits | Self::Adjustments | Self::Revisions => "deleted",
            Self::Baseline | Self::Audit | Self::SetAside | Self::Labels => "deleted",
            Self::Progress => "replaced by the next value",
            Self::Keys => "destroyed, and with them every name that they made",
            Self::Input | Self::MasterKey | Self::Logs | Self::Files => "yours to delete",
        }
    }

    /// By what that happens on this log.
    pub const fn mechanism(self, log: &Log) -> &'static str {
        match (self, log) {
            (Self::Input, Log::Embedded { .. }) => "records are parsed before anything is written, so none rests here",
            (Self::Input, Log::Kafka { .. }) => "settings of your topics",
            (Self::MasterKey | Self::Logs | Self::Files, _) => "outside of journeycast",
            (Self::Progress, Log::Embedded { .. }) => "rows overwritten in the file",
            (Self::Progress, Log::Kafka { .. }) => "compaction",
            (Self::Keys, Log::Embedded { .. }) => "rows deleted and overwritten in the file; the journal is emptied",
            (Self::Keys, Log::Kafka { .. }) => "tombstones and compaction within max.compaction.lag.ms",
            (Self::Facts | Self::Visits, Log::Kafka { .. }) => {
                "retention of the topic, and DeleteRecords by the partition's owner"
            }
            (Self::Adjustments | Self::SetAside | Self::Labels, Log::Kafka { .. }) => {
                "retention of the topic, and compaction"
            }
            (Self::Revisions | Self::Baseline, Log::Kafka { .. }) => "retention of the topic",
            (Self::Audit, Log::Kafka { .. }) => "DeleteRecords by its owner",
            (
                Self::Facts
                | Self::Visits
                | Self::Adjustments
                | Self::Revisions
                | Self::Baseline
                | Self::Audit
                | Self::SetAside
                | Self::Labels,
                Log::Embedded { .. },
            ) => "rows deleted and overwritten in the file; the journal is emptied",
        }
    }
}

impl Settings {
    /// How long facts about actions and conversations are kept, and keys after the end of their epoch.
    pub const fn facts_kept(&self) -> Span {
        self.windows.correction_horizon.and(FACTS_PAST_HORIZON)
    }
}
