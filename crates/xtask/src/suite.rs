//! `cargo xtask test`: everything that a change must pass, cheapest first; the first failure ends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::binaries;
use crate::checkers;
use crate::child::{cargo, command};
use crate::clients;
use crate::firmware;
use crate::fuzz;
use crate::needs;
use crate::page;
use crate::python;
use crate::requirements::{self, Runner};
use crate::root;
use crate::servers::Servers;
use crate::steps::Steps;

pub fn run() -> anyhow::Result<()> {
    needs::check(needs::TO_TEST)?;
    let mut steps = Steps::begin()?;
    let done = all(&mut steps);
    steps.summary();
    done?;
    eprintln!("✓ everything passed");
    Ok(())
}

fn all(steps: &mut Steps) -> anyhow::Result<()> {
    let mut format = cargo();
    format.args(["fmt", "--all", "--check"]);
    steps.quietly("format", format)?;
    firmware::format(steps)?;
    checkers::run(steps)?;

    page::install(steps)?;
    page::check(steps)?;
    page::build(steps)?;

    let mut clippy = cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    steps.openly("clippy", clippy)?;
    let image = firmware::check(steps)?;
    firmware::emulate(steps, &image)?;
    fuzz::run(steps)?;

    let npms = root::target().join("postgres-binaries");
    binaries::from_npm(steps, &npms)?;
    // Everything at once, so that the program and the tests share one build of what they depend on.
    let mut build = cargo();
    build.args(["build", "--workspace", "--all-targets"]);
    steps.openly("build", build)?;
    clients::python(steps)?;
    let servers = steps.call("PostgreSQL and RabbitMQ", Servers::start)?;
    let reachable = reachable_binaries(&npms, &servers.scratch)?;
    tests(steps, &servers, &reachable, &image)?;
    described(steps, &servers)?;
    steps.call("the servers' end", || {
        drop(servers);
        Ok(())
    })
}

/// npm's PostgreSQL where the server's user can reach it: as root in a private home a copy among the temporary files.
fn reachable_binaries(npms: &Path, scratch: &Path) -> anyhow::Result<PathBuf> {
    if root::closed_to_others(npms).is_none() {
        return Ok(npms.to_path_buf());
    }
    let copy = scratch.join("npm");
    let copied = command("cp").arg("-a").arg(npms).arg(&copy).status()?;
    anyhow::ensure!(copied.success(), "copying {} to {}", npms.display(), copy.display());
    Ok(copy)
}

fn tests(steps: &mut Steps, servers: &Servers, npms: &Path, image: &Path) -> anyhow::Result<()> {
    let (chromium, _) = needs::chromium().context("Chromium is gone since the check")?;
    let runner = Runner::present();
    let mut tests = cargo();
    match runner {
        Runner::Nextest => {
            tests.args(["nextest", "run", "--workspace", "--no-fail-fast", "--profile", "matrix"])
        }
        Runner::CargoTest => tests.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]),
    };
    servers.known_to(&mut tests);
    firmware::known_to(&mut tests, image);
    tests
        .env("TEST_NPM_POSTGRES", npms)
        .env("CHROMIUM", chromium)
        // Chromium writes crash reports and caches here, whatever its profile is.
        .env("XDG_CONFIG_HOME", servers.scratch.join("config"))
        .env("XDG_CACHE_HOME", servers.scratch.join("cache"));
    run_tests(steps, runner, tests)?;

    let mut documented = cargo();
    documented.args(["test", "--workspace", "--doc"]);
    servers.known_to(&mut documented);
    steps.quietly("examples in the documentation", documented)
}

/// Holds the API's answers against its document. How many cases that were, its log says.
fn described(steps: &mut Steps, servers: &Servers) -> anyhow::Result<()> {
    let tests = root::repository().join("tests");
    let programs = python::programs(steps, &tests.join("schemathesis.txt"))?;
    let mut held = command("python3");
    held.arg(tests.join("described.py")).arg(root::program()).arg(programs.join("schemathesis"));
    held.arg(servers.scratch.join("described"));
    steps.openly("the API's answers are as its document says", held)
}

/// Runs the tests and holds the requirements against what became of them: both, so that everything is said at once.
fn run_tests(steps: &mut Steps, runner: Runner, tests: Command) -> anyhow::Result<()> {
    let results = runner.output();
    if results.is_file() {
        fs::remove_file(&results).with_context(|| format!("removing {}", results.display()))?;
    }
    let ran = match runner {
        Runner::Nextest => steps.openly(runner.step(), tests),
        // What it prints is the only record of what became of each test.
        Runner::CargoTest => steps.quietly(runner.step(), tests),
    };
    if !results.is_file() {
        // They did not even begin.
        return ran;
    }
    let shown = requirements::check(steps, runner);
    if let (Err(_), Err(unshown)) = (&ran, &shown) {
        eprintln!("✗ {unshown:#}");
    }
    ran.and(shown)
}
