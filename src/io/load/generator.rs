//! The generator: sends every event when it is due, whatever became of those before it (open loop).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
use crate::load::{
    Answer, Cut, EventShape, Figures, OtherAnswer, Silence, Step, Stop, Target, TargetTrouble, retry_after,
};

/// So many events that are late are sent before answers are looked at again.
const AT_ONCE: usize = 128;

/// Between two steps the endpoint has so long to forget the last one.
const PAUSE: Duration = Duration::from_millis(700);

/// At low rates it is looked so often whether the run is to end.
const LOOK: Duration = Duration::from_millis(100);

/// Before a step it is waited so long, at most, for an endpoint that asked to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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
    stopped: Option<Stop>,
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
    silence: Mutex<Silence>,
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
            silence: Mutex::new(Silence::default()),
        };
        Ok(Self { runtime, shared: Arc::new(shared), shape, sent: 0, met: false, stopped: None })
    }
}

impl Keeps for Generator {
    fn stopped(&self) -> Option<Stop> {
        self.stopped.clone().or_else(|| self.shared.is_to_stop())
    }

    fn step(&mut self, step: Step) -> Result<Figures, TargetTrouble> {
        let figures = Arc::new(Mutex::new(Figures::of(step)));
        let shape = &self.shape;
        let job = Job { shared: Arc::clone(&self.shared), figures: Arc::clone(&figures), first: self.sent };
        let met = self.met;
        let (sent, stopped) = self.runtime.block_on(async {
            let alone = if met {
                tokio::time::sleep(PAUSE).await;
                if let Some(wait) = job.shared.left_alone().await {
                    return Ok((0, Some(Stop::LeftAlone(wait))));
                }
                0
            } else {
                job.meet(shape).await?
            };
            let start = job.shared.watch.elapsed();
            job.send_evenly(shape, alone, step, start).await;
            job.ask(shape, step, start).await
        })?;
        self.met = true;
        self.sent += sent;
        self.stopped = stopped;
        let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.stopped.is_some() {
            figures.cut = Some((Cut::RunEnded, figures.kept()));
        }
        Ok(figures)
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
            match self.send_alone(shape, nth).await {
                Ok(()) => return Ok(nth + 1),
                Err(why) => last = Some(why),
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
        self.figures().answered(nth, lag, latency, answer);
    }

    /// Sends an event when nothing else is on its way; what came instead, where no yes and no 429 did.
    async fn send_alone(&self, shape: &EventShape, nth: u64) -> Result<(), (OtherAnswer, Option<String>)> {
        let due = self.shared.watch.elapsed();
        let sent = self.shared.way.send(self.body(shape, nth)).await;
        let took = self.shared.watch.elapsed().saturating_sub(due);
        self.shared.heed(&sent);
        self.record(nth, Duration::ZERO, took, sent.answer);
        self.shared.way.keep(sent.connection).await;
        match sent.answer {
            Answer::Taken | Answer::TooManyRequests => Ok(()),
            Answer::Other(answer) => Err((answer, sent.says)),
        }
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a step ended without answers: asks, by events that go alone, whether anybody is still there. Says how many
    /// events there were in all.
    async fn ask(&self, shape: &EventShape, step: Step, start: Duration) -> Result<(u64, Option<Stop>), TargetTrouble> {
        let mut sent = step.events();
        let silence = *self.shared.silence();
        if !silence.is_doubtful() || self.shared.is_to_stop().is_some() {
            return Ok((sent, None));
        }
        let mut last = (OtherAnswer::Closed, None);
        for _ in 0..ALONE {
            tokio::time::sleep(PAUSE).await;
            let answer = self.send_alone(shape, sent).await;
            sent += 1;
            match answer {
                Err(why) if Answer::Other(why.0).is_none() => last = why,
                Ok(()) | Err(_) => return Ok((sent, None)),
            }
        }
        let why = self.shared.trouble(last.0, last.1);
        Ok((sent, Some(Stop::Silence { since: silence.since.saturating_sub(start), why })))
    }

    async fn send_evenly(&self, shape: &EventShape, alone: u64, step: Step, start: Duration) {
        let due = |nth: u64| start + step.due(nth).saturating_sub(step.due(alone));
        // Every event on its way holds one end; when nobody holds one any more, all are answered.
        let (on_its_way, mut all_answered) = mpsc::channel::<()>(1);
        let mut nth = alone;
        while nth < step.events() {
            let now = self.shared.watch.elapsed();
            if let Some(cut) = self.shared.cuts(now) {
                self.figures().cut = Some((cut, now.saturating_sub(start)));
                break;
            }
            if self.shared.is_quiet_at(due(step.events())) {
                tracing::warn!(
                    "the endpoint asked to be left alone beyond the end of this step: the rest is held back"
                );
                (nth..step.events()).for_each(|nth| self.figures().held_back(nth));
                break;
            }
            let mut sent = 0;
            while nth < step.events() && due(nth) <= now && sent < AT_ONCE {
                if self.shared.is_quiet_at(now) {
                    self.figures().held_back(nth);
                } else {
                    self.send_one(nth, due(nth), self.body(shape, nth), on_its_way.clone());
                }
                nth += 1;
                sent += 1;
            }
            if sent == AT_ONCE {
                tokio::task::yield_now().await;
            } else if nth < step.events() {
                tokio::time::sleep(due(nth).saturating_sub(self.shared.watch.elapsed()).min(LOOK)).await;
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
        self.silence().heard(sent.answer, self.watch.elapsed());
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

    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the endpoint is no longer to be left alone; for how long it still is, where that is too long.
    async fn left_alone(&self) -> Option<Duration> {
        loop {
            let now = self.watch.elapsed();
            let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
            let wait = until.saturating_sub(now);
            if wait > LONGEST_WAIT {
                return Some(wait);
            }
            if wait.is_zero() || self.is_to_stop().is_some() {
                return None;
            }
            tokio::time::sleep(wait.min(LOOK)).await;
        }
    }

    fn is_to_stop(&self) -> Option<Stop> {
        let is_distressed = self.manners.stop_on_distress && self.distress.load(Ordering::Relaxed);
        self.manners.signals.came().map(Stop::Signal).or_else(|| is_distressed.then_some(Stop::Distress))
    }

    /// Why nothing more of a step is to be sent, where that is so.
    fn cuts(&self, now: Duration) -> Option<Cut> {
        match self.is_to_stop() {
            Some(_) => Some(Cut::RunEnded),
            None => self.silence().is_long(now).then_some(Cut::Unanswered),
        }
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
