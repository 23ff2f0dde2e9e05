//! A simulated log: everything durable in memory, and a fate for every call, drawn from a seed.
//!
//! It behaves as a log with transactions and owners may behave at its worst: the process dies before, within or after
//! any call; a commit is refused, or times out and is decided later, either way; an owner that was replaced goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use journeycast::engine::{EventTime, WallTime};
use journeycast::io::log::{Commit, Fate, Log, LogError, Positions, SaidRow, Stored, Stream, Way};
use journeycast::simulate::Dice;

/// What survives any crash.
#[derive(Debug, Default)]
pub struct Disk {
    streams: [Vec<Stored>; 3],
    positions: Positions,
    note: Vec<u8>,
    pub rows: BTreeMap<String, SaidRow>,
    pub revisions: Vec<SaidRow>,
    /// A transaction of which nobody knows yet whether it was committed.
    undecided: Option<Transaction>,
    owner: u64,
}

#[derive(Debug, Clone)]
struct Transaction {
    rows: Vec<SaidRow>,
    positions: Positions,
    note: Vec<u8>,
}

impl Disk {
    /// Appends a record of facts or of a baseline.
    pub fn append(&mut self, stream: Stream, appended_at: WallTime, body: Vec<u8>) {
        let records = &mut self.streams[stream as usize];
        let seq = records.len() as u64 + 1;
        records.push(Stored { seq, appended_at, way: Way::Untold, is_copy: false, body });
    }

    pub fn ends(&self) -> Positions {
        let mut ends = Positions::default();
        Stream::ALL.into_iter().for_each(|stream| ends.set(stream, self.streams[stream as usize].len() as u64));
        ends
    }

    pub const fn positions(&self) -> Positions {
        self.positions
    }

    fn apply(&mut self, transaction: Transaction) {
        for row in transaction.rows {
            self.rows.insert(row.key.clone(), row.clone());
            self.revisions.push(row);
        }
        self.positions = transaction.positions;
        self.note = transaction.note;
    }
}

/// When calls fail.
#[derive(Debug, Clone)]
pub enum Faults {
    Never,
    /// The process dies at this moment, counted over all moments of all owners.
    DiesAt(u64),
    /// Every moment fails with this probability.
    Often(f64),
}

/// What all owners share: the disk, chance, and how many moments have passed.
#[derive(Debug)]
pub struct World {
    pub disk: Disk,
    pub faults: Faults,
    pub moments: u64,
    /// A log that keeps positions apart from rows, to see that the tests find it out.
    pub positions_apart: bool,
    dice: Dice,
}

/// The log as one owner sees it.
#[derive(Debug, Clone)]
pub struct SimulatedLog {
    world: Rc<RefCell<World>>,
    owner: u64,
}

fn died() -> LogError {
    LogError::new(Fate::Halt, "the process died")
}

impl World {
    pub fn new(seed: u64, faults: Faults) -> Rc<RefCell<Self>> {
        let (disk, dice) = (Disk::default(), Dice::new(seed, &[1]));
        Rc::new(RefCell::new(Self { disk, faults, moments: 0, positions_apart: false, dice }))
    }

    /// One moment passes; does the process die in it?
    fn moment(&mut self) -> Result<(), LogError> {
        self.moments += 1;
        let dies = match self.faults {
            Faults::Never => false,
            Faults::DiesAt(moment) => moment == self.moments,
            Faults::Often(share) => self.dice.chance(share),
        };
        if dies { Err(died()) } else { Ok(()) }
    }

    fn chance(&mut self) -> bool {
        match self.faults {
            Faults::Never | Faults::DiesAt(_) => false,
            Faults::Often(share) => self.dice.chance(share),
        }
    }

    fn decide(&mut self) {
        if let Some(transaction) = self.disk.undecided.take()
            && self.dice.chance(0.5)
        {
            self.disk.apply(transaction);
        }
    }
}

impl SimulatedLog {
    /// Becomes the owner: whoever was it before can commit no more.
    pub fn of(world: &Rc<RefCell<World>>) -> Self {
        let mut inside = world.borrow_mut();
        inside.decide();
        inside.disk.owner += 1;
        Self { owner: inside.disk.owner, world: Rc::clone(world) }
    }
}

impl Log for SimulatedLog {
    fn committed(&mut self) -> Result<(Positions, Vec<u8>), LogError> {
        let mut world = self.world.borrow_mut();
        world.moment()?;
        world.decide();
        Ok((world.disk.positions, world.disk.note.clone()))
    }

    fn ends(&mut self) -> Result<Positions, LogError> {
        let mut world = self.world.borrow_mut();
        world.moment()?;
        Ok(world.disk.ends())
    }

    fn read(&mut self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        let mut world = self.world.borrow_mut();
        world.moment()?;
        let records = &world.disk.streams[stream as usize];
        Ok(records.iter().filter(|stored| stored.seq > after).take(limit).cloned().collect())
    }

    fn newest_rows(&mut self, from: EventTime) -> Result<Vec<Vec<u8>>, LogError> {
        let mut world = self.world.borrow_mut();
        world.moment()?;
        let rows = world.disk.rows.values().filter(|row| row.interval_start >= from);
        Ok(rows.map(|row| row.body.clone()).collect())
    }

    fn commit(&mut self, _: WallTime, what: &Commit<'_>) -> Result<(), LogError> {
        let mut world = self.world.borrow_mut();
        world.moment()?;
        if self.owner != world.disk.owner {
            return Err(LogError::new(Fate::Lost, "another owner counts"));
        }
        if world.chance() {
            return Err(LogError::new(Fate::Retry, "the log is busy"));
        }
        if world.positions_apart {
            world.disk.positions = what.positions;
            world.disk.note = what.progress.to_vec();
        }
        let mut transaction = Transaction { rows: Vec::new(), positions: what.positions, note: what.progress.to_vec() };
        for row in what.rows {
            world.moment()?;
            transaction.rows.push(row.clone());
        }
        world.moment()?;
        if world.chance() {
            world.disk.undecided = Some(transaction);
            world.moment()?;
            return Err(LogError::new(Fate::Undecided, "the commit timed out"));
        }
        world.disk.apply(transaction);
        world.moment()
    }
}
