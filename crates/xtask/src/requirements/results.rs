//! What became of each test, by what its runner left behind.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::checkers;
use crate::root;
use crate::steps;

/// Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Passed,
    /// Ignored. nextest does not tell of those: with it they are missing.
    Skipped,
    /// No such test ran.
    Missing,
    Failed,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    Nextest,
    CargoTest,
}

impl Runner {
    pub fn present() -> Self {
        if checkers::has_nextest() { Self::Nextest } else { Self::CargoTest }
    }

    /// The step in which it runs.
    pub fn step(self) -> &'static str {
        match self {
            Self::Nextest => "tests (nextest)",
            Self::CargoTest => "tests (cargo test)",
        }
    }

    /// Where its results are: nextest's store is in target/, wherever cargo's output goes; cargo test's output is
    /// the step's log.
    pub fn output(self) -> PathBuf {
        match self {
            Self::Nextest => root::repository().join("target/nextest/matrix/junit.xml"),
            Self::CargoTest => steps::log_of(self.step()),
        }
    }

    pub fn read(self, output: &str) -> Results {
        match self {
            Self::Nextest => junit(output),
            Self::CargoTest => libtest(output),
        }
    }
}

/// By binary and test. `cargo test` does not say of which package a binary is, so there the target's name must do.
pub struct Results {
    runner: Runner,
    of_test: BTreeMap<(String, String), Outcome>,
}

impl Results {
    /// Of a test as nextest prints it: `domain::rules kinetic::a_constant_is_its_own_mean`.
    pub fn outcome(&self, test: &str) -> Outcome {
        let Some((binary, name)) = test.split_once(' ') else { return Outcome::Missing };
        let binary = match self.runner {
            Runner::Nextest => binary,
            Runner::CargoTest => target(binary),
        };
        self.of_test.get(&(binary.to_owned(), name.to_owned())).copied().unwrap_or(Outcome::Missing)
    }

    /// Of two tests that cannot be told apart the worse counts.
    fn add(&mut self, binary: &str, test: &str, outcome: Outcome) {
        let known = self.of_test.entry((binary.to_owned(), test.to_owned())).or_insert(outcome);
        *known = outcome.max(*known);
    }
}

/// `rules` of `domain::rules`, `domain` of `domain`, `isotherm` of `isotherm::bin/isotherm`.
fn target(binary: &str) -> &str {
    binary.rsplit([':', '/']).next().unwrap_or(binary)
}

/// nextest's JUnit. It escapes `<` wherever a test printed one, so that a `<testcase` is always its own.
fn junit(xml: &str) -> Results {
    let mut results = Results { runner: Runner::Nextest, of_test: BTreeMap::new() };
    for case in xml.split("<testcase").skip(1) {
        let tag = case.split_once('>').map_or(case, |(tag, _)| tag);
        let (Some(binary), Some(test)) = (attribute(tag, "classname"), attribute(tag, "name")) else {
            continue;
        };
        let outcome = if case.contains("<failure") || case.contains("<error") {
            Outcome::Failed
        } else if case.contains("<skipped") {
            Outcome::Skipped
        } else {
            Outcome::Passed
        };
        results.add(binary, test, outcome);
    }
    results
}

/// With its blank before it, so that `classname` is no `name`. Names of binaries and tests need no escape.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

/// What `cargo test` prints.
fn libtest(output: &str) -> Results {
    let mut results = Results { runner: Runner::CargoTest, of_test: BTreeMap::new() };
    let mut binary = String::new();
    for line in output.lines() {
        if let Some(program) = line.trim_start().strip_prefix("Running ").and_then(program) {
            binary = program;
        } else if let Some((test, outcome)) = line.strip_prefix("test ").and_then(outcome) {
            results.add(&binary, test, outcome);
        }
    }
    results
}

/// `rules` of `tests/rules/main.rs (target/debug/deps/rules-0123456789abcdef)`.
fn program(running: &str) -> Option<String> {
    let file = running.strip_suffix(')')?.rsplit('/').next()?;
    let (name, _hash) = file.rsplit_once('-')?;
    Some(name.to_owned())
}

/// `a::b ... ok`, `a::b - should panic ... ok`, `a::b ... ignored, its reason`.
fn outcome(line: &str) -> Option<(&str, Outcome)> {
    let (test, word) = line.split_once(" ... ")?;
    let outcome = match word {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        word if word.starts_with("ignored") => Outcome::Skipped,
        _ => return None,
    };
    Some((test.strip_suffix(" - should panic").unwrap_or(test), outcome))
}
