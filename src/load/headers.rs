//! Headers: what an operator wants said with every request; the values are secrets, and complaints never hold them.

use http::{HeaderName, HeaderValue, header};

/// What we say ourselves, or what would change where a request ends.
const OURS: [HeaderName; 10] = [
    header::HOST,
    header::USER_AGENT,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::ACCEPT,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    header::EXPECT,
];

/// Why a file has no headers that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// Nothing in it.
    #[error("empty: write `Name: value`, one a line")]
    Empty,
    /// No header.
    #[error("not_a_header: line {line}: write `Name: value` in ASCII letters")]
    NotAHeader {
        /// The line, from 1.
        line: u64,
    },
    /// A header that is not for operators to say.
    #[error("not_yours_to_say: line {line}: {name} is said by load run itself")]
    Ours {
        /// The line, from 1.
        line: u64,
        /// Its name, which is no secret.
        name: HeaderName,
    },
}

/// Reads headers, `Name: value` a line; empty lines do not count.
///
/// # Errors
///
/// Where a line is none, or there are none.
pub fn read_headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, BadHeader> {
    let mut headers = Vec::new();
    for (line, said) in (1..).zip(text.lines()).filter(|(_, said)| !said.trim().is_empty()) {
        let not_a_header = BadHeader::NotAHeader { line };
        let Some((name, value)) = said.split_once(':') else { return Err(not_a_header) };
        let (name, value) = (HeaderName::try_from(name.trim()), HeaderValue::try_from(value.trim()));
        let (Ok(name), Ok(mut value)) = (name, value) else { return Err(not_a_header) };
        if value.is_empty() {
            return Err(not_a_header);
        }
        if OURS.contains(&name) {
            return Err(BadHeader::Ours { line, name });
        }
        value.set_sensitive(true);
        headers.push((name, value));
    }
    if headers.is_empty() { Err(BadHeader::Empty) } else { Ok(headers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_line_by_line_and_never_shown() {
        let read = read_headers("\u{20}\nAuthorization: Bearer secret-1\r\nx-gateway:  a b \n\n").unwrap();
        assert_eq!(read[0].0, header::AUTHORIZATION);
        assert_eq!(read[1].1.to_str().unwrap(), "a b");
        assert!(!format!("{read:?}").contains("secret-1"));
    }

    #[test]
    fn what_is_no_header_is_refused_by_its_line_and_without_its_text() {
        for (text, says) in [
            ("", "empty"),
            ("\n\n", "empty"),
            ("Bearer secret-1", "not_a_header: line 1"),
            ("a: b\n: secret-1", "not_a_header: line 2"),
            ("a b: secret-1", "not_a_header: line 1"),
            ("a:", "not_a_header: line 1"),
            ("a: secret-1\u{7}", "not_a_header: line 1"),
            ("User-Agent: secret-1", "not_yours_to_say: line 1: user-agent"),
            ("content-length: 3", "not_yours_to_say"),
        ] {
            let said = read_headers(text).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("secret-1"), "{text:?}: {said}");
        }
    }
}
