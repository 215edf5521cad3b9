//! What a tracker's log holds beside readings: what happened to it, and what it lost.

use crate::downlink::Entries;
use crate::named_enum::named_enum;

named_enum! {
    /// Something that happened to a tracker, by its own account.
    TrackerEvent, "event of a tracker" {
        /// Warmer than its own limit for longer than its own delay; the excess in 0.1 °C.
        AlarmHigh = "alarm_high",
        /// Colder, in the same way.
        AlarmLow = "alarm_low",
        AlarmEnded = "alarm_ended",
        CaseOpened = "case_opened",
        CaseClosed = "case_closed",
        /// The box was opened.
        Light = "light",
        Dark = "dark",
        /// The peak in 0.1 g.
        Shock = "shock",
        /// The side that is up: 0 to 5.
        Turned = "turned",
        /// By the button.
        Started = "started",
        Stopped = "stopped",
        /// What is left, in percent.
        BatteryLow = "battery_low",
        /// The cause, as docs/wire-format.md numbers them.
        Restarted = "restarted",
        FlightBegan = "flight_began",
        FlightEnded = "flight_ended",
        /// Seconds moved.
        ClockSet = "clock_set",
        SensorFailed = "sensor_failed",
        SensorBack = "sensor_back",
        SettingsChanged = "settings_changed",
        /// What failed, as docs/wire-format.md numbers it; 0 where all is well.
        SelfTest = "self_test",
    }
}

/// An entry that is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// `value` is 0 where [`TrackerEvent`] says nothing of it, and 255 for what is more.
    Event { kind: TrackerEvent, value: u8 },
    /// These made room before they were acknowledged, or were asked for and are not there: they never come.
    Lost(Entries),
}
