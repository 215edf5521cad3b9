//! The codec for the consoles of network servers, held against this crate: what one writes the other reads, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod any;

use std::io::Write as _;
use std::process::{Command as Process, Stdio};

use any::any_log;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use wire::{
    ClockRequest, Command, DecodeError, Downlink, Entry, EventKind, Firmware, LogFrame, MAX_LEN,
    MAX_SEQUENCE, Mode, Position, Range, ResetCause, Setup, Stamp, Status, Step, TEMPERATURE_MIN, Thresholds,
    Uplink, What, encode, encode_commands,
};

/// How many of each.
const CASES: usize = 2_000;

/// Has each of the calls (`[function, input]`) answered by the codec.
fn codec(calls: &[Value]) -> Vec<Value> {
    const RUN: &str = "const fs = require('fs');
        const codec = eval(fs.readFileSync(process.argv[1], 'utf8') + '; ({ decodeUplink, decodeDownlink, encodeDownlink })');
        const calls = JSON.parse(fs.readFileSync(0, 'utf8'));
        process.stdout.write(JSON.stringify(calls.map(([name, input]) => codec[name](input))));";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/networks/codec.js");
    let mut node = Process::new("node")
        .args(["-e", RUN, file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut input = node.stdin.take().unwrap();
    let text = serde_json::to_vec(calls).unwrap();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the codec failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// So many values of a strategy, the same in every run.
fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn uplink(port: u8, bytes: &[u8]) -> Value {
    json!(["decodeUplink", { "fPort": port, "bytes": bytes }])
}

fn hundredths(value: i16) -> f64 {
    f64::from(value) / 100.0
}

fn time(minutes: u32) -> String {
    // The calendar is the codec's own business; here it is counted by hand.
    let (mut day, mut year) = (i64::from(minutes) / 1440, 2024);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = |year: i64| if is_leap(year) { 366 } else { 365 };
    while day >= days(year) {
        day -= days(year);
        year += 1;
    }
    let february = days(year) - 337;
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute) = (minutes % 1440 / 60, minutes % 60);
    format!("{year}-{:02}-{:02}T{hour:02}:{minute:02}:00Z", month + 1, day + 1)
}

const EVENTS: [&str; 20] = [
    "alarm_high",
    "alarm_low",
    "alarm_ended",
    "case_opened",
    "case_closed",
    "light",
    "dark",
    "shock",
    "turned",
    "started",
    "stopped",
    "battery_low",
    "restarted",
    "flight_began",
    "flight_ended",
    "clock_set",
    "sensor_failed",
    "sensor_back",
    "settings_changed",
    "self_test",
];

fn said(entry: &Entry) -> Value {
    let mut said = json!({ "sequence": entry.sequence });
    match entry.stamp {
        Stamp::Utc(minutes) => said["time"] = json!(time(minutes)),
        Stamp::SinceStart(minutes) => said["minutes_since_start"] = json!(minutes),
    }
    match entry.what {
        What::Event(event) => {
            let place = EventKind::ALL.iter().position(|kind| *kind == event.kind).unwrap();
            said["event"] = json!(EVENTS[place]);
            said["value"] = json!(event.value);
        }
        What::Lost { first, count } => said["lost"] = json!({ "first": first, "count": count }),
        What::Reading(reading) => {
            said["temperature_c"] = json!(hundredths(reading.temperature));
            if let (Some((lowest, highest)), Some(spread)) = (reading.ends(), reading.spread) {
                said["min_c"] = json!(hundredths(lowest));
                said["max_c"] = json!(hundredths(highest));
                said["out_of_range_s"] = json!(u32::from(spread.out_of_range) * 60);
            }
            if let Some(steps) = reading.humidity {
                said["humidity_pct"] = json!(f64::from(steps) / 2.0);
            }
        }
    }
    said
}

/// JSON has one kind of number: 5 and 5.0 are the same.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

fn agree(calls: &[Value], expected: &[Value]) {
    for ((call, found), expected) in calls.iter().zip(codec(calls)).zip(expected) {
        assert!(same(&found, expected), "{call}: {found} instead of {expected}");
    }
}

#[test]
fn it_reads_every_log_frame() {
    let frames = some((any_log(), 24..=MAX_LEN)).into_iter().map(|((entries, step), room)| {
        let mut bytes = vec![0; room];
        let written = encode(entries.iter().copied(), step, &mut bytes).unwrap();
        bytes.truncate(written.length);
        let entries: Vec<Value> = entries[..written.entries].iter().map(said).collect();
        (uplink(11, &bytes), json!({ "data": { "entries": entries } }))
    });
    let (calls, expected): (Vec<Value>, Vec<Value>) = frames.unzip();
    agree(&calls, &expected);
}

#[test]
fn it_refuses_what_is_refused_here() {
    let ports = [10_u8, 11, 11, 11, 11, 12, 13, 14, 15];
    let bytes = proptest::collection::vec(any::<u8>(), 0..40);
    let cases = some((0..ports.len(), bytes)).into_iter().map(|(port, bytes)| (ports[port], bytes));
    // Of one length, they would be hit too rarely.
    let fixed = some((0..4_usize, proptest::collection::vec(any::<u8>(), 11))).into_iter().map(
        |(which, mut bytes)| {
            let (port, length) = [(12, 11), (13, 10), (14, 10), (15, 6)][which];
            bytes.truncate(length);
            (port, bytes)
        },
    );
    let cases: Vec<(u8, Vec<u8>)> = cases.chain(fixed).collect();
    let calls: Vec<Value> = cases.iter().map(|(port, bytes)| uplink(*port, bytes)).collect();
    let mut refused = 0;
    for ((port, bytes), found) in cases.iter().zip(codec(&calls)) {
        let read = Uplink::decode(*port, bytes);
        assert_eq!(read.is_err(), found["errors"].is_array(), "{port} {bytes:02x?}: {read:?} and {found}");
        refused += usize::from(read.is_err());
        if let Ok(Uplink::Log(frame)) = read {
            let entries: Vec<Value> = frame.entries().map(|entry| said(&entry)).collect();
            assert!(same(&found["data"]["entries"], &json!(entries)), "{bytes:02x?}");
        }
    }
    assert!((100..2 * CASES - 100).contains(&refused), "{refused} of {}", 2 * CASES);
    assert!(matches!(LogFrame::decode(&[]), Err(DecodeError::EndsInside { entry: 0 })));
}

#[test]
fn it_reads_what_a_tracker_says_of_itself() {
    let status = Status {
        firmware: Firmware { major: 1, minor: 2, patch: 3 },
        battery_pct: Some(87),
        reset_cause: ResetCause::Watchdog,
        faulty: true,
        mode: Mode::Measuring,
        next: 66_052,
        held: 8640,
        clock_within_s: None,
    };
    let setup = Setup {
        command: 658_188,
        calibration: 0x8022_3344,
        step: Step::Minutes15,
        per_uplink: 2,
        thresholds: 4295,
    };
    let place =
        Position { minutes: 1_316_118, latitude: -4_194_304, longitude: 2_097_152, accuracy_m: Some(12) };
    let clock = ClockRequest { seconds: 4_000_000_000, setting: 3, within_s: Some(20) };
    let calls = [
        uplink(12, &status.encode().unwrap()),
        uplink(13, &setup.encode().unwrap()),
        uplink(14, &place.encode().unwrap()),
        uplink(15, &clock.encode()),
    ];
    let expected = [
        json!({ "firmware": "1.2.3", "battery_pct": 87, "reset_cause": "watchdog", "faulty": true,
            "mode": "measuring", "next": 66052, "held": 8640, "clock_within_s": null }),
        json!({ "command": 658188, "calibration": 0x8022_3344_u32, "step_minutes": 15, "per_uplink": 2,
            "thresholds": 4295 }),
        json!({ "time": "2026-07-02T23:18:00Z", "latitude": -45, "longitude": 45, "accuracy_m": 12 }),
        json!({ "seconds": 4_000_000_000_u32, "setting": 3, "within_s": 20 }),
    ];
    agree(&calls, &expected.map(|data| json!({ "data": data })));
}

fn any_command() -> impl Strategy<Value = Command> {
    let range = (0..=MAX_SEQUENCE, 0..=MAX_SEQUENCE)
        .prop_map(|(one, other)| Range { first: one.min(other), last: one.max(other) });
    let thresholds = (TEMPERATURE_MIN..i16::MAX, 1..2000_i16, 0..=240_u8, 0..=240_u8).prop_map(
        |(low, width, low_delay, high_delay)| Thresholds {
            low,
            high: low.saturating_add(width),
            low_delay,
            high_delay,
        },
    );
    prop_oneof![
        range.clone().prop_map(Command::Acknowledge),
        range.prop_map(Command::Resend),
        thresholds.prop_map(Command::Thresholds),
        (0..8_usize, 1..=32_u8)
            .prop_map(|(step, per_uplink)| Command::Intervals { step: Step::ALL[step], per_uplink }),
        any::<(u8, i32)>().prop_map(|(setting, forward_s)| Command::Clock { setting, forward_s }),
        any::<u8>().prop_map(|hours| Command::Flight { hours }),
        any::<u8>().prop_map(|seconds| Command::Identify { seconds }),
        Just(Command::Restart),
    ]
}

fn wanted(command: &Command) -> Value {
    match *command {
        Command::Acknowledge(Range { first, last }) => {
            json!({ "command": "acknowledge", "first": first, "last": last })
        }
        Command::Resend(Range { first, last }) => {
            json!({ "command": "resend", "first": first, "last": last })
        }
        Command::Thresholds(Thresholds { low, high, low_delay, high_delay }) => {
            json!({ "command": "thresholds",
            "low_c": hundredths(low), "high_c": hundredths(high), "low_delay_min": low_delay, "high_delay_min": high_delay })
        }
        Command::Intervals { step, per_uplink } => {
            json!({ "command": "intervals", "step_minutes": step.minutes(), "per_uplink": per_uplink })
        }
        Command::Clock { setting, forward_s } => {
            json!({ "command": "clock", "setting": setting, "forward_s": forward_s })
        }
        Command::Flight { hours } => json!({ "command": "flight", "hours": hours }),
        Command::Identify { seconds } => json!({ "command": "identify", "seconds": seconds }),
        Command::Restart => json!({ "command": "restart" }),
    }
}

#[test]
fn it_writes_and_reads_every_command_as_the_tracker_reads_it() {
    let downlinks = some((1..=MAX_SEQUENCE, proptest::collection::vec(any_command(), 1..6)));
    let (mut calls, mut expected) = (Vec::new(), Vec::new());
    for (number, commands) in &downlinks {
        let mut room = [0; 64];
        let length = encode_commands(*number, commands, &mut room).unwrap();
        let bytes = &room[..length];
        let data = json!({ "number": number, "commands": commands.iter().map(wanted).collect::<Vec<_>>() });
        calls.push(json!(["encodeDownlink", { "data": data }]));
        expected.push(json!({ "bytes": bytes, "fPort": 20 }));
        calls.push(json!(["decodeDownlink", { "fPort": 20, "bytes": bytes }]));
        expected.push(json!({ "data": data }));
    }
    agree(&calls, &expected);
}

#[test]
fn it_refuses_the_commands_that_a_tracker_refuses() {
    let bytes = proptest::collection::vec(prop_oneof![0..9_u8, any::<u8>()], 0..14);
    let cases = some(bytes);
    let calls: Vec<Value> =
        cases.iter().map(|bytes| json!(["decodeDownlink", { "fPort": 20, "bytes": bytes }])).collect();
    let mut read = 0;
    for (bytes, found) in cases.iter().zip(codec(&calls)) {
        let downlink = Downlink::decode(bytes);
        assert_eq!(downlink.is_err(), found["errors"].is_array(), "{bytes:02x?}: {downlink:?} and {found}");
        read += usize::from(downlink.is_ok());
    }
    assert!(read > 20, "only {read} were read at all");
    let bad = [
        json!({ "number": 0, "commands": [{ "command": "restart" }] }),
        json!({ "number": 1, "commands": [] }),
        json!({ "number": 1, "commands": [{ "command": "explode" }] }),
        json!({ "number": 1, "commands": [{ "command": "resend", "first": 2, "last": 1 }] }),
        json!({ "number": 1, "commands": [{ "command": "intervals", "step_minutes": 7, "per_uplink": 1 }] }),
        json!({ "number": 1, "commands": [{ "command": "flight", "hours": 256 }] }),
        json!({ "number": 1, "commands": [{ "command": "flight" }] }),
    ];
    let calls: Vec<Value> = bad.iter().map(|data| json!(["encodeDownlink", { "data": data }])).collect();
    for (call, found) in calls.iter().zip(codec(&calls)) {
        assert!(found["errors"].is_array(), "{call}: {found}");
    }
}
