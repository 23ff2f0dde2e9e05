//! The wire format of schema registries: which schema a value is of stands before it.
//!
//! A zero byte, the number of the schema (four bytes, most significant first), the place of the message in the schema
//! (one zero byte: the first message), and the value. The first byte of a plain protobuf message is never zero.

/// How many bytes stand before the value.
const HEAD: usize = 6;

/// A value under the number of its schema.
pub fn framed(schema: u32, value: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(HEAD + value.len());
    framed.push(0);
    framed.extend(schema.to_be_bytes());
    framed.push(0);
    framed.extend(value);
    framed
}

/// Whether a number of a schema stands before the value.
pub fn is_framed(record: &[u8]) -> bool {
    record.len() >= HEAD && record.first() == Some(&0)
}

/// The value alone, whether or not a number stands before it.
pub fn value_of(record: &[u8]) -> &[u8] {
    if is_framed(record) { record.get(HEAD..).unwrap_or_default() } else { record }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_of_schema_258_begins_with_its_number() {
        assert_eq!(framed(258, b"row"), [0, 0, 0, 1, 2, 0, b'r', b'o', b'w']);
    }

    proptest! {
        #[test]
        fn a_value_comes_back_framed_or_plain(schema: u32, value in prop::collection::vec(any::<u8>(), 0..40)) {
            let record = framed(schema, &value);
            prop_assert!(is_framed(&record));
            prop_assert_eq!(value_of(&record), &value);
            let plain = [&[0x0a], value.as_slice()].concat();
            prop_assert!(!is_framed(&plain));
            prop_assert_eq!(value_of(&plain), &plain);
        }
    }
}
