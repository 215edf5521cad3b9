//! Python's packages for the tests, each set in an environment of its own inside target/.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::child::command;
use crate::root;
use crate::steps::Steps;

/// The programs of exactly the packages that a requirements file names, installed unless they are there already.
pub fn programs(steps: &mut Steps, requirements: &Path) -> anyhow::Result<PathBuf> {
    let name = requirements.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = root::target().join("python").join(&name);
    let (programs, stamp) = (folder.join("bin"), folder.join("installed.txt"));
    let wanted = fs::read(requirements).with_context(|| format!("reading {}", requirements.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    let mut make = command("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    steps.quietly(&format!("{name}: environment"), make)?;
    let mut install = command(programs.join("pip"));
    install.args(["install", "--disable-pip-version-check", "--no-input", "--requirement"]).arg(requirements);
    install.env("PIP_CACHE_DIR", root::target().join("pip-cache"));
    steps.quietly(&format!("{name}: packages"), install)?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(programs)
}
