//! How a tracker is and what is in force with it, by its own account.

use chrono::{DateTime, Utc};
use domain::downlink::Command;
use domain::tracker_report::{Limits, RestartCause, Setup, Status, ToldLimits, TrackerMode};
use networks::downlink::limits_sum;
use serde::Serialize;
use store::{InForce, Restart, ToldDownlink, TrackerReport};
use utoipa::ToSchema;

use super::text::celsius;

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
    /// Its own limits, where they are those that it was told last, or that it was made with; null: others, which are not known.
    limits: Option<LimitsView>,
    /// Whether the limits that it was told last are in force; null where it was told none, or may not have them yet.
    limits_as_told: Option<bool>,
}

/// What is beyond one of these for its delay raises the tracker's own alarm.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerLimits)]
pub struct LimitsView {
    low_c: f64,
    high_c: f64,
    low_delay_min: u8,
    high_delay_min: u8,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let Limits { low, high, low_delay_min, high_delay_min } = limits;
        Self { low_c: celsius(low), high_c: celsius(high), low_delay_min, high_delay_min }
    }
}

impl From<InForce> for SetupView {
    fn from(in_force: InForce) -> Self {
        let Setup { downlink, calibration, minutes, per_uplink, limits_sum: _ } = in_force.setup;
        let told = in_force.told.as_ref().and_then(told_limits);
        Self {
            received_at: in_force.received_at,
            downlink,
            calibration,
            minutes,
            per_uplink,
            limits: limits_of(&in_force).map(LimitsView::from),
            limits_as_told: told.and_then(|told| in_force.setup.has(&told, in_force.received_at)),
        }
    }
}

/// A tracker's own limits, where they are known.
pub fn limits_of(in_force: &InForce) -> Option<Limits> {
    let told = in_force.told.as_ref().and_then(told_limits).map(|told| told.limits);
    let is_it = |limits: &Limits| limits_sum(limits).is_ok_and(|sum| sum == in_force.setup.limits_sum);
    told.into_iter().chain([Limits::MADE_WITH]).find(is_it)
}

/// Of several in one downlink the last one stays.
fn told_limits(told: &ToldDownlink) -> Option<ToldLimits> {
    let limits = told.commands.iter().rev().find_map(|command| match *command {
        Command::Thresholds { low, high, low_delay_min, high_delay_min } => {
            Some(Limits { low, high, low_delay_min, high_delay_min })
        }
        _ => None,
    })?;
    let sum = limits_sum(&limits).ok()?;
    Some(ToldLimits { limits, sum, number: told.number, ended_at: told.ended_at })
}
