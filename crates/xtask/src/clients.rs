//! `cargo xtask clients`: what is made from the API's document, so that nobody writes its shapes by hand.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use crate::child::{cargo, command};
use crate::needs;
use crate::page;
use crate::python;
use crate::root;
use crate::steps::Steps;

pub fn run() -> anyhow::Result<()> {
    needs::check(needs::TO_BUILD)?;
    let mut steps = Steps::begin()?;
    page::install(&mut steps)?;
    let mut build = cargo();
    // As the tests build it: with other features everything below it would be built anew.
    build.args(["build", "--workspace", "--bin", "isotherm"]);
    steps.openly("program", build)?;
    let document = write_document(&mut steps)?;
    let types = page::folder().join("src/api/schema.d.ts");
    steps.quietly("the page's types", page::schema(&document, &types))?;
    eprintln!("made {}", types.display());
    let folder = python(&mut steps)?;
    eprintln!("made {}", folder.display());
    Ok(())
}

/// The client in Python, from the document that the program prints; every file of it is compiled.
pub fn python(steps: &mut Steps) -> anyhow::Result<PathBuf> {
    let tests = root::repository().join("tests");
    let programs = python::programs(steps, &tests.join("python_client.txt"))?;
    let (document, folder) = (write_document(steps)?, root::target().join("clients/isotherm_client"));
    let mut generate = command(programs.join("openapi-python-client"));
    generate
        .args(["generate", "--overwrite", "--meta", "none", "--fail-on-warning", "--config"])
        .arg(tests.join("python_client.yaml"));
    generate.arg("--path").arg(document).arg("--output-path").arg(&folder);
    steps.quietly("the client in Python", generate)?;
    let mut compile = command("python3");
    compile.args(["-m", "compileall", "-q"]).arg(&folder);
    steps.quietly("the client in Python: compiled", compile)?;
    Ok(folder)
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
