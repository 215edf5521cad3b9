//! Commands that scripts use: what they print, and how they exit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn isotherm(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_isotherm"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its call does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Exit code 2 and one line on standard error, nothing on standard output.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    line
}

struct Profile(PathBuf);

impl Profile {
    fn new(name: &str, text: &str) -> Self {
        let file = std::env::temp_dir().join(format!("isotherm-cli-{}-{name}.toml", std::process::id()));
        std::fs::write(&file, text).unwrap();
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

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
    let profile = Profile::new("answers", REFRIGERATED);
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
    let profile = Profile::new("bad", REFRIGERATED);
    let line = refused(&isotherm(
        &["evaluate", "--profile", profile.path()],
        "measured_at,temperature_c\n2026-03-01T08:00:00Z,warm\n",
    ));
    assert!(line.contains("line 2") && line.contains("warm"), "{line}");

    let wrong = Profile::new("wrong", "name = \"x\"\nmax_gap = \"40 minutes\"\n[range]\nmax_c = 8.0\n");
    let line = refused(&isotherm(&["evaluate", "--profile", wrong.path()], ""));
    assert!(line.contains("line 2") && line.contains("40 minutes"), "{line}");

    let line = refused(&isotherm(&["evaluate", "--profile", "/nowhere/profile.toml"], ""));
    assert!(line.contains("/nowhere/profile.toml"), "{line}");
}

#[test]
fn decode_prints_one_event_with_what_the_sender_left_out_filled_in() {
    let body = r#"{"time":"2026-03-01T08:00:00.5Z","deviceInfo":{"applicationId":"app","devEui":"0102030405060708"},
        "devAddr":"00189440","data":"qg==","rxInfo":[{"gatewayId":"0016c001f153a14c","rssi":-36,"snr":10.5,
        "location":{}}]}"#;
    let output = isotherm(&["decode", "--network", "chirpstack", "--event", "up"], body);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        printed(&output),
        json!([{
            "event": "uplink", "dev_eui": "0102030405060708", "application": "app", "f_cnt": 0, "f_port": 0,
            "payload": "aa", "received_at": "2026-03-01T08:00:00.500Z", "confirmed": false,
            "gateways": [{ "id": "0016c001f153a14c", "rssi_dbm": -36, "snr_db": 10.5, "location": null }]
        }])
    );
}

#[test]
fn decode_refuses_what_cannot_be_read_and_networks_that_it_does_not_know() {
    let line =
        refused(&isotherm(&["decode", "--network", "chirpstack", "--event", "up", "-"], "{\"time\": "));
    assert!(line.contains("line 1"), "{line}");
    let line = refused(&isotherm(&["decode", "--network", "chirpstock"], "{}"));
    assert!(line.contains("chirpstock") && line.contains("the-things-stack"), "{line}");
}

#[test]
fn a_wrong_call_exits_with_2_and_every_command_has_an_example() {
    assert_eq!(isotherm(&["evaluate"], "").status.code(), Some(2));
    assert_eq!(isotherm(&["fly"], "").status.code(), Some(2));
    for command in [
        &["demo"][..],
        &["serve"],
        &["ingest"],
        &["track"],
        &["migrate"],
        &["config"],
        &["decode"],
        &["evaluate"],
        &["admin", "user", "add"],
        &["admin", "integration", "add"],
    ] {
        let help = isotherm(&[command, &["--help"]].concat(), "");
        assert!(String::from_utf8(help.stdout).unwrap().contains("Example: "), "{command:?}");
    }
}

#[test]
fn the_printed_configuration_is_read_back() {
    let printed = isotherm(&["config"], "");
    assert_eq!(printed.status.code(), Some(0));
    let file = Profile::new("config", &String::from_utf8(printed.stdout).unwrap());
    // A split part without a broker is refused after its configuration was read.
    let line = refused(&isotherm(&["track", "--config", file.path()], ""));
    assert!(line.contains("RabbitMQ"), "{line}");
}
