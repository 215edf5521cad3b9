//! Abeeway's Compact: messages behind a common header with battery, movement and temperature; among them positions, shocks
//! and events.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Temperature;
use domain::place::{FIX_ACCURACY_M, Point, Position, PositionSource};
use domain::tracker_report::{Battery, Sensed};

use super::bytes::Bytes;
use super::{Given, Payload, PayloadError};

const PORT: u8 = 18;

const FRAME_PENDING: u8 = 0x00;
const POSITION: u8 = 0x03;
const MISCELLANEOUS: u8 = 0x07;
const SHUTDOWN: u8 = 0x09;
const TEXT: u8 = 0x0d;
const EXTENDED_POSITION: u8 = 0x0e;

/// Of a position, in the last half of the header: one by satellites. The others name Wi-Fi stations, beacons or failures.
const FIX: u8 = 0;
/// Of a miscellaneous message.
const SHOCK: u8 = 3;
/// Of a shutdown.
const BY_LOW_BATTERY: u8 = 1;

const MOVING: u8 = 1 << 2;

pub fn read(given: &Given<'_>) -> Result<Payload, PayloadError> {
    let mut bytes = Bytes::new(given.bytes);
    match (given.port, given.bytes.first()) {
        (PORT, Some(&FRAME_PENDING | &TEXT)) => Ok(Payload::default()),
        (PORT, _) => read_message(&mut bytes, given.received_at()?),
        _ => Err(given.unknown_port()),
    }
}

fn read_message(bytes: &mut Bytes<'_>, received_at: DateTime<Utc>) -> Result<Payload, PayloadError> {
    let [kind, status, battery, warmth, option] = bytes.take("the header of 5 bytes")?;
    let temperature = temperature(warmth);
    let mut sensed = Sensed {
        // 0 while it is charged, 255 where it could not be measured.
        battery: Some(battery).filter(|percent| (1..=100).contains(percent)).map(Battery::Percent),
        moving: Some(status & MOVING != 0),
        sensor_failed: Some(temperature.is_none()),
        ..Sensed::at(received_at)
    };
    let mut position = None;
    match (kind, option & 0x0f) {
        (POSITION, FIX) => position = short_fix(bytes, received_at)?,
        (EXTENDED_POSITION, FIX) => position = long_fix(bytes, received_at)?,
        (MISCELLANEOUS, _) => sensed.shock_mg = shock(bytes)?,
        (SHUTDOWN, _) => {
            let [cause] = bytes.take("the cause of a shutdown")?;
            sensed.battery_low = (cause == BY_LOW_BATTERY).then_some(true);
        }
        _ => {}
    }
    Ok(Payload { position, ..Payload::of_instant(temperature, None, sensed) })
}

/// 255 steps from −44 to 85 °C, cut and not rounded: up to 0.51 °C less than was measured. The two ends stand for whatever
/// is beyond them.
fn temperature(steps: u8) -> Option<Temperature> {
    let within = (1..=254).contains(&steps);
    within.then(|| Temperature((i32::from(steps) * 12_900 + 127) / 255 - 4_400))
}

/// Age in steps of 8 s, of which the last stands for more; the place in steps of 256e-7°; the error.
fn short_fix(bytes: &mut Bytes<'_>, received_at: DateTime<Utc>) -> Result<Option<Position>, PayloadError> {
    let [age, a, b, c, d, e, f, error] = bytes.take("a position by satellites")?;
    let age = Some(age).filter(|age| *age < u8::MAX).map(|age| i64::from(age) * 8);
    let place = [[a, b, c, 0], [d, e, f, 0]].map(i32::from_be_bytes);
    Ok(position(place, age, Some(error_in_steps(error)), received_at))
}

/// Age in seconds, of which the last stands for more; flags; the place in steps of 1e-7°; height; the error; course, speed
/// and the fix before.
fn long_fix(bytes: &mut Bytes<'_>, received_at: DateTime<Utc>) -> Result<Option<Position>, PayloadError> {
    let age = u16::from_be_bytes(bytes.take("a position's age")?);
    let [flags, a, b, c, d, e, f, g, h, _, _, error] = bytes.take("a position by satellites")?;
    let age = Some(age).filter(|age| *age < u16::MAX).map(i64::from);
    let place = [[a, b, c, d], [e, f, g, h]].map(i32::from_be_bytes);
    let accuracy_m = if flags & 2 == 0 { Some(error_in_steps(error)) } else { error_in_metres(error) };
    Ok(position(place, age, accuracy_m, received_at))
}

fn position(
    [latitude_e7, longitude_e7]: [i32; 2],
    age_s: Option<i64>,
    accuracy_m: Option<u32>,
    received_at: DateTime<Utc>,
) -> Option<Position> {
    Some(Position {
        at: received_at.checked_sub_signed(TimeDelta::seconds(age_s?))?,
        accuracy_m: accuracy_m?,
        point: Point::from_e7(latitude_e7, longitude_e7).ok()?,
        source: PositionSource::Tracker,
    })
}

/// 255 steps from 0 to 1000 m, cut, so that the next one is meant; the last stands for more.
fn error_in_steps(steps: u8) -> u32 {
    if steps == u8::MAX { FIX_ACCURACY_M } else { ((u32::from(steps) + 1) * 1_000).div_ceil(255) }
}

/// `None`: more than 4 km, and nobody knows how much.
const fn error_in_metres(metres: u8) -> Option<u32> {
    match metres {
        251 => Some(500),
        252 => Some(1_000),
        253 => Some(2_000),
        254 => Some(4_000),
        255 => None,
        _ => Some(metres as u32),
    }
}

/// The tag tells whether it is one; then how many there were, and the strongest by its three axes, in 0.001 g.
fn shock(bytes: &mut Bytes<'_>) -> Result<Option<u32>, PayloadError> {
    let [tag] = bytes.take("the tag of a message")?;
    if tag & 0x07 != SHOCK {
        return Ok(None);
    }
    let [_count, a, b, c, d, e, f] = bytes.take("a shock")?;
    let axes = [[a, b], [c, d], [e, f]].map(|axis| i16::from_be_bytes(axis).unsigned_abs());
    // Three squares of 15 bits and the one of 32,768 fit into 32.
    Ok(Some(axes.map(|axis| u32::from(axis).pow(2)).iter().sum::<u32>().isqrt()))
}
