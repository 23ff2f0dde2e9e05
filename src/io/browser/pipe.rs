//! The pipe to a browser: commands and answers of the Chrome DevTools Protocol, JSON with a zero byte behind each.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::snippet::Trouble;

/// How long an answer to a command is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts the pipes where the browser looks for them (descriptors 3 and 4) and becomes the browser.
const TURN_ROUND: &str = r#"exec 3<&0 4>&1 </dev/null >/dev/null 2>&1; exec "$@""#;

/// A running browser. It ends when this is dropped.
#[derive(Debug)]
pub struct Pipe {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    waiting: VecDeque<Value>,
    last: u64,
}

impl Pipe {
    /// Starts a browser with these arguments.
    pub fn start(program: &Path, arguments: &[String]) -> Result<Self, Trouble> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", TURN_ROUND, "sh"]).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| Trouble::BrowserFailed(error.to_string()))?;
        let (Some(commands), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Trouble::BrowserFailed("it has no pipes".to_owned()));
        };
        let (tell, answers) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                let value = serde_json::from_slice(message.strip_suffix(&[0]).unwrap_or(&message));
                if value.is_ok_and(|value| tell.send(value).is_err()) {
                    return;
                }
                message.clear();
            }
        });
        Ok(Self { child, commands, answers, waiting: VecDeque::new(), last: 0 })
    }

    /// Sends a command to a page (or to the browser) and waits for nothing.
    pub fn send(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Result<u64, Trouble> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let sent = self.commands.write_all(&bytes).and_then(|()| self.commands.flush());
        sent.map(|()| self.last).map_err(|_| Trouble::BrowserFailed("it has ended".to_owned()))
    }

    /// Sends a command and waits for its answer; what happens meanwhile is told by `next` later.
    pub fn ask(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Result<Value, Trouble> {
        let id = self.send(session, method, parameters)?;
        loop {
            let message = self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
                RecvTimeoutError::Timeout => Trouble::TimedOut(PATIENCE.as_secs()),
                RecvTimeoutError::Disconnected => Trouble::BrowserFailed("it has ended".to_owned()),
            })?;
            if message.get("id").and_then(Value::as_u64) != Some(id) {
                self.waiting.push_back(message);
                continue;
            }
            if let Some(error) = message.pointer("/error/message").and_then(Value::as_str) {
                return Err(Trouble::BrowserFailed(format!("{method}: {error}")));
            }
            return Ok(message.get("result").cloned().unwrap_or_default());
        }
    }

    /// The next thing that happened; nothing where all was quiet for so long.
    pub fn next(&mut self, quiet: Duration) -> Result<Option<Value>, Trouble> {
        if let Some(message) = self.waiting.pop_front() {
            return Ok(Some(message));
        }
        match self.answers.recv_timeout(quiet) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Trouble::BrowserFailed("it has ended".to_owned())),
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // A browser that was asked to close takes its helpers with it; one that does not is ended.
        let closes = self.ask(None, "Browser.close", &json!({})).is_ok();
        let ended = closes || self.child.kill().is_ok();
        if ended && let Err(error) = self.child.wait() {
            tracing::warn!(%error, "a browser did not end");
        }
    }
}
