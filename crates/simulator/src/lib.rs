//! Simulated trackers on journeys between real cities, posting webhooks as ChirpStack does.
//!
//! They stand before the first station of a reading's path: what they send is made by the tracker's own frame code
//! and reaches the ingester over HTTP, like a network server's. Everything follows from a tracker's number and the
//! time, so that two runs are alike. The simulator knows the services only by their address.

mod fleet;
mod journey;
mod tracker;
mod webhook;

pub use fleet::{Target, run};
pub use journey::{Behaviour, City, Journey};
pub use tracker::Tracker;
