//! Topics: makes those of ours that a cluster does not have yet, and says what is wrong with the others.

use crate::cli::TopicsCommand;
use crate::io::kafka::{Cluster, Told, holding, topics};
use crate::perform::{Failure, load, print};
use crate::settings::{Log, Settings};

/// Makes or checks; the embedded log has tables and no topics.
pub fn topics(command: &TopicsCommand) -> Result<(), Failure> {
    let (TopicsCommand::Create(args) | TopicsCommand::Check(args)) = command;
    let settings = load(&args.config)?;
    match &settings.log {
        Log::Embedded { .. } => Ok(print("the embedded log needs no topics: nothing to do\n")?),
        Log::Kafka { .. } => match command {
            TopicsCommand::Create(_) => create(&settings),
            TopicsCommand::Check(_) => check(&settings),
        },
    }
}

fn create(settings: &Settings) -> Result<(), Failure> {
    let cluster = topics::Topics::of(&Cluster::of(settings)?)?;
    let holds = holding::active(&Cluster::of(settings)?)?;
    let made = cluster.create(&holding::wanted_under(settings, &holds))?;
    for name in &made {
        print(&format!("made {name}\n"))?;
    }
    if made.is_empty() {
        print("every topic is there already: nothing was changed\n")?;
    }
    Ok(())
}

fn check(settings: &Settings) -> Result<(), Failure> {
    let cluster = topics::Topics::of(&Cluster::of(settings)?)?;
    let wanted = holding::wanted_under(settings, &holding::active(&Cluster::of(settings)?)?);
    for held in wanted.iter().filter(|topic| !topic.held_for.is_empty()) {
        print(&format!("{}: nothing is deleted, it is on hold for {}\n", held.name, held.held_for.join(", ")))?;
    }
    let mut complaints = cluster.complaints(&wanted)?;
    if complaints.is_empty() {
        let mixed = Told::of(&Cluster::of(settings)?)?.mixture(settings.schema_registry.is_some())?;
        complaints.extend(mixed.map(|trouble| trouble.to_string()));
    }
    for absent in cluster.absent_inputs(settings)? {
        tracing::warn!(topic = absent, "an input topic is not there: what it would tell is not known until it is");
    }
    if complaints.is_empty() {
        return Ok(print("every topic is as it must be\n")?);
    }
    Err(Failure::Failed(complaints.join("\n")))
}
