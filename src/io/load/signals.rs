//! Signals: SIGINT and SIGTERM end a run in order, so that what is finished gets written; the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::load::EndSignal;

/// Which signal came, if one did.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicU8>);

impl Signals {
    /// Hears signals from now on.
    ///
    /// # Errors
    ///
    /// Where they cannot be waited for.
    pub fn heard() -> std::io::Result<Self> {
        let heard = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut terminate) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let code = Arc::clone(&heard.0);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                loop {
                    let came = tokio::select! {
                        _ = interrupt.recv() => EndSignal::Interrupt,
                        _ = terminate.recv() => EndSignal::Terminate,
                    };
                    if code.swap(came.code(), Ordering::Relaxed) != 0 {
                        std::process::exit(i32::from(came.code()));
                    }
                    tracing::warn!(
                        "ending: what is on its way is waited for, then all is written; once more ends at once"
                    );
                }
            });
        })?;
        Ok(heard)
    }

    /// The signal that came.
    pub fn came(&self) -> Option<EndSignal> {
        let code = self.0.load(Ordering::Relaxed);
        [EndSignal::Interrupt, EndSignal::Terminate].into_iter().find(|signal| signal.code() == code)
    }
}
