//! Decoding: bytes of a page become text, piece by piece; what is no text becomes a mark of replacement.

use std::borrow::Cow;

/// How the bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// UTF-8, or any encoding that agrees with ASCII: what snippets consist of reads the same.
    Ascii,
    /// Two bytes a letter, the low byte first.
    Utf16Le,
    /// Two bytes a letter, the high byte first.
    Utf16Be,
}

/// Text out of bytes.
#[derive(Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    at: usize,
}

impl<'a> Decoder<'a> {
    /// By the mark at the beginning, or by where the zeros stand.
    pub fn of(bytes: &'a [u8]) -> Self {
        let (encoding, at) = match bytes {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Ascii, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            _ => (guessed(bytes), 0),
        };
        Self { bytes, encoding, at }
    }

    /// The next piece of about this many bytes; nothing at the end.
    pub fn next_piece(&mut self, length: usize) -> Option<Cow<'a, str>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let end = self.end_of_piece((self.at + length).min(self.bytes.len()));
        let piece = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(match self.encoding {
            Encoding::Ascii => String::from_utf8_lossy(piece),
            Encoding::Utf16Le => Cow::Owned(wide(piece, u16::from_le_bytes)),
            Encoding::Utf16Be => Cow::Owned(wide(piece, u16::from_be_bytes)),
        })
    }

    /// All of it.
    pub fn whole(mut self) -> Cow<'a, str> {
        self.next_piece(self.bytes.len()).unwrap_or_default()
    }

    /// No letter is cut in two.
    fn end_of_piece(&self, wanted: usize) -> usize {
        let mut end = wanted;
        match self.encoding {
            Encoding::Ascii => {
                let follows = |byte: &u8| (0x80..0xc0).contains(byte);
                while end < self.bytes.len() && end < wanted + 4 && self.bytes.get(end).is_some_and(follows) {
                    end += 1;
                }
            }
            Encoding::Utf16Le | Encoding::Utf16Be => {
                end -= (end - self.at) % 2;
                let high = if self.encoding == Encoding::Utf16Le { end.wrapping_sub(1) } else { end.wrapping_sub(2) };
                let starts_pair = self.bytes.get(high).is_some_and(|byte| (0xd8..0xdc).contains(byte));
                if starts_pair && end + 2 <= self.bytes.len() {
                    end += 2;
                }
                if end <= self.at {
                    end = self.bytes.len();
                }
            }
        }
        end
    }
}

/// Markup in UTF-16 without its mark has a zero in every second byte.
fn guessed(bytes: &[u8]) -> Encoding {
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    if half >= 4 && zeros(1) * 10 >= half * 8 && zeros(0) == 0 {
        Encoding::Utf16Le
    } else if half >= 4 && zeros(0) * 10 >= half * 8 && zeros(1) == 0 {
        Encoding::Utf16Be
    } else {
        Encoding::Ascii
    }
}

fn wide(piece: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let units = piece.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether the bytes are something other than text: zeros among them, and not as UTF-16 has them.
pub fn is_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let marked = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    let controls = head.iter().filter(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31)).count();
    !marked && guessed(head) == Encoding::Ascii && (zeros > 0 && zeros * 100 > head.len() || controls * 20 > head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8], length: usize) -> String {
        let mut decoder = Decoder::of(bytes);
        let mut text = String::new();
        while let Some(piece) = decoder.next_piece(length) {
            text.push_str(&piece);
        }
        text
    }

    #[test]
    fn every_encoding_reads_the_same_however_it_is_cut() {
        let text = "<p>é😀ü</p>";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for length in [1, 2, 3, 5, 64] {
            assert_eq!(pieces(text.as_bytes(), length), text);
            assert_eq!(pieces(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), length), text);
            assert_eq!(pieces(&[b"\xff\xfe", le.as_slice()].concat(), length), text, "{length}");
            assert_eq!(pieces(&[b"\xfe\xff", be.as_slice()].concat(), length), text, "{length}");
        }
        let plain: Vec<u8> = "<html><head>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(pieces(&plain, 4), "<html><head>");
    }

    #[test]
    fn pictures_are_no_text_and_broken_text_still_is() {
        assert!(is_binary(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0"));
        assert!(!is_binary(b"<p>caf\xe9 \xff\xfe</p>"));
        assert!(!is_binary(b""));
        assert_eq!(pieces(b"caf\xe9!", 64), "caf\u{fffd}!");
    }
}
