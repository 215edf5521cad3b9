//! Log frames at their limits, and properties over all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod any;

use any::{any_log, reading, spread};
use proptest::prelude::*;
use wire::{
    DecodeError, EncodeError, Entry, Event, EventKind, LOST_MAX, LogFrame, MAX_ENTRIES, MAX_LEN, MAX_MINUTES,
    MAX_SEQUENCE, Reading, Stamp, Step, TEMPERATURE_MIN, What, encode,
};

fn entry(sequence: u32, minutes: u32, what: What) -> Entry {
    Entry { sequence, stamp: Stamp::Utc(minutes), what }
}

/// Newest first, every five minutes.
fn log(values: impl IntoIterator<Item = Reading>) -> Vec<Entry> {
    let entries = values.into_iter().zip(0..);
    entries.map(|(value, n)| entry(5000 - n, 1_000_000 - 5 * n, What::Reading(value))).collect()
}

fn written(entries: &[Entry], room: usize) -> (Vec<u8>, usize) {
    let mut bytes = vec![0xAA; room];
    let written = encode(entries.iter().copied(), Step::Minutes5, &mut bytes).unwrap();
    bytes.truncate(written.length);
    (bytes, written.entries)
}

fn said(entries: &[Entry], room: usize) -> usize {
    let (bytes, count) = written(entries, room);
    let read: Vec<Entry> = LogFrame::decode(&bytes).unwrap().entries().collect();
    assert_eq!(read, entries[..count]);
    count
}

/// A box that drifts by a few hundredths, as a good one does.
fn calm(n: i16) -> Reading {
    let wobble = [0, 1, -1, 2, 0, -2, 1, 0][usize::from(n.unsigned_abs()) % 8];
    spread(500 + n / 4 + wobble, 1, (n % 3) as u8, 0)
}

#[test]
fn what_fits_into_the_room_that_each_data_rate_leaves() {
    let plain: Vec<Entry> = log((0..300).map(|n| Reading { spread: None, ..calm(n) }));
    let spreads: Vec<Entry> = log((0..300).map(calm));
    let humid: Vec<Entry> = log((0..300).map(|n| Reading { humidity: Some(100 + (n % 3) as u8), ..calm(n) }));
    for (room, plain_fit, spread_fit, humid_fit) in
        [(11, 4, 2, 1), (51, 79, 36, 25), (53, 83, 38, 26), (115, 199, 91, 63), (222, 255, 184, 128)]
    {
        assert_eq!(said(&plain, room), plain_fit, "plain in {room}");
        assert_eq!(said(&spreads, room), spread_fit, "with spread in {room}");
        assert_eq!(said(&humid, room), humid_fit, "with humidity in {room}");
    }
}

#[test]
fn any_entry_fits_alone_into_eleven_bytes_but_for_a_humidity_beside_a_wide_spread() {
    let widest = spread(i16::MAX - 63, 63, 63, 64);
    assert_eq!(said(&log([widest]), 11), 1);
    assert_eq!(said(&log([Reading { humidity: Some(200), ..reading(i16::MAX) }]), 11), 1);
    assert_eq!(said(&log([Reading { humidity: Some(200), ..spread(500, 2, 3, 0) }]), 11), 1);
    let both = log([Reading { humidity: Some(200), ..widest }]);
    assert_eq!(encode(both.iter().copied(), Step::Minutes5, &mut [0; 11]), Err(EncodeError::NoRoom));
    assert_eq!(said(&both, 13), 1);
    let lost = What::Lost { first: MAX_SEQUENCE - 2 * LOST_MAX + 1, count: LOST_MAX };
    assert_eq!(said(&[entry(MAX_SEQUENCE, MAX_MINUTES, lost)], 11), 1);
    // What has no humidity is not kept out by what has one behind it.
    let mut mixed = log([widest, widest]);
    mixed[1].what = both[0].what;
    assert_eq!(said(&mixed, 11), 1);
}

#[test]
fn events_stand_between_the_readings_and_at_the_head() {
    for kind in EventKind::ALL {
        let event = What::Event(Event { kind, value: 200 });
        let mut entries = log([calm(1), calm(2), calm(3)]);
        entries[1].what = event;
        assert_eq!(said(&entries, 51), 3, "{kind:?} between");
        entries[0].what = event;
        assert_eq!(said(&entries, 51), 3, "{kind:?} at the head");
        assert_eq!(said(&entries[..1], 11), 1, "{kind:?} alone");
    }
    let lost = What::Lost { first: 17, count: 3000 };
    let entries = [entry(5000, 9, lost), entry(4999, 9, What::Reading(calm(0)))];
    assert_eq!(said(&entries, 51), 2);
}

#[test]
fn a_frame_ends_where_it_cannot_say_the_entry_before() {
    let newest = entry(5000, 200_000, What::Reading(spread(500, 1, 1, 0)));
    let before = entry(4999, 199_995, What::Reading(spread(500, 1, 1, 64)));
    assert_eq!(said(&[newest, before], 51), 2);
    let at = |minutes| Entry { stamp: Stamp::Utc(minutes), ..before };
    assert_eq!(said(&[newest, at(200_000 - 131_070)], 51), 2, "91 days fit");
    let with = |reading| Entry { what: What::Reading(reading), ..before };
    for (why, earlier) in [
        ("longer ago than can be said", at(200_000 - 131_071)),
        ("later than the one behind it", at(200_001)),
        ("a hole in the sequence", Entry { sequence: 4998, ..before }),
        ("the same entry", newest),
        ("another kind of time", Entry { stamp: Stamp::SinceStart(199_995), ..before }),
        ("no spread", with(reading(500))),
        ("a humidity above 100 %", with(Reading { humidity: Some(201), ..spread(500, 1, 1, 0) })),
        ("a colder end than can be said", with(spread(500, 64, 1, 0))),
        ("a warmer end than can be said", with(spread(500, 1, 64, 0))),
        ("out of range for longer than can be said", with(spread(500, 1, 1, 65))),
        ("below absolute zero", with(spread(TEMPERATURE_MIN, 1, 0, 0))),
        ("warmer than can be said", with(spread(i16::MAX, 0, 1, 0))),
        ("a loss of nothing", Entry { what: What::Lost { first: 1, count: 0 }, ..before }),
        ("a loss of itself", Entry { what: What::Lost { first: 4999, count: 1 }, ..before }),
    ] {
        assert_eq!(said(&[newest, earlier], 51), 1, "{why}");
    }
}

#[test]
fn a_newest_entry_that_cannot_be_said_is_an_error() {
    let one = entry(5000, 9, What::Reading(reading(500)));
    let refused = |entry: Entry, room: usize| {
        encode([entry].into_iter(), Step::Minutes5, &mut vec![0; room]).unwrap_err()
    };
    assert_eq!(refused(Entry { sequence: MAX_SEQUENCE + 1, ..one }, 51), EncodeError::NumbersExhausted);
    assert_eq!(refused(Entry { stamp: Stamp::Utc(MAX_MINUTES + 1), ..one }, 51), EncodeError::Value);
    let with = |what| Entry { what, ..one };
    let cold = reading(TEMPERATURE_MIN - 1);
    assert_eq!(refused(with(What::Reading(cold)), 51), EncodeError::Value);
    let damp = Reading { humidity: Some(201), ..reading(500) };
    assert_eq!(refused(with(What::Reading(damp)), 51), EncodeError::Value);
    assert_eq!(refused(with(What::Lost { first: 0, count: 5001 }), 51), EncodeError::Value);
    assert_eq!(refused(one, 8), EncodeError::NoRoom);
    assert_eq!(encode([].into_iter(), Step::Minutes5, &mut [0; 51]), Err(EncodeError::Nothing));
}

#[test]
fn values_at_their_limits_come_through() {
    let ends = [i16::MAX, TEMPERATURE_MIN, i16::MAX, 0];
    assert_eq!(said(&log(ends.map(reading)), 51), 4);
    let wide = Reading { humidity: Some(200), ..spread(TEMPERATURE_MIN + 63, 63, 63, 64) };
    let dry = Reading { humidity: Some(0), ..spread(i16::MAX, 63, 0, 0) };
    assert_eq!(said(&log([wide, dry, wide]), 51), 3);
    assert_eq!(wide.ends(), Some((TEMPERATURE_MIN, TEMPERATURE_MIN + 126)));
    let last =
        Entry { sequence: MAX_SEQUENCE, stamp: Stamp::Utc(MAX_MINUTES), what: What::Reading(reading(1)) };
    let first = Entry { sequence: 0, stamp: Stamp::SinceStart(0), what: What::Reading(reading(1)) };
    assert_eq!((said(&[last], 11), said(&[first], 11)), (1, 1));
}

#[test]
fn a_frame_has_at_most_255_entries() {
    let same = log((0..300).map(|_| reading(500)));
    let (bytes, count) = written(&same, MAX_LEN);
    assert_eq!(count, MAX_ENTRIES);
    // One zero more: the same again, one step before.
    let mut longer = bytes;
    longer.extend([0; 20]);
    let refused = LogFrame::decode(&longer).unwrap_err();
    assert_eq!(refused, DecodeError::Reserved { entry: 255 });
    assert_eq!(LogFrame::decode(&[0; MAX_LEN + 1]), Err(DecodeError::TooLong { length: 243 }));
}

#[test]
fn what_leads_below_zero_is_refused() {
    let first = |sequence: u32, minutes: u32| {
        let entries = [entry(sequence + 1, minutes + 1, What::Reading(reading(1)))];
        let (mut bytes, _) = written(&entries, 51);
        // The 69 bits of one reading, a step of one minute, no low bits; then twice "as the one before", and padding.
        bytes.truncate(8);
        bytes.extend([0b0000_1000, 0b0000_0001]);
        bytes
    };
    let plain = LogFrame::decode(&first(100, 100)).map(|frame| frame.entries().count());
    assert_eq!(plain, Ok(3));
    assert!(matches!(LogFrame::decode(&first(0, 100)), Err(DecodeError::SequenceBeforeFirst { .. })));
    assert!(matches!(LogFrame::decode(&first(100, 0)), Err(DecodeError::TimeBeforeEpoch { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn what_was_written_is_read((entries, step) in any_log(), room in 11..=MAX_LEN) {
        let mut bytes = vec![0; room];
        let Ok(written) = encode(entries.iter().copied(), step, &mut bytes) else {
            // Only where the very first has a humidity beside a wide spread.
            prop_assert!(room < 13);
            return Ok(());
        };
        let frame = LogFrame::decode(&bytes[..written.length]).unwrap();
        prop_assert_eq!(frame.newest(), entries[0]);
        prop_assert_eq!(frame.entries().collect::<Vec<_>>(), &entries[..written.entries]);
    }

    #[test]
    fn any_bytes_are_refused_or_read_alike(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let Ok(frame) = LogFrame::decode(&bytes) else { return Ok(()) };
        let entries: Vec<Entry> = frame.entries().collect();
        let mut again = [0; MAX_LEN];
        let written = encode(entries.iter().copied(), Step::Minutes5, &mut again).unwrap();
        prop_assert_eq!(written.entries, entries.len());
        let read: Vec<Entry> = LogFrame::decode(&again[..written.length]).unwrap().entries().collect();
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn a_frame_that_is_cut_is_refused_or_a_shorter_run((entries, step) in any_log(), cut in 0..200_usize) {
        let mut bytes = [0; MAX_LEN];
        let written = encode(entries.iter().copied(), step, &mut bytes).unwrap();
        let cut = &bytes[..cut.min(written.length)];
        if let Ok(frame) = LogFrame::decode(cut) {
            prop_assert!(entries.starts_with(&frame.entries().collect::<Vec<_>>()));
        }
    }
}
