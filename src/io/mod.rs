//! ACTS: files, logs, keys and the clock; whatever the pure rooms are not allowed to touch.

pub mod clock;

pub mod random;

pub mod lines;
pub use lines::Lines;

pub mod master;

pub mod log;

pub mod reading;
pub use reading::Reader;

mod sought;
pub use sought::Sought;

pub mod embedded;
pub use embedded::Embedded;

pub mod appender;
pub use appender::Appender;

mod following;

pub mod counter;
pub use counter::Counter;

pub mod kafka;

pub mod site_files;

pub mod walking;

pub mod fetching;

pub mod deployments;

pub mod browser;

pub mod load;

pub mod blame;
