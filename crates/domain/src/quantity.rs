//! What a sensor measures, as integers of a hundredth: sums that decide stay exact, and two machines agree.
//!
//! Text is read and written digit by digit; a binary float never decides a value. A number in JSON is a
//! float for a moment at the edge ([`as_decimal`]), where its shortest decimal form brings the digits back.

mod decimal;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::decimal::{Unreadable, parse_hundredths};

/// A temperature in 0.01 °C. As a bare value it travels in serde as that integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Temperature(pub i32);

/// A relative humidity in 0.01 %. As a bare value it travels in serde as that integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Humidity(pub i32);

impl Temperature {
    /// Absolute zero.
    pub const MIN: Self = Self(-27_315);
    /// 1000 °C: above anything that a tracker's sensor or a thermocouple in a shipment reports.
    pub const MAX: Self = Self(100_000);
}

impl Humidity {
    pub const MIN: Self = Self(0);
    /// 150 %: a wet capacitive sensor overshoots 100, and its file should still be readable.
    pub const MAX: Self = Self(15_000);
}

/// Why a text or number is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("`{0}` is not a decimal number such as 5.25")]
    NotADecimal(String),
    #[error("{value} is out of range: {min} to {max} {unit} can be measured")]
    OutOfRange { value: String, min: String, max: String, unit: &'static str },
}

macro_rules! quantity {
    ($name:ident, $unit:literal) => {
        impl $name {
            /// The value if it lies between `MIN` and `MAX`.
            pub fn from_hundredths(hundredths: i32) -> Result<Self, QuantityError> {
                if (Self::MIN.0..=Self::MAX.0).contains(&hundredths) {
                    return Ok(Self(hundredths));
                }
                Err(Self::out_of_range(&Self(hundredths).to_string()))
            }

            fn out_of_range(value: &str) -> QuantityError {
                QuantityError::OutOfRange {
                    value: value.chars().take(40).collect(),
                    min: Self::MIN.to_string(),
                    max: Self::MAX.to_string(),
                    unit: $unit,
                }
            }
        }

        impl fmt::Display for $name {
            /// Decimal with a point and as few decimals as the value needs: `5.25`, `-0.5`, `8`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format_hundredths(self.0))
            }
        }

        impl FromStr for $name {
            type Err = QuantityError;

            /// Reads a decimal; what lies between two hundredths is rounded half to even.
            fn from_str(text: &str) -> Result<Self, QuantityError> {
                match parse_hundredths(text) {
                    Ok(hundredths) if (Self::MIN.0..=Self::MAX.0).contains(&hundredths) => {
                        Ok(Self(hundredths))
                    }
                    Ok(_) | Err(Unreadable::TooLarge) => Err(Self::out_of_range(text)),
                    Err(Unreadable::NotADecimal) => {
                        Err(QuantityError::NotADecimal(text.chars().take(40).collect()))
                    }
                }
            }
        }

        impl From<$name> for i32 {
            fn from(quantity: $name) -> Self {
                quantity.0
            }
        }
    };
}

quantity!(Temperature, "°C");
quantity!(Humidity, "%");

fn format_hundredths(hundredths: i32) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    match rest {
        0 => format!("{sign}{whole}"),
        rest if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        rest => format!("{sign}{whole}.{rest:02}"),
    }
}

/// `#[serde(with = "domain::quantity::as_decimal")]`: a quantity as a number in °C or %, as users write it.
pub mod as_decimal {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<Q, S>(quantity: &Q, serializer: S) -> Result<S::Ok, S::Error>
    where
        Q: Copy + Into<i32>,
        S: Serializer,
    {
        // The division is correctly rounded, so the shortest form that a writer prints has the two decimals.
        serializer.serialize_f64(f64::from((*quantity).into()) / 100.0)
    }

    pub fn deserialize<'de, Q, D>(deserializer: D) -> Result<Q, D::Error>
    where
        Q: FromStr,
        Q::Err: Display,
        D: Deserializer<'de>,
    {
        // Displaying a float gives the shortest decimal that reads back as it: the digits the user wrote.
        f64::deserialize(deserializer)?.to_string().parse().map_err(de::Error::custom)
    }
}

/// As [`as_decimal`], for a quantity that may be unknown (`null`). Use with `#[serde(default)]` where the
/// field may be left out.
pub mod as_decimal_option {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<Q, S>(quantity: &Option<Q>, serializer: S) -> Result<S::Ok, S::Error>
    where
        Q: Copy + Into<i32>,
        S: Serializer,
    {
        match quantity {
            Some(quantity) => super::as_decimal::serialize(quantity, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, Q, D>(deserializer: D) -> Result<Option<Q>, D::Error>
    where
        Q: FromStr,
        Q::Err: Display,
        D: Deserializer<'de>,
    {
        let number = Option::<f64>::deserialize(deserializer)?;
        number.map(|number| number.to_string().parse().map_err(de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_are_read_to_the_hundredth_half_to_even() {
        for (text, hundredths) in [
            ("5.25", 525),
            ("5.2", 520),
            ("5", 500),
            ("+5", 500),
            (".5", 50),
            ("5.", 500),
            ("-0.5", -50),
            ("-0", 0),
            ("0.005", 0),
            ("0.0050000001", 1),
            ("0.015", 2),
            ("0.025", 2),
            ("0.0249999", 2),
            ("-0.005", 0),
            ("-0.015", -2),
            ("7.999", 800),
            ("8.004999999999999999999", 800),
            ("-273.15", -27_315),
            ("-273.154", -27_315),
            ("1000", 100_000),
            ("000000000000002.5", 250),
            ("5e0", 500),
            ("5E+0", 500),
            ("-1e1", -1_000),
            ("0.0525e2", 525),
            ("525e-2", 525),
            ("52500000000000000000e-19", 525),
            ("5.25e-1", 52),
            ("5.35e-1", 54),
            ("5e-3", 0),
            ("5.1e-3", 1),
            ("9.9e-4", 0),
            ("1e3", 100_000),
            ("1e-99999999999999999999", 0),
            ("0e99999999999999999999", 0),
        ] {
            assert_eq!(text.parse(), Ok(Temperature(hundredths)), "{text}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in [
            "", "-", ".", "+-1", "e1", "1e", "1e+", "1e-+1", "1e1.0", "1e1e1", "1,5", " 1", "1 ", "NaN",
            "inf", "0x10", "1.2.3", "٣",
        ] {
            let refused = text.parse::<Temperature>();
            assert!(matches!(refused, Err(QuantityError::NotADecimal(_))), "{text}: {refused:?}");
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused_at_the_limit() {
        for text in ["-273.16", "1000.01", "99999999999999999999", "1e4", "1e99999999999999999999"] {
            let refused = text.parse::<Temperature>();
            assert!(matches!(refused, Err(QuantityError::OutOfRange { .. })), "{text}: {refused:?}");
        }
        assert!("-0.01".parse::<Humidity>().is_err());
        assert_eq!("150".parse(), Ok(Humidity(15_000)));
        assert!(Temperature::from_hundredths(-27_315).is_ok());
        assert_eq!(
            Temperature::from_hundredths(-27_316).unwrap_err().to_string(),
            "-273.16 is out of range: -273.15 to 1000 °C can be measured"
        );
    }

    #[test]
    fn json_at_the_edge_is_a_number_in_degrees() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Row {
            #[serde(with = "as_decimal")]
            temperature_c: Temperature,
            #[serde(default, with = "as_decimal_option")]
            humidity_pct: Option<Humidity>,
        }
        let row = Row { temperature_c: Temperature(-205), humidity_pct: Some(Humidity(4550)) };
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(text, r#"{"temperature_c":-2.05,"humidity_pct":45.5}"#);
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
        let bare: Row = serde_json::from_str(r#"{"temperature_c":8}"#).unwrap();
        assert_eq!(bare, Row { temperature_c: Temperature(800), humidity_pct: None });
        assert!(serde_json::from_str::<Row>(r#"{"temperature_c":-300}"#).is_err());
    }

    proptest! {
        #[test]
        fn every_temperature_reads_back_as_written(hundredths in Temperature::MIN.0..=Temperature::MAX.0) {
            let temperature = Temperature(hundredths);
            prop_assert_eq!(temperature.to_string().parse(), Ok(temperature));
            let edge = as_decimal::serialize(&temperature, serde_json::value::Serializer).unwrap();
            let back: Temperature = as_decimal::deserialize(edge).unwrap();
            prop_assert_eq!(back, temperature);
        }

        #[test]
        fn a_power_of_ten_moves_the_point(hundredths in Temperature::MIN.0..=Temperature::MAX.0, moved in 0..9_usize) {
            let written = format!("{hundredths}{}e-{}", "0".repeat(moved), moved + 2);
            prop_assert_eq!(written.parse(), Ok(Temperature(hundredths)));
            let written = format!("{}e{moved}", f64::from(hundredths) / 100.0 / 10_f64.powi(moved as i32));
            prop_assert_eq!(written.parse(), Ok(Temperature(hundredths)));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC*") {
            let _ = text.parse::<Temperature>();
            let _ = text.parse::<Humidity>();
        }
    }
}
