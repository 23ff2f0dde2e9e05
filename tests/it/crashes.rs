//! Counting over a log that fails at every moment: what is committed is the table of all facts, said in revisions 1, 2, 3.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use journeycast::engine::plan::SourceScheme;
use journeycast::engine::{
    BaselineInterval, Decision, Engine, EventTime, Fact, Span, Step, VolumeAdjustment, WallTime,
};
use journeycast::io::Counter;
use journeycast::io::log::Stream;
use journeycast::settings::Settings;
use journeycast::simulate::Dice;
use journeycast::wire::{adjustment, baseline, facts};

use crate::little_site::{MONDAY, Table, action, final_table, labels, place_of, talk, told};
use crate::simulated::{Faults, SimulatedLog, World};

const SEEDS: u64 = 1_500;
/// Later than every event of the little site.
const NOW: WallTime = WallTime::from_millis(MONDAY + 70 * 86_400_000);

/// The plan of the little site, as an operator would write it.
const SETTINGS: &str = r#"
[log]
kind = "embedded"
path = "nowhere"
[[business_unit]]
id = "bu-1"
organization_id = "org-1"
time_zone = "Europe/Dublin"
interval = "15m"
[[business_unit]]
id = "bu-2"
organization_id = "org-1"
time_zone = "Australia/Lord_Howe"
interval = "60m"
[[planning_group]]
id = "pg-1"
business_unit = "bu-1"
action_maps = [{ id = "am-1" }]
route_paths = [{ queue = "q-1", media_type = "message" }]
[[planning_group]]
id = "pg-2"
business_unit = "bu-2"
action_maps = [{ id = "am-2" }]
route_paths = [{ queue = "q-2", media_type = "message" }]
[conversations]
feed = true
[windows]
correction_horizon = "30d"
"#;

pub fn settings() -> Settings {
    Settings::parse(SETTINGS, "little.toml", std::iter::empty()).expect("it is right")
}

/// One run: facts that are appended in any order, some twice, while owners count, die and replace each other.
struct Run {
    settings: Settings,
    dice: Dice,
    world: Rc<RefCell<World>>,
    facts: Vec<Fact>,
    waiting: Vec<(Stream, Vec<u8>)>,
    owners: Vec<Counter<SimulatedLog>>,
    now: WallTime,
}

impl Run {
    /// Twelve days in any order, all of which may still be corrected.
    fn new(seed: u64, faults: Faults) -> Self {
        let mut dice = Dice::new(seed, &[0]);
        let facts: Vec<Fact> = (0..4 + dice.below(40)).map(|_| any_fact(&mut dice)).collect();
        let mut waiting = twice(&facts, &mut dice);
        for place in (1..waiting.len()).rev() {
            waiting.swap(place, dice.below(place + 1));
        }
        Self::of(seed, faults, dice, facts, &waiting)
    }

    /// Sixty days in order, of which all but the last four are forgotten on the way.
    fn over_weeks(seed: u64, faults: Faults) -> Self {
        let mut dice = Dice::new(seed, &[0]);
        let mut facts: Vec<Fact> = (0..20 + dice.below(60)).map(|_| any_fact_of_a_day(&mut dice)).collect();
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.at));
        let waiting = twice(&facts, &mut dice);
        let mut run = Self::of(seed, faults, dice, facts, &waiting);
        run.settings.windows.correction_horizon = Span::from_days(2);
        run
    }

    /// `waiting` is appended from its end.
    fn of(seed: u64, faults: Faults, mut dice: Dice, facts: Vec<Fact>, waiting: &[Fact]) -> Self {
        let waiting = records(waiting, &mut dice);
        let world = World::new(seed, faults);
        let mut settings = settings();
        settings.publish_every = Span::from_seconds([0, 10, 600][dice.below(3)]);
        Self { settings, dice, world, facts, waiting, owners: Vec::new(), now: NOW }
    }

    /// Appends what waits, and lets owners take turns, until everything is appended.
    fn struggle(&mut self) {
        while !self.waiting.is_empty() {
            self.now = self.now.after(Span::from_seconds(1 + self.dice.below(90) as i64));
            match self.dice.below(8) {
                0..=2 => self.append_one(),
                3 => self.start_another(),
                _ => self.take_a_turn(),
            }
        }
    }

    fn append_one(&mut self) {
        if let Some((stream, body)) = self.waiting.pop() {
            self.world.borrow_mut().disk.append(stream, self.now, body);
        }
    }

    fn start_another(&mut self) {
        let log = SimulatedLog::of(&self.world);
        if let Ok(owner) = Counter::start(&self.settings, log) {
            self.owners.push(owner);
        }
        // Whoever was replaced may go on for a while, as a process does that was stopped and woke up.
        if self.owners.len() > 2 {
            self.owners.remove(0);
        }
    }

    fn take_a_turn(&mut self) {
        if self.owners.is_empty() {
            return self.start_another();
        }
        let one = self.dice.below(self.owners.len());
        if self.owners[one].turn(self.now).is_err() {
            self.owners.remove(one);
        }
    }

    /// Counts to the end with nothing going wrong any more.
    fn recover(&mut self) {
        self.world.borrow_mut().faults = Faults::Never;
        let mut owner = Counter::start(&self.settings, SimulatedLog::of(&self.world)).expect("it starts");
        while owner.turn(self.now).expect("it counts") {}
        // Every feed falls silent.
        self.now = self.now.after(Span::from_minutes(60));
        assert!(!owner.turn(self.now).expect("it counts"));
        assert!(owner.is_caught_up().expect("it knows"));
        owner.say_the_rest(self.now).expect("it says the rest");
    }

    /// What does not hold of the disk, if anything.
    fn verdict(&self) -> Result<(), String> {
        let world = self.world.borrow();
        let mut newest = Table::new();
        for said in &world.disk.revisions {
            let row = adjustment::decode(&said.body).expect("it is a row");
            let before = newest.get(&place_of(&row)).cloned();
            let last = before.as_ref().map_or(0, |before: &VolumeAdjustment| before.revision);
            if row.revision != last + 1 {
                return Err(format!("{}: revision {} after {last}", said.key, row.revision));
            }
            if before.is_some_and(|before| before.says_the_same_as(&row)) {
                return Err(format!("{}: revision {} says nothing new", said.key, row.revision));
            }
            newest.insert(place_of(&row), row);
        }
        if world.disk.positions() != world.disk.ends() {
            return Err(format!("stopped at {:?} of {:?}", world.disk.positions(), world.disk.ends()));
        }
        let kept = world.disk.rows.values().map(|row| adjustment::decode(&row.body).expect("it is a row"));
        let kept: Table = kept.map(|row| (place_of(&row), row)).collect();
        if kept != newest {
            return Err("the newest rows are not the last revisions".to_owned());
        }
        let (found, expected) = (told(&final_table(newest)), told(&self.oracle()));
        if found == expected { Ok(()) } else { Err(format!("found {found:#?}\nexpected {expected:#?}")) }
    }

    /// The table of all facts at once, in an engine that never met a log.
    fn oracle(&self) -> Table {
        let mut engine = Engine::new(self.settings.plan(SourceScheme::One), labels().0);
        engine.step(Step::Facts { facts: &self.facts, not_after: None, partition: None });
        engine.step(Step::EndOfInput);
        let rows = engine.step(Step::Say).into_iter();
        final_table(rows.map(|Decision::Say(row)| (place_of(&row), (*row).clone())).collect())
    }
}

fn any_fact(dice: &mut Dice) -> Fact {
    let (id, minute) = (dice.below(6) as u8, dice.below(12 * 1_440) as i64);
    if dice.chance(0.6) {
        action(id, minute, dice.below(18) as u8, dice.below(2) as u8)
    } else {
        talk(id, minute, dice.below(6) as u8, dice.below(2) as u8)
    }
}

/// An action or conversation of one day.
fn any_fact_of_a_day(dice: &mut Dice) -> Fact {
    let day = dice.below(60);
    let (id, minute) = (day as u8, (day * 1_440 + dice.below(1_440)) as i64);
    if dice.chance(0.6) {
        action(id, minute, dice.below(18) as u8, dice.below(2) as u8)
    } else {
        talk(id, minute, dice.below(6) as u8, dice.below(2) as u8)
    }
}

/// Facts, some of them twice.
fn twice(facts: &[Fact], dice: &mut Dice) -> Vec<Fact> {
    facts.iter().flat_map(|fact| std::iter::repeat_n(fact.clone(), 1 + usize::from(dice.chance(0.3)))).collect()
}

/// The records in which facts are appended, cut anywhere, and a baseline between them.
fn records(facts: &[Fact], dice: &mut Dice) -> Vec<(Stream, Vec<u8>)> {
    let mut left = facts.iter().rev().cloned().collect::<Vec<_>>();
    let organizations = [Arc::from("org-1")];
    let mut records = Vec::new();
    while !left.is_empty() {
        let part = left.split_off(left.len() - (1 + dice.below(5)).min(left.len()));
        records.push((Stream::Facts, facts::encode(&part, &organizations, &labels().0)));
        if dice.chance(0.2) {
            let body = baseline::encode(&any_baseline(dice));
            records.push((Stream::Baseline, body));
        }
    }
    records
}

fn any_baseline(dice: &mut Dice) -> BaselineInterval {
    BaselineInterval {
        organization_id: Arc::from("org-1"),
        business_unit_id: Arc::from("bu-1"),
        planning_group_id: Arc::from("pg-1"),
        start: EventTime::from_millis(MONDAY + dice.below(12 * 96) as i64 * 900_000),
        interval_seconds: 900,
        offered: dice.below(40) as f64,
        handle_time_seconds: None,
    }
}

fn run(seed: u64, faults: Faults) -> Run {
    let mut run = Run::new(seed, faults);
    run.struggle();
    run.recover();
    run
}

#[test]
fn whatever_fails_whenever_the_table_is_that_of_all_facts_and_no_revision_is_missing_or_twice() {
    for seed in 0..SEEDS {
        let share = [0.0, 0.01, 0.05, 0.2, 0.5][seed as usize % 5];
        if let Err(wrong) = run(seed, Faults::Often(share)).verdict() {
            panic!("seed {seed}, a share of {share} of all moments: {wrong}");
        }
    }
}

#[test]
fn what_is_forgotten_was_said_before_whatever_fails_whenever() {
    for seed in 0..SEEDS / 3 {
        let share = [0.0, 0.01, 0.05, 0.2][seed as usize % 4];
        let mut run = Run::over_weeks(seed, Faults::Often(share));
        run.struggle();
        run.recover();
        if let Err(wrong) = run.verdict() {
            panic!("seed {seed}, a share of {share} of all moments: {wrong}");
        }
    }
}

#[test]
fn a_process_may_die_at_any_one_moment() {
    for seed in 0..6 {
        let all = run(seed, Faults::DiesAt(0)).world.borrow().moments;
        assert!(all > 30, "only {all} moments");
        for moment in 1..=all {
            if let Err(wrong) = run(seed, Faults::DiesAt(moment)).verdict() {
                panic!("seed {seed}, at moment {moment} of {all}: {wrong}");
            }
        }
    }
}

#[test]
fn a_log_that_commits_positions_apart_from_rows_is_found_out() {
    let found_out = (0..50).any(|seed| {
        let mut run = Run::new(seed, Faults::Often(0.05));
        run.world.borrow_mut().positions_apart = true;
        run.struggle();
        run.recover();
        run.verdict().is_err()
    });
    assert!(found_out, "fifty runs over such a log gave the right table");
}

#[test]
fn a_replaced_owner_that_wakes_up_commits_nothing() {
    let mut run = Run::new(1, Faults::Never);
    run.start_another();
    while !run.waiting.is_empty() {
        run.append_one();
    }
    run.start_another();
    let error = run.owners[0].turn(run.now).expect_err("another owner counts");
    assert_eq!(error.to_string(), "another owner counts");
    assert!(run.world.borrow().disk.revisions.is_empty());
    run.recover();
    run.verdict().expect("it holds");
}
