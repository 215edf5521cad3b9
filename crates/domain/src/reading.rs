//! One reading, as every part behind the codecs knows it.
//!
//! Where it came from (frame, uplink, file) and whose it is are not its business: a set of readings decides
//! an assessment by what was measured when, and by nothing else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::quantity::{Humidity, Temperature};
use crate::time::{unix, utc};

/// What a tracker measured at one instant.
///
/// The order is by time first; two readings that are equal are the same reading, however often and on
/// whatever way they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reading {
    /// The tracker's own time in whole seconds; for trackers that send none, the earliest time at which the
    /// network received the uplink.
    pub measured_at: DateTime<Utc>,
    pub temperature: Temperature,
    /// The lowest and highest since the reading before, from trackers that sample more often than they report.
    pub min: Option<Temperature>,
    pub max: Option<Temperature>,
    pub humidity: Option<Humidity>,
    /// Seconds beyond the tracker's own limits since the reading before. Shown beside; it shortens no exposure,
    /// since the worse end counts for the whole standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_range_s: Option<u32>,
}

impl Reading {
    /// Lowest and highest of its value and its interval, in hundredths of °C.
    pub(crate) fn ends(&self) -> (i32, i32) {
        let value = self.temperature.0;
        let ends = [self.min, self.max].into_iter().flatten().map(|end| end.0);
        (ends.clone().fold(value, i32::min), ends.fold(value, i32::max))
    }

    /// With fractions of a second cut.
    pub(crate) fn in_whole_seconds(&self) -> Self {
        match self.measured_at.timestamp_subsec_nanos() {
            0 => *self,
            _ => Self { measured_at: utc(unix(self.measured_at)), ..*self },
        }
    }
}
