//! The examples that the networks publish, and recordings from a real server, against what is known of them.
//!
//! They lie beside the project and are not part of it; where they are absent this says so and checks nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

use networks::decode::{Decoded, decode};
use networks::{EventKind, Network};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Manifest {
    messages: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    file: String,
    server: String,
    event: String,
    expected: Value,
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/webhooks");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is absent", folder.display());
    None
}

fn network(server: &str) -> Option<Network> {
    match server {
        "chirpstack-v4" | "chirpstack-v4-recorded" => Some(Network::Chirpstack),
        "tts" => Some(Network::TheThingsStack),
        "orange-live-objects" => Some(Network::Orange),
        name => name.parse().ok(),
    }
}

fn kind(event: &str) -> EventKind {
    match event {
        "up" | "uplink_message" | "uplink" | "gw" => EventKind::Uplink,
        "join" | "join_accept" | "notification" => EventKind::Join,
        "status" | "online" | "offline" => EventKind::Status,
        "ack" | "downlink_ack" => EventKind::Ack,
        "txd" | "downlink_sent" => EventKind::Downlink,
        "error" => EventKind::Error,
        "confirmation" => EventKind::Other,
        other => panic!("an example of a new kind: {other}"),
    }
}

fn examples() -> Vec<(Network, Example, Vec<u8>)> {
    let Some(folder) = folder() else { return Vec::new() };
    let manifest: Manifest =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let ours = manifest.messages.into_iter().filter_map(|example| {
        let body = std::fs::read(folder.join(&example.file)).unwrap();
        Some((network(&example.server)?, example, body))
    });
    let ours: Vec<_> = ours.collect();
    assert!(ours.len() >= 31, "only {} examples of these networks", ours.len());
    ours
}

fn check(example: &Example, [decoded]: &[Decoded; 1]) {
    let (file, expected) = (&example.file, &example.expected);
    let event = &decoded.0;
    assert_eq!(event.kind, kind(&example.event), "{file}");
    assert_eq!(json!(event.dev_eui), expected["dev_eui"], "{file}");
    assert_eq!(json!(event.f_cnt), expected["f_cnt"], "{file}");
    assert_eq!(json!(event.f_port), expected["f_port"], "{file}");
    assert_eq!(json!(event.payload.as_ref().map(hex::encode)), expected["payload_hex"], "{file}");
    assert_eq!(json!(event.confirmed), expected["confirmed"], "{file}");
    assert_eq!(event.application, text(&expected["application"]), "{file}");
    assert_eq!(event.gateways.len() as u64, expected["gateways"].as_u64().unwrap_or(0), "{file}");
    assert_eq!(event.received_at, time(&expected["time"]), "{file}");
}

/// An application's number is taken as a text.
fn text(expected: &Value) -> Option<String> {
    expected.as_str().map(str::to_owned).or_else(|| Some(expected.as_u64()?.to_string()))
}

/// RFC 3339 (one that is malformed is unknown), milliseconds of Unix time, or seconds with decimals.
fn time(expected: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    if let Some(text) = expected.as_str() {
        return Some(chrono::DateTime::parse_from_rfc3339(text).ok()?.to_utc());
    }
    let millis = expected.as_i64().or_else(|| Some((expected.as_f64()? * 1e3).round() as i64));
    chrono::DateTime::from_timestamp_millis(millis?)
}

#[test]
fn every_published_example_is_read_as_known_with_and_without_the_senders_word() {
    for (network, example, body) in examples() {
        for word in [Some(example.event.as_str()), None] {
            let decoded: [Decoded; 1] = decode(network, word, &body).unwrap().try_into().unwrap();
            check(&example, &decoded);
        }
    }
}

#[test]
fn every_published_example_cut_short_is_refused_with_its_place() {
    for (network, example, body) in examples() {
        let whole = body.trim_ascii();
        for cut in (0..whole.len()).step_by(7) {
            let refused = decode(network, None, &whole[..cut]).expect_err(&example.file).to_string();
            assert!(refused.starts_with("line "), "{}: {refused}", example.file);
        }
    }
}

/// Helium's ChirpStack says only in a gateway's metadata where it stands.
#[test]
fn the_published_hotspots_have_places() {
    for (network, example, body) in examples() {
        if network == Network::Helium {
            let events = decode(network, None, &body).unwrap();
            assert!(
                events[0].0.gateways.iter().all(|gateway| gateway.location.is_some()),
                "{}",
                example.file
            );
        }
    }
}
