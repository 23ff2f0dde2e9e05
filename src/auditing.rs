//! The commands of `audit`: verify, export, head, key and list.

use std::fs;
use std::path::Path;

use crate::audit::{Kept, PublicKey, export, verify};
use crate::audit_cli::{AuditCommand, ExportArgs, ListArgs, VerifyArgs};
use crate::audit_log::AuditLog;
use crate::engine::EventTime;
use crate::listing::Listing;
use crate::perform::{Failure, load_alone, print};
use crate::wire::Rfc3339;

/// Does what was asked for.
pub fn perform(command: &AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => check(args),
        AuditCommand::Export(args) => write(args),
        AuditCommand::Head(args) => {
            let kept = log(&args.config)?.trusted()?;
            let last =
                kept.last().ok_or_else(|| Failure::Failed("the audit has no entry yet, and no head".to_owned()))?;
            Ok(print(&last.head)?)
        }
        AuditCommand::Key(args) => Ok(print(&format!("{}\n", log(&args.config)?.public_key()))?),
        AuditCommand::List(args) => list(args),
    }
}

/// Proofs do not depend on the policy: it may be missing or wrong by now.
fn log(config: &Path) -> Result<AuditLog, Failure> {
    AuditLog::of(&load_alone(config)?)
}

fn check(args: &VerifyArgs) -> Result<(), Failure> {
    let (kept, key) = given(args)?;
    let anchor = match &args.anchor {
        Some(file) => Some(text_of(file)?),
        None => None,
    };
    let verified = verify(&kept, &key, anchor.as_deref()).map_err(|wrong| Failure::Failed(wrong.to_string()))?;
    let head = verified.head.map_or_else(|| "no head".to_owned(), |head| format!("head {} {}", head.size, head.hash));
    let begins = if verified.first > 1 { format!(" from entry {} on", verified.first) } else { String::new() };
    Ok(print(&format!("{} entries{begins}, {head}\n", verified.entries))?)
}

fn given(args: &VerifyArgs) -> Result<(Vec<Kept>, PublicKey), Failure> {
    match (&args.config, &args.file, args.key.as_deref().copied()) {
        (Some(config), _, key) => {
            let mut log = log(config)?;
            let key = key.unwrap_or(log.public_key());
            Ok((log.kept()?, key))
        }
        (None, Some(file), Some(key)) => Ok((read(file)?, key)),
        (None, ..) => Err(Failure::Usage("give --config FILE, or --file EXPORT with --key HEX".to_owned())),
    }
}

fn read(file: &Path) -> Result<Vec<Kept>, Failure> {
    let text = text_of(file)?;
    let wrong = |line| {
        Failure::Failed(format!("{}:{line}: is no entry as it was exported: it was changed or cut", file.display()))
    };
    text.lines().zip(1..).map(|(line, number)| export::read(line).ok_or_else(|| wrong(number))).collect()
}

fn text_of(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

fn write(args: &ExportArgs) -> Result<(), Failure> {
    let kept = log(&args.config)?.kept()?;
    let lines: String = kept.iter().map(|kept| export::line(kept) + "\n").collect();
    match &args.out {
        Some(file) => {
            fs::write(file, lines).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
        }
        None => print(&lines)?,
    }
    tracing::info!(entries = kept.len(), "exported");
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let entries = log(&args.config)?.beside().entries()?;
    let rows = entries.into_iter().map(|entry| {
        let at = Rfc3339::from(EventTime::from_millis(entry.at.millis())).to_string();
        let mut what = serde_json::to_value(&entry.event).unwrap_or_default();
        what.as_object_mut().and_then(|fields| fields.remove("kind"));
        [entry.sequence.to_string(), at, entry.event.name().to_owned(), what.to_string()]
    });
    let columns = ["entry", "at", "kind", "what"];
    Ok(print(&Listing { columns, rows: rows.collect() }.written(args.format)?)?)
}
