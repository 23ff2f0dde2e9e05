//! Prove: says what is held that can be tied to one conversation, and that nothing that was browsed is.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::audit::{Holds, Spot};
use crate::engine::names::Epoch;
use crate::engine::proof::{Held, Proof, Resting, Store};
use crate::engine::{EventTime, Labels, WallTime};
use crate::erase::namer;
use crate::io::kafka::{self, Cluster, holding};
use crate::io::log::{EpochKeys, Stored, Stream};
use crate::io::{Embedded, clock};
use crate::perform::{Failure, load, must_be_there, print};
use crate::settings::{Log, Settings, retention};
use crate::wire::facts;

/// Records that are read at once.
const AT_ONCE: usize = 64;
/// What is true of every conversation, since there is nothing else.
const NO_PERSON: &str = "Rows and revisions are counts, pointers and progress are places, and labels are names of action maps: none \
                         holds a name. The input topics and the recordings are not ours, and were not looked at.";
/// Why a page cannot be reached.
const WHY: &str = "It cannot be otherwise: pages rest under names that are made with keys of their own, and no fact carries such a name \
                   beside another.";

/// `policy prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// The id of the conversation whose recording is asked about.
    #[arg(long, value_name = "CONVERSATION_ID")]
    pub recording: String,
    /// How it is said.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

/// How it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is held, whichever log it is.
enum Shelf {
    Embedded(Box<Embedded>),
    Kafka(Box<kafka::Held>),
}

/// What was found.
struct Found {
    proof: Proof,
    /// First instant that still has a key, and the first that has none yet.
    named: Option<(EventTime, EventTime)>,
    epochs: usize,
    /// Facts whose names no key makes any more.
    nameless: usize,
    /// Facts of organizations that are configured no longer.
    of_others: usize,
}

/// Says what is held; fails where anything that was browsed can be reached.
pub fn prove(args: &ProveArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    must_be_there(&settings)?;
    let found = look(&settings, &args.recording)?;
    let said = match args.format {
        Form::Text => text(&found),
        Form::Json => format!("{:#}\n", as_json(&found)),
    };
    print(&said)?;
    match found.proof.reached_browsing() {
        0 => Ok(()),
        reached => Err(Failure::Failed(format!(
            "{reached} facts about what was browsed carry a name that leads to this conversation: that must not be; \
             keep the log as it is and ask for help"
        ))),
    }
}

impl Shelf {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        Ok(match settings.log {
            Log::Embedded { .. } => Self::Embedded(Box::new(Embedded::of(settings)?)),
            Log::Kafka { .. } => Self::Kafka(Box::new(kafka::Held::of(settings, &Cluster::of(settings)?)?)),
        })
    }

    fn keys(&mut self) -> Result<Vec<(Epoch, EpochKeys)>, Failure> {
        match self {
            Self::Kafka(held) => Ok(held.keys()?),
            Self::Embedded(log) => {
                let mut keys = Vec::new();
                for epoch in log.epochs()? {
                    keys.push((epoch, log.epoch_keys(epoch, clock::now())?));
                }
                Ok(keys)
            }
        }
    }

    fn holds(&self, settings: &Settings) -> Result<Holds, Failure> {
        match self {
            Self::Kafka(_) => Ok(holding::active(&Cluster::of(settings)?)?),
            Self::Embedded(log) => Ok(log.holds()?),
        }
    }

    /// The matters for which a record stays: a topic is kept whole, a record in a folder where any of it is in scope.
    fn matters<'a>(&self, holds: &'a Holds, stream: Stream, stored: &Stored) -> Vec<&'a str> {
        let store = match stream {
            Stream::Facts => retention::Store::Facts,
            Stream::Visits => retention::Store::Visits,
            Stream::Baseline => retention::Store::Baseline,
        };
        match (self, facts::time_span(&stored.body)) {
            (Self::Kafka(_), _) => holds.matters_in(store),
            (Self::Embedded(_), Ok(Some((oldest, newest)))) => holds.matters(store, Spot::Between(oldest, newest)),
            (Self::Embedded(_), _) => Vec::new(),
        }
    }

    fn each(&self, mut each: impl FnMut(Stream, &Stored)) -> Result<(), Failure> {
        match self {
            Self::Kafka(held) => Ok(held.each(each)?),
            Self::Embedded(log) => {
                for stream in [Stream::Facts, Stream::Visits] {
                    let mut after = 0;
                    loop {
                        let records = log.read(stream, after, AT_ONCE)?;
                        let Some(last) = records.last() else { break };
                        after = last.seq;
                        records.iter().for_each(|stored| each(stream, stored));
                    }
                }
                Ok(())
            }
        }
    }
}

fn look(settings: &Settings, conversation: &str) -> Result<Found, Failure> {
    let mut log = Shelf::of(settings)?;
    let keys = log.keys()?;
    let epochs: Vec<Epoch> = keys.iter().map(|(epoch, _)| *epoch).collect();
    let facts_kept = kafka::topics::kept(settings, Stream::Facts);
    let mut found = Found {
        proof: Proof::of(&namer(keys, settings), conversation, facts_kept),
        named: epochs.first().zip(epochs.last()).map(|(first, last)| (first.start(), last.end())),
        epochs: epochs.len(),
        nameless: 0,
        of_others: 0,
    };
    let (organizations, holds) = (settings.organizations(), log.holds(settings)?);
    let decode = |stored: &Stored| -> Result<facts::Decoded, Failure> {
        if stored.body.is_empty() {
            return Ok(facts::Decoded::default());
        }
        let damaged =
            |why| Failure::Failed(format!("record {} of the facts or visits cannot be read: {why}", stored.seq));
        facts::decode(&stored.body, &organizations, &mut Labels::default()).map_err(damaged)
    };
    let mut is_news = true;
    while is_news {
        is_news = false;
        walk(&log, |_, stored| {
            decode(stored)?.facts.iter().for_each(|fact| is_news |= found.proof.follow(fact));
            Ok(())
        })?;
    }
    walk(&log, |stream, stored| {
        let decoded = decode(stored)?;
        found.of_others += decoded.unknown_organization;
        found.nameless += decoded.facts.iter().filter(|fact| !epochs.contains(&Epoch::of(fact.at))).count();
        let held_for = log.matters(&holds, stream, stored);
        let resting = resting(settings, stream, stored, &held_for);
        decoded.facts.iter().for_each(|fact| found.proof.count(fact, resting));
        Ok(())
    })?;
    Ok(found)
}

fn walk(log: &Shelf, mut each: impl FnMut(Stream, &Stored) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut done = Ok(());
    log.each(|stream, stored| {
        if done.is_ok() {
            done = each(stream, stored);
        }
    })?;
    done
}

/// What an erasure wrote again is kept for as long once more.
fn resting<'a>(settings: &Settings, stream: Stream, stored: &Stored, held_for: &'a [&'a str]) -> Resting<'a> {
    let kept = kafka::topics::kept(settings, stream);
    let kept = if stored.is_copy { kept.and(kept) } else { kept };
    let store = if stream == Stream::Visits { Store::Visits } else { Store::Facts };
    Resting { store, since: stored.appended_at, until: stored.appended_at.after(kept), held_for }
}

fn at(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| "-".to_owned(), |at| format!("{at:.0}"))
}

fn row(store: Store, tie: &str, kind: &str, held: &Held) -> [String; 8] {
    let [first, last] = [held.first, held.last].map(|time: EventTime| at(time.millis()));
    let [until, nameless] = [held.until, held.nameless].map(|time: WallTime| at(time.millis()));
    let texts = [store.name(), tie, kind].map(str::to_owned);
    let [store, tie, kind] = texts;
    [store, tie, kind, held.facts.to_string(), first, last, until, nameless]
}

/// For whom it is not deleted when it is due.
fn stays_for(held: &Held) -> String {
    if held.held_for.is_empty() {
        return String::new();
    }
    let matters: Vec<&str> = held.held_for.iter().map(String::as_str).collect();
    format!(" or later, since it is on hold for {} and stays until that is released", matters.join(", "))
}

fn keys_said(found: &Found) -> String {
    match found.named {
        None => format!(
            "No key is there: nothing can be found by this id, and nothing could be by anybody. {} facts rest whose key is \
             destroyed.",
            found.nameless
        ),
        Some((from, to)) => format!(
            "Keys of {} epochs are there, of {} to {}. What happened before has no name any more: nothing can be found \
             by its id, and nothing could be by anybody. {} facts rest whose key is destroyed.",
            found.epochs,
            at(from.millis()),
            at(to.millis()),
            found.nameless
        ),
    }
}

fn text(found: &Found) -> String {
    let rows: Vec<([String; 8], String)> = found
        .proof
        .held()
        .map(|(store, tie, kind, held)| (row(store, tie.name(), kind, held), stays_for(held)))
        .collect();
    let mut said = String::new();
    if rows.is_empty() {
        said.push_str("Nothing is held that carries a name of this conversation.\n");
    } else {
        said.push_str("Held, and tied to this conversation (times in UTC):\n");
    }
    for ([store, tie, kind, facts, first, last, until, nameless], stays) in rows {
        append(&mut said, &format!("  {store}: {facts} x {kind}, about {tie}"));
        append(
            &mut said,
            &format!(
                "    happened {first} to {last}; deleted by {until}{stays}; nobody can tell whose after {nameless}"
            ),
        );
    }
    said.push_str("\nBrowsed:\n");
    for (kind, browsed) in found.proof.browsed() {
        let (facts, reached) = (browsed.facts, browsed.reached);
        append(
            &mut said,
            &format!("  {facts} x {kind} rest, of all visitors; {reached} can be tied to this conversation"),
        );
    }
    if found.proof.browsed().next().is_none() {
        said.push_str("  nothing rests, of any visitor\n");
    }
    if found.proof.reached_browsing() == 0 {
        append(&mut said, &format!("  {WHY}"));
    }
    append(&mut said, &format!("\n{}\n{NO_PERSON}", keys_said(found)));
    if found.of_others > 0 {
        let of_others = found.of_others;
        append(
            &mut said,
            &format!("{of_others} facts of organizations that are configured no longer were not looked at."),
        );
    }
    said
}

fn append(said: &mut String, line: &str) {
    said.push_str(line);
    said.push('\n');
}

fn as_json(found: &Found) -> Value {
    let held = found.proof.held().map(|(store, tie, kind, held)| {
        let [store, tie, kind, _, first, last, until, nameless] = row(store, tie.name(), kind, held);
        json!({
            "store": store, "about": tie, "kind": kind, "facts": held.facts, "first": first, "last": last,
            "deleted_by": until, "nameless_from": nameless,
            "on_hold_for": held.held_for,
        })
    });
    let browsed = found.proof.browsed();
    let browsed =
        browsed.map(|(kind, browsed)| json!({"kind": kind, "facts": browsed.facts, "reached": browsed.reached}));
    json!({
        "held": held.collect::<Vec<_>>(),
        "browsed": browsed.collect::<Vec<_>>(),
        "browsed_that_is_reached": found.proof.reached_browsing(),
        "keys": {
            "epochs": found.epochs,
            "from": found.named.map(|(from, _)| at(from.millis())),
            "to": found.named.map(|(_, to)| at(to.millis())),
        },
        "facts_whose_key_is_destroyed": found.nameless,
        "facts_of_unknown_organizations": found.of_others,
        "says": [keys_said(found), NO_PERSON.to_owned()],
    })
}
