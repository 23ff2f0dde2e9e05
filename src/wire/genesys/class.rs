//! Why a record cannot be used.

use std::fmt;

/// Why a record is set aside, in the order in which the reasons are checked: the earliest that fits is the one told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A record of a log without a value, or with one of no bytes.
    Empty,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    NotJson,
    /// Above 8 MiB; checked before everything else.
    TooLarge,
    /// More than 128 levels.
    TooDeep,
    /// No event that is known.
    UnknownShape,
    /// A needed field is absent, or null.
    MissingField,
    /// A needed field is of another type.
    WrongType,
    /// A needed key stands there twice.
    DuplicateKey,
    /// A time that cannot be read, or is not of the years 2000 to 2100.
    BadTime,
    /// It happened too long after it arrived.
    FromTheFuture,
    /// It arrived too long after it happened.
    BeyondHorizon,
    /// It belongs to nobody who is configured, or to somebody else than the source does.
    UnknownOrganization,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 13] = [
        Self::Empty,
        Self::NotUtf8,
        Self::NotJson,
        Self::TooLarge,
        Self::TooDeep,
        Self::UnknownShape,
        Self::MissingField,
        Self::WrongType,
        Self::DuplicateKey,
        Self::BadTime,
        Self::FromTheFuture,
        Self::BeyondHorizon,
        Self::UnknownOrganization,
    ];

    /// The name in the summary and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooLarge => "too_large",
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

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a record is set aside, and where in it the reason lies; never any text of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Why.
    pub class: Class,
    /// The JSON path, counted from the innermost wrapper.
    pub path: &'static str,
}

impl SetAside {
    /// The record as a whole is at fault.
    pub const fn whole(class: Class) -> Self {
        Self { class, path: "$" }
    }
}
