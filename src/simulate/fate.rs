//! What must become of a record, known from how it was made.

/// The four ends of a record, and why it is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// A fact comes of it.
    Admitted,
    /// It is valid and feeds nothing.
    NotRelevant,
    /// It cannot be used.
    SetAside(Class),
}

impl Fate {
    /// Its outcome and class as `records.csv` names them.
    pub const fn texts(self) -> [&'static str; 2] {
        match self {
            Self::Admitted => ["admitted", ""],
            Self::NotRelevant => ["not_relevant", ""],
            Self::SetAside(class) => ["set_aside", class.text()],
        }
    }
}

/// Why a record is set aside, in the order in which it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Its bytes are no text.
    NotUtf8,
    /// Its text is no JSON.
    NotJson,
    /// It is nested too deeply.
    TooDeep,
    /// There is no event in it, or none that anybody knows.
    UnknownShape,
    /// Something that is needed is missing.
    MissingField,
    /// Something that is needed has the wrong type.
    WrongType,
    /// A key that is needed is there twice.
    DuplicateKey,
    /// Its time cannot be read.
    BadTime,
    /// It happened more than ten minutes after it arrived.
    FromTheFuture,
    /// It arrived more than seven days after it happened.
    BeyondHorizon,
    /// Nobody knows whose it is.
    UnknownOrganization,
}

impl Class {
    /// Its name in `records.csv`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::UnknownShape => "unknown_shape",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::DuplicateKey => "duplicate_key",
            Self::BadTime => "bad_time",
            Self::FromTheFuture => "from_the_future",
            Self::BeyondHorizon => "beyond_horizon",
            Self::UnknownOrganization => "unknown_organization",
        }
    }
}

const MOST_AHEAD_MILLIS: i64 = 10 * 60_000;
const HORIZON_MILLIS: i64 = 7 * 86_400_000;

/// The fate of a well-made record whose time matters; envelopes tell arrivals in whole seconds.
pub const fn by_time(event_millis: i64, arrival_millis: i64) -> Fate {
    let arrival_told = arrival_millis.div_euclid(1_000) * 1_000;
    if event_millis - arrival_told > MOST_AHEAD_MILLIS {
        Fate::SetAside(Class::FromTheFuture)
    } else if arrival_told - event_millis > HORIZON_MILLIS {
        Fate::SetAside(Class::BeyondHorizon)
    } else {
        Fate::Admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_themselves_still_count() {
        let noon = 1_793_620_800_000;
        for (event, fate) in [
            (noon + 600_000, Fate::Admitted),
            (noon + 600_001, Fate::SetAside(Class::FromTheFuture)),
            (noon - 7 * 86_400_000, Fate::Admitted),
            (noon - 7 * 86_400_000 - 1, Fate::SetAside(Class::BeyondHorizon)),
        ] {
            assert_eq!(by_time(event, noon + 999), fate);
        }
    }
}
