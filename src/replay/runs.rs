//! Runs: sorted facts in a temporary file without a name, merged a block of each at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::vec;

use super::arrivals::{Arrived, Store, Turn};
use crate::engine::{EventTime, Fact, Labels};
use crate::wire::facts;

/// The bytes of a turn: the arrival and the record's hash.
const TURN: usize = 8 + 16;
/// The bytes before a block: how long it is, and how many facts it holds.
const HEAD: usize = 4 + 4;
const BUFFER: usize = 256 * 1_024;

/// Sorted runs in one file.
#[derive(Debug)]
pub struct Runs {
    file: Arc<File>,
    end: u64,
    places: Vec<Range<u64>>,
}

impl Runs {
    /// None yet; their file is made in this folder, without a name, so nothing is left of it however the process ends.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(of_the_sort)?;
        Ok(Self { file: Arc::new(file), end: 0, places: Vec::new() })
    }

    /// Begins a run.
    pub fn add<'a>(&'a mut self, store: &'a Store) -> Writing<'a> {
        let out = BufWriter::with_capacity(BUFFER, Arc::clone(&self.file));
        let start = self.end;
        Writing { runs: self, store, out, start, turns: Vec::new(), facts: Vec::new() }
    }

    /// All of them as one. Where they are more than may be merged at once, longer ones are made first, in another file.
    pub fn merge(mut self, store: &Store, labels: &mut Labels) -> io::Result<Merge> {
        let merged = store.bounds.merged.max(2);
        while self.places.len() > merged {
            let mut longer = Self::in_folder(&store.folder)?;
            for places in self.places.chunks(merged) {
                let mut merge = Merge::of(&self.file, places, store, labels)?;
                let mut writing = longer.add(store);
                while let Some(arrived) = merge.next(labels)? {
                    writing.push(arrived, labels)?;
                }
                writing.end(labels)?;
            }
            self = longer;
        }
        Merge::of(&self.file, &self.places, store, labels)
    }
}

/// A run that is being written.
pub struct Writing<'a> {
    runs: &'a mut Runs,
    store: &'a Store,
    out: BufWriter<Arc<File>>,
    start: u64,
    turns: Vec<u8>,
    facts: Vec<Fact>,
}

impl Writing<'_> {
    /// The next fact of the run.
    pub fn push(&mut self, arrived: Arrived, labels: &Labels) -> io::Result<()> {
        let Turn { at, record } = arrived.turn;
        self.turns.extend_from_slice(&at.millis().to_le_bytes());
        self.turns.extend_from_slice(&record.to_le_bytes());
        self.facts.push(arrived.fact);
        if self.facts.len() < self.store.bounds.block { Ok(()) } else { self.end_block(labels) }
    }

    /// The run is over.
    pub fn end(mut self, labels: &Labels) -> io::Result<()> {
        if !self.facts.is_empty() {
            self.end_block(labels)?;
        }
        self.out.flush().map_err(of_the_sort)?;
        self.runs.places.push(self.start..self.runs.end);
        Ok(())
    }

    fn end_block(&mut self, labels: &Labels) -> io::Result<()> {
        let packed = facts::encode(&self.facts, &self.store.organizations, labels);
        let length = self.turns.len() + packed.len();
        for head in [length, self.facts.len()] {
            self.out.write_all(&u32::try_from(head).map_err(|_| damaged("a block is too long"))?.to_le_bytes())?;
        }
        self.out.write_all(&self.turns).and_then(|()| self.out.write_all(&packed)).map_err(of_the_sort)?;
        self.runs.end += (HEAD + length) as u64;
        self.turns.clear();
        self.facts.clear();
        Ok(())
    }
}

/// Runs that are read as one.
#[derive(Debug)]
pub struct Merge {
    file: Arc<File>,
    organizations: Vec<Arc<str>>,
    runs: Vec<Run>,
    /// Whose turn it is: the next turn of every run that is not over, the earliest on top.
    next: BinaryHeap<Reverse<(Turn, usize)>>,
}

/// What is left of a run.
#[derive(Debug)]
struct Run {
    rest: Range<u64>,
    block: vec::IntoIter<Arrived>,
}

impl Merge {
    fn of(file: &Arc<File>, places: &[Range<u64>], store: &Store, labels: &mut Labels) -> io::Result<Self> {
        let organizations = store.organizations.clone();
        let mut merge = Self { file: Arc::clone(file), organizations, runs: Vec::new(), next: BinaryHeap::new() };
        for (place, rest) in places.iter().enumerate() {
            let mut run = Run { rest: rest.clone(), block: Vec::new().into_iter() };
            if let Some(turn) = run.turn(file, &merge.organizations, labels)? {
                merge.next.push(Reverse((turn, place)));
            }
            merge.runs.push(run);
        }
        Ok(merge)
    }

    /// The next fact of all.
    pub fn next(&mut self, labels: &mut Labels) -> io::Result<Option<Arrived>> {
        let Some(mut next) = self.next.peek_mut() else { return Ok(None) };
        let Reverse((turn, place)) = &mut *next;
        let Some(run) = self.runs.get_mut(*place) else { return Ok(None) };
        let arrived = run.block.next();
        match run.turn(&self.file, &self.organizations, labels)? {
            Some(after) => *turn = after,
            None => drop(PeekMut::pop(next)),
        }
        Ok(arrived)
    }
}

impl Run {
    /// The turn of its next fact; `None` where it is over.
    fn turn(&mut self, file: &File, organizations: &[Arc<str>], labels: &mut Labels) -> io::Result<Option<Turn>> {
        if self.block.as_slice().is_empty() && !self.rest.is_empty() {
            self.block = self.read_block(file, organizations, labels)?.into_iter();
        }
        Ok(self.block.as_slice().first().map(|arrived| arrived.turn))
    }

    fn read_block(&mut self, file: &File, organizations: &[Arc<str>], labels: &mut Labels) -> io::Result<Vec<Arrived>> {
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, self.rest.start).map_err(of_the_sort)?;
        let [l0, l1, l2, l3, n0, n1, n2, n3] = head;
        let [length, count] = [[l0, l1, l2, l3], [n0, n1, n2, n3]].map(|bytes| u32::from_le_bytes(bytes) as usize);
        let mut block = vec![0; length];
        file.read_exact_at(&mut block, self.rest.start + HEAD as u64).map_err(of_the_sort)?;
        self.rest.start += (HEAD + length) as u64;
        let (turns, packed) = block.split_at_checked(count * TURN).ok_or_else(|| damaged("a block is cut off"))?;
        let unpacked = facts::decode(packed, organizations, labels).map_err(|error| damaged(&error.to_string()))?;
        if unpacked.facts.len() != count {
            return Err(damaged("a block has lost facts"));
        }
        let turns = turns.chunks_exact(TURN).filter_map(turn_of);
        Ok(turns.zip(unpacked.facts).map(|(turn, fact)| Arrived { turn, fact }).collect())
    }
}

fn turn_of(bytes: &[u8]) -> Option<Turn> {
    let (at, rest) = bytes.split_first_chunk()?;
    let record = u128::from_le_bytes(*rest.first_chunk()?);
    Some(Turn { at: EventTime::from_millis(i64::from_le_bytes(*at)), record })
}

fn of_the_sort(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the temporary file of the sort in this folder: {error}"))
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the temporary file of the sort in this folder: {why}"))
}
