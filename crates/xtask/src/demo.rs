//! `cargo xtask demo` and `cargo xtask build`: the page, then the program with the page inside.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::binaries;
use crate::child::cargo;
use crate::needs;
use crate::page;
use crate::root;
use crate::steps::Steps;

/// The person's options, passed on.
pub struct Wishes {
    pub listen: Option<String>,
    pub speed: Option<String>,
    pub data: Option<PathBuf>,
}

pub fn build_only() -> anyhow::Result<()> {
    needs::check(needs::TO_BUILD)?;
    let mut steps = Steps::begin()?;
    build(&mut steps)?;
    eprintln!("built {}", root::program().display());
    Ok(())
}

pub fn build(steps: &mut Steps) -> anyhow::Result<()> {
    page::install(steps)?;
    page::build(steps)?;
    let mut cargo = cargo();
    cargo.args(["build", "--package", "isotherm"]);
    steps.openly("program", cargo)
}

/// Becomes the demo, so that Ctrl-C and every other signal reach it and nothing stays behind.
pub fn run(wishes: &Wishes) -> anyhow::Result<()> {
    needs::check(needs::TO_BUILD)?;
    let data = data_folder(wishes)?;
    let mut steps = Steps::begin()?;
    let postgres = binaries::for_demo(&mut steps)?;
    build(&mut steps)?;
    let mut demo = Command::new(root::program());
    demo.current_dir(root::repository()).arg("demo").arg("--data").arg(&data);
    for (option, value) in [("--listen", &wishes.listen), ("--speed", &wishes.speed)] {
        if let Some(value) = value {
            demo.arg(option).arg(value);
        }
    }
    if let Some(postgres) = postgres {
        demo.env(binaries::VARIABLE, postgres);
    }
    eprintln!("· demo in {} (Ctrl-C ends it)", data.display());
    let error = demo.exec();
    bail!("{} does not run: {error}", root::program().display())
}

fn data_folder(wishes: &Wishes) -> anyhow::Result<PathBuf> {
    if let Some(data) = &wishes.data {
        return Ok(std::path::absolute(data)?);
    }
    let usual = root::target().join("demo");
    let Some(closed) = root::closed_to_others(&usual) else { return Ok(usual) };
    let other = root::open_place().join("data");
    eprintln!(
        "· {} is closed to the database's user (as root it runs as another one), so the demo lives in {}",
        closed.display(),
        other.display()
    );
    Ok(other)
}
