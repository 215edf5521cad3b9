//! Rides: a tracker is bound to a shipment, and leaves it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::access::Sight;
use serde::{Deserialize, Serialize};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{BindTracker, Caller};
use super::entries::actor;
use super::once::Once;
use super::pool::check_free;
use super::problem::{ApiError, Problem, named};
use super::shipments::{Shipment, audit, show_one};
use super::text::{dev_eui, happened};
use crate::Service;
use crate::binding::{bind, unbind};
use crate::handover::Book;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct BindRequest {
    #[schema(example = "0102030405060708")]
    dev_eui: String,
    /// From when on the tracker's readings are this shipment's.
    from: DateTime<Utc>,
    /// The number of the box that it rides in; absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#box: Option<u32>,
}

/// A shipment after a tracker was bound.
#[derive(Serialize, ToSchema)]
#[schema(as = BoundShipment)]
pub struct Bound {
    #[serde(flatten)]
    shipment: Shipment,
    /// What speaks against this binding without forbidding it.
    warnings: Vec<String>,
}

/// Binds a tracker to the shipment from an instant on; what it measured since then is taken up.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)), request_body = BindRequest, responses(
    (status = 201, body = Bound), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/trackers")]
pub async fn bind_tracker(
    service: web::Data<Service>,
    caller: Caller<BindTracker>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<BindRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, dev_eui) = (ShipmentId(id.into_inner()), dev_eui(&body.dev_eui)?);
    let now = (service.clock)();
    happened("from", body.from, now)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let now = (service.clock)();
    let shipment = db.shipment(caller.organisation, id).await.map_err(named("shipment"))?;
    if !shipment.status.is_under_way() {
        return Err(ApiError::Conflict(format!("the shipment is {}", shipment.status)));
    }
    let pooled = db.pooled_tracker(caller.organisation, dev_eui).await.map_err(|error| match error {
        StoreError::NotFound => {
            ApiError::Unprocessable(format!("dev_eui: tracker {dev_eui} is not registered"))
        }
        other => other.into(),
    })?;
    check_box(&mut db, caller.sight(), id, body.r#box).await?;
    let tracker = &pooled.tracker;
    if db.is_tracker_bound(tracker.id, body.from).await? {
        return Err(ApiError::Conflict(format!("tracker {dev_eui} rides with a shipment at that time")));
    }
    let not_back = check_free(&pooled, now)?;
    let mut bound = bind(&service, &mut db, &shipment, tracker, body.r#box, body.from, now).await?;
    bound.warnings.extend(not_back);
    db.write_audit(&[audit(&caller, "tracker.bound", id, serde_json::json!(&*body))], now).await?;
    // What nobody has written of was packed when the tracker began to ride, by whoever binds it.
    let mut book = Book::open(&mut db, caller.organisation, id).await?;
    if book.ledger.rows.is_empty() {
        let by = actor(&mut db, &caller, &book).await?;
        bound.changes.extend(book.pack(&service, &mut db, by, (body.from.min(now), now)).await?);
    }
    let stored = db.shipment(caller.organisation, id).await?;
    let shipment = show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?;
    let answer = Bound { shipment, warnings: bound.warnings };
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(bound.changes);
    Ok(answer)
}

/// A box that a request names must be the shipment's.
async fn check_box(
    db: &mut Connection,
    sight: Sight,
    shipment: ShipmentId,
    number: Option<u32>,
) -> Result<(), ApiError> {
    let Some(number) = number else { return Ok(()) };
    match db.boxes(sight, shipment).await?.iter().any(|one| one.number == number) {
        true => Ok(()),
        false => Err(ApiError::Unprocessable(format!("box: the shipment has no box {number}"))),
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct UnbindRequest {
    /// From when on the tracker's readings are no longer this shipment's.
    until: DateTime<Utc>,
}

/// Ends a tracker's ride with the shipment; the tracker is free for the next one from then on.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path), ("dev_eui" = String, Path)),
    request_body = UnbindRequest, responses((status = 200, body = Shipment), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/shipments/{id}/trackers/{dev_eui}/unbind")]
pub async fn unbind_tracker(
    service: web::Data<Service>,
    caller: Caller<BindTracker>,
    request: HttpRequest,
    path: web::Path<(Uuid, String)>,
    body: web::Json<UnbindRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, dev_eui) = (ShipmentId(path.0), dev_eui(&path.1)?);
    let now = (service.clock)();
    happened("until", body.until, now)?;
    // The caller's clock may be a little ahead of ours; the ride has ended by now in any case.
    let until = body.until.min(now);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let now = (service.clock)();
    let shipment = db.shipment(caller.organisation, id).await.map_err(named("shipment"))?;
    let tracker = db.tracker(caller.organisation, dev_eui).await.map_err(named("tracker"))?;
    let changes = unbind(&service, &mut db, &shipment, &tracker, until, now).await?;
    let changes = changes.ok_or_else(|| {
        ApiError::Conflict(format!("tracker {dev_eui} has no open ride with this shipment that began before"))
    })?;
    let detail = serde_json::json!({ "dev_eui": dev_eui, "until": until });
    db.write_audit(&[audit(&caller, "tracker.unbound", id, detail)], now).await?;
    let stored = db.shipment(caller.organisation, id).await?;
    let shipment = show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &shipment).await?;
    service.live.publish(changes);
    Ok(answer)
}
