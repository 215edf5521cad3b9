//! Packages from Debian or Ubuntu, where this user may install them without being asked for a password.

use std::process::Command;

use crate::child::{command, on_path, output_of};
use crate::root;
use crate::steps::Steps;

const SCRIPT: &str = include_str!("install.sh");

/// Installs the packages, or leaves it to the person: then the lines about what is missing follow.
pub fn packages(packages: &[&str]) -> anyhow::Result<()> {
    let Some(mut shell) = root_shell() else { return Ok(()) };
    shell.args(["-c", SCRIPT, "install"]).args(packages);
    let name = format!("apt-get install {}", packages.join(" "));
    // Not the end: what is still missing is named in a line each.
    if let Err(error) = Steps::begin()?.quietly(&name, shell) {
        eprintln!("✗ {error:#}");
    }
    Ok(())
}

/// A shell as root: we are, or sudo lets us without a prompt.
fn root_shell() -> Option<Command> {
    on_path("apt-get")
        .or_else(|| Some("/usr/bin/apt-get".into()).filter(|path: &std::path::PathBuf| path.exists()))?;
    if root::is_root() {
        return Some(command("sh"));
    }
    let mut sudo = command("sudo");
    sudo.args(["-n", "true"]);
    output_of(sudo)?;
    let mut sudo = command("sudo");
    sudo.args(["-n", "sh"]);
    Some(sudo)
}
