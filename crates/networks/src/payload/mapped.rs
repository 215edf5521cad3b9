//! Any other tracker: what its network server's own decoder made of the payload, by the mapping in the tracker's settings.
//!
//! Each quantity is found by its pointer and read from its decimal text. What is not there, or no number, is a problem
//! with the pointer and what was found; the quantities beside it count all the same.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::mapping::{
    AngleUnit, BatteryUnit, HumidityUnit, Mapped, Mapping, Pointer, TemperatureUnit, TimeUnit,
};
use domain::place::{FIX_ACCURACY_M, Point, Position, PositionSource};
use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};
use serde_json::value::RawValue;

use super::Payload;
use super::decimal::{Decimal, Scale};

/// How much of a value that cannot be used is shown, in characters.
const SHOWN: usize = 40;

/// Why a quantity could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingProblem {
    #[error("the decoded object cannot be read: {0}")]
    Object(String),
    #[error("{quantity}: the pointer {pointer} points to nothing in the decoded object")]
    Nothing { quantity: &'static str, pointer: Pointer },
    #[error("{quantity}: the pointer {pointer} points to {found}, which is no {expected}")]
    Unusable { quantity: &'static str, pointer: Pointer, found: String, expected: String },
    #[error("latitude and longitude: {0}")]
    NoPoint(String),
}

/// What an object says; what could not be read of it stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappedPayload {
    pub payload: Payload,
    pub problems: Vec<MappingProblem>,
}

/// Reads the text of a decoded object. `received_at` is the network's receive time: the time of what tells none.
pub fn read_mapped(mapping: &Mapping, decoded: &str, received_at: DateTime<Utc>) -> MappedPayload {
    let object = match serde_json::from_str::<&RawValue>(decoded) {
        Ok(object) => object,
        Err(error) => {
            let problems = vec![MappingProblem::Object(error.to_string())];
            return MappedPayload { payload: Payload::default(), problems };
        }
    };
    let mut found = Found { object, problems: Vec::new() };
    let payload = found.payload(mapping, received_at);
    MappedPayload { payload: payload.unwrap_or_default(), problems: found.problems }
}

struct Found<'a> {
    object: &'a RawValue,
    problems: Vec<MappingProblem>,
}

impl Found<'_> {
    /// `None`: it says no time, where it should.
    fn payload(&mut self, mapping: &Mapping, received_at: DateTime<Utc>) -> Option<Payload> {
        let at = match &mapping.measured_at {
            Some(mapped) => self.read("time", mapped, time)?,
            None => received_at,
        };
        let temperature = self.read("temperature", &mapping.temperature, temperature);
        let humidity = self.optional("humidity", mapping.humidity.as_ref(), humidity);
        let battery = self.optional("battery", mapping.battery.as_ref(), battery);
        let latitude = self.optional("latitude", mapping.latitude.as_ref(), angle);
        let longitude = self.optional("longitude", mapping.longitude.as_ref(), angle);
        let point = latitude.zip(longitude).and_then(|(lat, lon)| self.point(lat, lon));
        let position = point.map(|point| Position {
            at,
            accuracy_m: FIX_ACCURACY_M,
            point,
            source: PositionSource::Tracker,
        });
        let measured = temperature.map(|_| false);
        let sensor_failed = measured.or_else(|| self.says_unmeasured().then_some(true));
        let sensed = Sensed { battery, sensor_failed, ..Sensed::at(at) };
        Some(Payload { position, ..Payload::of_instant(temperature, humidity, sensed) })
    }

    /// Whether the temperature is what decoders hand on of a sensor that does not measure.
    fn says_unmeasured(&self) -> bool {
        let is_it = |problem: &MappingProblem| matches!(problem, MappingProblem::Unusable { expected, .. } if expected == MEASURED);
        self.problems.iter().any(is_it)
    }

    fn optional<U: Copy, T>(
        &mut self,
        quantity: &'static str,
        mapped: Option<&Mapped<U>>,
        read: fn(&str, U) -> Result<T, String>,
    ) -> Option<T> {
        self.read(quantity, mapped?, read)
    }

    fn read<U: Copy, T>(
        &mut self,
        quantity: &'static str,
        mapped: &Mapped<U>,
        read: fn(&str, U) -> Result<T, String>,
    ) -> Option<T> {
        let pointer = || mapped.pointer.clone();
        let Some(value) = find(self.object, &mapped.pointer) else {
            self.problems.push(MappingProblem::Nothing { quantity, pointer: pointer() });
            return None;
        };
        read(&text_of(value), mapped.unit)
            .map_err(|expected| {
                let found = value.get().chars().take(SHOWN).collect();
                self.problems.push(MappingProblem::Unusable {
                    quantity,
                    pointer: pointer(),
                    found,
                    expected,
                });
            })
            .ok()
    }

    /// Both 0 is what trackers write that do not know.
    fn point(&mut self, latitude: i64, longitude: i64) -> Option<Point> {
        if (latitude, longitude) == (0, 0) {
            return None;
        }
        let within = |e7: i64| i32::try_from(e7).unwrap_or(i32::MAX);
        Point::from_e7(within(latitude), within(longitude))
            .map_err(|error| self.problems.push(MappingProblem::NoPoint(error.to_string())))
            .ok()
    }
}

/// What the pointer points to.
fn find<'a>(object: &'a RawValue, pointer: &Pointer) -> Option<&'a RawValue> {
    pointer.steps().try_fold(object, |at, step| {
        if at.get().starts_with('[') {
            // Without a leading zero, as RFC 6901 has it.
            let place: usize = step.parse().ok().filter(|place: &usize| place.to_string() == step)?;
            serde_json::from_str::<Vec<&RawValue>>(at.get()).ok()?.get(place).copied()
        } else {
            serde_json::from_str::<HashMap<String, &RawValue>>(at.get()).ok()?.remove(&step)
        }
    })
}

/// A number's digits, or what a string holds; of anything else its own text, which is neither.
fn text_of(value: &RawValue) -> String {
    let text = serde_json::from_str::<String>(value.get());
    text.map_or_else(|_| value.get().to_owned(), |text| text.trim().to_owned())
}

fn whole(text: &str, scale: Scale, expected: &str) -> Result<i64, String> {
    Decimal::read(text).and_then(|decimal| decimal.to_whole(scale)).ok_or_else(|| expected.to_owned())
}

fn hundredths(text: &str, scale: Scale, expected: &str) -> Result<i32, String> {
    // Too large for an i32 is too large for every quantity.
    whole(text, scale, expected).map(|value| i32::try_from(value).unwrap_or(i32::MAX))
}

/// What probes measure that are sold for trackers, in 0.01 °C.
const MEASURABLE: RangeInclusive<i32> = -20_000..=15_000;
const MEASURED: &str = "temperature that such a thermometer measures (−200 to 150 °C)";

fn temperature(text: &str, unit: TemperatureUnit) -> Result<Temperature, String> {
    let scale = match unit {
        TemperatureUnit::Celsius => Scale::times(100),
        TemperatureUnit::CelsiusTenths => Scale::times(10),
        TemperatureUnit::CelsiusHundredths => Scale::times(1),
        TemperatureUnit::Fahrenheit => Scale { times: 500, plus: -32 * 500, over: 9 },
        TemperatureUnit::Kelvin => Scale { times: 100, plus: -27_315, over: 1 },
    };
    let expected = format!("temperature in {unit}");
    let found = Temperature::from_hundredths(hundredths(text, scale, &expected)?).map_err(|_| expected)?;
    // Decoders hand on what sensors write when they do not measure, such as 327.67 °C.
    if !MEASURABLE.contains(&found.0) {
        return Err(MEASURED.to_owned());
    }
    Ok(found)
}

fn humidity(text: &str, unit: HumidityUnit) -> Result<Humidity, String> {
    let scale = match unit {
        HumidityUnit::Percent => Scale::times(100),
        HumidityUnit::PercentTenths => Scale::times(10),
        HumidityUnit::Fraction => Scale::times(10_000),
    };
    let expected = format!("humidity in {unit}");
    Humidity::from_hundredths(hundredths(text, scale, &expected)?).map_err(|_| expected)
}

fn battery(text: &str, unit: BatteryUnit) -> Result<Battery, String> {
    let expected = format!("battery in {unit}");
    let value = |times| whole(text, Scale::times(times), &expected);
    let battery = match unit {
        BatteryUnit::Percent => {
            u8::try_from(value(1)?).ok().filter(|percent| *percent <= 100).map(Battery::Percent)
        }
        BatteryUnit::Volt => u32::try_from(value(1_000)?).ok().map(Battery::Millivolts),
        BatteryUnit::Millivolt => u32::try_from(value(1)?).ok().map(Battery::Millivolts),
    };
    battery.ok_or(expected)
}

/// In 1e-7 degrees.
fn angle(text: &str, unit: AngleUnit) -> Result<i64, String> {
    let scale = match unit {
        AngleUnit::Degrees => Scale::times(10_000_000),
        AngleUnit::Microdegrees => Scale::times(10),
    };
    whole(text, scale, &format!("angle in {unit}"))
}

/// Whole seconds, as readings have them.
fn time(text: &str, unit: TimeUnit) -> Result<DateTime<Utc>, String> {
    let expected = format!("time as {unit}");
    let milliseconds = match unit {
        TimeUnit::UnixSeconds => whole(text, Scale::times(1_000), &expected)?,
        TimeUnit::UnixMilliseconds => whole(text, Scale::times(1), &expected)?,
        TimeUnit::Rfc3339 => {
            let time = DateTime::parse_from_rfc3339(text).map_err(|_| expected.clone())?;
            time.timestamp_millis()
        }
    };
    DateTime::from_timestamp(milliseconds.div_euclid(1_000), 0).ok_or(expected)
}
