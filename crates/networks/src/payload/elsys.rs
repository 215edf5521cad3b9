//! Elsys ERS, and what else writes Elsys' format: values that follow one another, each behind its type, on whatever port
//! somebody set.

use std::ops::RangeInclusive;

use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};

use super::bytes::Bytes;
use super::measured::{humidity, temperature};
use super::{Given, Payload, PayloadError, Thermometer};

/// What the sensor in the case can measure, in 0.01 °C.
const CASE: RangeInclusive<i32> = -4_000..=12_500;

/// A platinum thermometer's (IEC 60751), in 0.01 °C: which kind is connected the payload does not tell.
const PROBE: RangeInclusive<i32> = -20_000..=85_000;

#[derive(Default)]
struct Found {
    /// In 0.1 °C.
    case: Option<i16>,
    probe: Option<i16>,
    percent: Option<u8>,
    lux: Option<u16>,
    moves: Option<u8>,
    millivolts: Option<u16>,
}

pub fn read(given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
    let mut found = Found::default();
    let mut bytes = Bytes::new(given.bytes);
    while !bytes.is_empty() {
        found.take(&mut bytes)?;
    }
    found.payload(given, by)
}

impl Found {
    fn take(&mut self, bytes: &mut Bytes<'_>) -> Result<(), PayloadError> {
        let at = bytes.at();
        let [kind] = bytes.take("a type")?;
        match kind {
            0x01 => self.case = Some(i16::from_be_bytes(bytes.take("a temperature")?)),
            0x02 => self.percent = Some(u8::from_be_bytes(bytes.take("a humidity")?)),
            0x04 => self.lux = Some(u16::from_be_bytes(bytes.take("a light")?)),
            0x07 => self.millivolts = Some(u16::from_be_bytes(bytes.take("a battery's voltage")?)),
            0x0c => self.probe = Some(i16::from_be_bytes(bytes.take("a probe's temperature")?)),
            0x0f => self.moves = Some(u8::from_be_bytes(bytes.take("a number of movements")?)),
            // Settings, to the end.
            0x3e => bytes.skip(bytes.rest().len(), "settings")?,
            _ => {
                let unknown = PayloadError::Unknown { what: "type", at, found: kind.into() };
                bytes.skip(length_of_other(kind).ok_or(unknown)?, "a value that is not used")?;
            }
        }
        Ok(())
    }

    fn payload(&self, given: &Given<'_>, by: Thermometer) -> Result<Payload, PayloadError> {
        let case = self.case.map(|tenths| degrees(tenths, &CASE));
        let probe = self.probe.map(|tenths| degrees(tenths, &PROBE));
        let moist = self.percent.and_then(of_percent);
        let mut sensed = Sensed {
            battery: self.millivolts.map(|millivolts| Battery::Millivolts(millivolts.into())),
            lux: self.lux.map(u32::from),
            moving: self.moves.map(|moves| moves > 0),
            ..Sensed::at(given.received_at()?)
        };
        match by {
            Thermometer::Case => {
                sensed.sensor_failed = case.map(|measured| measured.is_none());
                Ok(Payload::of_instant(case.flatten(), moist, sensed))
            }
            Thermometer::Probe => {
                // Where the case is told and the probe is not, none is connected.
                let missing = case.map(|_| true);
                sensed.sensor_failed = probe.map(|measured| measured.is_none()).or(missing);
                (sensed.case_temperature, sensed.case_humidity) = (case.flatten(), moist);
                Ok(Payload::of_instant(probe.flatten(), None, sensed))
            }
        }
    }
}

/// Acceleration, presence, CO2, analogue and pulse inputs, places, distances, infrared, water, pressure, sound, and so on.
const fn length_of_other(kind: u8) -> Option<usize> {
    Some(match kind {
        0x05 | 0x0d | 0x11 | 0x12 | 0x1a => 1,
        0x06 | 0x08 | 0x0a | 0x0e | 0x15 | 0x16 | 0x18 | 0x19 | 0x1c => 2,
        0x03 => 3,
        0x0b | 0x10 | 0x14 | 0x17 | 0x1b | 0x3d => 4,
        0x09 => 6,
        0x13 => 65,
        _ => return None,
    })
}

fn degrees(tenths: i16, range: &RangeInclusive<i32>) -> Option<Temperature> {
    temperature(i32::from(tenths) * 10, range)
}

fn of_percent(percent: u8) -> Option<Humidity> {
    humidity(i32::from(Some(percent).filter(|percent| *percent <= 100)?) * 100)
}
