//! `cargo xtask clients`: what is made from the API's document, so that nobody writes its shapes by hand.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use crate::child::{cargo, command};
use crate::needs;
use crate::page;
use crate::root;
use crate::steps::Steps;

pub fn run() -> anyhow::Result<()> {
    needs::check(needs::TO_BUILD)?;
    let mut steps = Steps::begin()?;
    page::install(&mut steps)?;
    let mut build = cargo();
    build.args(["build", "--package", "isotherm"]);
    steps.openly("program", build)?;
    let document = write_document(&mut steps)?;
    let types = page::folder().join("src/api/schema.d.ts");
    steps.quietly("the page's types", page::schema(&document, &types))?;
    eprintln!("made {}", types.display());
    Ok(())
}

/// What `isotherm openapi` prints, as a file.
fn write_document(steps: &mut Steps) -> anyhow::Result<PathBuf> {
    let folder = root::target().join("clients");
    let file = folder.join("openapi.json");
    steps.call("document", || {
        let mut printed = command(root::program());
        let output = printed.arg("openapi").output().context("running isotherm openapi")?;
        anyhow::ensure!(output.status.success(), "isotherm openapi: {}", output.status);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(&file, output.stdout).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    })
}
