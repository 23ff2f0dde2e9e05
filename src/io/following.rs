//! Following: what comes through a pipe is appended as it comes, and never waits for more to come.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::appender::{Appender, IngestError, failed};
use super::clock::Watch;
use super::log::Intake;
use super::{Lines, clock};

/// Lines that are read ahead of the log.
const AHEAD: usize = 1_024;

type Line = io::Result<(u64, Vec<u8>)>;

impl<I: Intake> Appender<I> {
    /// Appends the lines of a pipe until it closes; each is durable at most `patience` (and one append) after it came.
    ///
    /// # Errors
    ///
    /// Where the pipe or the log fails.
    pub fn follow(
        &mut self,
        path: &Path,
        patience: Duration,
        mut progress: impl FnMut(u64),
    ) -> Result<(), IngestError> {
        let lines = Lines::open(path).map_err(|error| failed(path, error))?;
        let coming = read_ahead(lines).map_err(|error| failed(path, error))?;
        let name = path.to_string_lossy();
        let (mut first, mut records) = (None::<Watch>, 0);
        loop {
            let left = first.map_or(Duration::MAX, |first| patience.saturating_sub(first.elapsed()));
            let line = match wait(&coming, left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    self.flush()?;
                    first = None;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(self.flush()?),
            };
            let (number, line) = line.map_err(|error| failed(path, error))?;
            self.push(&line, &name, number)?;
            first = first.or_else(|| Some(clock::Watch::start()));
            records += 1;
            progress(records);
        }
    }
}

fn wait(coming: &Receiver<Line>, left: Duration) -> Result<Line, RecvTimeoutError> {
    match left {
        Duration::MAX => coming.recv().map_err(|_| RecvTimeoutError::Disconnected),
        left => coming.recv_timeout(left),
    }
}

/// Reads lines in a thread of its own, since a read of a pipe cannot be given up.
fn read_ahead(mut lines: Lines) -> io::Result<Receiver<Line>> {
    let (send, coming) = mpsc::sync_channel(AHEAD);
    thread::Builder::new().name("pipe".to_owned()).spawn(move || {
        loop {
            let line = match lines.next_line() {
                Ok(Some((number, line))) => Ok((number, line.to_vec())),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let is_last = line.is_err();
            if send.send(line).is_err() || is_last {
                break;
            }
        }
    })?;
    Ok(coming)
}
