//! The audit of whichever log is configured: read, and told what happens.

use std::convert::Infallible;

use crate::audit::{Entry, Event, Holds, Kept, PublicKey, event};
use crate::io::kafka::{AuditTopic, Cluster};
use crate::io::{Embedded, clock};
use crate::perform::{Failure, must_be_there};
use crate::policy;
use crate::settings::{Log, Settings};

/// The audit of a log that was opened for it.
#[derive(Debug)]
pub enum AuditLog {
    /// In a data folder.
    Embedded(Box<Embedded>),
    /// In a topic.
    Kafka(Box<AuditTopic>),
}

/// The audit of a log that somebody else holds open.
#[derive(Debug)]
pub enum Beside<'a> {
    /// In a data folder.
    Embedded(&'a mut Embedded),
    /// In a topic.
    Kafka(&'a AuditTopic),
}

impl AuditLog {
    /// The audit of the log that a configuration names; a folder that is not there is not made.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        must_be_there(settings)?;
        match &settings.log {
            Log::Embedded { .. } => Ok(Self::Embedded(Box::new(Embedded::of(settings)?))),
            Log::Kafka { .. } => Ok(Self::Kafka(Box::new(AuditTopic::of(settings, &Cluster::of(settings)?)?))),
        }
    }

    /// The same, as something that is held open.
    pub fn beside(&mut self) -> Beside<'_> {
        match self {
            Self::Embedded(log) => Beside::Embedded(log),
            Self::Kafka(topic) => Beside::Kafka(topic),
        }
    }

    /// Every entry that is kept, oldest first.
    pub fn kept(&mut self) -> Result<Vec<Kept>, Failure> {
        self.beside().kept()
    }

    /// The same, where it is whole and as its key signed it.
    pub fn trusted(&mut self) -> Result<Vec<Kept>, Failure> {
        self.holds()?;
        self.kept()
    }

    /// The holds that are active, where it is whole and as its key signed it.
    pub fn holds(&self) -> Result<Holds, Failure> {
        match self {
            Self::Embedded(log) => Ok(log.holds()?),
            Self::Kafka(topic) => Ok(topic.holds()?),
        }
    }

    /// The key that verifies it.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Embedded(log) => log.signer().public_key(),
            Self::Kafka(topic) => topic.signer().public_key(),
        }
    }
}

impl Beside<'_> {
    /// Every entry that is kept, oldest first.
    pub fn kept(&self) -> Result<Vec<Kept>, Failure> {
        match self {
            Self::Embedded(log) => Ok(log.audit()?),
            Self::Kafka(topic) => Ok(topic.kept()?),
        }
    }

    /// Appends what is decided in view of all entries; what refuses appends nothing.
    pub fn record<R>(&mut self, decide: impl Fn(&[Entry]) -> Result<Vec<Event>, R>) -> Result<Result<(), R>, Failure> {
        match self {
            Self::Embedded(log) => Ok(log.record(clock::now(), decide)?),
            Self::Kafka(topic) => Ok(topic.record(clock::now(), decide)?),
        }
    }

    /// What every entry says.
    pub fn entries(&self) -> Result<Vec<Entry>, Failure> {
        Ok(self.kept()?.iter().map(Kept::read).collect::<Result<_, _>>()?)
    }
}

/// Opens the configured log's audit and tells it this.
pub fn tell(settings: &Settings, events: Vec<Event>) -> Result<(), Failure> {
    let mut log = AuditLog::of(settings)?;
    let told = log.beside().record(|_| Ok::<_, Infallible>(events.clone()))?;
    told.unwrap_or_else(|never| match never {});
    Ok(())
}

/// Tells of the policy under which a service or an `ingest` starts, unless the last start was under the same; and says the newest head,
/// so that it is also where their own log goes.
pub fn tell_of_the_start(settings: &Settings, log: &mut Beside<'_>) -> Result<(), Failure> {
    let version = settings.policy.as_ref().map(|policy| policy.version());
    let standing = policy::standing_of(settings);
    let told = log.record(|entries| {
        let recorded = entries.iter().map(|entry| &entry.event);
        let is_production = settings.is_production();
        Ok::<_, Infallible>(event::of_a_start(
            recorded,
            version.as_deref(),
            &settings.environment,
            &standing,
            is_production,
        ))
    })?;
    told.unwrap_or_else(|never| match never {});
    match log.kept()?.last() {
        Some(last) => tracing::info!(head = last.head, "audit: whoever keeps this head can prove what came before it"),
        None => tracing::info!("audit: nothing has happened yet that it tells of"),
    }
    Ok(())
}
