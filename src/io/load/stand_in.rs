//! The stand-in: answers events as its curve says. It is no Journey endpoint and says so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::descriptors;
use crate::io::clock::Watch;
use crate::load::event::is_event;
use crate::load::{Capacity, Curve, Reply};

/// So many connections may wait to be taken.
const BACKLOG: u32 = 4_096;

/// Longer bodies are refused.
const LONGEST_BODY: usize = 1 << 20;

/// After a connection that could not be taken, the next try waits so long.
const REST: Duration = Duration::from_millis(10);

/// What a stand-in did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events that came.
    pub received: u64,
    /// Events that were taken.
    pub taken: u64,
    /// Events that were refused with 429.
    pub too_many_requests: u64,
    /// Events whose connection ended without an answer.
    pub dropped: u64,
    /// Requests that were no event.
    pub not_an_event: u64,
}

/// A listening stand-in.
pub struct StandIn {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    watch: Watch,
}

impl std::fmt::Debug for StandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandIn").field("address", &self.address).finish_non_exhaustive()
    }
}

struct State {
    capacity: Capacity,
    counts: Counts,
}

/// A connection that ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped, as the curve says")]
struct Dropped;

impl StandIn {
    /// Listens; answers from now on wait for [`Self::serve`].
    ///
    /// # Errors
    ///
    /// Where the address cannot be had.
    pub fn listen(listen: SocketAddr, curve: Curve) -> std::io::Result<Self> {
        descriptors::most_connections();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async {
            let socket = if listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            socket.bind(listen)?;
            socket.listen(BACKLOG)
        })?;
        let address = listener.local_addr()?;
        let state = State { capacity: Capacity::of(curve), counts: Counts::default() };
        Ok(Self { runtime, listener, address, state: Arc::new(Mutex::new(state)), watch: Watch::start() })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until a signal comes; says what it did.
    ///
    /// # Errors
    ///
    /// Where signals cannot be waited for.
    pub fn serve(self) -> std::io::Result<Counts> {
        let Self { runtime, listener, state, watch, .. } = self;
        runtime
            .block_on(async {
                let (mut terminate, mut interrupt) =
                    (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
                loop {
                    tokio::select! {
                        _ = terminate.recv() => return Ok(()),
                        _ = interrupt.recv() => return Ok(()),
                        accepted = listener.accept() => match accepted {
                            Ok((stream, _)) => take(stream, &state, watch),
                            Err(_) => tokio::time::sleep(REST).await,
                        },
                    }
                }
            })
            .map(|()| lock(&state).counts)
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(stream: TcpStream, state: &Arc<Mutex<State>>, watch: Watch) {
    let state = Arc::clone(state);
    tokio::spawn(async move {
        stream.set_nodelay(true).ok();
        let answering = service_fn(move |request| answer(request, Arc::clone(&state), watch));
        // How a connection ends is of no interest here: what came over it is counted.
        drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answering).await);
    });
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    watch: Watch,
) -> Result<Response<Full<Bytes>>, Dropped> {
    match *request.method() {
        Method::POST => {}
        Method::GET => {
            let counts = serde_json::to_vec(&lock(&state).counts).unwrap_or_default();
            return Ok(says(StatusCode::OK, counts, None));
        }
        _ => return Ok(says(StatusCode::METHOD_NOT_ALLOWED, "{\"status\":405}", None)),
    }
    let body = Limited::new(request.into_body(), LONGEST_BODY).collect().await;
    if !body.is_ok_and(|body| is_event(&body.to_bytes())) {
        lock(&state).counts.not_an_event += 1;
        let text = "{\"status\":400,\"code\":\"bad.request\",\"message\":\"no web event\"}";
        return Ok(says(StatusCode::BAD_REQUEST, text, None));
    }
    match arrived(&state, watch.elapsed()) {
        Reply::Taken { after } => {
            tokio::time::sleep(after).await;
            Ok(says(StatusCode::OK, "{\"session\":{\"id\":\"stand-in\"}}", None))
        }
        Reply::TooManyRequests { retry_after } => {
            let text = "{\"status\":429,\"code\":\"too.many.requests\",\"message\":\"stand-in: more than it takes\"}";
            Ok(says(StatusCode::TOO_MANY_REQUESTS, text, Some(retry_after)))
        }
        Reply::Dropped => Err(Dropped),
    }
}

fn arrived(state: &Mutex<State>, at: Duration) -> Reply {
    let mut state = lock(state);
    let reply = state.capacity.arrive(at);
    state.counts.received += 1;
    match reply {
        Reply::Taken { .. } => state.counts.taken += 1,
        Reply::TooManyRequests { .. } => state.counts.too_many_requests += 1,
        Reply::Dropped => state.counts.dropped += 1,
    }
    reply
}

fn says(status: StatusCode, text: impl Into<Bytes>, retry_after: Option<Duration>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::SERVER, header::HeaderValue::from_static("journeycast-stand-in"));
    if let Some(wait) = retry_after {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(wait.as_secs()));
    }
    response
}
