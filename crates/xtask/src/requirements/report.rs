//! The matrix as an inspector reads it, and as a program does: nothing in either depends on the machine.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Matrix, Row, Runner};
use crate::child::{command, output_of};

/// Of which state of the sources, and when.
pub struct Run {
    pub runner: Runner,
    /// `None` outside a repository.
    pub commit: Option<String>,
    /// Whether files differ from that commit.
    pub is_changed: bool,
    /// RFC 3339, UTC.
    pub at: Option<String>,
}

impl Run {
    pub fn now(runner: Runner) -> Self {
        let printed = |program: &str, arguments: &[&str]| {
            let mut asked = command(program);
            asked.args(arguments);
            output_of(asked).map(|text| text.trim().to_owned())
        };
        Self {
            runner,
            commit: printed("git", &["rev-parse", "HEAD"]),
            is_changed: printed("git", &["status", "--porcelain"]).is_some_and(|files| !files.is_empty()),
            at: printed("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
        }
    }
}

pub fn markdown(matrix: &Matrix, run: &Run) -> String {
    let mut text = String::from("# Requirements and the tests that show them\n\n");
    let commit = run.commit.as_deref().unwrap_or("unknown");
    let changed = if run.is_changed { ", with changes that are not committed" } else { "" };
    let at = run.at.as_deref().unwrap_or("an unknown time");
    let shown = matrix.rows.iter().filter(|row| row.is_shown()).count();
    let tests: BTreeSet<&String> = matrix.rows.iter().flat_map(|row| &row.requirement.tests).collect();
    text.push_str(&format!("Commit {commit}{changed}; made by a test run at {at}.\n"));
    text.push_str(&format!(
        "{} requirements, {shown} of them shown, by {} tests.\n\n",
        matrix.rows.len(),
        tests.len()
    ));
    for problem in &matrix.problems {
        text.push_str(&format!("- **{problem}**\n"));
    }
    text.push_str("\n| id | requirement | source | tests | shown |\n|---|---|---|---|---|\n");
    for row in &matrix.rows {
        text.push_str(&line(row));
    }
    text
}

fn line(row: &Row) -> String {
    let requirement = &row.requirement;
    let tests = requirement.tests.iter().zip(&row.outcomes);
    let tests: Vec<String> = tests.map(|(test, outcome)| format!("`{test}` {}", outcome.word())).collect();
    let cells = [
        requirement.id.as_str(),
        &requirement.text,
        &requirement.source,
        &tests.join("<br>"),
        if row.is_shown() { "yes" } else { "**no**" },
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

pub fn json(matrix: &Matrix, run: &Run) -> anyhow::Result<String> {
    let row = |row: &Row| {
        let tests = row.requirement.tests.iter().zip(&row.outcomes);
        let tests: Vec<_> =
            tests.map(|(test, outcome)| json!({ "test": test, "outcome": outcome.word() })).collect();
        json!({
            "id": row.requirement.id,
            "text": row.requirement.text,
            "source": row.requirement.source,
            "shown": row.is_shown(),
            "tests": tests,
        })
    };
    let runner = match run.runner {
        Runner::Nextest => "nextest",
        Runner::CargoTest => "cargo test",
    };
    let whole = json!({
        "commit": run.commit,
        "changed": run.is_changed,
        "at": run.at,
        "runner": runner,
        "problems": matrix.problems,
        "requirements": matrix.rows.iter().map(row).collect::<Vec<_>>(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&whole)?))
}
