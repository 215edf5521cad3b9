//! The tracker's application: samples, readings, alarms, the log that forgets nothing unacknowledged, and what to send when.
//!
//! Before the first station of a reading's path. Written once, it runs on the chip, in the simulator and in tests: whoever
//! runs it asks [`Tracker::next`] what to do, does it, and tells how it went. Time, sensors, flash and radio are passed
//! in; what the air carries is `wire`'s.
//!
//! It must not know: a clock, an allocator, a chip, how LoRaWAN encrypts and joins, or what a shipment is.

#![no_std]

#[cfg(test)]
extern crate std;

mod airtime;
mod alarm;
mod clock;
mod keys;
mod link;
mod log;
mod machine;
mod obey;
mod outbox;
mod pace;
mod sampling;
mod saved;
mod senses;
mod tracker;

pub use airtime::{AIR_A_DAY_MS, DataRate, Region};
pub use keys::{KEYS_AT, KEYS_LENGTH, Keys, Module};
pub use log::{LogError, MAX_PAGES};
pub use machine::{Action, Heard, Light, Parts, Sent};
pub use outbox::{Payload, Send};
pub use pace::{Pace, pace};
pub use sampling::Sample;
pub use saved::{Saved, Stage};
pub use tracker::Tracker;
