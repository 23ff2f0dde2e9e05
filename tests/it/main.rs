//! Everything that is proved from outside the rooms, in one binary.

mod contracts;
mod schemas;
mod settings;
