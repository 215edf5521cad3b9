//! What the tracker and the machine that runs it say to each other.

use wire::{Firmware, ResetCause};

use crate::airtime::{DataRate, Region};
use crate::outbox::Send;
#[cfg(doc)]
use crate::tracker::Tracker;

/// What a tracker is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    pub region: Region,
    pub firmware: Firmware,
    /// The number of the thermometer's calibration certificate; 0 for none.
    pub calibration: u32,
    /// Why the program began.
    pub reset_cause: ResetCause,
    /// Any number that differs from tracker to tracker, such as the lower half of the DevEUI.
    pub seed: u32,
    /// The fastest data rate that it may choose; [`Region::fastest`] where nothing speaks against it.
    pub fastest: DataRate,
    /// How many pages the log has.
    pub log_pages: usize,
}

/// What is to be done now.
#[expect(clippy::large_enum_variant, reason = "there is no allocator")]
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Find out which sensors work, and tell it by [`Tracker::tested`].
    Test,
    /// Measure, and tell it by [`Tracker::sampled`].
    Sample,
    /// Ask the network to join, and tell it by [`Tracker::joined`]; where no answer comes, it is tried again later.
    Join { dev_nonce: u16, rate: DataRate },
    /// Send, listen, and tell it by [`Tracker::sent`].
    Send(Send),
    /// Nothing before that uptime, but for what is felt or pressed meanwhile. `u64::MAX`: not until then.
    Sleep { until_ms: u64 },
    /// Begin anew, with [`ResetCause::Software`].
    Restart,
}

/// What came of an uplink.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// How long the radio sent, in milliseconds; 0 where it did not.
    pub airtime_ms: u64,
    /// The MAC has answers for the network, which would take room of the next uplink.
    pub mac_pending: bool,
    pub heard: Option<Heard<'a>>,
}

/// A downlink. Whether it may be one recorded before is found out here.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub port: u8,
    pub payload: &'a [u8],
    /// Above the noise, in quarters of a dB.
    pub snr_quarter_db: i32,
}

/// What its light says, so that whoever unpacks the box sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    Ok,
    /// An alarm was raised since its button began, even if it is over.
    Alarm,
    /// The tracker must be replaced, and said no alarm before.
    Broken,
}
