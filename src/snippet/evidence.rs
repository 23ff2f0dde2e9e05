//! Evidence: what was seen where, before anybody draws conclusions from it.

use std::collections::{BTreeMap, BTreeSet};

use super::signature::{Role, Signature};

/// Most clues that are kept of one input: a page that repeats itself says nothing new.
const MOST_CLUES: usize = 2_000;

/// Most details that are kept of one input.
const MOST_DETAILS: usize = 4_000;

/// Most hosts that are named of one input.
const MOST_HOSTS: usize = 500;

/// Whether what was seen does anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It runs in every visitor's browser.
    Runs,
    /// It waits for consent; the text says what tells so.
    AfterConsent(String),
    /// It does nothing.
    Inert(Inert),
}

impl Standing {
    /// What becomes of something that stands inside something else.
    pub fn within(self, outer: &Self) -> Self {
        match (outer, &self) {
            (Self::Inert(_), _) | (Self::AfterConsent(_), Self::Runs) => outer.clone(),
            (Self::Runs | Self::AfterConsent(_), _) => self,
        }
    }

    /// Whether it does nothing.
    pub const fn is_inert(&self) -> bool {
        matches!(self, Self::Inert(_))
    }
}

/// Why something does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inert {
    /// Commented out in the page.
    Comment,
    /// Commented out in a script.
    ScriptComment,
    /// In a template that nothing here puts on the page.
    Template,
    /// In noscript: for browsers without scripts only.
    Noscript,
    /// Shown to readers as text.
    Quoted,
    /// A string of a script, or of data, that nothing here runs.
    Text,
    /// In a script tag whose type no browser runs.
    TypeNeverRuns,
    /// A tag that the tag manager has switched off.
    Paused,
    /// Code behind a condition that is never true.
    DeadCode,
    /// Fetched ahead and never run.
    Preload,
    /// In documentation.
    Documentation,
}

impl Inert {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comment => "html_comment",
            Self::ScriptComment => "script_comment",
            Self::Template => "template",
            Self::Noscript => "noscript",
            Self::Quoted => "quoted",
            Self::Text => "string",
            Self::TypeNeverRuns => "script_type",
            Self::Paused => "paused",
            Self::DeadCode => "dead_code",
            Self::Preload => "preload",
            Self::Documentation => "documentation",
        }
    }

    /// Its name for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Comment => "it is commented out in the page",
            Self::ScriptComment => "it is commented out in a script",
            Self::Template => "it stands in a template that nothing here puts on the page",
            Self::Noscript => "it stands in noscript, which browsers with scripts pass over",
            Self::Quoted => "it is shown to readers as text",
            Self::Text => "it is a string that nothing here runs",
            Self::TypeNeverRuns => "its script tag has a type that no browser runs",
            Self::Paused => "its tag is paused in the tag manager",
            Self::DeadCode => "it stands where nothing ever runs it",
            Self::Preload => "it is fetched ahead and never run",
            Self::Documentation => "it stands in documentation",
        }
    }
}

/// By what way something comes to be on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// A script in the page itself.
    InlineScript,
    /// The address of a script tag or frame.
    Tag,
    /// A handler in an attribute.
    Handler,
    /// A tag of a tag manager's container.
    TagManager,
    /// A script file.
    ScriptFile,
    /// Data that the page's own scripts read.
    Data,
    /// A request that was recorded.
    Request,
    /// Text of the page.
    Text,
}

impl How {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InlineScript => "inline_script",
            Self::Tag => "tag",
            Self::Handler => "handler",
            Self::TagManager => "tag_manager",
            Self::ScriptFile => "script_file",
            Self::Data => "data",
            Self::Request => "request",
            Self::Text => "text",
        }
    }
}

/// Where something stands, and what that makes of it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Whether it does anything.
    pub standing: Standing,
    /// By what way it is there.
    pub how: How,
    /// The line of its first letter.
    pub line: u64,
    /// What it is a part of, such as a tag of a container.
    pub part: Option<String>,
    /// How many strings it is wrapped in.
    pub depth: u8,
    /// The line that its last letter can stand on: what a string writes as `\n` is no line of the file.
    pub last_line: u64,
}

impl Setting {
    /// Something at the first line that runs.
    pub const fn top(how: How) -> Self {
        Self { standing: Standing::Runs, how, line: 1, part: None, depth: 0, last_line: u64::MAX }
    }

    /// Something in it, on this line.
    pub fn inner(&self, standing: Standing, line: u64) -> Self {
        let line = self.within_lines(line);
        Self { standing: standing.within(&self.standing), line, depth: self.depth + 1, ..self.clone() }
    }

    /// Something in it that stands on this line with everything in it.
    pub fn on_one_line(&self, standing: Standing, line: u64) -> Self {
        let inner = self.inner(standing, line);
        Self { last_line: inner.line, ..inner }
    }

    /// A line, or the last that there can be.
    pub fn within_lines(&self, line: u64) -> u64 {
        line.min(self.last_line)
    }
}

/// A signature that was found.
#[derive(Debug, Clone)]
pub struct Clue {
    /// Which.
    pub signature: &'static Signature,
    /// Whether it does anything.
    pub standing: Standing,
    /// By what way it is there.
    pub how: How,
    /// On which line.
    pub line: u64,
    /// What it is a part of.
    pub part: Option<String>,
    /// What was read.
    pub quote: String,
    /// The host of its address.
    pub host: Option<String>,
    /// Which piece of script or markup it stands in.
    pub block: u32,
}

impl Clue {
    /// Whether it fetches the product's code.
    pub fn is_loader(&self) -> bool {
        self.signature.role == Role::Loader
    }
}

/// What a detail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The id or key of a deployment.
    Deployment,
    /// The id of an organisation, or of an account.
    Organization,
    /// The name of a region.
    Region,
    /// The address that the product sends to.
    Endpoint,
    /// Some id whose meaning nobody said.
    Unnamed,
}

/// Something that a snippet says of itself.
#[derive(Debug, Clone)]
pub struct Detail {
    /// What it is about.
    pub field: Field,
    /// What it says.
    pub value: String,
    /// Which piece of script or markup it stands in.
    pub block: u32,
    /// Which bracket it stands in; details of one object belong together.
    pub group: u32,
    /// Whether it stands where nothing runs.
    pub inert: bool,
}

/// Everything that was seen in one input.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Signatures.
    pub clues: Vec<Clue>,
    /// What snippets say of themselves.
    pub details: Vec<Detail>,
    /// Hosts that the page loads from, with the first line.
    pub hosts: BTreeMap<String, u64>,
    /// Tag managers, each with the ids of its containers.
    pub managers: BTreeMap<&'static str, BTreeSet<String>>,
    /// Content management systems and frameworks.
    pub cms: BTreeSet<&'static str>,
    /// The hostnames that the input says it is of.
    pub sites: BTreeSet<String>,
    /// What could not be looked at, in sentences.
    pub notes: BTreeSet<String>,
    /// Functions that hold a snippet and that nothing in their own script calls.
    pub uncalled: BTreeSet<String>,
    /// Whether functions of other scripts are called, by name: true where some call waits for nothing.
    pub calls: BTreeMap<String, bool>,
    /// Scripts and frames that the page brings in, by address.
    pub brought: BTreeSet<String>,
    /// Addresses of the scripts of tag managers.
    pub manager_scripts: BTreeMap<&'static str, BTreeSet<String>>,
    /// Addresses whose content a recording holds.
    pub answered: BTreeSet<String>,
    /// Where the page sends its visitors by itself.
    pub sends_on: BTreeSet<String>,
    /// Calls of the customer-record function that was removed in 2023.
    pub identifies: bool,
    /// The clues that stand in functions nothing in their own script calls, by that function.
    pub waiting: Vec<(usize, String)>,
    /// Conditions that do not speak of consent and stand before a clue, by its place in the list.
    pub conditions: BTreeMap<usize, String>,
    blocks: u32,
}

impl Evidence {
    /// A number for the next piece of script or markup.
    pub const fn next_block(&mut self) -> u32 {
        self.blocks += 1;
        self.blocks
    }

    /// Keeps a clue; its place in the list.
    pub fn saw(&mut self, clue: Clue) -> Option<usize> {
        if self.clues.len() >= MOST_CLUES {
            return None;
        }
        self.clues.push(clue);
        Some(self.clues.len() - 1)
    }

    /// Keeps a detail.
    pub fn learned(&mut self, detail: Detail) {
        if self.details.len() < MOST_DETAILS {
            self.details.push(detail);
        }
    }

    /// What is written as a code for a line feed, such as `&#10;`, is no line of the input.
    pub fn ends_on_line(&mut self, last: u64) {
        self.clues.iter_mut().for_each(|clue| clue.line = clue.line.min(last));
        self.hosts.values_mut().for_each(|line| *line = (*line).min(last));
    }

    /// Keeps the address of a script or frame that the page brings in.
    pub fn brings(&mut self, address: &str) {
        if self.brought.len() < MOST_HOSTS && !address.trim().is_empty() {
            self.brought.insert(address.trim().to_owned());
        }
    }

    /// Keeps the address of a tag manager's script.
    pub fn starts(&mut self, manager: &'static str, script: &str) {
        let scripts = self.manager_scripts.entry(manager).or_default();
        if scripts.len() < MOST_HOSTS {
            scripts.insert(script.trim().to_owned());
        }
    }

    /// Keeps a host that the page loads from.
    pub fn loads_from(&mut self, host: &str, line: u64) {
        if self.hosts.len() < MOST_HOSTS && host.contains('.') {
            self.hosts.entry(host.to_ascii_lowercase()).or_insert(line);
        }
    }
}
