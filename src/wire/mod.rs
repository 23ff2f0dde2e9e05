//! TRANSLATES: bytes into what the engine knows, and what it says into bytes; no I/O, no clock, no async.

pub mod r#gen;
pub use r#gen::v1;
