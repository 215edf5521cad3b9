//! How senders write a value: the tolerance that all networks share, in one type for each kind of value.
//!
//! Most senders print protobuf messages as JSON, where a default may be left out, `null` or empty, a number
//! may be a string, and base64 may come without padding. What an event cannot do without is [`essential`] and
//! refuses the body; the rest is [`loose`] or [`parts`], where one odd value must not cost the frame. Text is borrowed from
//! the body.

mod decoded;
mod essential;
mod loose;
mod parts;

use serde::de::Deserialize;

pub(crate) use self::decoded::DecodedObject;
pub(crate) use self::essential::{Base64, Hex, Object, OneOrMore, Whole, payload};
pub(crate) use self::loose::{Decimal, Decimals, Flag, Millis, Seconds, Text, Texts, Time, UnixOrText};
pub(crate) use self::parts::{MOST_RECEPTIONS, Part, Receptions};
use crate::ParseError;
use crate::event::{Gateway, Location};

/// What editors on Windows write before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a body that is one JSON object.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    let body = without_mark(body);
    let blank = body.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    // A derived struct also reads an array, position by position, which no sender means.
    if body.get(blank).is_some_and(|first| *first != b'{') {
        let reason = "an event is a JSON object, which begins with {";
        return Err(malformed(body.get(..blank).unwrap_or_default(), reason));
    }
    read_json(body)
}

/// Reads a body that is a list of JSON objects, or one of them alone.
pub(crate) fn read_objects<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<T>, ParseError> {
    read_json(without_mark(body)).map(|OneOrMore(objects)| objects)
}

/// Whether a body can only be read as a list.
pub(crate) fn is_list(body: &[u8]) -> bool {
    without_mark(body).trim_ascii_start().starts_with(b"[")
}

pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

fn read_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    // Looked over once, text needs no look at each value. Bytes that are none may stand where nobody reads them.
    let read = std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), serde_json::from_str);
    read.map_err(|error| {
        let text = error.to_string();
        let reason = cut(text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason));
        ParseError::Malformed { line: error.line(), column: error.column(), reason }
    })
}

/// What cannot be read on behind this much of the body.
pub(crate) fn malformed(before: &[u8], reason: &str) -> ParseError {
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    ParseError::Malformed {
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: 1 + before.len() - line_start,
        reason: cut(reason),
    }
}

/// The longest text that is kept of an id, a name or a reason, in bytes; what senders write has no bound.
const LONGEST_TEXT: usize = 256;

fn cut(text: &str) -> String {
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}

/// A place as ChirpStack and The Things Stack write it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub(crate) latitude: Decimal,
    pub(crate) longitude: Decimal,
    pub(crate) accuracy: Decimal,
}

impl Place {
    /// Where the two stand beside each other under names of their own.
    pub(crate) fn of(latitude: &Decimal, longitude: &Decimal) -> Self {
        Self { latitude: *latitude, longitude: *longitude, accuracy: Decimal::Absent }
    }

    /// Metres. Zero is what is left out, and no network is exact.
    pub(crate) fn accuracy_m(&self) -> Option<f64> {
        self.accuracy.known().filter(|metres| *metres > 0.0 && metres.is_finite())
    }

    /// None for `{}` and for 0/0, which are the same unset message, and for what is not on the globe.
    pub(crate) fn known(&self) -> Option<Location> {
        let (lat, lon) = (self.latitude.or_zero()?, self.longitude.or_zero()?);
        let unset = lat == 0.0 && lon == 0.0;
        let on_globe = lat.abs() <= 90.0 && lon.abs() <= 180.0;
        (!unset && on_globe).then_some(Location { lat, lon })
    }
}

/// A reception as protobuf's JSON has it: an SNR of 0 dB is left out, an RSSI of 0 dBm does not happen.
pub(crate) fn reception(
    id: Option<String>,
    rssi: Option<f64>,
    snr: &Decimal,
    place: &Part<Place>,
) -> Gateway {
    let snr = snr.known().or_else(|| snr.or_zero().filter(|_| rssi.is_some()));
    Gateway { id, rssi, snr, location: place.known().and_then(Place::known) }
}
