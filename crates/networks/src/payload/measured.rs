//! What sensors measure, and what they write when they do not.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::tracker_report::Sensed;
use domain::{Humidity, Reading, Temperature};

use super::{DecodedReading, Payload, UntimedReading};

/// 2020-01-01T00:00:00Z. None of these trackers is older: a clock that says less was never set, and counts from its start.
const CLOCKS_ARE_SET_FROM: u32 = 1_577_836_800;

/// The temperature, if the sensor can measure it. What it writes instead of one when it fails is far outside of `range`.
pub fn temperature(hundredths: i32, range: &RangeInclusive<i32>) -> Option<Temperature> {
    range.contains(&hundredths).then_some(Temperature(hundredths))
}

pub fn humidity(hundredths: i32) -> Option<Humidity> {
    Humidity::from_hundredths(hundredths).ok()
}

/// `None`: the clock was never set.
pub fn time(unix_seconds: u32) -> Option<DateTime<Utc>> {
    let seconds = Some(unix_seconds).filter(|seconds| *seconds >= CLOCKS_ARE_SET_FROM)?;
    DateTime::from_timestamp(seconds.into(), 0)
}

pub const fn reading(
    measured_at: DateTime<Utc>,
    temperature: Temperature,
    humidity: Option<Humidity>,
) -> DecodedReading {
    let reading = Reading { measured_at, temperature, min: None, max: None, humidity, out_of_range_s: None };
    DecodedReading { reading, sequence: None }
}

pub const fn untimed(
    seconds_since_start: u32,
    temperature: Temperature,
    humidity: Option<Humidity>,
) -> UntimedReading {
    UntimedReading { sequence: None, minutes_since_start: seconds_since_start / 60, temperature, humidity }
}

impl Payload {
    /// Of one instant: a reading where there is a temperature, and what else was sensed.
    pub(super) fn of_instant(
        temperature: Option<Temperature>,
        humidity: Option<Humidity>,
        sensed: Sensed,
    ) -> Self {
        let reading = temperature.map(|temperature| reading(sensed.at, temperature, humidity));
        let sensed = Some(sensed).filter(|sensed| *sensed != Sensed::at(sensed.at));
        Self {
            readings: reading.into_iter().collect(),
            sensed: sensed.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Takes in what a tracker logged at another instant.
    pub(super) fn extend(&mut self, of_instant: Self) {
        self.readings.extend(of_instant.readings);
        self.sensed.extend(of_instant.sensed);
    }

    /// Oldest first, however the tracker sent them.
    pub(super) fn in_order(mut self) -> Self {
        self.readings.sort_by_key(|decoded| decoded.reading.measured_at);
        self.untimed.sort_by_key(|untimed| untimed.minutes_since_start);
        self.sensed.sort_by_key(|sensed| sensed.at);
        self
    }
}
