//! Where things lie, and whether other users can reach them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The repository's root: two above this crate.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Cargo's output folder, which the environment may name.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(named) => repository().join(named),
        None => repository().join("target"),
    }
}

/// The program, built for development.
pub fn program() -> PathBuf {
    target().join("debug/isotherm")
}

/// The demo's place where root's repository is closed to the database's user.
pub fn open_place() -> PathBuf {
    PathBuf::from("/var/tmp/isotherm-demo")
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// As root, the database runs as another user: the first folder on the way to `path` that is closed to others.
/// None for everyone but root, whose database runs as themselves.
pub fn closed_to_others(path: &Path) -> Option<PathBuf> {
    if !is_root() {
        return None;
    }
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    way.into_iter()
        .find(|step| fs::metadata(step).is_ok_and(|found| found.permissions().mode() & 0o001 == 0))
        .map(Path::to_path_buf)
}
