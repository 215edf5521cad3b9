//! One alarm: whose value, beyond which limit, for how long, and how loud.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field;
use crate::alert::{AlertKind, Severity};
use crate::duration::Duration;
use crate::event::EventKind;

/// What readings say, as opposed to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    Temperature,
    Humidity,
}

/// What adds up to the delay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Exposure))]
#[serde(rename_all = "snake_case")]
pub enum ExposureRule {
    /// Each exposure by itself: the clock restarts on return.
    #[default]
    Single,
    /// All exposures of the span together.
    Cumulative,
}

/// Which side is outside, in hundredths of the alarm's quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Above(i32),
    Below(i32),
}

/// A rule for who is woken by readings. Values are hundredths of its quantity (0.01 °C or 0.01 %).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRule {
    pub name: String,
    pub quantity: Quantity,
    pub limit: Limit,
    /// Whether exactly the limit is already outside.
    pub inclusive: bool,
    pub exposure: ExposureRule,
    /// The alarm is raised at the instant when the exposure reaches this.
    pub delay: Duration,
    /// Nothing counts for this alarm before the span's beginning plus this.
    pub start_delay: Duration,
    /// How far back inside the limit an exposure ends.
    pub hysteresis: i32,
    pub severity: Severity,
}

impl AlarmRule {
    /// Whether a value begins an exposure.
    pub fn begins(&self, value: i32) -> bool {
        self.is_beyond(value, 0)
    }

    /// Whether a value keeps an exposure going that has begun.
    pub fn continues(&self, value: i32) -> bool {
        self.is_beyond(value, self.hysteresis)
    }

    fn is_beyond(&self, value: i32, hysteresis: i32) -> bool {
        let (value, hysteresis) = (i64::from(value), i64::from(hysteresis));
        let distance = match self.limit {
            Limit::Above(limit) => value - (i64::from(limit) - hysteresis),
            Limit::Below(limit) => (i64::from(limit) + hysteresis) - value,
        };
        distance > 0 || (self.inclusive && distance == 0)
    }

    /// Whether `value` is further out than `other`.
    pub fn is_worse(&self, value: i32, other: i32) -> bool {
        match self.limit {
            Limit::Above(_) => value > other,
            Limit::Below(_) => value < other,
        }
    }

    /// The kind of the alert that a person sees.
    pub fn kind(&self) -> AlertKind {
        match (self.quantity, self.limit) {
            (Quantity::Temperature, Limit::Above(_)) => AlertKind::TemperatureHigh,
            (Quantity::Temperature, Limit::Below(_)) => AlertKind::TemperatureLow,
            (Quantity::Humidity, Limit::Above(_)) => AlertKind::HumidityHigh,
            (Quantity::Humidity, Limit::Below(_)) => AlertKind::HumidityLow,
        }
    }
}

/// A rule for who is woken by an event beyond `limit`, which is in hundredths of the kind's unit. At once: an event
/// lasts no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAlarm {
    pub name: String,
    pub kind: EventKind,
    pub limit: i32,
    /// Whether exactly the limit is already beyond it.
    pub inclusive: bool,
    /// Nothing counts for this alarm before the ride's beginning plus this: a box is open while it is packed.
    pub start_delay: Duration,
    pub severity: Severity,
}

impl EventAlarm {
    pub fn is_beyond(&self, value: i32) -> bool {
        value > self.limit || (self.inclusive && value == self.limit)
    }
}

/// A decimal of at most two places, as written: a limit must not move by rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hundredths(pub i32);

impl Hundredths {
    pub fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::quantity::as_decimal::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i32::try_from(field::decimal(deserializer, 2)?)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("is far beyond what can be measured"))
    }
}
