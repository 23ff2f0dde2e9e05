//! Looks at a live cluster as a worker would use it, without disturbing those that do.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{Producer, ThreadedProducer};

use super::topics::{FACTS, Topics};
use super::witness::{Witness, listed};
use super::{AuditTopic, Cluster, KafkaTrouble, holding};
use crate::audit::verify;
use crate::settings::Settings;

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found of one thing; an error is a sentence that says what is wrong.
pub type Found = (&'static str, Result<String, String>);

/// Looks at everything that a worker needs: brokers, our topics, the customer's, and what this user may do.
pub fn look(settings: &Settings, cluster: &Cluster) -> Vec<Found> {
    let topics = Topics::of(cluster).and_then(|topics| topics.existing().map(|existing| (topics, existing)));
    let (topics, existing) = match topics {
        Ok(topics) => topics,
        Err(trouble) => return vec![("cluster", Err(trouble.to_string()))],
    };
    let told = |trouble: KafkaTrouble| trouble.to_string();
    let ours =
        holding::active(cluster)
            .and_then(|holds| topics.complaints(&holding::wanted_under(settings, &holds)))
            .map_err(told)
            .and_then(|complaints| {
                if complaints.is_empty() { Ok("as they must be".to_owned()) } else { Err(complaints.join("; ")) }
            });
    let absent: Vec<&str> =
        settings.sources.iter().map(|source| &*source.topic).filter(|topic| !existing.contains_key(*topic)).collect();
    let inputs = if absent.is_empty() {
        Ok("all there".to_owned())
    } else {
        Err(format!("{} not there: what they would tell is not known", absent.join(", ")))
    };
    let mut found = vec![
        ("cluster", Ok(format!("{} answers, {} topics can be seen", cluster.servers, existing.len()))),
        ("topics", ours),
        ("input topics", inputs),
    ];
    for stage in ["reading", "counting"] {
        found.push(("consumer group", may_use_group(cluster, stage).map_err(told)));
    }
    let audit = AuditTopic::of(settings, cluster).and_then(|topic| Ok((topic.kept()?, topic.signer().public_key())));
    found.push((
        "audit",
        audit.map_err(told).and_then(|(kept, key)| match verify(&kept, &key, None) {
            Ok(verified) => Ok(format!("{} entries, whole and signed", verified.entries)),
            Err(wrong) => Err(wrong.to_string()),
        }),
    ));
    found.push(("transactions", may_commit(cluster).map_err(told)));
    found
}

fn may_use_group(cluster: &Cluster, stage: &str) -> Result<String, KafkaTrouble> {
    let trouble = |source| KafkaTrouble::lasting("asking a consumer group for its offsets", source);
    let consumer: BaseConsumer<Witness> =
        cluster.consumer(stage).create_with_context(Witness::default()).map_err(trouble)?;
    let list = listed(&[(FACTS.to_owned(), 0)], rdkafka::Offset::Invalid);
    let found = consumer.committed_offsets(list, PATIENCE).map_err(trouble)?;
    found
        .elements()
        .iter()
        .try_for_each(rdkafka::topic_partition_list::TopicPartitionListElem::error)
        .map_err(trouble)?;
    Ok(format!("{} can be used", cluster.group(stage)))
}

/// A transactional id of its own: a worker's would end that worker.
fn may_commit(cluster: &Cluster) -> Result<String, KafkaTrouble> {
    let trouble = |source| KafkaTrouble::lasting("asking for transactions", source);
    let id = format!("{}.doctor", cluster.group("counting"));
    let mut config = cluster.transactions();
    config.set("transactional.id", &id);
    let producer: ThreadedProducer<Witness> = config.create_with_context(Witness::default()).map_err(trouble)?;
    producer.init_transactions(PATIENCE).map_err(trouble)?;
    Ok(format!("ids that begin with {}. can be used", cluster.group("counting")))
}
