//! ACTS: files, logs, keys and the clock; whatever the pure rooms are not allowed to touch.

pub mod embedded;
pub mod site_files;
