//! Example: device repository of The Things Network (Oyster).

use domain::place::{FIX_ACCURACY_M, PositionSource};
use domain::tracker_report::{Battery, Sensed};
use networks::payload::Codec::DigitalMatterOyster;
use networks::payload::Payload;

use super::{RECEIVED, at, payload, place, read, sensed, try_read};

fn told(millivolts: u32, moving: bool) -> Sensed {
    Sensed { battery: Some(Battery::Millivolts(millivolts)), moving: Some(moving), ..sensed() }
}

#[test]
fn a_position_is_of_the_time_at_which_it_was_received() {
    let decoded = read(DigitalMatterOyster, 1, "0030edec 00322445 00 00 de");
    let position = decoded.position.unwrap();
    assert_eq!(place(&position), (-320_000_000, 1_160_000_000));
    assert_eq!((position.at, position.accuracy_m), (at(RECEIVED), FIX_ACCURACY_M));
    assert_eq!(position.source, PositionSource::Tracker);
    assert_eq!(decoded, Payload { position: Some(position), ..payload(None, told(5_550, false)) });
    let moving = read(DigitalMatterOyster, 1, "0030edec 00322445 05 28 c8");
    assert_eq!(moving.sensed, [told(5_000, true)]);
}

#[test]
fn a_short_position_is_in_coarser_steps() {
    let decoded = read(DigitalMatterOyster, 4, "30edec 322445 00 de 01");
    assert_eq!(place(&decoded.position.unwrap()), (-320_000_000, 1_160_000_000));
    assert_eq!(decoded.sensed, [told(5_550, true)]);
}

#[test]
fn where_it_was_once_and_what_is_nowhere_are_no_positions() {
    // The fix failed, in both lengths; and (0, 0); and latitudes of 90° and one step more.
    for (port, hex, known) in [
        (1, "0030edec 00322445 02 00 de", false),
        (4, "30edec 322445 00 de 02", false),
        (1, "00000000 00000000 00 00 de", false),
        (1, "00e9a435 00322445 00 00 de", true),
        (1, "01e9a435 00322445 00 00 de", false),
        (4, "ffff7f 322445 00 de 00", false),
    ] {
        let decoded = read(DigitalMatterOyster, port, hex);
        assert_eq!(decoded.position.is_some(), known, "{hex}");
        assert_eq!(decoded.sensed, [told(5_550, false)], "{hex}");
    }
}

#[test]
fn acknowledgements_and_statistics_tell_nothing_here() {
    for port in [2, 3] {
        assert_eq!(read(DigitalMatterOyster, port, "81 02 05"), Payload::default());
    }
}

#[test]
fn what_is_not_known_is_said_with_its_place() {
    for (port, hex, reason) in [
        (
            1,
            "0030edec00322445 0000",
            "the 10 bytes end inside a position of 11 bytes, which begins at byte 0",
        ),
        (4, "30edec32244500de", "the 8 bytes end inside a position of 9 bytes, which begins at byte 0"),
        (33, "00", "`digital-matter-oyster` knows no message on port 33"),
    ] {
        let refused = try_read(DigitalMatterOyster, port, hex).unwrap_err().to_string();
        assert_eq!(refused, format!("unknown payload: {reason}"), "{hex}");
    }
}
