//! Simulated trackers and the real services: from a thermometer's sample to a row, and back to the tracker's log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod closed;
mod command;
mod services;
