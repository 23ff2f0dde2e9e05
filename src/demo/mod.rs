//! The demo: a simulated site, the embedded log, the whole pipeline and a live view, in a temporary folder.

use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::DemoArgs;
use crate::engine::{EventTime, Span, WallTime};
use crate::http::{self, Board};
use crate::io::clock::Watch;
use crate::io::embedded::Runner;
use crate::io::log::LogError;
use crate::io::{Appender, Counter, Embedded, clock};
use crate::perform::{Failure, print};
use crate::service;
use crate::settings::{Log, Settings, duration};
use crate::simulate::{Site, SitePlan, config_toml, story_visitor};

mod view;

/// The site started so long ago, so that there is something to see at once.
const STARTED_AGO: Span = Span::from_minutes(180);
/// How often the view is drawn.
const FRAME: Duration = Duration::from_millis(500);
/// Visits a day and business unit: lively, and still readable.
const VISITS_PER_DAY: f64 = 12_000.0;

/// The site's clock: `speed` simulated seconds a second.
struct SiteClock {
    watch: Watch,
    began: WallTime,
    speed: f64,
}

impl SiteClock {
    fn now(&self) -> WallTime {
        let passed = self.watch.elapsed().as_secs_f64() * self.speed;
        self.began.after(Span::from_millis((passed * 1_000.0) as i64))
    }
}

/// Shows the whole pipeline until it is told to stop.
pub fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let wrong = |what: &str| Failure::Usage(what.to_owned());
    if !(args.speed > 0.0 && args.speed <= 10_000.0) {
        return Err(wrong("--speed must be above 0 and at most 10000"));
    }
    let length = match &args.duration {
        Some(text) => Some(duration::parse(text).map_err(|error| Failure::Usage(format!("--for {text:?}: {error}")))?),
        None => None,
    };
    let folder = tempfile::Builder::new().prefix("journeycast-demo-").tempdir()?;
    let began = clock::now();
    let plan = SitePlan {
        seed: u64::try_from(began.millis()).unwrap_or(0),
        start_seconds: began.before(STARTED_AGO).millis().div_euclid(1_000),
        days: f64::INFINITY,
        visits_per_day: VISITS_PER_DAY,
        ..SitePlan::default()
    };
    let mut settings = Settings::parse(&config_toml(&plan), "demo.toml", std::iter::empty())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    settings.log = Log::Embedded { path: folder.path().join("data") };
    settings.publish_every = Span::ZERO;
    let stop = Arc::new(AtomicBool::new(false));
    let board = Board::default();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let address = http::serve(listen, board.clone(), Arc::clone(&stop)).map_err(|error| {
        Failure::Failed(format!("cannot listen on {listen}: {error}; choose another with --port, or --port 0 for any"))
    })?;
    let site = SiteClock { watch: Watch::start(), began, speed: args.speed };
    let counter = Counter::start(&settings, Runner::of(&settings)?)?;
    let appender = Appender::new(Embedded::of(&settings)?, &settings, "demo");
    let mut show = Show { counter, appender, board, address };
    show.run(&plan, &site, length, &stop)
}

/// Both loops of the pipeline, taking turns in one thread.
struct Show {
    counter: Counter<Runner>,
    appender: Appender<Embedded>,
    board: Board,
    address: SocketAddr,
}

impl Show {
    fn run(
        &mut self,
        plan: &SitePlan,
        clock: &SiteClock,
        length: Option<Span>,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        let mut site = Site::new(plan.clone()).peekable();
        let mut story = story_visitor(plan.seed, clock.began.millis()).into_iter().peekable();
        let mut offset = 0;
        let over = |clock: &SiteClock| {
            length
                .is_some_and(|length| clock.watch.elapsed().as_millis() >= u128::try_from(length.millis()).unwrap_or(0))
        };
        while !stop.load(Ordering::Relaxed) {
            let now = clock.now();
            for people in [&mut site as &mut dyn People, &mut story] {
                while let Some(line) = people.next_until(now) {
                    offset += 1;
                    self.append(&line, offset)?;
                }
            }
            self.appender.flush()?;
            while self.counter.turn(clock::now())? {}
            service::show(&self.counter, &self.board, true)?;
            self.draw(now)?;
            if over(clock) {
                break;
            }
            std::thread::sleep(FRAME);
        }
        Ok(print("The demo is over; its folder is gone.\n")?)
    }

    fn append(&mut self, line: &[u8], offset: u64) -> Result<(), LogError> {
        self.appender.push(line, "journey.events.v1", offset)
    }

    fn draw(&self, now: WallTime) -> Result<(), Failure> {
        let text =
            view::view(&self.counter, &self.appender.total(), EventTime::from_millis(now.millis()), self.address)?;
        let mut out = std::io::stdout().lock();
        if out.is_terminal() {
            out.write_all(b"\x1b[H\x1b[2J")?;
        }
        Ok(out.write_all(text.as_bytes())?)
    }
}

/// Whoever sends records.
trait People {
    /// The next record that arrives up to `now`.
    fn next_until(&mut self, now: WallTime) -> Option<Vec<u8>>;
}

impl<I: Iterator<Item = crate::simulate::Sent>> People for std::iter::Peekable<I> {
    fn next_until(&mut self, now: WallTime) -> Option<Vec<u8>> {
        self.next_if(|sent| sent.arrival_millis <= now.millis()).map(|sent| sent.line)
    }
}
