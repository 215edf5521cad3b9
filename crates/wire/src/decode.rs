//! Bytes to readings: everything is checked once in [`Frame::decode`], the accessors cannot fail.

use crate::frame::{
    BASE_LEN, BATTERY_MAX, HUMIDITY_MAX, MAX_LEN, NONE, REPEAT_LEN, Sample, Stamp, TEMPERATURE_MIN,
    TIME_UNKNOWN, VERSION,
};

/// The tracker's battery when the frame was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Battery {
    /// What is left, 0 to 100 %.
    Percent(u8),
    /// The tracker cannot tell.
    Unknown,
}

/// Why bytes are no frame of this version. `reading` counts from 0, the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Shorter than a frame with one reading.
    TooShort {
        length: usize,
    },
    /// Longer than any LoRaWAN payload.
    TooLong {
        length: usize,
    },
    /// The last repeat is cut off.
    Truncated {
        length: usize,
    },
    UnknownVersion(u8),
    /// A flag may change what a reading means, so one that is not known is not skipped.
    UnknownFlags(u8),
    Temperature {
        reading: u8,
        hundredths: i16,
    },
    Humidity {
        reading: u8,
        byte: u8,
    },
    Battery {
        byte: u8,
    },
    /// More repeats than readings can have been taken before.
    SequenceBeforeFirst {
        reading: u8,
    },
    /// The time differences lead back before minute 0.
    TimeBeforeEpoch {
        reading: u8,
    },
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::TooShort { length } => {
                write!(f, "{length} bytes are too short: a frame has at least {BASE_LEN}")
            }
            Self::TooLong { length } => {
                write!(f, "{length} bytes are too long: a frame has at most {MAX_LEN}")
            }
            Self::Truncated { length } => {
                write!(
                    f,
                    "{length} bytes end inside a reading: expected {BASE_LEN} and a multiple of {REPEAT_LEN}"
                )
            }
            Self::UnknownVersion(version) => {
                write!(f, "version {version} of the frame is not known, only {VERSION}")
            }
            Self::UnknownFlags(flags) => write!(f, "unknown flags {flags:#06b}"),
            Self::Temperature { reading, hundredths } => {
                write!(
                    f,
                    "reading {reading}: {hundredths} hundredths of a degree Celsius is below absolute zero"
                )
            }
            Self::Humidity { reading, byte } => {
                write!(f, "reading {reading}: {byte} is no humidity (0 to 200, or 255)")
            }
            Self::Battery { byte } => write!(f, "{byte} is no battery level (0 to 100, or 255)"),
            Self::SequenceBeforeFirst { reading } => {
                write!(f, "reading {reading}: its sequence number is below 0")
            }
            Self::TimeBeforeEpoch { reading } => write!(f, "reading {reading}: its time is before minute 0"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// A whole and valid frame; borrows the repeats from the bytes it was decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    newest: Sample,
    battery: Battery,
    repeats: &'a [[u8; REPEAT_LEN]],
}

impl<'a> Frame<'a> {
    /// Checks every byte. An error means that nothing of the frame is to be believed.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let length = bytes.len();
        // The version comes first: another one may have other lengths.
        let version = bytes.first().ok_or(DecodeError::TooShort { length })? >> 4;
        if version != VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        if length > MAX_LEN {
            return Err(DecodeError::TooLong { length });
        }
        let (base, rest) = bytes.split_first_chunk::<BASE_LEN>().ok_or(DecodeError::TooShort { length })?;
        let (repeats, []) = rest.as_chunks::<REPEAT_LEN>() else {
            return Err(DecodeError::Truncated { length });
        };
        let (newest, battery) = decode_newest(base)?;
        let frame = Self { newest, battery, repeats };
        frame.check_repeats()?;
        Ok(frame)
    }

    /// The newest reading.
    pub fn newest(&self) -> Sample {
        self.newest
    }

    pub fn battery(&self) -> Battery {
        self.battery
    }

    /// All readings, newest first; their sequence numbers go down by one.
    pub fn samples(&self) -> Samples<'a> {
        Samples { next: Some(self.newest), repeats: self.repeats }
    }

    fn check_repeats(&self) -> Result<(), DecodeError> {
        let mut sequence = self.newest.sequence;
        let mut minutes = self.newest.stamp.minutes();
        for ([delta, t1, t0, humidity], reading) in self.repeats.iter().zip(1..) {
            sequence = sequence.checked_sub(1).ok_or(DecodeError::SequenceBeforeFirst { reading })?;
            minutes =
                minutes.checked_sub(u32::from(*delta)).ok_or(DecodeError::TimeBeforeEpoch { reading })?;
            check_temperature(reading, i16::from_be_bytes([*t1, *t0]))?;
            check_humidity(reading, *humidity)?;
        }
        Ok(())
    }
}

fn decode_newest(base: &[u8; BASE_LEN]) -> Result<(Sample, Battery), DecodeError> {
    let [head, s2, s1, s0, m2, m1, m0, t1, t0, humidity, battery] = *base;
    let flags = head & 0x0f;
    let minutes = u32::from_be_bytes([0, m2, m1, m0]);
    let stamp = match flags {
        0 => Stamp::Utc(minutes),
        TIME_UNKNOWN => Stamp::SinceStart(minutes),
        _ => return Err(DecodeError::UnknownFlags(flags & !TIME_UNKNOWN)),
    };
    let temperature = i16::from_be_bytes([t1, t0]);
    check_temperature(0, temperature)?;
    check_humidity(0, humidity)?;
    let battery = match battery {
        NONE => Battery::Unknown,
        percent if percent <= BATTERY_MAX => Battery::Percent(percent),
        byte => return Err(DecodeError::Battery { byte }),
    };
    let sequence = u32::from_be_bytes([0, s2, s1, s0]);
    Ok((Sample { sequence, stamp, temperature, humidity: humidity_value(humidity) }, battery))
}

fn check_temperature(reading: u8, hundredths: i16) -> Result<(), DecodeError> {
    if hundredths < TEMPERATURE_MIN { Err(DecodeError::Temperature { reading, hundredths }) } else { Ok(()) }
}

fn check_humidity(reading: u8, byte: u8) -> Result<(), DecodeError> {
    if byte > HUMIDITY_MAX && byte != NONE { Err(DecodeError::Humidity { reading, byte }) } else { Ok(()) }
}

fn humidity_value(byte: u8) -> Option<u8> {
    (byte != NONE).then_some(byte)
}

/// The readings of a [`Frame`], newest first.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    next: Option<Sample>,
    repeats: &'a [[u8; REPEAT_LEN]],
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let current = self.next.take()?;
        if let Some(([delta, t1, t0, humidity], rest)) = self.repeats.split_first() {
            self.repeats = rest;
            // Saturating only spares the branch: decode has checked that neither goes below zero.
            self.next = Some(Sample {
                sequence: current.sequence.saturating_sub(1),
                stamp: current.stamp.at(current.stamp.minutes().saturating_sub(u32::from(*delta))),
                temperature: i16::from_be_bytes([*t1, *t0]),
                humidity: humidity_value(*humidity),
            });
        }
        Some(current)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.next.is_some()) + self.repeats.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Samples<'_> {}
