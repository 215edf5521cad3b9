//! How senders write a value: the tolerance that all networks share, in one type for each kind of value.
//!
//! Most senders print protobuf messages as JSON, where a default may be left out, `null` or empty, a number
//! may be a string, and base64 may come without padding. Text is borrowed from the body.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use domain::DevEui;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::ParseError;
use crate::event::{Gateway, Location};

/// Reads a body that is one JSON object.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    let blank = body.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    // A derived struct also reads an array, position by position, which no sender means.
    if body.get(blank).is_some_and(|first| *first != b'{') {
        return Err(no_object(body.get(..blank).unwrap_or_default()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let reason = cut(text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason));
        ParseError::Malformed { line: error.line(), column: error.column(), reason }
    })
}

fn no_object(before: &[u8]) -> ParseError {
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    ParseError::Malformed {
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: 1 + before.len() - line_start,
        reason: "an event is a JSON object, which begins with {".to_owned(),
    }
}

/// The longest text that is kept of an id, a name or a reason, in bytes; what senders write has no bound.
const LONGEST_TEXT: usize = 256;

fn cut(text: &str) -> String {
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}

/// Text, or a number taken as text; empty where it is absent.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

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
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A whole number that `T` can hold, as a number, a whole float or a string.
#[derive(Debug)]
pub(crate) struct Whole<T>(pub(crate) Option<T>);

impl<T> Default for Whole<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default + Copy> Whole<T> {
    /// The number, 0 where it was left out.
    pub(crate) fn or_default(&self) -> T {
        self.0.unwrap_or_default()
    }
}

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor<T>(PhantomData<T>);
        impl<T: TryFrom<u64>> Visitor<'_> for WholeVisitor<T> {
            type Value = Whole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number of at most {} bits", 8 * size_of::<T>())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole<T>, E> {
                let held = T::try_from(number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))?;
                Ok(Whole(Some(held)))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole<T>, E> {
                if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
                    return self.visit_u64(number as u64);
                }
                Err(E::invalid_value(de::Unexpected::Float(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole<T>, E> {
                if text.is_empty() {
                    return Ok(Whole(None));
                }
                match text.parse::<u64>() {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Whole<T>, E> {
                Ok(Whole(None))
            }
        }
        deserializer.deserialize_any(WholeVisitor(PhantomData))
    }
}

/// A number with or without decimals, as a number or a string; a measured value that is not finite is unknown.
#[derive(Debug, Default)]
pub(crate) struct Decimal(pub(crate) Option<f64>);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecimalVisitor;
        impl Visitor<'_> for DecimalVisitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                Ok(Decimal(Some(number).filter(|number| number.is_finite())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                self.visit_f64(number as f64)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                self.visit_f64(number as f64)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                match text.parse::<f64>() {
                    Ok(number) => self.visit_f64(number),
                    Err(_) if text.is_empty() => Ok(Decimal(None)),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Decimal, E> {
                Ok(Decimal(None))
            }
        }
        deserializer.deserialize_any(DecimalVisitor)
    }
}

/// A time in RFC 3339 with any offset and any number of decimals. What cannot be read is unknown: an event
/// is worth more than its time.
#[derive(Debug, Default)]
pub(crate) struct Time(pub(crate) Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let time = text.known().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        // Servers written in Go print year 1 for "never".
        Ok(Self(time.map(|time| without_leap(time.to_utc())).filter(|time| time.timestamp() > 0)))
    }
}

/// A leap second is the first of the next minute, as every database counts.
fn without_leap(time: DateTime<Utc>) -> DateTime<Utc> {
    let beyond = time.timestamp_subsec_nanos().checked_sub(1_000_000_000);
    beyond.and_then(|nanos| DateTime::from_timestamp(time.timestamp() + 1, nanos)).unwrap_or(time)
}

/// The longest application payload of LoRaWAN is 242 bytes.
const LONGEST_PAYLOAD: usize = 255;

/// Bytes in base64, of either alphabet and with or without padding, as protobuf's JSON allows.
#[derive(Debug, Default)]
pub(crate) struct Base64(pub(crate) Option<Vec<u8>>);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64Visitor;
        impl Visitor<'_> for Base64Visitor {
            type Value = Base64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a payload in base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64, E> {
                let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
                match engine.decode(text) {
                    Ok(bytes) if bytes.len() > LONGEST_PAYLOAD => Err(E::custom(format_args!(
                        "the payload has {} bytes: no LoRaWAN frame holds more than 242",
                        bytes.len()
                    ))),
                    Ok(bytes) => Ok(Base64(Some(bytes))),
                    Err(error) => Err(E::custom(format_args!("the payload is not base64: {error}"))),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Base64, E> {
                Ok(Base64(None))
            }
        }
        deserializer.deserialize_any(Base64Visitor)
    }
}

/// A place as ChirpStack and The Things Stack write it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    latitude: Decimal,
    longitude: Decimal,
}

impl Place {
    /// None for `{}` and for 0/0, which are the same unset message, and for what is not on the globe.
    pub(crate) fn known(&self) -> Option<Location> {
        let (lat, lon) = (self.latitude.0.unwrap_or(0.0), self.longitude.0.unwrap_or(0.0));
        let unset = lat == 0.0 && lon == 0.0;
        let on_globe = lat.abs() <= 90.0 && lon.abs() <= 180.0;
        (!unset && on_globe).then_some(Location { lat, lon })
    }
}

/// How many receptions of one frame are kept.
const MOST_RECEPTIONS: usize = 64;

/// The first receptions of a frame; the rest of the list is read over.
#[derive(Debug)]
pub(crate) struct Receptions<T>(pub(crate) Vec<T>);

impl<T> Default for Receptions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Receptions<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReceptionsVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ReceptionsVisitor<T> {
            type Value = Receptions<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of receptions")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Receptions<T>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < MOST_RECEPTIONS
                    && let Some(reception) = list.next_element()?
                {
                    kept.push(reception);
                }
                while list.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Receptions(kept))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Receptions<T>, E> {
                Ok(Receptions::default())
            }
        }
        deserializer.deserialize_any(ReceptionsVisitor(PhantomData))
    }
}

/// A reception as protobuf's JSON has it: an SNR of 0 dB is left out, an RSSI of 0 dBm does not happen.
pub(crate) fn reception(
    id: Option<String>,
    rssi: Option<f64>,
    snr: Option<f64>,
    place: Option<&Place>,
) -> Gateway {
    let snr = snr.or_else(|| rssi.map(|_| 0.0));
    Gateway { id, rssi, snr, location: place.and_then(Place::known) }
}
