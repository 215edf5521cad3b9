//! Frames at their limits, and properties over all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use wire::{Battery, DecodeError, EncodeError, Frame, MAX_LEN, Sample, Stamp, encode};

const SAMPLE: Sample =
    Sample { sequence: 100, stamp: Stamp::Utc(1000), temperature: 500, humidity: Some(90) };

fn before(later: Sample, minutes: u32) -> Sample {
    Sample { sequence: later.sequence - 1, stamp: Stamp::Utc(later.stamp.minutes() - minutes), ..later }
}

fn length(newest: Sample, predecessors: &[Sample], room: usize) -> usize {
    encode(&newest, Battery::Unknown, predecessors.iter().copied(), &mut vec![0; room]).unwrap()
}

fn bytes() -> Vec<u8> {
    let mut room = vec![0; 11];
    encode(&SAMPLE, Battery::Percent(50), [], &mut room).unwrap();
    room
}

#[test]
fn a_frame_takes_as_many_predecessors_as_the_room_has() {
    let mut log = vec![SAMPLE];
    (0..80).for_each(|_| log.push(before(*log.last().unwrap(), 5)));
    let cases = [
        (11, 11),
        (12, 11),
        (14, 11),
        (15, 15),
        (18, 15),
        (19, 19),
        (51, 51),
        (53, 51),
        (115, 115),
        (222, 219),
    ];
    for (room, expected) in cases {
        assert_eq!(length(SAMPLE, &log[1..], room), expected, "room {room}");
    }
    assert_eq!(length(SAMPLE, &log[1..], 242), MAX_LEN);
    assert_eq!(length(SAMPLE, &log[1..], 1000), MAX_LEN);
    assert_eq!(encode(&SAMPLE, Battery::Unknown, [], &mut [0; 10]), Err(EncodeError::NoRoom));
}

#[test]
fn repeats_end_where_the_layout_cannot_say_the_predecessor() {
    let near = before(SAMPLE, 255);
    assert_eq!(length(SAMPLE, &[near], 222), 15, "255 minutes fit");
    for (why, predecessor) in [
        ("256 minutes do not fit", before(SAMPLE, 256)),
        ("later than its successor", Sample { stamp: Stamp::Utc(1001), ..near }),
        ("a hole in the sequence", Sample { sequence: 98, ..near }),
        ("the same reading", SAMPLE),
        ("another kind of time", Sample { stamp: Stamp::SinceStart(999), ..near }),
        ("below absolute zero", Sample { temperature: -27_316, ..near }),
        ("above 100 %", Sample { humidity: Some(201), ..near }),
    ] {
        assert_eq!(length(SAMPLE, &[predecessor, before(SAMPLE, 1)], 222), 11, "{why}");
    }
}

#[test]
fn the_newest_reading_is_refused_one_unit_beyond_each_limit() {
    let fits = |sample: Sample, battery| encode(&sample, battery, [], &mut [0; 11]).map(|_| ());
    let unknown = Battery::Unknown;
    for (sample, expected) in [
        (Sample { sequence: 0xff_ffff, ..SAMPLE }, Ok(())),
        (Sample { sequence: 0x100_0000, ..SAMPLE }, Err(EncodeError::SequenceExhausted)),
        (Sample { stamp: Stamp::Utc(0xff_ffff), ..SAMPLE }, Ok(())),
        (Sample { stamp: Stamp::Utc(0x100_0000), ..SAMPLE }, Err(EncodeError::Minutes)),
        (Sample { stamp: Stamp::SinceStart(0x100_0000), ..SAMPLE }, Err(EncodeError::Minutes)),
        (Sample { temperature: -27_315, ..SAMPLE }, Ok(())),
        (Sample { temperature: -27_316, ..SAMPLE }, Err(EncodeError::Temperature)),
        (Sample { temperature: i16::MAX, ..SAMPLE }, Ok(())),
        (Sample { humidity: Some(200), ..SAMPLE }, Ok(())),
        (Sample { humidity: Some(201), ..SAMPLE }, Err(EncodeError::Humidity)),
        (Sample { humidity: Some(255), ..SAMPLE }, Err(EncodeError::Humidity)),
    ] {
        assert_eq!(fits(sample, unknown), expected, "{sample:?}");
    }
    assert_eq!(fits(SAMPLE, Battery::Percent(100)), Ok(()));
    assert_eq!(fits(SAMPLE, Battery::Percent(101)), Err(EncodeError::Battery));
    assert_eq!(fits(SAMPLE, Battery::Percent(255)), Err(EncodeError::Battery));
}

#[test]
fn a_frame_of_another_length_is_refused() {
    assert_eq!(Frame::decode(&[]), Err(DecodeError::TooShort { length: 0 }));
    for cut in 1..11 {
        assert_eq!(Frame::decode(&bytes()[..cut]), Err(DecodeError::TooShort { length: cut }));
    }
    for (length, whole) in [(11, true), (12, false), (13, false), (14, false), (15, true), (16, false)] {
        let mut frame = bytes();
        frame.resize(length, 0);
        assert_eq!(Frame::decode(&frame).is_ok(), whole, "{length}");
    }
    for (length, expected) in [(239, None), (240, Some(240)), (243, Some(243))] {
        let mut frame = bytes();
        frame.resize(length, 0);
        assert_eq!(Frame::decode(&frame).err(), expected.map(|length| DecodeError::TooLong { length }));
    }
}

#[test]
fn a_byte_out_of_its_range_names_what_is_wrong() {
    let with = |position: usize, byte: u8| {
        let mut frame = bytes();
        frame[position] = byte;
        Frame::decode(&frame).err()
    };
    assert_eq!(with(0, 0x20), Some(DecodeError::UnknownVersion(2)));
    assert_eq!(with(0, 0x00), Some(DecodeError::UnknownVersion(0)));
    for flags in [0b0010, 0b0100, 0b1000] {
        assert_eq!(with(0, 0x10 | flags), Some(DecodeError::UnknownFlags(flags)));
        assert_eq!(with(0, 0x11 | flags), Some(DecodeError::UnknownFlags(flags)));
    }
    assert_eq!(with(7, 0x80), Some(DecodeError::Temperature { reading: 0, hundredths: -32_524 }));
    assert_eq!(with(9, 200), None);
    assert_eq!(with(9, 201), Some(DecodeError::Humidity { reading: 0, byte: 201 }));
    assert_eq!(with(9, 254), Some(DecodeError::Humidity { reading: 0, byte: 254 }));
    assert_eq!(with(10, 100), None);
    assert_eq!(with(10, 101), Some(DecodeError::Battery { byte: 101 }));
    assert_eq!(with(10, 254), Some(DecodeError::Battery { byte: 254 }));
}

#[test]
fn repeats_that_lead_back_before_the_beginning_are_refused() {
    let decoded = |sequence: u8, minutes: u8, repeats: &[[u8; 4]]| {
        let mut frame = vec![0x10, 0, 0, sequence, 0, 0, minutes, 0, 0, 255, 255];
        repeats.iter().for_each(|repeat| frame.extend(repeat));
        Frame::decode(&frame).map(|frame| frame.samples().len())
    };
    assert_eq!(decoded(1, 9, &[[9, 0, 0, 255]]), Ok(2));
    assert_eq!(decoded(1, 9, &[[10, 0, 0, 255]]), Err(DecodeError::TimeBeforeEpoch { reading: 1 }));
    assert_eq!(
        decoded(1, 9, &[[1, 0, 0, 255], [1, 0, 0, 255]]),
        Err(DecodeError::SequenceBeforeFirst { reading: 2 })
    );
    assert_eq!(
        decoded(2, 9, &[[1, 0, 0, 255], [1, 0, 0, 201]]),
        Err(DecodeError::Humidity { reading: 2, byte: 201 })
    );
    assert_eq!(
        decoded(2, 9, &[[1, 0, 0, 255], [1, 0x95, 0x4c, 255]]),
        Err(DecodeError::Temperature { reading: 2, hundredths: -27_316 })
    );
}

fn stamp() -> impl Strategy<Value = Stamp> {
    let minutes = 0..=wire::MAX_MINUTES;
    prop_oneof![minutes.clone().prop_map(Stamp::Utc), minutes.prop_map(Stamp::SinceStart)]
}

fn battery() -> impl Strategy<Value = Battery> {
    prop_oneof![(0_u8..=100).prop_map(Battery::Percent), Just(Battery::Unknown)]
}

type Values = (i16, Option<u8>);

fn values() -> impl Strategy<Value = Values> {
    (wire::TEMPERATURE_MIN..=i16::MAX, proptest::option::of(0_u8..=200))
}

/// A tracker's log, newest first: consecutive sequence numbers, 0 to 255 minutes apart.
fn log() -> impl Strategy<Value = Vec<Sample>> {
    let steps = proptest::collection::vec((0_u32..=255, values()), 0..70);
    (0..=wire::MAX_SEQUENCE, stamp(), values(), steps).prop_map(|(sequence, stamp, newest, steps)| {
        let mut log = vec![Sample { sequence, stamp, temperature: newest.0, humidity: newest.1 }];
        for (delta, (temperature, humidity)) in steps {
            let later = *log.last().unwrap();
            let Some(sequence) = later.sequence.checked_sub(1) else { break };
            let stamp = match later.stamp {
                Stamp::Utc(minutes) => minutes.checked_sub(delta).map(Stamp::Utc),
                Stamp::SinceStart(minutes) => minutes.checked_sub(delta).map(Stamp::SinceStart),
            };
            let Some(stamp) = stamp else { break };
            log.push(Sample { sequence, stamp, temperature, humidity });
        }
        log
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(log in log(), battery in battery(), room in 11_usize..300) {
        let mut bytes = vec![0xAA; room];
        let length = encode(&log[0], battery, log[1..].iter().copied(), &mut bytes).unwrap();
        let fitting = (1 + (room - 11) / 4).min(58).min(log.len());
        prop_assert_eq!(length, 11 + (fitting - 1) * 4);
        let frame = Frame::decode(&bytes[..length]).unwrap();
        prop_assert_eq!(frame.battery(), battery);
        prop_assert_eq!(frame.samples().collect::<Vec<_>>(), &log[..fitting]);
    }

    #[test]
    fn any_bytes_are_refused_or_are_what_their_readings_write(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..260),
        head in prop_oneof![Just(0x10_u8), Just(0x11), any::<u8>()],
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = head;
        }
        if let Ok(frame) = Frame::decode(&bytes) {
            let mut room = [0; MAX_LEN];
            let length = encode(&frame.newest(), frame.battery(), frame.samples().skip(1), &mut room).unwrap();
            prop_assert_eq!(&room[..length], &bytes[..]);
        }
    }

    #[test]
    fn any_sample_is_written_or_refused_without_a_panic(
        sequence in any::<u32>(), minutes in any::<u32>(), temperature in any::<i16>(),
        humidity in any::<Option<u8>>(), battery in any::<u8>(), room in 0_usize..40,
    ) {
        let sample = Sample { sequence, stamp: Stamp::Utc(minutes), temperature, humidity };
        let written = encode(&sample, Battery::Percent(battery), [sample, sample], &mut vec![0; room]);
        if let Ok(length) = written {
            prop_assert_eq!(length, 11);
        }
    }
}
