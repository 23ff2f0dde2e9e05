//! Descriptors: how many connections this process may have open at once.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Kept for files, the clock and standard streams.
const KEPT: u64 = 64;

/// Used where the system does not say.
const CAUTIOUS: u64 = 256;

/// Raises the limit as far as this process may, and says how many connections that makes.
pub fn most_connections() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return CAUTIOUS as usize };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = if raised { hard } else { soft };
    usize::try_from(limit.saturating_sub(KEPT).clamp(1, 1 << 20)).unwrap_or(CAUTIOUS as usize)
}
