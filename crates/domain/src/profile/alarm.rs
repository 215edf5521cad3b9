//! One `[[alarm]]`: whose value, beyond which limit, for how long, and how loud.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field;
use crate::alert::{AlertKind, Severity};
use crate::duration::Duration;
use crate::quantity::{Humidity, Temperature};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    #[default]
    Temperature,
    Humidity,
}

/// What adds up to the delay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A rule for who is woken. Values are hundredths of its quantity (0.01 °C or 0.01 %).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AlarmDraft", into = "AlarmDraft")]
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

/// A decimal of at most two places, as written: a limit must not move by rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hundredths(pub i32);

impl Hundredths {
    fn is_zero(&self) -> bool {
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmDraft {
    #[serde(deserialize_with = "field::name")]
    name: String,
    #[serde(default)]
    quantity: Quantity,
    #[serde(default, deserialize_with = "field::above", skip_serializing_if = "Option::is_none")]
    above: Option<Hundredths>,
    #[serde(default, deserialize_with = "field::below", skip_serializing_if = "Option::is_none")]
    below: Option<Hundredths>,
    #[serde(default)]
    inclusive: bool,
    #[serde(default)]
    exposure: ExposureRule,
    #[serde(default, deserialize_with = "field::delay")]
    delay: Duration,
    #[serde(default, deserialize_with = "field::start_delay")]
    start_delay: Duration,
    #[serde(default, deserialize_with = "field::hysteresis_c", skip_serializing_if = "Hundredths::is_zero")]
    hysteresis_c: Hundredths,
    // Who forgets to say how loud is woken rather than not.
    #[serde(default = "loudest")]
    severity: Severity,
}

fn loudest() -> Severity {
    Severity::Critical
}

impl TryFrom<AlarmDraft> for AlarmRule {
    type Error = String;

    fn try_from(draft: AlarmDraft) -> Result<Self, String> {
        let name = draft.name;
        let (limit, side, value) = match (draft.above, draft.below) {
            (Some(Hundredths(value)), None) => (Limit::Above(value), "above", value),
            (None, Some(Hundredths(value))) => (Limit::Below(value), "below", value),
            (Some(_), Some(_)) => {
                return Err(format!("alarm `{name}`: has above and below: write two alarms, one for each"));
            }
            (None, None) => {
                return Err(format!("alarm `{name}`: has no limit: write above = … or below = …"));
            }
        };
        let measurable = match draft.quantity {
            Quantity::Temperature => Temperature::from_hundredths(value).err(),
            Quantity::Humidity => Humidity::from_hundredths(value).err(),
        };
        if let Some(error) = measurable {
            return Err(format!("alarm `{name}`: {side}: {error}"));
        }
        if draft.hysteresis_c.0 < 0 {
            let given = f64::from(draft.hysteresis_c.0) / 100.0;
            return Err(format!("alarm `{name}`: hysteresis_c = {given} is negative: write 0 or more"));
        }
        Ok(Self {
            name,
            quantity: draft.quantity,
            limit,
            inclusive: draft.inclusive,
            exposure: draft.exposure,
            delay: draft.delay,
            start_delay: draft.start_delay,
            hysteresis: draft.hysteresis_c.0,
            severity: draft.severity,
        })
    }
}

impl From<AlarmRule> for AlarmDraft {
    fn from(rule: AlarmRule) -> Self {
        let (above, below) = match rule.limit {
            Limit::Above(value) => (Some(Hundredths(value)), None),
            Limit::Below(value) => (None, Some(Hundredths(value))),
        };
        Self {
            name: rule.name,
            quantity: rule.quantity,
            above,
            below,
            inclusive: rule.inclusive,
            exposure: rule.exposure,
            delay: rule.delay,
            start_delay: rule.start_delay,
            hysteresis_c: Hundredths(rule.hysteresis),
            severity: rule.severity,
        }
    }
}
