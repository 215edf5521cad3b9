//! Version 1 of the uplink frame: its constants, and one reading as both ends see it.

/// The LoRaWAN FPort on which frames of readings travel.
pub const READINGS_PORT: u8 = 10;

/// The version in the high four bits of the first byte.
pub const VERSION: u8 = 1;

/// A frame with one reading, in bytes: what US915 leaves for the application at DR0.
pub const BASE_LEN: usize = 11;

/// What each repeated earlier reading adds, in bytes.
pub const REPEAT_LEN: usize = 4;

/// As many repeats as fit into 242 bytes, the longest application payload of any LoRaWAN region.
pub const MAX_REPEATS: usize = 57;

/// The longest frame, in bytes.
pub const MAX_LEN: usize = BASE_LEN + MAX_REPEATS * REPEAT_LEN;

/// 2024-01-01T00:00:00Z in Unix seconds: minute 0.
pub const EPOCH_UNIX_S: i64 = 1_704_067_200;

/// The last minute that a frame can say: 2055-11-24T20:15Z.
pub const MAX_MINUTES: u32 = 0xff_ffff;

/// The last sequence number of a tracker's life: at one reading a minute it is reached after 31 years.
pub const MAX_SEQUENCE: u32 = 0xff_ffff;

/// Absolute zero in 0.01 °C: nothing below it is a temperature.
pub const TEMPERATURE_MIN: i16 = -27_315;

/// 100 % in steps of 0.5 %.
pub(crate) const HUMIDITY_MAX: u8 = 200;
/// 100 %.
pub(crate) const BATTERY_MAX: u8 = 100;
/// Stands for "no value" in the bytes of humidity and battery.
pub(crate) const NONE: u8 = 0xff;
/// Flag: the minutes count from the tracker's start, not from 2024.
pub(crate) const TIME_UNKNOWN: u8 = 0b0001;

/// When a reading was taken, in whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stamp {
    /// Minutes since 2024-01-01T00:00Z, by a clock that was set over the air. At most [`MAX_MINUTES`].
    Utc(u32),
    /// Minutes since the tracker started, which has not been told the time yet. At most [`MAX_MINUTES`].
    SinceStart(u32),
}

impl Stamp {
    /// The minutes, on whichever scale.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Utc(minutes) | Self::SinceStart(minutes) => minutes,
        }
    }

    /// Unix time in seconds, where the tracker knew the time.
    pub fn unix_seconds(self) -> Option<i64> {
        match self {
            Self::Utc(minutes) => Some(EPOCH_UNIX_S + i64::from(minutes) * 60),
            Self::SinceStart(_) => None,
        }
    }

    /// The same scale at other minutes.
    pub(crate) const fn at(self, minutes: u32) -> Self {
        match self {
            Self::Utc(_) => Self::Utc(minutes),
            Self::SinceStart(_) => Self::SinceStart(minutes),
        }
    }
}

/// One reading in the units of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sample {
    /// Counts the tracker's readings for life, from 0 to [`MAX_SEQUENCE`]; survives resets, never wraps.
    pub sequence: u32,
    pub stamp: Stamp,
    /// 0.01 °C, from [`TEMPERATURE_MIN`] to 327.67 °C.
    pub temperature: i16,
    /// Relative humidity in steps of 0.5 %, from 0 to 200; none where the tracker has no such sensor.
    pub humidity: Option<u8>,
}
