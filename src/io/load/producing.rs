//! Producing: records go to a topic when each is due, and count from then until the cluster has them (`acks=all`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};

use super::{Keeps, Manners};
use crate::io::clock::{self, Watch};
use crate::io::kafka::{Cluster, KafkaTrouble, Witness};
use crate::load::{Answer, Cut, Figures, OtherAnswer, RecordShape, Silence, Step, Stop, TargetTrouble};

/// How long a look for room in the client's queue rests.
const REST: Duration = Duration::from_micros(300);

/// Between two steps the cluster has so long to forget the last one.
const PAUSE: Duration = Duration::from_millis(700);

/// At low rates it is looked so often whether the run is to end.
const LOOK: Duration = Duration::from_millis(100);

/// So many records go alone, one after the other, until one is taken.
const ALONE: u64 = 3;

/// Beyond the time that the client may take for a record, its answer is waited for so long.
const GRACE: Duration = Duration::from_secs(5);

/// What the client may keep at once; the largest step that a stalled cluster leaves waiting is told by its lag.
const QUEUE: [(&str, &str); 2] =
    [("queue.buffering.max.messages", "1000000"), ("queue.buffering.max.kbytes", "262144")];

/// Writes records to a topic.
pub struct Producing {
    producer: ThreadedProducer<Listener>,
    topic: String,
    shape: RecordShape,
    manners: Manners,
    watch: Watch,
    distress: Arc<AtomicBool>,
    /// Records that were written so far, over all steps.
    sent: u64,
    met: bool,
    silence: Arc<Mutex<Silence>>,
    stopped: Option<Stop>,
}

impl std::fmt::Debug for Producing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producing").field("topic", &self.topic).field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// What a record on its way knows of itself.
struct Due {
    job: Arc<Job>,
    nth: u64,
    due: Duration,
    lag: Duration,
}

/// The writing of one step.
struct Job {
    watch: Watch,
    distress: Arc<AtomicBool>,
    silence: Arc<Mutex<Silence>>,
    figures: Mutex<Figures>,
    answered: Condvar,
    /// Why the last record that was not taken was not.
    why: Mutex<Option<(OtherAnswer, String)>>,
}

impl Job {
    fn answered(&self, due: &Due, failed: Option<&KafkaError>) {
        let latency = self.watch.elapsed().saturating_sub(due.due);
        let answer = failed.map_or(Answer::Taken, |error| Answer::Other(named(error)));
        if let (Answer::Other(answer), Some(error)) = (answer, failed) {
            self.distress.store(true, Ordering::Relaxed);
            *lock(&self.why) = Some((answer, error.to_string()));
        }
        lock(&self.silence).heard(answer, self.watch.elapsed());
        lock(&self.figures).answered(due.nth, due.lag, latency, answer);
        self.answered.notify_all();
    }

    /// Waits until so many records are answered; false where that takes longer than a client may.
    fn wait_for(&self, sent: u64, patience: Duration) -> bool {
        let figures = lock(&self.figures);
        let waited =
            self.answered.wait_timeout_while(figures, patience.saturating_add(GRACE), |figures| figures.sent < sent);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears what became of records; what else the client says, the log hears.
#[derive(Default)]
struct Listener(Witness);

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Listener {
    type DeliveryOpaque = Box<Due>;

    fn delivery(&self, delivered: &DeliveryResult<'_>, due: Box<Due>) {
        due.job.answered(&due, delivered.as_ref().err().map(|(error, _)| error));
    }
}

/// What an error of the client counts as.
fn named(error: &KafkaError) -> OtherAnswer {
    use RDKafkaErrorCode as Code;
    let Some(code) = error.rdkafka_error_code() else { return OtherAnswer::Broker(-1) };
    let is_any_of = |codes: &[Code]| codes.contains(&code);
    if is_any_of(&[Code::MessageTimedOut, Code::RequestTimedOut, Code::OperationTimedOut]) {
        OtherAnswer::TimedOut
    } else if is_any_of(&[Code::BrokerTransportFailure, Code::AllBrokersDown, Code::Resolve]) {
        OtherAnswer::NoConnection
    } else if is_any_of(&[Code::MessageSizeTooLarge, Code::MessageBatchTooLarge]) {
        OtherAnswer::TooLarge
    } else if is_any_of(&[Code::TopicAuthorizationFailed, Code::ClusterAuthorizationFailed, Code::Authentication]) {
        OtherAnswer::NotPermitted
    } else if is_any_of(&[Code::NotEnoughReplicas, Code::NotEnoughReplicasAfterAppend]) {
        OtherAnswer::NotReplicated
    } else {
        OtherAnswer::Broker(code as i32)
    }
}

impl Producing {
    /// Makes a producer; writes nothing yet.
    ///
    /// # Errors
    ///
    /// Where none can be made of these settings.
    pub fn of(cluster: &Cluster, topic: &str, shape: RecordShape, manners: Manners) -> Result<Self, KafkaTrouble> {
        let mut config = cluster.producer();
        for (name, value) in QUEUE {
            config.set(name, value);
        }
        config.set("acks", "all").set("message.timeout.ms", manners.patience.as_millis().to_string());
        let producer = config
            .create_with_context(Listener::default())
            .map_err(|source| KafkaTrouble::lasting("making a producer", source))?;
        Ok(Self {
            producer,
            topic: topic.to_owned(),
            shape,
            manners,
            watch: Watch::start(),
            distress: Arc::new(AtomicBool::new(false)),
            sent: 0,
            met: false,
            silence: Arc::new(Mutex::new(Silence::default())),
            stopped: None,
        })
    }

    /// Writes records alone until one is taken; says how many there are then in all.
    fn meet(&self, job: &Arc<Job>, before: u64) -> Result<u64, TargetTrouble> {
        let taken = lock(&job.figures).ok;
        for nth in before..before + ALONE {
            self.write(job, nth, self.watch.elapsed());
            if !job.wait_for(nth + 1, self.manners.patience) {
                return Err(TargetTrouble::TimedOut(self.manners.patience.as_secs_f64()));
            }
            if lock(&job.figures).ok > taken {
                return Ok(nth + 1);
            }
        }
        let why = lock(&job.why).take();
        Err(match why {
            Some((OtherAnswer::TimedOut, _)) | None => TargetTrouble::TimedOut(self.manners.patience.as_secs_f64()),
            Some((answer, says)) => TargetTrouble::NotTaken { name: answer.name(), says },
        })
    }

    fn write_evenly(&self, job: &Arc<Job>, alone: u64, step: Step, start: Duration) -> u64 {
        for nth in alone..step.events() {
            let due = start + step.due(nth).saturating_sub(step.due(alone));
            loop {
                let now = self.watch.elapsed();
                if let Some(cut) = self.cuts(now) {
                    lock(&job.figures).cut = Some((cut, now.saturating_sub(start)));
                    return nth;
                }
                if due <= now {
                    break;
                }
                std::thread::sleep((due - now).min(LOOK));
            }
            self.write(job, nth, due);
        }
        step.events()
    }

    /// Hands a record to the client. Where its queue is full, this record and all that are due after it are late, which
    /// their times tell.
    fn write(&self, job: &Arc<Job>, nth: u64, due: Duration) {
        let now = jiff::Timestamp::from_millisecond(clock::now().millis()).unwrap_or_default();
        let body = self.shape.record(self.sent + nth, &format!("{now:.3}"));
        let mut opaque = Box::new(Due { job: Arc::clone(job), nth, due, lag: Duration::ZERO });
        loop {
            opaque.lag = self.watch.elapsed().saturating_sub(due);
            let record = BaseRecord::<[u8], [u8], _>::with_opaque_to(&self.topic, opaque).payload(&body);
            match self.producer.send(record) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    opaque = refused.delivery_opaque;
                    std::thread::sleep(REST);
                }
                Err((error, refused)) => return job.answered(&refused.delivery_opaque, Some(&error)),
            }
        }
    }

    fn is_to_stop(&self) -> Option<Stop> {
        let is_distressed = self.manners.stop_on_distress && self.distress.load(Ordering::Relaxed);
        self.manners.signals.came().map(Stop::Signal).or_else(|| is_distressed.then_some(Stop::Distress))
    }

    /// Why nothing more of a step is to be written, where that is so.
    fn cuts(&self, now: Duration) -> Option<Cut> {
        match self.is_to_stop() {
            Some(_) => Some(Cut::RunEnded),
            None => lock(&self.silence).is_long(now).then_some(Cut::Unanswered),
        }
    }
}

impl Keeps for Producing {
    fn stopped(&self) -> Option<Stop> {
        self.stopped.clone().or_else(|| self.is_to_stop())
    }

    fn step(&mut self, step: Step) -> Result<Figures, TargetTrouble> {
        let job = Arc::new(Job {
            watch: self.watch,
            distress: Arc::clone(&self.distress),
            silence: Arc::clone(&self.silence),
            figures: Mutex::new(Figures::of(step)),
            answered: Condvar::new(),
            why: Mutex::new(None),
        });
        let alone = if self.met {
            std::thread::sleep(PAUSE);
            0
        } else {
            self.meet(&job, 0)?
        };
        self.met = true;
        let start = self.watch.elapsed();
        let mut written = self.write_evenly(&job, alone, step, start);
        let all_answered = job.wait_for(written, self.manners.patience);
        let silence = *lock(&self.silence);
        if all_answered && silence.is_doubtful() && self.is_to_stop().is_none() {
            match self.meet(&job, written) {
                Ok(all) => written = all,
                Err(why) => {
                    self.stopped = Some(Stop::Silence { since: silence.since.saturating_sub(start), why });
                }
            }
        }
        self.sent += written;
        let mut figures = lock(&job.figures).clone();
        if self.stopped.is_some() {
            figures.cut = Some((Cut::RunEnded, figures.kept()));
        }
        // The client promises an answer to every record in its time; one that breaks the promise is not counted as if it kept it.
        if all_answered { Ok(figures) } else { Err(TargetTrouble::TimedOut(self.manners.patience.as_secs_f64())) }
    }
}
