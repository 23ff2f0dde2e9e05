//! The service on Kafka: one thread reads, one counts, and each starts anew where it may when the cluster fails it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{SHORTEN_EVERY, SHOW_EVERY, SWEEP_EVERY, open};
use crate::audit_log;
use crate::engine::{Span, WallTime};
use crate::http::{Board, Showing, StageFigure};
use crate::io::clock;
use crate::io::kafka::{AuditTopic, Cluster, CountingWorker, Held, KafkaTrouble, Labels, ReadingWorker, Shortening};
use crate::io::log::{Accounted, Fate};
use crate::perform::Failure;
use crate::settings::Settings;

/// How long a loop waits for something where nothing is there.
const REST: Duration = Duration::from_millis(10);
/// How long a worker that failed waits before another takes its place.
const BREATH: Duration = Duration::from_millis(500);
/// How long leaving may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(12);
/// How often the cluster is asked how much is left.
const ASK_EVERY: Span = Span::from_seconds(10);
/// How often it is asked by a worker that ends when nothing is.
const ASK_OFTEN: Span = Span::from_millis(300);

/// What the two threads tell each other.
#[derive(Debug, Default)]
struct Between {
    /// Everything in the input topics is read.
    all_is_read: AtomicBool,
    told: Mutex<ToldByReading>,
    failure: Mutex<Option<String>>,
}

/// What reading tells.
#[derive(Debug, Default, Clone)]
struct ToldByReading {
    accounting: Vec<Accounted>,
    owned: u64,
    lag: Option<u64>,
}

/// Reads and counts until it is told to stop, or until everything is counted where that is asked for.
pub(super) fn run(settings: &Settings, until_caught_up: bool) -> Result<(), Failure> {
    let cluster = Cluster::of(settings)?;
    let opened = open(settings, until_caught_up)?;
    audit_log::tell_of_the_start(settings, &mut audit_log::Beside::Kafka(&audit_of(settings, &cluster)?))?;
    let between = Arc::new(Between::default());
    let reading = {
        let (settings, cluster, between) = (settings.clone(), cluster.clone(), Arc::clone(&between));
        let stop = Arc::clone(&opened.stop);
        thread::Builder::new().name("reading".to_owned()).spawn(move || {
            if let Err(trouble) = read(&settings, &cluster, &between, &stop, until_caught_up) {
                *between.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble.to_string());
                stop.store(true, Ordering::Relaxed);
            }
        })?
    };
    end_in_time(&opened.stop)?;
    let counted = count(settings, &cluster, &between, &opened.stop, &opened.board, until_caught_up);
    opened.stop.store(true, Ordering::Relaxed);
    if reading.join().is_err() {
        return Err(Failure::Failed("the reading thread broke off; what it read is read again".to_owned()));
    }
    counted?;
    match between.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(failure) => Err(Failure::Failed(failure)),
        None => Ok(()),
    }
}

/// The audit, where it can go on. One that another signed may be that of another master: this is told first, since it is
/// what there is to mend.
fn audit_of(settings: &Settings, cluster: &Cluster) -> Result<AuditTopic, KafkaTrouble> {
    let audit = AuditTopic::of(settings, cluster)?;
    match audit.holds() {
        Err(broken @ KafkaTrouble::AuditBroken { .. }) => {
            Held::of(settings, cluster)?;
            Err(broken)
        }
        Err(trouble) => Err(trouble),
        Ok(_) => Ok(audit),
    }
}

/// A cluster that is away lets nobody leave politely: whoever is told to stop leaves all the same. What is not committed
/// is read and counted again.
fn end_in_time(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    let stop = Arc::clone(stop);
    let waiting = move || {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(BREATH);
        }
        thread::sleep(LEAVE_WITHIN);
        tracing::error!(
            "the cluster did not answer in time; left without it: nothing is lost, and the next worker goes on"
        );
        std::process::exit(1);
    };
    thread::Builder::new().name("leaving".to_owned()).spawn(waiting).map(drop)
}

/// Reads until it is told to stop; only what somebody must mend ends it before.
fn read(
    settings: &Settings,
    cluster: &Cluster,
    between: &Between,
    stop: &AtomicBool,
    until_caught_up: bool,
) -> Result<(), KafkaTrouble> {
    while !stop.load(Ordering::Relaxed) {
        let done = ReadingWorker::join(settings, cluster)
            .and_then(|worker| keep_reading(worker, settings, between, stop, until_caught_up));
        match done {
            Ok(()) => return Ok(()),
            Err(trouble) if trouble.fate() == Fate::Halt => return Err(trouble),
            Err(trouble) => {
                tracing::warn!(%trouble, "reading starts again from the last commit");
                thread::sleep(BREATH);
            }
        }
    }
    Ok(())
}

fn keep_reading(
    mut worker: ReadingWorker,
    settings: &Settings,
    between: &Between,
    stop: &AtomicBool,
    until_caught_up: bool,
) -> Result<(), KafkaTrouble> {
    let (mut asked, mut swept, mut told) = (WallTime::from_millis(0), clock::now(), WallTime::from_millis(0));
    while !stop.load(Ordering::Relaxed) {
        let now = clock::now();
        let moved = worker.turn(now, REST)?;
        if until_caught_up && !moved && now.since(asked) >= ASK_OFTEN {
            asked = now;
            between.all_is_read.store(worker.is_caught_up()?, Ordering::Relaxed);
        }
        if !until_caught_up && now.since(asked) >= ASK_EVERY {
            asked = now;
            let lag = worker.lag().ok();
            between.told.lock().unwrap_or_else(PoisonError::into_inner).lag = lag;
        }
        if now.since(told) >= SHOW_EVERY {
            told = now;
            // What another worker owns by now is its to tell.
            let mut told = between.told.lock().unwrap_or_else(PoisonError::into_inner);
            (told.accounting, told.owned) = (worker.accounting(), worker.owned() as u64);
        }
        if now.since(swept) >= SWEEP_EVERY {
            swept = now;
            let epochs = worker.destroy_due_keys(now, settings.facts_kept())?;
            if epochs > 0 {
                tracing::info!(epochs, "destroyed the keys of epochs whose facts are gone");
            }
            match worker.shorten_audit(now, settings.retention.adjustments) {
                Ok(entries) => tracing::debug!(entries, "deleted entries of the audit that were kept for long enough"),
                Err(trouble) => tracing::warn!(%trouble, "entries of the audit that are due are deleted later"),
            }
        }
    }
    Ok(())
}

/// Counts until it is told to stop, or until everything is counted.
fn count(
    settings: &Settings,
    cluster: &Cluster,
    between: &Between,
    stop: &AtomicBool,
    board: &Board,
    until_caught_up: bool,
) -> Result<(), Failure> {
    let pause = Duration::from_millis(u64::try_from(settings.commit_every.millis()).unwrap_or(0) / 2);
    let mut worker = CountingWorker::join(settings, cluster)?;
    let (mut shown, shortening) = (Shown::of(cluster)?, Shortening::of(cluster)?);
    let (mut asked, mut shortened, mut moved) = (WallTime::from_millis(0), WallTime::from_millis(0), false);
    while !stop.load(Ordering::Relaxed) {
        let now = clock::now();
        moved = worker.turn(now, if moved { pause } else { REST })?;
        shown.show(&worker, between, board, now);
        if now.since(shortened) >= SHORTEN_EVERY && worker.counters().next().is_some() && worker.is_settled() {
            shortened = shorten(&worker, &shortening, now);
        }
        let is_time = until_caught_up && !moved && now.since(asked) >= ASK_OFTEN;
        if is_time && between.all_is_read.load(Ordering::Relaxed) {
            asked = now;
            if worker.is_caught_up()? {
                break;
            }
        }
    }
    worker.say_the_rest(clock::now())?;
    if until_caught_up {
        shorten(&worker, &shortening, clock::now());
    }
    Ok(())
}

/// Deleting can wait: where it fails it is told and tried again.
fn shorten(worker: &CountingWorker, shortening: &Shortening, now: WallTime) -> WallTime {
    match worker.shorten(shortening, now) {
        Ok(records) => tracing::debug!(records, "deleted facts and visits that were kept for long enough"),
        Err(trouble) => {
            tracing::warn!(%trouble, "could not delete what has been kept for long enough; trying again later");
        }
    }
    now
}

/// What was last shown, and when.
struct Shown {
    at: WallTime,
    asked: WallTime,
    lag: Option<u64>,
    labels: Labels,
}

impl Shown {
    fn of(cluster: &Cluster) -> Result<Self, KafkaTrouble> {
        let never = WallTime::from_millis(0);
        Ok(Self { at: never, asked: never, lag: None, labels: Labels::of(cluster)? })
    }

    fn show(&mut self, worker: &CountingWorker, between: &Between, board: &Board, now: WallTime) {
        if now.since(self.at) < SHOW_EVERY {
            return;
        }
        self.at = now;
        if now.since(self.asked) >= ASK_EVERY {
            self.asked = now;
            self.lag = worker.lag().ok();
            if let Err(trouble) = self.labels.renew() {
                tracing::debug!(%trouble, "the names of unlisted action maps are shown later");
            }
        }
        let read = between.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let counters: Vec<_> = worker.counters().map(|(_, counter)| counter).collect();
        board.show(&Showing {
            counters: &counters,
            accounting: &read.accounting,
            texts: self.labels.texts(),
            stages: &self.stages(worker, &read),
            caught_up: worker.is_settled(),
        });
    }

    fn stages(&self, worker: &CountingWorker, read: &ToldByReading) -> Vec<StageFigure> {
        let (owned, ended) = (worker.owned() as u64, worker.outcomes());
        let lag = |stage, lag: Option<u64>| lag.map(|lag| ("journeycast_lag_records", "stage", stage, lag));
        let figures = [
            ("journeycast_partitions_owned", "stage", "reading", read.owned),
            ("journeycast_partitions_owned", "stage", "counting", owned),
            ("journeycast_commits", "outcome", "committed", ended.committed),
            ("journeycast_commits", "outcome", "aborted", ended.aborted),
            ("journeycast_commits", "outcome", "undecided", ended.undecided),
        ];
        figures.into_iter().chain(lag("reading", read.lag)).chain(lag("counting", self.lag)).collect()
    }
}
