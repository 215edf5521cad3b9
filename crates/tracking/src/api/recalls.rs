//! Recalls: quality calls a lot back.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::RecallId;
use domain::gs1::{Gtin, Lot};
use domain::shipment::HoldReason;
use serde::{Deserialize, Serialize};
use store::{Connection, NewRecall, Recall, RecalledShipment};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadRecalls, RecallLots};
use super::boxes::key;
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, Problem, named};
use super::text::prose;
use crate::Service;
use crate::recalls::call_back;

#[derive(Serialize, ToSchema)]
#[schema(as = Recall)]
pub struct RecallView {
    id: Uuid,
    /// 14 digits.
    gtin: String,
    lot: String,
    reason: String,
    /// The e-mail address of who called it back.
    by: String,
    at: DateTime<Utc>,
    /// How many shipments it put on hold, so far.
    shipments: i64,
}

impl From<Recall> for RecallView {
    fn from(recall: Recall) -> Self {
        Self {
            id: recall.id.0,
            gtin: recall.gtin.to_string(),
            lot: recall.lot.to_string(),
            reason: recall.reason,
            by: recall.created_by,
            at: recall.created_at,
            shipments: recall.shipments,
        }
    }
}

/// A recall with the shipments that it put on hold.
#[derive(Serialize, ToSchema)]
pub struct RecallWithShipments {
    #[serde(flatten)]
    recall: RecallView,
    concerned: Vec<RecalledView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecalledShipment)]
pub struct RecalledView {
    id: Uuid,
    reference: String,
    held_at: DateTime<Utc>,
    /// Whether it is on hold now, and why.
    hold_reason: Option<HoldReason>,
}

impl From<RecalledShipment> for RecalledView {
    fn from(shipment: RecalledShipment) -> Self {
        Self {
            id: shipment.id.0,
            reference: shipment.reference,
            held_at: shipment.held_at,
            hold_reason: shipment.hold,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewRecall)]
pub struct RecallRequest {
    #[schema(example = "09506000134352")]
    gtin: String,
    lot: String,
    reason: String,
}

/// Calls a lot back: every shipment that was packed with it is on hold, and so is each that is packed with it later.
/// Contents of that lot without a GTIN are concerned as well.
#[utoipa::path(tag = "recalls", request_body = RecallRequest, responses(
    (status = 201, body = RecallWithShipments), (status = 422, body = Problem)))]
#[post("/recalls")]
pub async fn add_recall(
    service: web::Data<Service>,
    caller: Caller<RecallLots>,
    request: HttpRequest,
    body: web::Json<RecallRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let missing =
        |field: &str| ApiError::Unprocessable(format!("{field}: write the one that is called back"));
    let gtin: Gtin = key("gtin", Some(&body.gtin))?.ok_or_else(|| missing("gtin"))?;
    let lot: Lot = key("lot", Some(&body.lot))?.ok_or_else(|| missing("lot"))?;
    let reason = prose("reason", &body.reason, 1000)?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let recall = NewRecall { organisation: caller.organisation, gtin, lot, reason, created_by: caller.user };
    let (id, changes) = call_back(&mut db, &recall, now).await?;
    let answer = with_shipments(&mut db, &caller, id).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

async fn with_shipments<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    id: RecallId,
) -> Result<RecallWithShipments, ApiError> {
    let recall = db.recall(caller.organisation, id).await.map_err(named("recall"))?;
    let concerned = db.recalled_shipments(id).await?.into_iter().map(RecalledView::from).collect();
    Ok(RecallWithShipments { recall: recall.into(), concerned })
}

/// Recalls, newest first.
#[utoipa::path(tag = "recalls", params(PageQuery),
    responses((status = 200, body = Page<RecallView>), (status = 400, body = Problem)))]
#[get("/recalls")]
pub async fn list_recalls(
    service: web::Data<Service>,
    caller: Caller<ReadRecalls>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(500);
    let before = page.before()?.map(|(at, id)| (at, RecallId(id)));
    let mut db = service.store.connect().await?;
    let rows = db.recalls(caller.organisation, before, limit + 1).await?;
    let page = Page::of(rows, limit, |r| cursor_before(r.created_at, r.id.0), RecallView::from);
    Ok(HttpResponse::Ok().json(page))
}

/// One recall with the shipments that it put on hold.
#[utoipa::path(tag = "recalls", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecallWithShipments), (status = 404, body = Problem)))]
#[get("/recalls/{id}")]
pub async fn show_recall(
    service: web::Data<Service>,
    caller: Caller<ReadRecalls>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let answer = with_shipments(&mut db, &caller, RecallId(id.into_inner())).await?;
    Ok(HttpResponse::Ok().json(answer))
}
