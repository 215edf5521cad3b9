//! `isotherm evaluate`.

use serde_json::json;

use crate::{File, isotherm, printed, refused};

const REFRIGERATED: &str = r#"
name = "Refrigerated, 2 to 8 °C"
max_gap = "40m"
[range]
min_c = 2.0
max_c = 8.0
[[alarm]]
name = "too warm"
above = 8.0
delay = "30m"
severity = "critical"
"#;

#[test]
fn evaluate_answers_yes_with_0_and_no_with_1() {
    let profile = File::new("answers.toml", REFRIGERATED);
    let call = ["evaluate", "--profile", profile.path()];
    let fine =
        isotherm(&call, "measured_at,temperature_c\n2026-03-01T08:00:00Z,8.00\n2026-03-01T08:30:00Z,2.00\n");
    assert_eq!(fine.status.code(), Some(0), "{fine:?}");
    let json = printed(&fine);
    assert_eq!(json["assessment"], "no_excursion");
    assert_eq!(json["coverage"], json!({ "in_range_s": 4200, "out_of_range_s": 0, "unknown_s": 0 }));
    assert_eq!(
        (&json["from"], &json["to"]),
        (&json!("2026-03-01T08:00:00Z"), &json!("2026-03-01T09:10:00Z"))
    );

    let warm =
        isotherm(&call, "measured_at,temperature_c\n2026-03-01T08:00:00Z,8.01\n2026-03-01T08:30:00Z,5.0\n");
    assert_eq!(warm.status.code(), Some(1));
    let json = printed(&warm);
    assert_eq!(json["assessment"], "excursion");
    assert_eq!(
        json["episodes"],
        json!([{
            "alarm": "too warm", "severity": "critical", "began_at": "2026-03-01T08:00:00Z",
            "alarmed_at": "2026-03-01T08:30:00Z", "ended_at": "2026-03-01T08:30:00Z", "exposure_s": 1800,
            "extreme_c": 8.01
        }])
    );

    let gap = isotherm(&call, "measured_at,temperature_c\n2026-03-01T08:00:00Z,5\n2026-03-01T09:00:00Z,5\n");
    assert_eq!(gap.status.code(), Some(1));
    assert_eq!(printed(&gap)["assessment"], "incomplete");
}

#[test]
fn evaluate_says_where_its_input_is_bad() {
    let profile = File::new("bad.toml", REFRIGERATED);
    let line = refused(&isotherm(
        &["evaluate", "--profile", profile.path()],
        "measured_at,temperature_c\n2026-03-01T08:00:00Z,warm\n",
    ));
    assert!(line.contains("line 2") && line.contains("warm"), "{line}");

    let wrong = File::new("wrong.toml", "name = \"x\"\nmax_gap = \"40 minutes\"\n[range]\nmax_c = 8.0\n");
    let line = refused(&isotherm(&["evaluate", "--profile", wrong.path()], ""));
    assert!(line.contains("line 2") && line.contains("40 minutes"), "{line}");

    let line = refused(&isotherm(&["evaluate", "--profile", "/nowhere/profile.toml"], ""));
    assert!(line.contains("/nowhere/profile.toml"), "{line}");

    // A folder opens like a file, and only then cannot be read.
    for unreadable in ["/nowhere/readings.csv", env!("CARGO_MANIFEST_DIR")] {
        let line = refused(&isotherm(&["evaluate", "--profile", profile.path(), unreadable], ""));
        assert!(line.contains(&format!("{unreadable}: ")) && line.contains("(os error "), "{line}");
    }
}

const WARM: &str = "measured_at,temperature_c\n2026-03-01T08:00:00Z,8.01\n2026-03-01T08:30:00Z,5.0\n";

#[test]
fn evaluate_reads_the_profile_or_the_readings_from_standard_input_but_not_both() {
    let (profile, readings) = (File::new("either.toml", REFRIGERATED), File::new("either.csv", WARM));
    let expected = printed(&isotherm(&["evaluate", "--profile", profile.path(), readings.path()], ""));
    assert_eq!(expected["assessment"], "excursion");
    for (file, other, input) in
        [("-", readings.path(), REFRIGERATED), (profile.path(), "-", WARM), (profile.path(), "", WARM)]
    {
        let call = ["evaluate", "--profile", file, other];
        let output = isotherm(&call[..if other.is_empty() { 3 } else { 4 }], input);
        assert_eq!(output.status.code(), Some(1), "{call:?}: {output:?}");
        assert_eq!(printed(&output), expected, "{call:?}");
    }
    for call in [&["evaluate", "--profile", "-"][..], &["evaluate", "--profile", "-", "-"]] {
        let line = refused(&isotherm(call, REFRIGERATED));
        assert!(line.contains("both be standard input: name a file"), "{line}");
    }
    let line = refused(&isotherm(&["evaluate", "--profile", "-", readings.path()], "name = 1"));
    assert!(line.starts_with("isotherm: standard input: line 1, column 8: "), "{line}");
    let line = refused(&isotherm(&["evaluate", "--profile", profile.path(), "-"], "a,b\n"));
    assert!(line.starts_with("isotherm: standard input: line 1, column 1: "), "{line}");
}

#[test]
fn evaluate_reads_a_loggers_export_as_it_is() {
    let profile = File::new("export.toml", REFRIGERATED);
    let export = "serial,measured_at,temperature_c,note\n7,2026-03-01T08:00:00Z,5e0,\"door, open\"\n";
    let output = isotherm(&["evaluate", "--profile", profile.path()], export);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        (printed(&output)["readings"].as_u64(), printed(&output)["max_c"].as_f64()),
        (Some(1), Some(5.0))
    );
}

#[test]
fn evaluate_refuses_a_limit_that_it_would_have_to_round() {
    let profile = File::new("limit.toml", &REFRIGERATED.replace("above = 8.0", "above = 8.125"));
    let line = refused(&isotherm(&["evaluate", "--profile", profile.path()], WARM));
    let reason = "line 9, column 9: above: 8.125 has more than 2 decimals: round it as you mean it";
    assert_eq!(line, format!("isotherm: {}: {reason}", profile.path()));
}
