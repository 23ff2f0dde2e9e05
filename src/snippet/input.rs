//! Inputs: what kind of file some bytes are, and how each kind is read into evidence and judged.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::address::{is_below, is_genesys_host};
use super::anchors::has_anchor;
use super::browsed::Browsed;
use super::cited::cite;
use super::container;
use super::decode::{Decoder, is_binary};
use super::evidence::{Evidence, How, Inert, Setting, Standing};
use super::finding::{Finding, Tracking};
use super::har;
use super::judge::judge;
use super::literal::Literal;
use super::mapping::Mapping;
use super::page::{Looking, read_page, read_text};
use super::scan::scan;
use super::script::Script;
use super::server_side::without_conditions;
use super::third_party::{ThirdParty, third_party};
use super::trouble::Trouble;
use super::unread::{Unread, unread};

/// JSON of no known kind is read as a tree up to this length, only to see whether its end is there.
const SMALL: usize = 8 << 20;

/// What kind of file an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page, or a template of one.
    Page,
    /// A script.
    Script,
    /// JSON of some kind.
    Json,
    /// A recording of a browser's requests.
    Har,
    /// A container of Google Tag Manager.
    Container,
    /// A text about pages.
    Documentation,
}

impl Kind {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Script => "script",
            Self::Json => "json",
            Self::Har => "har",
            Self::Container => "container",
            Self::Documentation => "documentation",
        }
    }

    /// By the ending of its name, and by how it begins.
    fn of(name: &str, bytes: &[u8]) -> Self {
        let ending = ending_of(name);
        let head = Decoder::of(bytes).next_piece(1 << 16).unwrap_or_default().trim_start().to_owned();
        match ending.as_str() {
            "md" | "mdx" | "markdown" | "rst" | "adoc" | "txt" => Self::Documentation,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" if !head.starts_with('<') => Self::Script,
            "html" | "htm" | "xhtml" | "vue" | "svelte" | "php" | "phtml" | "liquid" | "twig" | "ejs" | "hbs"
            | "handlebars" | "mustache" | "jinja" | "j2" | "njk" | "erb" | "jsp" | "aspx" | "cshtml" | "astro"
            | "ftl" | "tpl" | "vm" | "gohtml" | "tmpl" | "cfm" | "jinja2" => Self::Page,
            _ if head.starts_with(['{', '[']) => Self::Json,
            "json" | "har" | "map" => Self::Json,
            _ if head.starts_with('<') => Self::Page,
            _ if head.contains("<script") || head.contains("<html") || head.contains("</") => Self::Page,
            _ => Self::Script,
        }
    }
}

/// What the name of a file ends in, in small letters.
fn ending_of(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_ascii_lowercase())
}

/// Somebody else whose code the input loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The host.
    pub host: String,
    /// Who is behind it, where the table knows.
    pub party: Option<ThirdParty>,
    /// The first line that names it.
    pub line: u64,
}

/// What was found in one input.
#[derive(Debug, Clone)]
pub struct Audit {
    /// What the input is called.
    pub input: String,
    /// The bytes of its name, where they are no text.
    pub raw_name: Option<Vec<u8>>,
    /// What kind it is; nothing where it could not be read at all.
    pub kind: Option<Kind>,
    /// Why it could not be read, or not to its end.
    pub trouble: Option<Trouble>,
    /// What there is of Genesys.
    pub findings: Vec<Finding>,
    /// What else is loaded.
    pub others: Vec<Other>,
    /// Tag managers and their containers.
    pub managers: Vec<(&'static str, Vec<String>)>,
    /// What the page was made with.
    pub made_with: Vec<&'static str>,
    /// The hostnames that the input says it is of.
    pub sites: Vec<String>,
    /// What it names that may bring code of Genesys, and was not read.
    pub unread: Vec<Unread>,
    /// What could not be looked at.
    pub notes: Vec<String>,
    /// What a browser saw; nothing where none was asked for.
    pub browser: Option<Browsed>,
}

impl Audit {
    /// An input that could not be read.
    pub const fn failed(input: String, trouble: Trouble) -> Self {
        Self {
            input,
            raw_name: None,
            kind: None,
            trouble: Some(trouble),
            findings: Vec::new(),
            others: Vec::new(),
            managers: Vec::new(),
            made_with: Vec::new(),
            sites: Vec::new(),
            unread: Vec::new(),
            notes: Vec::new(),
            browser: None,
        }
    }

    /// The answer for the whole input: that of whatever does most.
    pub fn tracking(&self) -> Tracking {
        self.findings.iter().map(|finding| finding.tracking).max().unwrap_or(Tracking::No)
    }
}

/// Reads an input of this name. `site` is the hostname that it was fetched from.
pub fn audit(name: &str, bytes: &[u8], site: Option<&str>, mapping: Option<&Mapping>) -> Audit {
    let blank = bytes.iter().all(u8::is_ascii_whitespace);
    if blank {
        return Audit::failed(name.to_owned(), Trouble::Empty);
    }
    if is_binary(bytes) {
        return Audit::failed(name.to_owned(), Trouble::NotText);
    }
    if is_web_archive(bytes) {
        return Audit::failed(name.to_owned(), Trouble::WebArchive);
    }
    let mut evidence = Evidence::default();
    evidence.sites.extend(site.map(str::to_ascii_lowercase));
    let (kind, trouble) = match Kind::of(name, bytes) {
        Kind::Page => (Kind::Page, read_whole_page(&mut evidence, name, bytes)),
        Kind::Documentation => {
            let mut setting = Setting::top(How::Text);
            setting.standing = Standing::Inert(Inert::Documentation);
            read_page(&mut evidence, bytes, &setting, &Looking::ForSnippets);
            (Kind::Documentation, None)
        }
        Kind::Json | Kind::Har => read_json(&mut evidence, &Decoder::of(bytes).whole()),
        Kind::Script | Kind::Container => {
            let kind = read_script(&mut evidence, &Decoder::of(bytes).whole(), &Setting::top(How::ScriptFile));
            (kind, None)
        }
    };
    if kind == Kind::Har && evidence.hosts.is_empty() && evidence.answered.is_empty() {
        let cut = trouble.map(|_| Trouble::HarCutBeforeAll);
        return Audit::failed(name.to_owned(), cut.unwrap_or(Trouble::NoEntries));
    }
    if kind != Kind::Har {
        evidence.ends_on_line(lines(bytes));
    }
    let mut audit = concluded(name, kind, trouble, evidence, mapping);
    if kind != Kind::Har && !audit.findings.is_empty() {
        let text = Decoder::of(bytes).whole();
        audit.findings.iter_mut().for_each(|finding| cite(name, finding, &text));
    }
    audit
}

/// Whether it is a page in the form of a mail (MHTML): its markup is written in codes.
fn is_web_archive(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4_096)).unwrap_or_default()).to_ascii_lowercase();
    let head = head.trim_start().replace('\r', "");
    let head = head.split("\n\n").next().unwrap_or_default();
    head.contains("mime-version:") && head.contains("content-type: multipart/related") && !head.starts_with('<')
}

/// How many lines there are, by whichever ends them.
fn lines(bytes: &[u8]) -> u64 {
    let ends = |end: u8| memchr::memchr_iter(end, bytes).count() as u64;
    ends(b'\n').max(ends(b'\r')) + 1
}

fn concluded(name: &str, kind: Kind, trouble: Option<Trouble>, evidence: Evidence, mapping: Option<&Mapping>) -> Audit {
    let findings = judge(name, kind, &evidence, mapping);
    let others = others(&evidence);
    let unread = unread(kind, &evidence);
    Audit {
        input: name.to_owned(),
        raw_name: None,
        kind: Some(kind),
        trouble,
        findings,
        others,
        managers: evidence.managers.into_iter().map(|(name, ids)| (name, ids.into_iter().collect())).collect(),
        made_with: evidence.cms.into_iter().collect(),
        sites: evidence.sites.into_iter().collect(),
        unread,
        notes: evidence.notes.into_iter().collect(),
        browser: None,
    }
}

fn others(evidence: &Evidence) -> Vec<Other> {
    let is_own =
        |host: &str| evidence.sites.iter().any(|site| is_below(host, site.strip_prefix("www.").unwrap_or(site)));
    let strange = evidence.hosts.iter().filter(|(host, _)| !is_genesys_host(host) && !is_own(host));
    strange.map(|(host, line)| Other { host: host.clone(), party: third_party(host), line: *line }).collect()
}

/// A page that PHP writes: its code is scanned as a script, and stands where it stood as blank lines only.
fn without_php(evidence: &mut Evidence, text: &str) -> String {
    let (mut markup, mut rest) = (String::with_capacity(text.len()), text);
    let mut line = 1;
    while let Some((before, behind)) = rest.split_once("<?php") {
        let (code, after) = behind.split_once("?>").unwrap_or((behind, ""));
        markup.push_str(before);
        line += before.matches('\n').count() as u64;
        scan(evidence, code, &Setting { line, ..Setting::top(How::ScriptFile) });
        let lines = code.matches('\n').count();
        markup.push_str(&"\n".repeat(lines));
        line += lines as u64;
        rest = after;
    }
    markup.push_str(rest);
    markup
}

/// Comments of template languages, by how they open and close; some only in files of these endings.
const TEMPLATE_COMMENTS: [(&str, &str, &[&str]); 19] = [
    ("<%--", "--%>", &[]),
    ("<#--", "-->", &[]),
    ("{{!--", "--}}", &[]),
    ("{{--", "--}}", &[]),
    ("{{/*", "*/}}", &[]),
    ("{{- /*", "*/ -}}", &[]),
    ("{{- /*", "*/}}", &[]),
    ("{% comment %}", "endcomment", &[]),
    ("{% comment -%}", "endcomment", &[]),
    ("{% comment \"", "endcomment", &[]),
    ("{% comment '", "endcomment", &[]),
    ("{%- comment %}", "endcomment", &[]),
    ("{%- comment -%}", "endcomment", &[]),
    ("{%comment%}", "endcomment", &[]),
    ("@*", "*@", &[]),
    ("#*", "*#", &["vm"]),
    ("{*", "*}", &["tpl"]),
    ("{/*", "*/}", &["astro"]),
    ("{#", "#}", &["twig", "jinja", "jinja2", "j2", "njk"]),
];

/// A page that a template writes: its comments never reach a visitor, and stand where they stood as blank lines only.
fn without_comments(evidence: &mut Evidence, text: &str, open: &str, close: &str) -> String {
    let (mut markup, mut rest, mut line) = (String::with_capacity(text.len()), text, 1);
    while let Some((before, behind)) = rest.split_once(open) {
        let Some((comment, after)) = behind.split_once(close) else { break };
        markup.push_str(before);
        line += before.matches('\n').count() as u64;
        if has_anchor(comment.as_bytes()) {
            let setting = Setting::top(How::InlineScript);
            read_text(evidence, comment, &setting.inner(Standing::Inert(Inert::Comment), line));
        }
        // Between curly brackets of its own, in a script it is an empty block.
        if open == "{/*" {
            markup.push_str("{}");
        }
        let lines = comment.matches('\n').count();
        markup.push_str(&"\n".repeat(lines));
        line += lines as u64;
        rest = after;
    }
    markup.push_str(rest);
    markup
}

fn read_whole_page(evidence: &mut Evidence, name: &str, bytes: &[u8]) -> Option<Trouble> {
    let is_template = ["<?php", "{%", "<%"].iter().any(|open| memchr::memmem::find(bytes, open.as_bytes()).is_some());
    let always = is_template.then(|| without_conditions(evidence, &Decoder::of(bytes).whole())).flatten();
    let bytes = always.as_ref().map_or(bytes, |markup| markup.as_bytes());
    let php = memchr::memmem::find(bytes, b"<?php").map(|_| without_php(evidence, &Decoder::of(bytes).whole()));
    let bytes = php.as_ref().map_or(bytes, |markup| markup.as_bytes());
    let mut bytes = Cow::Borrowed(bytes);
    let ending = ending_of(name);
    for (open, close, endings) in TEMPLATE_COMMENTS {
        if !endings.is_empty() && !endings.contains(&ending.as_str()) {
            continue;
        }
        let has = |mark: &str| memchr::memmem::find(&bytes, mark.as_bytes()).is_some();
        if has(open) && has(close) {
            let text = Decoder::of(&bytes).whole();
            bytes = Cow::Owned(without_comments(evidence, &text, open, close).into_bytes());
        }
    }
    let bytes = bytes.as_ref();
    let setting = Setting::top(How::InlineScript);
    read_page(evidence, bytes, &setting, &Looking::ForSnippets);
    let uncalled: Vec<String> = evidence.uncalled.iter().cloned().collect();
    if !uncalled.is_empty() {
        read_page(evidence, bytes, &setting, &Looking::ForCalls(uncalled));
    }
    None
}

/// A script, a container of a tag manager among them.
fn read_script(evidence: &mut Evidence, text: &str, setting: &Setting) -> Kind {
    if !has_anchor(text.as_bytes()) {
        return Kind::Script;
    }
    let container =
        text.contains("vtp_") && container::read_delivered(evidence, &Script::new(text, setting.line), setting);
    if container {
        return Kind::Container;
    }
    let mut setting = setting.clone();
    let of_manager =
        [("utag.loader", "Tealium iQ"), ("utag_data", "Tealium iQ"), ("_satellite", "Adobe Experience Platform Tags")];
    if let Some((_, manager)) = of_manager.iter().find(|(mark, _)| text.contains(mark)) {
        evidence.managers.entry(manager).or_default();
        setting.how = How::TagManager;
        setting.part.get_or_insert_with(|| format!("a script of {manager}"));
    }
    scan(evidence, text, &setting);
    Kind::Script
}

fn read_json(evidence: &mut Evidence, text: &str) -> (Kind, Option<Trouble>) {
    let may_be_known =
        text.contains("\"entries\"") || text.contains("\"containerVersion\"") || text.contains("\"containerId\"");
    let mut cut = (!text.trim_end().ends_with(['}', ']', ';', ')'])).then_some(Trouble::JsonCutShort);
    if may_be_known || text.len() <= SMALL {
        let script = Script::new(text, 1);
        let mut complete = true;
        let (root, _) = Literal::read(&script, 0, &mut complete);
        if let Some(entries) = har::entries(&root) {
            har::read_entries(evidence, entries, &|evidence, text, setting| {
                read_script(evidence, text, setting);
            });
            return (Kind::Har, (!complete).then_some(Trouble::HarCutShort));
        }
        cut = (!complete).then_some(Trouble::JsonCutShort);
        if container::read_exported(evidence, &root, &Setting::top(How::TagManager)) {
            return (Kind::Container, cut);
        }
    }
    scan(evidence, text, &Setting::top(How::Data));
    (Kind::Json, cut)
}

/// The hostnames of a set, for sentences.
pub fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
