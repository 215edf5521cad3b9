//! What trackers that others made tell beside readings.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::tracker_report::{Battery, Sensed, SensedChange};
use serde::Serialize;
use store::Sensing;
use utoipa::ToSchema;

use super::access::{Caller, ReadTrackers};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, dev_eui, percent};
use crate::Service;

/// What a tracker told last, each by itself; null of what it did not tell in its last 24 messages.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerSensed)]
pub struct SensedView {
    /// When it told the latest of this: by its clock, or when the network received it.
    at: DateTime<Utc>,
    /// What is left, 0 to 100 %.
    battery_pct: Option<u8>,
    battery_v: Option<f64>,
    /// By its own judgement.
    battery_low: Option<bool>,
    /// The door, or the box.
    open: Option<bool>,
    light_lux: Option<u32>,
    moving: Option<bool>,
    tampered: Option<bool>,
    /// The thermometer that gives its readings was asked and does not measure.
    sensor_failed: Option<bool>,
    /// In its case, where its readings are a probe's.
    case_temperature_c: Option<f64>,
    case_humidity_pct: Option<f64>,
}

impl From<Sensed> for SensedView {
    fn from(sensed: Sensed) -> Self {
        let (battery_pct, battery_v) = match sensed.battery {
            Some(Battery::Percent(percent)) => (Some(percent), None),
            Some(Battery::Millivolts(millivolts)) => (None, Some(f64::from(millivolts) / 1000.0)),
            None => (None, None),
        };
        Self {
            at: sensed.at,
            battery_pct,
            battery_v,
            battery_low: sensed.battery_low,
            open: sensed.open,
            light_lux: sensed.lux,
            moving: sensed.moving,
            tampered: sensed.tampered,
            sensor_failed: sensed.sensor_failed,
            case_temperature_c: sensed.case_temperature.map(celsius),
            case_humidity_pct: sensed.case_humidity.map(percent),
        }
    }
}

/// That something is otherwise than a tracker told before, or a shock.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerSensing)]
pub struct SensingView {
    /// By the tracker's clock, or when the network received it.
    at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    what: SensedChange,
    /// The peak of a shock; null of everything else.
    shock_g: Option<f64>,
}

impl From<Sensing> for SensingView {
    fn from(sensing: Sensing) -> Self {
        let Sensing { at, received_at, change, shock_mg } = sensing;
        Self { at, received_at, what: change, shock_g: shock_mg.map(|milli_g| f64::from(milli_g) / 1000.0) }
    }
}

/// What changed with a tracker that others made, as it told: door, movement, tampering, battery, sensor, and shocks; the
/// latest first. Of our own tracker it is its log.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path), PageQuery), responses(
    (status = 200, body = Page<SensingView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/trackers/{dev_eui}/sensings")]
pub async fn list_sensings(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    path: web::Path<String>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.parse(|text| {
        let (micros, change) = text.split_once('_')?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, change.parse().ok()?))
    })?;
    let mut db = service.store.connect().await?;
    let tracker = db.tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    let rows = db.sensings(caller.organisation, tracker.id, before, limit + 1).await?;
    let cursor = |row: &Sensing| format!("{}_{}", row.at.timestamp_micros(), row.change);
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, cursor, SensingView::from)))
}
