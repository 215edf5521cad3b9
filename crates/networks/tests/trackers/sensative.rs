//! Examples: device repository of The Things Network (Strips), README of Sensative's translator.

use domain::tracker_report::{Battery, Sensed};
use networks::payload::Codec::SensativeStrips;
use networks::payload::Payload;

use super::{RECEIVED, at, measuring, payload, read, reading, told, try_read};

#[test]
fn reports_of_now_follow_one_another() {
    let decoded = read(SensativeStrips, 1, "ffff 0150 0200ea 0300 0d00 0e00 1000");
    let battery = Sensed { battery: Some(Battery::Percent(80)), ..measuring() };
    assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_340, None)), battery));
    // Whether they are kept, too, changes nothing.
    let decoded = read(SensativeStrips, 1, "0007 8150 8200ea 83 00");
    assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_340, None)), battery));
    assert_eq!(read(SensativeStrips, 1, "ffff1201"), Payload::default());
}

#[test]
fn humidity_light_and_tampering_are_told() {
    let expected = Sensed { lux: Some(500), tampered: Some(true), ..measuring() };
    let with_humidity = payload(Some(reading(RECEIVED, -120, Some(4_550))), expected);
    assert_eq!(read(SensativeStrips, 1, "0001 0701f4 0b01 065b 02fff4"), with_humidity);
    assert_eq!(read(SensativeStrips, 1, "0001 0801f4 0c01 505bfff4"), with_humidity);
    assert_eq!(read(SensativeStrips, 1, "0001 0b00").sensed[0].tampered, Some(false));
    // Door and temperature.
    let decoded = read(SensativeStrips, 1, "0001 520100ea");
    assert_eq!(decoded.readings, [reading(RECEIVED, 2_340, None)]);
    assert_eq!(decoded.sensed, [measuring()]);
}

#[test]
fn the_history_is_as_old_as_it_says() {
    let decoded = read(SensativeStrips, 2, "0005 0000003c 0200ea 00000e10 0200c8 00000078 0b01");
    let expected =
        [reading("2026-03-01T07:00:00.25Z", 2_000, None), reading("2026-03-01T07:59:00.25Z", 2_340, None)];
    assert_eq!(decoded.readings, expected);
    let tampered = Sensed { tampered: Some(true), ..Sensed::at(at("2026-03-01T07:58:00.25Z")) };
    let [first, between, last] = decoded.sensed.as_slice() else { panic!("{decoded:?}") };
    // Whether the strip measures is said of the instants at which it did.
    assert_eq!((first.sensor_failed, *between, last.sensor_failed), (Some(false), tampered, Some(false)));
    assert_eq!(read(SensativeStrips, 2, "0005"), Payload::default());
}

#[test]
fn what_no_sensor_measures_and_averages_are_no_readings() {
    for (tenths, expected) in [
        ("7fff", (None, Some(true))),
        ("8000", (None, Some(true))),
        ("f555", (None, Some(true))),
        ("ffff", (Some(-10), Some(false))),
        ("04e2", (Some(12_500), Some(false))),
        ("04e3", (None, Some(true))),
        ("fe70", (Some(-4_000), Some(false))),
        ("fe6f", (None, Some(true))),
    ] {
        assert_eq!(told(&read(SensativeStrips, 1, &format!("000102{tenths}"))), expected, "{tenths}");
        assert_eq!(
            told(&read(SensativeStrips, 2, &format!("00010000000052 00{tenths}"))),
            expected,
            "{tenths}"
        );
    }
    for (steps, expected) in [("c8", Some(10_000)), ("c9", None)] {
        let decoded = read(SensativeStrips, 1, &format!("000150{steps}00ea"));
        assert_eq!(decoded.readings[0].reading.humidity.map(|humidity| humidity.0), expected, "{steps}");
    }
    assert_eq!(read(SensativeStrips, 1, "0001 0400ea 515b00ea 0165"), Payload::default());
}

#[test]
fn what_is_not_used_is_passed_over() {
    let rest = "00 0301 0500 0901 0a00 0d64 0e01 0f00 1001 110001 1200 130001 140001 1501 1603 6e0102030405060708 \
                700001 710001 720001";
    let decoded = read(SensativeStrips, 1, &format!("0001 {rest} 0200ea"));
    assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_340, None)), measuring()));
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (port, hex, reason) in [
        (1, "00010150 17", "at byte 4 stands 0x17, which is no kind of report that is known"),
        (1, "00", "the 1 bytes end inside the number of the last kept report, which begins at byte 0"),
        (1, "00010200", "the 4 bytes end inside a temperature, which begins at byte 3"),
        (2, "000100000e", "the 5 bytes end inside the age of a report, which begins at byte 2"),
        (2, "000100000e10", "the 6 bytes end inside the kind of a report, which begins at byte 6"),
        (3, "00010150", "`sensative-strips` knows no message on port 3"),
    ] {
        let refused = try_read(SensativeStrips, port, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
