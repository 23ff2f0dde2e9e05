//! The one place that reads clocks: the time of day, time passed, and what this process has used.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::engine::WallTime;

/// What the clock on the wall says.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    WallTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A watch that was started once and can be read often.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What this process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// CPU time of all its threads, in seconds.
    pub cpu_seconds: f64,
    /// Most memory that it ever held, in bytes.
    pub peak_bytes: u64,
}

/// What this process has used so far; zeros where the system does not say.
pub fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Usage { cpu_seconds: 0.0, peak_bytes: 0 } };
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Usage {
        cpu_seconds: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_bytes: u64::try_from(usage.max_rss()).unwrap_or(0) * 1_024,
    }
}
