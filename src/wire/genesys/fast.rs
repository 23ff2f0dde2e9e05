//! The short cut for common records: one pass that validates everything, picks out what is needed and copies nothing.
//! Whatever is unusual about a record, right or wrong, ends it, and the way that decides begins anew.

use std::borrow::Cow;

use super::found::{Found, Value};
use super::journey::Kind;
use super::place::{Form, Level, Part, Place};
use super::scan::Cursor;
use super::{DEEPEST_LEVEL, LARGEST_RECORD, Reading, Rules, stripped, verdict};
use crate::engine::EventTime;

const DEEPEST: u32 = DEEPEST_LEVEL as u32;
const ENVELOPE: u64 = Place::DetailType.bit() | Place::Detail.bit() | Place::Source.bit() | Place::Time.bit();
const NOTIFICATION: u64 = Place::Body.bit() | Place::TopicName.bit() | Place::Timestamp.bit();

/// What became of a common record that can be used; `None` where the record is not common or cannot be used.
pub fn read<'a>(record: &'a [u8], recorded: Option<EventTime>, rules: &Rules) -> Option<Reading<'a>> {
    let record = stripped(record);
    if record.len() > LARGEST_RECORD {
        return None;
    }
    let text = simdutf8::basic::from_utf8(record).ok()?;
    let mut reader =
        Reader { cursor: Cursor::new(text), found: Found::nothing(Form::Bare), on_top: 0, has_part: false, rules };
    reader.record()?;
    match verdict::judge(&mut reader.found, recorded, rules) {
        reading @ (Reading::Admitted(_) | Reading::NotRelevant) => Some(reading),
        Reading::SetAside(_) | Reading::Untimely(..) | Reading::Blank => None,
    }
}

struct Reader<'a, 'r> {
    cursor: Cursor<'a>,
    found: Found<'a>,
    /// The places met in the outermost object.
    on_top: u64,
    has_part: bool,
    rules: &'r Rules,
}

impl<'a> Reader<'a, '_> {
    fn record(&mut self) -> Option<()> {
        self.object(None, 1)?;
        if !self.cursor.is_at_end() {
            return None;
        }
        self.settle_form()?;
        (self.is_part_of_kind() && !self.asks_for_url()).then_some(())
    }

    /// Whether where a page stands is found in its address alone, which is long, full of escapes, and not read here.
    fn asks_for_url(&self) -> bool {
        let says = |place| matches!(self.found.at(place), Value::Text(text) if !text.is_empty());
        self.found.has_any(Place::Url.bit()) && !(says(Place::HostName) && says(Place::PathName))
    }

    /// Which form the outermost object has; one that could be taken for two is not common.
    fn settle_form(&mut self) -> Option<()> {
        let has = |places| self.on_top & places != 0;
        if has(Place::Detail.bit()) {
            let is_event_bridge = has(Place::DetailType.bit() | Place::Source.bit()) && !has(!ENVELOPE);
            self.found.form = Form::EventBridge;
            return is_event_bridge.then_some(());
        }
        self.found.put(Place::Source, Value::Absent);
        self.found.put(Place::Time, Value::Absent);
        if has(Place::Body.bit() | Place::TopicName.bit()) {
            self.found.form = Form::Notification;
            return (!has(!(NOTIFICATION | ENVELOPE))).then_some(());
        }
        self.found.put(Place::Timestamp, Value::Absent);
        self.found.put(Place::Body, Value::Object);
        has(Place::EventType.bit() | Place::CreatedDate.bit() | Place::ConversationId.bit()).then_some(())
    }

    /// Whether the part that was met, if one was, is the one that the event type asks for.
    fn is_part_of_kind(&self) -> bool {
        match self.found.at(Place::EventType) {
            Value::Text(event_type) => match Kind::of(event_type) {
                Some(Kind::Action(part)) => self.has_part && part == self.found.part,
                Some(Kind::Web | Kind::App | Kind::Segment | Kind::Outcome) | None => true,
            },
            Value::Absent | Value::Object | Value::Texts | Value::Integer(_) | Value::Number | Value::Other => true,
        }
    }

    /// What a key is needed for; the outermost object, without a level, may be of any form.
    #[inline]
    fn place(&mut self, level: Option<Level>, key: &[u8]) -> Option<Place> {
        if let Some(level) = level {
            return Place::asked_of(level, key, self.rules.signals.as_ref());
        }
        let place = [Level::Envelope, Level::Notification, Level::Body]
            .into_iter()
            .find_map(|level| Place::asked_of(level, key, self.rules.signals.as_ref()));
        self.on_top |= place.map_or(0, Place::bit);
        place
    }

    /// Past an object at this depth.
    fn object(&mut self, level: Option<Level>, depth: u32) -> Option<()> {
        self.cursor.expect(b'{')?;
        if self.cursor.peek()? == b'}' {
            self.cursor.step();
            return Some(());
        }
        loop {
            let key = self.cursor.plain_key()?;
            self.cursor.expect(b':')?;
            match self.place(level, key) {
                None | Some(Place::DetailType) => self.cursor.pass_value(DEEPEST - depth)?,
                Some(place) if !self.found.meet(place) => return None,
                Some(Place::Url) => self.cursor.pass_value(DEEPEST - depth)?,
                Some(place) => self.member(place, depth)?,
            }
            let separator = self.cursor.peek()?;
            self.cursor.step();
            match separator {
                b',' => self.cursor.peek()?,
                b'}' => return Some(()),
                _ => return None,
            };
        }
    }

    /// Past a needed value inside an object at this depth.
    #[inline]
    fn member(&mut self, place: Place, depth: u32) -> Option<()> {
        let value = match self.cursor.peek()? {
            b'"' if place.inside().is_none() => Value::Text(Cow::Borrowed(self.cursor.plain_string()?)),
            b'{' => {
                self.open_part(place)?;
                self.object(Some(place.inside()?), depth + 1)?;
                Value::Object
            }
            b'[' if place == Place::SkillIds => {
                self.skills()?;
                Value::Texts
            }
            b'-' | b'0'..=b'9' => Value::Integer(self.cursor.number()?.parse().ok()?),
            b'n' => {
                self.cursor.literal(b"null")?;
                Value::Absent
            }
            _ => return None,
        };
        self.found.put(place, value);
        Some(())
    }

    /// Notes which of the two parts of an action event is here; a body with both is not common.
    fn open_part(&mut self, place: Place) -> Option<()> {
        let Some(part) = Part::at(place) else { return Some(()) };
        if self.has_part {
            return None;
        }
        self.has_part = true;
        self.found.part = part;
        Some(())
    }

    fn skills(&mut self) -> Option<()> {
        self.cursor.expect(b'[')?;
        if self.cursor.peek()? == b']' {
            self.cursor.step();
            return Some(());
        }
        loop {
            self.found.skills.push(Cow::Borrowed(self.cursor.plain_string()?));
            let separator = self.cursor.peek()?;
            self.cursor.step();
            match separator {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }
}
