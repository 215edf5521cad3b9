//! A shipment's readings and what they amount to.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::evaluate::Assessment;
use serde::{Deserialize, Serialize};
use store::{Connection, SeriesCursor, SeriesPoint, Shipment, later_end};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, ReadShipments};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, percent, time};
use crate::Service;
use crate::decide::digest;
use crate::summary::{assess_rides, overall};

#[derive(Serialize, ToSchema)]
#[schema(as = Reading)]
pub struct ReadingView {
    measured_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    dev_eui: String,
    /// The tracker's own number of this reading.
    sequence: Option<i32>,
    temperature_c: f64,
    /// The lowest and highest since the reading before, from trackers that sample more often than they report.
    min_c: Option<f64>,
    max_c: Option<f64>,
    humidity_pct: Option<f64>,
    /// Seconds beyond the tracker's own limits since the reading before; shown beside, it shortens no exposure.
    out_of_range_s: Option<u32>,
    /// The tracker gave another value for the same instant, too; both are kept and the worse one counts.
    conflict: bool,
}

fn reading_view(point: &SeriesPoint) -> ReadingView {
    ReadingView {
        measured_at: point.reading.measured_at,
        received_at: point.received_at,
        dev_eui: point.dev_eui.to_string(),
        sequence: point.sequence,
        temperature_c: celsius(point.reading.temperature),
        min_c: point.reading.min.map(celsius),
        max_c: point.reading.max.map(celsius),
        out_of_range_s: point.reading.out_of_range_s,
        humidity_pct: point.reading.humidity.map(percent),
        conflict: point.conflict,
    }
}

#[derive(Deserialize, IntoParams)]
pub struct SpanQuery {
    /// The first instant, RFC 3339.
    from: Option<String>,
    /// The end, not included.
    to: Option<String>,
}

/// The shipment's readings in order of time.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path), SpanQuery, PageQuery), responses(
    (status = 200, body = Page<ReadingView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/shipments/{id}/readings")]
pub async fn list_readings(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    id: web::Path<Uuid>,
    span: web::Query<SpanQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let (from, to) = (time("from", span.from.as_deref())?, time("to", span.to.as_deref())?);
    let limit = page.limit()?;
    let after = page.parse(|text| {
        let (micros, rank) = text.split_once('_')?;
        let measured_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(SeriesCursor { measured_at, rank: rank.parse().ok()? })
    })?;
    let mut db = service.store.connect().await?;
    let shipment =
        db.shipment_seen_by(caller.sight(), ShipmentId(id.into_inner())).await.map_err(named("shipment"))?;
    let rides = db.rides(&[shipment.id]).await?;
    // Nothing lies before and after the rides: said once more, so that the database looks at their days only.
    let from = from.max(rides.iter().map(|ride| ride.from).min());
    let end = rides.iter().map(|ride| ride.until).reduce(later_end).flatten();
    let to = to.into_iter().chain(end).min();
    let rows = db.shipment_series(shipment.id, from, to, after, limit + 1).await?;
    let cursor = |(cursor, _): &(SeriesCursor, SeriesPoint)| {
        format!("{}_{}", cursor.measured_at.timestamp_micros(), cursor.rank)
    };
    let page = Page::of(rows, limit, cursor, |(_, point)| reading_view(&point));
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Serialize, ToSchema)]
#[schema(as = ShipmentAssessment)]
pub struct AssessmentView {
    /// The worst of the trackers'.
    assessment: Option<domain::evaluate::Verdict>,
    coverage: Option<domain::evaluate::Coverage>,
    /// Whether enough of the time is known for quality to consider a release; no all-clear. Null without a tracker.
    coverage_suffices_for_release: Option<bool>,
    /// The name of what is known now: it changes when something is found to be worse, better or missing, and not when time
    /// merely goes on. A decision that sends it as `seen` is refused when it has changed.
    digest: String,
    /// What has been spent of the profile's allowances, with the worse of two trackers at each second; null where the
    /// profile has none.
    allowances: Option<domain::allowance::Statement>,
    trackers: Vec<TrackerAssessment>,
}

/// One tracker's ride. Fields as `isotherm evaluate` prints them, and the gaps.
#[derive(Serialize, ToSchema)]
pub struct TrackerAssessment {
    dev_eui: String,
    until: Option<DateTime<Utc>>,
    /// Times of which nothing is known.
    gaps: Vec<Gap>,
    #[serde(flatten)]
    assessment: Assessment,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Span)]
pub struct Gap {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// What the readings amount to, up to now.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)),
    responses((status = 200, body = AssessmentView), (status = 404, body = Problem)))]
#[get("/shipments/{id}/assessment")]
pub async fn show_assessment(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let shipment =
        db.shipment_seen_by(caller.sight(), ShipmentId(id.into_inner())).await.map_err(named("shipment"))?;
    Ok(HttpResponse::Ok().json(assessment(&service, &mut db, &shipment).await?))
}

/// The assessment of a shipment as it is now.
pub(super) async fn assessment(
    service: &Service,
    db: &mut Connection,
    shipment: &Shipment,
) -> Result<AssessmentView, ApiError> {
    let stored = service.profiles.get_one(db, shipment.profile).await?;
    let rides = db.rides(&[shipment.id]).await?;
    let (assessed, allowances) = assess_rides(db, &stored.profile, &rides, (service.clock)()).await?;
    let digest = digest(shipment.hold, &rides, &assessed)?;
    let overall = overall(
        rides.iter().zip(&assessed).map(|(ride, of)| (ride, of.assessment.verdict, of.assessment.coverage)),
    );
    let trackers = rides.iter().zip(assessed).map(|(ride, assessed)| TrackerAssessment {
        dev_eui: ride.dev_eui.to_string(),
        until: ride.until,
        gaps: assessed.gaps.into_iter().map(|(from, to)| Gap { from, to }).collect(),
        assessment: assessed.assessment,
    });
    Ok(AssessmentView {
        assessment: overall.as_ref().map(|overall| overall.verdict),
        coverage: overall.map(|overall| overall.coverage),
        coverage_suffices_for_release: overall
            .map(|overall| overall.coverage.suffices_for_release(&stored.profile)),
        digest,
        allowances,
        trackers: trackers.collect(),
    })
}
