//! The tracker's chip: what is shared with its firmware must build for it, wherever a compiler for it is present.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use object::read::elf::ElfFile32;
use object::{Endianness, Object as _, ObjectSection as _, SectionKind};

use crate::child::{cargo, command, on_path, output_of};
use crate::needs::{self, Need};
use crate::release;
use crate::root;
use crate::steps::Steps;

/// The Cortex-M4 without a floating-point unit.
const CHIP: &str = "thumbv7em-none-eabi";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// What the image may take of its chip at most, in bytes.
const MOST_FLASH: u64 = 128 * 1024;
const MOST_MEMORY: u64 = 24 * 1024;
const BOARD: &str = "firmware";
const EMULATOR: &str = "firmware/emulator";
/// Name the image, and the emulator's program that runs it, to the tests; without the prefix of the program's settings, which
/// knows no others.
const IMAGE: &str = "TEST_FIRMWARE";
const BOX: &str = "TEST_BOX";
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

#[derive(clap::Args)]
pub struct FirmwareOptions {
    /// Runs the image on a modelled chip as well
    #[arg(long)]
    emulate: bool,
    /// Signs the image with this Ed25519 key (PKCS #8, DER), for whoever gives it away
    #[arg(long, value_name = "FILE")]
    release_key: Option<PathBuf>,
    /// Builds nothing, and says whether a signed image is whole and of the public key
    #[arg(long, value_name = "FILE", requires = "public_key", conflicts_with_all = ["emulate", "release_key"])]
    verify: Option<PathBuf>,
    /// Its 64 hexadecimal digits
    #[arg(long, value_name = "HEX", requires = "verify")]
    public_key: Option<String>,
}

/// Installs what is missing, builds the image, and runs or signs it if that is wished.
pub fn run(options: &FirmwareOptions) -> anyhow::Result<()> {
    if let (Some(file), Some(key)) = (&options.verify, &options.public_key) {
        let version = release::verify(file, key)?;
        eprintln!("✓ {} is version {version}, signed by that key", file.display());
        return Ok(());
    }
    needs::check(&[Need::Rust, Need::ChipCompiler])?;
    let mut steps = Steps::begin()?;
    let image = check(&mut steps)?;
    if options.emulate {
        needs::check(&[Need::Compiler, Need::Emulator])?;
        self::emulate(&mut steps, &image)?;
    }
    eprintln!("the image is {}", image.display());
    if let Some(key) = &options.release_key {
        let (file, public) =
            release::sign(&image, &root::repository().join("firmware/board/Cargo.toml"), key)?;
        eprintln!("signed: {}\nthe public key is {public}", file.display());
    }
    Ok(())
}

/// Builds the tracker for the chip and says what it takes of it; where the image is.
pub fn check(steps: &mut Steps) -> anyhow::Result<PathBuf> {
    let compiler = compiler().context("the chip's compiler is gone since the check")?;
    let (name, mut cargo) = match compiler {
        Compiler::Rustup => ("the tracker's firmware (rustup's library)", cargo()),
        Compiler::Debian => ("the tracker's firmware (Debian's compiler)", debian()),
    };
    let target = root::target().join("firmware");
    cargo.args(["build", "--release", "--locked", "--target", CHIP]);
    cargo.current_dir(root::repository().join(BOARD)).arg("--target-dir").arg(&target);
    if matches!(compiler, Compiler::Debian) {
        cargo.arg("-Zbuild-std=core").env("CARGO_TARGET_THUMBV7EM_NONE_EABI_LINKER", LINKER);
    }
    steps.quietly(name, cargo)?;
    let built = target.join(CHIP).join("release");
    let image = built.join("board");
    let application = Taken::of(&built.join("footprint"))?;
    let whole = Taken::of(&image)?;
    eprintln!("  tracker and wire alone take {application} of the chip; the image takes {whole}");
    anyhow::ensure!(
        whole.flash <= MOST_FLASH && whole.memory <= MOST_MEMORY,
        "the image must not take more than {MOST_FLASH} bytes of flash and {MOST_MEMORY} of static memory"
    );
    Ok(image)
}

/// Runs the image's tests on the modelled chip.
pub fn emulate(steps: &mut Steps, image: &Path) -> anyhow::Result<()> {
    let emulator = |task: &str| {
        let mut cargo = cargo();
        cargo.current_dir(root::repository().join(EMULATOR)).args([task, "--locked", "--all-targets"]);
        cargo.arg("--target-dir").arg(emulator_target());
        cargo
    };
    let mut clippy = emulator("clippy");
    clippy.args(["--", "-D", "warnings"]);
    steps.quietly("clippy of the emulator", clippy)?;
    let mut tests = emulator("test");
    tests.args(["--", "--nocapture"]).env(IMAGE, image);
    steps.openly("the firmware on a modelled chip", tests)
}

fn emulator_target() -> PathBuf {
    root::target().join("emulator")
}

/// Tells a command where the image is, and the emulator's program, which its tests have built.
pub fn known_to(command: &mut Command, image: &Path) {
    command.env(IMAGE, image).env(BOX, emulator_target().join("debug/box"));
}

/// Its workspaces are not the root's.
pub fn format(steps: &mut Steps) -> anyhow::Result<()> {
    for folder in [BOARD, EMULATOR] {
        let mut format = cargo();
        format.current_dir(root::repository().join(folder)).args(["fmt", "--all", "--check"]);
        steps.quietly(&format!("format of {folder}"), format)?;
    }
    Ok(())
}

/// What an image takes of its chip, in bytes.
struct Taken {
    flash: u64,
    memory: u64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of flash and {} of static memory", self.flash, self.memory)
    }
}

impl Taken {
    fn of(image: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(image).with_context(|| format!("reading {}", image.display()))?;
        let image = ElfFile32::<Endianness>::parse(&*bytes).context("the image is no ELF file of 32 bits")?;
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
