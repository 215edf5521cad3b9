//! Fleets of trackers on journeys between real cities: the tracker's own application in a modelled box, over a modelled
//! radio, behind a network server that posts webhooks and takes downlinks.
//!
//! They stand before the first station of a reading's path: what reaches the ingester is what the application wrote, and
//! what the tracking service answers reaches the application. Everything follows from a seed and the time, so that two
//! runs are alike. The simulator knows the services only by their address.

mod cooling;
mod device;
mod downlinks;
mod flash;
mod fleet;
mod incident;
mod journey;
mod lanes;
mod live;
mod network_server;
mod radio;
mod random;
mod webhook;
mod world;

pub use device::{Device, Plan, dev_eui};
pub use downlinks::{Became, Queued};
pub use fleet::Fleet;
pub use incident::Incident;
pub use journey::{City, Journey, Leg};
pub use lanes::LANES;
pub use live::{Clock, Live, Posts, Target, run};
pub use network_server::NetworkServer;
pub use radio::{Gateway, Hole};
pub use tracker::{DataRate, Region, Stage};
pub use webhook::{NotPlayed, Post, Sender};
pub use world::{HeardBy, Report, Totals, Uplink, World};
