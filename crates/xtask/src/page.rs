//! The page in crates/web/ui: its packages, checks, unit tests and build. Cargo never runs npm; this does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Context;

use crate::child::command;
use crate::root;
use crate::steps::Steps;

pub fn folder() -> PathBuf {
    root::repository().join("crates/web/ui")
}

/// npm in a folder, with its cache and logs inside target/ and without chatter.
pub fn npm(folder: &Path) -> Command {
    let mut npm = command("npm");
    npm.current_dir(folder)
        .env("npm_config_cache", root::target().join("npm-cache"))
        .env("npm_config_update_notifier", "false")
        .env("npm_config_fund", "false")
        .env("npm_config_audit", "false");
    npm
}

fn script(name: &str) -> Command {
    let mut npm = npm(&folder());
    npm.args(["run", "--silent", name]);
    npm
}

/// Makes TypeScript types of the API's document; how, the page's own package says.
pub fn schema(document: &Path, types: &Path) -> Command {
    let mut made = script("schema");
    made.arg("--").arg(document).arg("--output").arg(types);
    made
}

/// Installs the packages of the lock file, unless the folder holds exactly these.
pub fn install(steps: &mut Steps) -> anyhow::Result<()> {
    let lock = folder().join("package-lock.json");
    let stamp = folder().join("node_modules/.installed-lock");
    let wanted = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = npm(&folder());
    npm.arg("ci");
    steps.quietly("page: packages", npm)?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

/// Builds the page into crates/web/ui/dist, unless nothing changed since.
pub fn build(steps: &mut Steps) -> anyhow::Result<()> {
    let built = fs::metadata(folder().join("dist/index.html")).and_then(|found| found.modified());
    if built.is_ok_and(|built| newest_source(&folder()).is_some_and(|newest| newest < built)) {
        return Ok(());
    }
    steps.quietly("page: build", script("build"))
}

pub fn check(steps: &mut Steps) -> anyhow::Result<()> {
    steps.quietly("page: checks", script("check"))?;
    steps.openly("page: unit tests", script("test"))
}

/// When anything that the build reads was last changed; a folder changes with what is removed from it.
fn newest_source(folder: &Path) -> Option<SystemTime> {
    let own = fs::metadata(folder).ok()?.modified().ok()?;
    let inner = fs::read_dir(folder).ok()?.flatten().filter_map(|entry| {
        let name = entry.file_name();
        if name == "node_modules" || name == "dist" {
            return None;
        }
        let kind = entry.file_type().ok()?;
        if kind.is_dir() { newest_source(&entry.path()) } else { entry.metadata().ok()?.modified().ok() }
    });
    // The page's own folder changes when `dist` is made in it, so its time says nothing.
    let itself = (folder != self::folder()).then_some(own);
    inner.chain(itself).max()
}
