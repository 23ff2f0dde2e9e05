//! Reading: a record becomes a fact, or is accounted as what it is; the first of the two loops calls it for every record.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::log::Accounted;
pub use super::log::EpochKeys;
use crate::engine::admission::Admitted;
use crate::engine::fact::Fact;
use crate::engine::label::KnownLabels;
use crate::engine::names::{Epoch, MissingEpoch};
use crate::engine::{Admission, Event, EventTime};
use crate::settings::Settings;
use crate::wire::genesys::{self, Class, Reading, Rules, SetAside, SignalNames};

/// Reads records of one configuration.
#[derive(Debug)]
pub struct Reader {
    /// What the records of each source are read by; of files, one for all.
    rules: Vec<Rules>,
    organizations: Vec<Arc<str>>,
    admission: Admission,
}

/// What became of a record.
#[derive(Debug)]
pub enum Taken {
    /// A fact, and when its record arrived.
    Fact(EventTime, Box<Fact>),
    /// Refused by policy; the facts that are left of it, and when its record arrived.
    NotPermitted(EventTime, Vec<Fact>),
    /// Valid, and feeds nothing.
    NotRelevant,
    /// Cannot be used.
    SetAside(SetAside),
    /// No record at all.
    Blank,
}

impl Reader {
    /// A reader of files: what does not say whose it is belongs to the organization on which all sources agree.
    pub fn of_files(settings: &Settings, label_key: [u8; 32], names: Vec<Arc<str>>) -> Self {
        Self::of(settings, label_key, names, vec![settings.organization_for_files()])
    }

    /// A reader of the topics that are listed: what does not say whose it is belongs to the topic's organization.
    pub fn of_topics(settings: &Settings, label_key: [u8; 32], names: Vec<Arc<str>>) -> Self {
        let each = settings.sources.iter().map(|source| settings.organization_for_topic(&source.topic));
        Self::of(settings, label_key, names, each.collect())
    }

    fn of(settings: &Settings, label_key: [u8; 32], names: Vec<Arc<str>>, defaults: Vec<Option<Arc<str>>>) -> Self {
        let organizations = settings.organizations();
        let rules = defaults.into_iter().map(|default_organization| Rules {
            organizations: organizations.clone(),
            default_organization,
            signals: settings.policy.as_ref().map(|policy| SignalNames {
                consent: Arc::clone(&policy.consent.attribute),
                privacy_control: Arc::clone(&policy.consent.privacy_control_attribute),
            }),
            max_clock_ahead: settings.windows.max_clock_ahead,
            correction_horizon: settings.windows.correction_horizon,
        });
        let known = KnownLabels::new(names, label_key);
        let admission = Admission::new(organizations.clone(), known, settings.page_policy());
        Self { rules: rules.collect(), organizations, admission }
    }

    /// What its facts' labels are interned in, and which unlisted maps it met.
    pub const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Forgets the keys of epochs for which this does not hold: keys that were destroyed name nothing more.
    pub fn keep_epochs(&mut self, holds: impl Fn(Epoch) -> bool) {
        self.admission.keep_epochs(holds);
    }

    /// Unlisted action maps that may be told, and were met since this was last asked.
    pub fn strangers_met(&mut self) -> Vec<(String, String)> {
        self.admission.strangers_mut().news()
    }

    /// The organizations, in the order in which facts count them.
    pub fn organizations(&self) -> &[Arc<str>] {
        &self.organizations
    }

    /// The reader's tables, when it has read all.
    pub fn into_admission(self) -> Admission {
        self.admission
    }

    /// Reads one record of a file; asks for the keys of an epoch the first time that it needs them.
    pub fn read<E>(&mut self, record: &[u8], keys_of: impl FnMut(Epoch) -> Result<EpochKeys, E>) -> Result<Taken, E> {
        self.read_of(0, None, record, keys_of)
    }

    /// A regulated page is refused whatever its time; any other is set aside for it.
    fn refuse_untimely<E>(
        &mut self,
        event: &Event<'_>,
        aside: SetAside,
        mut keys_of: impl FnMut(Epoch) -> Result<EpochKeys, E>,
    ) -> Result<Taken, E> {
        loop {
            match self.admission.refuse_untimely(event) {
                Ok(Some(facts)) => return Ok(Taken::NotPermitted(event.arrival, facts)),
                Ok(None) => return Ok(Taken::SetAside(aside)),
                Err(MissingEpoch(epoch)) => self.admission.learn_epoch(epoch, &keys_of(epoch)?),
            }
        }
    }

    /// Reads one record of a source, by its place in the list, that was recorded at this time.
    pub fn read_of<E>(
        &mut self,
        source: usize,
        recorded: Option<EventTime>,
        record: &[u8],
        mut keys_of: impl FnMut(Epoch) -> Result<EpochKeys, E>,
    ) -> Result<Taken, E> {
        let Some(rules) = self.rules.get(source) else { return Ok(Taken::NotRelevant) };
        let event = match genesys::read(record, recorded, rules) {
            Reading::Admitted(event) => event,
            Reading::NotRelevant => return Ok(Taken::NotRelevant),
            Reading::SetAside(aside) => return Ok(Taken::SetAside(aside)),
            Reading::Untimely(event, aside) => return self.refuse_untimely(&event, aside, keys_of),
            Reading::Blank => return Ok(Taken::Blank),
        };
        loop {
            match self.admission.admit(&event) {
                Ok(Admitted::Fact(fact)) => return Ok(Taken::Fact(event.arrival, Box::new(fact))),
                Ok(Admitted::NotPermitted(facts)) => return Ok(Taken::NotPermitted(event.arrival, facts)),
                Err(MissingEpoch(epoch)) => self.admission.learn_epoch(epoch, &keys_of(epoch)?),
            }
        }
    }
}

/// How many records ended in which of the four outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounting {
    /// At least one fact came of it.
    pub admitted: u64,
    /// Valid, but feeds nothing.
    pub not_relevant: u64,
    /// Refused by policy.
    pub not_permitted: u64,
    /// Cannot be used, by class.
    pub set_aside: BTreeMap<Class, u64>,
}

impl Accounting {
    /// Notes what became of one record.
    pub fn note(&mut self, taken: &Taken) {
        match taken {
            Taken::Fact(..) => self.admitted += 1,
            Taken::NotPermitted(..) => self.not_permitted += 1,
            Taken::NotRelevant => self.not_relevant += 1,
            Taken::SetAside(aside) => *self.set_aside.entry(aside.class).or_default() += 1,
            Taken::Blank => {}
        }
    }

    /// Records that cannot be used, of all classes.
    pub fn set_aside_in_all(&self) -> u64 {
        self.set_aside.values().sum()
    }

    /// All records that were read.
    pub fn read(&self) -> u64 {
        self.admitted + self.not_relevant + self.not_permitted + self.set_aside_in_all()
    }

    /// Adds another account.
    pub fn add(&mut self, other: &Self) {
        self.admitted += other.admitted;
        self.not_relevant += other.not_relevant;
        self.not_permitted += other.not_permitted;
        for (class, n) in &other.set_aside {
            *self.set_aside.entry(*class).or_default() += n;
        }
    }

    /// The same, as a log keeps it and metrics tell it.
    pub fn told(&self, source: &str) -> Vec<Accounted> {
        let plain =
            [("admitted", self.admitted), ("not_relevant", self.not_relevant), ("not_permitted", self.not_permitted)];
        let plain = plain.into_iter().map(|(outcome, records)| (outcome, "", records));
        let classes = self.set_aside.iter().map(|(class, records)| ("set_aside", class.name(), *records));
        let all = plain.chain(classes).filter(|(_, _, records)| *records > 0);
        let accounted = |(outcome, class, records): (&str, &str, u64)| Accounted {
            source: source.to_owned(),
            outcome: outcome.to_owned(),
            class: class.to_owned(),
            records,
        };
        all.map(accounted).collect()
    }
}
