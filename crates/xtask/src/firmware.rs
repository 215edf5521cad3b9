//! The tracker's chip: what is shared with its firmware must build for it, wherever a compiler for it is present.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use object::read::elf::ElfFile32;
use object::{Endianness, Object as _, ObjectSection as _, SectionKind};

use crate::child::{cargo, command, on_path, output_of};
use crate::needs::{self, Need};
use crate::root;
use crate::steps::Steps;

/// The Cortex-M4 without a floating-point unit.
const CHIP: &str = "thumbv7em-none-eabi";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// Debian's; rustup brings one of its own.
const LINKER: &str = "arm-none-eabi-ld";

/// What can compile for the chip.
enum Compiler {
    /// This toolchain, whose library for the chip rustup fetched.
    Rustup,
    /// Debian's, which builds the core library from its own source.
    Debian,
}

/// What can compile for the chip, in words.
pub fn found() -> Result<String, String> {
    match compiler() {
        Some(Compiler::Rustup) => Ok(format!("compiler for {CHIP}: rustup's library")),
        Some(Compiler::Debian) => Ok(format!("compiler for {CHIP}: Debian's rustc-web")),
        None => Err(format!("compiler for {CHIP}: not found")),
    }
}

/// Installs what is missing, and then as [`check`].
pub fn run() -> anyhow::Result<()> {
    needs::check(&[Need::Rust, Need::ChipCompiler])?;
    check(&mut Steps::begin()?)
}

/// Builds the tracker's application for the chip and says what it takes of it.
pub fn check(steps: &mut Steps) -> anyhow::Result<()> {
    let compiler = compiler().context("the chip's compiler is gone since the check")?;
    let (name, mut cargo) = match compiler {
        Compiler::Rustup => ("the tracker for the chip (rustup's library)", cargo()),
        Compiler::Debian => ("the tracker for the chip (Debian's compiler)", debian()),
    };
    let target = root::target().join("firmware");
    cargo.args(["build", "--release", "--locked", "--target", CHIP]);
    cargo.current_dir(root::repository().join("firmware")).arg("--target-dir").arg(&target);
    if matches!(compiler, Compiler::Debian) {
        cargo.arg("-Zbuild-std=core").env("CARGO_TARGET_THUMBV7EM_NONE_EABI_LINKER", LINKER);
    }
    steps.quietly(name, cargo)?;
    let image = target.join(CHIP).join("release/footprint");
    let taken = Taken::of(&std::fs::read(&image).with_context(|| format!("reading {}", image.display()))?)?;
    eprintln!(
        "  tracker and wire take {} bytes of flash and {} bytes of static memory",
        taken.flash, taken.memory
    );
    Ok(())
}

/// What an image takes of its chip, in bytes.
struct Taken {
    flash: u64,
    memory: u64,
}

impl Taken {
    fn of(image: &[u8]) -> anyhow::Result<Self> {
        let image = ElfFile32::<Endianness>::parse(image).context("the image is no ELF file of 32 bits")?;
        let mut taken = Self { flash: 0, memory: 0 };
        for section in image.sections() {
            match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    taken.flash += section.size();
                }
                // What begins with a value is kept in flash and copied.
                SectionKind::Data => {
                    (taken.flash, taken.memory) =
                        (taken.flash + section.size(), taken.memory + section.size())
                }
                SectionKind::UninitializedData => taken.memory += section.size(),
                _ => {}
            }
        }
        Ok(taken)
    }
}

fn compiler() -> Option<Compiler> {
    let rustc = on_path("rustc")?;
    if has_library(&rustc) {
        return Some(Compiler::Rustup);
    }
    let source = printed(Path::new(DEBIAN_RUSTC), &["--print", "sysroot"])
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/src/lib.rs"));
    let complete = source.is_some_and(|source| source.is_file())
        && Path::new(DEBIAN_CARGO).is_file()
        && on_path(LINKER).is_some();
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
