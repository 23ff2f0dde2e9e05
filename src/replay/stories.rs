//! Facts come in one order however they were split, and a replay writes the same bytes through a file as in memory.

use std::fs;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::engine::fact::{About, ConversationFact, OrganizationIndex, RouteKey, VisitFact};
use crate::engine::{Label, Name, Names};
use crate::simulate::{Pathologies, Site, SitePlan, config_toml};
use crate::wire::timestamp::from_rfc3339;

const FILES: [&str; 4] = ["adjustments.ndjson", "revisions.ndjson", "set-aside.ndjson", "summary.json"];

/// Many runs, of blocks that end in their midst, merged in several passes.
const TINY: Bounds = Bounds { run: 7, block: 3, merged: 3 };

fn fact(number: u64, label: Label) -> Fact {
    let names = Names { own: Name(u128::from(number)), before: number.is_multiple_of(2).then_some(Name(7)) };
    let about = match number % 3 {
        0 => About::Visit(VisitFact::Page(Some(label))),
        1 => About::Visit(VisitFact::App),
        _ => {
            let route = RouteKey { queue: Some(label), media_type: None, language: None, skills: vec![label] };
            About::Conversation(ConversationFact::Queued(route))
        }
    };
    Fact { organization: OrganizationIndex(0), at: EventTime::from_millis(number as i64 * 1_000), names, about }
}

fn in_order(given: &[Arrived], labels: &mut Labels, bounds: Bounds) -> Vec<Arrived> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store { folder: folder.path().to_path_buf(), organizations: vec![Arc::from("org-1")], bounds };
    let mut arrivals = Arrivals::new(store);
    for arrived in given {
        arrivals.push(arrived.clone(), labels).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the temporary file has a name");
    }
    let mut order = arrivals.in_order(labels).unwrap();
    let mut all = Vec::new();
    while let Some(arrived) = order.next(labels).unwrap() {
        all.push(arrived);
    }
    all
}

proptest! {
    #[test]
    fn the_order_is_that_of_one_sort_however_the_facts_fall_into_runs(
        turns in vec((-3_i64..6, 0_u64..40), 0..120), run in 1_usize..20, block in 1_usize..6, merged in 0_usize..5,
    ) {
        let mut labels = Labels::default();
        let texts = ["q-1", "q-2", "Prozeß"].map(|text| labels.intern(text));
        let given: Vec<Arrived> = turns.into_iter().map(|(second, number)| {
            let at = EventTime::from_millis(second * 1_000);
            Arrived { turn: Turn::of(at, &number.to_le_bytes()), fact: fact(number, texts[number as usize % 3]) }
        }).collect();
        let mut expected = given.clone();
        expected.sort_by_key(|arrived| arrived.turn);
        prop_assert_eq!(in_order(&given, &mut labels, Bounds { run, block, merged }), expected);
        prop_assert_eq!(labels.len(), 3);
    }
}

#[test]
fn records_that_arrive_together_have_turns_of_their_own() {
    let at = EventTime::from_seconds(1);
    assert_ne!(Turn::of(at, b"one").record, Turn::of(at, b"two").record);
    assert_ne!(Turn::of(at, b"one").record >> 64, Turn::of(at, b"one").record & u128::from(u64::MAX));
    assert_eq!(Turn::of(at, b"one"), Turn::of(at, b"one"));
}

/// A site with every trouble, in a folder of its own.
struct Stage {
    folder: tempfile::TempDir,
    settings: Settings,
}

impl Stage {
    fn new() -> Self {
        let settings =
            Settings::parse(&config_toml(&SitePlan::default()), "journeycast.toml", std::iter::empty()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), settings }
    }

    fn write(&self, name: &str, lines: &[Vec<u8>]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, lines.join(&b'\n')).unwrap();
        path
    }

    /// The four files that depend on the records alone.
    fn replayed(&self, events: &[PathBuf], until: Option<&str>, bounds: Bounds) -> [String; 4] {
        let out = self.folder.path().join("out");
        let until = until.map(|text| from_rfc3339(text).unwrap());
        let replay = Replay { settings: &self.settings, events, baseline: None, until, out: &out };
        replay.run_within(bounds).unwrap();
        assert_eq!(fs::read_dir(&out).unwrap().count(), 5, "something was left behind");
        let texts = FILES.map(|name| fs::read_to_string(out.join(name)).unwrap());
        fs::remove_dir_all(out).unwrap();
        texts
    }
}

fn site() -> Vec<Vec<u8>> {
    let plan =
        SitePlan { seed: 3, days: 1.0, visits_per_day: 120.0, pathologies: Pathologies::ALL, ..SitePlan::default() };
    Site::new(plan).map(|sent| sent.line).collect()
}

fn figures(summary: &str) -> serde_json::Value {
    serde_json::from_str(summary).unwrap()
}

#[test]
fn a_replay_through_many_runs_writes_the_bytes_of_one_in_memory() {
    let stage = Stage::new();
    let lines = site();
    let (early, late) = lines.split_at(lines.len() / 3);
    let files = [stage.write("late.ndjson", late), stage.write("early.ndjson", early)];
    let in_memory = stage.replayed(&files, None, Bounds::USUAL);
    assert!(in_memory.iter().all(|text| text.lines().count() > 20));
    assert_eq!(stage.replayed(&files, None, TINY), in_memory);
}

#[test]
fn pointers_stand_in_the_order_of_files_and_lines_however_the_files_were_given() {
    let stage = Stage::new();
    let lines = [b"{".to_vec(), b"[]".to_vec()];
    let files = [stage.write("b.ndjson", &lines), stage.write("a.ndjson", &lines)];
    let [_, _, pointers, _] = stage.replayed(&files, None, Bounds::USUAL);
    let places: Vec<(bool, u64)> = pointers
        .lines()
        .map(figures)
        .map(|pointer| (pointer["file"].as_str().unwrap().ends_with("b.ndjson"), pointer["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [(false, 1), (false, 2), (true, 1), (true, 2)]);
}

#[test]
fn what_arrives_at_until_or_later_is_as_if_it_had_never_been_written() {
    const UNTIL: &str = "2026-11-02T12:00:00Z";
    let stage = Stage::new();
    let cut = from_rfc3339(UNTIL).unwrap();
    let lines = site();
    let before: Vec<Vec<u8>> =
        lines.iter().filter(|line| genesys::arrival(line).is_none_or(|arrival| arrival < cut)).cloned().collect();
    assert!(before.len() < lines.len() * 9 / 10 && before.len() > 100);
    let [rows, revisions, _, summary] = stage.replayed(&[stage.write("all.ndjson", &lines)], Some(UNTIL), TINY);
    let [same_rows, same_revisions, _, same_summary] =
        stage.replayed(&[stage.write("before.ndjson", &before)], Some("2100-01-01T00:00:00Z"), TINY);
    assert_eq!((rows, revisions), (same_rows, same_revisions));
    let (summary, same_summary) = (figures(&summary), figures(&same_summary));
    for figure in ["records", "set_aside_by_class", "facts", "first_event_time", "last_event_time"] {
        assert_eq!(summary[figure], same_summary[figure], "{figure}");
    }
}

#[test]
fn a_record_that_does_not_say_when_it_arrived_is_accounted_whatever_until_says() {
    let stage = Stage::new();
    let lines = [
        b"no json".to_vec(),
        br#"{"eventType":"OutcomeAchievedEvent"}"#.to_vec(),
        br#"{"eventType":"OutcomeAchievedEvent","createdDate":"2026-11-02T09:00:00Z"}"#.to_vec(),
        br#"{"eventType":"WebEvent","session":7,"createdDate":"2026-11-02T09:00:00Z"}"#.to_vec(),
        br#"{"eventType":"WebEvent","session":7,"createdDate":"2026-11-02T08:59:59.999Z"}"#.to_vec(),
    ];
    let [_, _, pointers, summary] =
        stage.replayed(&[stage.write("all.ndjson", &lines)], Some("2026-11-02T09:00:00Z"), Bounds::USUAL);
    let records = &figures(&summary)["records"];
    assert_eq!(
        ["read", "admitted", "not_relevant", "set_aside"].map(|figure| records[figure].as_u64()),
        [Some(3), Some(0), Some(1), Some(2)]
    );
    assert_eq!(pointers.lines().count(), 2);
}
