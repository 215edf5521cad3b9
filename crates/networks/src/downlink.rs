//! Downlinks: the bytes that a tracker obeys, and how each network server wants to be handed them.
//!
//! Runs in the tracking service, which has the address and the key of the network server, and does the sending. What the
//! network server says later of a downlink comes back as an [`Event`](crate::Event) with a [`Report`].

pub mod chirpstack;
pub mod the_things_stack;

use chrono::{DateTime, Utc};
use domain::downlink::{Command, Entries, Span};
use domain::tracker_report::Limits;
use serde::{Deserialize, Serialize};
use wire::{Step, Thresholds};

use crate::payload::Codec;

/// A downlink as the network carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub f_port: u8,
    pub payload: Vec<u8>,
}

/// Why commands cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("a tracker with the codec {0} cannot be told this")]
    Unknown(Codec),
    #[error("the log of the time from {} to {} cannot be asked for", _0.from, _0.to)]
    Time(Span),
    #[error("this tracker has no interval of {0} minutes")]
    Interval(u8),
    #[error("a limit of {0} hundredths of a degree is beyond what can be said to a tracker")]
    Limit(i32),
    #[error("the commands cannot be written: {0}")]
    Wire(#[from] wire::EncodeError),
}

/// Writes a downlink for a tracker. `number` is higher than in any downlink before to it.
pub fn encode(codec: Codec, number: u32, commands: &[Command]) -> Result<Frame, CommandError> {
    match codec {
        Codec::Isotherm => encode_isotherm(number, commands),
        Codec::DraginoLht65n | Codec::DraginoLht65nProbe => match commands {
            [Command::ReadLog(span)] => poll(*span).ok_or(CommandError::Time(*span)),
            _ => Err(CommandError::Unknown(codec)),
        },
        _ => Err(CommandError::Unknown(codec)),
    }
}

fn encode_isotherm(number: u32, commands: &[Command]) -> Result<Frame, CommandError> {
    let commands = commands.iter().map(in_wire).collect::<Result<Vec<_>, _>>()?;
    let mut room = [0; wire::MAX_LEN];
    let length = wire::encode_commands(number, &commands, &mut room)?;
    let payload = room.get(..length).unwrap_or_default().to_vec();
    Ok(Frame { f_port: wire::COMMAND_PORT, payload })
}

/// The command by which a Dragino sends what it logged from one Unix second to another.
const POLL: u8 = 0x31;

/// A Dragino listens on any port.
const DRAGINO_PORT: u8 = 2;

/// From one uplink of its answer to the next, of 5 to 255 s: an uplink of the slowest data rate may take 1 % of the air.
const ANSWERS_EVERY_S: u8 = 255;

/// By the manual of the LHT65N (2.6.4). `None`: its clock knows no such time.
fn poll(span: Span) -> Option<Frame> {
    let second = |at: DateTime<Utc>| u32::try_from(at.timestamp()).ok().map(u32::to_be_bytes);
    let mut payload = vec![POLL];
    payload.extend(second(span.from)?);
    payload.extend(second(span.to)?);
    payload.push(ANSWERS_EVERY_S);
    Some(Frame { f_port: DRAGINO_PORT, payload })
}

fn in_wire(command: &Command) -> Result<wire::Command, CommandError> {
    Ok(match *command {
        Command::Acknowledge(entries) => wire::Command::Acknowledge(range(entries)),
        Command::Resend(entries) => wire::Command::Resend(range(entries)),
        Command::ReadLog(_) => return Err(CommandError::Unknown(Codec::Isotherm)),
        Command::Thresholds { low, high, low_delay_min, high_delay_min } => {
            wire::Command::Thresholds(thresholds(&Limits { low, high, low_delay_min, high_delay_min })?)
        }
        Command::Intervals { minutes, per_uplink } => {
            let step = Step::of(minutes.into()).ok_or(CommandError::Interval(minutes))?;
            wire::Command::Intervals { step, per_uplink }
        }
        Command::Clock { setting, forward_s } => wire::Command::Clock { setting, forward_s },
        Command::Flight { hours } => wire::Command::Flight { hours },
        Command::Identify { seconds } => wire::Command::Identify { seconds },
        Command::Restart => wire::Command::Restart,
    })
}

/// What a tracker's setup says where these are in force.
pub fn limits_sum(limits: &Limits) -> Result<u16, CommandError> {
    Ok(thresholds(limits)?.sum())
}

fn thresholds(limits: &Limits) -> Result<Thresholds, CommandError> {
    Ok(Thresholds {
        low: limit(limits.low.0)?,
        high: limit(limits.high.0)?,
        low_delay: limits.low_delay_min,
        high_delay: limits.high_delay_min,
    })
}

fn range(entries: Entries) -> wire::Range {
    wire::Range { first: entries.first, last: entries.last }
}

fn limit(hundredths: i32) -> Result<i16, CommandError> {
    i16::try_from(hundredths).map_err(|_| CommandError::Limit(hundredths))
}

/// What a network server says of a downlink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The names that the network has for it; one of them may be the one that it was handed over with or was given then.
    #[serde(rename = "i")]
    pub names: Vec<String>,
    #[serde(rename = "o")]
    pub outcome: Outcome,
    /// In the network's words.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The device said that it came.
    Acknowledged,
    /// It was sent, and the device did not say so.
    Unanswered,
    /// It could not be sent.
    Failed,
    /// It waited for too long.
    Expired,
}
