//! What an erasure seeks and no legal hold keeps, and what it comes upon on the way.

use std::collections::BTreeSet;

use super::log::Stream;
use crate::audit::{Holds, Spot};
use crate::engine::{Erasure, Fact};
use crate::settings::retention::Store;

/// An erasure under the holds that are active.
#[derive(Debug)]
pub struct Sought<'a> {
    erasure: &'a mut Erasure,
    holds: &'a Holds,
    /// The matters for which something stays.
    pub on_hold: BTreeSet<String>,
}

impl<'a> Sought<'a> {
    /// What is sought, and what stays all the same.
    pub const fn of(erasure: &'a mut Erasure, holds: &'a Holds) -> Self {
        Self { erasure, holds, on_hold: BTreeSet::new() }
    }

    /// The erasure, with what was found so far.
    pub const fn erasure(&self) -> &Erasure {
        self.erasure
    }

    /// Whether a fact is to go, or to lose something. One that stays for a hold is noted.
    pub fn must_change(&mut self, stream: Stream, fact: &Fact) -> bool {
        if !self.erasure.concerns(fact) {
            return false;
        }
        let matters = self.holds.matters(store_of(stream), Spot::At(fact.at));
        if matters.is_empty() {
            return true;
        }
        self.on_hold.extend(matters.into_iter().map(str::to_owned));
        self.erasure.keep(fact);
        false
    }

    /// Takes out what is sought; false where nothing of the fact may stay.
    pub fn take_out(&mut self, stream: Stream, fact: &mut Fact) -> bool {
        !self.must_change(stream, fact) || self.erasure.take_out(fact)
    }
}

/// The store that a stream is.
pub(super) const fn store_of(stream: Stream) -> Store {
    match stream {
        Stream::Facts => Store::Facts,
        Stream::Visits => Store::Visits,
        Stream::Baseline => Store::Baseline,
    }
}
