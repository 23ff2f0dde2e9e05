//! Appending: records become facts before anything rests, and facts, accounting and pointers become durable together.

use std::path::{Path, PathBuf};

use super::log::{Append, HiddenLabel, Intake, LogError, Packed, Pointer};
use super::reading::{Accounting, Reader, Taken};
use super::{Lines, clock};
use crate::engine::fact::{About, Fact};
use crate::engine::plan::SourceScheme;
use crate::engine::{EventTime, Marks, Span};
use crate::settings::Settings;
use crate::wire::{facts, genesys::SetAside};

/// So many facts at most become one record of the log.
const PACK: usize = 4_096;

/// Appends to a log under one source's name.
#[derive(Debug)]
pub struct Appender<I> {
    log: I,
    reader: Reader,
    source: String,
    facts: Vec<Fact>,
    visits: Vec<Fact>,
    marks: Marks,
    account: Accounting,
    pointers: Vec<Pointer>,
    total: Accounting,
    /// How often keys had been destroyed when this appender last looked.
    destructions: u64,
}

/// Why files could not be appended.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A file cannot be read.
    #[error("{path}: {error}; what was read of it before is kept, and appending it again changes nothing")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The log did not take it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl<I: Intake> Appender<I> {
    /// An appender to `log`.
    pub fn new(log: I, settings: &Settings, source: &str) -> Self {
        let names = settings.plan(SourceScheme::ByKind).names();
        let reader = Reader::of_files(settings, log.label_key(), names);
        Self {
            log,
            reader,
            source: source.to_owned(),
            facts: Vec::new(),
            visits: Vec::new(),
            marks: Marks::default(),
            account: Accounting::default(),
            pointers: Vec::new(),
            total: Accounting::default(),
            destructions: 0,
        }
    }

    /// What became of all records so far.
    pub fn total(&self) -> Accounting {
        let mut total = self.total.clone();
        total.add(&self.account);
        total
    }

    /// Takes in one record; `container` and `position` say where it stands.
    pub fn push(&mut self, record: &[u8], container: &str, position: u64) -> Result<(), LogError> {
        let taken = self.read(record)?;
        self.keep(taken, container, position)
    }

    /// Makes everything durable that was taken in.
    pub fn flush(&mut self) -> Result<(), LogError> {
        let now = clock::now();
        let met = self.reader.strangers_met().into_iter();
        let strangers: Vec<HiddenLabel> = met.map(|(stand_in, text)| HiddenLabel { stand_in, text }).collect();
        let organizations = self.reader.organizations().to_vec();
        let labels = self.reader.admission().labels();
        let pack = |facts: &[Fact]| {
            let newest = facts.iter().map(|fact| fact.at).max()?;
            Some(Packed { body: facts::encode(facts, &organizations, labels), n: facts.len(), newest })
        };
        self.log.append(
            now,
            &Append {
                facts: pack(&self.facts),
                visits: pack(&self.visits),
                accounting: &self.account.told(&self.source),
                set_aside: &self.pointers,
                labels: &strangers,
            },
        )?;
        self.total.add(&std::mem::take(&mut self.account));
        self.facts.clear();
        self.visits.clear();
        self.pointers.clear();
        Ok(())
    }

    /// An appender may run for weeks: a key that was destroyed meanwhile is not used on.
    fn forget_destroyed_keys(&mut self) -> Result<(), LogError> {
        let destructions = self.log.destructions()?;
        if destructions != self.destructions {
            self.reader.keep_epochs(|_| false);
            self.destructions = destructions;
        }
        Ok(())
    }

    /// Appends files, merged by arrival as far as each is in the order of arrival.
    pub fn ingest(&mut self, paths: &[PathBuf], mut progress: impl FnMut(u64)) -> Result<(), IngestError> {
        let mut files = Vec::new();
        for path in paths {
            let name = path.to_string_lossy().into_owned();
            let lines = Lines::open(path).map_err(|error| failed(path, error))?;
            let mut file = OpenFile { name, path, lines, next: None };
            self.advance(&mut file)?;
            files.push(file);
        }
        let mut records = 0;
        while let Some(file) = files.iter_mut().filter(|file| file.next.is_some()).min_by_key(|file| file.arrival()) {
            if let Some((arrival, fact)) = file.next.take() {
                self.keep(Taken::Fact(arrival, fact), &file.name, 0)?;
            }
            self.advance(file)?;
            records += 1;
            progress(records);
        }
        Ok(self.flush()?)
    }

    /// Reads on to the next fact of a file; everything else is accounted on the way.
    fn advance(&mut self, file: &mut OpenFile<'_>) -> Result<(), IngestError> {
        while let Some((number, line)) = file.lines.next_line().map_err(|error| failed(file.path, error))? {
            match self.read(line)? {
                Taken::Fact(arrival, fact) => {
                    file.next = Some((arrival, fact));
                    return Ok(());
                }
                taken @ (Taken::NotPermitted(..) | Taken::NotRelevant | Taken::SetAside(_) | Taken::Blank) => {
                    self.keep(taken, &file.name, number)?;
                }
            }
        }
        file.next = None;
        Ok(())
    }

    fn read(&mut self, record: &[u8]) -> Result<Taken, LogError> {
        if self.waiting() == 0 {
            self.forget_destroyed_keys()?;
        }
        let log = &mut self.log;
        self.reader.read(record, |epoch| log.epoch_keys(epoch, clock::now()))
    }

    fn keep(&mut self, taken: Taken, container: &str, position: u64) -> Result<(), LogError> {
        match taken {
            Taken::Fact(_, fact) => {
                self.account.admitted += 1;
                self.keep_fact(*fact);
                self.flush_if_full()
            }
            Taken::NotPermitted(_, facts) => {
                self.account.not_permitted += 1;
                facts.into_iter().for_each(|fact| self.keep_fact(fact));
                self.flush_if_full()
            }
            Taken::SetAside(aside) => {
                self.account.note(&Taken::SetAside(aside));
                self.pointers.push(self.pointer(&aside, container, position));
                self.flush_if_full()
            }
            taken @ (Taken::NotRelevant | Taken::Blank) => {
                self.account.note(&taken);
                Ok(())
            }
        }
    }

    fn keep_fact(&mut self, fact: Fact) {
        if !self.marks.call_for(&fact) {
            return;
        }
        match fact.about {
            About::Visit(_) => self.visits.push(fact),
            About::Action(_) | About::Conversation(_) | About::Taint(_) => self.facts.push(fact),
        }
    }

    fn flush_if_full(&mut self) -> Result<(), LogError> {
        if self.waiting() < PACK { Ok(()) } else { self.flush() }
    }

    /// How much would be appended by the next flush.
    const fn waiting(&self) -> usize {
        self.facts.len() + self.visits.len() + self.pointers.len()
    }

    fn pointer(&self, aside: &SetAside, container: &str, position: u64) -> Pointer {
        Pointer {
            source: self.source.clone(),
            container: container.to_owned(),
            partition: None,
            position,
            class: aside.class.name().to_owned(),
            path: Some(aside.path.to_owned()),
        }
    }
}

/// A file that is read beside others.
struct OpenFile<'a> {
    name: String,
    path: &'a Path,
    lines: Lines,
    next: Option<(EventTime, Box<Fact>)>,
}

impl OpenFile<'_> {
    fn arrival(&self) -> EventTime {
        self.next.as_ref().map_or(EventTime::END_OF_INPUT.before(Span::ZERO), |(arrival, _)| *arrival)
    }
}

pub(super) fn failed(path: &Path, error: std::io::Error) -> IngestError {
    IngestError::File { path: path.display().to_string(), error }
}
