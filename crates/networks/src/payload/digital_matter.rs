//! Digital Matter's Oyster: where it is, whether it moves, and its battery. It measures no temperature.

use domain::place::{FIX_ACCURACY_M, Point, Position, PositionSource};
use domain::tracker_report::{Battery, Sensed};

use super::bytes::Bytes;
use super::{Given, Payload, PayloadError};

const POSITION: u8 = 1;
const ACKNOWLEDGEMENT: u8 = 2;
const STATISTICS: u8 = 3;
/// In nine bytes, for slow links.
const SHORT_POSITION: u8 = 4;

const MILLIVOLTS_A_STEP: u32 = 25;

const IN_TRIP: u8 = 1;
/// The place is that of the last fix that did not fail, of which no time is told.
const FIX_FAILED: u8 = 2;

pub fn read_oyster(given: &Given<'_>) -> Result<Payload, PayloadError> {
    let mut bytes = Bytes::new(given.bytes);
    match given.port {
        POSITION => {
            let [a, b, c, d, e, f, g, h, flags, _speed, battery] = bytes.take("a position of 11 bytes")?;
            let place = [[a, b, c, d], [e, f, g, h]].map(i32::from_le_bytes);
            read_position(place, flags, battery, given)
        }
        SHORT_POSITION => {
            let [a, b, c, d, e, f, _course, battery, flags] = bytes.take("a position of 9 bytes")?;
            // In steps of 256e-7°.
            let place = [[0, a, b, c], [0, d, e, f]].map(i32::from_le_bytes);
            read_position(place, flags, battery, given)
        }
        ACKNOWLEDGEMENT | STATISTICS => Ok(Payload::default()),
        _ => Err(given.unknown_port()),
    }
}

fn read_position(
    [latitude_e7, longitude_e7]: [i32; 2],
    flags: u8,
    battery: u8,
    given: &Given<'_>,
) -> Result<Payload, PayloadError> {
    let at = given.received_at()?;
    let sensed = Sensed {
        battery: Some(Battery::Millivolts(u32::from(battery) * MILLIVOLTS_A_STEP)),
        moving: Some(flags & IN_TRIP != 0),
        ..Sensed::at(at)
    };
    let point = (flags & FIX_FAILED == 0).then(|| Point::from_e7(latitude_e7, longitude_e7).ok()).flatten();
    let position = point.map(|point| Position {
        at,
        accuracy_m: FIX_ACCURACY_M,
        point,
        source: PositionSource::Tracker,
    });
    Ok(Payload { position, ..Payload::of_instant(None, None, sensed) })
}
