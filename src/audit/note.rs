//! Heads: the length and hash of a chain as a signed note (C2SP signed-note, Ed25519), so that any such verifier reads them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::Hash;

/// What the chain is called, and the key that signs it.
pub const ORIGIN: &str = "journeycast/audit/v1";
/// How a signature line begins.
const SIGNED_BY: &str = "\u{2014} ";
/// The kind of signature: Ed25519 over the text.
const ED25519: u8 = 1;
/// So many bytes of a key's hash tell it from others.
const KEY_ID: usize = 4;

/// What a head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries the chain had; the number of the last one.
    pub size: u64,
    /// Its hash then.
    pub hash: Hash,
}

impl Head {
    fn text(&self) -> String {
        format!("{ORIGIN}\n{}\n{}\n", self.size, STANDARD.encode(self.hash.0))
    }

    /// What a note says, whoever signed it; none where it is no note of this layout.
    pub fn read(note: &str) -> Option<Self> {
        let mut lines = note.strip_prefix(ORIGIN)?.strip_prefix('\n')?.lines();
        let size = lines.next()?.parse().ok()?;
        let hash = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let head = Self { size, hash: Hash(hash) };
        note.starts_with(&(head.text() + "\n")).then_some(head)
    }
}

/// A note as it was signed, out of what is left of it where it was kept: a mail changes how lines end and loses the last
/// end, and a log writes the note in one line, escaped, among other words.
pub fn as_signed(kept: &str) -> String {
    let from = kept.find(ORIGIN).and_then(|start| kept.get(start..)).unwrap_or(kept);
    let note = from.split('"').next().unwrap_or(from);
    format!("{}\n", note.replace("\\n", "\n").replace('\r', "").trim())
}

/// The key that verifies heads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key that these 64 hex digits write, large or small.
    pub fn from_hex(text: &str) -> Option<Self> {
        VerifyingKey::from_bytes(&Hash::from_hex(&text.to_ascii_lowercase())?.0).ok().map(Self)
    }

    fn id(&self) -> [u8; KEY_ID] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(ORIGIN)
            .chain_update([b'\n', ED25519])
            .chain_update(self.0.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// Whether this key signed this note, and the note says nothing but this head.
    pub fn signed(&self, head: &Head, note: &str) -> bool {
        let text = head.text();
        let signature = || {
            let line = note.strip_prefix(&text)?.strip_prefix('\n')?.strip_suffix('\n')?;
            let encoded = line.strip_prefix(SIGNED_BY)?.strip_prefix(ORIGIN)?.strip_prefix(' ')?;
            let bytes = STANDARD.decode(encoded).ok()?;
            let (id, signature) = bytes.split_first_chunk::<KEY_ID>()?;
            (*id == self.id()).then(|| Signature::from_slice(signature).ok()).flatten()
        };
        signature().is_some_and(|signature| self.0.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0.to_bytes()).fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Signs heads.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public_key())
    }
}

impl Signer {
    /// The signer of this seed.
    pub fn of(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key that verifies what it signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// A note of this head.
    pub fn sign(&self, head: &Head) -> String {
        let text = head.text();
        let signature = self.0.sign(text.as_bytes());
        let signed = [&self.public_key().id()[..], &signature.to_bytes()].concat();
        format!("{text}\n{SIGNED_BY}{ORIGIN} {}\n", STANDARD.encode(signed))
    }
}
