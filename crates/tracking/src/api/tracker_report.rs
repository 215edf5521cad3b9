//! How a tracker is and what is in force with it, by its own account.

use chrono::{DateTime, Utc};
use domain::tracker_report::{RestartCause, Setup, Status, TrackerMode};
use serde::Serialize;
use store::{Restart, TrackerReport};
use utoipa::ToSchema;

/// How a tracker is.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerStatus)]
pub struct StatusView {
    /// When a network received this.
    received_at: DateTime<Utc>,
    #[schema(example = "1.2.3")]
    firmware: String,
    /// What is left, 0 to 100 %; null where it cannot tell.
    battery_pct: Option<u8>,
    mode: TrackerMode,
    /// Its log cannot be written or has used all numbers, or its last self-test failed: it must be replaced.
    faulty: bool,
    restarted_by: RestartCause,
    /// When that was by the tracker's clock; null where it did not know the time, as after most restarts.
    restarted_at: Option<DateTime<Utc>>,
    /// When a network received word of it; null where none came.
    restart_received_at: Option<DateTime<Utc>>,
    /// The number that the next entry of its log will have.
    next: u32,
    /// How many entries before that one its log holds; 65535 stands for more.
    held: u16,
    /// How wrong its clock may be, in seconds: 254 stands for more, null where it was never set.
    clock_within_s: Option<u8>,
}

impl StatusView {
    pub fn of(report: TrackerReport<Status>, restart: Option<Restart>) -> Self {
        let Status { firmware, battery_pct, restarted_by, mode, faulty, next, held, clock_within_s } =
            report.said;
        Self {
            received_at: report.received_at,
            firmware,
            battery_pct,
            mode,
            faulty,
            restarted_by,
            restarted_at: restart.and_then(|restart| restart.at),
            restart_received_at: restart.map(|restart| restart.received_at),
            next,
            held,
            clock_within_s,
        }
    }
}

/// What is in force with a tracker.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerSetup)]
pub struct SetupView {
    /// When a network received this.
    received_at: DateTime<Utc>,
    /// The number of the last downlink that it obeyed; 0: none.
    downlink: u32,
    /// Of its thermometer, as the certificate numbers it; null where there is none.
    calibration: Option<u32>,
    /// From one reading to the next.
    minutes: u8,
    /// Readings from one uplink to the next.
    per_uplink: u8,
}

impl From<TrackerReport<Setup>> for SetupView {
    fn from(report: TrackerReport<Setup>) -> Self {
        let Setup { downlink, calibration, minutes, per_uplink, limits_sum: _ } = report.said;
        Self { received_at: report.received_at, downlink, calibration, minutes, per_uplink }
    }
}
