//! Pins every byte of frame version 1. When one of these fails, trackers in the field no longer understand
//! the service: make a new version instead of changing the expected bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use wire::{Battery, Frame, Sample, Stamp, encode};

const NEWEST: Sample =
    Sample { sequence: 0x01_0203, stamp: Stamp::Utc(0x14_1516), temperature: 525, humidity: Some(91) };

const ONE_READING: [u8; 11] = [
    0x10, // version 1, no flags
    0x01, 0x02, 0x03, // sequence
    0x14, 0x15, 0x16, // minutes since 2024-01-01T00:00Z
    0x02, 0x0d, // 5.25 °C
    91,   // 45.5 %
    87,   // 87 % battery
];

fn written(newest: &Sample, battery: Battery, predecessors: &[Sample]) -> Vec<u8> {
    let mut room = [0xAA; 64];
    let length = encode(newest, battery, predecessors.iter().copied(), &mut room).unwrap();
    room[..length].to_vec()
}

#[test]
fn one_reading_is_these_eleven_bytes() {
    assert_eq!(written(&NEWEST, Battery::Percent(87), &[]), ONE_READING);
    let frame = Frame::decode(&ONE_READING).unwrap();
    assert_eq!((frame.newest(), frame.battery()), (NEWEST, Battery::Percent(87)));
    assert_eq!(frame.samples().collect::<Vec<_>>(), [NEWEST]);
}

#[test]
fn earlier_readings_follow_in_four_bytes_each() {
    let second =
        Sample { sequence: 0x01_0202, stamp: Stamp::Utc(0x14_1516 - 15), temperature: -1980, humidity: None };
    let third = Sample {
        sequence: 0x01_0201,
        stamp: Stamp::Utc(0x14_1516 - 15 - 255),
        temperature: 0,
        humidity: Some(200),
    };
    let bytes = written(&NEWEST, Battery::Percent(87), &[second, third]);
    assert_eq!(bytes[..11], ONE_READING);
    assert_eq!(bytes[11..], [15, 0xf8, 0x44, 255, 255, 0x00, 0x00, 200]);
    assert_eq!(Frame::decode(&bytes).unwrap().samples().collect::<Vec<_>>(), [NEWEST, second, third]);
}

#[test]
fn a_tracker_without_the_time_says_so_in_the_lowest_flag() {
    let newest = Sample { sequence: 0, stamp: Stamp::SinceStart(7), temperature: -1, humidity: None };
    let bytes = written(&newest, Battery::Unknown, &[]);
    assert_eq!(bytes, [0x11, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 255, 255]);
    let frame = Frame::decode(&bytes).unwrap();
    assert_eq!((frame.newest(), frame.battery()), (newest, Battery::Unknown));
    assert_eq!(frame.newest().stamp.unix_seconds(), None);
}

#[test]
fn minutes_count_from_the_first_of_january_2024() {
    // 2026-03-01T08:00:00Z is 790 days and 8 hours later.
    assert_eq!(Stamp::Utc(790 * 1440 + 480).unix_seconds(), Some(1_772_352_000));
    assert_eq!(Stamp::Utc(0).unix_seconds(), Some(1_704_067_200));
    assert_eq!(Stamp::Utc(wire::MAX_MINUTES).unix_seconds(), Some(2_710_700_100));
}
