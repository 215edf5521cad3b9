//! What reading a webhook costs beside a bare typed parse of the same body in the same run: `cargo bench -p networks`.
//!
//! The bare parse borrows every text and turns nothing into bytes, times or EUIs: it is the least that serde_json can do. The
//! ratios come at the end.
#![allow(clippy::unwrap_used, clippy::print_stdout, dead_code)]

mod bare;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use networks::{Network, parse};
use serde::Deserialize;

const HOT: [(&str, Network, &[u8]); 5] = [
    ("chirpstack", Network::Chirpstack, include_bytes!("bodies/chirpstack.json")),
    ("the-things-stack", Network::TheThingsStack, include_bytes!("bodies/the-things-stack.json")),
    ("actility", Network::Actility, include_bytes!("bodies/actility.json")),
    ("loriot", Network::Loriot, include_bytes!("bodies/loriot.json")),
    ("aws-iot-core", Network::AwsIotCore, include_bytes!("bodies/aws-iot-core.json")),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, network, body) in HOT {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("decode", |b| b.iter(|| parse(network, Some("up"), black_box(body)).unwrap()));
        group.bench_function("bare", |b| {
            b.iter(|| match network {
                Network::Chirpstack => drop(black_box(bare_parse::<bare::Chirpstack<'_>>(body))),
                Network::TheThingsStack => drop(black_box(bare_parse::<bare::TheThingsStack<'_>>(body))),
                Network::Actility => drop(black_box(bare_parse::<bare::Actility<'_>>(body))),
                Network::Loriot => drop(black_box(bare_parse::<bare::Loriot<'_>>(body))),
                _ => drop(black_box(bare_parse::<bare::AwsIotCore<'_>>(body))),
            });
        });
        group.finish();
    }
    criterion.final_summary();
    for (name, ..) in HOT {
        if let Some((decode, bare)) = estimate(name, "decode").zip(estimate(name, "bare")) {
            println!("{name}: {decode:.0} ns beside {bare:.0} ns bare, ratio {:.2}", decode / bare);
        }
    }
}

fn bare_parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> T {
    serde_json::from_slice(black_box(body)).unwrap()
}

/// Nanoseconds, the median of what was measured last.
fn estimate(network: &str, what: &str) -> Option<f64> {
    let folder = std::env::var_os("CARGO_TARGET_DIR");
    let target =
        folder.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), Into::into);
    let file = target.join("criterion").join(network).join(what).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}
