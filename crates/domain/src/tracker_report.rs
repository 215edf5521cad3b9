//! What a tracker says of itself: how it is, and what is in force with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::named_enum::named_enum;
use crate::{Humidity, Temperature};

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

/// What a tracker tells beside readings of the instant at which it says so. Each field is none where it says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensed {
    /// By the tracker's own clock where it tells a time, else when the network received it.
    pub at: DateTime<Utc>,
    pub battery: Option<Battery>,
    /// By the tracker's own judgement.
    pub battery_low: Option<bool>,
    /// A contact or a magnet: the door or box is open.
    pub open: Option<bool>,
    /// Light, in lux.
    pub lux: Option<u32>,
    /// It is moving, or was moved since it told the last time.
    pub moving: Option<bool>,
    /// The peak of a shock, in 0.001 g.
    pub shock_mg: Option<u32>,
    /// Somebody meddles with the tracker, by its own account.
    pub tampered: Option<bool>,
    /// The thermometer that gives its readings was asked and does not measure, or is a probe that is not connected.
    pub sensor_failed: Option<bool>,
    /// In the tracker's case, where the reading is a probe's.
    pub case_temperature: Option<Temperature>,
    pub case_humidity: Option<Humidity>,
}

impl Sensed {
    /// That says nothing yet.
    pub const fn at(at: DateTime<Utc>) -> Self {
        Self {
            at,
            battery: None,
            battery_low: None,
            open: None,
            lux: None,
            moving: None,
            shock_mg: None,
            tampered: None,
            sensor_failed: None,
            case_temperature: None,
            case_humidity: None,
        }
    }
}

named_enum! {
    /// What is otherwise than a tracker told before, by what it [senses](Sensed), or a shock.
    SensedChange, "change that a tracker senses" {
        Opened = "opened",
        Closed = "closed",
        Moving = "moving",
        AtRest = "at_rest",
        Tampered = "tampered",
        TamperingOver = "tampering_over",
        BatteryLow = "battery_low",
        BatteryWell = "battery_well",
        SensorFailed = "sensor_failed",
        SensorBack = "sensor_back",
        Shock = "shock",
    }
}

impl SensedChange {
    /// By the field of [`Sensed`] that is otherwise, and what it says now.
    pub fn of(field: &str, now: Option<bool>) -> Option<Self> {
        Self::ALL.iter().copied().find(|change| change.field() == field && change.says() == now)
    }

    /// The field of [`Sensed`] that tells it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Opened | Self::Closed => "open",
            Self::Moving | Self::AtRest => "moving",
            Self::Tampered | Self::TamperingOver => "tampered",
            Self::BatteryLow | Self::BatteryWell => "battery_low",
            Self::SensorFailed | Self::SensorBack => "sensor_failed",
            Self::Shock => "shock_mg",
        }
    }

    /// `None`: the field holds no yes or no.
    const fn says(self) -> Option<bool> {
        match self {
            Self::Opened | Self::Moving | Self::Tampered | Self::BatteryLow | Self::SensorFailed => {
                Some(true)
            }
            Self::Closed | Self::AtRest | Self::TamperingOver | Self::BatteryWell | Self::SensorBack => {
                Some(false)
            }
            Self::Shock => None,
        }
    }
}

/// What a battery has left, as the tracker measures it: its voltage says nothing of percents without its chemistry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Battery {
    /// 0 to 100.
    Percent(u8),
    Millivolts(u32),
}

/// A tracker's own limits: what is beyond one for its delay raises its own alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub low: Temperature,
    pub high: Temperature,
    pub low_delay_min: u8,
    pub high_delay_min: u8,
}

impl Limits {
    /// What a tracker has before it is told others.
    pub const MADE_WITH: Self =
        Self { low: Temperature(200), high: Temperature(800), low_delay_min: 10, high_delay_min: 30 };
}

/// The limits that a tracker was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldLimits {
    pub limits: Limits,
    /// As in [`Setup::limits_sum`].
    pub sum: u16,
    /// Of the downlink.
    pub number: u32,
    /// When it was known what became of the downlink.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Setup {
    /// Whether the limits that were told last are in force, by this setup and when it was received; none: the tracker may
    /// not have had them yet.
    pub fn has(&self, told: &ToldLimits, received_at: DateTime<Utc>) -> Option<bool> {
        let is_late = self.downlink >= told.number || told.ended_at.is_some_and(|ended| ended <= received_at);
        if self.limits_sum == told.sum { Some(true) } else { is_late.then_some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_in_force_by_their_sum_and_not_before_the_tracker_can_have_them() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let limits =
            Limits { low: Temperature(200), high: Temperature(800), low_delay_min: 10, high_delay_min: 30 };
        let told =
            |ended_at: Option<i64>| ToldLimits { limits, sum: 7, number: 5, ended_at: ended_at.map(at) };
        for (downlink, sum, ended_at, expected) in [
            (5, 7, None, Some(true)),
            // The same as before.
            (4, 7, None, Some(true)),
            (5, 8, None, Some(false)),
            (6, 8, Some(101), Some(false)),
            (4, 8, None, None),
            (4, 8, Some(101), None),
            (4, 8, Some(100), Some(false)),
        ] {
            let setup = Setup { downlink, calibration: None, minutes: 5, per_uplink: 1, limits_sum: sum };
            assert_eq!(setup.has(&told(ended_at), at(100)), expected, "{downlink} {sum} {ended_at:?}");
        }
    }
}
