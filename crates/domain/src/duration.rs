//! Lengths of time as users write them: a whole number and a unit, `"40m"`.
//!
//! One text form for profiles, schedules and the API, so that a value copied from one place fits the other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in whole seconds, from nothing to a hundred years of 365 days.
///
/// Written in the largest unit that divides it: 90 s is `90s`, 3600 s is `1h`, 24 h is `1d`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("`{0}` is not a duration: write a whole number and one of s, m, h, d, such as \"40m\"")]
    Malformed(String),
    #[error("`{0}` is too long: a duration is at most 36500d")]
    TooLong(String),
}

/// Units from the largest, with their seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Duration {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(36_500 * 86_400);

    /// `None` below nothing and above [`Duration::MAX`].
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        if seconds < 0 || seconds > Self::MAX.0 { None } else { Some(Self(seconds)) }
    }

    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let shown = || text.chars().take(40).collect();
        let malformed = || DurationError::Malformed(shown());
        let (digits, seconds_per_unit) =
            UNITS.iter().find_map(|(unit, s)| Some((text.strip_suffix(*unit)?, *s))).ok_or_else(malformed)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        // What remains to fail in parsing is a number of too many digits.
        let seconds = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds_per_unit));
        seconds.and_then(Self::from_seconds).ok_or_else(|| DurationError::TooLong(shown()))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = UNITS.iter().find(|(_, seconds)| self.0 != 0 && self.0 % seconds == 0);
        let (unit, seconds) = largest.unwrap_or(&('s', 1));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration in quotes such as \"40m\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_the_largest_that_divides_is_written() {
        for (text, seconds, written) in [
            ("0s", 0, "0s"),
            ("0d", 0, "0s"),
            ("90s", 90, "90s"),
            ("40m", 2_400, "40m"),
            ("60m", 3_600, "1h"),
            ("24h", 86_400, "1d"),
            ("30d", 2_592_000, "30d"),
            ("36500d", 3_153_600_000, "36500d"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(duration.seconds(), seconds, "{text}");
            assert_eq!(duration.to_string(), written);
            assert_eq!(written.parse(), Ok(duration));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_value_and_an_example() {
        for text in ["", "40", "m", "-1m", "+1m", "1.5h", "1 m", "40min", "40M", "1h30m", "٣m"] {
            let refused = text.parse::<Duration>();
            assert_eq!(refused, Err(DurationError::Malformed(text.to_owned())), "{text}");
        }
        for text in ["36501d", "99999999999999999999s", "9223372036854775807d"] {
            assert_eq!(text.parse::<Duration>(), Err(DurationError::TooLong(text.to_owned())), "{text}");
        }
    }
}
