//! The tracker's chip: what is shared with its firmware must build for it, wherever a compiler for it is present.

use std::path::Path;
use std::process::Command;

use crate::child::{cargo, command, on_path, output_of};
use crate::needs;
use crate::root;
use crate::steps::Steps;

/// The Cortex-M4 without a floating-point unit.
const CHIP: &str = "thumbv7em-none-eabi";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// What can compile for the chip.
enum Compiler {
    /// This toolchain, whose library for the chip rustup fetched.
    Rustup,
    /// Debian's, which builds the core library from its own source.
    Debian,
}

pub fn check(steps: &mut Steps) -> anyhow::Result<()> {
    let Some(compiler) = compiler() else {
        let how =
            format!("no compiler for {CHIP} (rustup target add {CHIP}, or a recent Debian's rustc-web)");
        steps.skip("firmware: wire for the chip", &how);
        return Ok(());
    };
    let (name, mut cargo) = match compiler {
        Compiler::Rustup => ("firmware: wire for the chip (rustup's library)", cargo()),
        Compiler::Debian => ("firmware: wire for the chip (Debian's compiler)", debian()),
    };
    cargo.args(["build", "--package", "wire", "--lib", "--target", CHIP]);
    cargo.arg("--target-dir").arg(root::target().join("firmware"));
    if matches!(compiler, Compiler::Debian) {
        cargo.arg("-Zbuild-std=core");
    }
    steps.quietly(name, cargo)
}

fn compiler() -> Option<Compiler> {
    let rustc = on_path("rustc")?;
    if has_library(&rustc) {
        return Some(Compiler::Rustup);
    }
    let source = printed(Path::new(DEBIAN_RUSTC), &["--print", "sysroot"])
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/src/lib.rs"));
    let complete = source.is_some_and(|source| source.is_file()) && Path::new(DEBIAN_CARGO).is_file();
    // Older releases of Debian ship an older compiler under the same name.
    let version = printed(Path::new(DEBIAN_RUSTC), &["--version"]).and_then(|text| needs::version_in(&text));
    (complete && version.is_some_and(|version| version >= needs::OLDEST_RUST)).then_some(Compiler::Debian)
}

/// A target whose core library lies in the toolchain; rustc knows the target's name without it, too.
fn has_library(rustc: &Path) -> bool {
    printed(rustc, &["--print", "target-libdir", "--target", CHIP])
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .is_some_and(|files| {
            files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
        })
}

fn printed(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut asked = command(program);
    asked.args(arguments);
    Some(output_of(asked)?.trim().to_owned())
}

/// Debian's stable compiler is told to accept the option that builds the core library.
fn debian() -> Command {
    let mut cargo = command(DEBIAN_CARGO);
    cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
    cargo
}
