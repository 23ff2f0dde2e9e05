//! Why a stored message cannot be what its topic says it is.

/// Why bytes of one of our own topics make no row. Nothing of the message is told but the field's name and the value that is not known.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are no protobuf message of this kind.
    #[error("not a protobuf message of this topic: {0}")]
    NotProtobuf(#[from] prost::DecodeError),
    /// A field that every message has is absent.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field's value means nothing.
    #[error("{field} cannot be {value}")]
    Meaningless {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A field names something that only a later version knows.
    #[error(
        "{field} {value:?} is not known to this version of journeycast; read the topic with the version that wrote it"
    )]
    NotKnown {
        /// The field.
        field: &'static str,
        /// The name or number.
        value: String,
    },
}

impl Unreadable {
    /// The field has a value that means nothing.
    pub fn meaningless(field: &'static str, value: impl ToString) -> Self {
        Self::Meaningless { field, value: value.to_string() }
    }

    /// The field has a name or number of tomorrow.
    pub fn not_known(field: &'static str, value: impl ToString) -> Self {
        Self::NotKnown { field, value: value.to_string() }
    }
}
