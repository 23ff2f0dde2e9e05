//! `snippet audit`: reads what was named, has it judged, and writes the answers; one bad input never hides the others.

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
use crate::snippet::{Audit, Mapping, Trouble, Visits, as_json, as_sarif, as_text, audit};

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
    let (visits, unread) = visits(&args.events);
    let mapping = match visits {
        Some(visits) => Some(written.unwrap_or_default().with_visits(visits)),
        None => written,
    };
    let mut auditor = Auditor { mapping, audits: Vec::new(), authors: 0 };
    for input in &args.inputs {
        auditor.named(input);
    }
    let mut audits = auditor.audits;
    if args.browser {
        browse(&mut audits, args.consent_click.as_deref())?;
    }
    let unasked = if args.fetch_config { deployments::configure(&mut audits, &Origin::Genesys) } else { Vec::new() };
    print(&match args.format {
        AuditFormat::Text => as_text::written(&audits),
        AuditFormat::Json => format!("{:#}\n", as_json::written(&audits)),
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
    failed.extend(unread);
    if failed.is_empty() { Ok(()) } else { Err(Failure::Failed(failed.join("\n"))) }
}

fn mapping(path: &Path) -> Result<Mapping, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("--mapping {}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    Mapping::read(&bytes).map_err(|error| wrong(&error))
}

/// The folder that files are named from.
fn root() -> String {
    std::env::current_dir().map_or_else(|_| String::new(), |folder| folder.display().to_string())
}

fn is_address(input: &str) -> bool {
    input.starts_with("http://") || input.starts_with("https://")
}

/// Has a browser open every address. A file has no site, so that what it would ask for says nothing.
fn browse(audits: &mut [Audit], consent_click: Option<&str>) -> Result<(), Failure> {
    if !audits.iter().any(|audit| is_address(&audit.input)) {
        return Err(Failure::Usage(
            "--browser opens addresses: name one that starts with http:// or https://".to_owned(),
        ));
    }
    for audit in audits {
        if is_address(&audit.input) {
            let browsed = browser::visit(&audit.input, consent_click, Reach::Everywhere);
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

/// Recorded visits, in one pass over the files; and which of them could not be read.
fn visits(paths: &[PathBuf]) -> (Option<Visits>, Vec<String>) {
    let mut visits = Visits::default();
    let (mut used, mut other, mut unread) = (0_u64, 0_u64, Vec::new());
    for path in paths {
        let mut read = || -> io::Result<()> {
            let mut lines = Lines::open(path)?;
            while let Some((_, line)) = lines.next_line()? {
                if visits.learn(line) {
                    used += 1;
                } else {
                    other += u64::from(!line.trim_ascii().is_empty());
                }
            }
            Ok(())
        };
        if let Err(error) = read() {
            unread.push(format!("--events {}: unreadable: {error}", path.display()));
        }
    }
    if paths.is_empty() {
        return (None, unread);
    }
    tracing::info!(events = used, passed_over = other, "looked at recorded visits and offers");
    (Some(visits), unread)
}

struct Auditor {
    mapping: Option<Mapping>,
    audits: Vec<Audit>,
    authors: usize,
}

impl Auditor {
    fn named(&mut self, input: &str) {
        if is_address(input) {
            return self.address(input);
        }
        let path = Path::new(input);
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(_) => self.file(path, true),
            Err(error) => self.audits.push(Audit::failed(input.to_owned(), unread(&error))),
        }
    }

    fn address(&mut self, address: &str) {
        let audited = match fetching::fetch(address, MOST_BYTES, Purpose::Page) {
            Ok(fetched) => audit(address, &fetched.bytes, fetched.host.as_deref(), self.mapping.as_ref()),
            Err(trouble) => Audit::failed(address.to_owned(), trouble),
        };
        self.audits.push(audited);
    }

    fn folder(&mut self, folder: &Path) {
        for met in files_below(folder) {
            match met {
                Met::File(path) => self.file(&path, false),
                Met::Closed(path, error) => self.audits.push(Audit::failed(path.display().to_string(), unread(&error))),
            }
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
        self.ask_for_authors(path, &mut audited);
        self.audits.push(audited);
    }

    fn ask_for_authors(&mut self, path: &Path, audited: &mut Audit) {
        for finding in &mut audited.findings {
            let Some(place) = finding.places.first().filter(|_| self.authors < MOST_AUTHORS) else { continue };
            self.authors += 1;
            let needle = finding.deployment_id.as_deref().or(finding.organization_id.as_deref());
            if let Some(author) = blame::author_of(path, place.line, needle) {
                finding.written_by(author);
            }
        }
    }
}

fn is_meant_as_text(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
    TEXT_ENDINGS.contains(&ending.as_str())
}

fn unread(error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::NotFound { Trouble::NotFound } else { Trouble::Unreadable(error.to_string()) }
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unread(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > MOST_BYTES { Err(Trouble::TooLarge(MOST_BYTES >> 20)) } else { Ok(bytes) }
}
