//! Everything that is proved from outside the rooms, in one binary.

mod contracts;
mod laws;
mod schemas;
mod settings;
mod story;
mod tidy;
