//! The bytes between tracker and service, for both ends: firmware, simulator and service share this crate.
//!
//! First station of a reading's path: the tracker encodes a [`Frame`] into a LoRaWAN payload, the service's
//! codec decodes it. The layout is described for strangers in `docs/wire-format.md` and every byte of it is
//! pinned by a test; a change of meaning is a new version.
//!
//! It must not know: a clock, an allocator, what a shipment is, or which network carried the bytes.

#![no_std]

mod decode;
mod encode;
mod frame;

pub use decode::{Battery, DecodeError, Frame, Samples};
pub use encode::{EncodeError, encode};
pub use frame::{
    BASE_LEN, EPOCH_UNIX_S, MAX_LEN, MAX_MINUTES, MAX_REPEATS, MAX_SEQUENCE, READINGS_PORT, REPEAT_LEN,
    Sample, Stamp, TEMPERATURE_MIN, VERSION,
};
