//! What a tracker says of itself: messages of one length, each on a port of its own.

use crate::entry::{MAX_MINUTES, MAX_SEQUENCE, Step};
use crate::error::{DecodeError, EncodeError};

/// The LoRaWAN FPort of [`Status`].
pub const STATUS_PORT: u8 = 12;
/// The LoRaWAN FPort of [`Setup`].
pub const SETUP_PORT: u8 = 13;
/// The LoRaWAN FPort of [`Position`].
pub const POSITION_PORT: u8 = 14;
/// The LoRaWAN FPort of [`ClockRequest`].
pub const CLOCK_PORT: u8 = 15;

/// Stands for "not known" in a byte.
const NONE: u8 = 0xff;
const BATTERY_MAX: u8 = 100;

/// In the byte of a status that holds cause and mode.
const FAULTY: u8 = 0x08;

/// One step of a latitude or longitude on the wire: a part of 90° or 180°.
const PLACES: i64 = 1 << 23;

/// Why the tracker's program began anew. The numbers are the wire's and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ResetCause {
    PowerOn = 0,
    /// The supply fell too low.
    BrownOut = 1,
    Watchdog = 2,
    /// By a command, or after new firmware.
    Software = 3,
    /// The reset pin.
    Pin = 4,
    /// The program found its own state wrong.
    Fault = 5,
}

impl ResetCause {
    pub const ALL: [Self; 6] =
        [Self::PowerOn, Self::BrownOut, Self::Watchdog, Self::Software, Self::Pin, Self::Fault];
}

/// What the tracker is doing. The numbers are the wire's and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// In store: it neither measures nor sends.
    Shelf = 0,
    Measuring = 1,
    /// It measures and does not send.
    Flight = 2,
    /// It was stopped, and still hands over what its log holds.
    Stopped = 3,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Shelf, Self::Measuring, Self::Flight, Self::Stopped];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Firmware {
    pub major: u8,
    pub minor: u8,
    pub patch: u8,
}

/// How the tracker is, and what its log holds: 11 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status {
    pub firmware: Firmware,
    /// What is left, 0 to 100 %; none where the tracker cannot tell.
    pub battery_pct: Option<u8>,
    pub reset_cause: ResetCause,
    /// Entries cannot be written or are used up, or its last self-test found something broken: it must be replaced.
    pub faulty: bool,
    pub mode: Mode,
    /// The sequence number that the next entry will have: one more than [`MAX_SEQUENCE`] is never reached.
    pub next: u32,
    /// How many entries before `next` the log still holds, at most 65,535 of them told.
    pub held: u16,
    /// How wrong the clock may be, in seconds: 254 for more, none where it was never set.
    pub clock_within_s: Option<u8>,
}

impl Status {
    pub const LEN: usize = 11;

    pub fn encode(&self) -> Result<[u8; Self::LEN], EncodeError> {
        let Firmware { major, minor, patch } = self.firmware;
        let battery = battery(self.battery_pct)?;
        if self.next > MAX_SEQUENCE {
            return Err(EncodeError::NumbersExhausted);
        }
        let [_, n2, n1, n0] = self.next.to_be_bytes();
        let [h1, h0] = self.held.to_be_bytes();
        let state = (self.reset_cause as u8) << 4 | if self.faulty { FAULTY } else { 0 } | self.mode as u8;
        let within = self.clock_within_s.unwrap_or(NONE);
        Ok([major, minor, patch, battery, state, n2, n1, n0, h1, h0, within])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let [major, minor, patch, battery, state, n2, n1, n0, h1, h0, within] = *whole(bytes)?;
        let cause = ResetCause::ALL.get(usize::from(state >> 4));
        let mode = Mode::ALL.get(usize::from(state & 0x07));
        Ok(Self {
            firmware: Firmware { major, minor, patch },
            battery_pct: battery_pct(battery)?,
            reset_cause: *cause.ok_or(DecodeError::UnknownResetCause { code: state >> 4 })?,
            faulty: state & FAULTY != 0,
            mode: *mode.ok_or(DecodeError::UnknownMode { code: state & 0x07 })?,
            next: u32::from_be_bytes([0, n2, n1, n0]),
            held: u16::from_be_bytes([h1, h0]),
            clock_within_s: (within != NONE).then_some(within),
        })
    }
}

/// What the tracker was told, and by which thermometer it measures: 10 bytes. Also the answer to each command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Setup {
    /// The number of the last command that was obeyed; 0 where none was.
    pub command: u32,
    /// The calibration of the thermometer, as its certificate numbers it; 0 for none.
    pub calibration: u32,
    /// From one reading to the next.
    pub step: Step,
    /// Readings from one uplink to the next, 1 to 32, where the budget of air allows it.
    pub per_uplink: u8,
    /// The sum of its [`Thresholds`](crate::Thresholds), to see whether they are the ones that were sent.
    pub thresholds: u16,
}

impl Setup {
    pub const LEN: usize = 10;

    pub fn encode(&self) -> Result<[u8; Self::LEN], EncodeError> {
        if self.command > MAX_SEQUENCE {
            return Err(EncodeError::NumbersExhausted);
        }
        let per_uplink =
            self.per_uplink.checked_sub(1).filter(|less| *less < 32).ok_or(EncodeError::Value)?;
        let [_, n2, n1, n0] = self.command.to_be_bytes();
        let [c3, c2, c1, c0] = self.calibration.to_be_bytes();
        let [t1, t0] = self.thresholds.to_be_bytes();
        Ok([n2, n1, n0, c3, c2, c1, c0, self.step.code() << 5 | per_uplink, t1, t0])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let [n2, n1, n0, c3, c2, c1, c0, pace, t1, t0] = *whole(bytes)?;
        Ok(Self {
            command: u32::from_be_bytes([0, n2, n1, n0]),
            calibration: u32::from_be_bytes([c3, c2, c1, c0]),
            // Three bits number all eight steps.
            step: Step::from_code(pace >> 5).unwrap_or(Step::Minutes1),
            per_uplink: (pace & 31) + 1,
            thresholds: u16::from_be_bytes([t1, t0]),
        })
    }
}

/// Where the tracker found itself to be: 10 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Minutes since 2024-01-01T00:00Z.
    pub minutes: u32,
    /// Degrees, WGS 84, in 90/2^23: −2^23 to 2^23 − 1, so 1.2 m and less than 90°.
    pub latitude: i32,
    /// Degrees, WGS 84, in 180/2^23: −2^23 to 2^23 − 1, so 2.4 m or less and less than 180°.
    pub longitude: i32,
    /// Metres: 254 for more, none where the receiver does not say.
    pub accuracy_m: Option<u8>,
}

impl Position {
    pub const LEN: usize = 10;

    /// From millionths of a degree, WGS 84: the nearest that can be said.
    pub fn of_microdegrees(minutes: u32, latitude: i32, longitude: i32, accuracy_m: Option<u8>) -> Self {
        let scaled = |value: i32, whole: i64| {
            let nearest = (i64::from(value) * PLACES + whole / 2).div_euclid(whole);
            i32::try_from(nearest.clamp(-PLACES, PLACES - 1)).unwrap_or_default()
        };
        let (latitude, longitude) = (scaled(latitude, 90_000_000), scaled(longitude, 180_000_000));
        Self { minutes, latitude, longitude, accuracy_m }
    }

    /// The position in millionths of a degree: latitude, longitude.
    pub fn microdegrees(&self) -> (i32, i32) {
        let scaled = |value: i32, whole: i64| (i64::from(value) * whole) >> 23;
        let fits = |value: i64| i32::try_from(value).unwrap_or_default();
        (fits(scaled(self.latitude, 90_000_000)), fits(scaled(self.longitude, 180_000_000)))
    }

    pub fn encode(&self) -> Result<[u8; Self::LEN], EncodeError> {
        let fits = |value: i32| (-(1 << 23)..1 << 23).contains(&value);
        if self.minutes > MAX_MINUTES || !fits(self.latitude) || !fits(self.longitude) {
            return Err(EncodeError::Value);
        }
        let [_, m2, m1, m0] = self.minutes.to_be_bytes();
        let [_, a2, a1, a0] = self.latitude.to_be_bytes();
        let [_, o2, o1, o0] = self.longitude.to_be_bytes();
        Ok([m2, m1, m0, a2, a1, a0, o2, o1, o0, self.accuracy_m.unwrap_or(NONE)])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let [m2, m1, m0, a2, a1, a0, o2, o1, o0, accuracy] = *whole(bytes)?;
        Ok(Self {
            minutes: u32::from_be_bytes([0, m2, m1, m0]),
            // The shift back carries the sign.
            latitude: i32::from_be_bytes([a2, a1, a0, 0]) >> 8,
            longitude: i32::from_be_bytes([o2, o1, o0, 0]) >> 8,
            accuracy_m: (accuracy != NONE).then_some(accuracy),
        })
    }
}

/// The tracker asks how far its clock is off: 6 bytes. The answer is [`Command::Clock`](crate::Command::Clock).
///
/// It works however long the answer takes: the service compares `seconds` with when the network received this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockRequest {
    /// Seconds since 2024-01-01T00:00:00Z, or since the tracker's start where the clock was never set.
    pub seconds: u32,
    /// How often the clock was set, or lost by a reset, modulo 256: a correction names it, so that none is made twice, or of
    /// another clock.
    pub setting: u8,
    /// As in [`Status`].
    pub within_s: Option<u8>,
}

impl ClockRequest {
    pub const LEN: usize = 6;

    pub fn encode(&self) -> [u8; Self::LEN] {
        let [s3, s2, s1, s0] = self.seconds.to_be_bytes();
        [s3, s2, s1, s0, self.setting, self.within_s.unwrap_or(NONE)]
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let [s3, s2, s1, s0, setting, within] = *whole(bytes)?;
        let seconds = u32::from_be_bytes([s3, s2, s1, s0]);
        Ok(Self { seconds, setting, within_s: (within != NONE).then_some(within) })
    }
}

fn whole<const LEN: usize>(bytes: &[u8]) -> Result<&[u8; LEN], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::Length { length: bytes.len(), expected: LEN })
}

fn battery(percent: Option<u8>) -> Result<u8, EncodeError> {
    match percent {
        None => Ok(NONE),
        Some(percent) if percent <= BATTERY_MAX => Ok(percent),
        Some(_) => Err(EncodeError::Value),
    }
}

fn battery_pct(byte: u8) -> Result<Option<u8>, DecodeError> {
    match byte {
        NONE => Ok(None),
        percent if percent <= BATTERY_MAX => Ok(Some(percent)),
        byte => Err(DecodeError::Battery { byte }),
    }
}
