//! A counting worker: a member of the counting group that counts every partition of the facts that it owns.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;

use super::member::Member;
use super::share::Hands;
use super::topics::{ERASURES, FACTS, PROGRESS, ROWS, Topics, VISITS};
use super::transactions::{Outcomes, Transactions};
use super::turnings::Turnings;
use super::witness::Rebalanced;
use super::{Asker, Cluster, Due, KafkaTrouble, Share, Shortening, holding, registry, said};
use crate::engine::WallTime;
use crate::io::Counter;
use crate::io::clock::Watch;
use crate::io::counter::CounterError;
use crate::io::log::{Fate, LogError};
use crate::settings::Settings;
use crate::settings::retention::Store;
use crate::settings::retention::VISITS_KEPT;
use crate::wire::partition_of;

/// An owner that lost its place waits so long before it reads it back, so that the group can settle.
const SETTLE: Duration = Duration::from_millis(300);

/// What is known of one partition that we own.
enum Place {
    /// To be started, when this has passed since.
    Waiting(Option<Watch>),
    Counting(Box<Counter<Share>>),
}

/// A counting worker.
pub struct CountingWorker {
    cluster: Cluster,
    asker: Arc<Asker>,
    settings: Settings,
    hands: Rc<RefCell<Hands>>,
    places: BTreeMap<i32, Place>,
    /// The organizations of each partition; one without any is not counted.
    organizations: BTreeMap<i32, Vec<Arc<str>>>,
}

impl CountingWorker {
    /// Joins the counting group.
    ///
    /// # Errors
    ///
    /// Where the topics are not there, or no client can be made.
    pub fn join(settings: &Settings, cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let asker = Arc::new(Asker::of(cluster)?);
        let existing = asker.existing()?;
        let count = |name| Topics::partitions_of(&existing, name);
        let (partitions, row_partitions) = (count(FACTS)?, count(ROWS)?);
        for other in [VISITS, PROGRESS] {
            if count(other)? != partitions {
                let message = format!("{FACTS} and {other} must have the same number of partitions");
                return Err(KafkaTrouble::Topics(message));
            }
        }
        count(ERASURES)?;
        let mut organizations = BTreeMap::<i32, Vec<Arc<str>>>::new();
        for id in settings.organizations() {
            let partition = i32::try_from(partition_of(&id, partitions)).unwrap_or(0);
            organizations.entry(partition).or_default().push(id);
        }
        let number = |url: &str, topic| registry::number_of(url, topic);
        let format = match &settings.schema_registry {
            Some(url) => Some([number(url, said::TOPICS[0])?, number(url, said::TOPICS[1])?]),
            None => None,
        };
        let hands = Hands {
            format,
            transactions: Transactions::of(cluster)?,
            turnings: Turnings::of(cluster, &asker)?,
            member: Member::join(cluster, "counting", &[FACTS])?,
            standing: None,
            owned: BTreeSet::new(),
            partitions,
            row_partitions,
        };
        Ok(Self {
            cluster: cluster.clone(),
            asker,
            settings: settings.clone(),
            hands: Rc::new(RefCell::new(hands)),
            places: BTreeMap::new(),
            organizations,
        })
    }

    /// The owners that count now.
    pub fn counters(&self) -> impl Iterator<Item = (i32, &Counter<Share>)> {
        self.places.iter().filter_map(|(partition, place)| match place {
            Place::Counting(counter) => Some((*partition, &**counter)),
            Place::Waiting(_) => None,
        })
    }

    /// How many partitions it owns.
    pub fn owned(&self) -> usize {
        self.hands.borrow().owned.len()
    }

    /// Whether every partition that it owns, and that somebody's facts are in, is counted.
    pub fn is_settled(&self) -> bool {
        self.places.values().all(|place| matches!(place, Place::Counting(_)))
    }

    /// How commits ended.
    pub fn outcomes(&self) -> Outcomes {
        self.hands.borrow().transactions.outcomes()
    }

    /// How many records of facts of its partitions are not counted yet.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn lag(&self) -> Result<u64, KafkaTrouble> {
        let hands = self.hands.borrow();
        let mut lag = 0;
        for partition in self.places.keys() {
            let end = self.asker.end(FACTS, *partition)?;
            let committed = hands.member.committed(&[(FACTS.to_owned(), *partition)])?;
            lag += committed.iter().map(|committed| end.saturating_sub(committed.offset.unwrap_or(0))).sum::<u64>();
        }
        Ok(lag)
    }

    /// Answers what the group says, and lets every owner take a turn; false where there was nothing to count.
    ///
    /// # Errors
    ///
    /// Where somebody must do something first: the worker has to end.
    pub fn turn(&mut self, now: WallTime, patience: Duration) -> Result<bool, CounterError> {
        self.answer(now, patience)?;
        let partitions: Vec<i32> = self.places.keys().copied().collect();
        let mut moved = false;
        for partition in partitions {
            moved |= match self.places.get_mut(&partition) {
                Some(Place::Counting(counter)) => {
                    let turned = counter.turn(now);
                    self.carry_on(partition, turned)?.unwrap_or(false)
                }
                Some(Place::Waiting(since)) if since.is_none_or(|since| since.elapsed() >= SETTLE) => {
                    let started = self.start(partition);
                    self.carry_on(partition, started)?.is_some()
                }
                Some(Place::Waiting(_)) | None => false,
            };
        }
        Ok(moved)
    }

    /// Deletes facts and visits of its partitions that are due and counted; says how many records that were. Facts stay
    /// where any are on hold, and the matters are told.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer, or does not let us.
    pub fn shorten(&self, with: &Shortening, now: WallTime) -> Result<u64, KafkaTrouble> {
        let owned: Vec<_> = self.counters().map(|(partition, counter)| (partition, counter.positions())).collect();
        if owned.is_empty() {
            return Ok(0);
        }
        let holds = holding::active(&self.cluster)?;
        let matters = holds.matters_in(Store::Facts);
        if !matters.is_empty() {
            tracing::warn!(?matters, "facts that are due stay: some are on hold for these matters");
        }
        let due = owned.into_iter().flat_map(|(partition, counted)| {
            let facts = (FACTS, self.settings.facts_kept(), counted.facts);
            let visits = (VISITS, VISITS_KEPT, counted.visits);
            let due =
                move |(topic, kept, counted_to)| Due { topic, partition, written_before: now.before(kept), counted_to };
            [Some(facts).filter(|_| matters.is_empty()), Some(visits)].into_iter().flatten().map(due)
        });
        with.shorten(&due.collect::<Vec<_>>())
    }

    /// Whether everything is counted and committed: what we own, and as far as the group tells, what others own. Before
    /// the group has said what is ours, nothing is known: rows of ours may wait to be said though every fact was counted.
    ///
    /// # Errors
    ///
    /// Where the cluster does not answer.
    pub fn is_caught_up(&mut self) -> Result<bool, CounterError> {
        let owned = match &*self.hands.borrow() {
            Hands { standing: Some(_), owned, .. } => owned.clone(),
            Hands { standing: None, .. } => return Ok(false),
        };
        for partition in self.organizations.keys() {
            let caught_up = match self.places.get_mut(partition) {
                Some(Place::Counting(counter)) => counter.is_caught_up()?,
                Some(Place::Waiting(_)) => false,
                None if owned.contains(partition) => false,
                None => self.is_committed_to_the_end(*partition).map_err(LogError::from)?,
            };
            if !caught_up {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says whatever is not said yet; what cannot be said by this owner any more, the next one says.
    ///
    /// # Errors
    ///
    /// Where somebody must do something first.
    pub fn say_the_rest(&mut self, now: WallTime) -> Result<(), CounterError> {
        for (partition, place) in &mut self.places {
            let Place::Counting(counter) = place else { continue };
            match counter.say_the_rest(now) {
                Err(error) if error.fate() == Fate::Halt => return Err(error),
                Err(error) => {
                    tracing::warn!(partition, %error, "left before everything was said; the next owner says it")
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn is_committed_to_the_end(&self, partition: i32) -> Result<bool, KafkaTrouble> {
        let hands = self.hands.borrow();
        let end = self.asker.end(FACTS, partition)?;
        let committed = hands.member.committed(&[(FACTS.to_owned(), partition)])?;
        Ok(committed.iter().all(|committed| committed.offset.unwrap_or(0) >= end))
    }

    /// Lets the client work, and answers every change that the group made.
    fn answer(&mut self, now: WallTime, patience: Duration) -> Result<(), LogError> {
        let polled = self.hands.borrow().member.consumer().poll(patience).map(|polled| polled.map(|_| ()));
        if let Some(Err(error @ rdkafka::error::KafkaError::MessageConsumptionFatal(_))) = polled {
            return Err(KafkaTrouble::lasting("being a member of the counting group", error).into());
        }
        loop {
            let Some(change) = self.hands.borrow().member.next_change() else { return Ok(()) };
            match change {
                Rebalanced::Assigned(partitions) => self.welcome(&partitions)?,
                Rebalanced::Revoked { partitions, lost } => self.part(now, &partitions, lost)?,
            }
        }
    }

    /// Nothing is read through the group: each owner follows its own streams, from where the last one was.
    fn welcome(&mut self, partitions: &[(String, i32)]) -> Result<(), KafkaTrouble> {
        let mut hands = self.hands.borrow_mut();
        hands.member.take(&TopicPartitionList::new())?;
        hands.standing = hands.member.standing();
        for (_, partition) in partitions {
            hands.owned.insert(*partition);
            if self.organizations.contains_key(partition) {
                self.places.insert(*partition, Place::Waiting(None));
            }
        }
        tracing::info!(owned = hands.owned.len(), "the counting group gave partitions to this worker");
        Ok(())
    }

    /// What was counted is committed already, but for rows whose time to be said had not come.
    fn part(&mut self, now: WallTime, partitions: &[(String, i32)], lost: bool) -> Result<(), KafkaTrouble> {
        for (_, partition) in partitions {
            if let Some(Place::Counting(mut counter)) = self.places.remove(partition)
                && !lost
                && let Err(error) = counter.say_the_rest(now)
            {
                tracing::warn!(partition, %error, "left before everything was said; the next owner says it");
            }
            self.hands.borrow_mut().owned.remove(partition);
        }
        let mut hands = self.hands.borrow_mut();
        hands.member.give_up(&[])?;
        hands.standing = hands.member.standing();
        tracing::info!(owned = hands.owned.len(), lost, "the counting group took partitions from this worker");
        Ok(())
    }

    fn start(&mut self, partition: i32) -> Result<(), CounterError> {
        let Some(organizations) = self.organizations.get(&partition) else { return Ok(()) };
        let reading_back = Watch::start();
        let hands = Rc::clone(&self.hands);
        let share = Share::of(&self.cluster, &self.asker, hands, partition, organizations).map_err(LogError::from)?;
        let counter = Counter::start(&self.settings.only(organizations), share)?;
        let millis = u64::try_from(reading_back.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(partition, millis, "this worker counts the partition, from where it was counted to");
        self.places.insert(partition, Place::Counting(Box::new(counter)));
        Ok(())
    }

    /// An owner that failed knows more than it committed: it is dropped, and another starts where the last commit was.
    fn carry_on<T>(&mut self, partition: i32, done: Result<T, CounterError>) -> Result<Option<T>, CounterError> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(error) if error.fate() == Fate::Halt => Err(error),
            Err(error) => {
                tracing::warn!(partition, %error, "counting starts again from the last commit");
                self.places.insert(partition, Place::Waiting(Some(Watch::start())));
                Ok(None)
            }
        }
    }
}
