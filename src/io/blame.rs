//! Blame: which commit brought a line into a file, asked of an installed `git`; silent where there is none.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::snippet::Author;

/// The commit that brought this text into the file, else the one that wrote this line last.
pub fn author_of(file: &Path, line: u64, needle: Option<&str>) -> Option<Author> {
    let first = needle.and_then(|needle| asked(file, &["log", "--reverse", FORM, &format!("-S{needle}"), "--"]));
    first.or_else(|| {
        asked(file, &["log", "-n1", FORM, "-s", &format!("-L{line},{line}:{}", file.file_name()?.to_str()?)])
    })
}

const FORM: &str = "--format=%h%x09%an%x09%as%x09%s";

/// Asks git in the file's folder, with nothing of the checkout's own configuration that runs programs.
fn asked(file: &Path, arguments: &[&str]) -> Option<Author> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["--no-optional-locks", "--no-pager"]);
    git.args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "diff.external=",
        "-c",
        "log.showSignature=false",
    ]);
    let (verb, rest) = arguments.split_first()?;
    git.arg(verb).args(["--no-ext-diff", "--no-textconv"]).args(rest);
    if arguments.last() == Some(&"--") {
        git.arg(file.file_name()?);
    }
    let done = git.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if !done.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&done.stdout);
    let mut columns = text.lines().find(|line| line.contains('\t'))?.splitn(4, '\t').map(str::to_owned);
    Some(Author { commit: columns.next()?, name: columns.next()?, date: columns.next()?, subject: columns.next()? })
}
