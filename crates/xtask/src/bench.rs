//! `cargo xtask bench`: the whole path beside a bare reference, both as released.

use std::process::Command;

use anyhow::bail;

use crate::child::{cargo, command};
use crate::needs;
use crate::page;
use crate::root;
use crate::steps::Steps;

/// Builds both programs and measures; `arguments` are the bench's own. JSON on standard output, the rest on standard
/// error.
pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    needs::check(needs::TO_MEASURE)?;
    let mut steps = Steps::begin()?;
    page::install(&mut steps)?;
    page::build(&mut steps)?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "isotherm", "--package", "bench"]);
    steps.openly("release build", build)?;
    let mut bench: Command = command(root::target().join("release/bench"));
    let status = bench.args(arguments).status()?;
    if !status.success() {
        bail!("the bench: {status} (see above)");
    }
    Ok(())
}
