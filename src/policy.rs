//! The policy as an operator handles it: read beside the configuration, shown, signed, and refused where it must not run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::audit::{Event, Signed, Standing};
use crate::audit_log;
use crate::cli::{PolicyCommand, SignArgs};
use crate::io::clock;
use crate::perform::{Failure, load, load_alone, print};
use crate::settings::{Policy, Settings, SettingsError, Signing};
use crate::{policy_explain, prove};

/// Does what was asked for.
pub fn perform(command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check(args) => check(&args.config),
        PolicyCommand::Show(args) => show(&args.config),
        PolicyCommand::Sign(args) => sign(args),
        PolicyCommand::Checklist(args) => {
            let settings = load(&args.config)?;
            Ok(print(&policy_of(&settings)?.checklist(&settings, today()))?)
        }
        PolicyCommand::Explain(args) => policy_explain::explain(args),
        PolicyCommand::Diff(args) => policy_explain::diff(args),
        PolicyCommand::Schema => Ok(print(&Policy::schema())?),
        PolicyCommand::Prove(args) => prove::prove(args),
    }
}

/// Reads the policy that the configuration names; without one, nothing is regulated.
pub fn read(settings: &mut Settings) -> Result<(), Failure> {
    let Some(file) = &settings.policy_file else { return Ok(()) };
    let policy = Policy::parse(&text_of(file)?, &file.to_string_lossy()).map_err(refused)?;
    settings.policy = Some(Arc::new(policy));
    Ok(())
}

/// Refuses a policy in production that is unsigned, changed, not approved yet or overdue; elsewhere warns.
pub fn must_hold(settings: &Settings) -> Result<(), Failure> {
    match refusal(settings) {
        Some(why) if settings.is_production() => Err(Failure::Usage(why.to_string())),
        Some(_) | None => {
            warn(settings);
            Ok(())
        }
    }
}

/// Warns of a policy that is unsigned, changed, not approved yet or overdue.
pub fn warn(settings: &Settings) {
    if let Some(why) = refusal(settings) {
        tracing::warn!("in production this policy would be refused: {why}");
    }
}

fn refusal(settings: &Settings) -> Option<SettingsError> {
    settings.policy.as_ref()?.refusal(today())
}

/// Whether somebody answers for the policy, as the audit says it.
pub fn standing_of(settings: &Settings) -> Standing {
    let Some(policy) = &settings.policy else { return Standing::NoPolicy };
    match &policy.sign_off {
        None => Standing::Unsigned,
        Some(signed) if policy.refusal(today()).is_none() => Standing::Signed(Signed {
            reviewed_by: signed.reviewed_by.to_string(),
            approved_on: signed.approved_on.to_string(),
            review_by: signed.review_by.to_string(),
        }),
        Some(signed) if signed.approved_on > today() && policy.refusal(signed.approved_on).is_none() => {
            Standing::NotApprovedYet { approved_on: signed.approved_on.to_string() }
        }
        // On its last day all but a change is forgiven.
        Some(signed) if policy.refusal(signed.review_by).is_none() => {
            Standing::Overdue { review_by: signed.review_by.to_string() }
        }
        Some(_) => Standing::Changed,
    }
}

/// The day in UTC.
pub fn today() -> Date {
    let now = Timestamp::from_millisecond(clock::now().millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(now).date()
}

fn check(config: &Path) -> Result<(), Failure> {
    let settings = load(config)?;
    let policy = policy_of(&settings)?;
    if let Some(too_long) = settings.kept_too_long() {
        return Err(refused(too_long));
    }
    let mut lines = vec![format!("{}: ok", policy.file())];
    lines.extend(policy.statement());
    lines.extend(settings.retention_overdue(today()));
    lines.push(standing(policy));
    Ok(print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())?)
}

fn show(config: &Path) -> Result<(), Failure> {
    let settings = load(config)?;
    let policy = policy_of(&settings)?;
    let signed = policy.sign_off.as_ref().map(|signed| {
        serde_json::json!({
            "reviewed_by": *signed.reviewed_by,
            "approved_on": signed.approved_on.to_string(),
            "review_by": signed.review_by.to_string(),
        })
    });
    let shown = serde_json::json!({
        "version": policy.version(),
        "policy": policy.normal_form(),
        "sign_off": signed,
        "holds": policy.refusal(today()).is_none(),
    });
    Ok(print(&format!("{shown:#}\n"))?)
}

fn standing(policy: &Policy) -> String {
    match (policy.refusal(today()), &policy.sign_off) {
        (None, Some(signed)) => {
            format!("signed: reviewed by {}, to be reviewed again by {}", signed.reviewed_by, signed.review_by)
        }
        (Some(why), _) => format!("may not run in production: {why}"),
        (None, None) => "not signed".to_owned(),
    }
}

/// Signs whatever is there and right, also where the old signature does not hold any more.
fn sign(args: &SignArgs) -> Result<(), Failure> {
    let settings = load_alone(&args.config)?;
    let file = settings.policy_file.as_ref().ok_or_else(no_policy)?;
    let signing =
        Signing { reviewed_by: args.reviewed_by.clone(), approved_on: args.approved_on, review_by: args.review_by };
    let text = text_of(file)?;
    let signed = Policy::signed(&text, &file.to_string_lossy(), &signing).map_err(refused)?;
    let signed = with_ends_of(&text, signed);
    replace(file, &signed)?;
    tracing::info!(policy = %file.display(), "signed");
    let version = Policy::parse(&signed, &file.to_string_lossy()).map_err(refused)?.version();
    let signed = Signed {
        reviewed_by: args.reviewed_by.clone(),
        approved_on: args.approved_on.to_string(),
        review_by: args.review_by.to_string(),
    };
    // A policy is signed where it is written, perhaps far from the log: the next start tells of it too.
    if let Err(why) = audit_log::tell(&settings, vec![Event::PolicySigned { version, signed }]) {
        let (Failure::Usage(why) | Failure::Failed(why) | Failure::Ended(_, why)) = why;
        tracing::warn!(why, "the audit does not tell of this signature; it will of the next start under this policy");
    }
    Ok(())
}

/// A file whose lines all end as on Windows stays one.
fn with_ends_of(text: &str, signed: String) -> String {
    let (all, windows) = (text.matches('\n').count(), text.matches("\r\n").count());
    if windows == 0 || windows < all { signed } else { signed.replace("\r\n", "\n").replace('\n', "\r\n") }
}

/// The file is there as it was or as it must be, whatever happens in between; a link goes on leading to it.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::Failed(format!("{}: {error}; the policy is as it was before", file.display()));
    let target = fs::canonicalize(file).map_err(failed)?;
    let mut beside = target.clone().into_os_string();
    beside.push(".new");
    let written = || {
        fs::write(&beside, text)?;
        fs::set_permissions(&beside, fs::metadata(&target)?.permissions())?;
        fs::rename(&beside, &target)
    };
    written().map_err(|error| {
        // What cannot be written cannot always be removed; what went wrong first is told.
        drop(fs::remove_file(&beside));
        failed(error)
    })
}

/// The text of a policy file.
pub fn text_of(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::Usage(format!("{}: {error}; [policy] file names it: write it, or mend the name", file.display()))
    })
}

/// The policy that was read.
pub fn policy_of(settings: &Settings) -> Result<&Policy, Failure> {
    settings.policy.as_deref().ok_or_else(no_policy)
}

fn no_policy() -> Failure {
    Failure::Usage("the configuration names no policy; add [policy] file = \"./policy.toml\"".to_owned())
}

fn refused(error: SettingsError) -> Failure {
    Failure::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_cannot_be_replaced_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("policy.toml");
        fs::create_dir(&taken).unwrap();
        let Err(Failure::Failed(why)) = replace(&taken, "text") else { panic!("a folder was replaced") };
        assert!(why.contains("the policy is as it was before"), "{why}");
        assert!(!folder.path().join("policy.toml.new").exists());
    }
}
