//! Trackers that others made: each vendor's published examples, its values for "no sensor", and what ends too early.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod abeeway;
mod digital_matter;
mod dragino;
mod elsys;
mod milesight;
mod sensative;

use chrono::{DateTime, Utc};
use domain::place::Position;
use domain::tracker_report::Sensed;
use domain::{Humidity, Reading, Temperature};
use networks::payload::{Codec, DecodedReading, Payload, PayloadError, decode};

/// By the network, of each payload here.
const RECEIVED: &str = "2026-03-01T08:00:00.25Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap()
}

fn try_read(codec: Codec, port: u8, hex: &str) -> Result<Payload, PayloadError> {
    decode(codec, Some(port), &bytes(hex), Some(at(RECEIVED)))
}

fn read(codec: Codec, port: u8, hex: &str) -> Payload {
    try_read(codec, port, hex).unwrap()
}

fn reading(measured_at: &str, temperature: i32, humidity: Option<i32>) -> DecodedReading {
    let reading = Reading {
        measured_at: at(measured_at),
        temperature: Temperature(temperature),
        min: None,
        max: None,
        out_of_range_s: None,
        humidity: humidity.map(Humidity),
    };
    DecodedReading { reading, sequence: None }
}

fn sensed() -> Sensed {
    Sensed::at(at(RECEIVED))
}

/// With one reading or none, and what was sensed beside it.
fn payload(reading: Option<DecodedReading>, sensed: Sensed) -> Payload {
    Payload { readings: reading.into_iter().collect(), sensed: vec![sensed], ..Payload::default() }
}

/// The temperature that is the reading, of a payload with one or none, and whether a sensor failed.
fn told(payload: &Payload) -> (Option<i32>, bool) {
    assert!(payload.readings.len() < 2, "{payload:?}");
    let temperature = payload.readings.first().map(|decoded| decoded.reading.temperature.0);
    (temperature, payload.sensed.iter().any(|sensed| sensed.sensor_failed))
}

/// Latitude and longitude in steps of 1e-7°.
fn place(position: &Position) -> (i32, i32) {
    (position.point.lat_e7(), position.point.lon_e7())
}

#[test]
fn what_tells_no_time_needs_the_networks() {
    let codec = Codec::DraginoLht65n;
    let example = bytes("cbf60b0d0376010add7fff");
    let refused = decode(codec, Some(2), &example, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the tracker tells no time, and the network did not say when it received this"
    );
    // With a time of its own it needs none.
    let timed = decode(codec, Some(2), &bytes("0add0b0dc376096966f710"), None).unwrap();
    assert_eq!(timed.readings, [reading("2026-01-14T01:53:20Z", 2_781, None)]);
}
