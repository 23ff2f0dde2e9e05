//! SIMULATES a site whose truth is known: visitors, offers and conversations, and all that goes wrong with records.
//!
//! Pure: a plan goes in, records come out in order of arrival, and the truth beside them is told from how the site
//! was made. Nothing here knows the engine, so that neither can repeat the other's mistakes.

pub mod dice;
pub use dice::Dice;

mod delay;

pub mod plan;
pub use plan::{Pathologies, SitePlan};

mod page;

mod place;
pub use place::ORGANIZATION;

mod calendar;

mod persona;
pub use persona::PERSONAL_MARKER;

mod offer;

mod conversation;

mod visit;

mod journey_body;

mod talk_body;

mod envelope;

pub mod fate;
pub use fate::{Class, Fate};

mod post;
pub use post::{Feed, Sent};

mod malformed;

mod hostile;

pub mod truth;
pub use truth::{Counts, Truth};

mod mean;

mod site;
pub use site::Site;

mod story;
pub use story::story_visitor;

mod files;
pub use files::{baseline_csv, config_toml, records_csv, truth_csv};

#[cfg(test)]
mod tests;
