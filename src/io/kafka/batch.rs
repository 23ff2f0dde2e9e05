//! A batch: what a reading worker has read and not sent yet, by organization and by where it came from.

use std::collections::BTreeMap;

use super::native;
use crate::engine::Marks;
use crate::engine::fact::{About, Fact, OrganizationIndex};
use crate::io::log::Pointer;
use crate::io::reading::Taken;

/// Facts of each organization by the topic and partition from which they came.
pub(super) type Facts = BTreeMap<OrganizationIndex, BTreeMap<(usize, i32), Vec<Fact>>>;

/// What was read and is not safe yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Facts that are kept for as long as they can matter.
    pub(super) facts: Facts,
    /// Facts of visits.
    pub(super) visits: Facts,
    /// Where records lie that cannot be used.
    pub(super) pointers: Vec<Pointer>,
    /// How many records were read.
    pub(super) records: usize,
}

impl Batch {
    /// Keeps what was made of a record; of a mark that was written already, nothing.
    pub(super) fn keep(&mut self, taken: Taken, marks: &mut Marks, place: (usize, i32), record: &native::Taken<'_>) {
        self.records += 1;
        match taken {
            Taken::Fact(_, fact) => self.keep_fact(*fact, place),
            Taken::NotPermitted(_, facts) => {
                facts.into_iter().filter(|fact| marks.call_for(fact)).for_each(|fact| self.keep_fact(fact, place));
            }
            Taken::SetAside(aside) => self.pointers.push(Pointer {
                source: record.topic.to_owned(),
                container: record.topic.to_owned(),
                partition: u32::try_from(record.partition).ok(),
                position: u64::try_from(record.offset).unwrap_or(0),
                class: aside.class.name().to_owned(),
                path: Some(aside.path.to_owned()),
            }),
            Taken::NotRelevant | Taken::Blank => {}
        }
    }

    fn keep_fact(&mut self, fact: Fact, place: (usize, i32)) {
        let kept = match fact.about {
            About::Visit(_) => &mut self.visits,
            About::Action(_) | About::Conversation(_) | About::Taint(_) => &mut self.facts,
        };
        kept.entry(fact.organization).or_default().entry(place).or_default().push(fact);
    }
}
