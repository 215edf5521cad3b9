//! What a tracker's log holds, as both ends see it.

/// 2024-01-01T00:00:00Z in Unix seconds: minute 0.
pub const EPOCH_UNIX_S: i64 = 1_704_067_200;

/// The last minute that can be said: 2055-11-24T20:15Z.
pub const MAX_MINUTES: u32 = 0xff_ffff;

/// The last sequence number of a tracker's life: with one entry a minute it is reached after 31 years.
pub const MAX_SEQUENCE: u32 = 0xff_ffff;

/// Absolute zero in 0.01 °C: nothing below it is a temperature.
pub const TEMPERATURE_MIN: i16 = -27_315;

/// 100 % in steps of 0.5 %.
pub const HUMIDITY_MAX: u8 = 200;

/// How far the samples of one reading lie from it at most, in 0.01 °C. Where they would lie farther apart, a tracker
/// takes a reading before.
pub const SPREAD_MAX: u8 = 63;

/// The longest time beyond the limits that a reading can say, in minutes.
pub const OUT_OF_RANGE_MAX: u8 = 64;

/// How many entries a loss can name, and how far it may lie behind the last of them.
pub const LOST_MAX: u32 = 1 << 17;

/// When something was written into the log, in whole minutes.
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

/// One line of a tracker's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Counts the log's entries for life, from 0 to [`MAX_SEQUENCE`]; survives resets, never wraps.
    pub sequence: u32,
    pub stamp: Stamp,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    Reading(Reading),
    Event(Event),
    /// Entries that nobody had acknowledged and that the log had no more room for.
    Lost {
        /// The sequence number of the first of them.
        first: u32,
        /// 1 to [`LOST_MAX`]. The loss is told of at most as many entries later.
        count: u32,
    },
}

/// A reading in the units of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading {
    /// 0.01 °C, from [`TEMPERATURE_MIN`] to 327.67 °C: the last sample.
    pub temperature: i16,
    /// What was sampled since the reading before; none where each sample is a reading, or where the room is too small for it.
    pub spread: Option<Spread>,
    /// Relative humidity in steps of 0.5 %, from 0 to [`HUMIDITY_MAX`]; none where the tracker has no such sensor.
    pub humidity: Option<u8>,
}

/// The samples since the reading before, the reading's own among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Spread {
    /// How much colder than the reading the coldest was: 0.01 °C, at most [`SPREAD_MAX`].
    pub below: u8,
    /// How much warmer than the reading the warmest was: 0.01 °C, at most [`SPREAD_MAX`].
    pub above: u8,
    /// Minutes beyond the tracker's own limits, at most [`OUT_OF_RANGE_MAX`].
    pub out_of_range: u8,
}

impl Reading {
    /// The coldest and the warmest sample since the reading before, in 0.01 °C; none where each sample is a reading.
    pub fn ends(&self) -> Option<(i16, i16)> {
        let Spread { below, above, .. } = self.spread?;
        Some((self.temperature.saturating_sub(below.into()), self.temperature.saturating_add(above.into())))
    }

    /// Whether each value is within what it says of itself, so that it can be written.
    pub fn is_sound(&self) -> bool {
        let colder = self.spread.map_or(0, |spread| spread.below);
        let warmer = self.spread.map_or(0, |spread| spread.above);
        let lowest = self.temperature.checked_sub(colder.into());
        let highest = self.temperature.checked_add(warmer.into());
        lowest.is_some_and(|lowest| lowest >= TEMPERATURE_MIN)
            && highest.is_some()
            && colder.max(warmer) <= SPREAD_MAX
            && self.spread.is_none_or(|spread| spread.out_of_range <= OUT_OF_RANGE_MAX)
            && self.humidity.is_none_or(|steps| steps <= HUMIDITY_MAX)
    }
}

/// Something that happened to the tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event {
    pub kind: EventKind,
    /// What [`EventKind`] says of it; 0 where it says nothing.
    pub value: u8,
}

/// The numbers are the wire's and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// Warmer than the tracker's limit for longer than its delay. How much, in 0.1 °C, 255 for more.
    AlarmHigh = 0,
    /// Colder than the tracker's limit for longer than its delay. How much, in 0.1 °C, 255 for more.
    AlarmLow = 1,
    /// Back within the limits.
    AlarmEnded = 2,
    /// The case was opened.
    CaseOpened = 3,
    CaseClosed = 4,
    /// Light fell on the tracker: the box was opened.
    Light = 5,
    Dark = 6,
    /// The peak in 0.1 g, 255 for more.
    Shock = 7,
    /// The side that is up now: 0 to 5.
    Turned = 8,
    /// Somebody pressed the button to begin.
    Started = 9,
    /// Somebody pressed the button to end.
    Stopped = 10,
    /// What is left, in percent.
    BatteryLow = 11,
    /// The tracker began anew: see [`ResetCause`](crate::ResetCause).
    Restarted = 12,
    FlightBegan = 13,
    FlightEnded = 14,
    /// The clock was set. How far in seconds, forward or back, 255 for more or for the first time.
    ClockSet = 15,
    /// The thermometer does not answer.
    SensorFailed = 16,
    SensorBack = 17,
    /// By a command: thresholds or intervals are others from here on.
    SettingsChanged = 18,
    /// The tracker tested itself, and found these parts [`Broken`].
    SelfTest = 19,
}

/// Parts of a tracker that do not work. The bits are the wire's and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Broken(u8);

impl Broken {
    pub const NOTHING: Self = Self(0);
    pub const THERMOMETER: Self = Self(1);
    pub const HUMIDITY: Self = Self(2);
    pub const MOTION: Self = Self(4);
    pub const LIGHT: Self = Self(8);
    /// The log cannot be written, or has used all its numbers.
    pub const LOG: Self = Self(16);

    pub const fn bits(self) -> u8 {
        self.0
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl EventKind {
    pub const ALL: [Self; 20] = [
        Self::AlarmHigh,
        Self::AlarmLow,
        Self::AlarmEnded,
        Self::CaseOpened,
        Self::CaseClosed,
        Self::Light,
        Self::Dark,
        Self::Shock,
        Self::Turned,
        Self::Started,
        Self::Stopped,
        Self::BatteryLow,
        Self::Restarted,
        Self::FlightBegan,
        Self::FlightEnded,
        Self::ClockSet,
        Self::SensorFailed,
        Self::SensorBack,
        Self::SettingsChanged,
        Self::SelfTest,
    ];

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn of(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// The usual time between two entries. A tracker takes its readings at one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Step {
    Minutes1 = 0,
    Minutes2 = 1,
    Minutes5 = 2,
    Minutes10 = 3,
    Minutes15 = 4,
    Minutes20 = 5,
    Minutes30 = 6,
    Minutes60 = 7,
}

impl Step {
    pub const ALL: [Self; 8] = [
        Self::Minutes1,
        Self::Minutes2,
        Self::Minutes5,
        Self::Minutes10,
        Self::Minutes15,
        Self::Minutes20,
        Self::Minutes30,
        Self::Minutes60,
    ];

    pub const fn minutes(self) -> u32 {
        match self {
            Self::Minutes1 => 1,
            Self::Minutes2 => 2,
            Self::Minutes5 => 5,
            Self::Minutes10 => 10,
            Self::Minutes15 => 15,
            Self::Minutes20 => 20,
            Self::Minutes30 => 30,
            Self::Minutes60 => 60,
        }
    }

    /// The step of that many minutes, where there is one.
    pub fn of(minutes: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.minutes() == minutes)
    }

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}
