//! Parents: pallets, roll cages and manifests, and which boxes they hold when.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::packing::ParentKind;
use domain::{ParentId, ShipmentId};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, Connection, NewParent, Parent, ParentBox, ParentFilter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, Grant, ReadTransport, WriteShipments};
use super::boxes::key;
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, Problem, named};
use super::text::{happened, optional};
use crate::Service;
use crate::live::Change;

#[derive(Serialize, ToSchema)]
#[schema(as = Parent)]
pub struct ParentView {
    id: Uuid,
    kind: ParentKind,
    sscc: Option<String>,
    reference: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Parent> for ParentView {
    fn from(parent: Parent) -> Self {
        Self {
            id: parent.id.0,
            kind: parent.kind,
            sscc: parent.sscc.map(|sscc| sscc.to_string()),
            reference: parent.reference,
            created_at: parent.created_at,
        }
    }
}

/// A parent with every stay of a box in it, the latest first.
#[derive(Serialize, ToSchema)]
pub struct FilledParent {
    #[serde(flatten)]
    parent: ParentView,
    boxes: Vec<ParentStayView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ParentStay)]
pub struct ParentStayView {
    shipment: Uuid,
    reference: String,
    r#box: u32,
    sscc: Option<String>,
    from: DateTime<Utc>,
    /// Null while it is in there.
    until: Option<DateTime<Utc>>,
}

impl From<ParentBox> for ParentStayView {
    fn from(stay: ParentBox) -> Self {
        Self {
            shipment: stay.shipment.0,
            reference: stay.shipment_reference,
            r#box: stay.number,
            sscc: stay.sscc.map(|sscc| sscc.to_string()),
            from: stay.from,
            until: stay.until,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewParent)]
pub struct ParentRequest {
    #[schema(value_type = ParentKind)]
    kind: String,
    /// 18 digits. It has this or a reference, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sscc: Option<String>,
    /// What is written on it; unique among those of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

#[derive(Deserialize, IntoParams)]
pub struct ParentQuery {
    /// 18 digits.
    sscc: Option<String>,
    /// The whole reference.
    reference: Option<String>,
}

/// Parents, newest first.
#[utoipa::path(tag = "parents", params(ParentQuery, PageQuery),
    responses((status = 200, body = Page<ParentView>), (status = 400, body = Problem)))]
#[get("/parents")]
pub async fn list_parents(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    query: web::Query<ParentQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(500);
    let filter = ParentFilter {
        sscc: key("sscc", query.sscc.as_deref()).map_err(in_query)?,
        reference: optional("reference", query.reference.as_deref(), 100).map_err(in_query)?,
        before: page.before()?.map(|(at, id)| (at, ParentId(id))),
    };
    let mut db = service.store.connect().await?;
    let rows = db.parents(caller.sight(), &filter, limit + 1).await?;
    let page = Page::of(rows, limit, |p| cursor_before(p.created_at, p.id.0), ParentView::from);
    Ok(HttpResponse::Ok().json(page))
}

/// What is wrong in a query is the address's fault, not a body's.
pub fn in_query(error: ApiError) -> ApiError {
    match error {
        ApiError::Unprocessable(detail) => ApiError::BadRequest(detail),
        other => other,
    }
}

/// One parent with its boxes.
#[utoipa::path(tag = "parents", params(("id" = Uuid, Path)),
    responses((status = 200, body = FilledParent), (status = 404, body = Problem)))]
#[get("/parents/{id}")]
pub async fn show_parent(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let filled = filled(&mut db, &caller, ParentId(id.into_inner())).await?;
    Ok(HttpResponse::Ok().json(filled))
}

async fn filled<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    id: ParentId,
) -> Result<FilledParent, ApiError> {
    let parent = db.parent(caller.sight(), id).await.map_err(named("parent"))?;
    let boxes = db.stays_in_parent(caller.sight(), id).await?;
    Ok(FilledParent { parent: parent.into(), boxes: boxes.into_iter().map(ParentStayView::from).collect() })
}

/// Makes a pallet, a roll cage or a manifest, empty.
#[utoipa::path(tag = "parents", request_body = ParentRequest, responses(
    (status = 201, body = FilledParent), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/parents")]
pub async fn add_parent(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    body: web::Json<ParentRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let kind: ParentKind =
        body.kind.parse().map_err(|error| ApiError::Unprocessable(format!("kind: {error}")))?;
    let parent = NewParent {
        organisation: caller.organisation,
        kind,
        sscc: key("sscc", body.sscc.as_deref())?,
        reference: optional("reference", body.reference.as_deref(), 100)?,
        created_by: caller.user,
    };
    if parent.sscc.is_none() && parent.reference.is_none() {
        return Err(ApiError::Unprocessable("sscc: write one or a reference, by which it is found".into()));
    }
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let id = db.add_parent(&parent, now).await.map_err(|error| {
        if error.is_refused_by("parents_organisation_id_sscc_key") {
            return ApiError::Conflict(
                "sscc: there is a parent with this SSCC: find it by GET /parents?sscc=".into(),
            );
        }
        if error.is_refused_by("parents_organisation_id_kind_reference_key") {
            return ApiError::Conflict(format!(
                "reference: there is a {kind} with this reference: use it again"
            ));
        }
        error.into()
    })?;
    db.write_audit(&[audit(&caller, "parent.made", id, serde_json::json!(&*body))], now).await?;
    let answer = filled(&mut db, &caller, id).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await
}

fn audit<G: Grant>(
    caller: &Caller<G>,
    action: &'static str,
    parent: ParentId,
    detail: serde_json::Value,
) -> AuditEntry {
    let (organisation, actor) = (caller.organisation, Some(caller.user));
    AuditEntry { organisation, actor, action, subject: parent.to_string(), detail }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewFill)]
pub struct FillRequest {
    shipment: Uuid,
    /// The numbers of its boxes; all of them where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boxes: Option<Vec<u32>>,
    /// From when on they are in there.
    from: DateTime<Utc>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewEmptying)]
pub struct EmptyRequest {
    shipment: Uuid,
    /// The numbers of its boxes; all of them where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boxes: Option<Vec<u32>>,
    /// From when on they are not in there any more.
    until: DateTime<Utc>,
}

/// Puts boxes of a shipment into the parent. A box is in one parent at a time.
#[utoipa::path(tag = "parents", params(("id" = Uuid, Path)), request_body = FillRequest, responses(
    (status = 200, body = FilledParent), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/parents/{id}/boxes")]
pub async fn fill_parent(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<FillRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, shipment) = (ParentId(id.into_inner()), ShipmentId(body.shipment));
    let now = (service.clock)();
    happened("from", body.from, now)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.parent(caller.sight(), id).await.map_err(named("parent"))?;
    let numbers = numbers(&mut db, &caller, shipment, body.boxes.as_deref()).await?;
    let elsewhere = db.boxes_with_parent(shipment, &numbers, body.from).await?;
    if !elsewhere.is_empty() {
        return Err(ApiError::Conflict(format!(
            "boxes {elsewhere:?} are in a parent at that time or later: remove them from it first"
        )));
    }
    db.add_to_parent(caller.organisation, id, (shipment, &numbers), body.from, now).await?;
    let detail = serde_json::json!({ "shipment": shipment, "boxes": numbers, "from": body.from });
    db.write_audit(&[audit(&caller, "parent.filled", id, detail)], now).await?;
    let answer = filled(&mut db, &caller, id).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id: shipment })]);
    Ok(answer)
}

/// Takes boxes of a shipment out of the parent.
#[utoipa::path(tag = "parents", params(("id" = Uuid, Path)), request_body = EmptyRequest, responses(
    (status = 200, body = FilledParent), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/parents/{id}/boxes/remove")]
pub async fn empty_parent(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EmptyRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, shipment) = (ParentId(id.into_inner()), ShipmentId(body.shipment));
    let now = (service.clock)();
    happened("until", body.until, now)?;
    // The caller's clock may be a little ahead of ours; the stay has ended by now in any case.
    let until = body.until.min(now);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.parent(caller.sight(), id).await.map_err(named("parent"))?;
    let numbers = numbers(&mut db, &caller, shipment, body.boxes.as_deref()).await?;
    let ended = db.remove_from_parent(id, (shipment, &numbers), until).await?;
    // Asked for by number, each of them must be there; asked for all, those that are.
    if ended == 0 || (body.boxes.is_some() && ended < numbers.len()) {
        return Err(ApiError::Conflict("not all of these boxes were in the parent before that time".into()));
    }
    let detail = serde_json::json!({ "shipment": shipment, "boxes": numbers, "until": until });
    db.write_audit(&[audit(&caller, "parent.emptied", id, detail)], now).await?;
    let answer = filled(&mut db, &caller, id).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id: shipment })]);
    Ok(answer)
}

/// The boxes that a request names, each once and all of them the shipment's.
async fn numbers<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    shipment: ShipmentId,
    asked: Option<&[u32]>,
) -> Result<Vec<u32>, ApiError> {
    let shipment = db.shipment(caller.organisation, shipment).await.map_err(named("shipment"))?;
    let boxes = db.boxes(caller.sight(), shipment.id).await?;
    let known: BTreeSet<u32> = boxes.iter().map(|one| one.number).collect();
    let asked: BTreeSet<u32> = match asked {
        None => known.clone(),
        Some([]) => return Err(ApiError::Unprocessable("boxes: write the number of one at least".into())),
        Some(asked) => asked.iter().copied().collect(),
    };
    match asked.difference(&known).next() {
        Some(unknown) => {
            let reference = shipment.reference;
            Err(ApiError::Unprocessable(format!("boxes: the shipment {reference} has no box {unknown}")))
        }
        None => Ok(asked.into_iter().collect()),
    }
}
