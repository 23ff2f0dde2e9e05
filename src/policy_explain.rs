//! A policy in words, as an operator asks for it: what it does, what becomes of pages, what was regulated, what changed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::engine::policy::Regime;
use crate::engine::regulated::{Figure, told};
use crate::io::counter::CounterError;
use crate::io::kafka::{self, Cluster};
use crate::io::log::LogError;
use crate::io::{Counter, Embedded, embedded};
use crate::perform::{Failure, load, print};
use crate::policy::{policy_of, text_of, today};
use crate::retention_cli::{DiffArgs, ExplainArgs, WordsFormat};
use crate::settings::{Address, Difference, Log, PageExplained, Policy, Settings};

/// What was regulated, by regime and day; none of those that are too few to be told. Nothing where no log is there yet.
type Figures = Option<Vec<(Regime, Date, Option<i64>)>>;

/// Says what the policy does.
pub fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let policy = policy_of(&settings)?;
    let mut pages = Vec::new();
    for text in &args.pages {
        // An address may hold what must not be repeated: only what is read of it is ever said.
        let address = Address::parse(text).map_err(|why| Failure::Usage(format!("--page {why}")))?;
        let class = settings.page_policy();
        let class = class.class_of(address.host.as_deref().unwrap_or(""), &address.path).map(|class| class.to_string());
        pages.push((policy.explain_page(&address, class.as_deref()), address));
    }
    let figures = figures(&settings).map_err(|error| error.to_string());
    if let Err(why) = &figures {
        tracing::warn!(why, "how many actions are regulated cannot be told");
    }
    let said = match args.format {
        WordsFormat::Text => in_words(policy, &pages, &figures),
        WordsFormat::Json => as_json(policy, &pages, &figures),
    };
    Ok(print(&said)?)
}

/// Says what changed since another policy.
pub fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    let policy = policy_of(&settings)?;
    let old = Policy::parse(&text_of(&args.old)?, &args.old.to_string_lossy())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let found = policy.differences(&old, today());
    let said = match args.format {
        WordsFormat::Text => {
            found.iter().map(|one| format!("{}: {}; {}\n", one.about, one.change, one.effect)).collect()
        }
        WordsFormat::Json => {
            let one = |one: &Difference| json!({"about": one.about, "change": one.change, "effect": one.effect});
            format!("{:#}\n", found.iter().map(one).collect::<Value>())
        }
    };
    print(&said)?;
    match found.len() {
        0 => Ok(()),
        n => Err(Failure::Failed(format!("{} differs from {} in {n} points", policy.file(), args.old.display()))),
    }
}

/// Counts beside the service what it counted, and takes the figures from there.
fn figures(settings: &Settings) -> Result<Figures, CounterError> {
    let mut counts = BTreeMap::<Figure, i64>::new();
    let mut add = |more: &BTreeMap<Figure, i64>| {
        for (figure, n) in more {
            *counts.entry(*figure).or_default() += n;
        }
    };
    match &settings.log {
        Log::Embedded { path } if !Embedded::is_in(path) => return Ok(None),
        Log::Embedded { .. } => {
            let onlooker = embedded::Onlooker::of(settings).map_err(LogError::from)?;
            add(Counter::start(settings, onlooker)?.engine().regulated_counts());
        }
        Log::Kafka { .. } => {
            let cluster = Cluster::of(settings).map_err(LogError::from)?;
            for (onlooker, organizations) in kafka::Onlooker::all(settings, &cluster).map_err(LogError::from)? {
                add(Counter::start(&settings.only(&organizations), onlooker)?.engine().regulated_counts());
            }
        }
    }
    Ok(Some(told(&counts).collect()))
}

fn in_words(policy: &Policy, pages: &[(PageExplained<'_>, Address)], figures: &Result<Figures, String>) -> String {
    let mut lines = vec![format!("policy {} ({})", policy.version(), policy.file())];
    lines.extend(policy.explanation());
    for (page, address) in pages {
        let host = address.host.as_deref().unwrap_or("a host that is not known");
        lines.push(String::new());
        lines.push(format!("page {} on {host}, compared as {}", address.path, page.compared));
        for pattern in &page.matches {
            let (name, regime) = (pattern.pattern(), pattern.regime.name());
            let wins = if pattern.regime == page.regime { "" } else { "; a stricter one wins" };
            lines.push(format!("  matches {name} ({regime}, {} answers){wins}", pattern.owner));
        }
        if page.matches.is_empty() {
            lines.push("  matches no pattern".to_owned());
        }
        lines.extend(page.becomes.iter().map(|sentence| format!("  {sentence}")));
    }
    lines.push(String::new());
    lines.extend(figures_in_words(figures));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn figures_in_words(figures: &Result<Figures, String>) -> Vec<String> {
    match figures {
        Err(why) => vec![format!("regulated actions: not known ({why})")],
        Ok(None) => vec!["regulated actions: not known, nothing was counted yet".to_owned()],
        Ok(Some(figures)) if figures.is_empty() => {
            vec!["regulated actions: none of those that are still held".to_owned()]
        }
        Ok(Some(figures)) => {
            let one = |(regime, day, n): &(Regime, Date, Option<i64>)| {
                let n = n.map_or_else(|| "too few to be told".to_owned(), |n| n.to_string());
                format!("  {} on {day}: {n}", regime.name())
            };
            let head = "regulated actions, of those that are still held, in no row:".to_owned();
            std::iter::once(head).chain(figures.iter().map(one)).collect()
        }
    }
}

fn as_json(policy: &Policy, pages: &[(PageExplained<'_>, Address)], figures: &Result<Figures, String>) -> String {
    let page = |(page, address): &(PageExplained<'_>, Address)| {
        let matches = page.matches.iter().map(|pattern| {
            json!({"pattern": pattern.pattern(), "regime": pattern.regime.name(), "owner": *pattern.owner,
                "retention": *pattern.retention})
        });
        json!({"host": address.host, "path": address.path, "compared": page.compared, "regime": page.regime.name(),
            "matches": matches.collect::<Value>(), "becomes": page.becomes})
    };
    let (regulated, not_known) = match figures {
        Err(why) => (Value::Null, Some(why.clone())),
        Ok(None) => (Value::Null, Some("nothing was counted yet".to_owned())),
        Ok(Some(figures)) => {
            let mut regimes: BTreeMap<&str, BTreeMap<String, Option<i64>>> = BTreeMap::new();
            for (regime, day, n) in figures {
                regimes.entry(regime.name()).or_default().insert(day.to_string(), *n);
            }
            (json!(regimes), None)
        }
    };
    let said = json!({
        "version": policy.version(),
        "file": policy.file(),
        "says": policy.explanation(),
        "pages": pages.iter().map(page).collect::<Value>(),
        "regulated": regulated,
        "regulated_not_known": not_known,
    });
    format!("{said:#}\n")
}
