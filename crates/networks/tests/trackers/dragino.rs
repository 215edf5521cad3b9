//! Examples: device repository of The Things Network (LHT65N, LHT52), manuals of the LHT65 (2.6.4) and LHT52 (2.4.1).

use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};
use networks::payload::Codec::{DraginoLht52, DraginoLht52Probe, DraginoLht65n, DraginoLht65nProbe};
use networks::payload::{Payload, UntimedReading};

use super::{RECEIVED, at, measuring, payload, read, reading, sensed, told, try_read};

#[test]
fn of_a_probe_the_reading_is_the_probes_and_the_cases_stands_beside() {
    let expected = Sensed {
        battery: Some(Battery::Millivolts(3_062)),
        battery_low: Some(false),
        case_temperature: Some(Temperature(2_829)),
        case_humidity: Some(Humidity(8_860)),
        ..measuring()
    };
    let reading = Some(reading(RECEIVED, 2_781, None));
    assert_eq!(read(DraginoLht65nProbe, 2, "cbf60b0d0376010add7fff"), payload(reading, expected));
    // TMP117 instead of DS18B20.
    assert_eq!(read(DraginoLht65nProbe, 2, "cbf60b0d0376020add7fff"), payload(reading, expected));
}

#[test]
fn of_the_case_the_reading_is_the_cases_with_its_humidity() {
    let expected =
        Sensed { battery: Some(Battery::Millivolts(3_062)), battery_low: Some(false), ..measuring() };
    let reading = Some(reading(RECEIVED, 2_829, Some(8_860)));
    // None, a switch, an analogue input, two ways of counting.
    // And a probe, which somebody else may read.
    for kind in ["00", "01", "04", "06", "07", "08"] {
        let hex = format!("cbf60b0d0376{kind}00017fff");
        assert_eq!(read(DraginoLht65n, 2, &hex), payload(reading, expected), "{kind}");
    }
    let lit = Sensed { lux: Some(0x0123), ..expected };
    assert_eq!(read(DraginoLht65n, 2, "cbf60b0d03760501237fff"), payload(reading, lit));
    // A switch that is not connected, before firmware 1.5.
    assert_eq!(read(DraginoLht65n, 2, "cbf60b0d03768400007fff"), payload(reading, expected));
}

#[test]
fn a_probe_with_humidity_gives_both() {
    let decoded = read(DraginoLht65nProbe, 2, "cbf60b0d03760b01f401c2");
    assert_eq!(decoded.readings, [reading(RECEIVED, 500, Some(4_500))]);
    assert_eq!(decoded.sensed[0].case_temperature, Some(Temperature(2_829)));
}

#[test]
fn a_probe_that_measures_nothing_failed_and_the_case_does_not_stand_in_for_it() {
    for (probe, expected) in [
        ("7fff", (None, Some(true))),
        ("30d4", (Some(12_500), Some(false))),
        ("30d5", (None, Some(true))),
        ("ea84", (Some(-5_500), Some(false))),
        ("ea83", (None, Some(true))),
        ("8000", (None, Some(true))),
    ] {
        let of = |hex: String| told(&read(DraginoLht65nProbe, 2, &hex));
        assert_eq!(of(format!("cbf60b0d037601{probe}7fff")), expected, "{probe}");
        assert_eq!(of(format!("{probe}0b0dc376096966f710")), expected, "{probe} with a time");
    }
    // None is set up at all.
    assert_eq!(told(&read(DraginoLht65nProbe, 2, "cbf60b0d037600ffffffff")), (None, Some(true)));
    assert_eq!(told(&read(DraginoLht52Probe, 2, "08cd02207fff0161cd4edd")), (None, Some(true)));
}

#[test]
fn a_case_that_measures_nothing_gives_no_reading() {
    for (case, expected) in [
        ("7fff", (None, Some(true))),
        ("30d4", (Some(12_500), Some(false))),
        ("30d5", (None, Some(true))),
        ("f060", (Some(-4_000), Some(false))),
        ("f05f", (None, Some(true))),
    ] {
        assert_eq!(told(&read(DraginoLht65n, 2, &format!("cbf6{case}037600ffffffff"))), expected, "{case}");
        let lht52 = format!("{case}0220f5c60161cd4edd");
        assert_eq!(told(&read(DraginoLht52, 2, &lht52)), expected, "{case}");
    }
    let wet = read(DraginoLht65n, 2, "cbf60b0d05dc00ffffffff");
    assert_eq!(wet.readings[0].reading.humidity, Some(Humidity(15_000)));
    let impossible = read(DraginoLht65n, 2, "cbf60b0d05dd00ffffffff");
    assert_eq!(impossible.readings[0].reading.humidity, None);
}

#[test]
fn a_battery_is_low_by_the_trackers_own_judgement() {
    for (head, low) in [("09c4", true), ("49f5", true), ("89f6", false), ("ca5a", false)] {
        let decoded = read(DraginoLht65n, 2, &format!("{head}0b0d037600ffffffff"));
        assert_eq!(decoded.sensed[0].battery_low, Some(low), "{head}");
    }
    // With a time there is no room for the voltage, and the judgement stands beside the humidity.
    for (moisture, low) in [("4376", true), ("8376", false)] {
        let decoded = read(DraginoLht65n, 2, &format!("0add0b0d{moisture}096966f710"));
        let sensed = decoded.sensed[0];
        assert_eq!((sensed.battery, sensed.battery_low), (None, Some(low)), "{moisture}");
        assert_eq!(decoded.readings[0].reading.humidity, Some(Humidity(8_860)));
    }
}

#[test]
fn a_time_of_the_trackers_own_is_the_readings_if_its_clock_was_ever_set() {
    let of = |kind: &str, time: &str| {
        let decoded = read(DraginoLht65n, 2, &format!("0add0b0dc376{kind}{time}"));
        (decoded.readings[0].reading.measured_at, decoded.sensed[0].at)
    };
    // Bits 5 and 4: that its clock is set, and that it asks for the time.
    for kind in ["09", "19", "29", "39", "0a"] {
        assert_eq!(of(kind, "6966f710"), (at("2026-01-14T01:53:20Z"), at("2026-01-14T01:53:20Z")), "{kind}");
    }
    assert_eq!(of("09", "5e0be100"), (at("2020-01-01T00:00:00Z"), at("2020-01-01T00:00:00Z")));
    assert_eq!(of("09", "5e0be0ff"), (at(RECEIVED), at(RECEIVED)));
}

#[test]
fn the_datalog_has_its_own_times_and_comes_oldest_first() {
    // The manual's example: 22.00 °C, 32.6 % at 04:27:03 and 21.90 °C, 33.1 % at 04:28:57, no probe.
    let hex = "7fff088e014b4160066009 7fff0898014641 60065f97";
    let decoded = read(DraginoLht65n, 2, hex);
    let expected = [
        reading("2021-01-19T04:27:03Z", 2_200, Some(3_260)),
        reading("2021-01-19T04:28:57Z", 2_190, Some(3_310)),
    ];
    assert_eq!(decoded.readings, expected);
    assert!(
        decoded.sensed.iter().all(|sensed| sensed.sensor_failed == Some(false) && sensed.battery.is_none())
    );
    // By itself, of what nobody acknowledged; with a probe.
    let decoded = read(DraginoLht65nProbe, 2, "01f408980146 81 60065f97");
    assert_eq!(decoded.readings, [reading("2021-01-19T04:27:03Z", 500, None)]);
    assert_eq!(decoded.sensed[0].case_temperature, Some(Temperature(2_200)));
}

#[test]
fn what_was_logged_before_the_clock_was_set_gets_no_time() {
    let decoded = read(DraginoLht65nProbe, 2, "01f408980146 41 00000e10");
    let untimed = UntimedReading {
        sequence: None,
        minutes_since_start: 60,
        temperature: Temperature(500),
        humidity: None,
    };
    assert_eq!(decoded, Payload { untimed: vec![untimed], ..Payload::default() });
}

#[test]
fn a_poll_for_a_time_of_which_nothing_is_logged_is_no_reading_of_0_degrees() {
    assert_eq!(read(DraginoLht65n, 2, &"00".repeat(11)), Payload::default());
    let behind_an_entry = format!("01f40898014641 60065f97{}", "00".repeat(11));
    let decoded = read(DraginoLht65n, 2, &behind_an_entry);
    assert_eq!((decoded.readings.len(), decoded.untimed.len()), (1, 0));
}

#[test]
fn answers_to_commands_and_the_probes_number_are_no_readings() {
    for answer in ["00", "11"] {
        assert_eq!(read(DraginoLht65n, 2, answer), Payload::default());
        assert_eq!(read(DraginoLht52, 2, answer), Payload::default());
    }
    let battery = Sensed { battery: Some(Battery::Millivolts(3_062)), battery_low: Some(false), ..sensed() };
    assert_eq!(read(DraginoLht65nProbe, 2, "cbf628ff641e0fb2170321"), payload(None, battery));
    // Numbers of SHT31 and TMP117 come with what they measure.
    let with_number = read(DraginoLht65nProbe, 2, "cbf628ff641e1001f401c2");
    let measured = Sensed { sensor_failed: Some(false), ..battery };
    assert_eq!(with_number, payload(Some(reading(RECEIVED, 500, Some(4_500))), measured));
    let with_number = read(DraginoLht65nProbe, 2, "cbf628ff641e2001f4b217");
    assert_eq!(with_number, payload(Some(reading(RECEIVED, 500, None)), measured));
    assert_eq!(told(&read(DraginoLht65nProbe, 2, "cbf628ff641e207fffb217")), (None, Some(true)));
}

#[test]
fn the_status_tells_the_battery() {
    let battery = |millivolts| Sensed { battery: Some(Battery::Millivolts(millivolts)), ..sensed() };
    assert_eq!(read(DraginoLht52, 5, "090100 01 00 0b3a"), payload(None, battery(2_874)));
    assert_eq!(read(DraginoLht65n, 5, "0b0156 01 ff 0bf6"), payload(None, battery(3_062)));
}

#[test]
fn the_lht52_tells_its_time_and_may_have_no_probe() {
    let decoded = read(DraginoLht52, 2, "08cd02207fff0161cd4edd");
    let measured_at = "2021-12-30T06:17:01Z";
    let measures = Sensed { sensor_failed: Some(false), ..Sensed::at(at(measured_at)) };
    assert_eq!(decoded, payload(Some(reading(measured_at, 2_253, Some(5_440))), measures));
    let beside = Sensed {
        case_temperature: Some(Temperature(2_253)),
        case_humidity: Some(Humidity(5_440)),
        ..measures
    };
    let with_probe = read(DraginoLht52Probe, 2, "08cd0220f5c60161cd4edd");
    assert_eq!(with_probe, payload(Some(reading(measured_at, -2_618, None)), beside));
    assert_eq!(told(&read(DraginoLht52Probe, 2, "08cd0220ea830161cd4edd")), (None, Some(true)));
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (codec, port, hex, reason) in [
        (
            DraginoLht65n,
            2,
            "cbf60b0d0376030add7fff",
            "at byte 6 stands 0x3, which is no kind of probe that is known",
        ),
        (
            DraginoLht65n,
            2,
            "cbf60b0d0376c10add7fff",
            "at byte 6 stands 0xc1, which is no kind of probe that is known",
        ),
        (
            DraginoLht65n,
            2,
            "7fff08980146416006 5f97 7fff088e014b4d60066009",
            "at byte 17 stands 0x4d, which is no kind of probe that is known",
        ),
        (
            DraginoLht65n,
            2,
            "cbf60b0d0376010add7f",
            "the 10 bytes end inside a frame of 11 bytes, which begins at byte 0",
        ),
        (
            DraginoLht65n,
            2,
            "7fff0898014641600 65f97 7fff",
            "the 13 bytes end inside a frame of 11 bytes, which begins at byte 11",
        ),
        (DraginoLht65n, 2, "", "the 0 bytes end inside a frame of 11 bytes, which begins at byte 0"),
        (
            DraginoLht52,
            5,
            "090100",
            "the 3 bytes end inside a device's status of 7 bytes, which begins at byte 0",
        ),
        (DraginoLht65n, 3, "cbf601", "`dragino-lht65n` knows no message on port 3"),
        (DraginoLht52, 3, "08cd02207fff0161cd4edd", "`dragino-lht52` knows no message on port 3"),
    ] {
        let refused = try_read(codec, port, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
