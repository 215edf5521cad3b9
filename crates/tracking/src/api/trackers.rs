//! Trackers: listed, and every uplink that was accepted of one.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::mapping::Mapping;
use domain::place::Point;
use domain::pool::PoolState;
use domain::{DevEui, OrganisationId};
use networks::payload::Codec;
use serde::{Deserialize, Serialize};
use store::{
    PooledTracker, SetAside as StoredSetAside, UnknownTracker, Uplink as StoredUplink, UplinkCursor,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, ReadTrackers};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, dev_eui, percent};
use super::tracker_report::{SetupView, StatusView};
use super::tracker_senses::SensedView;
use crate::Service;

#[derive(Serialize, ToSchema)]
pub struct Tracker {
    #[schema(example = "0102030405060708")]
    dev_eui: String,
    name: String,
    #[schema(value_type = Codec)]
    codec: String,
    /// Where the network server's decoded object says what it measured; null where its codec reads the payload.
    mapping: Option<Mapping>,
    /// Seconds between two uplinks as planned.
    interval_s: i32,
    pool: PoolState,
    /// The last ride that took it away; null before the first.
    last_ride: Option<LastRide>,
    /// When somebody last said that it is back, and that it is lost.
    returned_at: Option<DateTime<Utc>>,
    lost_at: Option<DateTime<Utc>>,
    /// When a network last heard it.
    heard_at: Option<DateTime<Utc>>,
    /// How it is, by its own last word; null where it never said so.
    status: Option<StatusView>,
    /// What is in force with it, by its own last word; null where it never said so.
    setup: Option<SetupView>,
    /// What it told beside readings, where others made it; null where it told nothing.
    sensed: Option<SensedView>,
}

/// A tracker's last ride, and when it must be back after it.
#[derive(Serialize, ToSchema)]
pub struct LastRide {
    shipment: Uuid,
    shipment_reference: String,
    until: Option<DateTime<Utc>>,
    due_back_at: Option<DateTime<Utc>>,
}

impl Tracker {
    pub(super) fn of(pooled: PooledTracker, now: DateTime<Utc>) -> Self {
        let PooledTracker {
            tracker,
            whereabouts,
            last_shipment,
            heard_at,
            status,
            in_force,
            restart,
            sensed,
        } = pooled;
        let last_ride = whereabouts.last_ride.zip(last_shipment).map(|(ride, (id, reference))| LastRide {
            shipment: id.0,
            shipment_reference: reference,
            until: ride.until,
            due_back_at: ride.due_at(),
        });
        Self {
            dev_eui: tracker.dev_eui.to_string(),
            name: tracker.name,
            codec: tracker.codec,
            mapping: tracker.mapping,
            interval_s: tracker.interval_s,
            pool: whereabouts.state(now),
            last_ride,
            returned_at: whereabouts.returned_at,
            lost_at: whereabouts.lost_at,
            heard_at,
            status: status.map(|status| StatusView::of(status, restart)),
            setup: in_force.map(SetupView::from),
            sensed: sensed.map(SensedView::from),
        }
    }
}

/// A tracker that was heard and is not registered.
#[derive(Serialize, ToSchema)]
#[schema(as = UnknownTracker)]
pub struct Unknown {
    dev_eui: String,
    integration: String,
    first_heard_at: DateTime<Utc>,
    last_heard_at: DateTime<Utc>,
}

impl From<UnknownTracker> for Unknown {
    fn from(unknown: UnknownTracker) -> Self {
        let UnknownTracker { dev_eui, integration, first_heard_at, last_heard_at } = unknown;
        Self { dev_eui: dev_eui.to_string(), integration, first_heard_at, last_heard_at }
    }
}

#[derive(Deserialize, IntoParams)]
pub struct TrackerQuery {
    /// `true`: those that were heard without being registered.
    #[serde(default)]
    unknown: bool,
    /// Those alone that are it.
    #[param(value_type = Option<PoolState>)]
    pool: Option<String>,
}

/// How many trackers are looked through at once for those of one state.
const SOUGHT_AT_ONCE: i64 = 1000;

/// Those of one state after `after`, one more than the limit where there are so many.
async fn of_state(
    db: &mut store::Connection,
    organisation: OrganisationId,
    (state, now): (PoolState, DateTime<Utc>),
    mut after: Option<DevEui>,
    limit: i64,
) -> Result<Vec<PooledTracker>, ApiError> {
    let (mut found, most) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
    loop {
        let some = db.pooled_trackers(organisation, after, SOUGHT_AT_ONCE).await?;
        let is_end = i64::try_from(some.len()).is_ok_and(|count| count < SOUGHT_AT_ONCE);
        after = some.last().map(|pooled| pooled.tracker.dev_eui);
        found.extend(some.into_iter().filter(|pooled| pooled.whereabouts.state(now) == state));
        if is_end || found.len() > most {
            return Ok(found);
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum TrackerPage {
    Registered(Page<Tracker>),
    Unknown(Page<Unknown>),
}

/// Trackers in the order of their DevEUIs; with `unknown=true` those that were heard without being registered.
#[utoipa::path(tag = "trackers", params(TrackerQuery, PageQuery),
    responses((status = 200, body = TrackerPage), (status = 400, body = Problem)))]
#[get("/trackers")]
pub async fn list_trackers(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    query: web::Query<TrackerQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let state = query
        .pool
        .as_deref()
        .map(|state| state.parse().map_err(|error| ApiError::BadRequest(format!("pool: {error}"))));
    let state: Option<PoolState> = state.transpose()?;
    let mut db = service.store.connect().await?;
    let after = page.parse(|text| text.parse().ok())?;
    if query.unknown {
        let rows = db.unknown_trackers(caller.organisation, after, limit + 1).await?;
        let page = Page::of(rows, limit, |unknown| unknown.dev_eui.to_string(), Unknown::from);
        return Ok(HttpResponse::Ok().json(TrackerPage::Unknown(page)));
    }
    let now = (service.clock)();
    let rows = match state {
        Some(state) => of_state(&mut db, caller.organisation, (state, now), after, limit).await?,
        None => db.pooled_trackers(caller.organisation, after, limit + 1).await?,
    };
    let cursor = |pooled: &PooledTracker| pooled.tracker.dev_eui.to_string();
    let page = Page::of(rows, limit, cursor, |pooled| Tracker::of(pooled, now));
    Ok(HttpResponse::Ok().json(TrackerPage::Registered(page)))
}

/// One tracker.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path)),
    responses((status = 200, body = Tracker), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[get("/trackers/{dev_eui}")]
pub async fn show_tracker(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let pooled = db.pooled_tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    Ok(HttpResponse::Ok().json(Tracker::of(pooled, (service.clock)())))
}

/// A gateway that heard an uplink, as `networks::decode` wrote it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what is kept as JSON and passed on unread")]
struct HeardGateway {
    id: Option<String>,
    rssi_dbm: Option<f64>,
    snr_db: Option<f64>,
    location: Option<Point>,
}

/// An uplink as the network server reported it.
#[derive(Serialize, ToSchema)]
pub struct Uplink {
    integration: String,
    f_cnt: i64,
    f_port: i32,
    /// Lower-case hex; null where the network sent only what it made of it.
    payload: Option<String>,
    /// What the network server's own decoder made of it; null where nobody reads that.
    #[schema(value_type = Option<Object>)]
    decoded: Option<Box<serde_json::value::RawValue>>,
    confirmed: bool,
    received_at: DateTime<Utc>,
    arrived_at: DateTime<Utc>,
    #[schema(value_type = Vec<HeardGateway>)]
    gateways: Box<serde_json::value::RawValue>,
    /// What of it could not be read, and why; null where all of it was.
    problem: Option<String>,
}

fn uplink(uplink: StoredUplink) -> Uplink {
    let none = || serde_json::value::RawValue::from_string("[]".to_owned()).unwrap_or_default();
    Uplink {
        integration: uplink.integration,
        f_cnt: uplink.f_cnt,
        f_port: uplink.f_port,
        payload: uplink.payload.map(hex::encode),
        decoded: uplink.decoded.and_then(|text| serde_json::value::RawValue::from_string(text).ok()),
        confirmed: uplink.confirmed,
        received_at: uplink.received_at,
        arrived_at: uplink.arrived_at,
        gateways: serde_json::value::RawValue::from_string(uplink.gateways).unwrap_or_else(|_| none()),
        problem: uplink.problem,
    }
}

/// Every uplink of a device as accepted, newest first, also of a device that nobody registered and with payloads
/// that nobody understands. Copies of one uplink are shown once.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path), PageQuery),
    responses((status = 200, body = Page<Uplink>), (status = 400, body = Problem)))]
#[get("/trackers/{dev_eui}/uplinks")]
pub async fn list_uplinks(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| {
        let (micros, rank) = text.split_once('_')?;
        let received_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(UplinkCursor { received_at, rank: rank.parse().ok()? })
    })?;
    let mut db = service.store.connect().await?;
    let rows = db.uplinks(caller.organisation, dev_eui(&path)?, after, limit + 1).await?;
    let cursor = |(place, _): &(UplinkCursor, StoredUplink)| {
        format!("{}_{}", place.received_at.timestamp_micros(), place.rank)
    };
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, cursor, |(_, stored)| uplink(stored))))
}

/// A reading that counts nowhere, and why.
#[derive(Serialize, ToSchema)]
pub struct SetAside {
    /// Null where the tracker did not know the time.
    measured_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    sequence: Option<i32>,
    temperature_c: f64,
    humidity_pct: Option<f64>,
    reason: String,
}

impl From<StoredSetAside> for SetAside {
    fn from(stored: StoredSetAside) -> Self {
        Self {
            measured_at: stored.measured_at,
            received_at: stored.received_at,
            sequence: stored.sequence,
            temperature_c: celsius(stored.temperature),
            humidity_pct: stored.humidity.map(percent),
            reason: stored.reason,
        }
    }
}

/// Readings that were set aside: without a time, or of a time that cannot be; the latest stored first.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path), PageQuery), responses(
    (status = 200, body = Page<SetAside>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/trackers/{dev_eui}/set-aside")]
pub async fn list_set_aside(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let tracker = db.tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    let rows = db.set_aside(caller.organisation, tracker.id, before, limit + 1).await?;
    let page = Page::of(rows, limit, |(place, _)| place.to_string(), |(_, stored)| SetAside::from(stored));
    Ok(HttpResponse::Ok().json(page))
}
