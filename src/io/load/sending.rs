//! Sending: one event over one connection, and what came of it; connections are kept for the next.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connecting::{Place, Unconnected};
use crate::load::{Answer, OtherAnswer};

/// Who we are, said with every event.
pub const USER_AGENT: &str =
    concat!("journeycast-load/", env!("CARGO_PKG_VERSION"), " (load test; asked for by the owner)");

/// Longer answers are not read to their end.
const LONGEST_ANSWER: usize = 1 << 20;

/// One end of a connection.
pub type Sender = SendRequest<Full<Bytes>>;

/// What came of one event.
#[derive(Debug)]
pub struct Sent {
    pub answer: Answer,
    /// `Retry-After` as it was said.
    pub retry_after: Option<String>,
    /// In plain words, where no connection came about.
    pub says: Option<String>,
    /// The connection, where it can be used again.
    pub connection: Option<Sender>,
}

impl Sent {
    fn other(answer: OtherAnswer) -> Self {
        Self { answer: Answer::Other(answer), retry_after: None, says: None, connection: None }
    }

    fn unconnected(why: &Unconnected) -> Self {
        let says = match why {
            Unconnected::Refused(error) | Unconnected::Unsafe(error) => Some(error.to_string()),
            Unconnected::Ended => None,
        };
        Self { says, ..Self::other(why.as_answer()) }
    }
}

/// The way to a target.
pub struct Way {
    pub place: Place,
    pub patience: Duration,
    /// Said with every event; the values are secrets.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Connections that wait for something to do, the one used last at the end.
    idle: Mutex<Vec<Sender>>,
    room: Semaphore,
}

impl Way {
    pub fn to(
        place: Place,
        headers: Vec<(HeaderName, HeaderValue)>,
        patience: Duration,
        most_connections: usize,
    ) -> Self {
        Self { place, patience, headers, idle: Mutex::new(Vec::new()), room: Semaphore::new(most_connections) }
    }

    /// Waits until one more connection may be used.
    pub async fn room(&self) -> Option<SemaphorePermit<'_>> {
        self.room.acquire().await.ok()
    }

    /// Sends an event and waits for the answer, for so long.
    pub async fn send(&self, body: Bytes) -> Sent {
        match tokio::time::timeout(self.patience, self.exchange(body)).await {
            Ok(sent) => sent,
            Err(_) => Sent::other(OtherAnswer::TimedOut),
        }
    }

    async fn exchange(&self, body: Bytes) -> Sent {
        let mut request = match self.request(body) {
            Ok(request) => request,
            Err(error) => return Sent { says: Some(error.to_string()), ..Sent::other(OtherAnswer::NoConnection) },
        };
        // A kept connection may have been closed by the other side: what was not sent on it is sent on another.
        while let Some(mut sender) = self.kept() {
            match sender.try_send_request(request).await {
                Ok(response) => return read(response, sender).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Sent::other(OtherAnswer::Closed),
                },
            }
        }
        let mut sender = match self.place.connect().await {
            Ok(sender) => sender,
            Err(why) => return Sent::unconnected(&why),
        };
        match sender.try_send_request(request).await {
            Ok(response) => read(response, sender).await,
            Err(_) => Sent::other(OtherAnswer::Closed),
        }
    }

    fn request(&self, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
        let mut request = Request::post(&*self.place.target.path)
            .header(header::HOST, self.place.target.authority())
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(body))
    }

    fn kept(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(sender) = idle.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps a connection for the next event, once it is ready for it.
    pub async fn keep(&self, connection: Option<Sender>) {
        let Some(mut sender) = connection else { return };
        if matches!(tokio::time::timeout(self.patience, sender.ready()).await, Ok(Ok(()))) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
    }
}

async fn read(response: http::Response<Incoming>, sender: Sender) -> Sent {
    let status = response.status();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|text| text.to_str().ok()).map(str::to_owned);
    let mut body = response.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Sent::other(OtherAnswer::Closed) };
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > LONGEST_ANSWER {
            return Sent { answer: answer_of(status), retry_after, says: None, connection: None };
        }
    }
    Sent { answer: answer_of(status), retry_after, says: None, connection: Some(sender) }
}

fn answer_of(status: StatusCode) -> Answer {
    if status.is_success() {
        Answer::Taken
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        Answer::TooManyRequests
    } else if status.is_redirection() {
        Answer::Other(OtherAnswer::Redirected(status.as_u16()))
    } else {
        Answer::Other(OtherAnswer::Status(status.as_u16()))
    }
}
