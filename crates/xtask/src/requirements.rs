//! The requirements-to-tests matrix: each requirement of `docs/requirements.toml` beside what became of its tests in
//! the run that has just ended.
//!
//! [`collate`] is a function of two texts, the list and what the runner left. A requirement without a test that
//! passed fails the run; all that is wrong is said at once.

mod report;
mod results;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, bail};
use serde::Deserialize;

use self::report::Run;
use self::results::Outcome;
pub use self::results::Runner;
use crate::root;
use crate::steps::Steps;

const LIST: &str = "docs/requirements.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "requirement")]
    requirements: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    /// The anchor in a page of docs/, or an invariant of ARCHITECTURE.md.
    id: String,
    /// In one line.
    text: String,
    /// A standard by its public name, or "own".
    source: String,
    /// As nextest prints them: the binary, a blank, the test with its modules.
    tests: Vec<String>,
}

/// A requirement and what became of its tests.
#[derive(Debug)]
pub struct Row {
    requirement: Requirement,
    outcomes: Vec<Outcome>,
}

impl Row {
    fn is_shown(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(|outcome| *outcome == Outcome::Passed)
    }
}

/// All requirements in the order of the list, and all that is wrong with them.
#[derive(Debug)]
pub struct Matrix {
    rows: Vec<Row>,
    problems: Vec<String>,
}

/// Holds the list against what the runner left. An error where the list cannot be read at all.
pub fn collate(list: &str, runner: Runner, output: &str) -> anyhow::Result<Matrix> {
    let List { requirements } = toml::from_str(list).with_context(|| LIST.to_owned())?;
    let results = runner.read(output);
    let (mut rows, mut problems, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
    if requirements.is_empty() {
        problems.push("names no requirement".to_owned());
    }
    for requirement in requirements {
        if !ids.insert(requirement.id.clone()) {
            problems.push(format!("{} is there twice: give each its own id", requirement.id));
        }
        problems.extend(faults(&requirement));
        let outcomes: Vec<Outcome> = requirement.tests.iter().map(|test| results.outcome(test)).collect();
        problems.extend(unshown(&requirement, &outcomes));
        rows.push(Row { requirement, outcomes });
    }
    Ok(Matrix { rows, problems })
}

/// What is wrong with a requirement as it is written.
fn faults(Requirement { id, text, source, tests }: &Requirement) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_id(id) {
        faults.push(format!("`{id}` is no id: write one such as R-COV-1"));
    }
    for (field, value) in [("text", text), ("source", source)] {
        if value.trim().is_empty() || value.contains('\n') {
            faults.push(format!("{id} needs its {field} in one line"));
        }
    }
    if tests.is_empty() {
        faults.push(format!("{id} names no test: name one that shows it"));
    }
    let mut named = BTreeSet::new();
    for twice in tests.iter().filter(|test| !named.insert(test.as_str())) {
        faults.push(format!("{id} names {twice} twice: remove one"));
    }
    faults
}

/// Capitals, then parts that are capitals or a number.
fn is_id(id: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = id.split('-').collect();
    match parts.as_slice() {
        [words @ .., number] => {
            !words.is_empty() && words.iter().all(|word| is_word(word)) && is_number(number)
        }
        [] => false,
    }
}

/// The tests that do not show their requirement.
fn unshown(requirement: &Requirement, outcomes: &[Outcome]) -> Vec<String> {
    let id = &requirement.id;
    let told = |(test, outcome): (&String, &Outcome)| match outcome {
        Outcome::Passed => None,
        Outcome::Failed => Some(format!("{id}: {test} failed")),
        Outcome::Skipped => Some(format!("{id} names {test}, which is ignored: name one that runs")),
        Outcome::Missing => Some(format!("{id} names {test}, which did not run: rename or remove")),
    };
    requirement.tests.iter().zip(outcomes).filter_map(told).collect()
}

impl Matrix {
    /// The summary, or everything that is wrong.
    fn verdict(&self, written_to: &str) -> anyhow::Result<String> {
        if !self.problems.is_empty() {
            let problems: Vec<String> =
                self.problems.iter().map(|problem| format!("{LIST}: {problem}")).collect();
            bail!("{}", problems.join("\n  "));
        }
        Ok(format!("requirements: {}, each shown by at least one test; {written_to}", self.rows.len()))
    }
}

/// Writes target/requirements.md and .json from the run that has just ended, whatever became of it.
pub fn check(steps: &mut Steps, runner: Runner) -> anyhow::Result<()> {
    steps.tell("requirements", || {
        let list = root::repository().join(LIST);
        let list = fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
        let output = runner.output();
        let output = fs::read_to_string(&output).with_context(|| format!("reading {}", output.display()))?;
        let matrix = collate(&list, runner, &output)?;
        let run = Run::now(runner);
        let json = root::target().join("requirements.json");
        fs::write(&json, report::json(&matrix, &run)?)
            .with_context(|| format!("writing {}", json.display()))?;
        let page = json.with_extension("md");
        fs::write(&page, report::markdown(&matrix, &run))
            .with_context(|| format!("writing {}", page.display()))?;
        matrix.verdict(&page.strip_prefix(root::repository()).unwrap_or(&page).display().to_string())
    })
}

#[cfg(test)]
mod tests;
