//! Gateways: which were heard of, and which of them ride in a vehicle.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::GatewayId;
use domain::place::VEHICLE_ACCURACY_M;
use serde::{Deserialize, Serialize};
use store::StoredGateway;
use utoipa::ToSchema;

use super::access::{Caller, ReadTrackers, WriteTrackers};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use crate::Service;

/// A gateway that heard a device.
#[derive(Serialize, ToSchema)]
pub struct Gateway {
    id: i32,
    /// As its network server names it.
    #[schema(example = "0016c001f1500812")]
    name: String,
    integration: String,
    /// When it last heard any device, to the minute.
    heard_at: DateTime<Utc>,
    /// The vehicle that it rides in; null for one that stands.
    vehicle: Option<Vehicle>,
}

/// A gateway in a vehicle tells where it is, and the boxes that it hears well are near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vehicle {
    /// How far it may be from where it says that it is, in metres (10 to 10000): how exact its receiver is, and how far
    /// it drives until it tells again.
    #[schema(example = 1000)]
    accuracy_m: u32,
}

impl From<StoredGateway> for Gateway {
    fn from(gateway: StoredGateway) -> Self {
        let StoredGateway { id, integration_id, name, heard_at, .. } = gateway;
        let vehicle = gateway.vehicle_accuracy_m.map(Vehicle::of);
        Self { id, name, integration: integration_id, heard_at, vehicle }
    }
}

impl Vehicle {
    fn of(accuracy_m: i32) -> Self {
        Self { accuracy_m: accuracy_m.unsigned_abs() }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = GatewayChange)]
pub struct GatewayRequest {
    /// Absent: it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vehicle: Option<Vehicle>,
}

/// The gateways that ever heard a device.
#[utoipa::path(tag = "trackers", params(PageQuery), responses(
    (status = 200, body = Page<Gateway>), (status = 400, body = Problem)))]
#[get("/gateways")]
pub async fn list_gateways(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let (limit, after) = (page.limit()?, page.parse(|text| text.parse().ok())?);
    let mut db = service.store.connect().await?;
    let rows = db.gateways(caller.organisation, after, limit + 1).await?;
    let page = Page::of(rows, limit, |gateway| gateway.id.to_string(), Gateway::from);
    Ok(HttpResponse::Ok().json(page))
}

/// Says whether a gateway rides in a vehicle. It counts for what is heard from then on.
#[utoipa::path(tag = "trackers", params(("id" = i32, Path)), request_body = GatewayRequest, responses(
    (status = 200, body = Gateway), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/gateways/{id}")]
pub async fn change_gateway(
    service: web::Data<Service>,
    caller: Caller<WriteTrackers>,
    request: HttpRequest,
    id: web::Path<i32>,
    body: web::Json<GatewayRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let accuracy_m = body.vehicle.map(|vehicle| vehicle.accuracy_m);
    if accuracy_m.is_some_and(|metres| !VEHICLE_ACCURACY_M.contains(&metres)) {
        let (least, most) = (VEHICLE_ACCURACY_M.start(), VEHICLE_ACCURACY_M.end());
        let told = format!("vehicle.accuracy_m: write {least} to {most} metres");
        return Err(ApiError::Unprocessable(told));
    }
    let (id, now) = (GatewayId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let changed = db.set_vehicle(caller.organisation, id, accuracy_m).await;
    let (before, gateway) = changed.map_err(named("gateway"))?;
    let detail = serde_json::json!({ "from": before.map(Vehicle::of), "to": body.vehicle });
    let subject = format!("gateway {}", gateway.name);
    db.write_audit(&[caller.audit("gateway.changed", subject, detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &Gateway::from(gateway)).await
}
