//! Retention as an operator asks for it: the rows, a sentence each, and whether what is there keeps to them.

use std::thread;
use std::time::Duration;

use crate::engine::{Span, WallTime};
use crate::io::embedded::{OpenTo, Retained};
use crate::io::kafka::{self, Cluster, KafkaTrouble, holding, topics};
use crate::io::log::Fate;
use crate::io::{Embedded, clock};
use crate::listing::Listing;
use crate::perform::{Failure, load, must_be_there, print};
use crate::policy::today;
use crate::retention_cli::{ListedArgs, RetentionCommand};
use crate::service::{SHORTEN_EVERY, SWEEP_EVERY};
use crate::settings::retention::{COLUMNS, Judgement, Row, Seen, Store, Verdict, of_age, of_the_future, of_topic};
use crate::settings::{Log, Settings, duration};

/// How much longer than its rhythm anything may take: a turn that is long, a broker that is busy.
const SLACK: Span = Span::from_minutes(5);
/// How often a broker looks for segments to delete, where nothing else is set (log.retention.check.interval.ms).
const BROKER_LOOKS_EVERY: Span = Span::from_minutes(5);

/// Destroyed keys are taken out within so long: a segment is closed by the keys of the next epoch at the latest, and
/// compacted within a day.
const COMPACTED_WITHIN: Span = Span::from_days(9);
/// So often a cluster is asked that may answer the next time.
const TRIES: u32 = 10;
/// How long it is left alone in between.
const BREATH: Duration = Duration::from_millis(300);

/// Does what was asked for.
pub fn perform(command: &RetentionCommand) -> Result<(), Failure> {
    match command {
        RetentionCommand::List(args) => list(args),
        RetentionCommand::Explain(args) => {
            let settings = load(&args.config)?;
            let sentences = settings.retention_rows().into_iter().map(|row| format!("{}\n", row.sentence()));
            Ok(print(&sentences.collect::<String>())?)
        }
        RetentionCommand::Check(args) => check(args),
    }
}

fn list(args: &ListedArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let rows = settings.retention_rows().iter().map(Row::cells).collect();
    Ok(print(&Listing { columns: COLUMNS, rows }.written(args.format)?)?)
}

fn check(args: &ListedArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let now = clock::now();
    must_be_there(&settings)?;
    let mut found = of_what_is_stated(&settings);
    found.extend(match &settings.log {
        Log::Embedded { .. } => in_folder(&settings, now)?,
        Log::Kafka { .. } => {
            patiently_in_topics(&settings, now).map_err(|trouble| Failure::Usage(trouble.to_string()))?
        }
    });
    found.extend(out_of_sight());
    found.sort_by_key(|judged| judged.store);
    let row = |judged: &Judgement| {
        let Judgement { store, place, verdict, found, advice } = judged;
        [store.name().to_owned(), place.clone(), verdict.name().to_owned(), found.clone(), advice.clone()]
    };
    let columns = ["store", "where", "verdict", "found", "advice"];
    print(&Listing { columns, rows: found.iter().map(row).collect() }.written(args.format)?)?;
    match found.iter().filter(|judged| judged.verdict == Verdict::Exceeds).count() {
        0 => Ok(()),
        n => Err(Failure::Failed(format!("{n} findings; the advice beside each says what to do"))),
    }
}

/// What is in force for longer than the policy states, and what was due for review.
fn of_what_is_stated(settings: &Settings) -> Vec<Judgement> {
    let today = today();
    let rows = settings.retention_rows();
    let overdue = rows.iter().filter_map(|row| {
        let due = row.overdue(today)?;
        let found = format!("its line was due for review on {due}");
        Some(Judgement::of(
            row.store,
            "policy",
            Verdict::Exceeds,
            found,
            "have the line reviewed and move its review_by",
        ))
    });
    let too_long = settings.retention_rows().into_iter().filter_map(|row| {
        let kept = row.kept_beyond_what_is_stated()?;
        let found =
            format!("{} keeps it for {}, longer than the policy states", row.store.decided_by(), duration::say(kept));
        let advice = "shorten that setting, or have the policy's line reviewed: `policy check` names it";
        Some(Judgement::of(row.store, "configuration", Verdict::Exceeds, found, advice))
    });
    overdue.chain(too_long).collect()
}

/// What nobody can look at from here.
fn out_of_sight() -> [Judgement; 2] {
    let unseen = |store, found: &str, advice| Judgement::of(store, "", Verdict::Look, found.to_owned(), advice);
    [
        unseen(
            Store::Logs,
            "cannot be looked at from here: standard error is kept by the platform",
            "see how long it is kept where it is collected; it holds no ids and no records",
        ),
        unseen(
            Store::Files,
            "cannot be looked at from here: they are where they were written to",
            "delete what replay, tail and exports wrote when it is of no more use; it names no person",
        ),
    ]
}

fn in_folder(settings: &Settings, now: WallTime) -> Result<Vec<Judgement>, Failure> {
    let cannot_look = |error: crate::io::embedded::EmbeddedError| Failure::Usage(error.to_string());
    let log = Embedded::of(settings).map_err(cannot_look)?;
    let rhythm = SWEEP_EVERY.and(SLACK);
    let seen =
        log.retained(now.before(rhythm), settings.facts_kept(), settings.key_file.as_deref()).map_err(cannot_look)?;
    let (rows, holds) = (settings.retention_rows(), log.holds().map_err(cannot_look)?);
    let mut found = Vec::new();
    for ((table, oldest), (_, newest)) in seen.oldest.iter().zip(&seen.newest) {
        let Some(row) = rows.iter().find(|row| row.store.tables().contains(table)) else { continue };
        let advice = if seen.not_counted.contains(table) {
            "it is not counted yet and stays until it is: start `run`, or find out why it does not get there"
        } else {
            "`run` deletes what is due every ten minutes: see that it runs, and what it warns of"
        };
        let seen = Seen { oldest: *oldest, newest: *newest, rhythm };
        found.extend(of_the_future(row, table, seen, now));
        let judged = of_age(row, table, seen, now, advice);
        found.push(judged.under(&holds.matters_in(row.store)));
    }
    found.push(keys(&seen.keys_due, "keys"));
    found.extend(of_the_files(&seen));
    Ok(found)
}

fn keys(due: &[i32], place: &str) -> Judgement {
    if due.is_empty() {
        return Judgement::within(Store::Keys, place, "none is past its time".to_owned());
    }
    let found = format!("the keys of epoch {} are past their time", listed(due));
    let advice = "`run` destroys them every ten minutes: see that it runs, and what it warns of";
    Judgement::of(Store::Keys, place, Verdict::Exceeds, found, advice)
}

fn listed(epochs: &[i32]) -> String {
    epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn of_the_files(seen: &Retained) -> Vec<Judgement> {
    let mut found = vec![if seen.overwrites {
        Judgement::within(Store::Facts, "file", "deleted bytes are overwritten (secure_delete)".to_owned())
    } else {
        let advice = "install a build whose SQLite can overwrite what it deletes";
        Judgement::of(Store::Facts, "file", Verdict::Exceeds, "deleted bytes stay in the file".to_owned(), advice)
    }];
    let journal = format!("the journal holds {} bytes; each sweep empties it", seen.journal_bytes);
    found.push(Judgement::within(Store::Facts, "journal", journal));
    let key = seen.open_to.len().saturating_sub(1);
    for (number, (file, open_to)) in seen.open_to.iter().enumerate() {
        let store = if number == key { Store::MasterKey } else { Store::Facts };
        let (who, verdict) = match (open_to, store) {
            (OpenTo::Nobody, _) => {
                found.push(Judgement::within(
                    store,
                    &file.display().to_string(),
                    "its owner alone may use it".to_owned(),
                ));
                continue;
            }
            (OpenTo::Everybody, Store::MasterKey) => ("everybody on this machine", Verdict::Exceeds),
            (OpenTo::Everybody, _) => ("everybody on this machine", Verdict::Look),
            (OpenTo::Group, _) => ("its group", Verdict::Look),
        };
        // Who cannot enter the folder cannot read what is in it, whatever its mode.
        let is_shut_in = store == Store::Facts
            && number > 0
            && seen.open_to.first().is_some_and(|(_, open)| *open == OpenTo::Nobody);
        if is_shut_in {
            continue;
        }
        let advice = format!("chmod {} {}", if *open_to == OpenTo::Group { "g-rwx" } else { "go-rwx" }, file.display());
        found.push(Judgement::of(store, &file.display().to_string(), verdict, format!("{who} may use it"), &advice));
    }
    found
}

/// Leaders of partitions change, and are elected after topics are made: whoever asks in between asks again.
fn patiently_in_topics(settings: &Settings, now: WallTime) -> Result<Vec<Judgement>, KafkaTrouble> {
    let mut tries = 1;
    loop {
        match in_topics(settings, now) {
            Err(trouble @ KafkaTrouble::Client { fate: Fate::Retry, .. }) if tries < TRIES => {
                tracing::debug!(%trouble, "looks again");
                tries += 1;
                thread::sleep(BREATH);
            }
            done => return done,
        }
    }
}

fn in_topics(settings: &Settings, now: WallTime) -> Result<Vec<Judgement>, KafkaTrouble> {
    let cluster = Cluster::of(settings)?;
    let (holds, cluster) = (holding::active(&cluster)?, kafka::Retained::of(&cluster)?);
    let wanted = topics::wanted(settings);
    let mut found = Vec::new();
    for row in settings.retention_rows() {
        let inputs = settings.sources.iter().map(|source| &*source.topic).filter(|_| row.store == Store::Input);
        for topic in inputs.chain(row.store.topics().iter().copied()) {
            let Some(seen) = cluster.topic(topic)? else {
                let nothing = Judgement::within(row.store, topic, "is not there, so it holds nothing".to_owned());
                found.push(nothing);
                continue;
            };
            let made_with = wanted.iter().find(|wanted| wanted.name == topic);
            let promised = made_with.map(|wanted| wanted.settings.as_slice()).unwrap_or_default();
            let matters = holds.matters_in(row.store);
            let judged = of_topic(&row, topic, promised, &seen).into_iter().chain(of_records(&row, topic, &seen, now));
            found.extend(judged.map(|judged| judged.under(&matters)));
        }
    }
    let late = SWEEP_EVERY.and(SLACK);
    let left = cluster.keys_left(now.before(late), settings.facts_kept(), COMPACTED_WITHIN)?;
    found.push(keys(&left.due, topics::KEYS));
    if !left.not_compacted.is_empty() {
        let found_so = format!("destroyed keys of epoch {} can still be read, sealed", listed(&left.not_compacted));
        let advice = "see that the log cleaner of the brokers runs and that max.compaction.lag.ms is a day: \
                      compaction takes them out";
        found.push(Judgement::of(Store::Keys, topics::KEYS, Verdict::Exceeds, found_so, advice));
    }
    Ok(found)
}

/// The oldest records of a topic of ours whose age is promised.
fn of_records(
    row: &Row<'_>,
    topic: &str,
    seen: &crate::settings::retention::TopicSeen,
    now: WallTime,
) -> Option<Judgement> {
    if row.longest().is_none() || matches!(row.store, Store::Input | Store::Keys) {
        return None;
    }
    let setting = |key: &str| seen.settings.get(key).and_then(|text| text.parse::<i64>().ok());
    let segment = setting("segment.ms").map_or(Span::ZERO, Span::from_millis);
    let by_a_worker = match row.store {
        Store::Facts | Store::Visits => Some(SHORTEN_EVERY),
        Store::Audit => Some(SWEEP_EVERY),
        Store::Input
        | Store::Adjustments
        | Store::Revisions
        | Store::Baseline
        | Store::SetAside
        | Store::Labels
        | Store::Progress
        | Store::Keys
        | Store::MasterKey
        | Store::Logs
        | Store::Files => None,
    };
    let (rhythm, advice) = if let Some(every) = by_a_worker {
        (
            every.and(SLACK),
            "the owner of the partition deletes what is due and counted: see that a worker runs, that it is caught up, and \
             that it may Delete on this topic",
        )
    } else {
        (
            segment.and(BROKER_LOOKS_EVERY).and(SLACK),
            "a broker deletes whole segments, each when its newest record is due: kafka-delete-records.sh does it now",
        )
    };
    let oldest = seen.oldest.values().min().copied();
    let seen = Seen { oldest, newest: None, rhythm };
    of_the_future(row, topic, seen, now).or_else(|| Some(of_age(row, topic, seen, now, advice)))
}
