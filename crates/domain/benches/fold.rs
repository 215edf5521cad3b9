//! What a reading costs at the end of a shipment of thirty days: `cargo bench -p domain`.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use domain::evaluate::{Evaluation, evaluate};
use domain::profile::Profile;
use domain::{Reading, Temperature};

const PROFILE: &str = r#"
name = "Refrigerated, 2 to 8 °C"
max_gap = "40m"
[range]
min_c = 2.0
max_c = 8.0
[[alarm]]
name = "too warm"
above = 8.0
delay = "30m"
hysteresis_c = 0.2
[[alarm]]
name = "too cold"
below = 2.0
delay = "30m"
exposure = "cumulative"
"#;

const BEGINNING: i64 = 1_772_352_000;
const INTERVAL_S: i64 = 900;
const READINGS: i64 = 30 * 86_400 / INTERVAL_S;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(BEGINNING + second, 0).unwrap()
}

/// A compressor's cycle about 5 °C, and every day half an hour above 8 °C at the loading ramp.
fn reading(index: i64) -> Reading {
    let ramp = if index % 96 < 2 { 350 } else { 0 };
    Reading {
        measured_at: at(index * INTERVAL_S),
        temperature: Temperature((480 + 10 * (index % 7) + ramp) as i32),
        min: None,
        max: None,
        humidity: None,
        out_of_range_s: None,
    }
}

fn thirty_days() -> Vec<Reading> {
    (0..READINGS).map(reading).collect()
}

fn folded(profile: &Profile, readings: &[Reading]) -> Evaluation {
    let mut evaluation = Evaluation::start(profile, at(0));
    for reading in readings {
        evaluation.push(profile, reading).unwrap();
    }
    evaluation
}

fn in_order(criterion: &mut Criterion) {
    let profile = Profile::from_toml(PROFILE).unwrap();
    let before = folded(&profile, &thirty_days());
    let next = reading(READINGS);
    criterion.bench_function("a reading in order", |bencher| {
        let push = |mut evaluation: Evaluation| {
            evaluation.push(&profile, black_box(&next)).unwrap();
            evaluation
        };
        bencher.iter_batched(|| before.clone(), push, BatchSize::SmallInput);
    });
    criterion.bench_function("a look at the assessment", |bencher| {
        bencher.iter(|| black_box(&before).assess(&profile, at(READINGS * INTERVAL_S)));
    });
}

/// As a service keeps them.
const INSTANTS_A_CHECKPOINT: u32 = 128;

/// A reading that comes late in a shipment of thirty days: the nearest checkpoint and what lies after it.
fn late(criterion: &mut Criterion) {
    let profile = Profile::from_toml(PROFILE).unwrap();
    let mut readings = thirty_days();
    let checkpoints = Evaluation::start(&profile, at(0))
        .continue_with(&profile, &readings, INSTANTS_A_CHECKPOINT)
        .unwrap()
        .checkpoints;
    let take_in = |readings: &[Reading], late: &Reading| {
        let before = checkpoints.partition_point(|c| c.last().unwrap() < late);
        let start = before.checked_sub(1).and_then(|nearest| checkpoints.get(nearest)).cloned();
        let start = start.unwrap_or_else(|| Evaluation::start(&profile, at(0)));
        let seen = start.last().map_or(0, |last| readings.partition_point(|reading| reading <= last));
        let rest = readings.get(seen..).unwrap_or_default();
        start.continue_with(&profile, rest, INSTANTS_A_CHECKPOINT).unwrap()
    };
    let mut group = criterion.benchmark_group("a late reading");
    for (name, position) in [
        ("of an hour ago", READINGS - 4),
        ("of a day ago", READINGS - 96),
        ("of three days ago", READINGS - 288),
        ("of the middle of thirty days", READINGS / 2),
    ] {
        let late = Reading { temperature: Temperature(900), ..reading(position) };
        let place = readings.partition_point(|reading| reading < &late);
        readings.insert(place, late);
        group.bench_function(name, |bencher| bencher.iter(|| take_in(black_box(&readings), &late)));
        readings.remove(place);
    }
    group.bench_function("with everything anew", |bencher| {
        bencher.iter(|| evaluate(&profile, black_box(&readings), None, None));
    });
    group.finish();
}

criterion_group!(fold, in_order, late);
criterion_main!(fold);
