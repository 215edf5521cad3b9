//! Tracker to bytes: the newest reading, then as many predecessors as fit.

use crate::decode::Battery;
use crate::frame::{
    BASE_LEN, BATTERY_MAX, HUMIDITY_MAX, MAX_MINUTES, MAX_REPEATS, MAX_SEQUENCE, NONE, REPEAT_LEN, Sample,
    Stamp, TEMPERATURE_MIN, TIME_UNKNOWN, VERSION,
};

/// Why the newest reading cannot be written. A predecessor that cannot be written ends the repeats instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The room is shorter than [`BASE_LEN`].
    NoRoom,
    /// All sequence numbers are used: the tracker has reached its end of life and must be replaced.
    SequenceExhausted,
    /// The minutes do not fit 24 bits.
    Minutes,
    /// Below absolute zero.
    Temperature,
    /// Above 100 %.
    Humidity,
    /// Above 100 %.
    Battery,
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "a frame needs 11 bytes of room",
            Self::SequenceExhausted => "the tracker's sequence numbers are used up: replace it",
            Self::Minutes => "the minutes do not fit 24 bits",
            Self::Temperature => "the temperature is below absolute zero",
            Self::Humidity => "the humidity is above 100 %",
            Self::Battery => "the battery is above 100 %",
        })
    }
}

impl core::error::Error for EncodeError {}

/// Writes `newest` and behind it as many of its predecessors as `room` has space for; returns the length.
///
/// `predecessors` come newest first. The repeats end, without an error, at the first one that the layout
/// cannot express: its sequence number is not the one before, it lies more than 255 minutes earlier or is
/// later, its time is of the other kind, or a value is out of range. What is left out stays in the tracker's
/// log and travels as the newest reading of a frame of its own.
pub fn encode(
    newest: &Sample,
    battery: Battery,
    predecessors: impl IntoIterator<Item = Sample>,
    room: &mut [u8],
) -> Result<usize, EncodeError> {
    let (base, rest) = room.split_first_chunk_mut::<BASE_LEN>().ok_or(EncodeError::NoRoom)?;
    *base = encode_newest(newest, battery)?;

    let (slots, _) = rest.as_chunks_mut::<REPEAT_LEN>();
    let mut length = BASE_LEN;
    let mut later = *newest;
    for (slot, earlier) in slots.iter_mut().take(MAX_REPEATS).zip(predecessors) {
        let Some(repeat) = encode_repeat(&earlier, &later) else { break };
        *slot = repeat;
        length += REPEAT_LEN;
        later = earlier;
    }
    Ok(length)
}

fn encode_newest(newest: &Sample, battery: Battery) -> Result<[u8; BASE_LEN], EncodeError> {
    if newest.sequence > MAX_SEQUENCE {
        return Err(EncodeError::SequenceExhausted);
    }
    if newest.stamp.minutes() > MAX_MINUTES {
        return Err(EncodeError::Minutes);
    }
    if newest.temperature < TEMPERATURE_MIN {
        return Err(EncodeError::Temperature);
    }
    let humidity = humidity_byte(newest.humidity).ok_or(EncodeError::Humidity)?;
    let battery = match battery {
        Battery::Unknown => NONE,
        Battery::Percent(percent) if percent <= BATTERY_MAX => percent,
        Battery::Percent(_) => return Err(EncodeError::Battery),
    };
    let flags = match newest.stamp {
        Stamp::Utc(_) => 0,
        Stamp::SinceStart(_) => TIME_UNKNOWN,
    };
    let [_, s2, s1, s0] = newest.sequence.to_be_bytes();
    let [_, m2, m1, m0] = newest.stamp.minutes().to_be_bytes();
    let [t1, t0] = newest.temperature.to_be_bytes();
    Ok([(VERSION << 4) | flags, s2, s1, s0, m2, m1, m0, t1, t0, humidity, battery])
}

fn encode_repeat(earlier: &Sample, later: &Sample) -> Option<[u8; REPEAT_LEN]> {
    let follows = earlier.sequence.checked_add(1) == Some(later.sequence);
    let same_scale = later.stamp.at(earlier.stamp.minutes()) == earlier.stamp;
    if !follows || !same_scale || earlier.temperature < TEMPERATURE_MIN {
        return None;
    }
    let minutes = later.stamp.minutes().checked_sub(earlier.stamp.minutes())?;
    let delta = u8::try_from(minutes).ok()?;
    let [t1, t0] = earlier.temperature.to_be_bytes();
    Some([delta, t1, t0, humidity_byte(earlier.humidity)?])
}

fn humidity_byte(humidity: Option<u8>) -> Option<u8> {
    match humidity {
        None => Some(NONE),
        Some(steps) if steps <= HUMIDITY_MAX => Some(steps),
        Some(_) => None,
    }
}
