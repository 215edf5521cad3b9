//! The checkers that a machine may or may not have, and their installation.

use crate::child::{cargo, command, on_path};
use crate::root;
use crate::steps::Steps;

const HOW: &str = "not installed (cargo xtask tools)";

/// Package and program of each tool.
const TOOLS: &[(&str, &str)] =
    &[("cargo-nextest", "cargo-nextest"), ("cargo-deny", "cargo-deny"), ("typos-cli", "typos")];

pub fn install() -> anyhow::Result<()> {
    let mut steps = Steps::begin()?;
    for (package, program) in TOOLS {
        if on_path(program).is_some() {
            steps.skip(package, "it is here already");
            continue;
        }
        let mut cargo = cargo();
        cargo.args(["install", "--locked", package]);
        cargo.arg("--target-dir").arg(root::target().join("tools"));
        steps.openly(package, cargo)?;
    }
    steps.summary();
    Ok(())
}

pub fn has_nextest() -> bool {
    on_path("cargo-nextest").is_some()
}

/// Licences, bans and sources; the advisories need their database from the internet and are CI's matter elsewhere.
pub fn run(steps: &mut Steps) -> anyhow::Result<()> {
    match on_path("cargo-deny") {
        Some(_) => {
            let mut cargo = cargo();
            cargo.args(["deny", "--workspace", "check", "licenses", "bans", "sources"]);
            steps.quietly("cargo-deny", cargo)?;
        }
        None => steps.skip("cargo-deny", HOW),
    }
    match on_path("typos") {
        Some(typos) => steps.quietly("typos", command(typos))?,
        None => steps.skip("typos", HOW),
    }
    Ok(())
}
