//! `snippet audit`: reads what was named, has it judged, and writes the answers; one bad input never hides the others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::{AuditArgs, AuditFormat};
use crate::io::browser::Reach;
use crate::io::deployments::Origin;
use crate::io::fetching::Purpose;
use crate::io::walking::{Met, files_below};
use crate::io::{Lines, blame, browser, deployments, fetching};
use crate::perform::{Failure, print};
use crate::snippet::{
    Audit, Mapping, Recording, Trouble, Visits, as_json, as_sarif, as_text, audit, fetchable, has_scheme, plain,
    shown_address, unread,
};

/// Most bytes that are read of one input.
const MOST_BYTES: u64 = 256 << 20;

/// Most commits that are asked for: each is a process.
const MOST_AUTHORS: usize = 200;

/// Endings of files that are meant to be text: what is in them is told even where it is not.
const TEXT_ENDINGS: [&str; 20] = [
    "html", "htm", "xhtml", "shtml", "js", "mjs", "cjs", "jsx", "ts", "tsx", "json", "har", "php", "vue", "svelte",
    "twig", "liquid", "jsp", "aspx", "cshtml",
];

/// Audits everything that was named.
///
/// # Errors
///
/// Where the mapping cannot be used, or some input could not be read (after all others were answered).
pub fn perform(args: &AuditArgs) -> Result<(), Failure> {
    let written = args.mapping.as_deref().map(mapping).transpose()?;
    let (visits, recordings) = visits(&args.events);
    let mapping = match visits {
        Some(visits) => Some(written.unwrap_or_default().with_visits(visits, &recordings)),
        None => written,
    };
    let mut auditor = Auditor { mapping, audits: Vec::new(), addresses: BTreeMap::new(), authors: 0 };
    for input in &args.inputs {
        auditor.named(input);
    }
    let Auditor { mut audits, addresses, .. } = auditor;
    unread::read_together(&mut audits);
    if args.browser {
        browse(&mut audits, &addresses, args.consent_click.as_deref())?;
    }
    let unasked = if args.fetch_config { deployments::configure(&mut audits, &Origin::Genesys) } else { Vec::new() };
    print(&match args.format {
        AuditFormat::Text => as_text::written(&audits),
        AuditFormat::Json => format!("{:#}\n", as_json::written(&audits, &recordings)),
        AuditFormat::Sarif => format!("{:#}\n", as_sarif::written(&audits, &root())),
    })?;
    let mut failed: Vec<String> = audits
        .iter()
        .filter_map(|audit| {
            Some(format!("{}: {}: {}", audit.input, audit.trouble.as_ref()?.name(), audit.trouble.as_ref()?))
        })
        .collect();
    failed.extend(unasked);
    failed.extend(audits.iter().filter_map(unseen));
    failed.extend(recordings.iter().filter_map(Recording::complaint));
    let failed: Vec<String> = failed.iter().map(|it| plain(it).into_owned()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::Failed(failed.join("\n"))) }
}

fn mapping(path: &Path) -> Result<Mapping, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::Usage(plain(&format!("--mapping {}: {error}", path.display())).into_owned())
    };
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    Mapping::read(&bytes).map_err(|error| wrong(&error))
}

/// The folder that files are named from.
fn root() -> String {
    std::env::current_dir().map_or_else(|_| String::new(), |folder| folder.display().to_string())
}

/// Has a browser open every address. A file has no site, so that what it would ask for says nothing.
fn browse(
    audits: &mut [Audit],
    addresses: &BTreeMap<usize, String>,
    consent_click: Option<&str>,
) -> Result<(), Failure> {
    if addresses.is_empty() {
        return Err(Failure::Usage(
            "--browser opens addresses: name one that starts with http:// or https://".to_owned(),
        ));
    }
    for (number, audit) in audits.iter_mut().enumerate() {
        if let Some(address) = addresses.get(&number) {
            let browsed = browser::visit(address, consent_click, Reach::Everywhere);
            audit.browsed(browsed);
        } else {
            audit.notes.push("not opened in a browser: it is no address".to_owned());
        }
    }
    Ok(())
}

fn unseen(audit: &Audit) -> Option<String> {
    let trouble = audit.browser.as_ref()?.as_ref().err()?;
    Some(format!("{}: --browser: {}: {trouble}", audit.input, trouble.name()))
}

/// Recorded visits, in one pass over the files; and what came of each.
fn visits(paths: &[PathBuf]) -> (Option<Visits>, Vec<Recording>) {
    let mut visits = Visits::default();
    let mut recordings = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let mut recording = Recording { name, used: 0, passed_over: 0, trouble: None };
        let read = learn(path, &mut visits, &mut recording);
        recording.trouble = match read {
            Err(error) => Some(Trouble::Unreadable(error.to_string())),
            Ok(()) => (recording.used == 0).then_some(Trouble::NoEvents),
        };
        tracing::info!(
            used = recording.used,
            passed_over = recording.passed_over,
            "looked at recorded visits and offers"
        );
        recordings.push(recording);
    }
    ((!paths.is_empty()).then_some(visits), recordings)
}

fn learn(path: &Path, visits: &mut Visits, recording: &mut Recording) -> io::Result<()> {
    let mut lines = Lines::open(path)?;
    while let Some((_, line)) = lines.next_line()? {
        if visits.learn(line) {
            recording.used += 1;
        } else {
            recording.passed_over += u64::from(!line.trim_ascii().is_empty());
        }
    }
    Ok(())
}

struct Auditor {
    mapping: Option<Mapping>,
    audits: Vec<Audit>,
    /// The whole addresses of the audits that have one: reports show them without what opens doors.
    addresses: BTreeMap<usize, String>,
    authors: usize,
}

impl Auditor {
    fn named(&mut self, input: &str) {
        let path = Path::new(input);
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(_) => self.file(path, true),
            Err(_) if has_scheme(input) || input.starts_with("www.") => self.address(input),
            Err(error) => self.audits.push(Audit::failed(input.to_owned(), unreadable(&error))),
        }
    }

    fn address(&mut self, address: &str) {
        if self.addresses.values().any(|known| known == address) {
            return;
        }
        let shown = shown_address(address);
        let audited = match fetching::fetch(address, MOST_BYTES, Purpose::Page) {
            Ok(fetched) => {
                let mut audited = audit(&shown, &fetched.bytes, fetched.host.as_deref(), self.mapping.as_ref());
                if let (Some(asked), Some(answered)) = (&fetched.led_from, &fetched.host) {
                    audited.led_to(asked, answered);
                }
                audited
            }
            Err(trouble) => Audit::failed(shown, trouble),
        };
        if fetchable(address).is_ok() {
            self.addresses.insert(self.audits.len(), address.to_owned());
        }
        self.audits.push(audited);
    }

    fn folder(&mut self, folder: &Path) {
        let before = self.audits.len();
        for met in files_below(folder) {
            match met {
                Met::File(path) => self.file(&path, false),
                Met::Closed(path, error) => {
                    self.audits.push(Audit::failed(path.display().to_string(), unreadable(&error)))
                }
            }
        }
        if self.audits.len() == before {
            self.audits.push(Audit::failed(folder.display().to_string(), Trouble::NothingToRead));
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        let name = path.display().to_string();
        let mut audited = match read(path) {
            Ok(bytes) => audit(&name, &bytes, None, self.mapping.as_ref()),
            Err(trouble) => Audit::failed(name, trouble),
        };
        // Pictures and empty files of a folder are no bad inputs, but a page that is no text is.
        let passes = match audited.trouble {
            Some(Trouble::Empty) => true,
            Some(Trouble::NotText) => !is_meant_as_text(path),
            Some(_) | None => false,
        };
        if passes && !named {
            return;
        }
        audited.raw_name = path.to_str().is_none().then(|| path.as_os_str().as_encoded_bytes().to_vec());
        self.ask_for_authors(path, &mut audited);
        self.audits.push(audited);
    }

    fn ask_for_authors(&mut self, path: &Path, audited: &mut Audit) {
        for finding in &mut audited.findings {
            let Some(place) = finding.places.first().filter(|_| self.authors < MOST_AUTHORS) else { continue };
            self.authors += 1;
            if let Some(origin) = blame::origin_of(path, place.line, &finding.needles()) {
                finding.comes_from(origin);
            }
        }
    }
}

fn is_meant_as_text(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
    TEXT_ENDINGS.contains(&ending.as_str())
}

fn unreadable(error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::NotFound { Trouble::NotFound } else { Trouble::Unreadable(error.to_string()) }
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MOST_BYTES { Err(Trouble::TooLarge(MOST_BYTES >> 20)) } else { Ok(bytes) }
}
