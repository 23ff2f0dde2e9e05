//! The lock of the one runner that counts in a data folder; it falls when the process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::EmbeddedError;

/// The name of the lock in the data folder.
const LOCK: &str = "runner.lock";

/// Held for as long as this process is the runner.
#[derive(Debug)]
pub struct RunnerLock {
    _file: File,
}

impl RunnerLock {
    /// Becomes the runner of `folder`, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// Where another process is the runner, or the folder cannot be used.
    pub fn take(folder: &Path) -> Result<Self, EmbeddedError> {
        let trouble = |source| EmbeddedError::Folder { folder: folder.to_path_buf(), source };
        fs::create_dir_all(folder).map_err(trouble)?;
        let path = folder.join(LOCK);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => sign(file).map_err(trouble),
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
                Err(EmbeddedError::AlreadyRunning { folder: folder.to_path_buf(), pid })
            }
            Err(TryLockError::Error(source)) => Err(trouble(source)),
        }
    }
}

/// Leaves this process's id, so that a second runner can say who is there.
fn sign(mut file: File) -> io::Result<RunnerLock> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(RunnerLock { _file: file })
}
