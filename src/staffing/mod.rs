//! COMPUTES: how many people a volume takes; queueing theory alone, no I/O, no clock, no bytes.

pub mod refusal;
pub use refusal::Refusal;

pub mod quantity;
pub use quantity::{Agents, Erlangs};

pub mod exact;

mod remainder;

pub mod blocking;

pub mod erlang_c;
pub use erlang_c::ErlangC;

mod waiting;

pub mod erlang_a;
pub use erlang_a::{ErlangA, ServiceLevel};

mod levels;

pub mod chat;
pub use chat::{Chat, ChatDesk};

pub mod gated;
pub use gated::{Gated, GatedOffers};

pub mod requirement;
pub use requirement::{Demand, PatientGoal, ServiceGoal, required_a, required_c};

pub mod goals;
pub use goals::{Goals, LevelGoal, Staff};

pub mod carry_over;
pub use carry_over::CarryOver;

pub mod course;
pub use course::{Course, Need, Stretch};
