//! Evidence packages: everything that is known of one shipment in one file, which anybody can check without the
//! service, its database or a network.
//!
//! [`package`] writes one, [`check`] reads it back and says what was altered. Knows no database and no clock; the
//! signature is made by whoever holds the key.

mod archive;
mod check;
mod manifest;

pub use check::{Checked, Fault, check};
pub use manifest::{TooLarge, package};
