//! What is around the trackers, and what the network says of them.

use chrono::{DateTime, Utc};
use domain::DevEui;
use geo::Point;
use tracker::{DataRate, Region};

use crate::downlinks::Became;
use crate::radio::{Gateway, Hole};

/// The world around the trackers.
#[derive(Debug, Clone)]
pub struct World {
    pub seed: u64,
    pub region: Region,
    pub gateways: Vec<Gateway>,
    pub holes: Vec<Hole>,
    /// Of a thousand uplinks, and of as many downlinks, so many are lost whatever the distance.
    pub lost_permille: u64,
    /// Of a thousand uplinks, so many are reported a second time, by a gateway that was late.
    pub doubled_permille: u64,
    /// After so many of a thousand uplinks the network's MAC asks the tracker's something, such as for its status.
    pub asks_permille: u64,
    /// The network tells the time to the tracker's LoRaWAN stack.
    pub tells_time: bool,
}

impl World {
    /// In which nothing is lost but by distance, and the network tells the time.
    pub fn new(seed: u64, region: Region, gateways: Vec<Gateway>) -> Self {
        Self {
            seed,
            region,
            gateways,
            holes: Vec::new(),
            lost_permille: 0,
            doubled_permille: 0,
            asks_permille: 0,
            tells_time: true,
        }
    }
}

/// What the network reports.
#[derive(Debug, Clone)]
pub enum Report {
    Joined { dev_eui: DevEui, dev_addr: u32, at: DateTime<Utc> },
    Uplink(Uplink),
    Downlink { dev_eui: DevEui, id: String, became: Became, at: DateTime<Utc> },
}

/// An uplink that some gateway heard.
#[derive(Debug, Clone)]
pub struct Uplink {
    pub dev_eui: DevEui,
    pub dev_addr: u32,
    pub f_cnt: u32,
    pub port: u8,
    pub payload: Vec<u8>,
    /// The tracker wants to know that it came.
    pub confirmed: bool,
    pub rate: DataRate,
    /// When its last gateway had it.
    pub at: DateTime<Utc>,
    /// The best first.
    pub heard_by: Vec<HeardBy>,
    /// Not the first report of it.
    pub is_copy: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct HeardBy {
    pub eui: u64,
    pub point: Point,
    pub rssi_dbm: f64,
    pub snr_db: f64,
}

/// What was on the air in all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub uplinks: u64,
    pub airtime_ms: u64,
    /// LoRaWAN frames, with their 13 bytes around the payload.
    pub bytes: u64,
    pub downlinks: u64,
}
