//! How long a new owner takes to read a million live actions back from the facts in Kafka.

use std::num::NonZeroU32;
use std::time::Duration;

use journeycast::engine::fact::{About, ActionEvent, ActionFact, Medium, OfferState, OrganizationIndex};
use journeycast::engine::names::Name;
use journeycast::engine::{EventTime, Fact, Labels, Names, Span};
use journeycast::io::clock::{Watch, now};
use journeycast::io::kafka::{Cluster, CountingWorker};
use journeycast::settings::Settings;
use journeycast::wire::{facts, partition_of};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

use crate::broker::client;
use crate::{Failed, PATIENCE};

const MONDAY: i64 = 1_793_577_600_000;
const PACK: u64 = 4_096;

/// A name that no other action has.
fn name(number: u64) -> Name {
    Name(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

fn action(number: u64, labels: &mut Labels) -> Fact {
    let (map, medium) = (Some(labels.intern("am-pricing-help")), Some(Medium::WEB_MESSAGING_OFFER));
    let event = ActionEvent::Reached(OfferState::Qualified);
    Fact {
        organization: OrganizationIndex(0),
        at: EventTime::from_millis(MONDAY).after(Span::from_millis(i64::try_from(number % 3_600_000).unwrap_or(0))),
        names: Names { own: name(2 * number + 1), before: Some(name(2 * number + 2)) },
        about: About::Action(ActionFact { event, map, version: Some(7), medium, visit: None }),
    }
}

/// Writes so many actions as facts, as reading would have.
pub fn fill(servers: &str, settings: &Settings, actions: u64) -> Result<(), Failed> {
    let producer: ThreadedProducer<_> = client(servers).set("compression.type", "lz4").create()?;
    let (mut labels, organizations) = (Labels::default(), settings.organizations());
    let organization = organizations.first().ok_or("no organization")?;
    let partitions = NonZeroU32::new(4).ok_or("no partitions")?;
    let partition = i32::try_from(partition_of(organization, partitions))?;
    for first in (0..actions).step_by(4_096) {
        let numbers = first..(first + PACK).min(actions);
        let part: Vec<Fact> = numbers.map(|number| action(number, &mut labels)).collect();
        let body = facts::encode(&part, &organizations, &labels);
        let record = BaseRecord::to("journeycast.facts.v1").partition(partition).key(&**organization).payload(&body);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    Ok(producer.flush(PATIENCE)?)
}

/// From the moment when it owns the partition to the moment when it counts on.
pub fn restore(settings: &Settings, actions: u64) -> Result<Duration, Failed> {
    let mut worker = CountingWorker::join(settings, &Cluster::of(settings)?)?;
    let watch = Watch::start();
    let mut owned_at = None;
    while worker.counters().next().is_none() {
        if worker.owned() > 0 {
            owned_at.get_or_insert_with(|| watch.elapsed());
        }
        worker.turn(now(), Duration::from_millis(5))?;
    }
    let took = watch.elapsed().saturating_sub(owned_at.unwrap_or_default());
    let remembered = worker.counters().map(|(_, counter)| counter.engine().remembered()[0] as u64).sum::<u64>();
    if remembered == actions { Ok(took) } else { Err(format!("{remembered} of {actions} came back").into()) }
}
