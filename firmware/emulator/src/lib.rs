//! The tracker's image on a modelled STM32WLE5, with its sensors, its flash and its radio.
//!
//! What this shows and what it cannot is in `firmware/README.md`.

mod adc;
mod chip;
mod core;
mod exti;
mod flash;
mod gpio;
mod i2c;
mod image;
mod lptim;
mod network;
mod power;
mod radio;
pub mod rig;

pub use chip::{Chip, Times};
pub use core::{Machine, Reset};
pub use flash::{Cut, Flash, KEYS};
pub use i2c::Sensors;
pub use image::Image;
pub use network::{Frame, Network};
pub use radio::{Downlink, Uplink};

/// Cycles of the processor in a second.
pub const HZ: u64 = 16_000_000;
