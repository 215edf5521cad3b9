//! What a tracker says of itself: how it is, and what is in force with it.

use serde::{Deserialize, Serialize};

use crate::named_enum::named_enum;

named_enum! {
    /// What a tracker is doing.
    TrackerMode, "mode of a tracker" {
        /// In store: it neither measures nor sends.
        Shelf = "shelf",
        Measuring = "measuring",
        /// It measures and does not send.
        Flight = "flight",
        /// It was stopped, and still hands over what its log holds.
        Stopped = "stopped",
    }
}

named_enum! {
    /// Why a tracker's program began anew.
    RestartCause, "cause of a restart" {
        PowerOn = "power_on",
        /// The supply fell too low.
        BrownOut = "brown_out",
        Watchdog = "watchdog",
        /// It was told to, or got new firmware.
        Software = "software",
        /// The reset pin.
        Pin = "pin",
        /// It found its own state wrong.
        Fault = "fault",
    }
}

/// How a tracker is. Stands like this in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Such as `1.2.3`.
    pub firmware: String,
    /// What is left, 0 to 100 %; none where it cannot tell.
    pub battery_pct: Option<u8>,
    /// Of the last restart.
    pub restarted_by: RestartCause,
    pub mode: TrackerMode,
    /// Its log cannot be written or has used all numbers, or its last self-test failed: it must be replaced.
    pub faulty: bool,
    /// The number that the next entry of its log will have.
    pub next: u32,
    /// How many entries before that one its log holds; 65,535 stands for more.
    pub held: u16,
    /// How wrong its clock may be, in seconds: 254 stands for more, none where it was never set.
    pub clock_within_s: Option<u8>,
}

impl Status {
    /// The number of the oldest entry that its log holds; none where it holds more than it can say.
    pub fn oldest(&self) -> Option<u32> {
        (self.held < u16::MAX).then(|| self.next.saturating_sub(self.held.into()))
    }
}

/// What is in force with a tracker. Stands like this in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The number of the last downlink that it obeyed; 0: none.
    pub downlink: u32,
    /// Of its thermometer, as the certificate numbers it.
    pub calibration: Option<u32>,
    /// From one reading to the next.
    pub minutes: u8,
    /// Readings from one uplink to the next, 1 to 32.
    pub per_uplink: u8,
    /// CRC-16/XMODEM of its limits and delays, as a downlink writes them.
    pub limits_sum: u16,
}
