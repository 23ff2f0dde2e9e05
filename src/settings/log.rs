//! Where facts, state and adjustments are kept: on this machine, or in Kafka.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where facts, state and adjustments are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// On this machine, durably.
    Embedded {
        /// The folder.
        path: PathBuf,
    },
    /// Shared between workers.
    Kafka {
        /// The brokers to ask first.
        bootstrap_servers: Arc<str>,
        /// The consumer group that all workers share.
        group: Arc<str>,
        /// A stable name of this worker; without it, the name of the host.
        instance: Option<Arc<str>>,
        /// Settings of librdkafka, sorted by name.
        client: Vec<ClientSetting>,
    },
}

/// One setting of librdkafka.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSetting {
    /// Its name as librdkafka knows it.
    pub name: Arc<str>,
    /// Its value, or where that is.
    pub value: ClientValue,
}

/// The value of a setting, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientValue {
    /// The value itself.
    Text(Arc<str>),
    /// The file that holds the value; the setting was written with `_file` behind its name.
    File(PathBuf),
}

/// A password may stand in the configuration, but never in a log line.
impl fmt::Debug for ClientSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            ClientValue::Text(_) if is_secret(&self.name) => write!(f, "{} = …", self.name),
            ClientValue::Text(text) => write!(f, "{} = {text:?}", self.name),
            ClientValue::File(path) => write!(f, "{}_file = {path:?}", self.name),
        }
    }
}

/// Whether a setting of this name holds what nobody may see. A file's name is no secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let names_a_file = name.ends_with("_file") || name.ends_with(".location");
    !names_a_file
        && ["password", "secret", ".pem", "jaas", "oauthbearer.config", "userinfo", "token"]
            .iter()
            .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows_in_a_debug_print_and_a_timeout_does() {
        let setting = |name: &str| ClientSetting { name: name.into(), value: ClientValue::Text("hunter2".into()) };
        for name in
            ["sasl.password", "ssl.key.pem", "sasl.oauthbearer.client.secret", "ssl.key.password", "SASL.PASSWORD"]
        {
            assert!(!format!("{:?}", setting(name)).contains("hunter2"), "{name}");
        }
        assert!(format!("{:?}", setting("session.timeout.ms")).contains("hunter2"));
        assert!(!is_secret("ssl.key.location") && !is_secret("sasl.password_file"));
    }
}
