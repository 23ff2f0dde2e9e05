//! The transactions of one worker: records and the group's offset become visible together, or never.

use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer, ThreadedProducer};
use rdkafka::{ClientConfig, TopicPartitionList};

use super::sender::{Outgoing, drain, fatal_or, patience_of, send};
use super::witness::Witness;
use super::{Cluster, KafkaTrouble};
use crate::io::clock::Watch;
use crate::io::log::Fate;

/// How long one call may take; it is asked again while the transaction may last.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long the cluster may take to know this producer, and to settle what the one before left open.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);

/// The transactions of one worker.
pub(super) struct Transactions {
    cluster: Cluster,
    producer: ThreadedProducer<Witness>,
    /// How long a transaction is tried before it is called undecided.
    lasting: Duration,
    undecided: bool,
    outcomes: Outcomes,
}

/// How far a group came with what is committed; nothing where no group reads.
type Offsets<'a> = Option<(&'a TopicPartitionList, &'a ConsumerGroupMetadata)>;

/// How commits ended, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Everything became visible.
    pub committed: u64,
    /// Nothing did.
    pub aborted: u64,
    /// One or the other; what is committed tells.
    pub undecided: u64,
}

impl Transactions {
    /// Becomes the only one with this worker's name; whatever another left open is over then.
    pub(super) fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let lasting = patience_of(cluster.transactions().get("transaction.timeout.ms"));
        Ok(Self {
            producer: ready(&cluster.transactions())?,
            cluster: cluster.clone(),
            lasting,
            undecided: false,
            outcomes: Outcomes::default(),
        })
    }

    /// Settles what is not decided yet: afterwards, what is committed tells.
    pub(super) fn decide(&mut self) -> Result<(), KafkaTrouble> {
        if self.undecided {
            self.producer = ready(&self.cluster.transactions())?;
            self.undecided = false;
        }
        Ok(())
    }

    /// Whether it is open how the last commit ended. The next one settles that by becoming the only one with this name anew.
    pub(super) const fn is_undecided(&self) -> bool {
        self.undecided
    }

    /// How commits ended.
    pub(super) const fn outcomes(&self) -> Outcomes {
        self.outcomes
    }

    /// Commits records, and an offset of a group with them.
    pub(super) fn commit<'a>(
        &mut self,
        records: impl Iterator<Item = Outgoing<'a>>,
        offsets: Offsets<'_>,
    ) -> Result<(), KafkaTrouble> {
        let watch = Watch::start();
        let done = self.try_to_commit(records, offsets);
        tracing::debug!(elapsed = ?watch.elapsed(), committed = done.is_ok(), "a transaction ended");
        let outcome = match done.as_ref().map_err(KafkaTrouble::fate) {
            Ok(()) => &mut self.outcomes.committed,
            Err(Fate::Undecided) => &mut self.outcomes.undecided,
            Err(Fate::Retry | Fate::Lost | Fate::Halt) => &mut self.outcomes.aborted,
        };
        *outcome += 1;
        done
    }

    fn try_to_commit<'a>(
        &mut self,
        records: impl Iterator<Item = Outgoing<'a>>,
        offsets: Offsets<'_>,
    ) -> Result<(), KafkaTrouble> {
        self.decide()?;
        self.producer.begin_transaction().map_err(|error| self.judge("beginning a transaction", error))?;
        if let Err(trouble) = self.fill(records, offsets) {
            return Err(self.abort(trouble));
        }
        self.again("committing", |producer| producer.commit_transaction(PATIENCE)).map_err(|trouble| {
            if let KafkaTrouble::Slow { doing, .. } = trouble {
                self.undecided = true;
                return KafkaTrouble::Slow { doing, fate: Fate::Undecided };
            }
            self.abort(trouble)
        })
    }

    fn fill<'a>(
        &self,
        mut records: impl Iterator<Item = Outgoing<'a>>,
        offsets: Offsets<'_>,
    ) -> Result<(), KafkaTrouble> {
        records.try_for_each(|outgoing| send(&self.producer, &outgoing, self.lasting))?;
        if let Some((offsets, group)) = offsets {
            self.again("sending the offset", |producer| {
                producer.send_offsets_to_transaction(offsets, group, PATIENCE)
            })?;
        }
        // A commit with records on their way costs a tenth of a second more.
        drain(&self.producer, self.lasting)
    }

    /// Asks until it is done, or until it is clear that asking does not help.
    fn again(
        &self,
        doing: &'static str,
        ask: impl Fn(&ThreadedProducer<Witness>) -> Result<(), KafkaError>,
    ) -> Result<(), KafkaTrouble> {
        let trying = Watch::start();
        loop {
            match ask(&self.producer) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(error)) if may_ask_again(&error) => {
                    if trying.elapsed() > self.lasting {
                        return Err(KafkaTrouble::Slow { doing, fate: Fate::Retry });
                    }
                }
                Err(error) => return Err(self.judge(doing, error)),
            }
        }
    }

    /// Takes everything back. What could not be done is the trouble, unless taking it back fails as well.
    fn abort(&mut self, trouble: KafkaTrouble) -> KafkaTrouble {
        if trouble.fate() == Fate::Halt {
            return trouble;
        }
        match self.again("aborting", |producer| producer.abort_transaction(PATIENCE)) {
            Ok(()) => trouble,
            Err(other) => {
                // A new producer of the same name ends whatever this one left open.
                self.undecided = other.fate() != Fate::Halt;
                if self.undecided { trouble } else { other }
            }
        }
    }

    fn judge(&self, doing: &'static str, error: KafkaError) -> KafkaTrouble {
        // What the client did not class is beyond help.
        let fate = if let KafkaError::Transaction(error) = &error { fate_of(error) } else { Fate::Halt };
        fatal_or(&self.producer, KafkaTrouble::Client { doing, fate, source: error })
    }
}

/// A producer that nobody else's transactions come between.
pub(super) fn ready(config: &ClientConfig) -> Result<ThreadedProducer<Witness>, KafkaTrouble> {
    let trouble = |source| KafkaTrouble::lasting("making the producer of transactions", source);
    let producer: ThreadedProducer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
    let trying = Watch::start();
    loop {
        match producer.init_transactions(FIRST_PATIENCE) {
            Ok(()) => return Ok(producer),
            Err(KafkaError::Transaction(error)) if may_ask_again(&error) && trying.elapsed() < FIRST_PATIENCE => {}
            Err(source) => {
                let doing = "making itself known as the only producer of this name";
                let passes = matches!(&source, KafkaError::Transaction(error) if may_ask_again(error));
                let fate = if passes { Fate::Retry } else { Fate::Halt };
                return Err(KafkaTrouble::Client { doing, fate, source });
            }
        }
    }
}

fn may_ask_again(error: &RDKafkaError) -> bool {
    error.is_retriable() && !error.txn_requires_abort() && !error.is_fatal()
}

/// Classed by what the client says must be done, never by the code alone; the code only tells whether another member
/// of the group took over.
fn fate_of(error: &RDKafkaError) -> Fate {
    if error.is_fatal() {
        return Fate::Halt;
    }
    if !error.txn_requires_abort() {
        return if error.is_retriable() { Fate::Retry } else { Fate::Halt };
    }
    let another_owns = [
        RDKafkaErrorCode::IllegalGeneration,
        RDKafkaErrorCode::UnknownMemberId,
        RDKafkaErrorCode::FencedInstanceId,
        RDKafkaErrorCode::RebalanceInProgress,
    ];
    if another_owns.contains(&error.code()) { Fate::Lost } else { Fate::Retry }
}
