//! What comes through a pipe is kept as it comes, while the pipe stays open.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use journeycast::io::Embedded;
use journeycast::io::clock::Watch;
use journeycast::simulate::{SitePlan, config_toml, story_visitor};

#[test]
fn a_single_record_in_an_open_pipe_does_not_wait_for_the_next() {
    let folder = tempfile::tempdir().expect("there is room");
    let config = folder.path().join("journeycast.toml");
    fs::write(&config, config_toml(&SitePlan::default())).expect("it can be written");
    let mut ingest = Command::new(env!("CARGO_BIN_EXE_journeycast"))
        .args(["ingest", "--config"])
        .args([config.as_os_str(), "-".as_ref()])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = ingest.stdin.take().expect("there is a pipe");
    let log = Embedded::open(&folder.path().join("journeycast-data"), None).expect("it opens");
    let watch = Watch::start();
    for (number, sent) in (1..).zip(story_visitor(3, 1_793_610_000_000).into_iter().take(3)) {
        pipe.write_all(&[sent.line, b"\n".to_vec()].concat()).expect("the pipe is open");
        let kept = || -> u64 { log.accounting().expect("it can be read").iter().map(|account| account.records).sum() };
        while kept() < number {
            assert!(watch.elapsed().as_secs() < 60, "record {number} is not kept");
            std::thread::yield_now();
        }
    }
    drop(pipe);
    assert!(ingest.wait().expect("it ends").success());
}
