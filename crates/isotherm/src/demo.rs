//! (to be written)
use crate::Failure;
use crate::config::Options;
#[derive(clap::Args)]
pub struct DemoOptions {}
pub fn run(_: &Options, _: &DemoOptions) -> Result<(), Failure> {
    Ok(())
}
