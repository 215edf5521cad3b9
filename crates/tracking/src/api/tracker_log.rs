//! A tracker's own account of what happened to it.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::tracker_log::{Noted, TrackerEvent};
use serde::Serialize;
use store::LogEntry as StoredEntry;
use utoipa::ToSchema;

use super::access::{Caller, ReadTrackers};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{dev_eui, tracker_number};
use crate::Service;

/// An entry of a tracker's log that is no reading.
#[derive(Serialize, ToSchema)]
pub struct LogEntry {
    /// Counts the entries of the log, readings among them, for the tracker's life.
    number: u32,
    /// By the tracker's clock; null where it did not know the time.
    at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    noted: NotedView,
    /// Of its own alarm about the temperature, raised while it rode: whether the service has an alert of that kind at that
    /// time, by the shipment's profile. Null of everything else.
    agrees: Option<bool>,
}

/// What happened, or what was lost.
#[derive(Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
#[schema(as = Noted)]
pub enum NotedView {
    Event {
        kind: TrackerEvent,
        /// 0 to 255, where the kind says of what.
        value: u8,
    },
    /// Entries that made room before they were acknowledged, or that were asked for and are not there any more.
    Lost { first: u32, last: u32 },
}

impl From<(StoredEntry, Option<bool>)> for LogEntry {
    fn from((stored, agrees): (StoredEntry, Option<bool>)) -> Self {
        let noted = match stored.noted {
            Noted::Event { kind, value } => NotedView::Event { kind, value },
            Noted::Lost(entries) => NotedView::Lost { first: entries.first, last: entries.last },
        };
        Self { number: stored.number, at: stored.at, received_at: stored.received_at, noted, agrees }
    }
}

/// What a tracker wrote down of itself, the latest first. Its readings are elsewhere.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path), PageQuery), responses(
    (status = 200, body = Page<LogEntry>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/trackers/{dev_eui}/log")]
pub async fn list_log(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.parse(tracker_number)?;
    let mut db = service.store.connect().await?;
    let tracker = db.tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    let rows = db.log_entries(caller.organisation, tracker.id, before, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |(row, _)| row.number.to_string(), LogEntry::from)))
}
