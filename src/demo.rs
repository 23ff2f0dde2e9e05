//! The demo.

use crate::cli::DemoArgs;
use crate::perform::Failure;

/// Shows the whole pipeline.
pub fn demo(_args: &DemoArgs) -> Result<(), Failure> {
    Err(Failure::Failed(String::new()))
}
