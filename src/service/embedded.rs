//! The service on the embedded log: the counting loop in one thread, health, metrics and signals in another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::audit_log;
use crate::engine::{Span, WallTime};
use crate::http::{Board, Showing};
use crate::io::embedded::{EmbeddedError, OnHold, Retention, Runner};
use crate::io::{Counter, clock};
use crate::perform::Failure;
use crate::settings::Settings;
use crate::settings::retention::VISITS_KEPT;

use super::{SHOW_EVERY, SWEEP_EVERY, open};

/// A clock that goes back by less is being set by the second.
const CLOCKS_MAY_DIFFER: Span = Span::from_minutes(1);
/// How long the loop rests where nothing is there.
const REST: Duration = Duration::from_millis(20);

/// Counts until it is told to stop, or until it has caught up where that is asked for.
pub(super) fn run(settings: &Settings, until_caught_up: bool) -> Result<(), Failure> {
    let mut counter = Counter::start(settings, Runner::of(settings)?)?;
    let opened = open(settings, until_caught_up)?;
    audit_log::tell_of_the_start(settings, &mut audit_log::Beside::Embedded(counter.log_mut().log_mut()))?;
    let swept = sweep(&mut counter, settings, clock::now());
    count(&mut counter, settings, &opened.board, until_caught_up, &opened.stop, swept)?;
    Ok(())
}

fn count(
    counter: &mut Counter<Runner>,
    settings: &Settings,
    board: &Board,
    until_caught_up: bool,
    stop: &AtomicBool,
    mut swept: WallTime,
) -> Result<(), Failure> {
    let pause = Duration::from_millis(u64::try_from(settings.commit_every.millis()).unwrap_or(0));
    let mut shown = WallTime::from_millis(0);
    while !stop.load(Ordering::Relaxed) {
        let now = clock::now();
        let moved = counter.turn(now)?;
        let caught_up = !moved && counter.is_caught_up()?;
        if moved || now.since(shown) >= SHOW_EVERY {
            show(counter, board, caught_up)?;
            shown = now;
        }
        if until_caught_up && caught_up {
            break;
        }
        if now.since(swept) > SWEEP_EVERY {
            swept = sweep(counter, settings, now);
        }
        if caught_up {
            thread::sleep(REST);
        } else if !until_caught_up {
            thread::sleep(pause);
        }
    }
    Ok(counter.say_the_rest(clock::now())?)
}

/// Shows on the board where counting stands.
pub fn show(counter: &Counter<Runner>, board: &Board, caught_up: bool) -> Result<(), EmbeddedError> {
    let log = counter.log().log();
    let (accounting, texts) = (log.accounting()?, log.told_labels()?);
    board.show(&Showing { counters: &[counter], accounting: &accounting, texts: &texts, stages: &[], caught_up });
    Ok(())
}

/// Deleting can wait: where it fails it is told and tried again.
fn sweep(counter: &mut Counter<Runner>, settings: &Settings, now: WallTime) -> WallTime {
    match counter.log_mut().log_mut().sweep(now, &retention(settings)) {
        Ok(swept) => {
            for OnHold { store, matter, records } in &swept.on_hold {
                tracing::warn!(
                    store = store.name(),
                    matter,
                    records,
                    "what is due stays: it is on hold for this matter"
                );
            }
            if swept.clock_went_back > CLOCKS_MAY_DIFFER {
                let seconds = swept.clock_went_back.millis() / 1_000;
                tracing::warn!(
                    seconds,
                    "the clock of this machine was moved back: what is kept is deleted, and keys are destroyed, so much \
                     later; set the clock, best by NTP"
                );
            }
            if swept.keys > 0 {
                tracing::info!(keys = swept.keys, "destroyed the keys of epochs whose facts are gone");
            }
            tracing::debug!(?swept, "swept what was kept for long enough");
        }
        Err(error) => {
            tracing::warn!(%error, "could not delete what has been kept for long enough; trying again later");
        }
    }
    now
}

/// How long each store keeps what it holds.
const fn retention(settings: &Settings) -> Retention {
    Retention {
        visits: VISITS_KEPT,
        facts: settings.facts_kept(),
        adjustments: settings.retention.adjustments,
        set_aside: settings.retention.set_aside,
    }
}
