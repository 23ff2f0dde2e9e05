//! The master key: 64 hex digits in one file, made on first run, and recognized ever after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rusqlite::Connection;

use super::{Embedded, EmbeddedError};

/// The name of the value in `meta` that only the right master opens.
const CHECK: &str = "master_check";
/// What that value is bound to, and what it says.
const CHECK_TEXT: &[u8] = b"journeycast master check";
/// The length of the random part of what is wrapped.
const NONCE_BYTES: usize = 24;

/// What is derived from the master key; the key itself is not kept.
pub(super) struct Master {
    wrapping: [u8; 32],
    labels: [u8; 32],
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master(…)")
    }
}

impl Master {
    fn of(key: &[u8; 32]) -> Self {
        Self {
            wrapping: blake3::derive_key("journeycast 2026 wrapping of epoch keys", key),
            labels: blake3::derive_key("journeycast 2026 hiding of labels", key),
        }
    }

    /// Reads the key from its file.
    pub(super) fn read(file: &Path) -> Result<Self, EmbeddedError> {
        let unreadable = |source| EmbeddedError::MasterUnreadable { file: file.to_path_buf(), source };
        let text = fs::read(file).map_err(unreadable)?;
        let key =
            from_hex(text.trim_ascii()).ok_or_else(|| EmbeddedError::MasterMalformed { file: file.to_path_buf() })?;
        Ok(Self::of(&key))
    }

    /// The key that hides labels.
    pub(super) const fn label_key(&self) -> [u8; 32] {
        self.labels
    }

    /// Seals a secret, bound to `purpose`.
    pub(super) fn wrap(&self, secret: &[u8], purpose: &[u8]) -> Result<Vec<u8>, EmbeddedError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: secret, aad: purpose };
        // Sealing fails beyond 256 GiB only; what would come of it does not open, and that is told.
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the same purpose; none where it was another's, or was changed.
    pub(super) fn unwrap(&self, wrapped: &[u8], purpose: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: purpose }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.wrapping))
    }
}

/// Reads the data folder's own key, or makes it where nothing was ever made with one. Only one process may do so at a time.
pub(super) fn own(
    file: &Path,
    is_known: impl FnOnce() -> Result<bool, EmbeddedError>,
) -> Result<Master, EmbeddedError> {
    let unusable = |source| EmbeddedError::MasterUnreadable { file: file.to_path_buf(), source };
    if !file.try_exists().map_err(unusable)? {
        if is_known()? {
            let database = file.with_file_name(super::DATABASE);
            return Err(EmbeddedError::MasterMissing { file: file.to_path_buf(), database });
        }
        make(file, &random()?).map_err(unusable)?;
    }
    Master::read(file)
}

/// Whether something in the database was made with a master key.
pub(super) fn is_known(connection: &Connection, file: &Path) -> Result<bool, EmbeddedError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = ?1)";
    connection.query_row(sql, [CHECK], |row| row.get(0)).map_err(|error| EmbeddedError::of(file, error))
}

/// The file appears whole or not at all.
fn make(file: &Path, key: &[u8; 32]) -> io::Result<()> {
    let unfinished = file.with_extension("key.new");
    if unfinished.try_exists()? {
        fs::remove_file(&unfinished)?;
    }
    let mut writing = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    writeln!(writing, "{}", to_hex(key))?;
    writing.sync_all()?;
    fs::rename(&unfinished, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

impl Embedded {
    /// Refuses a master other than the one that this database was made with; `key_file` is where it came from.
    pub(super) fn recognize_master(&mut self, key_file: &Path) -> Result<(), EmbeddedError> {
        let check = match self.get_meta(CHECK)? {
            Some(check) => check,
            None => {
                let check = self.master.wrap(CHECK_TEXT, CHECK_TEXT)?;
                self.set_meta(CHECK, &check)?;
                check
            }
        };
        if self.master.unwrap(&check, CHECK_TEXT).as_deref() == Some(CHECK_TEXT) {
            return Ok(());
        }
        Err(EmbeddedError::MasterOther { file: key_file.to_path_buf(), database: self.file.clone() })
    }
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], EmbeddedError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(EmbeddedError::NoRandomness)?;
    Ok(bytes)
}

fn to_hex(key: &[u8; 32]) -> String {
    key.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != key.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(key)
}
