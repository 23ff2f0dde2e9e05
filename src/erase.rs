//! Erase: takes what is known of sessions, actions and conversations out of every store, and answers for each line.

use std::fs;
use std::path::Path;

use crate::audit::Event;
use crate::cli::{EraseArgs, Format};
use crate::engine::erasure::Erasure;
use crate::engine::names::{Domain, Namer};
use crate::io::{Embedded, clock};
use crate::listing::Listing;
use crate::perform::{Failure, load, print};
use crate::settings::{Log, Settings};

/// What a line asks for.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// Something that may be held, and its place in the list of what is sought.
    MayBeHeld(usize),
    /// Something that is never stored.
    NeverStored,
}

/// Erases what the file lists, and answers line by line.
pub fn erase(args: &EraseArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    if let Log::Kafka { .. } = settings.log {
        let message = "erase works on the embedded log; on Kafka it comes with a later version, and until then facts leave with their retention";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut log = Embedded::of(&settings)?;
    let mut erasure = Erasure::default();
    let asked = asked(&args.ids, &namer(&mut log, &settings)?, &mut erasure)?;
    let answers = |erasure: &Erasure| asked.iter().map(|(line, asked)| (*line, answer(*asked, erasure))).collect();
    let told = |erasure: &Erasure| {
        let answers: Vec<(u64, &str)> = answers(erasure);
        Event::erased(answers.iter().map(|(_, answer)| *answer))
    };
    let erased = log.erase(clock::now(), &mut erasure, &settings.organizations(), told)?;
    for matter in &erased.on_hold {
        tracing::warn!(matter, "facts stay that are on hold for this matter; erase them again when it is released");
    }
    if !erased.journal_is_empty {
        tracing::warn!("another process still reads the journal: erased bytes leave the disk with the next sweep");
    }
    let rows = answers(&erasure).into_iter().map(|(line, answer)| [line.to_string(), answer.to_owned()]).collect();
    print(&Listing { columns: ["line", "answer"], rows }.written(Format::Csv)?)?;
    tracing::info!(lines = asked.len(), "erased; a running service counts anew without it");
    Ok(())
}

/// What is told of a line; of what stays on hold only that, also where other parts of it are gone.
fn answer(asked: Asked, erasure: &Erasure) -> &'static str {
    match asked {
        Asked::NeverStored => "never_stored",
        Asked::MayBeHeld(place) if erasure.has_kept(place) => "on_hold",
        Asked::MayBeHeld(place) if erasure.has_found(place) => "erased",
        Asked::MayBeHeld(_) => "nothing_held",
    }
}

/// Everything that still has a key can be named, and nothing else.
fn namer(log: &mut Embedded, settings: &Settings) -> Result<Namer, Failure> {
    let mut namer = Namer::default();
    for epoch in log.epochs()? {
        for (domain, key) in log.epoch_keys(epoch, clock::now())? {
            namer.learn(epoch, domain, &key, &settings.organizations());
        }
    }
    Ok(namer)
}

/// The lines of the file, by their numbers. What is wrong with one is said without what it says.
fn asked(file: &Path, namer: &Namer, erasure: &mut Erasure) -> Result<Vec<(u64, Asked)>, Failure> {
    let wrong = |line: u64, what: &str| Failure::Usage(format!("{}:{line}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|_| wrong(1, "is no CSV in UTF-8"))?;
    if header.iter().collect::<Vec<_>>() != ["kind", "id"] {
        return Err(wrong(1, "the first line must be kind,id"));
    }
    let mut asked = Vec::new();
    for record in reader.records() {
        let record =
            record.map_err(|error| wrong(error.position().map_or(0, csv::Position::line), "is no CSV in UTF-8"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let (Some(kind), Some(id), 2) = (record.get(0), record.get(1), record.len()) else {
            return Err(wrong(line, "must have two columns, kind and id"));
        };
        let domain = match kind {
            "session" => Domain::Visit,
            "action" => Domain::Action,
            "conversation" => Domain::Conversation,
            "cookie" | "customer" => {
                asked.push((line, Asked::NeverStored));
                continue;
            }
            _ => {
                return Err(wrong(line, "the kind is none of session, action, conversation, cookie, customer"));
            }
        };
        asked.push((line, Asked::MayBeHeld(erasure.seek(namer, domain, id))));
    }
    Ok(asked)
}
