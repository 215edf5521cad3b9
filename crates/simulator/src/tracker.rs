//! One tracker: it samples, keeps what it measured, and repeats the latest in each frame.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use domain::DevEui;
use wire::{EPOCH_UNIX_S, Entry, Reading, Stamp, Step, What};

use crate::journey::Journey;

/// The application payload that EU868 leaves at its slowest data rate, in bytes.
const ROOM: usize = 51;

/// How many readings are kept for repeating: more than fit.
const KEPT: usize = 16;

pub struct Tracker {
    pub dev_eui: DevEui,
    pub journey: Journey,
    /// Between two readings, which are sent at once.
    pub interval: Duration,
    /// When it takes its next reading.
    pub next_at: DateTime<Utc>,
    number: u64,
    f_cnt: u32,
    sequence: u32,
    /// Newest first.
    earlier: VecDeque<Entry>,
}

/// What a tracker sends.
pub struct Uplink {
    pub payload: Vec<u8>,
    pub f_cnt: u32,
    pub sent_at: DateTime<Utc>,
}

impl Tracker {
    /// `number` tells trackers apart; `first_at` is when it takes its first reading.
    pub fn new(number: u64, journey: Journey, interval: Duration, first_at: DateTime<Utc>) -> Self {
        Self {
            dev_eui: DevEui(0x70B3_D5E7_5E00_0000 | number),
            journey,
            interval,
            next_at: first_at,
            number,
            f_cnt: 0,
            sequence: 0,
            earlier: VecDeque::with_capacity(KEPT),
        }
    }

    /// Takes the reading that is due and sends it; None where the tracker is silent or its time cannot be written.
    pub fn sample(&mut self) -> Option<Uplink> {
        let at = self.next_at;
        self.next_at = at + self.interval;
        let minutes = u32::try_from((at.timestamp() - EPOCH_UNIX_S).div_euclid(60)).ok()?;
        let reading = Reading {
            temperature: self.journey.temperature(self.number, at),
            spread: None,
            humidity: Some(self.journey.humidity(self.number, at)),
        };
        let newest =
            Entry { sequence: self.sequence, stamp: Stamp::Utc(minutes), what: What::Reading(reading) };
        self.earlier.push_front(newest);
        self.earlier.truncate(KEPT);
        let mut room = [0; ROOM];
        let length = wire::encode(self.earlier.iter().copied(), Step::Minutes15, &mut room).ok()?.length;
        self.sequence += 1;
        if self.journey.is_silent(at) {
            return None;
        }
        self.f_cnt += 1;
        // The radio's receive windows and the network's deduplication take a few seconds.
        let sent_at = at + Duration::seconds(2 + (self.number % 5) as i64);
        Some(Uplink { payload: room.get(..length)?.to_vec(), f_cnt: self.f_cnt - 1, sent_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{Behaviour, City};
    use wire::LogFrame;

    #[test]
    fn each_frame_repeats_what_was_measured_before() {
        let start = DateTime::from_timestamp(1_772_000_000 / 60 * 60, 0).unwrap();
        let city = City { name: "Basel", lat: 47.56, lon: 7.59 };
        let journey = Journey {
            from: city,
            to: city,
            departs_at: start,
            takes: Duration::hours(1),
            behaviour: Behaviour::Fine,
        };
        let mut tracker = Tracker::new(7, journey, Duration::minutes(15), start);
        let frames: Vec<Uplink> = (0..12).filter_map(|_| tracker.sample()).collect();
        let counts = frames.iter().map(|frame| LogFrame::decode(&frame.payload).unwrap().entries().count());
        assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let last = LogFrame::decode(&frames[11].payload).unwrap();
        let times: Vec<i64> = last.entries().map(|entry| entry.stamp.unix_seconds().unwrap()).collect();
        let expected: Vec<i64> = (0..=11).rev().map(|n| start.timestamp() + n * 900).collect();
        assert_eq!(times, expected);
    }
}
