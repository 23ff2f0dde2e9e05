//! TRANSLATES: bytes into what the engine knows, and what it says into bytes; no I/O, no clock, no async.

pub mod r#gen;
pub use r#gen::v1;

pub mod unreadable;
pub use unreadable::Unreadable;

pub mod timestamp;
pub use timestamp::Rfc3339;

pub mod schema_text;
pub use schema_text::standing_alone;

pub mod key;
pub use key::interval_key;

pub mod partition;
pub use partition::partition_of;

pub mod evidence;

pub mod framed;

pub mod adjustment;

pub mod adjustment_json;
pub use adjustment_json::write_json;

pub mod baseline;

pub mod baseline_csv;
pub use baseline_csv::BaselineCsvError;

pub mod staffing_csv;

mod volume_rows;

pub mod staffing_plan;
pub use staffing_plan::StaffingPlan;

pub mod genesys;
pub use genesys::{Reading, Rules};

pub mod facts;
mod facts_reading;

#[cfg(test)]
pub mod arbitrary;
