//! Prints what live state costs in memory, and how long a restart takes to read it back.
//!
//! `cargo bench --bench state` (`ENTITIES` sets how many, 1,000,000 by default).

use std::io::Write;
use std::path::Path;

use journeycast::engine::fact::{About, ActionEvent, ActionFact, Medium, OfferState, OrganizationIndex, VisitFact};
use journeycast::engine::names::Name;
use journeycast::engine::plan::SourceScheme;
use journeycast::engine::{Engine, EventTime, Fact, Labels, Names, Span, Step};
use journeycast::io::clock::{Watch, usage};
use journeycast::io::embedded::Runner;
use journeycast::io::log::{Append, Packed};
use journeycast::io::{Counter, Embedded, clock};
use journeycast::settings::{Log, Settings};
use journeycast::simulate::{SitePlan, config_toml};
use journeycast::wire::facts;

const MONDAY: i64 = 1_793_577_600_000;
const PACK: usize = 4_096;

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

/// A name that no other entity has.
fn name(number: u64) -> Name {
    Name(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

fn fact(number: u64, about: About) -> Fact {
    let at = EventTime::from_millis(MONDAY).after(Span::from_millis(i64::try_from(number % 3_600_000).unwrap_or(0)));
    let names = Names { own: name(2 * number + 1), before: Some(name(2 * number + 2)) };
    Fact { organization: OrganizationIndex(0), at, names, about }
}

fn action(number: u64, state: OfferState, labels: &mut Labels) -> Fact {
    let map = Some(labels.intern("am-pricing-help"));
    let medium = Some(Medium::WEB_MESSAGING_OFFER);
    fact(
        number,
        About::Action(ActionFact { event: ActionEvent::Reached(state), map, version: Some(7), medium, visit: None }),
    )
}

/// An engine and the bytes that it takes for each of so many entities: whoever keeps it keeps its memory from the next. It is fed in small parts so that the facts themselves count little.
fn bytes_each(settings: &Settings, entities: u64, make: impl Fn(u64, &mut Labels) -> Vec<Fact>) -> (Engine, f64) {
    let mut engine = Engine::new(settings.plan(SourceScheme::One), Labels::default());
    let before = resident();
    for first in (0..entities).step_by(PACK) {
        let numbers = first..(first + PACK as u64).min(entities);
        let part: Vec<Fact> = numbers.flat_map(|number| make(number, engine.labels_mut())).collect();
        engine.step(Step::Facts { facts: &part, not_after: None, partition: None });
    }
    let grown = resident().saturating_sub(before) as f64;
    assert_eq!(engine.remembered().iter().sum::<usize>() as u64, entities);
    (engine, grown / entities as f64)
}

fn fill(settings: &Settings, data: &Path, entities: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut log = Embedded::open(data, None)?;
    let (mut labels, organizations) = (Labels::default(), settings.organizations());
    for first in (0..entities).step_by(PACK) {
        let numbers = first..(first + PACK as u64).min(entities);
        let part: Vec<Fact> = numbers.map(|number| action(number, OfferState::Qualified, &mut labels)).collect();
        let newest = part.iter().map(|fact| fact.at).max().ok_or("no facts")?;
        let body = facts::encode(&part, &organizations, &labels);
        log.append(clock::now(), &Append { facts: Some(Packed { body, n: part.len(), newest }), ..Append::default() })?;
    }
    let mut counter = Counter::start(settings, Runner::of(settings)?)?;
    while counter.turn(clock::now())? {}
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entities: u64 = std::env::var("ENTITIES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut settings = Settings::parse(&config_toml(&SitePlan::default()), "bench.toml", std::iter::empty())?;
    let mut out = std::io::stdout().lock();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let (_visiting, visits) =
        bytes_each(&settings, entities, |number, _| vec![fact(number, About::Visit(VisitFact::Page(None)))]);
    writeln!(out, "bytes per live visit of one page, {entities} of them: {visits:.0}")?;
    let (_acting, actions) = bytes_each(&settings, entities, |number, labels| {
        [OfferState::Qualified, OfferState::Offered, OfferState::Accepted]
            .map(|state| action(number, state, labels))
            .to_vec()
    });
    writeln!(out, "bytes per live action of three steps, {entities} of them: {actions:.0}")?;
    settings.log = Log::Embedded { path: data.clone() };
    fill(&settings, &data, entities)?;
    let (watch, before) = (Watch::start(), usage().cpu_seconds);
    let counter = Counter::start(&settings, Runner::of(&settings)?)?;
    let (wall, cpu) = (watch.elapsed().as_secs_f64(), usage().cpu_seconds - before);
    assert_eq!(counter.engine().remembered()[0] as u64, entities);
    writeln!(out, "restore at {entities} live actions: {wall:.2} s wall, {cpu:.2} CPU-seconds")?;
    Ok(())
}
