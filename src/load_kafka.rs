//! `load run --target kafka`: which cluster and which topic may get invented events, and what writes them there.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs};

use crate::io::clock;
use crate::io::kafka::{Asker, Cluster, topics};
use crate::io::load::{Manners, Producing};
use crate::load::target::{broker, permit};
use crate::load::{EventShape, RecordShape, TargetTrouble};
use crate::load_cli::RunArgs;
use crate::load_run::refused;
use crate::perform::{Failure, load};
use crate::settings::Settings;

/// What writes a run's records, and how its summary names the place; nothing is written yet.
///
/// # Errors
///
/// Where the cluster or the topic may not be loaded, or does not answer.
pub fn producing(args: &RunArgs, shape: &EventShape, manners: Manners) -> Result<(Producing, String), Failure> {
    if args.honour_retry_after {
        let says = "--honour-retry-after: no cluster says Retry-After; leave it away with --target kafka";
        return Err(Failure::Usage(says.to_owned()));
    }
    if args.header_file.is_some() {
        return Err(Failure::Usage("--header-file: a record for Kafka gets no headers of yours".to_owned()));
    }
    let Some(config) = &args.config else {
        return Err(Failure::Usage("--target kafka needs --config FILE, which names the cluster".to_owned()));
    };
    let settings = load(config)?;
    let topic = args.topic.as_deref().unwrap_or(topics::LOAD);
    may_be_counted(&settings, topic, args.i_know_these_are_counted).map_err(Failure::Usage)?;
    let cluster = Cluster::of(&settings)?;
    let listed: Result<Vec<_>, TargetTrouble> = cluster.servers.split(',').map(broker).collect();
    permit_all(listed.map_err(refused)?, &args.i_own_this_target)?;
    let asker = Asker::of(&cluster)?;
    // A door on this machine may lead to brokers elsewhere.
    permit_all(asker.hosts()?, &args.i_own_this_target)?;
    ready(&cluster, &asker, topic, args.i_know_these_are_counted)?;
    let organization = settings.organizations().first().cloned().unwrap_or_default();
    let run = u32::try_from(clock::now().millis() & 0xffff_ffff).unwrap_or(0);
    let shape = RecordShape::of(shape, &organization, run);
    let producing = Producing::of(&cluster, topic, shape, manners)?;
    Ok((producing, format!("kafka://{}/{topic}", cluster.servers)))
}

/// Every host must be this machine, or be said to be one's own; names are looked up once.
fn permit_all(hosts: Vec<(String, u16)>, owned: &[String]) -> Result<(), Failure> {
    for (host, port) in hosts {
        let found = (host.as_str(), port).to_socket_addrs();
        let found: Vec<IpAddr> = found.map(|found| found.map(|at| at.ip()).collect()).unwrap_or_default();
        permit(&host, &found, owned).map_err(refused)?;
    }
    Ok(())
}

/// Refuses a topic in which invented events would end in a forecast, as far as the configuration tells.
fn may_be_counted(settings: &Settings, topic: &str, is_known: bool) -> Result<(), String> {
    let ours: BTreeSet<&str> = topics::wanted(settings).iter().map(|wanted| wanted.name).collect();
    if ours.contains(topic) {
        return Err(format!("own_topic: journeycast itself keeps {topic}; nothing else may be written there"));
    }
    if !settings.sources.iter().any(|source| *source.topic == *topic) {
        return Ok(());
    }
    if settings.is_production() {
        return Err(format!(
            "counted: {topic} is an input of this configuration, and [environment] kind is production, as it is where \
             nothing is said: invented events never go there; leave --topic away, or name a topic that nothing reads"
        ));
    }
    if is_known {
        return Ok(());
    }
    Err(format!(
        "counted: {topic} is an input of this configuration, and what is written there is counted; leave --topic away \
         ({}), or say --i-know-these-are-counted",
        topics::LOAD
    ))
}

/// Makes our own topic where it is missing; any other must be there, and be empty or known to be counted.
fn ready(cluster: &Cluster, asker: &Asker, topic: &str, is_known: bool) -> Result<(), Failure> {
    let existing = asker.existing()?;
    if topic == topics::LOAD {
        if !existing.contains_key(topic) {
            topics::Topics::of(cluster)?.create(&[topics::for_load()])?;
        }
        return Ok(());
    }
    let Some(partitions) = existing.get(topic) else {
        let says = format!("no_topic: {topic} is not there; make it, or leave --topic away");
        return Err(Failure::Failed(says));
    };
    for partition in 0..*partitions {
        let (_, end) = asker.bounds(topic, partition)?;
        if end > 0 && !is_known {
            return Err(Failure::Usage(format!(
                "not_empty: {topic} holds or held records, so somebody may read it; leave --topic away ({}), or say \
                 --i-know-these-are-counted",
                topics::LOAD
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{SitePlan, config_toml};

    fn settings(more: &str) -> Settings {
        let text = format!("{}\n{more}", config_toml(&SitePlan::default()));
        Settings::parse(&text, "journeycast.toml", std::iter::empty()).unwrap()
    }

    #[test]
    fn invented_events_go_nowhere_where_a_forecast_reads_them_unless_that_is_known_and_never_in_production() {
        let (plain, production) = (settings("[environment]\nkind = \"test\"\n"), settings(""));
        for (settings, topic, is_known, says) in [
            (&plain, topics::LOAD, false, None),
            (&plain, "mine.v1", false, None),
            (&plain, "journey.events.v1", false, Some("counted: journey.events.v1")),
            (&plain, "journey.events.v1", true, None),
            (&plain, topics::FACTS, true, Some("own_topic: ")),
            (&plain, topics::ROWS, true, Some("own_topic: ")),
            (&production, topics::LOAD, false, None),
            (&production, "journey.events.v1", true, Some("kind is production")),
        ] {
            let said = may_be_counted(settings, topic, is_known);
            match says {
                None => assert_eq!(said, Ok(()), "{topic}"),
                Some(says) => assert!(said.unwrap_err().contains(says), "{topic}"),
            }
        }
    }

    #[test]
    fn every_host_of_a_cluster_must_be_this_machine_or_ones_own() {
        let hosts = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 9_092)).collect();
        assert!(permit_all(hosts(&["127.0.0.1", "::1"]), &[]).is_ok());
        assert!(permit_all(hosts(&["127.0.0.1", "203.0.113.7"]), &[]).is_err());
        assert!(permit_all(hosts(&["203.0.113.7", "203.0.113.8"]), &["203.0.113.7".to_owned()]).is_err());
        let both = ["203.0.113.7".to_owned(), "203.0.113.8".to_owned()];
        assert!(permit_all(hosts(&["203.0.113.7", "203.0.113.8"]), &both).is_ok());
    }
}
