//! Downlinks: commands, each at its place in a message that has a number of its own.

use crate::entry::{MAX_SEQUENCE, Step, TEMPERATURE_MIN};
use crate::error::{DecodeError, EncodeError};

/// The LoRaWAN FPort of commands.
pub const COMMAND_PORT: u8 = 20;

/// The bytes of a downlink's number in front of its commands.
pub const NUMBER_LEN: usize = 3;

/// The longest delay of a threshold, in minutes.
pub const DELAY_MAX: u8 = 240;

/// What the service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// The service holds these entries: the tracker may forget them.
    Acknowledge(Range),
    /// These did not arrive: send them again.
    Resend(Range),
    Thresholds(Thresholds),
    /// From one reading to the next, and readings from one uplink to the next: 1 to 32.
    Intervals {
        step: Step,
        per_uplink: u8,
    },
    /// Add this to the clock, if it was not set since the [`ClockRequest`](crate::ClockRequest) with that `setting`.
    Clock {
        setting: u8,
        forward_s: i32,
    },
    /// Do not send for so many hours, 1 to 255; 0 ends it.
    Flight {
        hours: u8,
    },
    /// Blink for so many seconds, and send [`Status`](crate::Status) and [`Setup`](crate::Setup).
    Identify {
        seconds: u8,
    },
    Restart,
}

/// Sequence numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    pub first: u32,
    /// At least `first`.
    pub last: u32,
}

/// The tracker's own limits, by which it wakes the radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thresholds {
    /// 0.01 °C: what is colder is out of range.
    pub low: i16,
    /// 0.01 °C, above `low`: what is warmer is out of range.
    pub high: i16,
    /// Minutes out of range until the alarm, 0 to [`DELAY_MAX`].
    pub low_delay: u8,
    pub high_delay: u8,
}

impl Thresholds {
    /// The CRC-16/XMODEM of these as they are written, which [`Setup`](crate::Setup) reports.
    pub fn sum(&self) -> u16 {
        self.bytes().iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte) << 8, |crc: u16, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            })
        })
    }

    fn bytes(&self) -> [u8; 6] {
        let ([l1, l0], [h1, h0]) = (self.low.to_be_bytes(), self.high.to_be_bytes());
        [l1, l0, h1, h0, self.low_delay, self.high_delay]
    }

    fn is_sound(&self) -> bool {
        (TEMPERATURE_MIN..self.high).contains(&self.low)
            && self.low_delay <= DELAY_MAX
            && self.high_delay <= DELAY_MAX
    }
}

impl Range {
    const fn is_sound(self) -> bool {
        self.first <= self.last && self.last <= MAX_SEQUENCE
    }

    const fn bytes(self) -> [u8; 6] {
        let ([_, f2, f1, f0], [_, l2, l1, l0]) = (self.first.to_be_bytes(), self.last.to_be_bytes());
        [f2, f1, f0, l2, l1, l0]
    }
}

impl Command {
    const ACKNOWLEDGE: u8 = 1;
    const RESEND: u8 = 2;
    const THRESHOLDS: u8 = 3;
    const INTERVALS: u8 = 4;
    const CLOCK: u8 = 5;
    const FLIGHT: u8 = 6;
    const IDENTIFY: u8 = 7;
    const RESTART: u8 = 8;

    /// How many bytes it takes in a downlink.
    pub const fn length(&self) -> usize {
        1 + match self {
            Self::Acknowledge(_) | Self::Resend(_) | Self::Thresholds(_) => 6,
            Self::Clock { .. } => 5,
            Self::Intervals { .. } | Self::Flight { .. } | Self::Identify { .. } => 1,
            Self::Restart => 0,
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Acknowledge(range) | Self::Resend(range) => range.is_sound(),
            Self::Thresholds(thresholds) => thresholds.is_sound(),
            Self::Intervals { per_uplink, .. } => (1..=32).contains(per_uplink),
            Self::Clock { .. } | Self::Flight { .. } | Self::Identify { .. } | Self::Restart => true,
        }
    }

    fn write(&self, to: &mut Writer<'_>) -> Option<()> {
        match *self {
            Self::Acknowledge(range) => to.put(Self::ACKNOWLEDGE, &range.bytes()),
            Self::Resend(range) => to.put(Self::RESEND, &range.bytes()),
            Self::Thresholds(thresholds) => to.put(Self::THRESHOLDS, &thresholds.bytes()),
            Self::Intervals { step, per_uplink } => {
                to.put(Self::INTERVALS, &[step.code() << 5 | per_uplink.saturating_sub(1)])
            }
            Self::Clock { setting, forward_s } => {
                let [s3, s2, s1, s0] = forward_s.to_be_bytes();
                to.put(Self::CLOCK, &[setting, s3, s2, s1, s0])
            }
            Self::Flight { hours } => to.put(Self::FLIGHT, &[hours]),
            Self::Identify { seconds } => to.put(Self::IDENTIFY, &[seconds]),
            Self::Restart => to.put(Self::RESTART, &[]),
        }
    }
}

struct Writer<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, code: u8, bytes: &[u8]) -> Option<()> {
        let (first, rest) = self.room.get_mut(self.at..)?.split_first_mut()?;
        rest.get_mut(..bytes.len())?.copy_from_slice(bytes);
        *first = code;
        self.at += 1 + bytes.len();
        Some(())
    }
}

/// Writes a downlink and returns its length. `number` is higher than that of any downlink before, and at most
/// [`MAX_SEQUENCE`]; 0 is none.
pub fn encode_commands(number: u32, commands: &[Command], room: &mut [u8]) -> Result<usize, EncodeError> {
    if number > MAX_SEQUENCE {
        return Err(EncodeError::NumbersExhausted);
    }
    if commands.is_empty() {
        return Err(EncodeError::Nothing);
    }
    if number == 0 || !commands.iter().all(Command::is_sound) {
        return Err(EncodeError::Value);
    }
    let [_, number @ ..] = number.to_be_bytes();
    room.get_mut(..NUMBER_LEN).ok_or(EncodeError::NoRoom)?.copy_from_slice(&number);
    let mut writer = Writer { room, at: NUMBER_LEN };
    commands.iter().try_for_each(|command| command.write(&mut writer)).ok_or(EncodeError::NoRoom)?;
    Ok(writer.at)
}

/// A whole and valid downlink; borrows the bytes that it was decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downlink<'a> {
    number: u32,
    commands: &'a [u8],
}

impl<'a> Downlink<'a> {
    /// Checks every byte: a tracker obeys all of its commands, or none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let nothing = DecodeError::CommandEndsInside { command: 0 };
        let ([n2, n1, n0], commands) = bytes.split_first_chunk::<NUMBER_LEN>().ok_or(nothing)?;
        let number = u32::from_be_bytes([0, *n2, *n1, *n0]);
        let mut rest = commands;
        let mut command = 0;
        while !rest.is_empty() {
            rest = read(rest, command)?.1;
            command = command.saturating_add(1);
        }
        match (number, command) {
            (_, 0) => Err(nothing),
            (0, _) => Err(DecodeError::CommandValue { command: 0 }),
            _ => Ok(Self { number, commands }),
        }
    }

    /// 1 to [`MAX_SEQUENCE`]. A tracker refuses one that is not above all that it has obeyed.
    pub const fn number(&self) -> u32 {
        self.number
    }

    pub fn commands(&self) -> impl Iterator<Item = Command> + use<'a> {
        let mut rest = self.commands;
        core::iter::from_fn(move || {
            // Decode has been through all of it.
            let (command, behind) = read(rest, 0).ok()?;
            rest = behind;
            Some(command)
        })
    }
}

/// The first command, and the bytes behind it.
fn read(bytes: &[u8], command: u8) -> Result<(Command, &[u8]), DecodeError> {
    let cut = DecodeError::CommandEndsInside { command };
    let (code, rest) = bytes.split_first().ok_or(cut)?;
    let (read, rest) = match *code {
        Command::ACKNOWLEDGE => range(rest).map(|(range, rest)| (Command::Acknowledge(range), rest)),
        Command::RESEND => range(rest).map(|(range, rest)| (Command::Resend(range), rest)),
        Command::THRESHOLDS => {
            rest.split_first_chunk().map(|([l1, l0, h1, h0, low_delay, high_delay], rest)| {
                let (low, high) = (i16::from_be_bytes([*l1, *l0]), i16::from_be_bytes([*h1, *h0]));
                let (low_delay, high_delay) = (*low_delay, *high_delay);
                (Command::Thresholds(Thresholds { low, high, low_delay, high_delay }), rest)
            })
        }
        Command::INTERVALS => rest.split_first().and_then(|(pace, rest)| {
            let step = Step::from_code(pace >> 5)?;
            Some((Command::Intervals { step, per_uplink: (pace & 31) + 1 }, rest))
        }),
        Command::CLOCK => rest.split_first_chunk().map(|([setting, s3, s2, s1, s0], rest)| {
            let forward_s = i32::from_be_bytes([*s3, *s2, *s1, *s0]);
            (Command::Clock { setting: *setting, forward_s }, rest)
        }),
        Command::FLIGHT => rest.split_first().map(|(hours, rest)| (Command::Flight { hours: *hours }, rest)),
        Command::IDENTIFY => {
            rest.split_first().map(|(seconds, rest)| (Command::Identify { seconds: *seconds }, rest))
        }
        Command::RESTART => Some((Command::Restart, rest)),
        code => return Err(DecodeError::UnknownCommand { command, code }),
    }
    .ok_or(cut)?;
    if read.is_sound() { Ok((read, rest)) } else { Err(DecodeError::CommandValue { command }) }
}

fn range(bytes: &[u8]) -> Option<(Range, &[u8])> {
    let ([f2, f1, f0, l2, l1, l0], rest) = bytes.split_first_chunk()?;
    let first = u32::from_be_bytes([0, *f2, *f1, *f0]);
    Some((Range { first, last: u32::from_be_bytes([0, *l2, *l1, *l0]) }, rest))
}
