//! The house keeps its shape: who may name whom, and how long a file may grow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate and whom of the house it may name: arrows point down only. A crate that is not here is refused until
/// somebody gives it its floor.
const ARROWS: &[(&str, &[&str])] = &[
    // Ground floor.
    ("wire", &[]),
    ("domain", &[]),
    ("web", &[]),
    // First floor.
    ("tracker", &["wire"]),
    ("networks", &["domain", "wire"]),
    ("queue", &["domain"]),
    ("store", &["domain"]),
    ("report", &["domain"]),
    ("label", &["domain"]),
    // Second floor.
    ("ingest", &["domain", "networks", "queue"]),
    ("tracking", &["domain", "networks", "queue", "store"]),
    ("simulator", &["domain", "networks", "tracker", "wire"]),
    // The top: it wires them, and alone names the page and the papers.
    (
        "isotherm",
        &[
            "domain",
            "ingest",
            "label",
            "networks",
            "queue",
            "report",
            "simulator",
            "store",
            "tracker",
            "tracking",
            "web",
            "wire",
        ],
    ),
    // Beside the house, for developers.
    ("testkit", &[]),
    ("bench", &["testkit", "wire"]),
    ("xtask", &["testkit"]),
];

/// Libraries that one crate alone may name, so that the rest does not come to rest on them.
const KEEPERS: &[(&str, &str)] = &[
    ("lapin", "queue"),
    ("fjall", "queue"),
    ("rumqttc", "ingest"),
    ("diesel", "store"),
    ("diesel-async", "store"),
    ("diesel_migrations", "store"),
    ("typst", "report"),
    ("typst-pdf", "report"),
    ("typst-assets", "report"),
    ("krilla", "label"),
    ("skrifa", "label"),
    ("tiny-skia", "label"),
];

/// Crates that are functions of their input: no runtime, no network, no database may enter.
const PURE: &[&str] = &["wire", "domain", "networks", "tracker"];
const IMPURE: &[&str] = &[
    "tokio",
    "actix-web",
    "diesel",
    "diesel-async",
    "lapin",
    "reqwest",
    "fjall",
    "futures-util",
    "async-std",
];

/// Code that has outgrown this is two things.
const MOST_LINES: usize = 500;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Kind {
    Shipped,
    ForTests,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Arrow {
    from: String,
    to: String,
    kind: Kind,
}

#[test]
fn arrows_point_down_and_the_keepers_are_alone() {
    let arrows = arrows_of(&metadata());
    assert!(arrows.iter().any(|arrow| arrow.from == "isotherm" && arrow.to == "tracking"), "{arrows:?}");
    let refused: Vec<String> = arrows.iter().filter_map(refusal).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_crate_has_its_floor() {
    let metadata = metadata();
    let crates: BTreeSet<&str> = packages(&metadata).map(name_of).filter(|name| *name != "e2e").collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let homeless: Vec<_> = crates.difference(&known).collect();
    assert!(homeless.is_empty(), "give these crates a floor in ARROWS: {homeless:?}");
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    let arrow = |from: &str, to: &str, kind| Arrow { from: from.into(), to: to.into(), kind };
    for (from, to, kind) in [
        ("domain", "store", Kind::Shipped),
        ("ingest", "store", Kind::Shipped),
        ("ingest", "store", Kind::ForTests),
        ("queue", "store", Kind::ForTests),
        ("tracking", "web", Kind::Shipped),
        ("tracking", "diesel", Kind::Shipped),
        ("ingest", "lapin", Kind::ForTests),
        ("domain", "tokio", Kind::Shipped),
        ("isotherm", "testkit", Kind::Shipped),
    ] {
        assert!(refusal(&arrow(from, to, kind)).is_some(), "{from} → {to} ({kind:?})");
    }
    for (from, to, kind) in [
        ("tracking", "store", Kind::Shipped),
        ("store", "diesel", Kind::Shipped),
        ("store", "testkit", Kind::ForTests),
        ("domain", "chrono", Kind::Shipped),
    ] {
        assert_eq!(refusal(&arrow(from, to, kind)), None);
    }
}

/// Why an arrow may not be, if it may not.
fn refusal(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, kind } = arrow;
    // Whoever tests the whole may name the whole.
    if from == "e2e" {
        return None;
    }
    let is_ours = ARROWS.iter().any(|(name, _)| name == to) || to == "e2e";
    let allowed =
        ARROWS.iter().find(|(name, _)| name == from).is_some_and(|(_, below)| below.contains(&to.as_str()));
    let servers_for_tests = to == "testkit" && *kind == Kind::ForTests;
    if is_ours && !allowed && !servers_for_tests {
        return Some(format!("{from} must not name {to}: arrows point down only"));
    }
    // The bench's reference is bare: it goes round the house.
    if let Some((_, keeper)) = KEEPERS.iter().find(|(library, _)| library == to)
        && keeper != from
        && from != "bench"
    {
        return Some(format!("{from} must not name {to}: {keeper} alone does"));
    }
    let impure = PURE.contains(&from.as_str()) && IMPURE.contains(&to.as_str());
    impure.then(|| format!("{from} must not name {to}: it is a function of its input"))
}

fn arrows_of(metadata: &Value) -> BTreeSet<Arrow> {
    packages(metadata)
        .flat_map(|package| {
            package["dependencies"].as_array().unwrap().iter().map(move |dependency| Arrow {
                from: name_of(package).to_owned(),
                to: name_of(dependency).to_owned(),
                kind: if dependency["kind"] == "dev" { Kind::ForTests } else { Kind::Shipped },
            })
        })
        .collect()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn name_of(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn no_source_file_is_longer_than_its_limit() {
    let files = source_files(&root());
    let has = |end: &str| files.iter().any(|(path, _)| path.ends_with(end));
    assert!(files.len() > 50 && has("crates/domain/src/lib.rs") && has("crates/web/ui/src/App.svelte"));
    let long: Vec<String> = files
        .iter()
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines, at most {MOST_LINES}", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn generated_files_may_be_long_and_others_may_not() {
    for free in
        ["crates/store/src/schema.rs", "crates/web/ui/src/generated/api.ts", "crates/web/ui/src/vite.d.ts"]
    {
        assert!(!counts(Path::new(free)), "{free}");
    }
    for bound in ["crates/store/src/lib.rs", "tests/tests/house.rs", "crates/web/ui/src/App.svelte"] {
        assert!(counts(Path::new(bound)), "{bound}");
    }
}

/// Whether the limit holds for a file, by its path below the repository's root.
fn counts(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let is_source = [".rs", ".ts", ".svelte"].iter().any(|end| name.ends_with(end));
    let is_generated = name == "schema.rs"
        || name.ends_with(".d.ts")
        || path.components().any(|part| part.as_os_str() == "generated");
    is_source && !is_generated
}

/// Every file that counts, with its number of lines.
fn source_files(root: &Path) -> Vec<(PathBuf, usize)> {
    let mut open = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = entry.file_name();
            let made = ["target", "node_modules", "dist", ".git"].iter().any(|made| name == *made);
            if kind.is_dir() && !made {
                open.push(path);
            } else if kind.is_file() && counts(path.strip_prefix(root).unwrap()) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text.lines().count()));
            }
        }
    }
    files
}
