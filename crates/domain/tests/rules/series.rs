//! Making profiles and readings, by hand and at random. Instants are seconds after an agreed one.

use chrono::{DateTime, Utc};
use domain::profile::Profile;
use domain::{Humidity, Reading, Temperature};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-03-01T08:00:00Z.
const EPOCH: i64 = 1_772_352_000;

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(EPOCH + second, 0).unwrap()
}

pub fn second(instant: DateTime<Utc>) -> i64 {
    instant.timestamp() - EPOCH
}

pub fn reading(second: i64, hundredths: i32) -> Reading {
    Reading {
        measured_at: at(second),
        temperature: Temperature(hundredths),
        min: None,
        max: None,
        out_of_range_s: None,
        humidity: None,
    }
}

pub fn readings(series: &[(i64, i32)]) -> Vec<Reading> {
    series.iter().map(|(second, hundredths)| reading(*second, *hundredths)).collect()
}

pub fn profile(toml: &str) -> Profile {
    Profile::from_toml(toml).unwrap()
}

fn number(hundredths: i32) -> Value {
    json!(f64::from(hundredths) / 100.0)
}

/// Values close around the limits, so that equality is common.
pub fn any_reading(seconds: std::ops::Range<i64>) -> impl Strategy<Value = Reading> {
    let extreme = || proptest::option::weighted(0.3, -4..5_i32);
    let humidity = proptest::option::weighted(0.7, 0..8_i32);
    (seconds, -4..5_i32, extreme(), extreme(), humidity).prop_map(|(second, value, min, max, humidity)| {
        Reading {
            min: min.map(Temperature),
            max: max.map(Temperature),
            humidity: humidity.map(Humidity),
            ..reading(second, value)
        }
    })
}

pub fn any_series() -> impl Strategy<Value = Vec<Reading>> {
    proptest::collection::vec(any_reading(0..80), 0..25)
}

fn any_alarm() -> impl Strategy<Value = Value> {
    let rule = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let times = (0..20_i64, prop_oneof![Just(0_i64), 1..20_i64]);
    (rule, times, -2..4_i32, 0..4_i32).prop_map(|(rule, (delay, start_delay), limit, hysteresis)| {
        let (humidity, above, inclusive, cumulative) = rule;
        let limit = if humidity { limit + 3 } else { limit };
        json!({
            "quantity": if humidity { "humidity" } else { "temperature" },
            if above { "above" } else { "below" }: number(limit),
            "inclusive": inclusive,
            "exposure": if cumulative { "cumulative" } else { "single" },
            "delay": format!("{delay}s"),
            "start_delay": format!("{start_delay}s"),
            "hysteresis_c": number(hysteresis),
            "severity": "warning",
        })
    })
}

/// For one side of a range that ends at `end`: each edge is further out than the one before, and each total shorter.
fn any_side(end: i32, outward: i32) -> impl Strategy<Value = Vec<Value>> {
    let field = if outward > 0 { "up_to_c" } else { "down_to_c" };
    proptest::collection::vec((1..3_i32, 0..20_i64), 0..3).prop_map(move |steps| {
        let (mut edge, mut total) = (end, 60);
        let allowance = |(index, (step, shorter)): (usize, (i32, i64))| {
            edge += step * outward;
            total -= shorter;
            let total = if index == 0 && shorter == 0 { "unlimited".to_owned() } else { format!("{total}s") };
            json!({ "name": format!("{field} {index}"), field: number(edge), "total": total })
        };
        steps.into_iter().enumerate().map(allowance).collect()
    })
}

type Stability = (Option<(i32, i32)>, Vec<Value>);

fn any_stability() -> impl Strategy<Value = Stability> {
    proptest::option::of((-3..1_i32, 0..4_i32)).prop_flat_map(|range| match range {
        Some((min, width)) => (any_side(min + width, 1), any_side(min, -1))
            .prop_map(move |(up, down)| (range, [up, down].concat()))
            .boxed(),
        None => Just((None, Vec::new())).boxed(),
    })
}

pub fn any_profile() -> impl Strategy<Value = Profile> {
    let alarms = proptest::collection::vec(any_alarm(), 1..4);
    let freeze_thaw = proptest::option::of((0..4_u32, -3..2_i32, 0..3_i32));
    let event_alarm = proptest::option::of((any::<bool>(), 0..=100_000_i32));
    let beside =
        (event_alarm, proptest::option::of(1..=10_000_i32), proptest::option::of("[a-z][a-z\\n °]{0,9}"));
    (1..15_i64, any_stability(), alarms, (freeze_thaw, beside), 1..40_i64).prop_map(
        |(max_gap, (range, allowances), mut alarms, (freeze_thaw, (event_alarm, share, text)), window)| {
            for (index, alarm) in alarms.iter_mut().enumerate() {
                alarm["name"] = json!(format!("alarm {index}"));
            }
            if let Some((light, limit)) = event_alarm {
                let quantity = if light { "light" } else { "shock" };
                let alarm = json!({ "name": "event", "quantity": quantity, "above": number(limit), "severity": "info" });
                alarms.insert(0, alarm);
            }
            let mut profile = json!({
                "name": "any", "max_gap": format!("{max_gap}s"), "alarm": alarms, "allowance": allowances,
                "mkt": { "limit_c": 0.01, "window": format!("{window}s") },
            });
            if let Some((min, width)) = range {
                profile["range"] = json!({ "min_c": number(min), "max_c": number(min + width) });
            }
            if let Some((at_most, below, width)) = freeze_thaw {
                profile["freeze_thaw"] =
                    json!({ "at_most": at_most, "below_c": number(below), "above_c": number(below + width) });
            }
            if let Some(share) = share {
                profile["coverage"] = json!({ "min_for_release_pct": number(share) });
            }
            if let Some(text) = text {
                profile["description"] = json!(text);
                profile["source"] = json!(text);
                profile["measured"] = json!("buffered");
            }
            serde_json::from_value(profile).unwrap()
        },
    )
}

/// Beginning and end, with readings on both sides of each.
pub fn any_span() -> impl Strategy<Value = (i64, i64)> {
    (-10..60_i64, 1..60_i64).prop_map(|(from, length)| (from, from + length))
}
