//! How packed facts are read back: nothing that the bytes say is believed before it is looked at.

use std::sync::Arc;

use super::Unreadable;
use super::facts::{Decoded, KIND_BITS, NAMED_BEFORE, OUTCOMES, PARTS, kind};
use crate::engine::fact::{
    About, ActionEvent, ActionFact, BlockingReason, ConversationFact, Medium, OfferState, OrganizationIndex, RouteKey,
    VisitFact,
};
use crate::engine::{EventTime, Fact, Label, Labels, Name, Names, Regime, Span};

/// The fewest bytes of a fact: head, time, organization and one name.
const FEWEST_BYTES_A_FACT: usize = 19;

/// What is left of a record.
pub(super) struct Reading<'a> {
    rest: &'a [u8],
}

/// What the facts of a record refer to.
struct Tables {
    organizations: Vec<Option<OrganizationIndex>>,
    labels: Vec<Label>,
}

/// Everything after the version.
pub(super) fn record(
    reading: &mut Reading<'_>,
    organizations: &[Arc<str>],
    labels: &mut Labels,
) -> Result<Decoded, Unreadable> {
    let place = |text: &str| organizations.iter().position(|known| **known == *text);
    let index = |text: &str| place(text).and_then(|place| u16::try_from(place).ok()).map(OrganizationIndex);
    let tables = Tables { organizations: reading.texts(index)?, labels: reading.texts(|text| labels.intern(text))? };
    let count = reading.count(FEWEST_BYTES_A_FACT)?;
    let mut decoded = Decoded { facts: Vec::with_capacity(count), unknown_organization: 0 };
    let mut last = 0_i64;
    for _ in 0..count {
        match reading.fact(&tables, &mut last)? {
            Some(fact) => decoded.facts.push(fact),
            None => decoded.unknown_organization += 1,
        }
    }
    if reading.rest.is_empty() {
        Ok(decoded)
    } else {
        Err(meaningless("what follows the last fact", reading.rest.len()))
    }
}

/// Everything after the version, of which only the times matter.
pub(super) fn time_span(reading: &mut Reading<'_>) -> Result<Option<(EventTime, EventTime)>, Unreadable> {
    let mut labels = Labels::default();
    let organizations = reading.texts(|_| Some(OrganizationIndex(0)))?;
    let tables = Tables { organizations, labels: reading.texts(|text| labels.intern(text))? };
    let mut last = 0_i64;
    let mut span: Option<(EventTime, EventTime)> = None;
    for _ in 0..reading.count(FEWEST_BYTES_A_FACT)? {
        let Some(fact) = reading.fact(&tables, &mut last)? else { continue };
        let (at, latest) = (fact.at, fact.latest());
        span = Some(span.map_or((at, latest), |(oldest, newest)| (oldest.min(at), newest.max(latest))));
    }
    Ok(span)
}

impl<'a> Reading<'a> {
    /// From the start.
    pub(super) const fn of(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.rest.split_first().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*first)
    }

    fn fact(&mut self, tables: &Tables, last: &mut i64) -> Result<Option<Fact>, Unreadable> {
        let mut head = self.byte()?;
        let mut visit = None;
        if head & KIND_BITS == kind::OF_VISIT {
            visit = Some(self.names(head & NAMED_BEFORE != 0)?);
            head = self.byte()?;
        }
        *last = last.wrapping_add(self.signed()?);
        let organization = self.entry(&tables.organizations)?;
        let names = self.names(head & NAMED_BEFORE != 0)?;
        let there = PARTS.map(|bit| head & bit != 0);
        let mut about = match head & KIND_BITS {
            kind @ kind::REACHED..=kind::BLOCKED => About::Action(self.action(kind, there, tables)?),
            kind::PAGE => About::Visit(VisitFact::Page(self.only_label(there, tables)?)),
            kind::APP => {
                Self::nothing_but(0, there)?;
                About::Visit(VisitFact::App)
            }
            kind::REGULATED => {
                Self::nothing_but(0, there)?;
                About::Visit(VisitFact::Regulated)
            }
            kind::TAINT => {
                Self::nothing_but(0, there)?;
                About::Taint(self.one_of(&Regime::ALL, "a regime")?)
            }
            kind::SEGMENT => About::Visit(VisitFact::Segment(self.only_label(there, tables)?)),
            kind => About::Conversation(self.conversation(kind, there, tables)?),
        };
        if let Some(visit) = visit {
            belong_to(&mut about, visit)?;
        }
        let at = EventTime::from_millis(*last);
        Ok(organization.map(|organization| Fact { organization, at, names, about }))
    }

    fn action(&mut self, kind: u8, there: [bool; 3], tables: &Tables) -> Result<ActionFact, Unreadable> {
        let event = match kind {
            kind::REACHED => ActionEvent::Reached(self.one_of(&OfferState::ALL, "the state of an action")?),
            kind::BLOCKED => ActionEvent::Blocked(self.one_of(&BlockingReason::ALL, "a blocking reason")?),
            _ => ActionEvent::Stepped,
        };
        let [has_map, has_version, has_medium] = there;
        let map = self.label(has_map, tables)?;
        let version = if has_version {
            let number = self.number()?;
            Some(u32::try_from(number).map_err(|_| meaningless("the version of an action map", number))?)
        } else {
            None
        };
        let medium = if has_medium { Some(self.medium()?) } else { None };
        Ok(ActionFact { event, map, version, medium, visit: None })
    }

    fn medium(&mut self) -> Result<Medium, Unreadable> {
        let code = self.byte()?;
        Medium::from_code(code).ok_or_else(|| Unreadable::not_known("the medium", code))
    }

    fn conversation(&mut self, kind: u8, there: [bool; 3], tables: &Tables) -> Result<ConversationFact, Unreadable> {
        match kind {
            kind::STARTED => {
                let [has_action, has_before, has_map] = there;
                if has_before && !has_action {
                    return Err(meaningless("the head of a fact", kind));
                }
                let action = if has_action { Some(self.names(has_before)?) } else { None };
                Ok(ConversationFact::Started { action, map: self.label(has_map, tables)?, visit: None })
            }
            kind::QUEUED => {
                let [has_queue, has_media_type, has_language] = there;
                let queue = self.label(has_queue, tables)?;
                let media_type = self.label(has_media_type, tables)?;
                let language = self.label(has_language, tables)?;
                let count = self.count(1)?;
                let skills = (0..count).map(|_| self.entry(&tables.labels)).collect::<Result<_, _>>()?;
                Ok(ConversationFact::Queued(RouteKey { queue, media_type, language, skills }))
            }
            kind::LEFT_QUEUE => {
                let queue = self.only_label(there, tables)?;
                Ok(ConversationFact::LeftQueue { queue, outcome: self.one_of(&OUTCOMES, "how a queue was left")? })
            }
            kind::AGENT_LEFT => {
                let queue = self.only_label(there, tables)?;
                Ok(ConversationFact::AgentLeft { queue, handled: Span::from_millis(self.signed()?) })
            }
            kind::WRAPPED_UP => {
                let queue = self.only_label(there, tables)?;
                Ok(ConversationFact::WrappedUp { queue, wrapup: Span::from_millis(self.signed()?) })
            }
            unknown => Err(Unreadable::not_known("the kind of a fact", unknown)),
        }
    }

    fn only_label(&mut self, there: [bool; 3], tables: &Tables) -> Result<Option<Label>, Unreadable> {
        Self::nothing_but(1, there)?;
        let [has_label, _, _] = there;
        self.label(has_label, tables)
    }

    fn nothing_but(parts: usize, there: [bool; 3]) -> Result<(), Unreadable> {
        if there.iter().skip(parts).any(|is_there| *is_there) {
            return Err(meaningless("the head of a fact", "a part that this kind has not"));
        }
        Ok(())
    }

    fn label(&mut self, is_there: bool, tables: &Tables) -> Result<Option<Label>, Unreadable> {
        if is_there { self.entry(&tables.labels).map(Some) } else { Ok(None) }
    }

    fn one_of<T: Copy>(&mut self, all: &[T], field: &'static str) -> Result<T, Unreadable> {
        let code = self.byte()?;
        all.get(usize::from(code)).copied().ok_or_else(|| Unreadable::not_known(field, code))
    }

    fn entry<T: Copy>(&mut self, table: &[T]) -> Result<T, Unreadable> {
        let place = self.number()?;
        let entry = usize::try_from(place).ok().and_then(|place| table.get(place));
        entry.copied().ok_or_else(|| meaningless("a place in the tables of the record", place))
    }

    fn names(&mut self, has_before: bool) -> Result<Names, Unreadable> {
        let own = self.name()?;
        let before = if has_before { Some(self.name()?) } else { None };
        Ok(Names { own, before })
    }

    fn name(&mut self) -> Result<Name, Unreadable> {
        let (name, rest) = self.rest.split_first_chunk::<16>().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(Name(u128::from_le_bytes(*name)))
    }

    fn texts<T>(&mut self, mut take: impl FnMut(&str) -> T) -> Result<Vec<T>, Unreadable> {
        let count = self.count(1)?;
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            let length = self.count(1)?;
            let (text, rest) = self.rest.split_at_checked(length).ok_or_else(cut_off)?;
            self.rest = rest;
            taken.push(take(std::str::from_utf8(text).map_err(|_| meaningless("a text", "other than UTF-8"))?));
        }
        Ok(taken)
    }

    /// How many things follow, none of which is shorter than `fewest_bytes`; so a lie asks for no memory.
    fn count(&mut self, fewest_bytes: usize) -> Result<usize, Unreadable> {
        let count = usize::try_from(self.number()?).map_err(|_| cut_off())?;
        if count > self.rest.len() / fewest_bytes { Err(cut_off()) } else { Ok(count) }
    }

    fn signed(&mut self) -> Result<i64, Unreadable> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(meaningless("a number", "longer than 64 bits"))
    }
}

/// Says to which visit the fact belongs, where such a fact can.
fn belong_to(about: &mut About, to: Names) -> Result<(), Unreadable> {
    match about {
        About::Action(action) => action.visit = Some(to),
        About::Conversation(ConversationFact::Started { visit, .. }) => *visit = Some(Box::new(to)),
        About::Conversation(_) | About::Visit(_) | About::Taint(_) => {
            return Err(meaningless("the head of a fact", "a visit that this kind has not"));
        }
    }
    Ok(())
}

fn cut_off() -> Unreadable {
    Unreadable::Missing("the rest of the packed facts")
}

fn meaningless(field: &'static str, value: impl ToString) -> Unreadable {
    Unreadable::meaningless(field, value)
}
