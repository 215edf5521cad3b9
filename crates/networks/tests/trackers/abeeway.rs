//! Examples: device repository of The Things Network (asset tracker 2), forum of The Things Network (Wi-Fi).

use domain::place::PositionSource;
use domain::tracker_report::{Battery, Sensed};
use networks::payload::Codec::AbeewayCompact;
use networks::payload::Payload;

use super::{RECEIVED, at, measuring, payload, place, read, reading, told, try_read};

fn still() -> Sensed {
    Sensed { moving: Some(false), ..measuring() }
}

#[test]
fn a_position_has_its_age_and_its_error() {
    let decoded = read(AbeewayCompact, 18, "036ac189 00 00 1d28b9 016037 02");
    let position = decoded.position.unwrap();
    assert_eq!(place(&position), (489_208_064, 23_082_752));
    // 7.84 m, cut: up to 11.76.
    assert_eq!((position.at, position.accuracy_m), (at(RECEIVED), 12));
    assert_eq!(position.source, PositionSource::Tracker);
    // 193 is no percentage.
    let expected = payload(Some(reading(RECEIVED, 2_531, None)), still());
    assert_eq!(decoded, Payload { position: Some(position), ..expected });
    let west = read(AbeewayCompact, 18, "03 66 64 89 00 fe eca3b5 ff6037 fe").position.unwrap();
    assert_eq!((west.at, west.accuracy_m), (at("2026-03-01T07:26:08.25Z"), 1_000));
    assert_eq!(place(&west), (-324_815_616, -10_471_680));
}

#[test]
fn an_extended_position_is_finer() {
    // Errors in 255 steps, and in metres with steps beyond 250.
    for (flags, error, accuracy_m) in [
        ("01", "02", Some(12)),
        ("01", "ff", Some(1_000)),
        ("03", "02", Some(2)),
        ("03", "fa", Some(250)),
        ("03", "fb", Some(500)),
        ("03", "fe", Some(4_000)),
        ("03", "ff", None),
    ] {
        let hex = format!("0e 24 64 89 00 0e10 {flags} 1d28b9e6 01603755 0bb8 {error} 0000 0000 000000");
        let decoded = read(AbeewayCompact, 18, &hex);
        let found = decoded.position.map(|position| (place(&position), position.at, position.accuracy_m));
        let there = (489_208_294, 23_082_837);
        let expected = accuracy_m.map(|accuracy_m| (there, at("2026-03-01T07:00:00.25Z"), accuracy_m));
        assert_eq!(found, expected, "{flags} {error}");
        let moving = Sensed { battery: Some(Battery::Percent(100)), moving: Some(true), ..measuring() };
        assert_eq!(decoded.sensed, [moving]);
    }
}

#[test]
fn what_has_no_age_no_place_or_is_no_fix_is_no_position() {
    for hex in [
        "036a6489 00 ff 1d28b9 016037 02",
        "036a6489 00 00 000000 000000 02",
        "036a6489 00 00 35a4ea 016037 02",
        "0e6a6489 00 ffff 01 1d28b900 01603700 0bb8 02",
        // Out of time, and a scan of Wi-Fi.
        "036a6489 01 00 00000000",
        "032cd189 09 00c46e1ff44b9ec5c83a355a3898a6",
    ] {
        let decoded = read(AbeewayCompact, 18, hex);
        assert_eq!((decoded.position, told(&decoded)), (None, (Some(2_531), Some(false))), "{hex}");
    }
    let northernmost = read(AbeewayCompact, 18, "036a6489 00 00 35a4e9 016037 02");
    assert!(northernmost.position.is_some());
}

#[test]
fn a_shock_is_told_by_its_strength() {
    for (axes, expected) in [("0000 0000 03e8", 1_000), ("ff38 0064 0bb8", 3_008), ("8000 8000 8000", 56_755)]
    {
        let decoded = read(AbeewayCompact, 18, &format!("07 04 64 86 00 03 01 {axes}"));
        let expected = Sensed {
            battery: Some(Battery::Percent(100)),
            moving: Some(true),
            shock_mg: Some(expected),
            ..measuring()
        };
        assert_eq!(decoded, payload(Some(reading(RECEIVED, 2_379, None)), expected));
    }
    // The same kind of message with an activity, which is none.
    assert_eq!(read(AbeewayCompact, 18, "07 00 00 86 00 01 00000010").sensed, [still()]);
}

#[test]
fn other_messages_tell_what_their_header_does() {
    for hex in [
        // An event, a heartbeat, a status.
        "0a00f9860000",
        "0500ff8600 00 020300 030201",
        "0400008600 0001020304",
    ] {
        assert_eq!(read(AbeewayCompact, 18, hex), payload(Some(reading(RECEIVED, 2_379, None)), still()));
    }
    let empty = Sensed { battery: Some(Battery::Percent(1)), battery_low: Some(true), ..still() };
    assert_eq!(read(AbeewayCompact, 18, "09a0018600 01").sensed, [empty]);
    assert_eq!(read(AbeewayCompact, 18, "09a0018600 00").sensed[0].battery_low, None);
    for without_header in ["0005", "0d000102"] {
        assert_eq!(read(AbeewayCompact, 18, without_header), Payload::default());
    }
}

#[test]
fn the_ends_of_its_scale_are_no_readings() {
    for (steps, expected) in [
        ("00", (None, Some(true))),
        ("01", (Some(-4_349), Some(false))),
        ("57", (Some(1), Some(false))),
        ("fe", (Some(8_449), Some(false))),
        ("ff", (None, Some(true))),
    ] {
        assert_eq!(told(&read(AbeewayCompact, 18, &format!("0500ff{steps}00"))), expected, "{steps}");
    }
    for (percent, expected) in [("00", None), ("01", Some(1)), ("64", Some(100)), ("65", None), ("ff", None)]
    {
        let decoded = read(AbeewayCompact, 18, &format!("0500{percent}8600"));
        assert_eq!(decoded.sensed[0].battery, expected.map(Battery::Percent), "{percent}");
    }
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (port, hex, reason) in [
        (18, "036a6489", "the 4 bytes end inside the header of 5 bytes, which begins at byte 0"),
        (18, "", "the 0 bytes end inside the header of 5 bytes, which begins at byte 0"),
        (18, "036a6489 00 00", "the 6 bytes end inside a position by satellites, which begins at byte 5"),
        (18, "07046486 00 03 01", "the 7 bytes end inside a shock, which begins at byte 6"),
        (17, "036a6489 00", "`abeeway-compact` knows no message on port 17"),
    ] {
        let refused = try_read(AbeewayCompact, port, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
