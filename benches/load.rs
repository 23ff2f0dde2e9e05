//! Prints what `load run` costs beside the least that the same traffic can: CPU-seconds per million events, and how late it is.
//!
//! `cargo bench --bench load` (`RATE` sets events per second, 10,000 by default, `SECONDS` how long, 8). The target of both is
//! `load serve` with an answer after a millisecond, in a process of its own. The floor writes the same bytes over as many
//! plain sockets as it takes and reads what comes back, without HTTP, histograms or new bodies. Its CPU is that of this process, too.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use journeycast::io::clock::{Watch, usage};
use journeycast::io::load::{Generator, Keeps, Manners, Signals};
use journeycast::load::figures::millis_at;
use journeycast::load::{EventKind, EventShape, RecordShape, Step, Target};
use tokio::net::TcpStream;

type Failed = Box<dyn std::error::Error>;

/// Plain sockets of the floor; each waits a millisecond for an answer.
const SOCKETS: u32 = 64;
const CREATED: &str = "2026-11-24T10:00:00.000Z";

/// A target that ends with this.
struct Serve {
    child: Child,
    address: String,
}

impl Serve {
    fn start() -> Result<Self, Failed> {
        let words = ["load", "serve", "--listen", "127.0.0.1:0", "--curve", "0=1ms", "--limit", "1000000"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
        let mut child = command.args(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut first = String::new();
        BufReader::new(child.stdout.take().ok_or("it is piped")?).read_line(&mut first)?;
        Ok(Self { child, address: first.trim_end().to_owned() })
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Writes a request, which a socket's buffer always holds, and reads what comes back.
async fn exchange(stream: &TcpStream, request: &[u8], answer: &mut [u8]) -> io::Result<usize> {
    stream.writable().await?;
    let written = stream.try_write(request)?;
    assert_eq!(written, request.len(), "the buffer is larger");
    loop {
        stream.readable().await?;
        match stream.try_read(answer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read,
        }
    }
}

/// Writes the same request at even times over plain sockets; says how many were answered.
fn floor(target: &Target, rate: u32, seconds: u32) -> Result<u64, Failed> {
    let body = EventShape::invented(EventKind::Pageview).body(0, CREATED);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nuser-agent: floor\r\ncontent-type: application/json\r\naccept: \
         application/json\r\ncontent-length: {}\r\n\r\n",
        target.path,
        target.authority(),
        body.len()
    );
    let request: Arc<[u8]> = [head.into_bytes(), body].concat().into();
    let place = target.authority();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered = runtime.block_on(async {
        let (mut tasks, each, watch) = (Vec::new(), rate * seconds / SOCKETS, Watch::start());
        for socket in 0..SOCKETS {
            let (request, place) = (Arc::clone(&request), place.clone());
            tasks.push(tokio::spawn(async move {
                let stream = TcpStream::connect(place).await?;
                stream.set_nodelay(true)?;
                let (mut answer, mut answered) = ([0; 1_024], 0);
                for nth in 0..each {
                    let due = Duration::from_secs(1) * (nth * SOCKETS + socket) / rate;
                    tokio::time::sleep(due.saturating_sub(watch.elapsed())).await;
                    answered += u64::from(exchange(&stream, &request, &mut answer).await? > 0);
                }
                Ok::<u64, io::Error>(answered)
            }));
        }
        let mut answered = 0;
        for task in tasks {
            answered += task.await??;
        }
        Ok::<u64, Failed>(answered)
    })?;
    Ok(answered)
}

/// CPU-seconds per million of what was done so many times.
fn cost<T>(work: impl FnOnce() -> Result<(T, u64), Failed>) -> Result<(T, f64), Failed> {
    let before = usage().cpu_seconds;
    let (made, times) = work()?;
    Ok((made, (usage().cpu_seconds - before) * 1e6 / times as f64))
}

fn main() -> Result<(), Failed> {
    let (rate, seconds) = (number("RATE", 10_000), number("SECONDS", 8));
    let mut out = io::stdout().lock();
    let serve = Serve::start()?;
    let target = Target::of(&serve.address)?;
    let (answered, least) = cost(|| floor(&target, rate, seconds).map(|answered| (answered, answered)))?;
    writeln!(out, "floor: {answered} events of {rate}/s over {SOCKETS} plain sockets; {least:.1} CPU-s per million")?;
    let shape = EventShape::invented(EventKind::Pageview);
    let manners = Manners {
        patience: Duration::from_secs(10),
        honour_retry_after: false,
        stop_on_distress: false,
        signals: Signals::default(),
    };
    let mut generator = Generator::of(target, &[], Vec::new(), shape.clone(), manners)?;
    let step = Step { per_second: f64::from(rate), length: Duration::from_secs(u64::from(seconds)) };
    let (figures, each) = cost(|| {
        let figures = generator.step(step)?;
        let sent = figures.sent;
        Ok((figures, sent))
    })?;
    let lag = |quantile| millis_at(&figures.lag, quantile).unwrap_or_default();
    writeln!(
        out,
        "load run: {} events of {rate}/s, {} taken; {each:.1} CPU-s per million ({:.2} times the floor); late by {:.1} ms \
         in half, {:.1} ms at most in 99 % of them",
        figures.sent,
        figures.ok,
        each / least,
        lag(0.5),
        lag(0.99)
    )?;
    let records = RecordShape::of(&shape, "org-1", 7);
    let (bytes, record) =
        cost(|| Ok(((0..100_000).map(|nth| records.record(nth, CREATED).len()).sum::<usize>(), 100_000)))?;
    writeln!(out, "a record for Kafka: {record:.1} CPU-s per million of {} bytes", bytes / 100_000)?;
    Ok(())
}
