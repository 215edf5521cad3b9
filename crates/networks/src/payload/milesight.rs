//! Milesight's EM300-TH and EM320-TH: channels in the manner of IPSO, each a channel and a type of one byte and a value
//! whose length follows from both. They come on whatever port somebody set, 85 as delivered.

use std::ops::RangeInclusive;

use domain::tracker_report::{Battery, Sensed};
use domain::{Humidity, Temperature};

use super::bytes::Bytes;
use super::measured::{humidity, temperature, time, untimed};
use super::{Given, Payload, PayloadError};

/// What the SHT sensors in them can measure, in 0.01 °C.
const MEASURABLE: RangeInclusive<i32> = -4_000..=12_500;

/// How many reserved bytes follow an entry of the history.
#[derive(Clone, Copy)]
pub enum History {
    Bare,
    WithReserve,
}

#[derive(Default)]
struct Found {
    battery: Option<u8>,
    temperature: Option<[u8; 2]>,
    humidity: Option<u8>,
    logged: Vec<Logged>,
}

struct Logged {
    unix_seconds: u32,
    temperature: [u8; 2],
    humidity: u8,
}

pub fn read(given: &Given<'_>, history: History) -> Result<Payload, PayloadError> {
    let mut found = Found::default();
    let mut bytes = Bytes::new(given.bytes);
    while !bytes.is_empty() {
        found.take(&mut bytes, history)?;
    }
    let mut payload = Payload::default();
    if found.battery.is_some() || found.temperature.is_some() {
        let measured = found.temperature.map(degrees);
        let sensed = Sensed {
            battery: found.battery.filter(|percent| *percent <= 100).map(Battery::Percent),
            sensor_failed: measured.map(|measured| measured.is_none()),
            ..Sensed::at(given.received_at()?)
        };
        payload = Payload::of_instant(measured.flatten(), found.humidity.and_then(percent), sensed);
    }
    for logged in &found.logged {
        logged.add_to(&mut payload);
    }
    Ok(payload.in_order())
}

impl Found {
    fn take(&mut self, bytes: &mut Bytes<'_>, history: History) -> Result<(), PayloadError> {
        let at = bytes.at();
        let [channel, kind] = bytes.take("a channel and its type")?;
        match (channel, kind) {
            (0x01, 0x75) => self.battery = Some(u8::from_le_bytes(bytes.take("a battery's percents")?)),
            (0x03, 0x67) => self.temperature = Some(bytes.take("a temperature")?),
            (0x04, 0x68) => self.humidity = Some(u8::from_le_bytes(bytes.take("a humidity")?)),
            (0x20, 0xce) => {
                let [t0, t1, t2, t3, c0, c1, humidity] = bytes.take("an entry of the history")?;
                if matches!(history, History::WithReserve) {
                    bytes.skip(1, "an entry of the history")?;
                }
                let unix_seconds = u32::from_le_bytes([t0, t1, t2, t3]);
                self.logged.push(Logged { unix_seconds, temperature: [c0, c1], humidity });
            }
            _ => {
                let found = u32::from(u16::from_be_bytes([channel, kind]));
                let unknown = PayloadError::Unknown { what: "channel with a type", at, found };
                bytes.skip(length_of_other(channel, kind).ok_or(unknown)?, "a value that is not used")?;
            }
        }
        Ok(())
    }
}

impl Logged {
    fn add_to(&self, payload: &mut Payload) {
        let (temperature, humidity) = (degrees(self.temperature), percent(self.humidity));
        let Some(at) = time(self.unix_seconds) else {
            let untimed = |temperature| untimed(self.unix_seconds, temperature, humidity);
            payload.untimed.extend(temperature.map(untimed));
            return;
        };
        let sensed = Sensed { sensor_failed: Some(temperature.is_none()), ..Sensed::at(at) };
        payload.extend(Payload::of_instant(temperature, humidity, sensed));
    }
}

/// What they tell of themselves (0xff), and how they answer commands (0xfe, 0xff, 0xf8, 0xf9).
const fn length_of_other(channel: u8, kind: u8) -> Option<usize> {
    Some(match (channel, kind) {
        (0xff, 0x01 | 0x0b | 0x0f | 0xfe) | (0x05, 0x9c) | (0xf9, 0xc9) => 1,
        (0xff, 0x09 | 0x0a | 0xff) | (0xf8, 0xc9) => 2,
        (0xff, 0x16) => 8,
        (0xfe | 0xff, 0x10 | 0x27 | 0x28 | 0x68 | 0x69 | 0x6d | 0xd7) => 1,
        (0xfe | 0xff, 0x02 | 0x03) => 2,
        (0xfe | 0xff, 0x6a | 0xea) => 3,
        (0xfe | 0xff, 0x79 | 0xd6) => 6,
        (0xfe | 0xff, 0x06) => 9,
        _ => return None,
    })
}

fn degrees(tenths: [u8; 2]) -> Option<Temperature> {
    temperature(i32::from(i16::from_le_bytes(tenths)) * 10, &MEASURABLE)
}

/// From steps of 0.5 %, of which a sensor has 200.
fn percent(steps: u8) -> Option<Humidity> {
    humidity(i32::from(Some(steps).filter(|steps| *steps <= 200)?) * 50)
}
