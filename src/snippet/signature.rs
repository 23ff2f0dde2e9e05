//! The signature file: what Genesys snippets look like, as data that is read once.

use std::sync::LazyLock;

use serde::Deserialize;

static TEXT: &str = include_str!("signatures.toml");

static SIGNATURES: LazyLock<SignatureFile> =
    LazyLock::new(|| toml::from_str(TEXT).expect("a test reads the embedded file"));

/// The file that is built in.
pub fn signatures() -> &'static SignatureFile {
    &SIGNATURES
}

/// Everything that the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFile {
    /// Which edition of the file.
    pub version: String,
    /// What a snippet can belong to.
    pub product: Vec<Product>,
    /// What gives a snippet away.
    pub signature: Vec<Signature>,
    /// The regions of Genesys Cloud.
    pub region: Vec<Region>,
    /// How consent managers hold scripts back.
    pub consent: Consent,
    /// Which types of script tags run.
    pub types: ScriptTypes,
    /// Tag managers, by parts of an address.
    pub manager: Vec<Named>,
    /// Content management systems and frameworks, by parts of an address or of a tag.
    pub cms: Vec<Named>,
}

/// What a snippet can belong to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How old it is.
    pub generation: Generation,
    /// Whether it tells of visitors who do nothing but look.
    pub tracks: bool,
    /// Whether it opens chats.
    pub chats: bool,
    /// What it sends and when.
    pub sends: String,
    /// What it keeps on the device and how long.
    pub stores: Vec<String>,
    /// What to do next.
    pub next: String,
    /// What its owner is asked, where the owner is known.
    pub ask: String,
    /// Where Genesys Cloud lists it by its id.
    #[serde(default)]
    pub listed_under: Option<String>,
}

/// How old a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// Sold and maintained.
    Current,
    /// Still answered, with a successor.
    Legacy,
    /// Gone, or about to be switched off.
    Obsolete,
}

impl Generation {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Legacy => "legacy",
            Self::Obsolete => "obsolete",
        }
    }
}

/// What gives a snippet away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Its name.
    pub id: String,
    /// The product that it proves.
    pub product: String,
    /// Where it is looked for.
    pub kind: SignatureKind,
    /// Patterns, any of which will do.
    pub any: Vec<String>,
    /// What it means where it is found.
    pub role: Role,
    /// Only on a host of Genesys.
    #[serde(default)]
    pub genesys_host: bool,
    /// A page that it is found in.
    pub example: String,
}

/// Where a signature is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// The path of a URL.
    Path,
    /// The host of a URL.
    Host,
    /// A word of a script, or a whole string.
    Name,
    /// Words joined by dots.
    Chain,
    /// A call and its first texts.
    Call,
    /// A whole string.
    Value,
    /// An attribute of a tag.
    Attribute,
}

/// What a signature means where it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fetches the product's code.
    Loader,
    /// Starts or configures it.
    Boot,
    /// Seen on the wire.
    Request,
    /// Uses it.
    Call,
}

/// A region of Genesys Cloud.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// What a page writes for it.
    pub environment: String,
    /// The short form.
    pub alias: String,
    /// What Amazon calls it.
    pub aws: String,
    /// Its domain.
    pub domain: String,
}

impl Region {
    /// The region that a page names, by environment, short form or Amazon's name.
    pub fn named(text: &str) -> Option<&'static Self> {
        let text = text.trim().to_ascii_lowercase();
        let short = text.strip_prefix("prod-").unwrap_or(&text);
        let is = |region: &&Self| {
            region.environment == text || region.alias == short || region.aws == text || region.domain == text
        };
        signatures().region.iter().find(is)
    }

    /// The region that a host belongs to; old-name regions have a `pure.cloud` name too.
    pub fn of_host(host: &str) -> Option<&'static Self> {
        let host = host.to_ascii_lowercase();
        let below = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let named = signatures().region.iter().find(|region| below(&region.domain));
        named.or_else(|| {
            let short = host.strip_suffix(".pure.cloud")?;
            Self::named(short.rsplit('.').next().unwrap_or(short))
        })
    }
}

/// How consent managers hold scripts back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Attributes of a tag that waits.
    pub attributes: Vec<String>,
    /// Types of a tag that waits.
    pub types: Vec<String>,
    /// Categories that need no asking.
    pub always: Vec<String>,
    /// Words of a script that waits.
    pub words: Vec<String>,
    /// Parts of a name that speak of consent by themselves.
    pub parts: Vec<String>,
    /// Parts of a name that speak of consent only beside one of `beside`.
    pub verbs: Vec<String>,
    /// What a visitor accepts, and by what.
    pub beside: Vec<String>,
    /// Answers of visitors who do not agree.
    pub refusals: Vec<String>,
    /// Categories that a script asks for and that need no asking.
    pub always_in_scripts: Vec<String>,
    /// Consent managers.
    pub manager: Vec<ConsentManager>,
}

/// A consent manager, and how scripts ask it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentManager {
    /// Its name.
    pub name: String,
    /// Parts of the names by which scripts ask it.
    pub words: Vec<String>,
    /// An attribute by which it holds a script tag back.
    pub tag: Option<String>,
    /// Whether it holds scripts of others back at all.
    #[serde(default = "yes")]
    pub holds_back: bool,
    /// A script that asks it before it loads `SNIPPET`.
    pub example: String,
}

const fn yes() -> bool {
    true
}

impl Consent {
    /// The word that tells that this text asks for consent.
    pub fn word_in(&self, text: &str) -> Option<&str> {
        let lower = text.to_ascii_lowercase();
        let of_managers = self.manager.iter().flat_map(|manager| &manager.words);
        let found = self.words.iter().chain(of_managers).map(String::as_str).find(|word| lower.contains(word));
        found.or_else(|| self.part_in(text))
    }

    /// A part of a name that speaks of consent: `onAcceptAll` and `.cookies-accepted` do, `acceptsOrders` does not.
    fn part_in(&self, name: &str) -> Option<&str> {
        let parts = parts_of(name);
        let among = |listed: &[String]| parts.iter().any(|part| listed.contains(part));
        let whole = self.parts.iter().find(|part| parts.contains(part));
        whole
            .or_else(|| self.verbs.iter().find(|verb| parts.contains(verb)).filter(|_| among(&self.beside)))
            .map(String::as_str)
    }

    /// Whether this answer is that of a visitor who does not agree.
    pub fn is_refusal(&self, answer: &str) -> bool {
        let answer = answer.trim().to_ascii_lowercase();
        self.refusals.contains(&answer)
    }

    /// The consent manager that this text asks.
    pub fn manager_in(&self, text: &str) -> Option<&str> {
        let text = text.to_ascii_lowercase();
        let asks = |manager: &&ConsentManager| manager.words.iter().any(|word| text.contains(word));
        self.manager.iter().find(asks).map(|manager| manager.name.as_str())
    }

    /// Whether a script that asks for this category asks for something that is always granted.
    pub fn is_always_in_scripts(&self, category: &str) -> bool {
        let category = category.trim_matches(|letter: char| letter == ',' || letter == ' ').to_ascii_lowercase();
        self.always_in_scripts.contains(&category)
    }

    /// Whether these attributes of a tag mark it as waiting.
    pub fn attribute_among<'a>(&'a self, attributes: &'a [(String, String)]) -> Option<&'a str> {
        let marks = |pattern: &&str| match pattern.split_once('=') {
            None if pattern.ends_with('_') => attributes.iter().any(|(name, _)| name.starts_with(*pattern)),
            None => attributes.iter().any(|(name, _)| name == pattern),
            Some((wanted, value)) => attributes.iter().filter(|(name, _)| name == wanted).any(|(_, found)| {
                let mut words = found.split_ascii_whitespace().map(str::to_ascii_lowercase);
                match value.strip_suffix('*') {
                    Some(start) => words.any(|word| word.starts_with(start)),
                    None => words.any(|word| word == value),
                }
            }),
        };
        let listed = self.attributes.iter().map(String::as_str).find(marks);
        let speaks = |text: &str| ["consent", "cookie", "gdpr", "optanon"].iter().any(|word| text.contains(word));
        let speaking = || attributes.iter().map(|(name, _)| name.as_str()).find(|name| speaks(name));
        listed.or_else(speaking)
    }

    /// Whether these attributes name a category that needs no asking.
    pub fn is_always(&self, attributes: &[(String, String)]) -> bool {
        let relevant = attributes.iter().filter(|(name, _)| {
            name == "class" || name.contains("consent") || name.contains("categor") || name.contains("cookie")
        });
        relevant
            .flat_map(|(_, value)| value.split([' ', ',']))
            .any(|word| self.always.contains(&word.to_ascii_lowercase()))
    }
}

/// The parts of a name, in small letters: at capitals, and at whatever is no letter.
fn parts_of(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphabetic() || letter.is_uppercase() && was_small {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| letter.is_alphabetic()) {
            part.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase();
    }
    parts
}

/// Which types of script tags run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptTypes {
    /// These run.
    pub runs: Vec<String>,
    /// And those that end so, after a hash.
    pub runs_after_hash: String,
    /// These are data of the page's own scripts.
    pub data: Vec<String>,
}

/// Somebody who puts scripts into pages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What gives it away.
    pub any: Vec<String>,
}

impl Named {
    /// Who this address or tag gives away.
    pub fn among<'a>(all: &'a [Self], text: &str) -> Option<&'a str> {
        let text = text.to_ascii_lowercase();
        all.iter().find(|named| named.any.iter().any(|part| text.contains(part))).map(|named| named.name.as_str())
    }
}
