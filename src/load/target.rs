//! Targets: where events go, and whether they may go there.

use std::net::IpAddr;

use http::Uri;

use crate::snippet::shown_address;

/// Where events go when an address has no path: the endpoint of a deployment that nobody has.
pub const PATH: &str = "/api/v2/journey/deployments/00000000-0000-4000-8000-000000000000/webevents";

/// Why nothing is sent to a target, or no more.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TargetTrouble {
    /// No address of an endpoint.
    #[error("bad_address: {0}; write it as http://127.0.0.1:8080 or https://host/path")]
    BadAddress(String),
    /// Somebody else's machine, as far as can be told.
    #[error("not_yours: {0} is not this machine; where you may load it, say so with --i-own-this-target {0}")]
    NotYours(String),
    /// Headers would go over the wire for everybody to read.
    #[error("in_the_clear: headers of --header-file go to {0} over https:// alone; it is not this machine")]
    InTheClear(String),
    /// Nobody listens there.
    #[error("no_connection: {0}")]
    NoConnection(String),
    /// No safe connection comes about.
    #[error("tls: {0}")]
    Tls(String),
    /// Events are sent and not answered.
    #[error("timed_out: no answer within {0} seconds")]
    TimedOut(f64),
    /// It points elsewhere.
    #[error("redirected: it answers {0}, and redirections are never followed; name the endpoint itself")]
    Redirected(u16),
    /// It takes no events.
    #[error("status: it answers {0} to an event{hint}", hint = hint(*.0))]
    Status(u16),
    /// It ends connections without an answer.
    #[error("closed: it ends connections without an answer")]
    Closed,
    /// A cluster does not take records.
    #[error("{name}: the cluster takes no record: {says}")]
    NotTaken {
        /// The name of the answer.
        name: String,
        /// What the cluster says.
        says: String,
    },
}

/// What to do about a status.
const fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "; what it wants to know of you, a token for example, is said by --header-file",
        _ => "",
    }
}

/// Whether a host may be loaded: it is this machine, or whoever runs this says that it is theirs.
///
/// # Errors
///
/// Where neither is so.
pub fn permit(host: &str, found_at: &[IpAddr], owned: &[String]) -> Result<(), TargetTrouble> {
    let is_this_machine = !found_at.is_empty() && found_at.iter().all(IpAddr::is_loopback);
    let is_owned = owned.iter().any(|owned| owned.eq_ignore_ascii_case(host));
    if is_this_machine || is_owned { Ok(()) } else { Err(TargetTrouble::NotYours(host.to_owned())) }
}

/// The host and the port of a broker as `bootstrap.servers` lists it; 9092 where none is named.
///
/// # Errors
///
/// Where it has no host.
pub fn broker(listed: &str) -> Result<(String, u16), TargetTrouble> {
    let bad = || TargetTrouble::BadAddress(format!("{listed:?} of bootstrap_servers names no host"));
    let place = listed.trim().rsplit("://").next().unwrap_or_default();
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
        Some(_) | None => (place, 9_092),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if host.is_empty() { Err(bad()) } else { Ok((host, port)) }
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether the connection is safe.
    pub tls: bool,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// Where it is none of an endpoint.
    pub fn of(address: &str) -> Result<Self, TargetTrouble> {
        let bad = |says: &str| TargetTrouble::BadAddress(format!("{:?} {says}", shown_address(address)));
        let uri: Uri = address.parse().map_err(|_| bad("is no address"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(bad("is neither http:// nor https://")),
        };
        let authority = uri.authority().ok_or_else(|| bad("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("names a user, which is not sent"));
        }
        let host = uri.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad("has no host"));
        }
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path == "/" { PATH } else { path }.to_owned();
        Ok(Self { tls, host, port, path })
    }

    /// Host and port as a request names them.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_means_the_endpoint_for_web_events() {
        let target = Target::of("http://127.0.0.1:4711").unwrap();
        assert_eq!((target.tls, target.port, &*target.host), (false, 4711, "127.0.0.1"));
        assert_eq!(target.path, PATH);
        assert_eq!(target.authority(), "127.0.0.1:4711");
        let target = Target::of("https://API.example/api/v2/x?y=1").unwrap();
        assert_eq!((target.port, target.path.as_str(), &*target.authority()), (443, "/api/v2/x?y=1", "api.example"));
        assert_eq!(Target::of("http://[::1]:80/").unwrap().authority(), "[::1]");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_what_to_write() {
        for address in ["", "127.0.0.1:80", "ftp://127.0.0.1/", "http://", "http://me:secret@127.0.0.1/", "http://a b/"]
        {
            let said = Target::of(address).unwrap_err().to_string();
            assert!(said.starts_with("bad_address: ") && said.contains("http://127.0.0.1:8080"), "{said}");
        }
    }

    #[test]
    fn only_this_machine_or_a_named_host_of_ones_own_may_be_loaded() {
        let here = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        let there: IpAddr = "203.0.113.7".parse().unwrap();
        let target = Target::of("https://journey.example/").unwrap();
        let permit = |found_at: &[IpAddr], owned: &[&str]| {
            let owned: Vec<String> = owned.iter().map(|host| (*host).to_owned()).collect();
            permit(&target.host, found_at, &owned)
        };
        assert!(permit(&here, &[]).is_ok());
        assert!(permit(&[here[0], there], &[]).is_err(), "one address elsewhere is enough");
        assert!(permit(&[], &[]).is_err());
        assert!(permit(&[there], &["other.example"]).is_err(), "another host does not count");
        assert!(permit(&[there], &["other.example", "Journey.Example"]).is_ok());
        let said = permit(&[there], &[]).unwrap_err().to_string();
        assert!(said.contains("--i-own-this-target journey.example"), "{said}");
    }

    #[test]
    fn brokers_are_told_apart_however_they_are_listed() {
        for (listed, host, port) in [
            ("127.0.0.1:9092", "127.0.0.1", 9_092),
            (" Kafka.Example ", "kafka.example", 9_092),
            ("SSL://kafka.example:9093", "kafka.example", 9_093),
            ("[::1]:7", "::1", 7),
            ("[::1]", "::1", 9_092),
            ("::1", "::1", 9_092),
        ] {
            assert_eq!(broker(listed), Ok((host.to_owned(), port)), "{listed}");
        }
        for listed in ["", ":9092", "kafka:many"] {
            assert!(broker(listed).is_err(), "{listed}");
        }
    }
}
