//! Payloads of our own tracker to readings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::downlink::Entries;
use domain::place::PositionSource;
use domain::tracker_log::{Noted, TrackerEvent};
use domain::tracker_report::{RestartCause, Setup, Status, TrackerMode};
use domain::{Humidity, Reading, Temperature};
use networks::payload::{Codec, DecodedReading, Happened, Payload, PayloadError, UntimedReading, decode};
use wire::{Entry, Spread, Stamp, Step, What};

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

fn log_frame(entries: &[Entry]) -> String {
    let mut room = [0; 64];
    let written = wire::encode(entries.iter().copied(), Step::Minutes15, &mut room).unwrap();
    assert_eq!(written.entries, entries.len());
    hex::encode(&room[..written.length])
}

fn spread(temperature: i16, below: u8, above: u8, out_of_range: u8, humidity: Option<u8>) -> What {
    What::Reading(wire::Reading {
        temperature,
        spread: Some(Spread { below, above, out_of_range }),
        humidity,
    })
}

/// Minute 0x141516 is 2026-07-02T23:18Z.
fn entry(sequence: u32, before: u32, what: What) -> Entry {
    Entry { sequence, stamp: Stamp::Utc(0x14_1516 - before), what }
}

#[test]
fn a_frame_gives_its_readings_oldest_first_by_the_trackers_own_time() {
    let one = read(Some(11), "00102031415160106f").unwrap();
    let only = DecodedReading { reading: reading("2026-07-02T23:18:00Z", 525, None), sequence: Some(66_051) };
    assert_eq!(one.readings, [only]);
    let entries = [
        entry(66_051, 0, spread(525, 3, 5, 0, Some(91))),
        entry(66_050, 15, spread(-1980, 0, 63, 15, None)),
        entry(66_049, 270, spread(0, 1, 1, 0, Some(200))),
    ];
    let payload = read(Some(11), &log_frame(&entries)).unwrap();
    let with = |reading: Reading, (min, max): (i32, i32), out_of_range_s: u32| Reading {
        min: Some(Temperature(min)),
        max: Some(Temperature(max)),
        out_of_range_s: Some(out_of_range_s),
        ..reading
    };
    let expected = [
        (66_049, with(reading("2026-07-02T18:48:00Z", 0, Some(10_000)), (-1, 1), 0)),
        (66_050, with(reading("2026-07-02T23:03:00Z", -1980, None), (-1980, -1917), 900)),
        (66_051, with(reading("2026-07-02T23:18:00Z", 525, Some(4550)), (522, 530), 0)),
    ];
    let expected = expected.map(|(sequence, reading)| DecodedReading { reading, sequence: Some(sequence) });
    assert_eq!(payload.readings, expected);
    assert_eq!((payload.untimed, payload.happened), (vec![], vec![]));
}

#[test]
fn readings_without_a_time_are_never_given_one() {
    let untimed_entry = |sequence, minutes, temperature, humidity| {
        let what = What::Reading(wire::Reading { temperature, spread: None, humidity });
        Entry { sequence, stamp: Stamp::SinceStart(minutes), what }
    };
    let entries = [untimed_entry(1, 15, -1, None), untimed_entry(0, 10, -500, Some(200))];
    let payload = read(Some(11), &log_frame(&entries)).unwrap();
    assert_eq!(payload.readings, []);
    let untimed = |sequence, minutes_since_start, temperature, humidity: Option<i32>| UntimedReading {
        sequence: Some(sequence),
        minutes_since_start,
        temperature: Temperature(temperature),
        humidity: humidity.map(Humidity),
    };
    assert_eq!(payload.untimed, [untimed(0, 10, -500, Some(10_000)), untimed(1, 15, -1, None)]);
}

#[test]
fn what_happened_keeps_its_number_and_its_time() {
    let shock = What::Event(wire::Event { kind: wire::EventKind::Shock, value: 31 });
    let lost = What::Lost { first: 10, count: 100 };
    let entries = [entry(66_051, 0, shock), entry(66_050, 1, lost)];
    let payload = read(Some(11), &log_frame(&entries)).unwrap();
    let noted_shock = Noted::Event { kind: TrackerEvent::Shock, value: 31 };
    let noted_lost = Noted::Lost(Entries { first: 10, last: 109 });
    let happened = |sequence, at_, what| Happened { sequence, at: Some(at(at_)), what };
    assert_eq!(
        payload.happened,
        [
            happened(66_050, "2026-07-02T23:17:00Z", noted_lost),
            happened(66_051, "2026-07-02T23:18:00Z", noted_shock)
        ]
    );
    assert_eq!(payload.readings, []);
    let unknown = Entry { stamp: Stamp::SinceStart(3), ..entries[0] };
    assert_eq!(read(Some(11), &log_frame(&[unknown])).unwrap().happened[0].at, None);
}

#[test]
fn a_status_says_how_the_tracker_is_and_the_oldest_entry_that_is_held() {
    let status = read(Some(12), "010203572101020421c004").unwrap().status.unwrap();
    let expected = Status {
        firmware: "1.2.3".to_owned(),
        battery_pct: Some(87),
        restarted_by: RestartCause::Watchdog,
        mode: TrackerMode::Measuring,
        faulty: false,
        next: 66_052,
        held: 8_640,
        clock_within_s: Some(4),
    };
    assert_eq!((&status, status.oldest()), (&expected, Some(57_412)));
    let unknown = read(Some(12), "010203ff5a010204ffffff").unwrap().status.unwrap();
    assert_eq!((unknown.battery_pct, unknown.clock_within_s, unknown.oldest()), (None, None, None));
    assert_eq!((unknown.restarted_by, unknown.mode), (RestartCause::Fault, TrackerMode::Flight));
    assert!(unknown.faulty);
}

#[test]
fn a_setup_says_what_is_in_force() {
    let setup = |downlink, calibration, minutes, per_uplink, limits_sum| Payload {
        setup: Some(Setup { downlink, calibration, minutes, per_uplink, limits_sum }),
        ..Payload::default()
    };
    assert_eq!(read(Some(13), "0a0b0c00001f40811234"), Ok(setup(658_188, Some(8_000), 15, 2, 0x1234)));
    assert_eq!(read(Some(13), "00000000000000ffabcd"), Ok(setup(0, None, 60, 32, 0xabcd)));
}

#[test]
fn a_position_is_the_trackers_own_and_never_better_than_it_says() {
    let place = |accuracy| {
        let fix = wire::Position::of_microdegrees(1_316_118, 48_137_000, -11_575_000, accuracy);
        read(Some(14), &hex::encode(fix.encode().unwrap())).unwrap().position.unwrap()
    };
    let position = place(Some(12));
    assert_eq!((position.at, position.source), (at("2026-07-02T23:18:00Z"), PositionSource::Tracker));
    let (lat, lon) = (position.point.lat(), position.point.lon());
    assert!((lat - 48.137).abs() < 2e-5 && (lon + 11.575).abs() < 4e-5, "{lat} {lon}");
    let accuracy = [Some(0), Some(253), Some(254), None].map(|accuracy| place(accuracy).accuracy_m);
    assert_eq!(accuracy, [0, 253, 1_000, 1_000]);
}

#[test]
fn an_unknown_payload_is_an_error_with_its_reason() {
    for (f_port, payload, reason) in [
        (Some(10), "00", "unknown payload: no message has the port 10"),
        (Some(0), "00", "unknown payload: no message has the port 0"),
        (Some(10), "", "unknown payload: no message has the port 10"),
        (None, "0102", "unknown payload: there is no port to tell what the 2 bytes are"),
        (Some(11), "", "unknown payload: the bytes end inside entry 0"),
        (Some(11), "0010203141516010", "unknown payload: the bytes end inside entry 0"),
        (Some(12), "0102", "unknown payload: 2 bytes: this message has 11"),
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
    assert!(refused.to_string().starts_with("`Isotherm` is not a known codec; known are isotherm, dragino-"));
}
