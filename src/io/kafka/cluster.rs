//! How to reach the cluster: the operator's settings between our defaults and what exactly-once needs.

use std::fs;
use std::sync::Arc;

use rdkafka::ClientConfig;

use super::KafkaTrouble;
use crate::audit::PublicKey;
use crate::settings::{ClientValue, Log, Settings};

/// What an operator may change; sessions are short enough that a killed worker is replaced soon.
const DEFAULTS: [(&str, &str); 14] = [
    ("session.timeout.ms", "12000"),
    ("heartbeat.interval.ms", "3000"),
    ("max.poll.interval.ms", "300000"),
    ("transaction.timeout.ms", "12000"),
    ("message.timeout.ms", "12000"),
    ("socket.timeout.ms", "10000"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("retry.backoff.ms", "5"),
    ("retry.backoff.max.ms", "20"),
    ("fetch.queue.backoff.ms", "10"),
    ("fetch.error.backoff.ms", "100"),
    ("queued.max.messages.kbytes", "8192"),
    ("linger.ms", "1"),
];

/// A cluster, and who we are to it.
#[derive(Debug, Clone)]
pub struct Cluster {
    settings: Vec<(String, String)>,
    /// The brokers to ask first.
    pub servers: Arc<str>,
    /// The name from which consumer groups are named.
    group: Arc<str>,
    /// The stable name of this worker.
    pub instance: String,
    /// The key that verifies the audit; none where it is not at hand.
    pub(super) audit_key: Option<PublicKey>,
}

impl Cluster {
    /// The cluster that a configuration names; its secrets are read from their files.
    ///
    /// # Errors
    ///
    /// Where it names another kind of log, or a secret cannot be read.
    pub fn of(settings: &Settings) -> Result<Self, KafkaTrouble> {
        let Log::Kafka { bootstrap_servers, group, instance, client } = &settings.log else {
            return Err(KafkaTrouble::NotKafka);
        };
        let mut said = Vec::new();
        for setting in client {
            let value = match &setting.value {
                ClientValue::Text(text) => text.to_string(),
                ClientValue::File(file) => {
                    let read = fs::read_to_string(file).map_err(|source| KafkaTrouble::Secret {
                        setting: setting.name.to_string(),
                        file: file.clone(),
                        source,
                    });
                    read?.trim_end_matches(['\r', '\n']).to_owned()
                }
            };
            said.push((setting.name.to_string(), value));
        }
        let host = || nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            settings: said,
            servers: Arc::clone(bootstrap_servers),
            group: Arc::clone(group),
            instance: instance.as_ref().map_or_else(host, ToString::to_string),
            audit_key: super::audit::signer(settings).ok().map(|signer| signer.public_key()),
        })
    }

    /// The same cluster under another worker's name.
    pub(super) fn named(&self, instance: &str) -> Self {
        Self { instance: instance.to_owned(), ..self.clone() }
    }

    /// The consumer group of a stage.
    pub fn group(&self, stage: &str) -> String {
        format!("{}.{stage}", self.group)
    }

    /// Where partitions start of which nothing was ever committed.
    pub fn starts_at_the_end(&self) -> bool {
        let wanted = self.settings.iter().find(|(name, _)| name == "auto.offset.reset");
        wanted.is_some_and(|(_, value)| matches!(value.as_str(), "latest" | "end" | "largest"))
    }

    /// Settings of any client.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in DEFAULTS {
            config.set(name, value);
        }
        for (name, value) in &self.settings {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &*self.servers);
        config.set("client.id", format!("journeycast-{}", self.instance));
        config.remove("auto.offset.reset");
        config
    }

    /// Settings of a consumer that reads what is committed, and commits only when it is told to.
    pub fn consumer(&self, stage: &str) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", self.group(stage))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("auto.offset.reset", "error");
        config
    }

    /// The same for a consumer that reads to an end once: it waits there for nothing more.
    pub fn one_look(&self, stage: &str) -> ClientConfig {
        let mut config = self.consumer(stage);
        config.set("fetch.wait.max.ms", "10");
        config
    }

    /// Settings of a producer whose records neither get lost nor doubled while it lives.
    pub fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config.set("enable.idempotence", "true").set("compression.type", "lz4");
        config
    }

    /// Settings of the producer of the audit: whoever comes last is the only one.
    pub fn audit_transactions(&self) -> ClientConfig {
        let mut config = self.transactions();
        config.set("transactional.id", format!("{}.journeycast-audit", self.group("counting")));
        config
    }

    /// Settings of the producer of this worker's transactions.
    pub fn transactions(&self) -> ClientConfig {
        let mut config = self.producer();
        config.set("transactional.id", format!("{}.{}", self.group("counting"), self.instance)).set("linger.ms", "0");
        config
    }
}
