//! Examples: the READMEs of EM300-TH and EM320-TH in Milesight's SensorDecoders.

use domain::Temperature;
use domain::tracker_report::{Battery, Sensed};
use networks::payload::Codec::{MilesightEm300Th, MilesightEm320Th};
use networks::payload::{Payload, UntimedReading, decode};

use super::{RECEIVED, at, bytes, measuring, payload, read, reading, sensed, told, try_read};

#[test]
fn a_reading_is_of_the_time_at_which_it_was_received_on_any_port() {
    let expected = payload(
        Some(reading(RECEIVED, 3_080, Some(5_050))),
        Sensed { battery: Some(Battery::Percent(92)), ..measuring() },
    );
    for codec in [MilesightEm300Th, MilesightEm320Th] {
        for port in [1, 85, 223] {
            assert_eq!(read(codec, port, "01755c 03673401 046865"), expected);
        }
    }
}

#[test]
fn the_history_has_its_own_times() {
    let then = "2022-10-12T08:02:38Z";
    let measures = Sensed { sensor_failed: Some(false), ..Sensed::at(at(then)) };
    let one = payload(Some(reading(then, 2_720, Some(4_650))), measures);
    assert_eq!(read(MilesightEm300Th, 85, "20ce9e74466310015d00"), one);
    assert_eq!(read(MilesightEm320Th, 85, "20ce9e74466310015d"), one);
    // Needs nobody else's.
    assert_eq!(decode(MilesightEm320Th, Some(85), &bytes("20ce9e74466310015d"), None), Ok(one));
    let two = read(MilesightEm320Th, 85, "20ce9f7446630f015d 20ce9e74466310015d 03673401");
    let times: Vec<_> = two.readings.iter().map(|decoded| decoded.reading.temperature.0).collect();
    assert_eq!(times, [2_720, 2_710, 3_080]);
    let never_set = read(MilesightEm320Th, 85, "20ce3c00000010015d");
    let untimed = UntimedReading {
        sequence: None,
        minutes_since_start: 1,
        temperature: Temperature(2_720),
        humidity: Some(domain::Humidity(4_650)),
    };
    assert_eq!(never_set, Payload { untimed: vec![untimed], ..Payload::default() });
}

#[test]
fn what_no_sensor_measures_is_no_reading() {
    for (tenths, expected) in [
        ("ff7f", (None, Some(true))),
        ("0080", (None, Some(true))),
        ("fdff", (Some(-30), Some(false))),
        ("e204", (Some(12_500), Some(false))),
        ("e304", (None, Some(true))),
        ("70fe", (Some(-4_000), Some(false))),
        ("6ffe", (None, Some(true))),
    ] {
        assert_eq!(told(&read(MilesightEm300Th, 85, &format!("0367{tenths}046865"))), expected, "{tenths}");
        let logged = read(MilesightEm320Th, 85, &format!("20ce9e744663{tenths}5d"));
        assert_eq!(told(&logged), expected, "{tenths}");
    }
    for (steps, expected) in [("c8", Some(10_000)), ("c9", None), ("ff", None)] {
        let decoded = read(MilesightEm300Th, 85, &format!("036734010468{steps}"));
        assert_eq!(decoded.readings[0].reading.humidity.map(|humidity| humidity.0), expected, "{steps}");
    }
    assert_eq!(read(MilesightEm300Th, 85, "017565"), Payload::default());
}

#[test]
fn humidity_and_battery_alone_are_no_readings() {
    assert_eq!(read(MilesightEm300Th, 85, "046865"), Payload::default());
    let battery = Sensed { battery: Some(Battery::Percent(100)), ..sensed() };
    assert_eq!(read(MilesightEm300Th, 85, "017564"), payload(None, battery));
}

#[test]
fn what_it_tells_of_itself_is_passed_over() {
    let joined = "ff0bff ff0101 ff166136a10092050005 ff090310 ff0a0102 ff0f00 ffff0100 fffe01";
    let answers =
        "fe02 3c00 ff03b004 fe6a003c00 ff1001 fe79 010304050607 feea 800a00 fe06 1200000000000000 00";
    for told in [joined, answers] {
        let decoded = read(MilesightEm300Th, 85, &format!("{told} 03673401"));
        assert_eq!(decoded.readings, [reading(RECEIVED, 3_080, None)], "{told}");
    }
    assert_eq!(read(MilesightEm320Th, 85, "059c01 f9c901 f8c90100"), Payload::default());
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (codec, hex, reason) in [
        (
            MilesightEm300Th,
            "01755c037d3401",
            "at byte 3 stands 0x37d, which is no channel with a type that is known",
        ),
        (MilesightEm300Th, "01", "the 1 bytes end inside a channel and its type, which begins at byte 0"),
        (MilesightEm300Th, "01755c036734", "the 6 bytes end inside a temperature, which begins at byte 5"),
        (
            MilesightEm300Th,
            "ff16613600",
            "the 5 bytes end inside a value that is not used, which begins at byte 2",
        ),
        // Of the other model.
        (
            MilesightEm300Th,
            "20ce9e74466310015d",
            "the 9 bytes end inside an entry of the history, which begins at byte 9",
        ),
        (
            MilesightEm320Th,
            "20ce9e74466310015d00",
            "the 10 bytes end inside a channel and its type, which begins at byte 9",
        ),
    ] {
        let refused = try_read(codec, 85, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
