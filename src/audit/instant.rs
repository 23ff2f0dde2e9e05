//! How instants are written in an entry: as RFC 3339 with milliseconds where there are any.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::engine::{EventTime, WallTime};
use crate::wire::Rfc3339;
use crate::wire::timestamp::from_rfc3339;

/// The text of an instant.
pub(super) fn text(at: EventTime) -> String {
    Rfc3339::from(at).to_string()
}

/// For times of the clock on the wall.
pub(super) mod wall {
    use super::*;

    pub(in crate::audit) fn serialize<S: Serializer>(at: &WallTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(EventTime::from_millis(at.millis())))
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WallTime, D::Error> {
        read(&String::deserialize(deserializer)?).map(|at| WallTime::from_millis(at.millis()))
    }
}

/// For times of events that may be left out.
pub(super) mod bound {
    use super::*;

    pub(in crate::audit) fn serialize<S: Serializer>(at: &Option<EventTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&text(*at)),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<EventTime>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
    }
}

fn read<E: Error>(text: &str) -> Result<EventTime, E> {
    from_rfc3339(text).ok_or_else(|| E::custom("is no time"))
}
