//! Examples: Elsys' payload page and the device repository of The Things Network (ERS).

use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};
use networks::payload::Codec::{ElsysErs, ElsysErsProbe};

use super::{RECEIVED, measuring, payload, read, reading, told, try_read};

#[test]
fn values_follow_one_another_behind_their_types_on_any_port() {
    let expected = payload(
        Some(reading(RECEIVED, 2_260, Some(4_100))),
        Sensed { battery: Some(Battery::Millivolts(3_426)), lux: Some(39), ..measuring() },
    );
    for port in [1, 5, 20] {
        assert_eq!(read(ElsysErs, port, "0100e2 0229 040027 0506 060308 070d62"), expected);
    }
}

#[test]
fn a_probe_gives_the_reading_and_the_cases_stands_beside() {
    let beside = Sensed {
        battery: Some(Battery::Millivolts(3_614)),
        moving: Some(false),
        case_temperature: Some(Temperature(2_450)),
        case_humidity: Some(Humidity(2_800)),
        ..measuring()
    };
    let decoded = read(ElsysErsProbe, 5, "0100f5 021c 0301023d 070e1e 0c00ee 0f00 14000f4229");
    assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_380, None)), beside));
    // None is connected; the second tells of other things alone.
    assert_eq!(told(&read(ElsysErsProbe, 5, "0100f5")), (None, Some(true)));
    assert_eq!(told(&read(ElsysErsProbe, 5, "070e1e")), (None, None));
    assert_eq!(read(ElsysErs, 5, "0f03").sensed[0].moving, Some(true));
}

#[test]
fn what_no_sensor_measures_is_no_reading() {
    for (tenths, expected) in [
        ("7fff", (None, Some(true))),
        ("8000", (None, Some(true))),
        ("ffff", (Some(-10), Some(false))),
        ("04e2", (Some(12_500), Some(false))),
        ("04e3", (None, Some(true))),
        ("fe70", (Some(-4_000), Some(false))),
        ("fe6f", (None, Some(true))),
    ] {
        assert_eq!(told(&read(ElsysErs, 5, &format!("01{tenths}"))), expected, "{tenths}");
    }
    // −273.2 °C and the ends of a platinum thermometer; the case's reading does not stand in for a probe that measures nothing.
    for (tenths, expected) in [
        ("f554", (None, Some(true))),
        ("7fff", (None, Some(true))),
        ("f830", (Some(-20_000), Some(false))),
        ("f82f", (None, Some(true))),
        ("2134", (Some(85_000), Some(false))),
        ("2135", (None, Some(true))),
    ] {
        assert_eq!(told(&read(ElsysErsProbe, 5, &format!("0100f5 0c{tenths}"))), expected, "{tenths}");
    }
    for (percent, expected) in [("64", Some(10_000)), ("65", None)] {
        let decoded = read(ElsysErs, 5, &format!("0100f502{percent}"));
        assert_eq!(decoded.readings[0].reading.humidity.map(|humidity| humidity.0), expected, "{percent}");
    }
}

#[test]
fn what_is_not_used_is_passed_over() {
    let rest = "0301023d 0506 060308 080d62 09000000000000 0a0001 0b00000001 0d01 0e0102 1000e200e2 1101 1200 \
                14000f4229 150102 160001 1700000001 180d62 1900e2 1a01 1b00000001 1c0001 3d00000001";
    let grid = format!("13{}", "00".repeat(65));
    let decoded = read(ElsysErs, 5, &format!("{rest} {grid} 0100e2 3e070102030405"));
    assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_260, None)), measuring()));
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (hex, reason) in [
        ("0100e21d00", "at byte 3 stands 0x1d, which is no type that is known"),
        // With an offset in its upper bits, of which no unit is published.
        ("4100e200", "at byte 0 stands 0x41, which is no type that is known"),
        ("0100e201", "the 4 bytes end inside a temperature, which begins at byte 4"),
        ("0100e2030101", "the 6 bytes end inside a value that is not used, which begins at byte 4"),
    ] {
        let refused = try_read(ElsysErs, 5, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
