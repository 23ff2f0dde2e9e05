//! Fetching: one address, once, politely: named, in bounded time and size, and nothing that the page goes on to ask for.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Error};

use super::clock::Watch;
use crate::snippet::{Trouble, fetchable, led_from};

/// Longest time for everything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Most redirections that are followed.
const MOST_REDIRECTS: u32 = 5;

/// What something is fetched for: it is said to the server, and tells how far redirections are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page that somebody named.
    Page,
    /// The public configuration of a deployment; no other host may take the place of Genesys'.
    Configuration,
}

impl Purpose {
    const fn user_agent(self) -> &'static str {
        match self {
            Self::Page => concat!("journeycast/", env!("CARGO_PKG_VERSION"), " (snippet audit; fetches one page once)"),
            Self::Configuration => {
                concat!("journeycast/", env!("CARGO_PKG_VERSION"), " (snippet audit; reads one configuration once)")
            }
        }
    }

    const fn most_redirects(self) -> u32 {
        match self {
            Self::Page => MOST_REDIRECTS,
            Self::Configuration => 0,
        }
    }
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The host that answered in the end.
    pub host: Option<String>,
    /// The host that was asked first, where a redirection led away from it.
    pub led_from: Option<String>,
}

/// Fetches an address; at most this many bytes.
///
/// # Errors
///
/// Where there is no answer that can be used; the name of the trouble says why.
pub fn fetch(address: &str, most_bytes: u64, purpose: Purpose) -> Result<Fetched, Trouble> {
    let watch = Watch::start();
    let mut uri = fetchable(address)?;
    let asked = uri.host().map(str::to_owned);
    for _ in 0..=purpose.most_redirects() {
        let left = PATIENCE.checked_sub(watch.elapsed()).ok_or(Trouble::TimedOut(PATIENCE.as_secs()))?;
        let mut response = agent(purpose, left).get(uri.clone()).call().map_err(|error| trouble_of(&error))?;
        let status = response.status();
        if !status.is_redirection() {
            let host = uri.host().map(str::to_owned);
            let led_from = asked.filter(|asked| host.as_ref() != Some(asked));
            return Ok(Fetched { bytes: body(response.body_mut().as_reader(), most_bytes)?, host, led_from });
        }
        if purpose.most_redirects() == 0 {
            return Err(Trouble::NoConfiguration);
        }
        let location = response.headers().get("location").map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let nowhere = || Trouble::BadAnswer(format!("it is {} and says no place to go to", status.as_u16()));
        uri = led_from(&uri, &location.ok_or_else(nowhere)?)?;
    }
    Err(Trouble::TooManyRedirects(purpose.most_redirects()))
}

fn agent(purpose: Purpose, patience: Duration) -> Agent {
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::PlatformVerifier);
    let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()));
    let config = Agent::config_builder()
        .timeout_global(Some(patience))
        .max_redirects(0)
        .http_status_as_error(true)
        .proxy(None)
        .user_agent(purpose.user_agent())
        .accept("text/html, application/xhtml+xml, text/javascript, application/json;q=0.9, */*;q=0.5")
        .tls_config(tls.build())
        .build();
    Agent::new_with_config(config)
}

fn body(reader: impl Read, most_bytes: u64) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    match reader.take(most_bytes + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > most_bytes => Err(Trouble::TooLarge(most_bytes >> 20)),
        Ok(_) => Ok(bytes),
        // The answer has begun: what fails now is its content.
        Err(error) => Err(match (of_io(&error), error.kind()) {
            (Trouble::NoConnection(_), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Trouble::AnswerCutShort
            }
            (Trouble::NoConnection(says), _) => Trouble::BadAnswer(says),
            (trouble, _) => trouble,
        }),
    }
}

fn of_io(error: &std::io::Error) -> Trouble {
    if error.kind() == ErrorKind::TimedOut {
        return Trouble::TimedOut(PATIENCE.as_secs());
    }
    let text = error.to_string();
    if text.contains("timeout") || text.contains("timed out") {
        Trouble::TimedOut(PATIENCE.as_secs())
    } else {
        Trouble::NoConnection(text)
    }
}

/// The library may learn of more errors; what is not one of these is a connection that did not come about.
fn trouble_of(error: &Error) -> Trouble {
    if let Error::StatusCode(status) = error {
        return Trouble::Status(*status);
    }
    if let Error::Io(io) = error
        && !io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
    {
        return of_io(io);
    }
    if matches!(error, Error::Timeout(_)) {
        Trouble::TimedOut(PATIENCE.as_secs())
    } else if matches!(error, Error::BadUri(_) | Error::Http(_)) {
        Trouble::BadAddress("it is no address".to_owned())
    } else if matches!(error, Error::Tls(_) | Error::Rustls(_) | Error::Io(_)) {
        Trouble::Tls(plain_tls(&error.to_string()))
    } else if matches!(error, Error::Protocol(_) | Error::LargeResponseHeader(_, _)) {
        Trouble::BadAnswer(error.to_string())
    } else {
        Trouble::NoConnection(error.to_string())
    }
}

/// What the library says of a connection that is not safe, in plain words.
fn plain_tls(says: &str) -> String {
    let known = [
        (
            "UnknownIssuer",
            "nobody that this machine trusts has signed its certificate; where that is your own authority, name its file \
             in the environment variable SSL_CERT_FILE",
        ),
        ("NotValidForName", "its certificate is for another name"),
        ("Expired", "its certificate has expired"),
        ("NotValidYet", "its certificate is not valid yet"),
        ("Revoked", "its certificate was revoked"),
        (
            "CaUsedAsEndEntity",
            "its certificate is self-signed, or an authority's own; have one for servers signed by your authority, and name the \
             authority's file in the environment variable SSL_CERT_FILE",
        ),
        ("InvalidMessage", "what answers there does not speak TLS"),
        ("corrupt message", "what answers there does not speak TLS"),
    ];
    let plain = known.iter().find(|(word, _)| says.contains(word) || says.contains(&spaced(word)));
    plain.map_or_else(|| says.to_owned(), |(_, words)| format!("{words} ({says})"))
}

/// `NotValidForName` as prose writes it: `not valid for name`.
fn spaced(word: &str) -> String {
    let mut said = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !said.is_empty() {
            said.push(' ');
        }
        said.push(letter.to_ascii_lowercase());
    }
    said
}
