//! A browser: opens a page in an installed Chromium with a profile of its own, and tells what it asks of Genesys and keeps.

mod pipe;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use self::pipe::Pipe;
use super::clock::{Watch, now};
use crate::snippet::{Browsed, Key, Phase, Request, Seen, Store, Trouble};

/// Names under which Chromium is installed.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/// A page is done once nothing was asked for as long as this.
const QUIET: Duration = Duration::from_secs(2);

/// Longest time for one phase.
const LONGEST: Duration = Duration::from_secs(25);

/// Names of what a page keeps, never values.
const KEYS: &str = "(()=>{const of=s=>{try{return Object.keys(window[s])}catch{return []}};return JSON.stringify([of('localStorage'),of('sessionStorage')])})()";

/// How far a browser may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Wherever the page asks it to.
    Everywhere,
    /// This machine only: every other host is not found.
    ThisMachine,
}

/// Opens a page before consent, and after a click on what agrees where that is named.
///
/// # Errors
///
/// Where no browser is installed, or it cannot open the page, or there is nothing to click on.
pub fn visit(address: &str, consent_click: Option<&str>, reach: Reach) -> Browsed {
    let program = installed().ok_or(Trouble::NoBrowser)?;
    let profile = tempfile::tempdir().map_err(|error| Trouble::BrowserFailed(error.to_string()))?;
    let mut arguments: Vec<String> = [
        "--headless=new",
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-sync",
        "--disable-gpu",
        "--disable-dev-shm-usage",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    // Chromium refuses to run its sandbox as root.
    if nix::unistd::geteuid().is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    if reach == Reach::ThisMachine {
        arguments.push("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned());
    }
    let mut tab = Tab::open(Pipe::start(&program, &arguments)?)?;
    tab.navigate(address)?;
    let mut phases = vec![tab.settled(Phase::BeforeConsent)?];
    if let Some(selector) = consent_click {
        tab.click(selector)?;
        phases.push(tab.settled(Phase::AfterConsent)?);
    }
    Ok(phases)
}

/// The first Chromium on the search path.
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

/// One tab with whatever frames it opens.
struct Tab {
    pipe: Pipe,
    session: String,
    requests: BTreeSet<Request>,
    loaded: bool,
}

impl Tab {
    fn open(mut pipe: Pipe) -> Result<Self, Trouble> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let target = pipe.ask(None, "Target.createTarget", &json!({"url": "about:blank"}))?;
        let target = json!({"targetId": text(&target, "targetId"), "flatten": true});
        let session = text(&pipe.ask(None, "Target.attachToTarget", &target)?, "sessionId");
        let mut tab = Self { pipe, session, requests: BTreeSet::new(), loaded: false };
        tab.ask("Network.enable", &json!({}))?;
        tab.ask("Page.enable", &json!({}))?;
        // Frames of other sites are targets of their own.
        let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true});
        tab.ask("Target.setAutoAttach", &attach)?;
        Ok(tab)
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Result<Value, Trouble> {
        let session = self.session.clone();
        self.pipe.ask(Some(&session), method, parameters)
    }

    fn navigate(&mut self, address: &str) -> Result<(), Trouble> {
        let answer = self.ask("Page.navigate", &json!({"url": address}))?;
        match answer.get("errorText").and_then(Value::as_str) {
            Some(error) => Err(Trouble::NoConnection(error.to_owned())),
            None => Ok(()),
        }
    }

    fn evaluated(&mut self, expression: &str) -> Result<Value, Trouble> {
        let answer = self.ask("Runtime.evaluate", &json!({"expression": expression, "returnByValue": true}))?;
        if answer.get("exceptionDetails").is_some() {
            return Err(Trouble::BrowserFailed("the page could not be asked".to_owned()));
        }
        Ok(answer.pointer("/result/value").cloned().unwrap_or_default())
    }

    fn click(&mut self, selector: &str) -> Result<(), Trouble> {
        let missing = || Trouble::NoSuchElement(selector.to_owned());
        let quoted = Value::from(selector);
        let expression =
            format!("(()=>{{const it=document.querySelector({quoted});if(!it)return false;it.click();return true}})()");
        let clicked = self.evaluated(&expression).map_err(|_| missing())?;
        if clicked == Value::Bool(true) { Ok(()) } else { Err(missing()) }
    }

    /// Waits until the page is quiet, and tells what was asked for since the phase before.
    fn settled(&mut self, phase: Phase) -> Result<Seen, Trouble> {
        let watch = Watch::start();
        while watch.elapsed() < LONGEST {
            match self.pipe.next(QUIET)? {
                Some(message) => self.saw(&message)?,
                None if self.loaded => break,
                None => {}
            }
        }
        let keys = self.keys()?;
        Ok(Seen { phase, requests: std::mem::take(&mut self.requests), keys })
    }

    fn saw(&mut self, message: &Value) -> Result<(), Trouble> {
        let text = |path: &str| message.pointer(path).and_then(Value::as_str);
        match text("/method") {
            Some("Network.requestWillBeSent") => {
                let method = text("/params/request/method").unwrap_or("GET");
                self.requests.extend(text("/params/request/url").and_then(|url| Request::of(method, url)));
            }
            Some("Network.webSocketCreated") => {
                let secure = text("/params/url").map(|url| url.replacen("ws", "http", 1));
                self.requests.extend(secure.and_then(|url| Request::of("WEBSOCKET", &url)));
            }
            Some("Page.loadEventFired") => self.loaded = true,
            Some("Target.attachedToTarget") => {
                if let Some(session) = text("/params/sessionId").filter(|session| *session != self.session) {
                    self.pipe.send(Some(session), "Network.enable", &json!({}))?;
                }
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<BTreeSet<Key>, Trouble> {
        let mut keys = BTreeSet::new();
        let stored = self.evaluated(KEYS)?;
        let names: Vec<Vec<String>> = serde_json::from_str(stored.as_str().unwrap_or("[]")).unwrap_or_default();
        for (store, names) in [Store::Local, Store::Session].into_iter().zip(names) {
            keys.extend(names.iter().map(|name| Key::stored(store, name)));
        }
        let cookies = self.pipe.ask(None, "Storage.getCookies", &json!({}))?;
        let now = now().millis() / 1_000;
        for cookie in cookies.get("cookies").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| cookie.get(name).and_then(Value::as_str).unwrap_or("");
            let expires = cookie.get("expires").and_then(Value::as_f64).filter(|at| *at > 0.0);
            keys.insert(Key::cookie(text("name"), text("domain"), expires.map(|at| at as i64 - now)));
        }
        Ok(keys)
    }
}
