//! Any log that a tracker may hold.

use proptest::prelude::*;
use wire::{
    Entry, Event, EventKind, LOST_MAX, MAX_MINUTES, MAX_SEQUENCE, Reading, Spread, Stamp, Step,
    TEMPERATURE_MIN, What,
};

pub fn reading(temperature: i16) -> Reading {
    Reading { temperature, spread: None, humidity: None }
}

pub fn spread(temperature: i16, below: u8, above: u8, out_of_range: u8) -> Reading {
    Reading { spread: Some(Spread { below, above, out_of_range }), ..reading(temperature) }
}

fn any_what() -> impl Strategy<Value = What> {
    let temperature = prop_oneof![6 => 200..900_i16, 1 => TEMPERATURE_MIN..=i16::MAX];
    let out = prop_oneof![4 => Just(0), 1 => 0..=64_u8];
    let humidity = prop_oneof![Just(None), (0..=200_u8).prop_map(Some)];
    let with_spread = (temperature.clone(), 0..64_u8, 0..64_u8, out, humidity).prop_map(
        |(value, below, above, out, humidity)| {
            let value = value.clamp(TEMPERATURE_MIN + 63, i16::MAX - 63);
            Reading { humidity, ..spread(value, below, above, out) }
        },
    );
    let event = (0..EventKind::ALL.len(), any::<u8>())
        .prop_map(|(kind, value)| What::Event(Event { kind: EventKind::ALL[kind], value }));
    // `first` becomes that far behind, once the entry's number is known.
    let lost = (0..LOST_MAX, 1..=LOST_MAX).prop_map(|(first, count)| What::Lost { first, count });
    prop_oneof![
        8 => with_spread.prop_map(What::Reading),
        2 => temperature.prop_map(|t| What::Reading(reading(t))),
        1 => event,
        1 => lost,
    ]
}

/// Newest first, and the step that they were written with.
pub fn any_log() -> impl Strategy<Value = (Vec<Entry>, Step)> {
    let gap = prop_oneof![6 => Just(5_u32), 1 => 0..3000_u32];
    let entries = proptest::collection::vec((any_what(), gap), 1..150);
    (entries, 300_000..MAX_SEQUENCE, 1_000_000..MAX_MINUTES, any::<bool>(), 0..8_usize).prop_map(
        |(whats, sequence, mut minutes, known, step)| {
            let entries = whats.into_iter().zip(0..).map(|((what, gap), n)| {
                minutes -= gap;
                let stamp = if known { Stamp::Utc(minutes) } else { Stamp::SinceStart(minutes) };
                let sequence = sequence - n;
                let what = match what {
                    What::Lost { first: behind, count } => {
                        What::Lost { first: sequence - behind - count, count }
                    }
                    what => what,
                };
                Entry { sequence, stamp, what }
            });
            (entries.collect(), Step::ALL[step])
        },
    )
}
