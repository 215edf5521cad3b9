//! One `[[alarm]]` as it is written: about readings or about events, which need different fields.

use serde::{Deserialize, Serialize};

use super::alarm::{AlarmRule, EventAlarm, ExposureRule, Hundredths, Limit, Quantity};
use super::field;
use crate::alert::Severity;
use crate::duration::Duration;
use crate::event::EventKind;
use crate::quantity::{Humidity, Temperature};
use crate::written_as::written_as;

#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "AlarmDraft", into = "AlarmDraft")]
pub(super) enum WrittenAlarm {
    Reading(AlarmRule),
    Event(EventAlarm),
}

impl WrittenAlarm {
    pub fn name(&self) -> &str {
        match self {
            Self::Reading(alarm) => &alarm.name,
            Self::Event(alarm) => &alarm.name,
        }
    }
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AlarmQuantity))]
#[serde(rename_all = "snake_case")]
enum WrittenQuantity {
    #[default]
    Temperature,
    Humidity,
    Shock,
    Light,
    Tilt,
}

/// Who is woken, and when. Exactly one of `above` and `below` is there. A shock (g), light (lux) and a tilt (degrees) are
/// events, which last no time.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Alarm))]
#[serde(deny_unknown_fields)]
struct AlarmDraft {
    #[serde(deserialize_with = "field::name")]
    name: String,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = "temperature"))]
    quantity: WrittenQuantity,
    #[serde(default, deserialize_with = "field::above", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    above: Option<Hundredths>,
    #[serde(default, deserialize_with = "field::below", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    below: Option<Hundredths>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    inclusive: bool,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = "single"))]
    exposure: ExposureRule,
    #[serde(default, deserialize_with = "field::delay")]
    #[cfg_attr(feature = "schema", schema(value_type = String, default = "0s", example = "30m"))]
    delay: Duration,
    #[serde(default, deserialize_with = "field::start_delay")]
    #[cfg_attr(feature = "schema", schema(value_type = String, default = "0s"))]
    start_delay: Duration,
    #[serde(default, deserialize_with = "field::hysteresis_c", skip_serializing_if = "Hundredths::is_zero")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    hysteresis_c: Hundredths,
    // Who forgets to say how loud is woken rather than not.
    #[serde(default = "loudest")]
    #[cfg_attr(feature = "schema", schema(default = "critical"))]
    severity: Severity,
}

fn loudest() -> Severity {
    Severity::Critical
}

written_as!(WrittenAlarm, AlarmDraft);

impl TryFrom<AlarmDraft> for WrittenAlarm {
    type Error = String;

    fn try_from(draft: AlarmDraft) -> Result<Self, String> {
        let name = draft.name.clone();
        let alarm = match draft.quantity {
            WrittenQuantity::Temperature => reading(draft, Quantity::Temperature).map(Self::Reading),
            WrittenQuantity::Humidity => reading(draft, Quantity::Humidity).map(Self::Reading),
            WrittenQuantity::Shock => event(draft, EventKind::Shock).map(Self::Event),
            WrittenQuantity::Light => event(draft, EventKind::Light).map(Self::Event),
            WrittenQuantity::Tilt => event(draft, EventKind::Tilt).map(Self::Event),
        };
        alarm.map_err(|reason| format!("alarm `{name}`: {reason}"))
    }
}

fn reading(draft: AlarmDraft, quantity: Quantity) -> Result<AlarmRule, String> {
    let (limit, side, value) = match (draft.above, draft.below) {
        (Some(Hundredths(value)), None) => (Limit::Above(value), "above", value),
        (None, Some(Hundredths(value))) => (Limit::Below(value), "below", value),
        (Some(_), Some(_)) => return Err("has above and below: write two alarms, one for each".to_owned()),
        (None, None) => return Err("has no limit: write above = … or below = …".to_owned()),
    };
    let measurable = match quantity {
        Quantity::Temperature => Temperature::from_hundredths(value).err(),
        Quantity::Humidity => Humidity::from_hundredths(value).err(),
    };
    if let Some(error) = measurable {
        return Err(format!("{side}: {error}"));
    }
    if draft.hysteresis_c.0 < 0 {
        let given = f64::from(draft.hysteresis_c.0) / 100.0;
        return Err(format!("hysteresis_c = {given} is negative: write 0 or more"));
    }
    Ok(AlarmRule {
        name: draft.name,
        quantity,
        limit,
        inclusive: draft.inclusive,
        exposure: draft.exposure,
        delay: draft.delay,
        start_delay: draft.start_delay,
        hysteresis: draft.hysteresis_c.0,
        severity: draft.severity,
    })
}

/// An event is over as soon as it is there, so that nothing of it can last, add up or return.
fn event(draft: AlarmDraft, kind: EventKind) -> Result<EventAlarm, String> {
    let refused = |field: &str| Err(format!("{kind} is an event, which has no {field}: leave it out"));
    if draft.below.is_some() {
        return refused("below");
    }
    if !draft.hysteresis_c.is_zero() {
        return refused("hysteresis_c");
    }
    if draft.delay != Duration::ZERO {
        return refused("delay");
    }
    if draft.exposure != ExposureRule::Single {
        return refused("cumulative exposure");
    }
    let Some(Hundredths(limit)) = draft.above else {
        return Err("has no limit: write above = …".to_owned());
    };
    if !(0..=kind.most()).contains(&limit) {
        let (given, most) = (f64::from(limit) / 100.0, kind.most() / 100);
        return Err(format!("above: {given} is out of range: 0 to {most} {} can be measured", kind.unit()));
    }
    Ok(EventAlarm {
        name: draft.name,
        kind,
        limit,
        inclusive: draft.inclusive,
        start_delay: draft.start_delay,
        severity: draft.severity,
    })
}

impl From<WrittenAlarm> for AlarmDraft {
    fn from(alarm: WrittenAlarm) -> Self {
        match alarm {
            WrittenAlarm::Reading(rule) => {
                let (above, below) = match rule.limit {
                    Limit::Above(value) => (Some(Hundredths(value)), None),
                    Limit::Below(value) => (None, Some(Hundredths(value))),
                };
                Self {
                    name: rule.name,
                    quantity: match rule.quantity {
                        Quantity::Temperature => WrittenQuantity::Temperature,
                        Quantity::Humidity => WrittenQuantity::Humidity,
                    },
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
            WrittenAlarm::Event(alarm) => Self {
                name: alarm.name,
                quantity: match alarm.kind {
                    EventKind::Shock => WrittenQuantity::Shock,
                    EventKind::Light => WrittenQuantity::Light,
                    EventKind::Tilt => WrittenQuantity::Tilt,
                },
                above: Some(Hundredths(alarm.limit)),
                below: None,
                inclusive: alarm.inclusive,
                exposure: ExposureRule::Single,
                delay: Duration::ZERO,
                start_delay: alarm.start_delay,
                hysteresis_c: Hundredths(0),
                severity: alarm.severity,
            },
        }
    }
}
