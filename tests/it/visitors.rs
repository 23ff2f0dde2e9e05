//! What one visitor and his regulated pages do to the table: his counts and nothing else, or nothing at all.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use journeycast::engine::fact::About;
use journeycast::engine::names::{Domain, EpochKey};
use journeycast::engine::plan::SourceScheme;
use journeycast::engine::{Decision, Engine, EventTime, Fact, Labels, Name, Regime, Step, Tally};
use journeycast::io::reading::{EpochKeys, Reader, Taken};
use journeycast::settings::{Policy, Settings};
use journeycast::simulate::{Dice, Pathologies, Site, SitePlan, config_toml};
use serde_json::{Value, json};

use crate::little_site::{Table, final_table, place_of, told};

const SEEDS: u64 = 8;

/// Half a day of a site on which nothing is broken, but much is told twice, late and in any order.
fn plan(seed: u64) -> SitePlan {
    let pathologies = Pathologies { twins: 0.3, duplicates: 0.1, disorder: 0.1, late: 0.02, ..Pathologies::NONE };
    SitePlan { seed, days: 0.5, visits_per_day: 400.0, pathologies, ..SitePlan::default() }
}

/// What a site's policy may say.
#[derive(Debug, Clone, Copy)]
pub enum Under {
    NoPolicy,
    /// Pages below /account and /pricing are regulated; does what came of them count in staffing?
    Policy {
        interactions_may_count: bool,
    },
}

/// The policy of these tests as a file.
pub fn policy(interactions_may_count: bool) -> String {
    let page = |path: &str, regime: &str| {
        format!(
            "[[page]]\nhost = \"shop.example\"\npath = \"{path}\"\nregime = \"{regime}\"\nowner = \"o\"\n\
             retention = \"never-kept\"\n"
        )
    };
    format!(
        "interactions_may_count = {interactions_may_count}\n{}{}[consent]\nattribute = \"consent\"\ngranted = [\"yes\"]\n\
         absent = \"permitted\"\nglobal_privacy_control = \"permitted\"\n",
        page("/account/**", "mifid2"),
        page("/pricing/business", "health"),
    )
}

fn settings(plan: &SitePlan, under: Under) -> Settings {
    let settings = Settings::parse(&config_toml(plan), "journeycast.toml", std::iter::empty());
    let policy = match under {
        Under::NoPolicy => None,
        Under::Policy { interactions_may_count } => Some(policy(interactions_may_count)),
    };
    let policy = policy.map(|text| Policy::parse(&text, "policy.toml").unwrap_or_else(|wrong| panic!("{wrong}")));
    Settings { policy: policy.map(Arc::new), ..settings.unwrap_or_else(|wrong| panic!("{wrong}")) }
}

/// Whose record it is, by the session; a conversation that came of none is its own. The site names the session of a
/// conversation at its start only.
pub fn whose(records: &[Vec<u8>]) -> Vec<String> {
    let bodies: Vec<Value> = records
        .iter()
        .map(|line| serde_json::from_slice::<Value>(line).expect("the site sends JSON")["detail"]["eventBody"].take())
        .collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let starts = bodies
        .iter()
        .filter_map(|body| Some((text(&body["conversationId"])?, text(&body["journeyContext"]["sessionId"])?)));
    let visits: BTreeMap<String, String> = starts.collect();
    let one = |body: &Value| {
        let talk = text(&body["conversationId"]);
        let of_talk = talk.map(|talk| visits.get(&talk).cloned().unwrap_or(talk));
        of_talk.or_else(|| text(&body["session"]["id"])).unwrap_or_default()
    };
    bodies.iter().map(one).collect()
}

/// The facts of each record of a site with whose they are, and who saw a regulated page.
struct Recording {
    settings: Settings,
    facts: Vec<(String, Vec<Fact>)>,
    regulated: BTreeSet<String>,
    labels: Labels,
}

fn keys<T>(_: T) -> Result<EpochKeys, Infallible> {
    Ok(Domain::ALL.map(|domain| (domain, EpochKey([domain as u8 + 1; 32]))))
}

impl Recording {
    fn of(records: &[Vec<u8>], settings: Settings) -> Self {
        let mut reader = Reader::of_files(&settings, [0; 32], settings.plan(SourceScheme::One).names());
        let (mut facts, mut regulated) = (Vec::new(), BTreeSet::new());
        for (record, who) in records.iter().zip(whose(records)) {
            let Ok(taken) = reader.read(record, keys);
            let of_it = match taken {
                Taken::Fact(_, fact) => vec![*fact],
                // One that comes after the correction horizon changes nothing, as nothing does that comes so late.
                Taken::NotPermitted(_, facts) => {
                    regulated.extend(facts.first().map(|_| who.clone()));
                    facts
                }
                Taken::NotRelevant | Taken::SetAside(_) | Taken::Blank => Vec::new(),
            };
            facts.push((who, of_it));
        }
        Self { settings, facts, regulated, labels: reader.into_admission().into_labels() }
    }

    /// The facts of those for whom this holds.
    fn facts_of(&self, holds: impl Fn(&str) -> bool) -> Vec<Fact> {
        self.facts.iter().filter(|(who, _)| holds(who)).flat_map(|(_, facts)| facts.iter().cloned()).collect()
    }

    /// The final table of these facts, which come in parts of any size.
    fn table(&self, facts: &[Fact], part: usize) -> Table {
        let mut engine = Engine::new(self.settings.plan(SourceScheme::One), self.labels.clone());
        let mut newest = Table::new();
        let mut take = |decisions: Vec<Decision>| {
            for Decision::Say(row) in decisions {
                newest.insert(place_of(&row), (*row).clone());
            }
        };
        for part in facts.chunks(part.max(1)) {
            engine.step(Step::Facts { facts: part, not_after: None, partition: None });
            take(engine.step(Step::Say));
        }
        engine.step(Step::EndOfInput);
        take(engine.step(Step::Say));
        final_table(newest)
    }
}

fn records(plan: SitePlan) -> Vec<Vec<u8>> {
    Site::new(plan).map(|sent| sent.line).collect()
}

fn shuffled(facts: &[Fact], dice: &mut Dice) -> Vec<Fact> {
    let mut facts = facts.to_vec();
    for place in (1..facts.len()).rev() {
        facts.swap(place, dice.below(place + 1));
    }
    facts
}

/// All counts of a table: of its rows, and of their action maps.
fn counts(table: &Table) -> BTreeMap<(String, String), Tally> {
    let mut counts = BTreeMap::new();
    for (place, row) in table {
        counts.insert((place.clone(), String::new()), row.evidence.counts.clone());
        for map in &row.by_action_map {
            counts.insert((place.clone(), format!("{:?}", map.action_map)), map.counts.clone());
        }
    }
    counts
}

/// The figures that differ, or nothing.
fn difference(found: &Table, expected: &Table) -> Vec<String> {
    let (found_is, expected_is) = (told(found), told(expected));
    let mut lines: Vec<String> =
        found_is.iter().filter(|row| !expected_is.contains(row)).map(|row| format!("found {row}")).collect();
    lines.extend(expected_is.iter().filter(|row| !found_is.contains(row)).map(|row| format!("expected {row}")));
    if lines.is_empty() && found != expected {
        lines.push("rows differ in what is not told".to_owned());
    }
    lines.truncate(10);
    lines
}

#[test]
fn without_one_visitors_records_the_table_lacks_his_counts_and_nothing_else() {
    let mut visitors_that_count = 0;
    for seed in 0..SEEDS {
        let plan = plan(seed);
        let site = Recording::of(&records(plan.clone()), settings(&plan, Under::NoPolicy));
        let whole = site.table(&site.facts_of(|_| true), 500);
        let everybody: BTreeSet<&str> = site.facts.iter().map(|(who, _)| who.as_str()).collect();
        for visitor in everybody.into_iter().step_by(7) {
            let without = site.table(&site.facts_of(|who| who != visitor), 500);
            let alone = site.table(&site.facts_of(|who| who == visitor), 500);
            visitors_that_count += usize::from(!alone.is_empty());
            let mut sum = counts(&without);
            for (place, of_him) in counts(&alone) {
                *sum.entry(place).or_default() += &of_him;
            }
            assert!(sum == counts(&whole), "seed {seed}: not the counts of this one visitor");
            let untouched = |table: &Table| -> Table {
                let rows = table.iter().filter(|(place, _)| !alone.contains_key(*place));
                rows.map(|(place, row)| (place.clone(), row.clone())).collect()
            };
            let changed = difference(&untouched(&without), &untouched(&whole));
            assert_eq!(changed, [""; 0], "seed {seed}: a row that is not his has changed");
        }
    }
    assert!(visitors_that_count > 30, "only {visitors_that_count} visitors counted anywhere");
}

#[test]
fn visitors_of_regulated_pages_might_as_well_not_have_been_there() {
    for seed in 0..SEEDS {
        let (plan, mut dice) = (plan(seed), Dice::new(seed, &[7]));
        let lines = records(plan.clone());
        let site = Recording::of(&lines, settings(&plan, Under::Policy { interactions_may_count: false }));
        let all = site.facts_of(|_| true);
        let expected = site.table(&site.facts_of(|who| !site.regulated.contains(who)), 500);
        let of_them = site.facts_of(|who| site.regulated.contains(who));
        let free = Recording::of(&lines, settings(&plan, Under::NoPolicy));
        let theirs = free.table(&free.facts_of(|who| site.regulated.contains(who)), 500);
        assert!(theirs.len() > 10, "seed {seed}: they would have counted in {} rows only", theirs.len());
        assert!(expected.len() > 10 && of_them.len() > 100, "seed {seed}: too little is left to compare");
        let twice = [all.clone(), shuffled(&all, &mut dice)].concat();
        let backwards: Vec<Fact> = all.iter().rev().cloned().collect();
        for (order, facts) in [("as it came", &all), ("backwards", &backwards), ("twice", &twice)] {
            assert_eq!(difference(&site.table(facts, 300), &expected), [""; 0], "seed {seed}, {order}");
        }
        for _ in 0..4 {
            let part = 1 + dice.below(200);
            let found = site.table(&shuffled(&all, &mut dice), part);
            assert_eq!(difference(&found, &expected), [""; 0], "seed {seed}, in any order");
        }
    }
}

/// A table's counts that have nothing to do with queues, and those that have.
fn apart(table: &Table) -> [BTreeMap<(String, String), Tally>; 2] {
    let (mut beside, mut queues) = (counts(table), counts(table));
    for tally in beside.values_mut() {
        (tally.queued, tally.answered, tally.abandoned_in_queue) = (0, 0, 0);
        (tally.handled, tally.handle_time_millis) = (0, 0);
    }
    for (place, of_both) in &mut queues {
        *of_both -= beside.get(place).expect("both have the same places");
    }
    beside.retain(|_, tally| !tally.is_zero());
    queues.retain(|_, tally| !tally.is_zero());
    [beside, queues]
}

#[test]
fn where_interactions_may_count_regulated_visits_count_where_somebody_answers_them_and_nowhere_else() {
    let mut sites_where_somebody_queued = 0;
    for seed in 0..SEEDS {
        let (plan, mut dice) = (plan(seed), Dice::new(seed, &[8]));
        let lines = records(plan.clone());
        let site = Recording::of(&lines, settings(&plan, Under::Policy { interactions_may_count: true }));
        let clean = site.table(&site.facts_of(|who| !site.regulated.contains(who)), 500);
        let free = Recording::of(&lines, settings(&plan, Under::NoPolicy));
        let free = free.table(&free.facts_of(|_| true), 500);
        let ([beside, clean_queues], [_, queues]) = (apart(&clean), apart(&free));
        sites_where_somebody_queued += usize::from(queues != clean_queues);
        let all = site.facts_of(|_| true);
        for facts in [all.clone(), shuffled(&all, &mut dice), shuffled(&all, &mut dice)] {
            let found = site.table(&facts, 1 + dice.below(400));
            let [found_beside, found_queues] = apart(&found);
            assert!(found_beside == beside, "seed {seed}: something beside the queues differs");
            assert!(found_queues == queues, "seed {seed}: the queues are not those without a policy");
        }
    }
    assert!(sites_where_somebody_queued > 3, "on {sites_where_somebody_queued} sites only");
}

#[test]
fn figures_of_a_regime_and_day_are_those_of_its_actions_and_few_are_not_told() {
    let (mut told, mut withheld) = (0, 0);
    for seed in 0..2 * SEEDS {
        let plan = SitePlan { visits_per_day: 15.0 * (1 + seed) as f64, days: 1.5, ..plan(seed) };
        let site =
            Recording::of(&records(plan.clone()), settings(&plan, Under::Policy { interactions_may_count: false }));
        let mut regimes: BTreeMap<&str, Regime> = BTreeMap::new();
        let mut actions: BTreeMap<Name, (&str, EventTime)> = BTreeMap::new();
        for (who, fact) in site.facts.iter().flat_map(|(who, facts)| facts.iter().map(move |fact| (who.as_str(), fact)))
        {
            match &fact.about {
                About::Taint(regime) => {
                    regimes.entry(who).and_modify(|known| *known = (*known).max(*regime)).or_insert(*regime);
                }
                About::Action(_) => {
                    let (_, first) = actions.entry(fact.names.own).or_insert((who, fact.at));
                    *first = fact.at.min(*first);
                }
                About::Visit(_) | About::Conversation(_) => {}
            }
        }
        let mut expected: BTreeMap<(Regime, i64), i64> = BTreeMap::new();
        for (who, first) in actions.values() {
            if let Some(regime) = regimes.get(who) {
                *expected.entry((*regime, first.millis().div_euclid(86_400_000))).or_default() += 1;
            }
        }
        let mut engine = Engine::new(site.settings.plan(SourceScheme::One), site.labels.clone());
        let facts = shuffled(&site.facts_of(|_| true), &mut Dice::new(seed, &[9]));
        engine.step(Step::Facts { facts: &facts, not_after: None, partition: None });
        let day = |date: jiff::civil::Date| {
            date.to_zoned_datetime(jiff::tz::TimeZone::UTC).expect("it is a day").timestamp().as_second() / 86_400
        };
        let found: BTreeMap<(Regime, i64), Option<i64>> =
            engine.regulated().map(|(regime, date, n)| ((regime, day(date)), n)).collect();
        let expected: BTreeMap<_, _> = expected.into_iter().map(|(of, n)| (of, (n >= 5).then_some(n))).collect();
        told += expected.values().flatten().count();
        withheld += expected.values().filter(|n| n.is_none()).count();
        assert_eq!(found, expected, "seed {seed}");
    }
    assert!(told > 10 && withheld > 5, "{told} figures were told and {withheld} were not");
}

#[test]
fn a_page_whose_address_is_broken_is_rather_regulated_than_not_and_tells_nothing_else() {
    let plan = plan(0);
    let settings = settings(&plan, Under::Policy { interactions_may_count: false });
    let mut reader = Reader::of_files(&settings, [0; 32], settings.plan(SourceScheme::One).names());
    let mut ended = |session: Value, part: Value| {
        let body = json!({"createdDate": "2026-11-20T10:00:00Z", "eventType": "WebEvent", "session": session, "webEvent": part});
        let Ok(taken) = reader.read(body.to_string().as_bytes(), keys);
        match taken {
            Taken::NotPermitted(_, facts) => format!("not permitted, {} facts", facts.len()),
            Taken::Fact(_, fact) => format!("{:?}", fact.about),
            Taken::SetAside(aside) => aside.class.name().to_owned(),
            Taken::NotRelevant => "not relevant".to_owned(),
            Taken::Blank => "blank".to_owned(),
        }
    };
    let visitor = json!({"id": "se-1"});
    let page = |host: Value, path: Value| json!({"page": {"hostname": host, "pathname": path}});
    let nothing_known = "Visit(Page(None))";
    for (session, part, expected) in [
        (visitor.clone(), page(json!("shop.example"), json!("/account/orders")), "not permitted, 2 facts"),
        (visitor.clone(), page(json!(7), json!("/account/orders")), "not permitted, 2 facts"),
        (visitor.clone(), page(json!(["shop.example"]), json!("/account/orders")), "not permitted, 2 facts"),
        (visitor.clone(), page(json!(null), json!("/account/orders")), "not permitted, 2 facts"),
        (visitor.clone(), json!({"page": {"pathname": "/account/orders"}}), "not permitted, 2 facts"),
        (visitor.clone(), page(json!("shop.example"), json!(7)), "not permitted, 2 facts"),
        (visitor.clone(), page(json!("shop.example"), json!(["/account/orders"])), "not permitted, 2 facts"),
        (visitor.clone(), page(json!("shop.example"), json!({"/account": 1})), "not permitted, 2 facts"),
        (visitor.clone(), page(json!("other.example"), json!(7)), nothing_known),
        (visitor.clone(), json!({"page": "/account/orders"}), nothing_known),
        (visitor, json!(7), nothing_known),
        (json!({"id": 7}), page(json!("shop.example"), json!("/account/orders")), "wrong_type"),
        (json!("se-1"), page(json!("shop.example"), json!("/account/orders")), "wrong_type"),
        (json!({"id": ""}), page(json!("shop.example"), json!("/account/orders")), "not relevant"),
        (json!(null), page(json!("shop.example"), json!("/account/orders")), "not relevant"),
    ] {
        assert_eq!(ended(session.clone(), part.clone()), expected, "{session} {part}");
    }
}
