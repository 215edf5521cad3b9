//! Why bytes are no message, and why a message cannot be written.

/// Why bytes are no message of this format. `entry` counts from 0, the newest; `command` from 0, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The port belongs to no message of that direction.
    UnknownPort(u8),
    /// Longer than any LoRaWAN payload.
    TooLong {
        length: usize,
    },
    /// A message of one length only.
    Length {
        length: usize,
        expected: usize,
    },
    /// The bytes end inside.
    EndsInside {
        entry: u8,
    },
    /// A bit that must not be set, or bytes behind the end.
    Reserved {
        entry: u8,
    },
    UnknownEvent {
        entry: u8,
        kind: u8,
    },
    Temperature {
        entry: u8,
    },
    Humidity {
        entry: u8,
    },
    /// A range of lost entries that is empty, or reaches the entry that tells of it.
    Lost {
        entry: u8,
    },
    /// More entries than can have been written before.
    SequenceBeforeFirst {
        entry: u8,
    },
    /// The times lead back before minute 0.
    TimeBeforeEpoch {
        entry: u8,
    },
    Battery {
        byte: u8,
    },
    UnknownResetCause {
        code: u8,
    },
    UnknownMode {
        code: u8,
    },
    /// Latitude or longitude beyond the poles or the date line.
    Position,
    CommandEndsInside {
        command: u8,
    },
    UnknownCommand {
        command: u8,
        code: u8,
    },
    /// A value that the command does not allow.
    CommandValue {
        command: u8,
    },
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::UnknownPort(port) => write!(f, "no message has the port {port}"),
            Self::TooLong { length } => write!(f, "{length} bytes are longer than any LoRaWAN payload"),
            Self::Length { length, expected } => write!(f, "{length} bytes: this message has {expected}"),
            Self::EndsInside { entry } => write!(f, "the bytes end inside entry {entry}"),
            Self::Reserved { entry } => write!(f, "entry {entry}: bits that must not be set"),
            Self::UnknownEvent { entry, kind } => write!(f, "entry {entry}: {kind} is no known event"),
            Self::Temperature { entry } => write!(f, "entry {entry}: a temperature that cannot be"),
            Self::Humidity { entry } => write!(f, "entry {entry}: a humidity beyond 0 to 100 %"),
            Self::Lost { entry } => write!(f, "entry {entry}: a range that cannot have been lost"),
            Self::SequenceBeforeFirst { entry } => write!(f, "entry {entry}: its sequence number is below 0"),
            Self::TimeBeforeEpoch { entry } => write!(f, "entry {entry}: its time is before minute 0"),
            Self::Battery { byte } => write!(f, "{byte} is no battery level (0 to 100, or 255)"),
            Self::UnknownResetCause { code } => write!(f, "{code} is no known cause of a reset"),
            Self::UnknownMode { code } => write!(f, "{code} is no known mode"),
            Self::Position => f.write_str("a position beyond 90° or 180°"),
            Self::CommandEndsInside { command } => write!(f, "the bytes end inside command {command}"),
            Self::UnknownCommand { command, code } => write!(f, "command {command}: {code} is not known"),
            Self::CommandValue { command } => write!(f, "command {command}: a value that is not allowed"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Why a message cannot be written. Earlier entries that cannot be written end the frame instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The room is too short for the message, or for the newest entry.
    NoRoom,
    /// There is nothing to say.
    Nothing,
    /// All sequence or command numbers are used: the tracker has reached its end of life and must be replaced.
    NumbersExhausted,
    /// A value is beyond what its documentation says.
    Value,
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "there is too little room for the message",
            Self::Nothing => "there is nothing to say",
            Self::NumbersExhausted => "the tracker's numbers are used up: replace it",
            Self::Value => "a value is beyond what the message can say",
        })
    }
}

impl core::error::Error for EncodeError {}
