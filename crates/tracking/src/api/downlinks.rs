//! Downlinks: what was said to a tracker, and what became of it.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::downlink::{Command, DownlinkState};
use serde::Serialize;
use store::Downlink as StoredDownlink;
use utoipa::ToSchema;

use super::access::{Caller, ReadTrackers};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, dev_eui, tracker_number};
use crate::Service;

/// One thing that is said to a tracker.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Command)]
pub enum Said {
    /// The service holds these entries of its log.
    Acknowledge {
        first: u32,
        last: u32,
    },
    /// These did not come: send them again.
    Resend {
        first: u32,
        last: u32,
    },
    /// Send what its log holds of this time, both ends included.
    ReadLog {
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
    /// Its own limits, and for how many minutes they must be broken until it raises its alarm.
    Thresholds {
        low_c: f64,
        high_c: f64,
        low_delay_min: u8,
        high_delay_min: u8,
    },
    /// From one reading to the next, and how many of them go with one uplink.
    Intervals {
        minutes: u8,
        per_uplink: u8,
    },
    /// Set the clock forward, or back where it is negative.
    Clock {
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

impl From<Command> for Said {
    fn from(command: Command) -> Self {
        match command {
            Command::Acknowledge(entries) => Self::Acknowledge { first: entries.first, last: entries.last },
            Command::Resend(entries) => Self::Resend { first: entries.first, last: entries.last },
            Command::ReadLog(span) => Self::ReadLog { from: span.from, to: span.to },
            Command::Thresholds { low, high, low_delay_min, high_delay_min } => {
                Self::Thresholds { low_c: celsius(low), high_c: celsius(high), low_delay_min, high_delay_min }
            }
            Command::Intervals { minutes, per_uplink } => Self::Intervals { minutes, per_uplink },
            Command::Clock { setting: _, forward_s } => Self::Clock { forward_s },
            Command::Flight { hours } => Self::Flight { hours },
            Command::Identify { seconds } => Self::Identify { seconds },
            Command::Restart => Self::Restart,
        }
    }
}

/// What was said to a tracker at one time.
#[derive(Serialize, ToSchema)]
pub struct Downlink {
    /// Counts the tracker's downlinks; it obeys none that is not above the last one.
    number: u32,
    /// By whose network server it goes out.
    integration: String,
    commands: Vec<Said>,
    state: DownlinkState,
    created_at: DateTime<Utc>,
    /// Then it is given up.
    expires_at: DateTime<Utc>,
    /// How often it was tried to hand it over.
    attempts: i32,
    handed_over_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed, or how it ended, in the network server's words; what the tracker says where it refused it.
    reason: Option<String>,
}

impl From<StoredDownlink> for Downlink {
    fn from(stored: StoredDownlink) -> Self {
        Self {
            number: stored.number,
            integration: stored.integration,
            commands: stored.commands.into_iter().map(Said::from).collect(),
            state: stored.state,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
            attempts: stored.attempts,
            handed_over_at: stored.handed_over_at,
            ended_at: stored.ended_at,
            reason: stored.reason,
        }
    }
}

/// What was said to a tracker and is to be said, the latest first.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path), PageQuery), responses(
    (status = 200, body = Page<Downlink>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/trackers/{dev_eui}/downlinks")]
pub async fn list_downlinks(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.parse(tracker_number)?;
    let mut db = service.store.connect().await?;
    let tracker = db.tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    let rows = db.downlinks(caller.organisation, tracker.id, before, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |row| row.number.to_string(), Downlink::from)))
}
