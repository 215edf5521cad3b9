//! Values that an event can do without: of another type or unreadable they are unknown, and the frame is kept.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::DevEui;
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::cut;
use super::essential::decode_base64;

/// Reads a value where it stands; None where it is a list, an object, or no text that UTF-8 can hold. That it is JSON has been
/// seen before, so that what fails here (half a surrogate pair) concerns this value alone.
fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Scalar<'de>>, D::Error> {
    <&'de RawValue>::deserialize(deserializer).map(|value| Scalar::of(value.get()))
}

/// What stands in a field, as far as any field means it.
enum Scalar<'a> {
    /// `null`, and an empty text.
    Absent,
    Text(Cow<'a, str>),
    Whole(i128),
    Float(f64),
    Flag(bool),
}

impl<'a> Scalar<'a> {
    fn of(json: &'a str) -> Option<Self> {
        match json {
            "null" | "\"\"" => Some(Self::Absent),
            "true" => Some(Self::Flag(true)),
            "false" => Some(Self::Flag(false)),
            _ => match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(text) if !text.contains('\\') => Some(Self::Text(Cow::Borrowed(text))),
                Some(_) => serde_json::from_str(json).ok().map(Cow::Owned).map(Self::Text),
                None if json.starts_with(['[', '{']) => None,
                None => json.parse().map(Self::Whole).or_else(|_| json.parse().map(Self::Float)).ok(),
            },
        }
    }
}

/// Text, or a whole number taken as text; empty where it is absent or unknown.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Text<'_> {
    /// The text, unless it is absent.
    pub(crate) fn known(&self) -> Option<&str> {
        Some(self.0.as_ref()).filter(|text| !text.is_empty())
    }

    pub(crate) fn to_owned(&self) -> Option<String> {
        self.known().map(cut)
    }

    /// An EUI in hex of either case; anything else is unknown.
    pub(crate) fn dev_eui(&self) -> Option<DevEui> {
        self.known()?.parse().ok()
    }

    /// A DevAddr in lower case; anything else is unknown.
    pub(crate) fn dev_addr(&self) -> Option<String> {
        self.known().filter(|text| is_hex(text, 8)).map(str::to_ascii_lowercase)
    }

    /// A gateway's id: the same EUI in another case is the same gateway, a name stays as it is.
    pub(crate) fn gateway_id(&self) -> Option<String> {
        self.known().map(|text| if is_hex(text, 16) { text.to_ascii_lowercase() } else { cut(text) })
    }

    /// An id of so many bytes, in hex or in base64: the two differ in length. In hex, in lower case.
    pub(crate) fn id_of(&self, bytes: usize) -> Option<String> {
        let text = self.known()?;
        if is_hex(text, 2 * bytes) {
            return Some(text.to_ascii_lowercase());
        }
        decode_base64(text).ok().filter(|id| id.len() == bytes).map(hex::encode)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match read(deserializer)? {
            Some(Scalar::Text(text)) => Self(text),
            Some(Scalar::Whole(number)) => Self(Cow::Owned(number.to_string())),
            _ => Self::default(),
        })
    }
}

/// How many texts of a list are kept.
const MOST_TEXTS: usize = 16;

/// The first texts of a list; empty where it is none.
#[derive(Debug, Default)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&'de RawValue>::deserialize(deserializer)?;
        let texts: Vec<Text<'de>> = serde_json::from_str(value.get()).unwrap_or_default();
        Ok(Self(texts.iter().filter_map(Text::to_owned).take(MOST_TEXTS).collect()))
    }
}

/// A measured value, as a number or a string. Which of the two unknowns it is matters where a default of 0 is
/// left out.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) enum Decimal {
    #[default]
    Absent,
    Unknown,
    Known(f64),
}

/// From protobuf, which leaves out what is 0.
impl From<f64> for Decimal {
    fn from(number: f64) -> Self {
        if number == 0.0 {
            Self::Absent
        } else if number.is_finite() {
            Self::Known(number)
        } else {
            Self::Unknown
        }
    }
}

impl Decimal {
    pub(crate) fn known(&self) -> Option<f64> {
        match self {
            Self::Known(number) => Some(*number),
            Self::Absent | Self::Unknown => None,
        }
    }

    pub(crate) fn of_text(text: Option<&String>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Absent, |text| Self::finite(text.parse().ok()))
    }

    fn finite(number: Option<f64>) -> Self {
        number.filter(|number| number.is_finite()).map_or(Self::Unknown, Self::Known)
    }

    /// A 0 that is written is the same as one that is left out.
    pub(crate) fn unset_at_zero(self) -> Self {
        match self {
            Self::Known(number) => Self::from(number),
            other => other,
        }
    }

    /// The number, 0 where it was left out.
    pub(crate) fn or_zero(&self) -> Option<f64> {
        match self {
            Self::Known(number) => Some(*number),
            Self::Absent => Some(0.0),
            Self::Unknown => None,
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match read(deserializer)? {
            Some(Scalar::Absent) => return Ok(Self::Absent),
            Some(Scalar::Float(number)) => Some(number),
            Some(Scalar::Whole(number)) => Some(number as f64),
            Some(Scalar::Text(text)) => text.parse().ok(),
            Some(Scalar::Flag(_)) | None => None,
        };
        Ok(Self::finite(number))
    }
}

/// How many numbers of a list are kept.
const MOST_DECIMALS: usize = 8;

/// The first numbers of a list; none where it is no list.
#[derive(Debug, Default)]
pub(crate) struct Decimals(pub(crate) Vec<Decimal>);

impl<'de> Deserialize<'de> for Decimals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&'de RawValue>::deserialize(deserializer)?;
        let mut numbers: Vec<Decimal> = serde_json::from_str(value.get()).unwrap_or_default();
        numbers.truncate(MOST_DECIMALS);
        Ok(Self(numbers))
    }
}

/// A yes or no; left out it is no, and None is unknown.
#[derive(Debug)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Default for Flag {
    fn default() -> Self {
        Self(Some(false))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match read(deserializer)? {
            Some(Scalar::Absent) => Self::default(),
            Some(Scalar::Flag(flag)) => Self(Some(flag)),
            _ => Self(None),
        })
    }
}

/// A time in RFC 3339 with any offset and any number of decimals.
#[derive(Debug, Default)]
pub(crate) struct Time(pub(crate) Option<DateTime<Utc>>);

impl Time {
    /// From Unix time; the nanoseconds are those of the second.
    pub(crate) fn at(seconds: i64, nanos: i32) -> Self {
        let time = u32::try_from(nanos).ok().and_then(|nanos| DateTime::from_timestamp(seconds, nanos));
        Self::of(time)
    }

    fn of(time: Option<DateTime<Utc>>) -> Self {
        // Servers written in Go print year 1 for "never".
        Self(time.map(without_leap).filter(|time| time.timestamp() > 0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let time = text.known().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        Ok(Self::of(time.map(|time| time.to_utc())))
    }
}

/// A time in milliseconds of Unix time.
#[derive(Debug, Default)]
pub(crate) struct Millis(pub(crate) Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unix_time(deserializer, 1e3).map(Self)
    }
}

/// A time in seconds of Unix time, with decimals.
#[derive(Debug, Default)]
pub(crate) struct Seconds(pub(crate) Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unix_time(deserializer, 1e6).map(Self)
    }
}

/// To the microsecond: between two floats of today's seconds lies a quarter of one.
fn unix_time<'de, D>(deserializer: D, unit_us: f64) -> Result<Option<DateTime<Utc>>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = Decimal::deserialize(deserializer)?;
    let micros = number.known().map(|number| (number * unit_us).round());
    let micros = micros.filter(|micros| (1.0..=LATEST_US).contains(micros));
    Ok(micros.and_then(|micros| DateTime::from_timestamp_micros(micros as i64)))
}

/// A time as text, or in seconds or milliseconds of Unix time, where the sender's documentation does not say which.
#[derive(Debug, Default)]
pub(crate) struct UnixOrText(pub(crate) Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for UnixOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let Some(text) = text.known() else { return Ok(Self::default()) };
        let Ok(number) = text.parse::<i64>() else {
            return Ok(Self(Time::of(DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())).0));
        };
        let millis = if number < FIRST_MS { number.saturating_mul(1000) } else { number };
        Ok(Self(Time::of(DateTime::from_timestamp_millis(millis)).0))
    }
}

/// In milliseconds it is in 1973, in seconds in the year 5138.
const FIRST_MS: i64 = 100_000_000_000;

/// 9999-12-31: whatever is later is no time.
const LATEST_US: f64 = 253_402_214_400_000_000.0;

/// A leap second is the first of the next minute, as every database counts.
fn without_leap(time: DateTime<Utc>) -> DateTime<Utc> {
    let beyond = time.timestamp_subsec_nanos().checked_sub(1_000_000_000);
    beyond.and_then(|nanos| DateTime::from_timestamp(time.timestamp() + 1, nanos)).unwrap_or(time)
}
