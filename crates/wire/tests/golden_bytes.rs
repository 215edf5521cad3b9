//! Pins every byte of every message. When one of these fails, trackers in the field no longer understand the service:
//! make a message on another port instead of changing the expected bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use wire::{
    Broken, ClockRequest, Command, DecodeError, Downlink, EncodeError, Entry, Event, EventKind, Firmware,
    LogFrame, Mode, Position, Range, Reading, ResetCause, Setup, Spread, Stamp, Status, Step, Thresholds,
    Uplink, What, encode, encode_commands,
};

const PLAIN: Entry = Entry {
    sequence: 0x01_0203,
    stamp: Stamp::Utc(0x14_1516),
    what: What::Reading(Reading { temperature: 525, spread: None, humidity: None }),
};

fn at(back: u32, minutes: u32, what: What) -> Entry {
    Entry { sequence: PLAIN.sequence - back, stamp: Stamp::Utc(0x14_1516 - minutes), what }
}

fn reading(temperature: i16, below: u8, above: u8, out_of_range: u8, humidity: Option<u8>) -> What {
    What::Reading(Reading { temperature, spread: Some(Spread { below, above, out_of_range }), humidity })
}

/// The bits of the bytes, as the parts of a message: their widths are those of `parts`.
fn bits(parts: &[&str]) -> Vec<u8> {
    let mut all: String = parts.concat();
    while !all.len().is_multiple_of(8) {
        all.push('1');
    }
    all.as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

fn pinned(entries: &[Entry], step: Step, expected: &[u8]) {
    let mut room = [0xAA; 64];
    let written = encode(entries.iter().copied(), step, &mut room).unwrap();
    assert_eq!(room[..written.length], *expected);
    assert_eq!(LogFrame::decode(expected).unwrap().entries().collect::<Vec<_>>(), entries);
}

/// The sequence number and the minutes of [`PLAIN`], in bits.
const HEAD: [&str; 2] = ["000000010000001000000011", "000101000001010100010110"];

#[test]
fn one_reading() {
    // Time known, no humidity, no spread; a reading of 5.25 °C.
    let expected = bits(&["0", "0", "00", HEAD[0], HEAD[1], "0", "0000001000001101"]);
    assert_eq!(expected, [0x00, 0x10, 0x20, 0x31, 0x41, 0x51, 0x60, 0x10, 0x6f]);
    pinned(&[PLAIN], Step::Minutes5, &expected);
}

#[test]
fn earlier_readings() {
    let before = |back, minutes, temperature| {
        let what = Reading { temperature, spread: None, humidity: None };
        at(back, minutes, What::Reading(what))
    };
    // Steps of 5 minutes (2), no low bits; then 0.00 and −0.01 °C apart, then 12 minutes and +0.02 °C apart.
    let expected = bits(&[
        "0",
        "0",
        "00",
        HEAD[0],
        HEAD[1],
        "0",
        "0000001000001101",
        "010",
        "000", //
        "0",
        "0",
        "0",
        "10",
        "10",
        "0001101",
        "11110",
    ]);
    pinned(&[PLAIN, before(1, 5, 525), before(2, 10, 524), before(3, 22, 526)], Step::Minutes5, &expected);
}

#[test]
fn spreads_and_humidities() {
    // Flat spreads: 0 and 1 beside the first, 1 and 0 and 5 minutes out beside the second; 45.5 %, none, 45.0 %.
    let expected = bits(&[
        "0",
        "1",
        "01",
        HEAD[0],
        HEAD[1],
        "0",
        "0000001000001101",
        "0",
        "10",
        "0",
        "1",
        "01011011", //
        "100",
        "000",
        "0",
        "0",
        "10",
        "0",
        "1",
        "000100",
        "0", //
        "0",
        "0",
        "0",
        "0",
        "0",
        "1",
        "01",
    ]);
    let entries = [
        at(0, 0, reading(525, 0, 1, 0, Some(91))),
        at(1, 15, reading(525, 1, 0, 5, None)),
        at(2, 30, reading(525, 0, 0, 0, Some(90))),
    ];
    pinned(&entries, Step::Minutes15, &expected);
}

#[test]
fn a_tracker_without_the_time_says_so_in_the_first_bit() {
    let entry = Entry { sequence: 0, stamp: Stamp::SinceStart(7), ..PLAIN };
    let number = "000000000000000000000000";
    let minutes = "000000000000000000000111";
    pinned(&[entry], Step::Minutes5, &bits(&["1", "0", "00", number, minutes, "0", "0000001000001101"]));
    assert_eq!(entry.stamp.unix_seconds(), None);
}

#[test]
fn events_and_losses() {
    let shock = What::Event(Event { kind: EventKind::Shock, value: 31 });
    let lost = What::Lost { first: 0x01_0203 - 1 - 100 - 9, count: 100 };
    // A shock (7) of 3.1 g; 6 minutes before it, 100 entries lost up to the tenth before.
    let expected = bits(&[
        "0",
        "0",
        "00",
        HEAD[0],
        HEAD[1],
        "1",
        "0",
        "00111",
        "00011111",
        "010",
        "000", //
        "110",
        "00111",
        "1",
        "00000000000001001",
        "00000000001100011",
    ]);
    pinned(&[at(0, 0, shock), at(1, 6, lost)], Step::Minutes5, &expected);
    // Through the differences over the entry between.
    let before = What::Reading(Reading { temperature: 524, spread: None, humidity: None });
    let expected = bits(&[
        "0",
        "0",
        "00",
        HEAD[0],
        HEAD[1],
        "0",
        "0000001000001101",
        "010",
        "000", //
        "110",
        "1",
        "0",
        "00111",
        "00011111",
        "0",
        "10",
    ]);
    pinned(&[PLAIN, at(1, 0, shock), at(2, 5, before)], Step::Minutes5, &expected);
}

#[test]
fn the_numbers_of_events_causes_modes_and_steps_stay() {
    let events = EventKind::ALL.map(|kind| kind as u8);
    assert_eq!(events, core::array::from_fn::<u8, 20, _>(|n| u8::try_from(n).unwrap()));
    assert_eq!((EventKind::SettingsChanged as u8, EventKind::SelfTest as u8), (18, 19));
    assert_eq!((EventKind::Light as u8, EventKind::Restarted as u8, EventKind::ClockSet as u8), (5, 12, 15));
    let parts = [Broken::THERMOMETER, Broken::HUMIDITY, Broken::MOTION, Broken::LIGHT, Broken::LOG];
    assert_eq!(parts.map(Broken::bits), [1, 2, 4, 8, 16]);
    assert_eq!(Broken::NOTHING.and(Broken::LIGHT).and(Broken::LOG).bits(), 24);
    assert_eq!(ResetCause::ALL.map(|cause| cause as u8), [0, 1, 2, 3, 4, 5]);
    assert_eq!((ResetCause::Watchdog as u8, ResetCause::Fault as u8), (2, 5));
    assert_eq!(Mode::ALL.map(|mode| mode as u8), [0, 1, 2, 3]);
    assert_eq!((Mode::Shelf as u8, Mode::Flight as u8), (0, 2));
    assert_eq!(Step::ALL.map(Step::minutes), [1, 2, 5, 10, 15, 20, 30, 60]);
}

const STATUS: Status = Status {
    firmware: Firmware { major: 1, minor: 2, patch: 3 },
    battery_pct: Some(87),
    reset_cause: ResetCause::Watchdog,
    faulty: false,
    mode: Mode::Measuring,
    next: 0x01_0204,
    held: 8640,
    clock_within_s: Some(4),
};

#[test]
fn status() {
    let bytes = [1, 2, 3, 87, 0x21, 0x01, 0x02, 0x04, 0x21, 0xc0, 4];
    assert_eq!(STATUS.encode(), Ok(bytes));
    assert_eq!(Uplink::decode(12, &bytes), Ok(Uplink::Status(STATUS)));
    let unknown = Status { battery_pct: None, clock_within_s: None, ..STATUS };
    assert_eq!(unknown.encode().unwrap()[3..], [255, 0x21, 0x01, 0x02, 0x04, 0x21, 0xc0, 255]);
    assert_eq!(Status::decode(&unknown.encode().unwrap()), Ok(unknown));
    let faulty = Status { faulty: true, ..STATUS };
    assert_eq!(faulty.encode().unwrap()[4], 0x29);
    assert_eq!(Status::decode(&faulty.encode().unwrap()), Ok(faulty));
    assert_eq!(Status { battery_pct: Some(101), ..STATUS }.encode(), Err(EncodeError::Value));
    assert_eq!(Status { next: 1 << 24, ..STATUS }.encode(), Err(EncodeError::NumbersExhausted));
    let with = |place: usize, byte: u8| {
        let mut bytes = bytes;
        bytes[place] = byte;
        Status::decode(&bytes)
    };
    assert_eq!(with(3, 101), Err(DecodeError::Battery { byte: 101 }));
    assert_eq!(with(4, 0x61), Err(DecodeError::UnknownResetCause { code: 6 }));
    assert_eq!(with(4, 0x24), Err(DecodeError::UnknownMode { code: 4 }));
    assert_eq!(with(4, 0x2f), Err(DecodeError::UnknownMode { code: 7 }));
    assert_eq!(Status::decode(&bytes[..10]), Err(DecodeError::Length { length: 10, expected: 11 }));
}

#[test]
fn setup() {
    let setup = Setup {
        command: 0x0a_0b0c,
        calibration: 0x1122_3344,
        step: Step::Minutes15,
        per_uplink: 2,
        thresholds: THRESHOLDS.sum(),
    };
    let bytes = [0x0a, 0x0b, 0x0c, 0x11, 0x22, 0x33, 0x44, 0x81, 0x10, 0xc7];
    assert_eq!(Uplink::decode(13, &setup.encode().unwrap()), Ok(Uplink::Setup(setup)));
    assert_eq!(setup.encode(), Ok(bytes));
    assert_eq!(Setup { per_uplink: 0, ..setup }.encode(), Err(EncodeError::Value));
    assert_eq!(Setup { per_uplink: 33, ..setup }.encode(), Err(EncodeError::Value));
    assert_eq!(Setup { command: 1 << 24, ..setup }.encode(), Err(EncodeError::NumbersExhausted));
}

#[test]
fn position() {
    // 47.56° N, 7.59° W.
    let position =
        Position { minutes: 0x14_1516, latitude: 4_433_000, longitude: -353_719, accuracy_m: Some(12) };
    let bytes = [0x14, 0x15, 0x16, 0x43, 0xa4, 0x68, 0xfa, 0x9a, 0x49, 12];
    assert_eq!(position.encode(), Ok(bytes));
    assert_eq!(Uplink::decode(14, &bytes), Ok(Uplink::Position(position)));
    assert_eq!(position.microdegrees(), (47_560_930, -7_589_987));
    assert_eq!(Position::of_microdegrees(0x14_1516, 47_560_930, -7_589_987, Some(12)), position);
    let ends = Position::of_microdegrees(0, 90_000_000, -180_000_000, None);
    assert_eq!((ends.latitude, ends.longitude), ((1 << 23) - 1, -(1 << 23)));
    let unknown = Position { accuracy_m: None, ..position };
    assert_eq!(Position::decode(&unknown.encode().unwrap()), Ok(unknown));
    for wrong in [
        Position { minutes: 1 << 24, ..position },
        Position { latitude: 1 << 23, ..position },
        Position { longitude: -(1 << 23) - 1, ..position },
    ] {
        assert_eq!(wrong.encode(), Err(EncodeError::Value));
    }
}

#[test]
fn clock_request() {
    let request = ClockRequest { seconds: 78_967_080, setting: 3, within_s: Some(20) };
    let bytes = [0x04, 0xb4, 0xf1, 0x28, 3, 20];
    assert_eq!(request.encode(), bytes);
    assert_eq!(Uplink::decode(15, &bytes), Ok(Uplink::Clock(request)));
    assert_eq!(Uplink::decode(16, &bytes), Err(DecodeError::UnknownPort(16)));
}

const THRESHOLDS: Thresholds = Thresholds { low: 200, high: 800, low_delay: 20, high_delay: 30 };

#[test]
fn commands() {
    let range = Range { first: 1, last: 0x01_0203 };
    let cases: [(Command, &[u8]); 9] = [
        (Command::Acknowledge(range), &[1, 0, 0, 1, 1, 2, 3]),
        (Command::Resend(range), &[2, 0, 0, 1, 1, 2, 3]),
        (Command::Thresholds(THRESHOLDS), &[3, 0x00, 0xc8, 0x03, 0x20, 20, 30]),
        (Command::Intervals { step: Step::Minutes15, per_uplink: 2 }, &[4, 0x81]),
        (Command::Intervals { step: Step::Minutes60, per_uplink: 32 }, &[4, 0xff]),
        (Command::Clock { setting: 3, forward_s: -2 }, &[5, 3, 0xff, 0xff, 0xff, 0xfe]),
        (Command::Flight { hours: 12 }, &[6, 12]),
        (Command::Identify { seconds: 60 }, &[7, 60]),
        (Command::Restart, &[8]),
    ];
    let mut all = vec![0x0a, 0x0b, 0x0c];
    for (command, bytes) in cases {
        let mut room = [0; 16];
        let length = encode_commands(0x0a_0b0c, &[command], &mut room).unwrap();
        assert_eq!(room[..length], [&[0x0a, 0x0b, 0x0c], bytes].concat());
        assert_eq!(command.length(), bytes.len());
        all.extend(bytes);
        // Every cut is refused.
        for cut in 0..length {
            assert!(Downlink::decode(&room[..cut]).is_err(), "{command:?} cut at {cut}");
        }
    }
    let downlink = Downlink::decode(&all).unwrap();
    assert_eq!(downlink.number(), 0x0a_0b0c);
    assert_eq!(downlink.commands().collect::<Vec<_>>(), cases.map(|(command, _)| command));
}

#[test]
fn a_downlink_is_obeyed_whole_or_not_at_all() {
    let value = DecodeError::CommandValue { command: 1 };
    for (bytes, expected) in [
        (&[0, 0, 1][..], DecodeError::CommandEndsInside { command: 0 }),
        (&[0, 0, 0, 8], DecodeError::CommandValue { command: 0 }),
        (&[0, 0, 1, 8, 9], DecodeError::UnknownCommand { command: 1, code: 9 }),
        (&[0, 0, 1, 8, 0], DecodeError::UnknownCommand { command: 1, code: 0 }),
        (&[0, 0, 1, 8, 1, 0, 0, 2, 0, 0, 1], value),
        (&[0, 0, 1, 8, 3, 0x03, 0x20, 0x03, 0x20, 0, 0], value),
        (&[0, 0, 1, 8, 3, 0x00, 0xc8, 0x03, 0x20, 241, 0], value),
        (&[0, 0, 1, 8, 3, 0x00, 0xc8, 0x03, 0x20, 0, 241], value),
        (&[0, 0, 1, 8, 3, 0x95, 0x4c, 0x03, 0x20, 0, 0], value),
    ] {
        assert_eq!(Downlink::decode(bytes), Err(expected), "{bytes:02x?}");
    }
}

#[test]
fn a_downlink_that_cannot_be_is_not_written() {
    let encode = |number, command| encode_commands(number, &[command], &mut [0; 16]);
    assert_eq!(encode(1 << 24, Command::Restart), Err(EncodeError::NumbersExhausted));
    assert_eq!(encode(0, Command::Restart), Err(EncodeError::Value));
    assert_eq!(encode(1, Command::Resend(Range { first: 2, last: 1 })), Err(EncodeError::Value));
    let pace = Command::Intervals { step: Step::Minutes5, per_uplink: 33 };
    assert_eq!(encode(1, pace), Err(EncodeError::Value));
    assert_eq!(encode_commands(1, &[], &mut [0; 16]), Err(EncodeError::Nothing));
    assert_eq!(encode_commands(1, &[Command::Restart], &mut [0; 3]), Err(EncodeError::NoRoom));
}

#[test]
fn minutes_count_from_the_first_of_january_2024() {
    assert_eq!(Stamp::Utc(0).unix_seconds(), Some(1_704_067_200));
    assert_eq!(Stamp::Utc(0x14_1516).unix_seconds(), Some(1_783_034_280));
}
