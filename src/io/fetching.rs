//! Fetching: one address, once, politely: named, in bounded time and size, and nothing that the page goes on to ask for.

use std::io::Read;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Error};

use crate::snippet::Trouble;

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
}

/// Fetches an address; at most this many bytes.
///
/// # Errors
///
/// Where there is no answer that can be used; the name of the trouble says why.
pub fn fetch(address: &str, most_bytes: u64, purpose: Purpose) -> Result<Fetched, Trouble> {
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::PlatformVerifier);
    let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()));
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(purpose.most_redirects())
        .http_status_as_error(true)
        .proxy(None)
        .user_agent(purpose.user_agent())
        .accept("text/html, application/xhtml+xml, text/javascript, application/json;q=0.9, */*;q=0.5")
        .tls_config(tls.build())
        .build();
    let mut response = Agent::new_with_config(config).get(address).call().map_err(|error| trouble_of(&error))?;
    let host = {
        use ureq::ResponseExt;
        response.get_uri().host().map(str::to_owned)
    };
    let mut bytes = Vec::new();
    let reader = response.body_mut().as_reader();
    match reader.take(most_bytes + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > most_bytes => Err(Trouble::TooLarge(most_bytes >> 20)),
        Ok(_) => Ok(Fetched { bytes, host }),
        Err(error) => Err(of_io(&error)),
    }
}

fn of_io(error: &std::io::Error) -> Trouble {
    if error.kind() == std::io::ErrorKind::TimedOut {
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
    } else if matches!(error, Error::TooManyRedirects) {
        Trouble::TooManyRedirects(MOST_REDIRECTS)
    } else if matches!(error, Error::BadUri(_) | Error::Http(_)) {
        Trouble::BadAddress(error.to_string())
    } else if matches!(error, Error::Tls(_) | Error::Rustls(_) | Error::Io(_)) {
        Trouble::Tls(error.to_string())
    } else {
        Trouble::NoConnection(error.to_string())
    }
}
