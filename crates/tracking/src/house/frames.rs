//! What a tracker sends.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::Temperature;

/// As docs/wire-format.md has it, one every 15 minutes and each as warm as the others.
pub fn frame(numbers: RangeInclusive<u32>, newest_at: DateTime<Utc>, temperature: Temperature) -> Vec<u8> {
    let minutes = (newest_at.timestamp() - 1_704_067_200) / 60;
    let temperature = i16::try_from(temperature.0).unwrap();
    let mut bits = format!("0000{:024b}{minutes:024b}0{temperature:016b}", numbers.end());
    // Steps of 15 minutes and no low bits; "one step before" and "no warmer or colder", for each earlier one.
    bits.extend((numbers.clone().count() > 1).then_some("100000"));
    bits.extend(numbers.skip(1).map(|_| "00"));
    let padding = bits.len().next_multiple_of(8) - bits.len();
    bits.extend(std::iter::repeat_n('1', padding));
    let byte = |bits: &[u8]| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    bits.as_bytes().chunks(8).map(byte).collect()
}
