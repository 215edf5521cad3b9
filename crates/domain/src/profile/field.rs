//! One function a field, so that an error names the field whether it was read from TOML or from JSON.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};

use super::alarm::Hundredths;
use super::allowance::AllowedTotal;
use super::mkt::ActivationEnergy;
use super::text::Measured;
use crate::duration::Duration;
use crate::quantity::Temperature;

const LONGEST_NAME: usize = 200;
const LONGEST_TEXT: usize = 2_000;

macro_rules! fields {
    ($($field:ident: $type:ty,)+) => {
        $(pub(super) fn $field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
            Deserialize::deserialize(deserializer)
                .map_err(|error| de::Error::custom(format_args!("{}: {error}", stringify!($field))))
        })+
    };
}

fields! {
    delay: Duration,
    start_delay: Duration,
    above: Option<Hundredths>,
    below: Option<Hundredths>,
    hysteresis_c: Hundredths,
    up_to_c: Option<Hundredths>,
    down_to_c: Option<Hundredths>,
    total: AllowedTotal,
    at_most: u32,
    below_c: Hundredths,
    above_c: Hundredths,
    min_for_release_pct: Hundredths,
    measured: Option<Measured>,
    activation_energy_kj_per_mol: ActivationEnergy,
}

pub(super) fn max_gap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    longer_than_nothing("max_gap", deserializer)
}

pub(super) fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    longer_than_nothing("window", deserializer)
}

fn longer_than_nothing<'de, D: Deserializer<'de>>(
    field: &str,
    deserializer: D,
) -> Result<Duration, D::Error> {
    match Duration::deserialize(deserializer) {
        Ok(Duration::ZERO) => {
            Err(de::Error::custom(format_args!("{field}: must be longer than 0s, such as \"40m\"")))
        }
        Ok(duration) => Ok(duration),
        Err(error) => Err(de::Error::custom(format_args!("{field}: {error}"))),
    }
}

pub(super) fn min_c<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Temperature>, D::Error> {
    temperature("min_c", Option::deserialize(deserializer))
}

pub(super) fn max_c<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Temperature>, D::Error> {
    temperature("max_c", Option::deserialize(deserializer))
}

pub(super) fn limit_c<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Temperature, D::Error> {
    let limit = temperature("limit_c", Hundredths::deserialize(deserializer).map(Some))?;
    limit.ok_or_else(|| de::Error::custom("limit_c: is missing"))
}

fn temperature<E: de::Error>(
    field: &str,
    written: Result<Option<Hundredths>, E>,
) -> Result<Option<Temperature>, E> {
    let named = |error: &dyn fmt::Display| E::custom(format_args!("{field}: {error}"));
    match written {
        Ok(Some(Hundredths(value))) => {
            Temperature::from_hundredths(value).map(Some).map_err(|error| named(&error))
        }
        Ok(None) => Ok(None),
        Err(error) => Err(named(&error)),
    }
}

/// The name of a profile or an alarm.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() {
        return Err(de::Error::custom("name: is empty: write what people will read"));
    }
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(de::Error::custom(format_args!(
            "name: write at most {LONGEST_NAME} characters on one line"
        )));
    }
    Ok(name)
}

pub(super) fn description<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text("description", deserializer)
}

pub(super) fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text("source", deserializer)
}

/// Prose, which may have several lines.
fn text<'de, D: Deserializer<'de>>(field: &str, deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)
        .map_err(|error| de::Error::custom(format_args!("{field}: {error}")))?;
    let is_control = |c: char| c.is_control() && c != '\n';
    match &text {
        Some(text) if text.trim().is_empty() => {
            Err(de::Error::custom(format_args!("{field}: is empty: write something or leave it out")))
        }
        Some(text) if text.chars().count() > LONGEST_TEXT || text.contains(is_control) => Err(
            de::Error::custom(format_args!("{field}: write at most {LONGEST_TEXT} characters of plain text")),
        ),
        _ => Ok(text),
    }
}

/// Reads a number, whole or not, as a whole count of its last allowed decimal.
pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D, decimals: usize) -> Result<i64, D::Error> {
    struct Number;
    impl de::Visitor<'_> for Number {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number such as 8.5")
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
            Ok(number)
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
            Ok(number as f64)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
            Ok(number as f64)
        }
    }
    scaled(deserializer.deserialize_any(Number)?, decimals).map_err(de::Error::custom)
}

/// A number as a whole count of its last allowed decimal: `scaled(2.5, 2)` is 250.
///
/// Displaying a float gives the shortest decimal that reads back as it, which are the digits the user wrote.
fn scaled(number: f64, decimals: usize) -> Result<i64, String> {
    let text = number.to_string();
    let unreadable = || format!("{text} is not a number that can be used: write one such as 8.5");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > decimals {
        return Err(format!("{text} has more than {decimals} decimals: round it as you mean it"));
    }
    format!("{whole}{fraction:0<decimals$}").parse().map_err(|_| unreadable())
}
