//! The master key: 64 hex digits in one file; what is derived from it hides labels and seals the keys of epochs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// The length of the random part of what is wrapped.
const NONCE_BYTES: usize = 24;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// It cannot be read or made.
    #[error(
        "the master key {file} cannot be used: {source}; [keys] key_file must name a file that this user can read, \
         and without it the data folder must be writable"
    )]
    Unreadable {
        /// The key file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "the master key {file} must hold 64 hex digits (0-9, a-f) and nothing else; \
         `openssl rand -hex 32` makes such a key, but only before the first start"
    )]
    Malformed {
        /// The key file.
        file: PathBuf,
    },
    /// The key of the audit cannot be read.
    #[error(
        "the key of the audit {file} cannot be used ({why}); [keys] audit_key_file must name a file with 64 hex digits that \
         this user can read; `openssl rand -hex 32` makes such a key"
    )]
    AuditKey {
        /// The key file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// No random bytes for a new key.
    #[error("the system gives no random bytes for a new key: {0}")]
    NoRandomness(getrandom::Error),
}

/// What is derived from the master key; the key itself is not kept.
pub struct Master {
    wrapping: [u8; 32],
    labels: [u8; 32],
    audit: [u8; 32],
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
            audit: blake3::derive_key("journeycast 2026 signing of the audit", key),
        }
    }

    /// The master of somebody who only reads what nobody sealed: nothing opens with it.
    pub fn of_a_reader() -> Result<Self, MasterError> {
        Ok(Self::of(&random()?))
    }

    /// Reads the key from its file.
    pub fn read(file: &Path) -> Result<Self, MasterError> {
        let unreadable = |source| MasterError::Unreadable { file: file.to_path_buf(), source };
        let text = fs::read(file).map_err(unreadable)?;
        let key = from_hex(text.trim_ascii()).ok_or_else(|| MasterError::Malformed { file: file.to_path_buf() })?;
        Ok(Self::of(&key))
    }

    /// The key that hides labels.
    pub const fn label_key(&self) -> [u8; 32] {
        self.labels
    }

    /// The seed of the key that signs the audit, where no other is configured.
    pub const fn audit_seed(&self) -> [u8; 32] {
        self.audit
    }

    /// Seals a secret, bound to `purpose`.
    pub fn wrap(&self, secret: &[u8], purpose: &[u8]) -> Result<Vec<u8>, MasterError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: secret, aad: purpose };
        // Sealing fails beyond 256 GiB only; what would come of it does not open, and that is told.
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the same purpose; none where it was another's, or was changed.
    pub fn unwrap(&self, wrapped: &[u8], purpose: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: purpose }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.wrapping))
    }
}

/// The seed of the key that signs the audit, from a file of its own.
pub fn audit_seed(file: &Path) -> Result<[u8; 32], MasterError> {
    let refused = |why: String| MasterError::AuditKey { file: file.to_path_buf(), why };
    let text = fs::read(file).map_err(|error| refused(error.to_string()))?;
    from_hex(text.trim_ascii()).ok_or_else(|| refused("it holds something else".to_owned()))
}

/// The file appears whole or not at all.
pub fn make(file: &Path, key: &[u8; 32]) -> io::Result<()> {
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

/// Random bytes of the system.
pub fn random<const N: usize>() -> Result<[u8; N], MasterError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(MasterError::NoRandomness)?;
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
