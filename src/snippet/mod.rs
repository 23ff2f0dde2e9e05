//! ANSWERS: what a snippet on a page is; bytes in, findings out, no I/O and no clock.

pub mod signature;
pub use signature::{Generation, Product, Region, signatures};

mod address;

pub mod shown;
pub use shown::{plain, shown_address};

pub mod location;
pub use location::{fetchable, has_scheme, led_from};

mod anchors;

mod decode;

mod script;

mod evidence;
pub use evidence::{How, Inert};

mod usage;

mod details;

mod scan;

mod page;

mod literal;

mod container;

mod server_side;

mod har;

pub mod third_party;
pub use third_party::{ThirdParty, third_party};

pub mod visits;
pub use visits::{HostOffers, Recording, Visits};

pub mod mapping;
pub use mapping::{Mapping, MappingError};

pub mod trouble;
pub use trouble::Trouble;

pub mod input;
pub use input::{Audit, Kind, Other, audit};

pub mod unread;
pub use unread::Unread;

mod identity;
pub use identity::Whereabouts;

mod judge;

pub mod finding;
pub use finding::{Author, Confidence, Finding, Origin, Place, Sentence, Topic, Tracking, Verdict};

mod sentences;

mod cited;

pub mod deployment;
pub use deployment::{Configuration, Deployment};

pub mod browsed;
pub use browsed::{Browsed, Key, Phase, Request, Seen, Store};

pub mod as_text;

pub mod as_json;

pub mod as_sarif;
