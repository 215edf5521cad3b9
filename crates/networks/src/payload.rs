//! A tracker's payload to readings, by that tracker's codec. Pure; nothing is guessed.
//!
//! Runs in the tracking service, which knows the device and so its codec; the ingester does not. A payload that
//! the codec does not understand is an error with its reason, and the uplink stays visible with its bytes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::{Humidity, Reading, Temperature};
use serde::{Deserialize, Serialize};
use wire::{Battery, Frame, READINGS_PORT, Sample};

/// How a tracker writes its payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// Our own tracker, by the frames of `wire`.
    Isotherm,
}

/// A name that is none of [`Codec::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known codec; known are {known}", known = Codec::names())]
pub struct UnknownCodec(String);

/// What a payload says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// Oldest first.
    pub readings: Vec<DecodedReading>,
    /// Readings of a tracker that did not know the time yet, oldest first: to be shown, never to be given a time.
    pub untimed: Vec<UntimedReading>,
    /// 0 to 100.
    pub battery_pct: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodedReading {
    pub reading: Reading,
    /// The tracker's own number of the reading, where it has one.
    pub sequence: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntimedReading {
    pub sequence: Option<u32>,
    /// Since the tracker's last start, by its own count.
    pub minutes_since_start: u32,
    pub temperature: Temperature,
    pub humidity: Option<Humidity>,
}

/// Why a payload gives no readings. The payload is kept, and shown with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("unknown payload: {codec} sends readings on port {expected}, this came on port {found}")]
    Port { codec: Codec, expected: u8, found: u8 },
    #[error("unknown payload: there is no port to tell what the {0} bytes are")]
    NoPort(usize),
    #[error("unknown payload: {0}")]
    Frame(#[from] wire::DecodeError),
}

impl Codec {
    pub const ALL: [Self; 1] = [Self::Isotherm];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Isotherm => "isotherm",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        let known = Self::ALL.into_iter().find(|codec| codec.name() == name);
        known.ok_or_else(|| UnknownCodec(name.chars().take(60).collect()))
    }
}

/// Reads the payload of one uplink.
///
/// `received_at` is the network's receive time: the time of a reading from trackers that send none. Our own
/// tracker always says its time, or that it does not know it. An uplink of MAC commands only (no payload, no
/// port or port 0) has no readings and is no error.
pub fn decode(
    codec: Codec,
    f_port: Option<u8>,
    payload: &[u8],
    _received_at: Option<DateTime<Utc>>,
) -> Result<Payload, PayloadError> {
    match (codec, f_port) {
        (_, None | Some(0)) if payload.is_empty() => Ok(Payload::default()),
        (_, None) => Err(PayloadError::NoPort(payload.len())),
        (Codec::Isotherm, Some(READINGS_PORT)) => Ok(read_frame(&Frame::decode(payload)?)),
        (Codec::Isotherm, Some(found)) => Err(PayloadError::Port { codec, expected: READINGS_PORT, found }),
    }
}

fn read_frame(frame: &Frame<'_>) -> Payload {
    let mut payload = Payload { battery_pct: battery_pct(frame.battery()), ..Payload::default() };
    for sample in frame.samples() {
        match reading(&sample) {
            Some(reading) => payload.readings.push(reading),
            None => payload.untimed.push(untimed(&sample)),
        }
    }
    payload.readings.reverse();
    payload.untimed.reverse();
    payload
}

fn reading(sample: &Sample) -> Option<DecodedReading> {
    let measured_at = DateTime::from_timestamp(sample.stamp.unix_seconds()?, 0)?;
    let reading = Reading {
        measured_at,
        temperature: temperature(sample),
        min: None,
        max: None,
        out_of_range_s: None,
        humidity: humidity(sample),
    };
    Some(DecodedReading { reading, sequence: Some(sample.sequence) })
}

fn untimed(sample: &Sample) -> UntimedReading {
    UntimedReading {
        sequence: Some(sample.sequence),
        minutes_since_start: sample.stamp.minutes(),
        temperature: temperature(sample),
        humidity: humidity(sample),
    }
}

fn temperature(sample: &Sample) -> Temperature {
    Temperature(i32::from(sample.temperature))
}

/// The wire's steps of 0.5 % are 50 hundredths each.
fn humidity(sample: &Sample) -> Option<Humidity> {
    sample.humidity.map(|steps| Humidity(i32::from(steps) * 50))
}

fn battery_pct(battery: Battery) -> Option<u8> {
    match battery {
        Battery::Percent(percent) => Some(percent),
        Battery::Unknown => None,
    }
}
