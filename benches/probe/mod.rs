//! Probes: events that can be told apart in what is said, each an accepted offer in an interval of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use journeycast::io::clock::Watch;
use journeycast::wire::adjustment;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::json;

use crate::broker::client;
use crate::{PARTITIONS, REVISIONS};

/// The planning group that only probes lead to.
pub const GROUP: &str = r#"
[[planning_group]]
id = "pg-probe"
business_unit = "bu-dublin"
action_maps = [{ id = "am-probe" }]
"#;
/// Monday 2026-11-02T00:00:00Z, and the length of an interval.
const START: i64 = 1_793_577_600;
const INTERVAL: i64 = 900;
/// How long the last probes may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// When each was to be sent, by its number.
#[derive(Default)]
pub struct Probes {
    is_looking: AtomicBool,
    due: Mutex<BTreeMap<usize, Duration>>,
}

/// The event of a probe.
pub fn event(number: usize) -> Vec<u8> {
    let millis = (START + i64::try_from(number).unwrap_or(0) * INTERVAL) * 1_000 + 1;
    let body = json!({
        "id": format!("probe-{number}"), "createdDate": millis, "eventType": "WebActionEvent",
        "session": {"id": format!("probe-session-{number}")},
        "webActionEvent": {
            "action": {"id": format!("probe-action-{number}"), "state": "accepted", "mediaType": "webMessagingOffer"},
            "actionMap": {"id": "am-probe", "version": 1},
        },
    });
    body.to_string().into_bytes()
}

impl Probes {
    /// This one is to be sent then.
    pub fn sent(&self, number: usize, due: Duration) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).insert(number, due);
    }

    /// Waits until somebody looks, and has seen everything that was said before.
    pub fn wait_until_looked_for(&self) {
        while !self.is_looking.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Looks at what is said until `wanted` probes were seen; milliseconds of each.
    pub fn look(&self, servers: &str, watch: Watch, wanted: usize) -> Result<Vec<f64>, String> {
        let consumer: BaseConsumer =
            client(servers).set("fetch.wait.max.ms", "5").create().map_err(|it| it.to_string())?;
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(REVISIONS, partition, Offset::Beginning).map_err(|it| it.to_string())?;
        }
        consumer.assign(&all).map_err(|it| it.to_string())?;
        let mut seen = BTreeMap::new();
        let mut idle = Watch::start();
        while seen.len() < wanted {
            if idle.elapsed() > PATIENCE {
                return Err(format!("only {} of {wanted} probes were seen", seen.len()));
            }
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(5)) else {
                self.is_looking.fetch_or(idle.elapsed() > Duration::from_secs(1), Ordering::Relaxed);
                continue;
            };
            let now = watch.elapsed();
            idle = Watch::start();
            let Ok(row) = adjustment::decode(message.payload().unwrap_or_default()) else { continue };
            if &*row.identity.planning_group_id == "pg-probe" {
                let number = (row.identity.interval_start.seconds() - START) / INTERVAL;
                seen.entry(usize::try_from(number).unwrap_or(0)).or_insert(now);
            }
        }
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let millis =
            seen.iter().filter_map(|(number, at)| Some((at.saturating_sub(*due.get(number)?)).as_secs_f64() * 1e3));
        Ok(millis.collect())
    }
}
