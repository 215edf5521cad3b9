//! Payloads of our own tracker to readings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::{Humidity, Reading, Temperature};
use networks::payload::{Codec, DecodedReading, Payload, PayloadError, UntimedReading, decode};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn read(f_port: Option<u8>, payload: &str) -> Result<Payload, PayloadError> {
    decode(Codec::Isotherm, f_port, &hex::decode(payload).unwrap(), Some(at("2026-03-01T08:00:00Z")))
}

fn reading(measured_at: &str, temperature: i32, humidity: Option<i32>) -> Reading {
    Reading {
        measured_at: at(measured_at),
        temperature: Temperature(temperature),
        min: None,
        max: None,
        out_of_range_s: None,
        humidity: humidity.map(Humidity),
    }
}

#[test]
fn a_frame_gives_its_readings_oldest_first_by_the_trackers_own_time() {
    let payload =
        read(Some(10), "10010203141516020d5b57 0ff844ff ff0000c8".replace(' ', "").as_str()).unwrap();
    let expected = [
        (66_049, reading("2026-07-02T18:48:00Z", 0, Some(10_000))),
        (66_050, reading("2026-07-02T23:03:00Z", -1980, None)),
        (66_051, reading("2026-07-02T23:18:00Z", 525, Some(4550))),
    ];
    let expected = expected.map(|(sequence, reading)| DecodedReading { reading, sequence: Some(sequence) });
    assert_eq!(payload.readings, expected);
    assert_eq!((payload.untimed, payload.battery_pct), (vec![], Some(87)));
}

#[test]
fn readings_without_a_time_are_never_given_one() {
    let payload = read(Some(10), "1100000100000fffffffff05fe0cc8").unwrap();
    assert_eq!(payload.readings, []);
    let untimed = |sequence, minutes_since_start, temperature, humidity: Option<i32>| UntimedReading {
        sequence: Some(sequence),
        minutes_since_start,
        temperature: Temperature(temperature),
        humidity: humidity.map(Humidity),
    };
    assert_eq!(payload.untimed, [untimed(0, 10, -500, Some(10_000)), untimed(1, 15, -1, None)]);
    assert_eq!(payload.battery_pct, None);
}

#[test]
fn an_unknown_payload_is_an_error_with_its_reason() {
    for (f_port, payload, reason) in [
        (Some(11), "00", "unknown payload: isotherm sends readings on port 10, this came on port 11"),
        (Some(0), "00", "unknown payload: isotherm sends readings on port 10, this came on port 0"),
        (Some(11), "", "unknown payload: isotherm sends readings on port 10, this came on port 11"),
        (None, "0102", "unknown payload: there is no port to tell what the 2 bytes are"),
        (Some(10), "", "unknown payload: 0 bytes are too short: a frame has at least 11"),
        (Some(10), "0100", "unknown payload: version 0 of the frame is not known, only 1"),
        (
            Some(10),
            "10010203141516020d5b",
            "unknown payload: 10 bytes are too short: a frame has at least 11",
        ),
    ] {
        assert_eq!(read(f_port, payload).unwrap_err().to_string(), reason, "{f_port:?} {payload}");
    }
}

#[test]
fn an_uplink_of_mac_commands_only_has_no_readings_and_is_no_error() {
    assert_eq!(read(Some(0), ""), Ok(Payload::default()));
    assert_eq!(read(None, ""), Ok(Payload::default()));
}

#[test]
fn a_codec_is_read_by_its_name_and_an_unknown_one_is_answered_with_the_known() {
    for codec in Codec::ALL {
        assert_eq!(codec.to_string().parse(), Ok(codec));
    }
    let refused = "Isotherm".parse::<Codec>().unwrap_err();
    assert_eq!(refused.to_string(), "`Isotherm` is not a known codec; known are isotherm");
}
