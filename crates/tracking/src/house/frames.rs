//! What a tracker sends.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::Temperature;

/// As docs/wire-format.md has it; all readings are of the same temperature.
pub fn frame(numbers: RangeInclusive<u32>, newest_at: DateTime<Utc>, temperature: Temperature) -> Vec<u8> {
    let minutes = u32::try_from((newest_at.timestamp() - 1_704_067_200) / 60).unwrap();
    let mut frame = vec![0x10];
    frame.extend(&numbers.end().to_be_bytes()[1..]);
    frame.extend(&minutes.to_be_bytes()[1..]);
    let [high, low] = i16::try_from(temperature.0).unwrap().to_be_bytes();
    frame.extend([high, low, 255, 255]);
    for _ in numbers.skip(1) {
        frame.extend([15, high, low, 255]);
    }
    frame
}
