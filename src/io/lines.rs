//! Lines of files: plain, gzip, zstd or standard input, one record a line.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// Longer lines than this are cut: the record is too large whatever its rest says.
const LONGEST: usize = 8 * 1_024 * 1_024 + 16;
const BUFFER: usize = 256 * 1_024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The lines of one file. A line is read where it stands in the buffer; only one that the buffer cuts is put together.
pub struct Lines {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is filled and not yet given out.
    rest: Range<usize>,
    /// The line that was given out last, in the buffer.
    line: Range<usize>,
    number: u64,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Lines {
    /// Opens a file by its name: `-` is standard input, `.gz` and `.zst` are unpacked.
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = path.to_string_lossy();
        let reader: Box<dyn Read + Send> = if name == "-" {
            Box::new(io::stdin())
        } else {
            let file = File::open(path)?;
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("gz") => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
                Some("zst" | "zstd") => Box::new(zstd::Decoder::new(file)?),
                Some(_) | None => Box::new(file),
            }
        };
        Ok(Self { reader, buffer: vec![0; BUFFER], rest: 0..0, line: 0..0, number: 0 })
    }

    /// The next line without its line feed, carriage return or byte order mark, and its number from 1.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        let Some(line) = self.read_line()? else {
            self.line = 0..0;
            return Ok(None);
        };
        self.number += 1;
        self.line = line;
        Ok(Some(self.current()))
    }

    /// The line that was read last.
    fn current(&self) -> (u64, &[u8]) {
        let line = self.buffer.get(self.line.clone()).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (self.number, if self.number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line })
    }

    /// Where the next line stands in the buffer, up to its line feed; `None` at the end of the file.
    fn read_line(&mut self) -> io::Result<Option<Range<usize>>> {
        let mut searched = 0;
        loop {
            let rest = self.buffer.get(self.rest.clone()).unwrap_or_default();
            let unsearched = rest.get(searched..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', unsearched) {
                let (start, end) = (self.rest.start, self.rest.start + searched + end);
                self.rest.start = end + 1;
                return Ok(Some(start..end.min(start + LONGEST)));
            }
            searched = rest.len();
            if searched >= LONGEST {
                let line = self.rest.start..self.rest.start + LONGEST;
                self.skip_line(line.end)?;
                return Ok(Some(line));
            }
            if !self.fill()? {
                let line = self.rest.clone();
                self.rest.start = self.rest.end;
                return Ok(Some(line).filter(|line| !line.is_empty()));
            }
        }
    }

    /// Reads more behind what is not yet given out, which moves to the front; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.rest.clone(), 0);
        self.rest = 0..self.rest.len();
        if self.rest.end == self.buffer.len() {
            self.buffer.resize((self.buffer.len() * 2).min(LONGEST + BUFFER), 0);
        }
        self.read_behind(self.rest.end)
    }

    /// Skips what is left of a line that no record may be as long as; the buffer up to `kept` stays as it is.
    fn skip_line(&mut self, kept: usize) -> io::Result<()> {
        self.buffer.resize(self.buffer.len().max(kept + BUFFER), 0);
        loop {
            if !self.read_behind(kept)? {
                self.rest = kept..kept;
                return Ok(());
            }
            let read = self.buffer.get(kept..self.rest.end).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', read) {
                self.rest.start = kept + end + 1;
                return Ok(());
            }
        }
    }

    /// Reads once behind this place of the buffer; false at the end of the file.
    fn read_behind(&mut self, place: usize) -> io::Result<bool> {
        let room = self.buffer.get_mut(place..).unwrap_or_default();
        loop {
            match self.reader.read(room) {
                Ok(read) => {
                    self.rest.end = place + read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn lines_of(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut lines = Lines::open(file.path()).unwrap();
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            found.push((number, line.to_vec()));
        }
        found
    }

    #[test]
    fn marks_and_carriage_returns_are_no_part_of_a_record() {
        let found = lines_of(b"\xef\xbb\xbfone\r\n\r\n three");
        assert_eq!(found, [(1, b"one".to_vec()), (2, Vec::new()), (3, b" three".to_vec())]);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_wherever_the_buffer_cuts_them(lengths in vec(prop_oneof![0..9_usize, 0..BUFFER, BUFFER - 3..BUFFER + 3, 2 * BUFFER - 9..3 * BUFFER], 0..9)) {
            let expected: Vec<Vec<u8>> = lengths.iter().map(|length| (0..*length).map(|place| b'a' + (place % 23) as u8).collect()).collect();
            let found = lines_of(&[expected.join(&b'\n'), b"\n".to_vec()].concat());
            let expected = if expected.is_empty() { vec![Vec::new()] } else { expected };
            prop_assert_eq!(found.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn what_no_record_may_be_is_cut_even_where_it_ends_within_the_buffer() {
        let lines = [vec![b'x'; 2 * LONGEST], b"y".to_vec(), vec![b'z'; LONGEST + 5], b"next".to_vec()];
        let lengths: Vec<usize> = lines_of(&lines.join(&b'\n')).into_iter().map(|(_, line)| line.len()).collect();
        assert_eq!(lengths, [LONGEST, 1, LONGEST, 4]);
    }

    #[test]
    fn what_is_longer_than_any_record_is_cut_and_its_neighbour_is_not_lost() {
        let mut bytes = vec![b'x'; 3 * LONGEST];
        bytes.extend_from_slice(b"\nnext\n");
        let found = lines_of(&bytes);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1.len(), LONGEST);
        assert_eq!(found[1], (2, b"next".to_vec()));
    }
}
