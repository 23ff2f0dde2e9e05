//! Whether what rests somewhere keeps to its row: what was seen goes in, what is wrong and what to do comes out.

use std::collections::BTreeMap;

use super::{Period, Row, Store, words};
use crate::engine::{Span, WallTime};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It keeps to its row.
    Within,
    /// Nobody can tell, or somebody should look at it; no promise of ours is broken.
    Look,
    /// It is kept for longer, or more openly, than its row says.
    Exceeds,
}

impl Verdict {
    /// As it is listed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Look => "look",
            Self::Exceeds => "exceeds",
        }
    }
}

/// What was found of one store in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Which store.
    pub store: Store,
    /// The table, topic or file.
    pub place: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; nothing where all is well.
    pub advice: String,
}

impl Judgement {
    /// All is well.
    pub fn within(store: Store, place: &str, found: String) -> Self {
        Self { store, place: place.to_owned(), verdict: Verdict::Within, found, advice: String::new() }
    }

    /// Something is not.
    pub fn of(store: Store, place: &str, verdict: Verdict, found: String, advice: &str) -> Self {
        Self { store, place: place.to_owned(), verdict, found, advice: advice.to_owned() }
    }

    /// The same where things in the store are on hold for these matters: what is kept for longer is kept on purpose.
    #[must_use]
    pub fn under(mut self, matters: &[&str]) -> Self {
        if !matters.is_empty() && self.verdict == Verdict::Exceeds {
            self.verdict = Verdict::Look;
            self.found.push_str(&format!(
                "; on hold for {}, whole or in part: what else of it is past its time does not show here",
                matters.join(", ")
            ));
            "what is past its time goes when the hold is released: `journeycast hold list` says since when and by whom"
                .clone_into(&mut self.advice);
        }
        self
    }
}

/// How old the oldest record of a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it was written; none where nothing is there.
    pub oldest: Option<WallTime>,
    /// When the newest was; none where that was not looked at.
    pub newest: Option<WallTime>,
    /// How much longer than its period a record may stay before whatever deletes it has its turn.
    pub rhythm: Span,
}

/// A topic as it is set, and how old its records are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicSeen {
    /// Its settings in force.
    pub settings: BTreeMap<String, String>,
    /// When the oldest record of each partition was written; partitions without any are left out.
    pub oldest: BTreeMap<i32, WallTime>,
}

/// So far clocks of machines may differ without anybody's fault.
const CLOCKS_DIFFER: Span = Span::from_seconds(60);

/// What was written later than now: it will stay for longer than its row says, by as much.
pub fn of_the_future(row: &Row<'_>, place: &str, seen: Seen, now: WallTime) -> Option<Judgement> {
    let written = seen.newest.max(seen.oldest)?;
    let ahead = written.since(now);
    if ahead <= CLOCKS_DIFFER {
        return None;
    }
    let found = format!("the newest was written {} in the future", roughly(ahead));
    let advice = "set the clock, best by NTP, if it is wrong now; if it was wrong then, what was written stays for longer by as \
                  much, or until it is erased";
    Some(Judgement::of(row.store, place, Verdict::Exceeds, found, advice))
}

/// Judges a place by its oldest record. `advice` says what to do where it is too old.
pub fn of_age(row: &Row<'_>, place: &str, seen: Seen, now: WallTime, advice: &str) -> Judgement {
    let Some(oldest) = seen.oldest else { return Judgement::within(row.store, place, "holds nothing".to_owned()) };
    let age = now.since(oldest);
    let found = match age < Span::ZERO {
        true => "the oldest is of the future".to_owned(),
        false => format!("the oldest is {} old", roughly(age)),
    };
    let Some(longest) = row.longest() else {
        return Judgement::within(row.store, place, format!("{found}; no period is promised"));
    };
    if age <= longest.and(seen.rhythm) {
        return Judgement::within(row.store, place, format!("{found}, of at most {}", words(longest)));
    }
    let found = format!("{found}, and may be {} old at most", words(longest));
    Judgement::of(row.store, place, Verdict::Exceeds, found, advice)
}

/// What must be set how, for a topic of ours or the customer's, and what follows where it is not.
pub fn of_topic(row: &Row<'_>, place: &str, promised: &[(&str, String)], topic: &TopicSeen) -> Vec<Judgement> {
    // What its owner deletes itself must not be deleted by time before he says so.
    let by_its_owner = promised.iter().any(|(key, value)| *key == "retention.ms" && value == "-1");
    let mut told = match by_its_owner {
        true => vec![Judgement::within(row.store, place, "its owner deletes what is due".to_owned())],
        false => vec![retention(row, place, topic)],
    };
    if row.store != Store::Input {
        told.extend(["message.timestamp.type", "segment.ms", "max.compaction.lag.ms"].into_iter().filter_map(|key| {
            let promised = &promised.iter().find(|(name, _)| *name == key)?.1;
            setting(row.store, place, key, promised, topic)
        }));
    }
    told
}

/// How a topic deletes by time: `kept` is negative where it never does.
struct ByTime<'a> {
    policy: &'a str,
    deletes: bool,
    kept: i64,
}

impl<'a> ByTime<'a> {
    fn of(topic: &'a TopicSeen) -> Self {
        let policy = topic.settings.get("cleanup.policy").map_or("", String::as_str);
        let kept = topic.settings.get("retention.ms").and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
        let deletes = policy.split(',').any(|part| part.trim() == "delete");
        Self { policy, deletes, kept: if deletes { kept } else { -1 } }
    }

    fn in_words(&self) -> String {
        if self.kept >= 0 {
            return format!("retention.ms keeps records for {}", words(Span::from_millis(self.kept)));
        }
        if self.deletes {
            return "retention.ms keeps records for ever".to_owned();
        }
        format!("cleanup.policy is {:?}: records are kept for ever", self.policy)
    }
}

/// How long the topic keeps records by time.
fn retention(row: &Row<'_>, place: &str, topic: &TopicSeen) -> Judgement {
    let by_time = ByTime::of(topic);
    match (row.store, row.longest()) {
        (Store::Input, None) => theirs(place, &by_time),
        (Store::Keys, _) | (_, None) => compacted(row.store, place, by_time.policy),
        (store, Some(longest)) => {
            let judged = promised(row, place, longest, &by_time);
            let found = if store == Store::Input { format!("yours: {}", judged.found) } else { judged.found };
            Judgement { found, ..judged }
        }
    }
}

/// What is replaced or destroyed, and not due by time.
fn compacted(store: Store, place: &str, policy: &str) -> Judgement {
    let found = format!("cleanup.policy is {policy:?}");
    if policy.contains("compact") {
        return Judgement::within(store, place, found);
    }
    let found = format!("{found}: what was replaced or destroyed is never taken out");
    Judgement::of(store, place, Verdict::Exceeds, found, "set cleanup.policy=compact")
}

fn promised(row: &Row<'_>, place: &str, longest: Span, by_time: &ByTime<'_>) -> Judgement {
    let (found, most) = (by_time.in_words(), longest.millis());
    if !by_time.deletes {
        let to =
            if by_time.policy.contains("compact") && row.store != Store::Input { "compact,delete" } else { "delete" };
        let advice = format!("set cleanup.policy={to} and retention.ms={most}");
        return Judgement::of(row.store, place, Verdict::Exceeds, found, &advice);
    }
    if by_time.kept < 0 || by_time.kept > most {
        let found = format!("{found}, and may {} at most", words(longest));
        return Judgement::of(row.store, place, Verdict::Exceeds, found, &format!("set retention.ms={most}"));
    }
    match row.period() {
        Period::For(needed) if by_time.kept < needed.min(longest).millis() => {
            let advice = format!("set retention.ms={most}, or what is counted may be forgotten too early");
            Judgement::of(row.store, place, Verdict::Look, format!("{found} alone, less than promised"), &advice)
        }
        Period::For(_) | Period::UntilReplaced | Period::NotOurs => Judgement::within(row.store, place, found),
    }
}

const THEIR_HINT: &str = "a raw browsing history lies there, which no erasure here reaches: have it deleted within a month \
     (cleanup.policy=delete, retention.ms=2419200000 is 28 days), or state in the policy how long it may lie";
/// What is kept for a month or longer cannot be gone within the month in which an erasure is due.
const A_MONTH: Span = Span::from_days(30);

fn theirs(place: &str, by_time: &ByTime<'_>) -> Judgement {
    let found = format!("yours: {}", by_time.in_words());
    if (0..A_MONTH.millis()).contains(&by_time.kept) {
        return Judgement::within(Store::Input, place, found);
    }
    Judgement::of(Store::Input, place, Verdict::Look, found, THEIR_HINT)
}

/// A setting without which time alone does not end what is kept.
fn setting(store: Store, place: &str, key: &str, promised: &str, topic: &TopicSeen) -> Option<Judgement> {
    let found = topic.settings.get(key).map_or("", String::as_str);
    let is_fine = match (found.parse::<i64>(), promised.parse::<i64>()) {
        (Ok(found), Ok(promised)) => found <= promised,
        (Ok(_) | Err(_), _) => found == promised,
    };
    let why = match key {
        "message.timestamp.type" => "whoever writes decides how old a record seems",
        "segment.ms" => "a record stays for as long as the newest in its segment",
        _ => "what was replaced or destroyed stays readable until it is compacted",
    };
    (!is_fine).then(|| {
        let found = format!("{key} is {found:?}: {why}");
        Judgement::of(store, place, Verdict::Exceeds, found, &format!("set {key}={promised}"))
    })
}

/// An age in the largest unit of which there are at least two.
fn roughly(age: Span) -> String {
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    let seconds = age.seconds().max(0);
    let fits = units.into_iter().find(|(_, length)| seconds >= 2 * length);
    fits.map_or_else(|| format!("{seconds} seconds"), |(unit, length)| format!("{} {unit}", seconds / length))
}
