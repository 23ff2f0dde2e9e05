//! Lines of files: plain, gzip, zstd or standard input, one record a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// Longer lines than this are cut: the record is too large whatever its rest says.
const LONGEST: usize = 8 * 1_024 * 1_024 + 16;
const BUFFER: usize = 256 * 1_024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The lines of one file.
pub struct Lines {
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
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
        Ok(Self { reader: Box::new(BufReader::with_capacity(BUFFER, reader)), line: Vec::new(), number: 0 })
    }

    /// The next line without its line feed, carriage return or byte order mark, and its number from 1.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        if !self.read_line()? {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        let line = self.line.as_slice();
        let line = if self.number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        Ok(Some((self.number, line)))
    }

    /// The line that was read last, again.
    pub fn current(&self) -> (u64, &[u8]) {
        let line = self.line.as_slice();
        (self.number, if self.number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line })
    }

    /// Reads up to the next line feed; false at the end of the file. What no record may hold is skipped.
    fn read_line(&mut self) -> io::Result<bool> {
        let mut any = false;
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                return Ok(any);
            }
            any = true;
            let end = memchr::memchr(b'\n', available);
            let taken = end.unwrap_or(available.len());
            let room = LONGEST.saturating_sub(self.line.len());
            self.line.extend(available.iter().take(taken.min(room)));
            let used = end.map_or(taken, |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
