//! Frames of the log: an unbroken run of its entries, the newest first.

mod decode;
mod encode;

pub use decode::{Entries, LogFrame};
pub use encode::{Written, encode};

use crate::entry::Step;

/// The LoRaWAN FPort of log frames.
pub const LOG_PORT: u8 = 11;

/// The longest application payload of any LoRaWAN region, in bytes.
pub const MAX_LEN: usize = 242;

/// The most entries in a frame.
pub const MAX_ENTRIES: usize = 255;

/// Bits of an event's kind and of the value beside it; of a sequence number and of minutes; of the ends of a spread, of
/// the minutes out of range less one; of a loss.
const KIND_BITS: u32 = 5;
const VALUE_BITS: u32 = 8;
const NUMBER_BITS: u32 = 24;
const SPREAD_BITS: u32 = 6;
const LOST_BITS: u32 = 17;

/// How a frame writes its entries. What only the second and further entries need stands in front of the second, so that
/// any entry fits alone into 11 bytes, but for a humidity beside a wide spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Style {
    /// The minutes count from the tracker's start.
    time_unknown: bool,
    /// Readings may have a humidity.
    humidity: bool,
    spread: SpreadStyle,
    step: Step,
    /// The low bits of the Rice code of the differences of temperatures, 0 to 7.
    low: u32,
}

/// Whether the readings have a [`Spread`](crate::Spread), and how its ends are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum SpreadStyle {
    Without = 0,
    /// Rice code without low bits.
    Flat = 1,
    /// Rice code with two low bits.
    Uneven = 2,
    /// Six bits.
    Wide = 3,
}

impl SpreadStyle {
    const ALL: [Self; 4] = [Self::Without, Self::Flat, Self::Uneven, Self::Wide];
}
