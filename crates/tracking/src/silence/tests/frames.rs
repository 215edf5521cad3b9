//! What a tracker sends.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

/// As docs/wire-format.md has it.
pub fn frame(numbers: RangeInclusive<u32>, newest_at: DateTime<Utc>) -> Vec<u8> {
    let minutes = u32::try_from((newest_at.timestamp() - 1_704_067_200) / 60).unwrap();
    let mut frame = vec![0x10];
    frame.extend(&numbers.end().to_be_bytes()[1..]);
    frame.extend(&minutes.to_be_bytes()[1..]);
    frame.extend([0x02, 0x0d, 255, 255]);
    for _ in numbers.skip(1) {
        frame.extend([15, 0x02, 0x0d, 255]);
    }
    frame
}
