//! Records that cannot be used, each broken in one way only, so that its class is known.

use super::conversation::TalkStep;
use super::dice::Dice;
use super::envelope::{Topic, enveloped};
use super::fate::{Class, Fate};
use super::journey_body::JourneyBody;
use super::offer::State;
use super::persona::Persona;
use super::place::{DUBLIN, GROUPS, ORGANIZATION, PRICING_HELP};
use super::post::{Feed, Sent};
use super::talk_body::TalkBody;

/// The ways to break a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    CutOff,
    EmptyObject,
    ErrorPage,
    NotText,
    NestedTooDeeply,
    StateAsNumber,
    VersionAsText,
    ActionAsText,
    UnknownType,
    TypeTwice,
    StateTwice,
    ImpossibleTime,
    NoTime,
    AnotherOrganization,
    NoConversation,
    TimeAsWord,
}

const BREAKS: [Break; 16] = [
    Break::CutOff,
    Break::EmptyObject,
    Break::ErrorPage,
    Break::NotText,
    Break::NestedTooDeeply,
    Break::StateAsNumber,
    Break::VersionAsText,
    Break::ActionAsText,
    Break::UnknownType,
    Break::TypeTwice,
    Break::StateTwice,
    Break::ImpossibleTime,
    Break::NoTime,
    Break::AnotherOrganization,
    Break::NoConversation,
    Break::TimeAsWord,
];

impl Break {
    const fn class(self) -> Class {
        match self {
            Self::CutOff | Self::ErrorPage => Class::NotJson,
            Self::EmptyObject | Self::UnknownType => Class::UnknownShape,
            Self::NotText => Class::NotUtf8,
            Self::NestedTooDeeply => Class::TooDeep,
            Self::StateAsNumber | Self::VersionAsText | Self::ActionAsText => Class::WrongType,
            Self::TypeTwice | Self::StateTwice => Class::DuplicateKey,
            Self::ImpossibleTime | Self::TimeAsWord => Class::BadTime,
            Self::NoTime | Self::NoConversation => Class::MissingField,
            Self::AnotherOrganization => Class::UnknownOrganization,
        }
    }

    const fn feed(self) -> Feed {
        match self {
            Self::NoConversation | Self::TimeAsWord => Feed::Conversations,
            Self::CutOff
            | Self::EmptyObject
            | Self::ErrorPage
            | Self::NotText
            | Self::NestedTooDeeply
            | Self::StateAsNumber
            | Self::VersionAsText
            | Self::ActionAsText
            | Self::UnknownType
            | Self::TypeTwice
            | Self::StateTwice
            | Self::ImpossibleTime
            | Self::NoTime
            | Self::AnotherOrganization => Feed::Events,
        }
    }

    /// Breaks a good line.
    fn apply(self, dice: &mut Dice, good: &str) -> Vec<u8> {
        let swap = |what: &str, with: &str| good.replacen(what, with, 1).into_bytes();
        match self {
            Self::CutOff => cut(dice, good),
            Self::EmptyObject => b"{}".to_vec(),
            Self::ErrorPage => b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
            Self::NotText => {
                let mut line = swap("cookie", "coo?ie");
                line.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0xff);
                line
            }
            Self::NestedTooDeeply => {
                let nest = format!("\"webActionEvent\":{{\"nest\":{}1{},", "[".repeat(160), "]".repeat(160));
                swap("\"webActionEvent\":{", &nest)
            }
            Self::StateAsNumber => swap("\"state\":\"offered\"", "\"state\":7"),
            Self::VersionAsText => swap("\"version\":7", "\"version\":\"7\""),
            Self::ActionAsText => swap("\"action\":{", "\"action\":\"offered\",\"actionOfOld\":{"),
            Self::UnknownType => swap("\"WebActionEvent\"", "\"HologramEvent\""),
            Self::TypeTwice => swap("\"eventType\":", "\"eventType\":\"WebEvent\",\"eventType\":"),
            Self::StateTwice => swap("\"state\":", "\"state\":\"qualified\",\"state\":"),
            Self::ImpossibleTime => {
                swap("\"createdDate\":", "\"createdDate\":\"2026-13-45T99:99:99Z\",\"createdWas\":")
            }
            Self::NoTime => swap("\"createdDate\":", "\"createdWas\":"),
            Self::AnotherOrganization => swap(ORGANIZATION, "00000000-dead-4000-8000-000000000000"),
            Self::NoConversation => swap("\"conversationId\":", "\"conversationWas\":"),
            Self::TimeAsWord => swap("\"eventTime\":", "\"eventTime\":\"yesterday\",\"eventTimeWas\":"),
        }
    }
}

/// The beginning of a line, cut where a character ends.
fn cut(dice: &mut Dice, good: &str) -> Vec<u8> {
    let wanted = 1 + dice.below(good.len().saturating_sub(2));
    let end = good.floor_char_boundary(wanted).max(1);
    good.as_bytes().iter().take(end).copied().collect()
}

/// A broken record that arrives at this millisecond.
pub fn malformed(dice: &mut Dice, arrival_millis: i64) -> Sent {
    let how = dice.one_of(&BREAKS, Break::CutOff);
    let persona = Persona::new(dice, &DUBLIN, false);
    let happened = arrival_millis - 400;
    let good = match how.feed() {
        Feed::Events => {
            let action = (dice.id(), &PRICING_HELP);
            let body = JourneyBody::step(dice, &persona, action, (happened, happened), State::Offered);
            enveloped(dice, Topic::Web(persona.session), arrival_millis, &body)
        }
        Feed::Conversations => {
            let (id, step) = (dice.id(), TalkStep::AcdStart { queue: GROUPS[0].queue });
            let body = TalkBody::new(dice, &persona, id, None, happened, step);
            enveloped(dice, Topic::Conversation(id, step.topic()), arrival_millis, &body)
        }
    };
    let line = how.apply(dice, &String::from_utf8_lossy(&good));
    Sent { arrival_millis, feed: how.feed(), line, fate: Fate::SetAside(how.class()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_break_changes_the_record() {
        let mut dice = Dice::new(4, &[]);
        for _ in 0..400 {
            let sent = malformed(&mut dice, 1_793_600_000_000);
            let well_formed = serde_json::from_slice::<serde_json::Value>(&sent.line).is_ok();
            let Fate::SetAside(class) = sent.fate else { panic!("{:?}", sent.fate) };
            assert!(!sent.line.contains(&b'\n') && !sent.line.is_empty());
            match class {
                Class::NotUtf8 => assert!(std::str::from_utf8(&sent.line).is_err()),
                Class::NotJson => assert!(!well_formed && std::str::from_utf8(&sent.line).is_ok()),
                Class::TooDeep => assert!(sent.line.windows(130).any(|window| window == [b'['; 130])),
                Class::UnknownShape
                | Class::MissingField
                | Class::WrongType
                | Class::DuplicateKey
                | Class::BadTime
                | Class::FromTheFuture
                | Class::BeyondHorizon
                | Class::UnknownOrganization => assert!(well_formed),
            }
        }
    }
}
