//! Where a network server's decoded object says what a tracker measured, and in which units.
//!
//! The settings of a tracker whose payloads no codec reads. What the pointers find is read by the crate that knows
//! network servers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::named_enum::named_enum;

named_enum! {
    TemperatureUnit, "unit of temperature" {
        Celsius = "celsius",
        CelsiusTenths = "celsius_tenths",
        CelsiusHundredths = "celsius_hundredths",
        Fahrenheit = "fahrenheit",
        Kelvin = "kelvin",
    }
}

named_enum! {
    /// Of relative humidity.
    HumidityUnit, "unit of humidity" {
        Percent = "percent",
        PercentTenths = "percent_tenths",
        /// 1 is 100 %.
        Fraction = "fraction",
    }
}

named_enum! {
    BatteryUnit, "unit of a battery" {
        /// Of what is left.
        Percent = "percent",
        Volt = "volt",
        Millivolt = "millivolt",
    }
}

named_enum! {
    AngleUnit, "unit of latitude and longitude" {
        Degrees = "degrees",
        Microdegrees = "microdegrees",
    }
}

named_enum! {
    TimeUnit, "form of a time" {
        UnixSeconds = "unix_seconds",
        UnixMilliseconds = "unix_milliseconds",
        /// With its offset, such as `2026-03-01T08:15:30Z`.
        Rfc3339 = "rfc3339",
    }
}

/// A quantity's place in the object, and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Mapped<U> {
    pub pointer: Pointer,
    pub unit: U,
}

/// Where each quantity stands. Stands like this in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub temperature: Mapped<TemperatureUnit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity: Option<Mapped<HumidityUnit>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<Mapped<BatteryUnit>>,
    /// North positive; together with the longitude or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<Mapped<AngleUnit>>,
    /// East positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<Mapped<AngleUnit>>,
    /// Absent: when the network received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_at: Option<Mapped<TimeUnit>>,
}

/// A mapping that cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position has both: write latitude and longitude, or neither")]
pub struct HalfAPosition;

impl Mapping {
    /// What the types of its parts do not say already.
    pub fn check(&self) -> Result<(), HalfAPosition> {
        if self.latitude.is_some() == self.longitude.is_some() { Ok(()) } else { Err(HalfAPosition) }
    }
}

/// Longer than any name in a decoder's object, in bytes.
const LONGEST: usize = 200;

/// A JSON pointer (RFC 6901) to something inside an object, such as `/data/0/value`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, example = "/TempC_SHT"))]
#[serde(try_from = "String", into = "String")]
pub struct Pointer(String);

/// A text that is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    #[error("`{0}` does not begin with a slash: write a JSON pointer such as /TempC or /data/0/value")]
    NoSlash(String),
    #[error("`{0}` has a ~ that is neither ~0, which stands for ~, nor ~1, which stands for a slash")]
    Tilde(String),
    #[error("a pointer has at most {LONGEST} bytes")]
    TooLong,
    #[error("a pointer holds no control characters")]
    Control,
}

impl Pointer {
    /// The names and places on the way, unescaped.
    pub fn steps(&self) -> impl Iterator<Item = String> {
        self.0.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let shown = || text.chars().take(40).collect();
        if text.len() > LONGEST {
            return Err(PointerError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PointerError::Control);
        }
        if !text.starts_with('/') {
            return Err(PointerError::NoSlash(shown()));
        }
        let is_escape = |rest: &str| rest.starts_with(['0', '1']);
        if !text.split('~').skip(1).all(is_escape) {
            return Err(PointerError::Tilde(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        text.parse()
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_is_what_rfc_6901_says_and_has_a_step() {
        for (text, steps) in [
            ("/foo/0", &["foo", "0"][..]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/m~0n", &["m~n"]),
            // Not a slash: the tilde is unescaped last.
            ("/~01", &["~1"]),
            ("/ /k\"l", &[" ", "k\"l"]),
            ("//", &["", ""]),
        ] {
            let pointer: Pointer = text.parse().unwrap();
            assert_eq!(pointer.steps().collect::<Vec<_>>(), steps, "{text}");
            assert_eq!(pointer.to_string(), text);
        }
        for text in ["", "foo", "#/foo", "/a~", "/a~2", "/~/0", "/a\n", &format!("/{}", "a".repeat(200))] {
            assert!(text.parse::<Pointer>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mapping_has_a_temperature_units_that_exist_and_no_half_of_a_position() {
        let temperature = json!({ "pointer": "/t", "unit": "celsius" });
        let angle = json!({ "pointer": "/lat", "unit": "degrees" });
        let read = |value| serde_json::from_value::<Mapping>(value);
        let whole = json!({ "temperature": temperature, "latitude": angle, "longitude": angle });
        let mapping = read(whole.clone()).unwrap();
        assert_eq!(mapping.check(), Ok(()));
        assert_eq!(serde_json::to_value(&mapping).unwrap(), whole);
        let half = read(json!({ "temperature": temperature, "longitude": angle })).unwrap();
        assert_eq!(half.check(), Err(HalfAPosition));
        for wrong in [
            json!({}),
            json!({ "humidity": { "pointer": "/h", "unit": "percent" } }),
            json!({ "temperature": { "pointer": "/t", "unit": "rankine" } }),
            json!({ "temperature": { "pointer": "t", "unit": "celsius" } }),
            json!({ "temperature": { "pointer": "/t" } }),
            json!({ "temperature": temperature, "pressure": angle }),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
