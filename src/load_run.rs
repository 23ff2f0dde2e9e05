//! `load run` and `load serve`: sends events at steady rates and says what came of them; and what answers them in tests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use indicatif::ProgressBar;

use crate::io::clock;
use crate::io::load::files::{self, Made};
use crate::io::load::{Generator, Keeps, Manners, Signals, StandIn};
use crate::listing::Listing;
use crate::load::summary::COLUMNS;
use crate::load::{
    Bar, Curve, Early, EventKind, EventShape, Figures, Finding, KneeSearch, RunSummary, Stall, Step, Stop, Target,
    TargetTrouble, read_headers,
};
use crate::load_cli::{RunArgs, ServeArgs};
use crate::load_kafka;
use crate::perform::{Failure, print};
use crate::settings::duration;

/// No endpoint gets more events a second than this.
const MOST_PER_SECOND: f64 = 20_000.0;

/// No rate is kept longer than this.
const LONGEST_STEP: Duration = Duration::from_secs(600);

/// No run of given rates is longer than this.
const LONGEST_RUN: Duration = Duration::from_secs(3_600);

/// Largest file of events.
const LARGEST_FILE: u64 = 256 << 20;

/// How often a terminal is shown that a step goes on.
const TICK: Duration = Duration::from_millis(200);

/// Sends events as asked for, and writes what came of them.
///
/// # Errors
///
/// Where the target may not be loaded or cannot, or the answer cannot be written.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let length = time("--for", &args.duration)?;
    check_length(length)?;
    let rates = rates(args, length)?;
    let shape = shape(&args.event)?;
    let manners = Manners {
        patience: patience(&args.timeout)?,
        honour_retry_after: args.honour_retry_after,
        stop_on_distress: args.stop_on_distress,
        signals: Signals::heard()?,
    };
    let (keeps, target): (Box<dyn Keeps>, String) = if args.target == "kafka" {
        let (producing, target) = load_kafka::producing(args, &shape, manners)?;
        (Box::new(producing), target)
    } else {
        (Box::new(endpoint(args, shape, manners)?), args.target.clone())
    };
    if let Some(folder) = &args.out {
        files::prepare(folder).map_err(|says| Failure::Usage(format!("--out {}: {says}", folder.display())))?;
    }
    let started = jiff::Timestamp::from_millisecond(clock::now().millis())?;
    let mut session = Session { keeps, made: Vec::new(), early: None };
    let finding = match rates {
        Some(rates) => session.keep(&rates, length)?,
        None => session.search(KneeSearch::of(length, args.up_to))?,
    };
    let figures: Vec<Figures> = session.made.iter().map(|made| made.figures.clone()).collect();
    let event = args.event.clone();
    let mut summary = RunSummary::of(target, event, started.to_string(), &figures, &finding);
    summary.ended_early = session.early.as_ref().map(Early::to_string);
    told(&summary);
    let printed = print(&written(&summary, args)?);
    if let Some(folder) = &args.out {
        files::write(folder, &summary, &session.made)
            .map_err(|error| Failure::Failed(format!("--out {}: {error}", folder.display())))?;
    }
    printed?;
    session.early.map_or(Ok(()), |early| ended(&early))
}

/// What an early end means for whoever started the run.
fn ended(early: &Early) -> Result<(), Failure> {
    match &early.stop {
        Stop::Distress | Stop::LeftAlone(_) => Ok(()),
        Stop::Silence { .. } => Err(Failure::Failed(format!("--target: {early}"))),
        Stop::Signal(signal) => Err(Failure::Ended(signal.code(), format!("ended early: {early}"))),
    }
}

fn endpoint(args: &RunArgs, shape: EventShape, manners: Manners) -> Result<Generator, Failure> {
    if args.config.is_some() {
        return Err(Failure::Usage("--config belongs to --target kafka".to_owned()));
    }
    let headers = args.header_file.as_deref().map_or_else(|| Ok(Vec::new()), headers)?;
    let target = Target::of(&args.target).map_err(refused)?;
    Generator::of(target, &args.i_own_this_target, headers, shape, manners).map_err(refused)
}

fn headers(file: &Path) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let wrong = |says: &dyn std::fmt::Display| Failure::Usage(format!("--header-file {}: {says}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&format!("unreadable: {error}")))?;
    read_headers(&text).map_err(|says| wrong(&says))
}

/// A target that is not to be loaded is wrong usage; one that does not answer is a failure.
pub fn refused(trouble: TargetTrouble) -> Failure {
    match trouble {
        TargetTrouble::BadAddress(_) | TargetTrouble::NotYours(_) | TargetTrouble::InTheClear(_) => {
            Failure::Usage(format!("--target: {trouble}"))
        }
        TargetTrouble::NoConnection(_)
        | TargetTrouble::Tls(_)
        | TargetTrouble::TimedOut(_)
        | TargetTrouble::Redirected(_)
        | TargetTrouble::Status(_)
        | TargetTrouble::NotTaken { .. }
        | TargetTrouble::Closed => Failure::Failed(format!("--target: {trouble}")),
    }
}

fn time(flag: &str, text: &str) -> Result<Duration, Failure> {
    let span = duration::parse(text).map_err(|says| Failure::Usage(format!("{flag} {says}")))?;
    Ok(Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0)))
}

fn patience(text: &str) -> Result<Duration, Failure> {
    match time("--timeout", text)? {
        Duration::ZERO => Err(Failure::Usage("--timeout must be above 0: nothing is answered in no time".to_owned())),
        patience => Ok(patience),
    }
}

fn check_length(length: Duration) -> Result<(), Failure> {
    if length < Duration::from_secs(1) || length > LONGEST_STEP {
        return Err(Failure::Usage(format!("--for must be from 1s to {}s", LONGEST_STEP.as_secs())));
    }
    Ok(())
}

/// The rates that were asked for; `None` where the knee is searched for.
fn rates(args: &RunArgs, length: Duration) -> Result<Option<Vec<f64>>, Failure> {
    let usage = |says: String| Err(Failure::Usage(says));
    let wrong = |rate: &&f64| !(**rate > 0.0 && **rate <= MOST_PER_SECOND);
    if args.find_knee {
        return match wrong(&&args.up_to) {
            true => usage(format!("--up-to must be above 0 and at most {MOST_PER_SECOND}")),
            false => Ok(None),
        };
    }
    let rates = if args.rates.is_empty() { vec![1_000.0, 3_000.0, 5_000.0, 10_000.0] } else { args.rates.clone() };
    if let Some(rate) = rates.iter().find(wrong) {
        return usage(format!("--rates: {rate} is not above 0 and at most {MOST_PER_SECOND} a second"));
    }
    let whole = length.saturating_mul(u32::try_from(rates.len()).unwrap_or(u32::MAX));
    if whole > LONGEST_RUN {
        return usage(format!("--rates times --for is more than {} seconds", LONGEST_RUN.as_secs()));
    }
    Ok(Some(rates))
}

fn shape(event: &str) -> Result<EventShape, Failure> {
    let wrong = |says: &dyn std::fmt::Display| Failure::Usage(format!("--event {event}: {says}"));
    match event {
        "pageview" => return Ok(EventShape::invented(EventKind::Pageview)),
        "custom" => return Ok(EventShape::invented(EventKind::Custom)),
        _ => {}
    }
    let path = Path::new(event);
    let found = std::fs::metadata(path);
    let found = found.map_err(|_| wrong(&"not_found: give pageview, custom or a file of events"))?;
    if found.len() > LARGEST_FILE {
        return Err(wrong(&"too_large: at most 256 MiB"));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(&format!("unreadable: {error}")))?;
    EventShape::read(&bytes).map_err(|says| wrong(&says))
}

/// A run while it lasts.
struct Session {
    keeps: Box<dyn Keeps>,
    made: Vec<Made>,
    early: Option<Early>,
}

impl Session {
    /// Keeps one rate after the other.
    fn keep(&mut self, rates: &[f64], length: Duration) -> Result<Finding, Failure> {
        for per_second in rates {
            if !self.step(Step { per_second: *per_second, length })? {
                break;
            }
        }
        let figures = self.made.iter().map(|made| &made.figures).filter(|figures| figures.is_to_be_judged());
        let mut figures: Vec<&Figures> = figures.collect();
        figures.sort_by(|one, other| one.step.per_second.total_cmp(&other.step.per_second));
        let finding = Bar::of(figures.iter().copied()).map_or(Finding::Unknown, |bar| {
            let judged: Vec<_> = figures.iter().map(|figures| (figures.step.per_second, bar.judge(figures))).collect();
            Finding::of_rates(&judged)
        });
        let is_open = match finding {
            // More rates would have followed, which could have shown it.
            Finding::Above(_) | Finding::Unknown | Finding::Cut(_) => self.early.is_some(),
            Finding::Found(_) | Finding::Below(_) => self.early.as_ref().is_some_and(Early::voids_all),
        };
        Ok(if is_open { finding.cut_short() } else { finding })
    }

    fn search(&mut self, mut search: KneeSearch) -> Result<Finding, Failure> {
        while let Some(step) = search.next() {
            let goes_on = self.step(step)?;
            if let Some(made) = self.made.last().filter(|made| goes_on && made.figures.is_to_be_judged()) {
                search.learn(&made.figures);
            }
            if !goes_on {
                return Ok(search.finding().cut_short());
            }
        }
        Ok(search.finding())
    }

    /// Makes a step; false where it was the last.
    fn step(&mut self, step: Step) -> Result<bool, Failure> {
        let began = clock::now();
        // On a terminal alone; elsewhere it is silent.
        let bar = ProgressBar::new_spinner();
        bar.set_message(format!("{:.0}/s for {} s", step.per_second, step.length.as_secs()));
        bar.enable_steady_tick(TICK);
        let kept = self.keeps.step(step);
        bar.finish_and_clear();
        let (figures, stop) = match (kept, self.keeps.stopped()) {
            (Ok(figures), stop) => (figures, stop),
            (Err(_), Some(stop)) => (Figures::of(step), Some(stop)),
            (Err(why), None) if self.made.is_empty() => return Err(refused(why)),
            (Err(why), None) => (Figures::of(step), Some(Stop::Silence { since: Duration::ZERO, why })),
        };
        if let Some(stop) = stop {
            let after = if figures.sent == 0 { Duration::ZERO } else { figures.kept() };
            self.early = Some(Early { stop, per_second: step.per_second, after });
        }
        if figures.sent == 0 && self.early.is_some() {
            return Ok(false);
        }
        tracing::info!(
            rate = step.per_second,
            sent = figures.sent,
            ok = figures.ok,
            too_many_requests = figures.too_many_requests,
            other = figures.other(),
            "step"
        );
        self.made.push(Made { began, figures });
        Ok(self.early.is_none())
    }
}

fn told(summary: &RunSummary) {
    tracing::info!("{}", summary.finding);
    if let Some(early) = &summary.ended_early {
        tracing::warn!("ended early: {early}");
    }
    if let Some(lag) = summary.generator_lag_p99_ms {
        tracing::info!(generator_lag_p99_ms = lag, "how late the generator itself was");
    }
}

fn written(summary: &RunSummary, args: &RunArgs) -> Result<String, Failure> {
    use crate::cli::Format;
    let listing = || Listing { columns: COLUMNS, rows: summary.steps.iter().map(|step| step.row()).collect() };
    match args.format {
        Format::Json => Ok(format!("{:#}\n", summary.as_json())),
        Format::Csv => listing().written(Format::Csv),
        Format::Table => {
            let lag = summary.generator_lag_p99_ms.map_or_else(String::new, |lag| {
                format!("The generator itself was late by {lag:.1} ms at most, in 99 % of the events.\n")
            });
            let early =
                summary.ended_early.as_ref().map_or_else(String::new, |early| format!("It ended early: {early}.\n"));
            Ok(format!("{}{}\n{early}{lag}", listing().written(Format::Table)?, summary.finding))
        }
    }
}

/// How this machine itself calls an address at which it listens: none is reached as "every address".
fn from_here(listening: SocketAddr) -> SocketAddr {
    let here: IpAddr = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(here, listening.port())
}

/// Answers events as a curve says, until a signal comes.
///
/// # Errors
///
/// Where the curve is none, or the address cannot be had.
pub fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let usage = |says: String| Failure::Usage(says);
    let mut curve = Curve::default();
    if let Some(points) = &args.curve {
        let read = |text: &str| {
            let span = duration::parse(text)?;
            Ok(Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0)))
        };
        curve.points = Curve::points_of(points, read).map_err(|says| usage(format!("--curve: {says}")))?;
    }
    if !(args.scale > 0.0 && args.scale <= 1_000.0) {
        return Err(usage("--scale must be above 0 and at most 1000".to_owned()));
    }
    if !(0.0..=1.0).contains(&args.drops) {
        return Err(usage("--drops is a share: give a number from 0 to 1".to_owned()));
    }
    if let Some(limit) = args.limit {
        if !(limit > 0.0 && limit.is_finite()) {
            return Err(usage("--limit must be above 0".to_owned()));
        }
        curve.limit_per_second = limit;
    }
    curve.retry_after = time("--retry-after", &args.retry_after)?;
    if curve.retry_after.subsec_nanos() > 0 {
        return Err(usage(format!("--retry-after {}: the header says whole seconds", args.retry_after)));
    }
    curve.slow_start = time("--slow-start", &args.slow_start)?;
    curve.drops = args.drops;
    if let Some(text) = &args.stall {
        let (length, after) =
            text.split_once('@').ok_or_else(|| usage(format!("--stall: {text:?} is not TIME@TIME")))?;
        curve.stall = Some(Stall { length: time("--stall", length)?, after: time("--stall", after)? });
    }
    let stand_in = StandIn::listen(args.listen, curve.scaled(args.scale))
        .map_err(|error| Failure::Failed(format!("--listen {}: {error}", args.listen)))?;
    let address = stand_in.address();
    if address.ip().is_unspecified() {
        tracing::info!("listening on every address of this machine; elsewhere, load run asks for --i-own-this-target");
    }
    print(&format!("http://{}\n", from_here(address)))?;
    tracing::info!("a stand-in for a Journey endpoint: no machine of Genesys, and no promise about them");
    let counts = stand_in.serve()?;
    tracing::info!(
        received = counts.received,
        taken = counts.taken,
        too_many_requests = counts.too_many_requests,
        dropped = counts.dropped,
        not_an_event = counts.not_an_event,
        "stopped"
    );
    Ok(())
}
