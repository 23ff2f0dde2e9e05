//! Connecting: who a target's name is, and a connection to it, safe where the address says so.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::load::target::permit;
use crate::load::{OtherAnswer, Target, TargetTrouble};

/// A target whose name was looked up once: what it means later does not matter any more.
pub struct Place {
    pub target: Target,
    addresses: Vec<SocketAddr>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why there is no connection.
#[derive(Debug)]
pub enum Unconnected {
    /// Nobody listens.
    Refused(std::io::Error),
    /// Somebody does, but not safely.
    Unsafe(std::io::Error),
    /// It ended at once.
    Ended,
}

impl Unconnected {
    /// As an answer to an event.
    pub const fn as_answer(&self) -> OtherAnswer {
        match self {
            Self::Refused(_) => OtherAnswer::NoConnection,
            Self::Unsafe(_) => OtherAnswer::Tls,
            Self::Ended => OtherAnswer::Closed,
        }
    }
}

impl Place {
    /// Looks a target up; it must be this machine, or be said to be one's own.
    ///
    /// # Errors
    ///
    /// Where it is unknown or not to be loaded.
    pub fn of(target: Target, owned: &[String]) -> Result<Self, TargetTrouble> {
        let found = (target.host.as_str(), target.port).to_socket_addrs();
        let addresses: Vec<SocketAddr> = match found {
            Ok(found) => found.collect(),
            // Whose an unknown name is cannot be known: that it is not ours is the more useful answer.
            Err(error) => {
                permit(&target.host, &[], owned)?;
                return Err(TargetTrouble::NoConnection(format!("{}: {error}", target.host)));
            }
        };
        permit(&target.host, &addresses.iter().map(SocketAddr::ip).collect::<Vec<_>>(), owned)?;
        let tls = if target.tls { Some(tls_for(&target.host)?) } else { None };
        Ok(Self { target, addresses, tls })
    }

    /// Whether nobody can read what is sent on its way.
    pub fn is_private(&self) -> bool {
        self.tls.is_some() || self.addresses.iter().all(|address| address.ip().is_loopback())
    }

    /// Opens a connection, whose other half runs on its own.
    pub async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Unconnected> {
        let stream = TcpStream::connect(&*self.addresses).await.map_err(Unconnected::Refused)?;
        stream.set_nodelay(true).map_err(Unconnected::Refused)?;
        match &self.tls {
            None => speak(stream).await,
            Some((connector, name)) => {
                let safe = connector.connect(name.clone(), stream).await.map_err(Unconnected::Unsafe)?;
                speak(safe).await
            }
        }
    }
}

async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Unconnected>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unconnected::Ended)?;
    // How a connection ends is told by the request that was on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn tls_for(host: &str) -> Result<(TlsConnector, ServerName<'static>), TargetTrouble> {
    let trouble = |error: &dyn std::fmt::Display| TargetTrouble::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| trouble(&error))?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|error| trouble(&error))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}
