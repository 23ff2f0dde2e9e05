//! ACTS: files, logs, keys and the clock; whatever the pure rooms are not allowed to touch.

pub mod clock;

pub mod lines;
pub use lines::Lines;

pub mod site_files;

pub mod embedded;
pub use embedded::Embedded;
