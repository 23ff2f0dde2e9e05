//! Findings: one product of Genesys in one input, with an answer to every question that people ask of it.

use super::evidence::{How, Inert};
use super::identity::Whereabouts;
use super::signature::Product;

/// Whether it is tracking people now; the order is that of how much it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tracking {
    /// It is not.
    No,
    /// It is there and does nothing.
    Inert,
    /// Once they agreed.
    AfterConsent,
    /// It is.
    Yes,
}

impl Tracking {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::AfterConsent => "only_after_consent",
            Self::Inert => "inert",
        }
    }

    /// Its name for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::No => "NO",
            Self::AfterConsent => "ONLY AFTER CONSENT",
            Self::Inert => "NO: PRESENT BUT INERT",
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// The code that loads it, or a request that was recorded.
    Loader,
    /// Its configuration or its calls; what loads it is elsewhere.
    CallsOnly,
}

impl Confidence {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loader => "loader_seen",
            Self::CallsOnly => "calls_only",
        }
    }
}

/// What should become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something depends on it.
    Keep,
    /// Nobody can tell from here.
    AskTheOwner,
    /// It has a successor.
    Replace,
    /// It does nothing.
    Unused,
}

impl Verdict {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::AskTheOwner => "ask_the_owner",
            Self::Replace => "replace",
            Self::Unused => "unused",
        }
    }

    /// Its name for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Keep => "KEEP",
            Self::AskTheOwner => "ASK THE OWNER",
            Self::Replace => "REPLACE",
            Self::Unused => "UNUSED",
        }
    }
}

/// Where a part of it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// On which line.
    pub line: u64,
    /// By what way.
    pub how: How,
    /// In which part of the input, such as a tag of a container.
    pub part: Option<String>,
    /// Which signature it bears.
    pub signature: &'static str,
    /// What is written there.
    pub quote: String,
}

/// The commit that a line came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Its hash.
    pub commit: String,
    /// Who wrote it.
    pub name: String,
    /// When, as a date.
    pub date: String,
    /// Its first line.
    pub subject: String,
}

/// What version control says of where code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The commit that added it.
    Commit(Author),
    /// The file, or the code in it, is in the working tree only.
    InNoCommit,
    /// It is older than what a shallow clone holds.
    Shallow,
    /// Git does not answer; the text says why.
    NotAsked(String),
}

impl Origin {
    /// Its name for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Commit(_) => "commit",
            Self::InNoCommit => "in_no_commit",
            Self::Shallow => "shallow_clone",
            Self::NotAsked(_) => "git_not_asked",
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Commit(it) => {
                format!("Commit {} added it: {}, {}, \"{}\".", it.commit, it.name, it.date, it.subject)
            }
            Self::InNoCommit => "It is in no commit yet: it stands in the working tree only.".to_owned(),
            Self::Shallow => {
                "Which commit added it cannot be known from a shallow clone; `git fetch --unshallow` brings the rest."
                    .to_owned()
            }
            Self::NotAsked(why) => format!("Which commit added it is not known: git could not be asked: {why}."),
        }
    }
}

/// Which question a sentence answers; in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Is it tracking people now?
    Tracking,
    /// What is it?
    What,
    /// Whose is it?
    Whose,
    /// What does it send, and when?
    Sends,
    /// What does it store, and how long?
    Stores,
    /// Who could have put it there?
    Who,
    /// What stops if it goes?
    Stops,
    /// What should become of it?
    Verdict,
    /// What is the next step?
    Next,
}

impl Topic {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tracking => "tracking",
            Self::What => "what",
            Self::Whose => "whose",
            Self::Sends => "sends",
            Self::Stores => "stores",
            Self::Who => "who",
            Self::Stops => "stops",
            Self::Verdict => "verdict",
            Self::Next => "next",
        }
    }

    /// The question.
    pub const fn question(self) -> &'static str {
        match self {
            Self::Tracking => "Tracking people now?",
            Self::What => "What is it?",
            Self::Whose => "Whose is it?",
            Self::Sends => "What does it send, when?",
            Self::Stores => "What does it store?",
            Self::Who => "Who put it there?",
            Self::Stops => "What stops if it goes?",
            Self::Verdict => "Verdict",
            Self::Next => "Next step",
        }
    }
}

/// A sentence and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Which question it answers.
    pub topic: Topic,
    /// What it says.
    pub says: String,
    /// What it rests on.
    pub evidence: Vec<String>,
}

/// One product of Genesys in one input.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which.
    pub product: &'static Product,
    /// Whether it is tracking people now.
    pub tracking: Tracking,
    /// Why it does nothing, where it does nothing.
    pub inert: Option<Inert>,
    /// What it waits for, where it waits.
    pub waits_for: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The id or key of its deployment.
    pub deployment_id: Option<String>,
    /// The id of its organisation or account.
    pub organization_id: Option<String>,
    /// More ids that it names.
    pub other_ids: Vec<String>,
    /// Its region.
    pub region: Option<Whereabouts>,
    /// The regions of the other deployments that it names, as Amazon calls them.
    pub other_regions: Vec<&'static str>,
    /// The address that it sends to, where it names one.
    pub endpoint: Option<String>,
    /// Where it stands.
    pub places: Vec<Place>,
    /// What version control says of it, where the file is under version control.
    pub origin: Option<Origin>,
    /// What the public configuration of its deployment says, for programs; nothing where nobody asked.
    pub configuration: Option<serde_json::Value>,
    /// What depends on its hostname, for programs; nothing where that is not known.
    pub depends: Option<serde_json::Value>,
    /// What should become of it.
    pub verdict: Verdict,
    /// The answers, in the order of the questions.
    pub sentences: Vec<Sentence>,
}

impl Finding {
    /// Texts of the snippet by which its commit is found: first what stays when its ids change.
    pub fn needles(&self) -> Vec<String> {
        let addresses = self.places.iter().filter_map(|place| {
            let quote = place.quote.trim_start_matches(['\'', '"', '`']);
            let end = quote.find(['\'', '"', '`', '?', ' ']).unwrap_or(quote.len());
            let (_, path) = quote.get(..end)?.rsplit_once("//").map_or(("", quote.get(..end)?), |it| it);
            path.contains('/').then(|| path.split_once('/').map_or(path, |(_, path)| path).to_owned())
        });
        let ids = self.deployment_id.iter().chain(&self.organization_id).cloned();
        addresses.take(1).chain(ids).filter(|needle| needle.len() >= 5).collect()
    }

    /// Says where it comes from, once that is known.
    pub fn comes_from(&mut self, origin: Origin) {
        let says = origin.says();
        let place =
            self.sentences.iter().position(|sentence| sentence.topic > Topic::Who).unwrap_or(self.sentences.len());
        let evidence = vec!["the history of the git checkout".to_owned()];
        self.sentences.insert(place, Sentence { topic: Topic::Who, says, evidence });
        self.origin = Some(origin);
    }
}
