//! The bytes between tracker and service, for both ends: firmware, simulator and service share this crate.
//!
//! First station of a reading's path: the tracker encodes a [`LogFrame`] into a LoRaWAN payload, the service's codec
//! decodes it. The layout is described for strangers in `docs/wire-format.md` and every byte of it is pinned by a
//! test; a change of meaning is a new port.
//!
//! It must not know: a clock, an allocator, what a shipment is, or which network carried the bytes.

#![no_std]

mod bits;
mod command;
mod entry;
mod error;
mod log;
mod report;
mod uplink;

pub use command::{
    COMMAND_PORT, Command, DELAY_MAX, Downlink, NUMBER_LEN, Range, Thresholds, encode_commands,
};
pub use entry::{
    Broken, EPOCH_UNIX_S, Entry, Event, EventKind, HUMIDITY_MAX, LOST_MAX, MAX_MINUTES, MAX_SEQUENCE,
    OUT_OF_RANGE_MAX, Reading, SPREAD_MAX, Spread, Stamp, Step, TEMPERATURE_MIN, What,
};
pub use error::{DecodeError, EncodeError};
pub use log::{Entries, LOG_PORT, LogFrame, MAX_ENTRIES, MAX_LEN, Written, encode};
pub use report::{
    CLOCK_PORT, ClockRequest, Firmware, Mode, POSITION_PORT, Position, ResetCause, SETUP_PORT, STATUS_PORT,
    Setup, Status,
};
pub use uplink::Uplink;
