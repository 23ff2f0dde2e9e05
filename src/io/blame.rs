//! Blame: which commit brought a snippet into a file, asked of an installed `git`; what git cannot tell is told.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::snippet::{Author, Origin};

/// Most commits that are looked at for one snippet.
const MOST_COMMITS: usize = 40;

/// The fields of a commit, behind a mark that no path begins with.
const FORM: &str = "--format=%x01%h%x09%an%x09%as%x09%P%x09%s";

/// A commit as git lists it.
struct Listed {
    author: Author,
    has_parent: bool,
    /// The file's name in it, from the root of the checkout.
    path: String,
}

/// Where the code on this line comes from; nothing where the file lies in no checkout. `needles` are texts of the snippet,
/// those that stay through its life first.
pub fn origin_of(file: &Path, line: u64, needles: &[String]) -> Option<Origin> {
    let git = Git { file };
    git.checkout()?;
    let Ok(shallow) = git.asked(&["rev-parse", "--is-shallow-repository"]) else {
        return Some(Origin::NotAsked("git is not installed".to_owned()));
    };
    if !shallow.status.success() {
        return Some(Origin::NotAsked(refusal(&shallow)));
    }
    let shallow = shallow.stdout.trim_ascii() == b"true";
    let known = git.text(&["ls-files", "--error-unmatch"], true).is_some();
    if !known {
        return Some(Origin::InNoCommit);
    }
    let content = std::fs::read(file).unwrap_or_default();
    let needle = needles.iter().find(|needle| holds(&content, needle));
    let listed = match needle {
        Some(needle) if !git.is_committed(needle) => return Some(Origin::InNoCommit),
        Some(needle) => git.adding(needle),
        None => git.of_line(line),
    };
    match listed {
        Some(listed) if shallow && !listed.has_parent => Some(Origin::Shallow),
        Some(listed) => Some(Origin::Commit(listed.author)),
        None => Some(Origin::InNoCommit),
    }
}

fn holds(content: &[u8], needle: &str) -> bool {
    memchr::memmem::find(content, needle.as_bytes()).is_some()
}

/// Why git does not answer, in plain words where the reason is a known one.
fn refusal(done: &Output) -> String {
    let said = String::from_utf8_lossy(&done.stderr);
    if said.contains("dubious ownership") {
        return "the checkout belongs to another user (git's `safe.directory` can allow it)".to_owned();
    }
    said.lines().next().unwrap_or("it says nothing").trim_start_matches("fatal: ").to_owned()
}

struct Git<'f> {
    file: &'f Path,
}

impl Git<'_> {
    /// The folder of the checkout that the file lies in.
    fn checkout(&self) -> Option<PathBuf> {
        let whole = std::path::absolute(self.file).ok()?;
        whole.ancestors().skip(1).find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
    }

    /// Whether the last commit holds this text in the file.
    fn is_committed(&self, needle: &str) -> bool {
        self.text(&["grep", "-lF", "-e", needle, "HEAD"], true).is_some()
    }

    /// The commit since which the text has been in the file without a break, by whatever names the file had.
    fn adding(&self, needle: &str) -> Option<Listed> {
        // Git follows a copy back into the file that it was made of; here it begins with the commit that made it.
        let copied = self.text(&["log", "--follow", "--name-only", "--diff-filter=C", "-n1", FORM], true);
        let copied = copied.as_deref().and_then(|said| commit(said.trim_start_matches('\u{1}')));
        let since = copied.as_ref().map_or_else(|| "HEAD".to_owned(), |it| format!("{}..HEAD", it.author.commit));
        let (pickaxe, most) = (format!("-S{needle}"), format!("-n{MOST_COMMITS}"));
        let said = self.text(&["log", "--follow", "--name-only", &most, FORM, &pickaxe, &since], true);
        let mut oldest = None;
        for listed in said.unwrap_or_default().split('\u{1}').filter_map(commit) {
            let before = self.asked(&["show", &format!("{}^:{}", listed.author.commit, listed.path)]).ok();
            if !before.is_some_and(|done| done.status.success() && holds(&done.stdout, needle)) {
                return Some(listed);
            }
            oldest = Some(listed);
        }
        copied.or(oldest)
    }

    /// The commit that wrote a line last, for what the file does not hold as it is read.
    fn of_line(&self, line: u64) -> Option<Listed> {
        let said = self.text(&["blame", "--porcelain", &format!("-L{line},{line}")], true)?;
        let hash = said.split_ascii_whitespace().next()?;
        if hash.bytes().all(|byte| byte == b'0') {
            return None;
        }
        let said = self.text(&["log", "-n1", FORM, hash], false)?;
        commit(said.trim_start_matches('\u{1}'))
    }

    fn text(&self, arguments: &[&str], of_file: bool) -> Option<String> {
        let done = self.run(arguments, of_file).ok()?;
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        (done.status.success() && !text.trim().is_empty()).then_some(text)
    }

    fn asked(&self, arguments: &[&str]) -> std::io::Result<Output> {
        self.run(arguments, false)
    }

    /// Asks git in the file's folder, with nothing of the checkout's own configuration that runs programs.
    fn run(&self, arguments: &[&str], of_file: bool) -> std::io::Result<Output> {
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(["--no-optional-locks", "--no-pager", "--literal-pathspecs"]);
        for setting in [
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.quotePath=false",
            "diff.external=",
            "log.showSignature=false",
        ] {
            git.args(["-c", setting]);
        }
        let (verb, rest) = arguments.split_first().unwrap_or((&"version", &[]));
        git.arg(verb);
        if matches!(*verb, "log" | "show") {
            git.args(["--no-ext-diff", "--no-textconv"]);
        }
        git.args(rest);
        if of_file {
            git.arg("--").args(self.file.file_name());
        }
        git.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").stdin(Stdio::null()).output()
    }
}

/// A commit and the file's name in it.
fn commit(said: &str) -> Option<Listed> {
    let mut lines = said.lines();
    let mut columns = lines.next()?.splitn(5, '\t').map(str::to_owned);
    let (commit, name, date) = (columns.next()?, columns.next()?, columns.next()?);
    let has_parent = !columns.next()?.is_empty();
    let author = Author { commit, name, date, subject: columns.next()? };
    let path = lines.find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    Some(Listed { author, has_parent, path })
}
