//! The generator: sends every event when it is due, whatever became of those before it (open loop).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use hyper::body::Bytes;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::connecting::Place;
use super::descriptors;
use super::sending::{Sent, Way};
use super::{Keeps, Manners};
use crate::io::clock::{self, Watch};
use crate::load::{Answer, EventShape, Figures, OtherAnswer, Step, Target, TargetTrouble, retry_after};

/// So many events that are late are sent before answers are looked at again.
const AT_ONCE: usize = 128;

/// Between two steps the endpoint has so long to forget the last one.
const PAUSE: Duration = Duration::from_millis(700);

/// So many events go alone, one after the other, until one is answered.
const ALONE: u64 = 3;

/// Sends events to a target.
pub struct Generator {
    runtime: Runtime,
    shared: Arc<Shared>,
    shape: EventShape,
    /// Events that were sent so far, over all steps.
    sent: u64,
    met: bool,
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator").field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// What every event that is on its way knows.
struct Shared {
    way: Way,
    manners: Manners,
    watch: Watch,
    distress: AtomicBool,
    /// Until when the endpoint asked to be left alone.
    quiet_until: Mutex<Duration>,
}

impl Generator {
    /// Looks the target up and asks whether it may be loaded; sends nothing yet.
    ///
    /// # Errors
    ///
    /// Where it may not, or is unknown, or no runtime can be made.
    pub fn of(
        target: Target,
        owned: &[String],
        headers: Vec<(HeaderName, HeaderValue)>,
        shape: EventShape,
        manners: Manners,
    ) -> Result<Self, TargetTrouble> {
        let place = Place::of(target, owned)?;
        if !headers.is_empty() && !place.is_private() {
            return Err(TargetTrouble::InTheClear(place.target.host));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| TargetTrouble::NoConnection(error.to_string()))?;
        let way = Way::to(place, headers, manners.patience, descriptors::most_connections());
        let shared = Shared {
            way,
            manners,
            watch: Watch::start(),
            distress: AtomicBool::new(false),
            quiet_until: Mutex::new(Duration::ZERO),
        };
        Ok(Self { runtime, shared: Arc::new(shared), shape, sent: 0, met: false })
    }
}

impl Keeps for Generator {
    fn is_to_stop(&self) -> bool {
        self.shared.is_to_stop()
    }

    fn step(&mut self, step: Step) -> Result<Figures, TargetTrouble> {
        let figures = Arc::new(Mutex::new(Figures::of(step)));
        let shape = &self.shape;
        let job = Job { shared: Arc::clone(&self.shared), figures: Arc::clone(&figures), first: self.sent };
        let met = self.met;
        self.runtime.block_on(async {
            let alone = if met {
                tokio::time::sleep(PAUSE).await;
                0
            } else {
                job.meet(shape).await?
            };
            job.send_evenly(shape, alone, step).await;
            Ok(())
        })?;
        self.met = true;
        self.sent += step.events();
        Ok(figures.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The sending of one step.
struct Job {
    shared: Arc<Shared>,
    figures: Arc<Mutex<Figures>>,
    /// How many events were sent in the steps before.
    first: u64,
}

impl Job {
    /// Sends events alone until one is answered; says how many that took.
    async fn meet(&self, shape: &EventShape) -> Result<u64, TargetTrouble> {
        let mut last = None;
        for nth in 0..ALONE {
            let due = self.shared.watch.elapsed();
            let sent = self.shared.way.send(self.body(shape, nth)).await;
            let took = self.shared.watch.elapsed().saturating_sub(due);
            self.shared.heed(&sent);
            self.record(nth, Duration::ZERO, took, sent.answer);
            self.shared.way.keep(sent.connection).await;
            match sent.answer {
                Answer::Taken | Answer::TooManyRequests => return Ok(nth + 1),
                Answer::Other(answer) => last = Some((answer, sent.says)),
            }
        }
        let (answer, says) = last.unwrap_or((OtherAnswer::Closed, None));
        Err(self.shared.trouble(answer, says))
    }

    fn body(&self, shape: &EventShape, nth: u64) -> Bytes {
        let now = jiff::Timestamp::from_millisecond(clock::now().millis()).unwrap_or_default();
        Bytes::from(shape.body(self.first + nth, &format!("{now:.3}")))
    }

    fn record(&self, nth: u64, lag: Duration, latency: Duration, answer: Answer) {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).answered(nth, lag, latency, answer);
    }

    async fn send_evenly(&self, shape: &EventShape, alone: u64, step: Step) {
        let start = self.shared.watch.elapsed();
        let due = |nth: u64| start + step.due(nth).saturating_sub(step.due(alone));
        // Every event on its way holds one end; when nobody holds one any more, all are answered.
        let (on_its_way, mut all_answered) = mpsc::channel::<()>(1);
        let mut nth = alone;
        while nth < step.events() && !self.shared.is_to_stop() {
            let now = self.shared.watch.elapsed();
            let mut sent = 0;
            while nth < step.events() && due(nth) <= now && sent < AT_ONCE {
                if self.shared.is_quiet_at(now) {
                    self.figures.lock().unwrap_or_else(PoisonError::into_inner).held_back(nth);
                } else {
                    self.send_one(nth, due(nth), self.body(shape, nth), on_its_way.clone());
                }
                nth += 1;
                sent += 1;
            }
            if sent == AT_ONCE {
                tokio::task::yield_now().await;
            } else if nth < step.events() {
                tokio::time::sleep(due(nth).saturating_sub(self.shared.watch.elapsed())).await;
            }
        }
        drop(on_its_way);
        all_answered.recv().await;
    }

    fn send_one(&self, nth: u64, due: Duration, body: Bytes, on_its_way: mpsc::Sender<()>) {
        let (shared, figures) = (Arc::clone(&self.shared), Arc::clone(&self.figures));
        tokio::spawn(async move {
            let room = shared.way.room().await;
            let lag = shared.watch.elapsed().saturating_sub(due);
            let sent = shared.way.send(body).await;
            let latency = shared.watch.elapsed().saturating_sub(due);
            shared.heed(&sent);
            figures.lock().unwrap_or_else(PoisonError::into_inner).answered(nth, lag, latency, sent.answer);
            shared.way.keep(sent.connection).await;
            drop(room);
            drop(on_its_way);
        });
    }
}

impl Shared {
    /// Takes in what an answer says about the state of the endpoint.
    fn heed(&self, sent: &Sent) {
        if sent.answer != Answer::Taken {
            self.distress.store(true, Ordering::Relaxed);
        }
        let Some(asked) = sent.retry_after.as_deref().filter(|_| self.manners.honour_retry_after) else { return };
        if let Some(wait) = retry_after(asked, clock::now()) {
            let until = self.watch.elapsed() + wait;
            let mut quiet_until = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
            *quiet_until = until.max(*quiet_until);
        }
    }

    fn is_quiet_at(&self, now: Duration) -> bool {
        now < *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_to_stop(&self) -> bool {
        self.manners.stop_on_distress && self.distress.load(Ordering::Relaxed)
    }

    fn trouble(&self, answer: OtherAnswer, says: Option<String>) -> TargetTrouble {
        let says = says.unwrap_or_else(|| self.way.place.target.authority());
        match answer {
            OtherAnswer::Redirected(status) => TargetTrouble::Redirected(status),
            OtherAnswer::Status(status) => TargetTrouble::Status(status),
            OtherAnswer::TimedOut => TargetTrouble::TimedOut(self.way.patience.as_secs_f64()),
            OtherAnswer::NoConnection => TargetTrouble::NoConnection(says),
            OtherAnswer::Closed => TargetTrouble::Closed,
            OtherAnswer::Tls => TargetTrouble::Tls(says),
            OtherAnswer::TooLarge | OtherAnswer::NotPermitted | OtherAnswer::NotReplicated | OtherAnswer::Broker(_) => {
                TargetTrouble::NotTaken { name: answer.name(), says }
            }
        }
    }
}
