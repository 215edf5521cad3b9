//! Dragino's LHT65N and LHT52: a thermometer with humidity in the case and a socket for a probe.
//!
//! Which of the two is the reading is said where the tracker is registered: a probe that falls out of its socket must not
//! turn into the air around the box. What the humidity in the case is where the probe is, nobody knows: it stands in a
//! reading only beside the case's own temperature.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};

use super::bytes::Bytes;
use super::measured::{humidity, temperature, time, untimed};
use super::{Given, Payload, PayloadError, Thermometer};

/// SHT20, in 0.01 °C.
const CASE: RangeInclusive<i32> = -4_000..=12_500;

/// DS18B20 and TMP117, in 0.01 °C. 0x7FFF (327.67 °C) is written where none is connected.
const PROBE: RangeInclusive<i32> = -5_500..=12_500;

const VALUES: u8 = 2;
const DEVICE_STATUS: u8 = 5;

/// What both trackers write for each instant: eleven bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    words: [u16; 3],
    kind: u8,
    tail: u32,
}

impl Frame {
    fn take(bytes: &mut Bytes<'_>) -> Result<Self, PayloadError> {
        let [a, b, c, d, e, f, kind, tail @ ..] = bytes.take::<11>("a frame of 11 bytes")?;
        let words = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
        Ok(Self { words, kind, tail: u32::from_be_bytes(tail) })
    }

    /// Answers to a poll for a time of which nothing is logged.
    fn is_nothing(&self) -> bool {
        *self == Self { words: [0; 3], kind: 0, tail: 0 }
    }

    fn tail_words(&self) -> [u16; 2] {
        let [a, b, c, d] = self.tail.to_be_bytes();
        [[a, b], [c, d]].map(u16::from_be_bytes)
    }
}

/// What was found at one instant.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    case: Option<Temperature>,
    case_humidity: Option<Humidity>,
    /// Whether the case's thermometer measured nothing; none where it was not asked.
    case_failed: Option<bool>,
    probe: Probe,
    lux: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Probe {
    /// None is to be there.
    #[default]
    None,
    Missing,
    Measured(Temperature, Option<Humidity>),
}

impl Probe {
    fn of(hundredths: u16) -> Self {
        temperature(signed(hundredths), &PROBE).map_or(Self::Missing, |found| Self::Measured(found, None))
    }

    fn with_humidity(self, tenths: u16) -> Self {
        match self {
            Self::Measured(temperature, _) => Self::Measured(temperature, tenths_of_percent(tenths)),
            other => other,
        }
    }
}

impl Found {
    fn of_case(hundredths: u16, tenths: u16) -> Self {
        let case = temperature(signed(hundredths), &CASE);
        let case_humidity = tenths_of_percent(tenths);
        Self { case, case_humidity, case_failed: Some(case.is_none()), ..Self::default() }
    }

    fn reading(&self, by: Thermometer) -> (Option<Temperature>, Option<Humidity>) {
        match (by, self.probe) {
            (Thermometer::Case, _) => (self.case, self.case_humidity),
            (Thermometer::Probe, Probe::Measured(temperature, humidity)) => (Some(temperature), humidity),
            (Thermometer::Probe, Probe::None | Probe::Missing) => (None, None),
        }
    }

    fn at(&self, at: DateTime<Utc>, by: Thermometer, sensed: Sensed) -> Payload {
        let (temperature, humidity) = self.reading(by);
        let mut sensed = Sensed { at, lux: self.lux, ..sensed };
        match by {
            Thermometer::Case => sensed.sensor_failed = self.case_failed,
            Thermometer::Probe => {
                sensed.sensor_failed = match self.probe {
                    Probe::Measured(..) => Some(false),
                    Probe::Missing => Some(true),
                    // Of two thermometers the case's alone was asked.
                    Probe::None => self.case_failed.map(|_| true),
                };
                (sensed.case_temperature, sensed.case_humidity) = (self.case, self.case_humidity);
            }
        }
        Payload::of_instant(temperature, humidity, sensed)
    }
}

pub fn read_lht65n(given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
    match given.port {
        VALUES if is_answer(given.bytes) => Ok(Payload::default()),
        VALUES => read_lht65n_values(given, by),
        DEVICE_STATUS => read_device_status(given),
        _ => Err(given.unknown_port()),
    }
}

/// One byte answers a command or tells of a restart.
const fn is_answer(bytes: &[u8]) -> bool {
    bytes.len() == 1
}

/// Bits 7 and 6 of the kind: 0 a measurement of now, 1 the datalog by a poll, 2 the datalog by itself, of what nobody
/// acknowledged. Before firmware 1.5, bit 7 meant that no switch is connected to a tracker that is to count or watch one;
/// where the datalog has its time such a tracker has 0x7FFF, or a count.
fn read_lht65n_values(given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
    let mut bytes = Bytes::new(given.bytes);
    let first = Frame::take(&mut bytes)?;
    match first.kind >> 6 {
        _ if first.is_nothing() => Ok(Payload::default()),
        0 => lht65n_now(&first, given, by),
        2 if time(first.tail).is_none() => lht65n_now(&first, given, by),
        1 | 2 => {
            let mut payload = Payload::default();
            logged(&first, 0, by, &mut payload)?;
            while !bytes.is_empty() {
                let at = bytes.at();
                logged(&Frame::take(&mut bytes)?, at, by, &mut payload)?;
            }
            Ok(payload.in_order())
        }
        _ => Err(unknown_kind(first.kind, 0)),
    }
}

/// The kinds: 0 no probe, 1 DS18B20, 2 TMP117, 4 a switch, 5 light, 6 a voltage, 7 and 8 counters, 9 and 10 as 1 and 2 with a
/// time, 11 SHT31, 15 a DS18B20's number.
fn lht65n_now(frame: &Frame, given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
    let [head, case, moisture] = frame.words;
    let [value, other] = frame.tail_words();
    let measured = Found::of_case(case, moisture & 0x0fff);
    let mut at = None;
    let mut battery = (Some(Battery::Millivolts((head & 0x3fff).into())), head >> 14);
    let found = match frame.kind & 0x3f {
        // Where the case's values stand otherwise, the number of the probe stands.
        0x10 => Found { probe: Probe::of(value).with_humidity(other), ..Found::default() },
        0x20 => Found { probe: Probe::of(value), ..Found::default() },
        0x0f => Found::default(),
        kind => match kind & 0x0f {
            0x0 | 0x4 | 0x6..=0x8 => measured,
            0x1 | 0x2 => Found { probe: Probe::of(value), ..measured },
            0x5 => Found { lux: Some(value.into()), ..measured },
            0x9 | 0xa => {
                at = time(frame.tail);
                battery = (None, moisture >> 14);
                Found { probe: Probe::of(head), ..measured }
            }
            0xb => Found { probe: Probe::of(value).with_humidity(other), ..measured },
            _ => return Err(unknown_kind(frame.kind, 0)),
        },
    };
    let at = at.map_or_else(|| given.received_at(), Ok)?;
    // 0 up to 2.50 V, 1 up to 2.55 V, 2 up to 2.65 V, 3 above.
    let sensed = Sensed { battery: battery.0, battery_low: Some(battery.1 < 2), ..Sensed::at(at) };
    Ok(found.at(at, by, sensed))
}

/// An entry of the datalog, which begins at byte `at`.
fn logged(frame: &Frame, at: usize, by: Thermometer, payload: &mut Payload) -> Result<(), PayloadError> {
    if frame.is_nothing() {
        return Ok(());
    }
    let [value, case, moisture] = frame.words;
    let measured = Found::of_case(case, moisture & 0x0fff);
    let found = match frame.kind & 0x0f {
        0x0 | 0x4 | 0x6..=0x8 => measured,
        0x5 => Found { lux: Some(value.into()), ..measured },
        0x1 | 0x2 | 0x9..=0xc => Found { probe: Probe::of(value), ..measured },
        _ => return Err(unknown_kind(frame.kind, at)),
    };
    let Some(instant) = time(frame.tail) else {
        let (temperature, humidity) = found.reading(by);
        payload.untimed.extend(temperature.map(|temperature| untimed(frame.tail, temperature, humidity)));
        return Ok(());
    };
    let of_instant = found.at(instant, by, Sensed::at(instant));
    payload.extend(of_instant);
    Ok(())
}

pub fn read_lht52(given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
    match given.port {
        VALUES if is_answer(given.bytes) => Ok(Payload::default()),
        VALUES => {
            let frame = Frame::take(&mut Bytes::new(given.bytes))?;
            let [case, moisture, probe] = frame.words;
            let measured = Found::of_case(case, moisture);
            let at = time(frame.tail).map_or_else(|| given.received_at(), Ok)?;
            Ok(Found { probe: Probe::of(probe), ..measured }.at(at, by, Sensed::at(at)))
        }
        DEVICE_STATUS => read_device_status(given),
        _ => Err(given.unknown_port()),
    }
}

/// Model, firmware (2), band, sub-band, battery (2, mV).
fn read_device_status(given: &Given<'_>) -> Result<Payload, PayloadError> {
    let [_, _, _, _, _, battery @ ..] = Bytes::new(given.bytes).take::<7>("a device's status of 7 bytes")?;
    let battery = Some(Battery::Millivolts(u16::from_be_bytes(battery).into()));
    Ok(Payload::of_instant(None, None, Sensed { battery, ..Sensed::at(given.received_at()?) }))
}

const fn unknown_kind(kind: u8, frame_at: usize) -> PayloadError {
    PayloadError::Unknown { what: "kind of probe", at: frame_at + 6, found: kind as u32 }
}

fn signed(word: u16) -> i32 {
    i32::from(word.cast_signed())
}

fn tenths_of_percent(tenths: u16) -> Option<Humidity> {
    humidity(i32::from(tenths) * 10)
}
