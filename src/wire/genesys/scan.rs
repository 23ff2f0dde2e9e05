//! A cursor over JSON that validates whatever it passes, and keeps nothing.

/// A byte in every place of a word.
const fn everywhere(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const WORD: usize = 8;
const HIGH_BITS: u64 = everywhere(0x80);

/// Marks the bytes that end the plain part of a string: quotes, backslashes and control characters. The bit that is
/// flipped swaps quote and space, so that quote and controls are the least bytes of all. What stands above the lowest
/// mark may be marked in error, by the borrow.
const fn ends(word: u64) -> u64 {
    let quotes_and_controls = (word ^ everywhere(b'"' ^ b' ')).wrapping_sub(everywhere(b' ' + 1));
    let backslashes = (word ^ everywhere(b'\\')).wrapping_sub(everywhere(1));
    (quotes_and_controls | backslashes) & !word & HIGH_BITS
}

/// Where in a record the reading stands. Every step returns `None` where the JSON is broken, or too deep.
pub struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning.
    pub const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// The next byte that is no white space.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Past the byte that was just seen.
    #[inline]
    pub const fn step(&mut self) {
        self.at += 1;
    }

    /// Past this byte, which must be the next one.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        let is_there = self.peek()? == byte;
        self.step();
        is_there.then_some(())
    }

    /// Whether only white space is left.
    pub fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Past a string that has no escapes; its text.
    #[inline]
    pub fn plain_string(&mut self) -> Option<&'a str> {
        let start = self.at_plain()?;
        let is_plain = *self.bytes.get(self.at)? == b'"';
        let text = self.text.get(start..self.at)?;
        self.step();
        is_plain.then_some(text)
    }

    /// Past a key that has no escapes; its bytes, for they are only ever compared.
    #[inline]
    pub fn plain_key(&mut self) -> Option<&'a [u8]> {
        let start = self.at_plain()?;
        let is_plain = *self.bytes.get(self.at)? == b'"';
        let key = self.bytes.get(start..self.at)?;
        self.step();
        is_plain.then_some(key)
    }

    /// Past the quote that must be next, and what is plain behind it; where that began.
    #[inline]
    fn at_plain(&mut self) -> Option<usize> {
        self.expect(b'"')?;
        let start = self.at;
        self.pass_plain()?;
        Some(start)
    }

    /// Past any string.
    #[inline]
    fn pass_string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.pass_plain()?;
            match *self.bytes.get(self.at)? {
                b'"' => {
                    self.step();
                    return Some(());
                }
                b'\\' => self.pass_escape()?,
                _ => return None,
            }
        }
    }

    /// To the next quote, backslash or control character.
    #[inline]
    fn pass_plain(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let (words, tail) = rest.as_chunks::<WORD>();
        for word in words {
            let ends = ends(u64::from_le_bytes(*word));
            if ends != 0 {
                self.at += (ends.trailing_zeros() / u8::BITS) as usize;
                return Some(());
            }
            self.at += WORD;
        }
        self.at += tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        Some(())
    }

    fn pass_escape(&mut self) -> Option<()> {
        match *self.bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.at += 6;
            }
            _ => return None,
        }
        Some(())
    }

    /// Past a number; its text.
    #[inline]
    pub fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.here() == b'-' {
            self.step();
        }
        match self.here() {
            b'0' => self.step(),
            b'1'..=b'9' => self.pass_digits(),
            _ => return None,
        }
        if self.here() == b'.' {
            self.step();
            self.pass_some_digits()?;
        }
        if matches!(self.here(), b'e' | b'E') {
            self.step();
            if matches!(self.here(), b'+' | b'-') {
                self.step();
            }
            self.pass_some_digits()?;
        }
        self.text.get(start..self.at)
    }

    /// The byte here, white space or not; NUL at the end.
    #[inline]
    fn here(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn pass_digits(&mut self) {
        while self.here().is_ascii_digit() {
            self.step();
        }
    }

    fn pass_some_digits(&mut self) -> Option<()> {
        let start = self.at;
        self.pass_digits();
        (self.at > start).then_some(())
    }

    /// Past this word.
    #[inline]
    pub fn literal(&mut self, word: &[u8]) -> Option<()> {
        let is_there = self.bytes.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_there.then_some(())
    }

    /// Past any value, which may be so many levels deep. A bit for every open container tells objects from arrays.
    pub fn pass_value(&mut self, levels: u32) -> Option<()> {
        let (mut open, mut depth) = (0_u128, 0_u32);
        loop {
            match self.peek()? {
                b'"' => self.pass_string()?,
                bracket @ (b'{' | b'[') => {
                    self.step();
                    let is_object = bracket == b'{';
                    depth += 1;
                    if depth > levels {
                        return None;
                    }
                    open = open << 1 | u128::from(is_object);
                    if self.peek()? != bracket + 2 {
                        if is_object {
                            self.pass_key()?;
                        }
                        continue;
                    }
                    self.step();
                    open >>= 1;
                    depth -= 1;
                }
                first => self.pass_scalar(first)?,
            }
            loop {
                if depth == 0 {
                    return Some(());
                }
                let is_object = open & 1 == 1;
                match (self.peek()?, is_object) {
                    (b',', true) => {
                        self.step();
                        self.pass_key()?;
                        break;
                    }
                    (b',', false) => {
                        self.step();
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.step();
                        open >>= 1;
                        depth -= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    #[inline]
    fn pass_key(&mut self) -> Option<()> {
        self.pass_string()?;
        self.expect(b':')
    }

    #[inline]
    fn pass_scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number().map(|_| ()),
        }
    }
}
