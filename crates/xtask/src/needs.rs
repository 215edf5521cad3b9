//! What must be on the machine, each with its version, before anything long begins.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::child::{command, on_path, output_of};
use crate::firmware;
use crate::install;

/// A program that a command needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    Rust,
    /// rustfmt and clippy.
    RustChecks,
    Node,
    Compiler,
    /// A server for the tests, with psql beside it.
    PostgreSql,
    RabbitMq,
    Chromium,
    Python,
    /// What compiles for the tracker's chip.
    ChipCompiler,
    /// What builds the emulator of that chip.
    Emulator,
}

pub const TO_BUILD: &[Need] = &[Need::Rust, Need::Compiler, Need::Node];
pub const TO_TEST: &[Need] = &[
    Need::Rust,
    Need::RustChecks,
    Need::Compiler,
    Need::Node,
    Need::PostgreSql,
    Need::RabbitMq,
    Need::Chromium,
    Need::Python,
    Need::ChipCompiler,
    Need::Emulator,
];

pub const TO_MEASURE: &[Need] = &[Need::Rust, Need::Compiler, Need::Node, Need::PostgreSql, Need::RabbitMq];

/// The oldest versions that do. Node: what the page's build tool asks for.
pub const OLDEST_RUST: Version = Version(1, 95);
const OLDEST_NODE: Version = Version(20, 19);
pub const OLDEST_POSTGRESQL: Version = Version(15, 0);
const OLDEST_PYTHON: Version = Version(3, 10);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version(pub u32, pub u32);

/// Checks every need, installs what is missing where the machine lets us, and says in a line each what else to do.
pub fn check(needs: &[Need]) -> anyhow::Result<()> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !is_met(*need, true)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages()).copied().collect();
    if !packages.is_empty() {
        install::packages(&packages)?;
    }
    let still: Vec<Need> = missing.into_iter().filter(|need| !is_met(*need, false)).collect();
    for need in &still {
        eprintln!("✗ {}", need.what_to_do());
    }
    if !still.is_empty() {
        bail!("something is missing on this machine: install what the lines above name, then run this again");
    }
    Ok(())
}

fn is_met(need: Need, aloud: bool) -> bool {
    match need.found() {
        Ok(found) => {
            eprintln!("✓ {found}");
            true
        }
        Err(reason) => {
            if aloud {
                eprintln!("· {reason}");
            }
            false
        }
    }
}

impl Need {
    /// What is there, or in which way it is not.
    fn found(self) -> Result<String, String> {
        match self {
            Self::Rust => at_least("Rust", "rustc", &["--version"], OLDEST_RUST),
            Self::RustChecks => at_least("rustfmt", "cargo", &["fmt", "--version"], Version(1, 0))
                .and_then(|_| at_least("clippy", "cargo", &["clippy", "--version"], Version(0, 1))),
            Self::Node => at_least("Node.js", "node", &["--version"], OLDEST_NODE)
                .and_then(|found| at_least("npm", "npm", &["--version"], Version(9, 0)).map(|_| found)),
            Self::Compiler => at_least("C compiler", "cc", &["--version"], Version(0, 0)),
            Self::PostgreSql => match postgresql(&["initdb", "postgres", "psql"]) {
                Some((version, folder)) => Ok(format!("PostgreSQL {version} ({})", folder.display())),
                None => Err(format!("PostgreSQL {OLDEST_POSTGRESQL} or later with psql: not found")),
            },
            Self::RabbitMq => rabbitmq().ok_or_else(|| "RabbitMQ: not found".to_owned()),
            Self::Chromium => chromium()
                .map(|(program, version)| format!("Chromium {version} ({})", program.display()))
                .ok_or_else(|| "Chromium: not found, or it does not run".to_owned()),
            Self::Python => at_least("Python", "python3", &["--version"], OLDEST_PYTHON).and_then(|found| {
                // Debian keeps what makes environments in a package of its own.
                let mut asked = command("python3");
                asked.args(["-c", "import ensurepip, venv; print(ensurepip.version())"]);
                output_of(asked).map(|_| found).ok_or_else(|| "Python: without venv and pip".to_owned())
            }),
            Self::ChipCompiler => firmware::found(),
            Self::Emulator => at_least("CMake", "cmake", &["--version"], Version(3, 16)).and_then(|found| {
                if has_libclang() {
                    Ok(format!("{found}, libclang"))
                } else {
                    Err("libclang: not found".to_owned())
                }
            }),
        }
    }

    /// Debian's and Ubuntu's packages that bring it, if they do.
    fn packages(self) -> &'static [&'static str] {
        match self {
            // Debian's Rust and Node are older than ours, or may be: the person's own choice.
            Self::Rust | Self::RustChecks | Self::Node => &[],
            Self::Compiler => &["gcc", "libc6-dev"],
            Self::PostgreSql => &["postgresql", "postgresql-client"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Chromium => &["chromium"],
            Self::Python => &["python3", "python3-venv"],
            Self::ChipCompiler => &["rustc-web", "rust-web-src", "cargo-web", "binutils-arm-none-eabi"],
            Self::Emulator => &["cmake", "libclang-dev"],
        }
    }

    fn what_to_do(self) -> String {
        match self {
            Self::Rust => format!("install Rust {OLDEST_RUST} or later (rustup update stable)"),
            Self::RustChecks => "install rustfmt and clippy (rustup component add rustfmt clippy)".to_owned(),
            Self::Node => format!("install Node.js {OLDEST_NODE} or later, with npm"),
            Self::Compiler => "install a C compiler (Debian, Ubuntu: apt install gcc libc6-dev)".to_owned(),
            Self::PostgreSql => format!(
                "install PostgreSQL {OLDEST_POSTGRESQL} or later with psql (Debian, Ubuntu: apt install postgresql)"
            ),
            Self::RabbitMq => "install RabbitMQ (Debian, Ubuntu: apt install rabbitmq-server)".to_owned(),
            Self::Chromium => {
                "install Chromium (Debian: apt install chromium; elsewhere any Chromium or Chrome on \
                 PATH that runs outside a sandboxed package)"
                    .to_owned()
            }
            Self::Python => format!(
                "install Python {OLDEST_PYTHON} or later with venv (Debian, Ubuntu: apt install python3-venv)"
            ),
            Self::ChipCompiler => {
                "install the chip's library (rustup target add thumbv7em-none-eabi; Debian: apt install rustc-web \
                 rust-web-src cargo-web binutils-arm-none-eabi, and keep ~/.cargo/bin before /usr/bin in PATH)"
                    .to_owned()
            }
            Self::Emulator => {
                "install CMake and libclang (Debian, Ubuntu: apt install cmake libclang-dev)".to_owned()
            }
        }
    }
}

/// Where Debian and Ubuntu put it, or where the person says that it is.
fn has_libclang() -> bool {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let llvm = folders.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm-"));
    llvm.map(|entry| entry.path().join("lib"))
        .chain(env::var_os("LIBCLANG_PATH").map(PathBuf::from))
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libclang"))
}

fn at_least(name: &str, program: &str, arguments: &[&str], oldest: Version) -> Result<String, String> {
    let mut asked = command(program);
    asked.args(arguments);
    let text = output_of(asked).ok_or_else(|| format!("{name}: not found"))?;
    match version_in(&text) {
        Some(version) if version >= oldest => Ok(format!("{name} {version}")),
        Some(version) => Err(format!("{name} {version}: too old, {oldest} or later is needed")),
        None => Err(format!("{name}: it does not say its version")),
    }
}

/// The highest PostgreSQL that is recent enough and has all these programs, and its folder.
pub fn postgresql(programs: &[&str]) -> Option<(Version, PathBuf)> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let on_path = on_path("postgres").and_then(|found| fs::canonicalize(found).ok());
    debian
        .map(|entry| entry.path().join("bin"))
        .chain(on_path.as_deref().and_then(Path::parent).map(Path::to_path_buf))
        .filter(|folder| programs.iter().all(|name| folder.join(name).is_file()))
        .filter_map(|folder| {
            let mut postgres = command(folder.join("postgres"));
            postgres.arg("--version");
            let version = version_in(&output_of(postgres)?)?;
            (version >= OLDEST_POSTGRESQL).then_some((version, folder))
        })
        .max_by_key(|(version, _)| *version)
}

/// RabbitMQ is asked by its files: its own tools want a running node.
fn rabbitmq() -> Option<String> {
    let installed = fs::read_dir("/usr/lib/rabbitmq/lib").into_iter().flatten().flatten();
    let version = installed.filter_map(|entry| version_in(&entry.file_name().to_string_lossy())).max();
    match version {
        Some(version) => Some(format!("RabbitMQ {version}")),
        None => on_path("rabbitmq-server").map(|found| format!("RabbitMQ ({})", found.display())),
    }
}

/// A Chromium that runs: Ubuntu's package may be an empty shell that asks for another installation.
pub fn chromium() -> Option<(PathBuf, Version)> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    named.into_iter().chain(usual.into_iter().filter_map(on_path)).find_map(|program| {
        let mut asked = command(&program);
        asked.arg("--version");
        let version = version_in(&output_of(asked)?)?;
        Some((program, version))
    })
}

/// The first number with a dot in a text, else the first number.
pub fn version_in(text: &str) -> Option<Version> {
    let numbers = || text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let dotted = numbers().find(|part| part.contains('.') && part.starts_with(|c: char| c.is_ascii_digit()));
    let part = dotted.or_else(|| numbers().find(|part| !part.is_empty()))?;
    let mut fields = part.split('.');
    let major = fields.next()?.parse().ok()?;
    let minor = fields.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    Some(Version(major, minor))
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.1 == 0 && self.0 >= 15 { write!(f, "{}", self.0) } else { write!(f, "{}.{}", self.0, self.1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        for (text, expected) in [
            ("rustc 1.95.0 (59807616e 2026-04-14)", Version(1, 95)),
            ("v20.19.2\n", Version(20, 19)),
            ("cc (Debian 12.2.0-14+deb12u1) 12.2.0", Version(12, 2)),
            ("postgres (PostgreSQL) 18.4", Version(18, 4)),
            ("rabbitmq_server-3.10.8", Version(3, 10)),
            ("Chromium 142.0.7444.59 built on Debian GNU/Linux 12", Version(142, 0)),
            ("Python 3.13.1", Version(3, 13)),
        ] {
            assert_eq!(version_in(text), Some(expected), "{text}");
        }
        assert_eq!(version_in("no number"), None);
    }
}
