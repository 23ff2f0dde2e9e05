//! The service: counts until it is told to stop, on whichever log, and shows others where it stands.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::engine::Span;
use crate::http::{self, Board};
use crate::perform::Failure;
use crate::settings::{Log, Settings};

mod embedded;
pub use embedded::show;

mod kafka;

/// How often the board is renewed where nothing happens.
const SHOW_EVERY: Span = Span::from_seconds(1);
/// How often what has been kept for long enough is deleted.
pub const SWEEP_EVERY: Span = Span::from_minutes(10);
/// How often owners of partitions on Kafka delete what is due and counted.
pub const SHORTEN_EVERY: Span = Span::from_minutes(5);

/// Counts until it is told to stop, or until it has caught up where that is asked for.
pub fn run(settings: &Settings, until_caught_up: bool) -> Result<(), Failure> {
    match settings.log {
        Log::Embedded { .. } => embedded::run(settings, until_caught_up)?,
        Log::Kafka { .. } => kafka::run(settings, until_caught_up)?,
    }
    tracing::info!("stopped; everything that was counted is committed");
    Ok(())
}

/// What a running service shows, and how it is told to stop.
struct Opened {
    board: Board,
    stop: Arc<AtomicBool>,
}

/// Says what is configured, and listens unless the service ends by itself.
fn open(settings: &Settings, until_caught_up: bool) -> Result<Opened, Failure> {
    for line in settings.statement().lines() {
        tracing::info!("{line}");
    }
    let opened = Opened { board: Board::default(), stop: Arc::new(AtomicBool::new(false)) };
    if !until_caught_up {
        let listen = settings.listen;
        http::serve(listen, opened.board.clone(), Arc::clone(&opened.stop)).map_err(|error| {
            Failure::Failed(format!(
                "cannot listen on {listen}: {error}; set [http] listen to a free address, port 0 takes any"
            ))
        })?;
    }
    Ok(opened)
}
