//! What stands at an instant: the values of one instant taken together, and for how long.

use serde::{Deserialize, Serialize};

use crate::profile::{AlarmRule, Limit, Profile, Quantity};
use crate::reading::Reading;
use crate::time::unix;

/// The values of all readings of one instant: each rule takes the worse end, means the warmer. In hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Level {
    pub lowest: i32,
    pub highest: i32,
    /// The warmest plain value.
    pub warmest: i32,
    /// Lowest and highest humidity, where one was measured.
    humidity: Option<(i32, i32)>,
}

/// A second is one of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    InRange,
    OutOfRange,
    Unknown,
}

impl Level {
    pub fn of(reading: &Reading) -> Self {
        let (lowest, highest) = reading.ends();
        Self {
            lowest,
            highest,
            warmest: reading.temperature.0,
            humidity: reading.humidity.map(|humidity| (humidity.0, humidity.0)),
        }
    }

    pub fn with(self, other: Self) -> Self {
        let humidity = match (self.humidity, other.humidity) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        Self {
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
            warmest: self.warmest.max(other.warmest),
            humidity,
        }
    }

    /// The worse end as this alarm sees it; `None` if its quantity was not measured.
    pub fn worst_for(&self, alarm: &AlarmRule) -> Option<i32> {
        let (lowest, highest) = match alarm.quantity {
            Quantity::Temperature => (self.lowest, self.highest),
            Quantity::Humidity => self.humidity?,
        };
        Some(match alarm.limit {
            Limit::Above(_) => highest,
            Limit::Below(_) => lowest,
        })
    }

    /// By the range; without one by the alarms' bare limits, where a quantity that was not measured leaves
    /// the state unknown unless another one is already out.
    fn state(&self, profile: &Profile) -> State {
        if let Some(range) = profile.range() {
            let too_cold = range.min_c.is_some_and(|min| self.lowest < min.0);
            let too_warm = range.max_c.is_some_and(|max| self.highest > max.0);
            return if too_cold || too_warm { State::OutOfRange } else { State::InRange };
        }
        let mut state = State::InRange;
        for alarm in profile.alarms() {
            match self.worst_for(alarm) {
                Some(value) if alarm.begins(value) => return State::OutOfRange,
                Some(_) => {}
                None => state = State::Unknown,
            }
        }
        state
    }
}

/// A stretch [`from`, `to`) of time, in Unix seconds, in which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: i64,
    pub to: i64,
    /// `None` is unknown.
    pub level: Option<Level>,
}

impl Stretch {
    pub fn seconds(&self) -> i64 {
        self.to - self.from
    }

    pub fn state(&self, profile: &Profile) -> State {
        self.level.map_or(State::Unknown, |level| level.state(profile))
    }
}

/// What one instant's readings say, from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Unix seconds.
    pub since: i64,
    pub level: Level,
}

impl Standing {
    /// Of the readings of one instant; `None` of none.
    pub fn of(instant: &[Reading]) -> Option<Self> {
        let since = unix(instant.first()?.measured_at);
        let level = instant.iter().map(Level::of).reduce(Level::with)?;
        Some(Self { since, level })
    }

    /// The end of its standing if no other follows.
    pub fn until(&self, profile: &Profile) -> i64 {
        self.since + profile.max_gap().seconds()
    }
}

/// The stretches between `from` and `to` (no reading in between) given what the last instant at or before says: that
/// as long as it stands, then unknown. Empty stretches are left out.
pub(super) fn stretches(
    profile: &Profile,
    standing: Option<&Standing>,
    from: i64,
    to: i64,
) -> impl Iterator<Item = Stretch> + Clone + use<> {
    let level = standing.map(|standing| standing.level);
    let until = standing.map_or(from, |standing| standing.until(profile)).clamp(from, to.max(from));
    [Stretch { from, to: until, level }, Stretch { from: until, to, level: None }]
        .into_iter()
        .filter(|stretch| stretch.seconds() > 0)
}
