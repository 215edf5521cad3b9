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

/// With a thermometer that measures.
fn measuring() -> Sensed {
    Sensed { sensor_failed: Some(false), ..sensed() }
}

/// With one reading or none, and what was sensed beside it.
fn payload(reading: Option<DecodedReading>, sensed: Sensed) -> Payload {
    Payload { readings: reading.into_iter().collect(), sensed: vec![sensed], ..Payload::default() }
}

/// The temperature that is the reading, of a payload with one or none, and whether its thermometer failed, where it says so.
fn told(payload: &Payload) -> (Option<i32>, Option<bool>) {
    assert!(payload.readings.len() < 2, "{payload:?}");
    let temperature = payload.readings.first().map(|decoded| decoded.reading.temperature.0);
    (temperature, payload.sensed.iter().find_map(|sensed| sensed.sensor_failed))
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
    assert_eq!(timed.readings, [reading("2026-01-14T01:53:20Z", 2_829, Some(8_860))]);
}

/// The vendors' examples, and a few made like them where a message has none.
const EXAMPLES: [(Codec, u8, &str); 18] = [
    (Codec::DraginoLht65nProbe, 2, "cbf60b0d0376010add7fff"),
    (Codec::DraginoLht52Probe, 2, "08cd0220f5c60161cd4edd"),
    (Codec::ElsysErsProbe, 5, "0100f5021c0301023d070e1e0c00ee0f0014000f4229"),
    (Codec::DraginoLht65n, 2, "cbf60b0d0376010add7fff"),
    (Codec::DraginoLht65n, 2, "7fff088e014b41600660097fff089801464160065f97"),
    (Codec::DraginoLht65n, 5, "0b015601ff0bf6"),
    (Codec::DraginoLht52, 2, "08cd0220f5c60161cd4edd"),
    (Codec::MilesightEm300Th, 85, "01755c0367340104686520ce9e74466310015d00"),
    (Codec::MilesightEm320Th, 85, "ff166136a1009205000520ce9e74466310015d03673401"),
    (Codec::ElsysErs, 5, "0100e202290400270506060308070d62"),
    (Codec::ElsysErs, 5, "0100f5021c0301023d070e1e0c00ee0f0014000f4229"),
    (Codec::DigitalMatterOyster, 1, "0030edec003224450000de"),
    (Codec::DigitalMatterOyster, 4, "30edec32244500de01"),
    (Codec::AbeewayCompact, 18, "036ac18900001d28b901603702"),
    (Codec::AbeewayCompact, 18, "0e246489000e10011d28b9e6016037550bb802"),
    (Codec::AbeewayCompact, 18, "07046486000301ff3800640bb8"),
    (Codec::SensativeStrips, 1, "ffff01500200ea03000d000e001000"),
    (Codec::SensativeStrips, 2, "00050000003c0200ea00000e100200c8"),
];

/// Readings can be measured and come oldest first; nothing is later than it was received, but by the tracker's own clock.
fn assert_sound(decoded: &Result<Payload, PayloadError>, example: &[u8]) {
    let Ok(payload) = decoded else { return };
    let temperatures = payload.readings.iter().map(|decoded| decoded.reading.temperature.0);
    let untimed = payload.untimed.iter().map(|untimed| untimed.temperature.0);
    let mut all = temperatures.chain(untimed);
    assert!(all.all(|hundredths| (-20_000..=85_000).contains(&hundredths)), "{example:02x?}: {payload:?}");
    assert!(payload.readings.is_sorted_by_key(|decoded| decoded.reading.measured_at), "{example:02x?}");
    assert!(payload.sensed.is_sorted_by_key(|sensed| sensed.at), "{example:02x?}");
    assert!(payload.position.is_none_or(|position| position.at <= at(RECEIVED)), "{example:02x?}");
}

#[test]
fn every_example_cut_anywhere_or_with_any_byte_changed_is_read_or_refused() {
    let mut tried = 0;
    let mut try_both = |codec, port, example: &[u8]| {
        for received_at in [None, Some(at(RECEIVED))] {
            assert_sound(&decode(codec, Some(port), example, received_at), example);
            tried += 1;
        }
    };
    for (codec, port, hex) in EXAMPLES {
        let example = bytes(hex);
        assert!(try_read(codec, port, hex).is_ok(), "{hex}");
        for length in 0..example.len() {
            try_both(codec, port, &example[..length]);
        }
        for index in 0..example.len() {
            for byte in 0..=u8::MAX {
                let mut changed = example.clone();
                changed[index] = byte;
                try_both(codec, port, &changed);
            }
        }
    }
    assert!(tried > 100_000, "{tried}");
}

#[test]
fn every_codec_of_others_has_an_example() {
    let without = |codec: &Codec| EXAMPLES.iter().all(|(with, _, _)| with != codec);
    let without: Vec<Codec> = Codec::ALL.into_iter().filter(without).collect();
    assert_eq!(without, [Codec::Isotherm, Codec::Mapped]);
}
