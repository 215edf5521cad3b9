//! How a shipment ends before its destination: called off as long as nobody has taken it over, or turned back on its way.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::ShipmentId;
use domain::shipment::{ShipmentStatus, hold_turned_back};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, WriteShipments};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::shipments::{Shipment, audit, show_one};
use super::text::prose;
use crate::Service;
use crate::binding::{end_rides, lock_shipment};
use crate::live::Change;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct EndingRequest {
    /// Why, in at most 2000 characters.
    #[schema(example = "The hospital cancelled the order")]
    reason: String,
}

/// Calls a shipment off that nobody has taken over yet. Its trackers are free from then on.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)), request_body = EndingRequest, responses(
    (status = 200, body = Shipment), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/cancel")]
pub async fn cancel_shipment(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EndingRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, reason) = (ShipmentId(id.into_inner()), prose("reason", &body.reason, 2000)?);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let now = (service.clock)();
    let shipment = lock_shipment(&mut db, caller.organisation, id).await.map_err(named("shipment"))?;
    if !shipment.status.may_become(ShipmentStatus::Cancelled) {
        return Err(ApiError::Conflict(format!(
            "the shipment is {}: it is called off only as long as nobody has taken it over; on its way it turns back",
            shipment.status
        )));
    }
    db.cancel_shipment(id, &reason, now).await?;
    db.mark_watch(caller.organisation, id, now).await?;
    let mut changes = end_rides(&service, &mut db, caller.organisation, id, now, now).await?;
    let detail =
        serde_json::json!({ "reason": reason, "status": [shipment.status, ShipmentStatus::Cancelled] });
    db.write_audit(&[audit(&caller, "shipment.cancelled", id, detail)], now).await?;
    changes.push((caller.organisation, Change::Shipment { id }));
    let stored = db.shipment(caller.organisation, id).await?;
    let answer = show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

/// Turns a shipment back that is on its way: it goes to where it came from, is watched as before, and is on hold until
/// quality has decided.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)), request_body = EndingRequest, responses(
    (status = 200, body = Shipment), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/return")]
pub async fn return_shipment(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EndingRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, reason) = (ShipmentId(id.into_inner()), prose("reason", &body.reason, 2000)?);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let now = (service.clock)();
    let shipment = lock_shipment(&mut db, caller.organisation, id).await.map_err(named("shipment"))?;
    if !shipment.status.may_turn_back() {
        return Err(ApiError::Conflict(format!(
            "the shipment is {}: only one that is on its way, or delivered and not received, turns back",
            shipment.status
        )));
    }
    if shipment.turned_back.is_some() {
        return Err(ApiError::Conflict("the shipment has turned back already".into()));
    }
    let hold = hold_turned_back(shipment.hold);
    db.turn_shipment_back(id, &reason, now).await?;
    db.mark_watch(caller.organisation, id, now).await?;
    db.set_holds(&[(id, hold)]).await?;
    let detail = serde_json::json!({ "reason": reason, "hold": [shipment.hold, hold] });
    db.write_audit(&[audit(&caller, "shipment.turned_back", id, detail)], now).await?;
    let stored = db.shipment(caller.organisation, id).await?;
    let answer = show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id })]);
    Ok(answer)
}
