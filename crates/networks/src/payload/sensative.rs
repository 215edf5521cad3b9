//! Sensative's Strips: reports that follow one another, each behind its kind; those of now on port 1, those that were kept on
//! port 2, each with the seconds since then.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};

use super::bytes::Bytes;
use super::measured::{humidity, temperature};
use super::{Given, Payload, PayloadError};

const NOW: u8 = 1;
const HISTORY: u8 = 2;

/// In 0.01 °C. The strips are made for −30 to 60 °C.
const MEASURABLE: RangeInclusive<i32> = -4_000..=12_500;

/// A report of now that is kept in the history, too.
const KEPT: u8 = 0x80;

#[derive(Default)]
struct Found {
    battery: Option<u8>,
    /// In 0.1 °C.
    temperature: Option<i16>,
    /// In 0.5 %.
    humidity: Option<u8>,
    lux: Option<u16>,
    tampered: Option<bool>,
}

pub fn read(given: &Given<'_>) -> Result<Payload, PayloadError> {
    let mut bytes = Bytes::new(given.bytes);
    match given.port {
        NOW => {
            bytes.skip(2, "the number of the last kept report")?;
            let mut found = Found::default();
            while !bytes.is_empty() {
                found.take(&mut bytes)?;
            }
            Ok(found.at(given.received_at()?))
        }
        HISTORY => read_history(&mut bytes, given.received_at()?),
        _ => Err(given.unknown_port()),
    }
}

fn read_history(bytes: &mut Bytes<'_>, received_at: DateTime<Utc>) -> Result<Payload, PayloadError> {
    bytes.skip(2, "the number of the first kept report")?;
    let mut payload = Payload::default();
    while !bytes.is_empty() {
        let seconds_ago = u32::from_be_bytes(bytes.take("the age of a report")?);
        let mut found = Found::default();
        found.take(bytes)?;
        let at = received_at.checked_sub_signed(TimeDelta::seconds(seconds_ago.into()));
        let of_then = at.map(|at| found.at(at)).unwrap_or_default();
        payload.extend(of_then);
    }
    Ok(payload.in_order())
}

impl Found {
    fn take(&mut self, bytes: &mut Bytes<'_>) -> Result<(), PayloadError> {
        let at = bytes.at();
        let [kind] = bytes.take("the kind of a report")?;
        match kind & !KEPT {
            1 => self.battery = Some(u8::from_be_bytes(bytes.take("a battery's percents")?)),
            2 => self.temperature = Some(i16::from_be_bytes(bytes.take("a temperature")?)),
            6 => self.humidity = Some(u8::from_be_bytes(bytes.take("a humidity")?)),
            // In two ranges.
            7 | 8 => self.lux = Some(u16::from_be_bytes(bytes.take("a light")?)),
            11 | 12 => self.tampered = Some(bytes.take("a tampering")? != [0]),
            80 => {
                let [moisture, tenths @ ..] = bytes.take::<3>("humidity and temperature")?;
                (self.humidity, self.temperature) = (Some(moisture), Some(i16::from_be_bytes(tenths)));
            }
            82 => {
                let [_, tenths @ ..] = bytes.take::<3>("door and temperature")?;
                self.temperature = Some(i16::from_be_bytes(tenths));
            }
            _ => {
                let unknown = PayloadError::Unknown { what: "kind of report", at, found: kind.into() };
                bytes.skip(length_of_other(kind & !KEPT).ok_or(unknown)?, "a report that is not used")?;
            }
        }
        Ok(())
    }

    fn at(&self, at: DateTime<Utc>) -> Payload {
        let measured = self.temperature.map(degrees);
        let sensed = Sensed {
            battery: self.battery.filter(|percent| *percent <= 100).map(Battery::Percent),
            lux: self.lux.map(u32::from),
            tampered: self.tampered,
            sensor_failed: measured.map(|measured| measured.is_none()),
            ..Sensed::at(at)
        };
        Payload::of_instant(measured.flatten(), self.humidity.and_then(percent), sensed)
    }
}

/// The strip's own alarms, averages, the door, water, presence, counts, capacitances, the firmware.
const fn length_of_other(kind: u8) -> Option<usize> {
    Some(match kind {
        0 => 0,
        3 | 5 | 9 | 10 | 13..=16 | 18 | 21 | 22 => 1,
        4 | 17 | 19 | 20 | 112..=114 => 2,
        81 => 3,
        110 => 8,
        _ => return None,
    })
}

fn degrees(tenths: i16) -> Option<Temperature> {
    temperature(i32::from(tenths) * 10, &MEASURABLE)
}

/// From steps of 0.5 %, of which a sensor has 200.
fn percent(steps: u8) -> Option<Humidity> {
    humidity(i32::from(Some(steps).filter(|steps| *steps <= 200)?) * 50)
}
