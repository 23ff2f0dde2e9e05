//! The post: what becomes of a record between the platform and the log.

use serde::Serialize;

use super::delay::Delay;
use super::dice::Dice;
use super::envelope::{Topic, enveloped};
use super::fate::{Fate, by_time};
use super::hostile::made_hostile;
use super::malformed::malformed;
use super::plan::Pathologies;

/// Which of the two files, or topics, a record belongs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feed {
    /// Journey events of all families.
    Events,
    /// Conversation detail events.
    Conversations,
}

/// One record as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When it arrives, in milliseconds since 1970.
    pub arrival_millis: i64,
    /// Where it belongs.
    pub feed: Feed,
    /// Its bytes, without the end of the line.
    pub line: Vec<u8>,
    /// What must become of it.
    pub fate: Fate,
}

/// What the post has to know of a record.
#[derive(Debug, Clone, Copy)]
pub struct Parcel {
    /// Its topic.
    pub topic: Topic,
    /// True where a fact comes of it, so that its time matters.
    pub tells: bool,
    /// When it happened, in milliseconds since 1970.
    pub true_millis: i64,
    /// When it says that it happened.
    pub claimed_millis: i64,
}

impl Parcel {
    const fn feed(&self) -> Feed {
        match self.topic {
            Topic::Conversation(..) => Feed::Conversations,
            Topic::Web(_)
            | Topic::Action(_)
            | Topic::App(_)
            | Topic::Outcome(_)
            | Topic::Segments(_)
            | Topic::Sessions(_) => Feed::Events,
        }
    }
}

const ON_THE_WAY: Delay = Delay::Memoryless { mean: 0.7, most: 12.0 };
const HELD_UP: Delay = Delay::Memoryless { mean: 240.0, most: 1_200.0 };

/// Takes records in and delivers them, with the troubles of the way.
#[derive(Debug)]
pub struct Post {
    /// The chance of what people do in one stretch of time.
    pub dice: Dice,
    /// The chance of what happens to their records, apart: the same people come whatever goes wrong.
    pub way: Dice,
    troubles: Pathologies,
    sent: Vec<Sent>,
}

impl Post {
    /// An empty bag.
    pub const fn new([dice, way]: [Dice; 2], troubles: Pathologies) -> Self {
        Self { dice, way, troubles, sent: Vec::new() }
    }

    /// What goes wrong on the way.
    pub const fn troubles(&self) -> &Pathologies {
        &self.troubles
    }

    /// Everything that was sent, in no order.
    pub fn into_sent(self) -> Vec<Sent> {
        self.sent
    }

    /// Delivers a record, perhaps more than once; true where a usable copy arrives.
    pub fn send<B: Serialize>(&mut self, parcel: &Parcel, body: &B) -> bool {
        let mut usable = false;
        let mut copies = 1 + usize::from(self.way.chance(self.troubles.duplicates));
        if copies == 2 && self.way.chance(0.2) {
            copies = 3;
        }
        for _ in 0..copies {
            let arrival_millis = parcel.true_millis + self.way_millis();
            let fate = if parcel.tells { by_time(parcel.claimed_millis, arrival_millis) } else { Fate::NotRelevant };
            let line = enveloped(&mut self.way, parcel.topic, arrival_millis, body);
            let line = if self.way.chance(self.troubles.hostile) { made_hostile(&mut self.way, line) } else { line };
            usable |= fate == Fate::Admitted;
            self.sent.push(Sent { arrival_millis, feed: parcel.feed(), line, fate });
            if self.way.chance(self.troubles.malformed) {
                self.sent.push(malformed(&mut self.way, arrival_millis));
            }
        }
        usable
    }

    fn way_millis(&mut self) -> i64 {
        let mut seconds = 0.15 + ON_THE_WAY.draw(&mut self.way);
        if self.way.chance(self.troubles.disorder) {
            seconds += HELD_UP.draw(&mut self.way);
        }
        if self.way.chance(self.troubles.late) {
            let (least, most) =
                if self.way.chance(0.125) { (7.0 * 86_400.0, 10.0 * 86_400.0) } else { (3_600.0, 6.5 * 86_400.0) };
            seconds += self.way.between(least, most);
        }
        (seconds * 1_000.0) as i64
    }
}
