//! The protobuf messages as `proto/` has them; `tests/it/contracts.rs` writes this folder and guards it.

/// Version 1 of the family; its major version is the package's, and never changes a meaning.
#[rustfmt::skip]
#[path = "journeycast.v1.rs"]
pub mod v1;
