//! The list held against results of either runner, and against the pages that the list stands beside.

use std::collections::BTreeSet;

use super::*;

/// As nextest 0.9 writes it, shortened. The failed one printed what looks like a passed one.
const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4" skipped="0" failures="1" errors="0" time="0.310">
    <testsuite name="domain::rules" tests="3" skipped="0" errors="0" failures="1">
        <testcase name="kinetic::fails" classname="domain::rules" timestamp="2026-11-24T16:59:31.566+00:00" time="0.293">
            <failure message="thread &apos;fails&apos; panicked" type="test failure with exit code 101">no &lt;b&gt;</failure>
            <system-out>&lt;testcase name=&quot;evil&quot; classname=&quot;domain&quot;/&gt; &lt;failure</system-out>
        </testcase>
        <testcase name="kinetic::passes" classname="domain::rules" timestamp="2026-11-24T16:59:31.860+00:00" time="0.015"/>
        <testcase name="kinetic::left_out" classname="domain::rules" time="0"><skipped/></testcase>
    </testsuite>
    <testsuite name="domain" tests="1" skipped="0" errors="0" failures="0">
        <testcase name="shipment::tests::holds" classname="domain" timestamp="2026-11-24T16:59:31.865+00:00" time="0.005"/>
    </testsuite>
</testsuites>
"#;

const LIBTEST: &str = "\
     Running unittests src/lib.rs (/a/folder (of mine)/deps/domain-72ee6507dc2c5010)

running 2 tests
test shipment::tests::holds ... ok
test shipment::tests::panics - should panic ... ok

     Running tests/rules/main.rs (target/debug/deps/rules-178a72e9ef426fbe)

running 3 tests
test kinetic::left_out ... ignored, it is slow
test kinetic::passes ... ok
test kinetic::fails ... FAILED

failures:

---- kinetic::fails stdout ----
test kinetic::evil ... perhaps

failures:
    kinetic::fails

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.09s
";

fn requirement(id: &str, tests: &[&str]) -> String {
    format!("[[requirement]]\nid = \"{id}\"\ntext = \"t\"\nsource = \"own\"\ntests = {tests:?}\n")
}

fn problems(list: &str) -> Vec<String> {
    let of = |runner, output| collate(list, runner, output).unwrap().problems;
    let problems = of(Runner::Nextest, JUNIT);
    assert_eq!(of(Runner::CargoTest, LIBTEST), problems, "both runners say the same");
    problems
}

#[test]
fn a_requirement_is_shown_by_tests_that_passed() {
    let list = requirement("R-COV-1", &["domain::rules kinetic::passes", "domain shipment::tests::holds"]);
    assert_eq!(problems(&list), [""; 0]);
    let matrix = collate(&list, Runner::Nextest, JUNIT).unwrap();
    let told = "requirements: 1, each shown by at least one test; here";
    assert_eq!(matrix.verdict("here").unwrap(), told);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let list = [
        requirement("R-COV-1", &["domain::rules kinetic::passes"]),
        requirement("R-COV-1", &["domain::rules kinetic::fails", "domain::rules kinetic::passes"]),
        requirement("R-MKT-2", &["domain::rules kinetic::renamed", "domain::rules"]),
        requirement("R-MKT-3", &[]),
        requirement("r-1", &["domain::rules kinetic::passes", "domain::rules kinetic::passes"]),
        requirement("R", &["domain::rules kinetic::passes"]).replace("\"t\"", "\" \""),
    ]
    .concat();
    let expected = [
        "R-COV-1 is there twice: give each its own id",
        "R-COV-1: domain::rules kinetic::fails failed",
        "R-MKT-2 names domain::rules kinetic::renamed, which did not run: rename or remove",
        "R-MKT-2 names domain::rules, which did not run: rename or remove",
        "R-MKT-3 names no test: name one that shows it",
        "`r-1` is no id: write one such as R-COV-1",
        "r-1 names domain::rules kinetic::passes twice: remove one",
        "`R` is no id: write one such as R-COV-1",
        "R needs its text in one line",
    ];
    assert_eq!(problems(&list), expected);
    let told = collate(&list, Runner::Nextest, JUNIT).unwrap().verdict("here").unwrap_err().to_string();
    assert_eq!(told.lines().count(), expected.len(), "{told}");
    assert!(told.lines().all(|line| line.trim_start().starts_with("docs/requirements.toml: ")), "{told}");
}

#[test]
fn an_ignored_test_shows_nothing() {
    let list = requirement("R-COV-1", &["domain::rules kinetic::left_out"]);
    let expected = "R-COV-1 names domain::rules kinetic::left_out, which is ignored: name one that runs";
    assert_eq!(problems(&list), [expected]);
}

#[test]
fn what_a_test_prints_is_no_result() {
    let list = requirement("R-COV-1", &["domain evil", "domain::rules kinetic::evil"]);
    assert_eq!(problems(&list).len(), 2);
}

#[test]
fn a_list_that_cannot_be_read_says_where() {
    for (list, place) in [
        ("", "missing field `requirement`"),
        ("[[requirement]]\nid = 1\n", "line 2"),
        ("[[requirement]]\nname = \"x\"\n", "unknown field `name`"),
    ] {
        let error = format!("{:#}", collate(list, Runner::Nextest, JUNIT).unwrap_err());
        assert!(error.starts_with("docs/requirements.toml: ") && error.contains(place), "{error}");
    }
    assert_eq!(problems("requirement = []"), ["names no requirement"]);
}

#[test]
fn of_two_binaries_of_one_name_the_worse_counts_where_cargo_test_cannot_tell_them_apart() {
    let running = "     Running tests/x.rs (deps/rules-1)\n";
    for (first, second) in [("ok", "FAILED"), ("FAILED", "ok")] {
        let output = format!("{running}test a ... {first}\n{running}test a ... {second}\n");
        assert_eq!(Runner::CargoTest.read(&output).outcome("domain::rules a"), Outcome::Failed);
    }
}

#[test]
fn the_matrix_is_written_for_people_and_for_programs() {
    let list = [
        requirement("R-COV-1", &["domain::rules kinetic::passes", "domain::rules kinetic::fails"]),
        requirement("R-COV-2", &["domain shipment::tests::holds"]).replace("\"t\"", "\"a | b\""),
    ]
    .concat();
    let matrix = collate(&list, Runner::Nextest, JUNIT).unwrap();
    let run = Run {
        runner: Runner::Nextest,
        commit: Some("0123abc".to_owned()),
        is_changed: true,
        at: Some("2026-11-24T17:00:00Z".to_owned()),
    };
    let page = report::markdown(&matrix, &run);
    for line in [
        "Commit 0123abc, with changes that are not committed; made by a test run at 2026-11-24T17:00:00Z.",
        "2 requirements, 1 of them shown, by 3 tests.",
        "| R-COV-1 | t | own | `domain::rules kinetic::passes` passed<br>`domain::rules kinetic::fails` failed | **no** |",
        "| R-COV-2 | a \\| b | own | `domain shipment::tests::holds` passed | yes |",
    ] {
        assert!(page.lines().any(|written| written == line), "{line}\n\n{page}");
    }
    let json: serde_json::Value = serde_json::from_str(&report::json(&matrix, &run).unwrap()).unwrap();
    assert_eq!((&json["commit"], &json["changed"]), (&"0123abc".into(), &true.into()));
    let first = &json["requirements"][0];
    assert_eq!((&first["shown"], &first["tests"][1]["outcome"]), (&false.into(), &"failed".into()));
    assert_eq!(json["problems"][0], "R-COV-1: domain::rules kinetic::fails failed");
}

fn file(path: &str) -> String {
    fs::read_to_string(root::repository().join(path)).unwrap()
}

fn ids_of_the_list(kind: &str) -> BTreeSet<String> {
    let List { requirements } = toml::from_str(&file(LIST)).unwrap();
    requirements.into_iter().map(|requirement| requirement.id).filter(|id| id.starts_with(kind)).collect()
}

/// What stands between an opening and an end, each time.
fn between(text: &str, opening: &str, end: &str) -> Vec<String> {
    let after = text.split(opening).skip(1);
    after.map(|rest| rest.split(end).next().unwrap_or_default().to_owned()).collect()
}

/// The pages of docs/ that state rules, by their paths.
fn pages_of_rules() -> Vec<String> {
    let files = fs::read_dir(root::repository().join("docs")).unwrap();
    let names = files.map(|entry| format!("docs/{}", entry.unwrap().file_name().into_string().unwrap()));
    let pages = names.filter(|name| name.ends_with(".md") && file(name).contains("<a id=\"R-"));
    pages.collect()
}

#[test]
fn every_rule_of_a_page_is_a_requirement_and_every_requirement_has_its_rule() {
    let pages = pages_of_rules();
    assert!(pages.contains(&"docs/assessments.md".to_owned()), "{pages:?}");
    let rules = pages.iter().flat_map(|page| between(&file(page), "<a id=\"", "\"")).collect();
    let invariants = between(&file("ARCHITECTURE.md"), "- **INV-", " ");
    let invariants = invariants.into_iter().map(|number| format!("INV-{number}")).collect();
    for (kind, anchors) in [("R-", rules), ("INV-", invariants)] {
        let anchors: Vec<String> = anchors;
        let ids: BTreeSet<String> = anchors.iter().cloned().collect();
        assert_eq!(ids.len(), anchors.len(), "an anchor stands twice: {anchors:?}");
        assert!(ids.iter().all(|id| id.starts_with(kind)), "{ids:?}");
        assert_eq!(ids, ids_of_the_list(kind), "the pages (left) and {LIST} (right) name the same");
    }
}

#[test]
fn every_link_within_a_page_leads_to_a_rule() {
    for page in pages_of_rules() {
        let text = file(&page);
        let anchors: BTreeSet<String> = between(&text, "<a id=\"", "\"").into_iter().collect();
        let links = between(&text, "](#", ")");
        let rules: Vec<_> = links.iter().filter(|link| link.starts_with("R-")).collect();
        assert!(rules.iter().all(|link| anchors.contains(*link)), "{page}: {rules:?}");
    }
}

#[test]
fn the_list_as_it_stands_has_no_fault_of_its_own() {
    let List { requirements } = toml::from_str(&file(LIST)).unwrap();
    assert_eq!(requirements.iter().flat_map(faults).collect::<Vec<_>>(), [""; 0]);
}
