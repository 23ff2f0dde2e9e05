//! Erase: takes what is known of sessions, actions and conversations out of every store, and answers for each line.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::audit::Event;
use crate::cli::{EraseArgs, Format};
use crate::engine::erasure::Erasure;
use crate::engine::names::{Domain, Epoch, Namer};
use crate::io::kafka::{AuditTopic, Cluster, Eraser, KafkaTrouble, Unread};
use crate::io::log::EpochKeys;
use crate::io::{Embedded, clock};
use crate::listing::Listing;
use crate::perform::{Failure, load, must_be_there, print};
use crate::settings::{Log, Settings, duration};

/// What is said of bytes that are none.
const NO_CSV: &str = "is no CSV in UTF-8";

/// A line of the file, by its number.
#[derive(Debug)]
struct Line {
    number: u64,
    /// What may be held; nothing where such a thing is never stored.
    asked: Option<(Domain, String)>,
}

/// What is said of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was held and is not any more.
    Erased,
    /// Nothing of it is held.
    NothingHeld,
    /// Such a thing never passes the parser.
    NeverStored,
    /// Something of it stays for a legal hold, also where other parts are gone.
    OnHold,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 4] = [Self::Erased, Self::NothingHeld, Self::NeverStored, Self::OnHold];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::NothingHeld => "nothing_held",
            Self::NeverStored => "never_stored",
            Self::OnHold => "on_hold",
        }
    }
}

/// What an erasure came to.
#[derive(Debug)]
struct Done {
    answers: Vec<(u64, Answer)>,
    /// Why it must be repeated, if it must.
    repeat: Option<String>,
}

impl Done {
    /// How many lines got which answer: all that is told of an erasure, and nothing of whom it was about.
    fn lines_by_answer(&self) -> [usize; 4] {
        Answer::ALL.map(|answer| self.answers.iter().filter(|(_, given)| *given == answer).count())
    }
}

/// Erases what the file lists, and answers line by line.
pub fn erase(args: &EraseArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let patience = duration::parse(&args.patience).map_err(|why| Failure::Usage(format!("--patience {why}")))?;
    let patience = Duration::from_millis(u64::try_from(patience.millis()).unwrap_or(0));
    let lines = lines_of(&args.ids)?;
    must_be_there(&settings)?;
    let done = match settings.log {
        Log::Embedded { .. } => from_embedded(&settings, &lines)?,
        Log::Kafka { .. } => from_kafka(&settings, &lines, patience)?,
    };
    let rows = done.answers.iter().map(|(line, answer)| [line.to_string(), answer.name().to_owned()]).collect();
    print(&Listing { columns: ["line", "answer"], rows }.written(Format::Csv)?)?;
    if lines.iter().any(|line| line.asked.as_ref().is_some_and(|(domain, _)| *domain == Domain::Visit)) {
        tell_of_marks(&settings);
    }
    let [erased, nothing_held, never_stored, on_hold] = done.lines_by_answer();
    tracing::info!(erased, nothing_held, never_stored, on_hold, "erased; a running service counts anew without it");
    done.repeat.map_or(Ok(()), |why| Err(Failure::Failed(why)))
}

/// It is said of every session: who hears it of one alone would know of that one.
fn tell_of_marks(settings: &Settings) {
    tracing::warn!(
        kept = duration::say(settings.facts_kept()),
        "a mark that the visit of a session saw a regulated page, where there is one, stays in facts whatever the answer is: \
         without it the actions of that visit would count; it says no page, and is deleted when it was kept for so long"
    );
}

fn from_embedded(settings: &Settings, lines: &[Line]) -> Result<Done, Failure> {
    let mut log = Embedded::of(settings)?;
    let mut keys = Vec::new();
    for epoch in log.epochs()? {
        keys.push((epoch, log.epoch_keys(epoch, clock::now())?));
    }
    let mut erasure = Erasure::default();
    let places = seek(lines, &namer(keys, settings), &mut erasure);
    let told = |erasure: &Erasure| Event::erased(answers(&places, erasure).iter().map(|(_, answer)| answer.name()));
    let erased = log.erase(clock::now(), &mut erasure, &settings.organizations(), told)?;
    name(&erased.on_hold);
    if !erased.journal_is_empty {
        tracing::warn!("another process still reads the journal: erased bytes leave the disk with the next sweep");
    }
    Ok(Done { answers: answers(&places, &erasure), repeat: None })
}

/// Says for which matters something stays.
fn name(on_hold: &BTreeSet<String>) {
    for matter in on_hold {
        tracing::warn!(matter, "facts stay that are on hold for this matter; erase them again when it is released");
    }
}

/// On Kafka, nothing can be told in the same breath: that it begins is told before, so that none can happen unrecorded.
fn from_kafka(settings: &Settings, lines: &[Line], patience: Duration) -> Result<Done, Failure> {
    let cluster = Cluster::of(settings)?;
    let (mut eraser, audit) = (Eraser::of(settings, &cluster)?, AuditTopic::of(settings, &cluster)?);
    let unread = Unread::wait(settings, &cluster, patience)?;
    let mut erasure = Erasure::default();
    let places = seek(lines, &namer(eraser.keys()?, settings), &mut erasure);
    audit.tell(clock::now(), &[Event::ErasureBegun { lines: places.len() as u64 }])?;
    let broken_off =
        |trouble: KafkaTrouble| Failure::Failed(format!("{trouble}; what was erased by then stays erased: repeat it"));
    let erased = eraser.erase(clock::now(), &mut erasure).map_err(broken_off)?;
    tracing::info!(partitions = erased.partitions, "partitions were turned over");
    name(&erased.on_hold);
    let answers = answers(&places, &erasure);
    audit.tell(clock::now(), &[Event::erased(answers.iter().map(|(_, answer)| answer.name()))])?;
    let repeat = if !unread.by_topic.is_empty() {
        Some(format!(
            "erased what was there; but {} are not read yet, and may bring back what was erased: let a worker read \
             them, and repeat this",
            told(&unread)
        ))
    } else if !erased.is_complete {
        Some("erased what was there; but facts about it keep coming: repeat this when they have ended".to_owned())
    } else {
        None
    };
    Ok(Done { answers, repeat })
}

fn told(unread: &Unread) -> String {
    let each = unread.by_topic.iter().map(|(topic, records)| format!("{records} records of {topic}"));
    each.collect::<Vec<_>>().join(", ")
}

/// Everything that still has a key can be named, and nothing else.
pub fn namer(keys: Vec<(Epoch, EpochKeys)>, settings: &Settings) -> Namer {
    let mut namer = Namer::default();
    for (epoch, keys) in keys {
        for (domain, key) in keys {
            namer.learn(epoch, domain, &key, &settings.organizations());
        }
    }
    namer
}

/// The lines with their places in the list of what is sought.
fn seek(lines: &[Line], namer: &Namer, erasure: &mut Erasure) -> Vec<(u64, Option<usize>)> {
    let mut place = |(domain, id): &(Domain, String)| erasure.seek(namer, *domain, id);
    lines.iter().map(|line| (line.number, line.asked.as_ref().map(&mut place))).collect()
}

fn answers(places: &[(u64, Option<usize>)], erasure: &Erasure) -> Vec<(u64, Answer)> {
    let answer = |place: Option<usize>| match place {
        None => Answer::NeverStored,
        Some(place) if erasure.has_kept(place) => Answer::OnHold,
        Some(place) if erasure.has_found(place) => Answer::Erased,
        Some(_) => Answer::NothingHeld,
    };
    places.iter().map(|(number, place)| (*number, answer(*place))).collect()
}

/// The lines of the file. What is wrong with one is said without what it says.
fn lines_of(file: &Path) -> Result<Vec<Line>, Failure> {
    let wrong = |line: u64, what: &str| Failure::Usage(format!("{}:{line}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|_| wrong(1, NO_CSV))?;
    if header.iter().collect::<Vec<_>>() != ["kind", "id"] {
        return Err(wrong(1, "the first line must be kind,id"));
    }
    let (mut lines, mut record) = (Vec::new(), csv::StringRecord::new());
    loop {
        let rest = usize::try_from(reader.position().byte()).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let number = number_of_the_first(rest, &bytes);
        if !reader.read_record(&mut record).map_err(|_| wrong(number, NO_CSV))? {
            return Ok(lines);
        }
        let next = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let length = next.saturating_sub(bytes.len() - rest.len());
        let as_written = rest.get(..length).unwrap_or(rest);
        let asked = asked_by(&record, as_written).map_err(|what| wrong(number, what))?;
        lines.push(Line { number, asked });
    }
}

/// What a record asks for, or what is wrong with it.
fn asked_by(record: &csv::StringRecord, as_written: &[u8]) -> Result<Option<(Domain, String)>, &'static str> {
    if as_written.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
        return Err("a quote is opened and not closed");
    }
    let (Some(kind), Some(id), 2) = (record.get(0), record.get(1), record.len()) else {
        return Err("must have two columns, kind and id");
    };
    if id.is_empty() {
        return Err("the id is empty");
    }
    if id.trim() != id || id.contains(char::is_control) {
        return Err("the id has blanks around it or control characters in it: write it as it was sent");
    }
    let domain = match kind {
        "session" => Domain::Visit,
        "action" => Domain::Action,
        "conversation" => Domain::Conversation,
        "cookie" | "customer" => return Ok(None),
        _ => return Err("the kind is none of session, action, conversation, cookie, customer"),
    };
    Ok(Some((domain, id.to_owned())))
}

/// The number in the file of the first line in `rest`, its end, that is not empty; lines end as people's editors end them.
fn number_of_the_first(rest: &[u8], bytes: &[u8]) -> u64 {
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = bytes.get(..bytes.len() - rest.len() + empty).unwrap_or(bytes);
    let feeds = before.iter().filter(|byte| **byte == b'\n').count();
    let returns_alone = before.windows(2).filter(|pair| matches!(pair, [b'\r', after] if *after != b'\n')).count();
    let ends_in_one = usize::from(before.ends_with(b"\r"));
    (feeds + returns_alone + ends_in_one) as u64 + 1
}
