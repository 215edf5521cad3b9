//! Downlinks: what the service says to a tracker, and what becomes of it.
//!
//! Air is scarce downwards: while a gateway sends it hears nobody, so a fair share of a public network is ten downlinks
//! a day. [`plan`] therefore puts all that there is to say into one, or says nothing. Knows no bytes: how a
//! command is written is the codec's.

pub mod plan;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::plan::{Asked, ClockRequest, Gap, Situation, plan};
use crate::Temperature;
use crate::named_enum::named_enum;

/// How many downlinks one tracker gets within 24 hours, acknowledgements included: The Things Network's fair use policy
/// (<https://www.thethingsnetwork.org/docs/lorawan/duty-cycle/>), and what others ask for in their words.
pub const BUDGET: usize = 10;

/// How long a downlink waits for its answer, and what a person wants for a downlink, before it is given up.
pub const HOLDS: TimeDelta = TimeDelta::hours(24);

/// After a downlink that did not reach its tracker, so long no other one is planned.
pub const PAUSE: TimeDelta = TimeDelta::minutes(30);

/// Consecutive sequence numbers of a tracker's log, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entries {
    pub first: u32,
    /// At least `first`.
    pub last: u32,
}

impl Entries {
    pub fn holds(self, number: u32) -> bool {
        (self.first..=self.last).contains(&number)
    }

    pub fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// What is left without `other`: nothing, one part or two.
    pub fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let apart = !self.meets(other);
        let below = other.first.checked_sub(1).filter(|last| !apart && *last >= self.first);
        let above = other.last.checked_add(1).filter(|first| !apart && *first <= self.last);
        let below = below.map(|last| Self { last, ..self });
        let above = above.map(|first| Self { first, ..self });
        apart.then_some(self).into_iter().chain(below).chain(above)
    }

    /// What is left without any of `others`, in order.
    pub fn without_all(self, others: &[Self]) -> Vec<Self> {
        others
            .iter()
            .fold(vec![self], |left, other| left.iter().flat_map(|part| part.without(*other)).collect())
    }
}

/// A part of a log that is asked for by time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    pub from: DateTime<Utc>,
    /// At least `from`.
    pub to: DateTime<Utc>,
}

/// One thing that is said to a tracker. Stands like this in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Command {
    /// The service holds these, or the tracker said that it lost them: it may forget them.
    Acknowledge(Entries),
    /// These did not come: send them again.
    Resend(Entries),
    /// Send what its log holds of this time: to trackers that give their readings no numbers.
    ReadLog(Span),
    /// The tracker's own limits: what is outside of them for so many minutes (0 to 240) raises its own alarm.
    Thresholds {
        low: Temperature,
        high: Temperature,
        low_delay_min: u8,
        high_delay_min: u8,
    },
    /// From one reading to the next (1, 2, 5, 10, 15, 20, 30 or 60 minutes), and readings to an uplink (1 to 32).
    Intervals {
        minutes: u8,
        per_uplink: u8,
    },
    /// Move the clock, if it is still the one that was asked about.
    Clock {
        setting: u8,
        forward_s: i32,
    },
    /// Send nothing for so many hours; 0 ends it.
    Flight {
        hours: u8,
    },
    /// Blink for so many seconds, and say how it is.
    Identify {
        seconds: u8,
    },
    Restart,
}

impl Command {
    /// How many bytes it takes in a downlink, as docs/wire-format.md has it, or whoever made the tracker.
    pub const fn length(&self) -> usize {
        match self {
            Self::ReadLog(_) => 10,
            Self::Acknowledge(_) | Self::Resend(_) | Self::Thresholds { .. } => 7,
            Self::Clock { .. } => 6,
            Self::Intervals { .. } | Self::Flight { .. } | Self::Identify { .. } => 2,
            Self::Restart => 1,
        }
    }
}

named_enum! {
    /// What became of a downlink.
    DownlinkState, "state of a downlink" {
        /// It waits to be handed over to the network server.
        Queued = "queued",
        /// The network server has it, and waits for the tracker to be heard.
        HandedOver = "handed_over",
        /// The tracker said that it came, or that it obeyed it.
        Acknowledged = "acknowledged",
        /// It came, and the tracker did not obey it.
        Refused = "refused",
        /// It was sent, and the tracker did not say that it came.
        Unanswered = "unanswered",
        /// The network server did not take it, or could not send it.
        Failed = "failed",
        /// Nobody was heard in time.
        Expired = "expired",
    }
}
