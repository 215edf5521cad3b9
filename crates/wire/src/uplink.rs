//! Whatever a tracker sends, by the port that it came on.

use crate::error::DecodeError;
use crate::log::{LOG_PORT, LogFrame};
use crate::report::{
    CLOCK_PORT, ClockRequest, POSITION_PORT, Position, SETUP_PORT, STATUS_PORT, Setup, Status,
};

/// A message from a tracker. Its port is its kind and its version: another layout will have another port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uplink<'a> {
    Log(LogFrame<'a>),
    Status(Status),
    Setup(Setup),
    Position(Position),
    Clock(ClockRequest),
}

impl<'a> Uplink<'a> {
    pub fn decode(port: u8, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match port {
            LOG_PORT => LogFrame::decode(bytes).map(Self::Log),
            STATUS_PORT => Status::decode(bytes).map(Self::Status),
            SETUP_PORT => Setup::decode(bytes).map(Self::Setup),
            POSITION_PORT => Position::decode(bytes).map(Self::Position),
            CLOCK_PORT => ClockRequest::decode(bytes).map(Self::Clock),
            port => Err(DecodeError::UnknownPort(port)),
        }
    }
}
