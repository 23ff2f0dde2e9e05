//! The audit: what was done with policies, keys, erasures and holds, as a chain of hashes under signed heads.
//!
//! Pure: entries come in as arguments and go out as bytes. Whoever keeps them, keeps them as they are.

pub mod event;
pub use event::{Event, Signed, Standing};

pub mod entry;
pub use entry::{Entry, Hash};

pub mod note;
pub use note::{Head, PublicKey, Signer};

pub mod chain;
pub use chain::{Kept, after};

pub mod verify;
pub use verify::{Verified, Wrong, trusted, verify};

pub mod hold;
pub use hold::Hold;

pub mod holds;
pub use holds::{ActiveHold, Contradiction, Holds, Spot};

pub mod export;

mod instant;

#[cfg(test)]
mod tests;
