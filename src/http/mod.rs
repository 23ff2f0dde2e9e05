//! What other programs see: health, readiness and metrics on one port.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

mod board;
pub use board::{Board, Showing, StageFigure, metric_names};

/// Serves until a signal comes, which sets `stop`; returns as soon as it listens.
pub fn serve(listen: SocketAddr, board: Board, stop: Arc<AtomicBool>) -> std::io::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (listener, mut terminate) = runtime.block_on(async {
        Ok::<_, std::io::Error>((TcpListener::bind(listen).await?, signal(SignalKind::terminate())?))
    })?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening: /live /ready /metrics");
    let app = router(board);
    thread::Builder::new().name("http".to_owned()).spawn(move || {
        runtime.block_on(async {
            let served = axum::serve(listener, app);
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
                ended = served => if let Err(error) = ended { tracing::error!(%error, "stopped listening") },
            }
        });
        stop.store(true, Ordering::Relaxed);
    })?;
    Ok(address)
}

fn router(board: Board) -> Router {
    let (ready, metrics, page) = (board.clone(), board.clone(), board);
    let text = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    Router::new()
        .route("/live", get(|| async { "live\n" }))
        .route(
            "/ready",
            get(async move || {
                if ready.is_caught_up() {
                    (StatusCode::OK, "ready\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "catching up\n")
                }
            }),
        )
        .route("/metrics", get(async move || (text, metrics.metrics())))
        .route("/", get(async move || page.view()))
}

/// A value that one thread writes and others read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shared<T>(Arc<RwLock<T>>);

impl<T: Clone> Shared<T> {
    pub(crate) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }

    pub(crate) fn get(&self) -> T {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
