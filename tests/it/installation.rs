//! An installation: a folder with a configuration and a data folder, and the real program at work on them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Whoever waits longer than this for a program that should answer at once waits in vain.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own, thrown away at the end.
pub struct Installation {
    folder: TempDir,
}

impl Installation {
    /// An installation of this configuration, whose data folder is `data` beside it.
    pub fn of(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        fs::write(folder.path().join("journeycast.toml"), configuration).expect("it can be written");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("it can be written");
        path
    }

    /// The program with these words, in this folder, with nothing from the environment of the tests.
    pub fn journeycast(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_journeycast"));
        command.args(words).current_dir(self.folder.path()).env_clear();
        command
    }

    /// Performs a command to its end.
    pub fn perform(&self, words: &[&str]) -> Output {
        self.journeycast(words).output().expect("the program starts")
    }

    /// Performs a command that must end well, and gives what it printed.
    pub fn printed(&self, words: &[&str]) -> String {
        let output = self.perform(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("what it prints is text")
    }

    /// Starts the service.
    pub fn run(&self, log_level: &str) -> Runner {
        let mut command = self.journeycast(&["run", "--config", "journeycast.toml"]);
        Runner::start(command.env("RUST_LOG", log_level))
    }

    /// Every byte of every file below a folder of this one, with the file's path.
    pub fn bytes_below(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut waiting = vec![self.path(folder)];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(entries(&path));
            } else {
                found.push((path.display().to_string(), fs::read(&path).expect("it can be read")));
            }
        }
        found
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).expect("it can be listed");
    listed.map(|entry| entry.expect("it is there").path()).collect()
}

/// What a program said on standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The service at work; it is killed where a test leaves it running.
pub struct Runner {
    pid: u32,
    ended: Receiver<ExitStatus>,
    lines: Receiver<String>,
    heard: String,
    printed: Receiver<Vec<u8>>,
}

impl Runner {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let (line_told, lines) = channel();
        let stderr = child.stderr.take().expect("it is piped");
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                drop(line_told.send(line));
            }
        });
        let (all_told, printed) = channel();
        let mut stdout = child.stdout.take().expect("it is piped");
        thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stdout.read_to_end(&mut bytes));
            drop(all_told.send(bytes));
        });
        Self { pid: child.id(), ended: end_of(child), lines, heard: String::new(), printed }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the service says so; gives the line.
    pub fn says(&mut self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it never said {words:?}, only:\n{}", self.heard));
            self.heard.push_str(&line);
            self.heard.push('\n');
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Where it listens.
    pub fn address(&mut self) -> String {
        let line: serde_json::Value = serde_json::from_str(&self.says("\"address\"")).expect("logs are JSON in a pipe");
        line["fields"]["address"].as_str().expect("an address is text").to_owned()
    }

    /// Sends a signal by its name to one who may have ended in the meantime.
    pub fn try_signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let sent = kill.args([format!("-{name}"), self.pid.to_string()]).stderr(Stdio::null()).status();
        assert!(sent.is_ok(), "there is a kill");
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// How it ended, if it did and nobody asked before.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.ended.try_recv().ok()
    }

    /// Waits for its end at most so long; everything that it said and printed, as one text.
    pub fn end(&mut self, within: Duration) -> (ExitStatus, String) {
        let status = self.ended.recv_timeout(within).expect("it ends in time");
        self.heard.extend(self.lines.iter().map(|line| line + "\n"));
        let printed = self.printed.recv_timeout(PATIENCE).expect("its output ends with it");
        (status, format!("{}{}", self.heard, String::from_utf8_lossy(&printed)))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if self.ended.try_recv().is_err() {
            drop(Command::new("kill").args(["-KILL", &self.pid.to_string()]).stderr(Stdio::null()).status());
        }
    }
}

fn end_of(mut child: Child) -> Receiver<ExitStatus> {
    let (told, ended) = channel();
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            // Nobody waits where the test has ended before.
            told.send(status).unwrap_or_default();
        }
    });
    ended
}

/// What a page of the service holds, with its head.
pub fn get(address: &str, page: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    write!(stream, "GET {page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it is heard");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("pages are text");
    text
}

/// Asks for the metrics until `holds`; the last answer.
pub fn metrics_until(address: &str, holds: impl Fn(&str) -> bool) -> String {
    let watch = journeycast::io::clock::Watch::start();
    loop {
        let text = get(address, "/metrics");
        if holds(&text) {
            return text;
        }
        assert!(watch.elapsed() < PATIENCE, "it never came to that:\n{text}");
    }
}
