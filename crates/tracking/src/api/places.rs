//! Places: listed, made, shown and changed.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::gs1::Gln;
use domain::place::{Fence, Opening, Place as Known, StorageClass};
use domain::{OrganisationId, PlaceId};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, Connection, StoreError, StoredPlace};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadPlaces, WritePlaces};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{non_empty, optional, prose};
use crate::Service;

/// A place as it is written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPlace)]
pub struct PlaceRequest {
    /// Unique in the organisation.
    #[schema(example = "Hospital pharmacy, goods-in")]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Its Global Location Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "9506000134307")]
    gln: Option<String>,
    /// Whose it is: the organisation, or a partner of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<i32>,
    /// `{"circle": {"centre": {"lat", "lon"}, "radius_m"}}` or `{"polygon": {"corners": [{"lat", "lon"}]}}`. Without one,
    /// nobody can tell from positions whether a box is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fence: Option<Fence>,
    /// `{"zone": "Europe/Berlin", "weekly": {"mon": ["08:00-16:30"]}, "closed": ["2026-12-25"]}`; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opening: Option<Opening>,
    /// `ultra_cold`, `frozen`, `refrigerated`, `cool`, `controlled_room`, `room`; empty: not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    storage: Vec<StorageClass>,
}

/// Where shipments begin, change hands and end.
#[derive(Serialize, ToSchema)]
pub struct Place {
    id: Uuid,
    name: String,
    address: Option<String>,
    gln: Option<String>,
    operator: Option<OrganisationName>,
    fence: Option<Fence>,
    opening: Option<Opening>,
    storage: Vec<StorageClass>,
    /// Null where its hours are not known.
    open_now: Option<bool>,
    created_at: DateTime<Utc>,
}

/// The organisation itself, or a partner of it.
#[derive(Serialize, Clone, ToSchema)]
pub struct OrganisationName {
    pub id: i32,
    name: String,
}

pub(super) type Names = HashMap<OrganisationId, String>;

pub(super) fn organisation(id: OrganisationId, names: &Names) -> OrganisationName {
    OrganisationName { id: id.0, name: names.get(&id).cloned().unwrap_or_default() }
}

fn view(stored: StoredPlace, names: &Names, now: DateTime<Utc>) -> Place {
    let StoredPlace { place, address, gln, operator, created_at } = stored;
    Place {
        id: place.id.0,
        name: place.name,
        address,
        gln,
        operator: operator.map(|id| organisation(id, names)),
        open_now: place.opening.as_ref().map(|opening| opening.is_open(now)),
        fence: place.fence,
        opening: place.opening,
        storage: place.storage,
        created_at,
    }
}

async fn operators(
    db: &mut Connection,
    tenant: OrganisationId,
    places: &[StoredPlace],
) -> Result<Names, StoreError> {
    let ids: Vec<OrganisationId> = places.iter().filter_map(|place| place.operator).collect();
    db.circle_names(tenant, &ids).await
}

/// Places in the order of their names.
#[utoipa::path(tag = "places", params(PageQuery),
    responses((status = 200, body = Page<Place>), (status = 400, body = Problem)))]
#[get("/places")]
pub async fn list_places(
    service: web::Data<Service>,
    caller: Caller<ReadPlaces>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?.map(PlaceId);
    let mut db = service.store.connect().await?;
    let rows = db.places(caller.organisation, after, limit + 1).await?;
    let names = operators(&mut db, caller.organisation, &rows).await?;
    let now = (service.clock)();
    let page = Page::of(rows, limit, |row| row.place.id.to_string(), |row| view(row, &names, now));
    Ok(HttpResponse::Ok().json(page))
}

/// One place.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)),
    responses((status = 200, body = Place), (status = 404, body = Problem)))]
#[get("/places/{id}")]
pub async fn show_place(
    service: web::Data<Service>,
    caller: Caller<ReadPlaces>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let stored = db.place(caller.organisation, PlaceId(id.into_inner())).await.map_err(named("place"))?;
    let names = operators(&mut db, caller.organisation, std::slice::from_ref(&stored)).await?;
    Ok(HttpResponse::Ok().json(view(stored, &names, (service.clock)())))
}

/// Makes a place.
#[utoipa::path(tag = "places", request_body = PlaceRequest, responses(
    (status = 201, body = Place), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/places")]
pub async fn add_place(
    service: web::Data<Service>,
    caller: Caller<WritePlaces>,
    request: HttpRequest,
    body: web::Json<PlaceRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let now = (service.clock)();
    let stored = written(&body, PlaceId(Uuid::now_v7()), now)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let names = check_operator(&mut db, caller.organisation, stored.operator).await?;
    db.add_place(caller.organisation, &stored).await.map_err(|error| taken(error, &stored))?;
    db.mark_watches_of(caller.organisation, None, now).await?;
    let detail = serde_json::json!({ "to": &*body });
    db.write_audit(&[audit(&caller, "place.made", stored.place.id.0, detail)], now).await?;
    // As it is kept, for the database keeps microseconds.
    let stored = db.place(caller.organisation, stored.place.id).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &view(stored, &names, now)).await
}

/// Puts another description in the place of what is known; what stood before stays in the audit trail.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)), request_body = PlaceRequest, responses(
    (status = 200, body = Place), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/places/{id}")]
pub async fn change_place(
    service: web::Data<Service>,
    caller: Caller<WritePlaces>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<PlaceRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let now = (service.clock)();
    let id = PlaceId(id.into_inner());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let former = db.lock_place(caller.organisation, id).await.map_err(named("place"))?;
    let stored = written(&body, id, former.created_at)?;
    let names = check_operator(&mut db, caller.organisation, stored.operator).await?;
    db.change_place(caller.organisation, &stored).await.map_err(|error| taken(error, &stored))?;
    db.mark_watches_of(caller.organisation, None, now).await?;
    let detail = serde_json::json!({ "from": as_written(former), "to": &*body });
    db.write_audit(&[audit(&caller, "place.changed", id.0, detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &view(stored, &names, now)).await
}

fn written(body: &PlaceRequest, id: PlaceId, created_at: DateTime<Utc>) -> Result<StoredPlace, ApiError> {
    let gln = optional("gln", body.gln.as_deref(), 13)?.map(|gln| gln.parse::<Gln>()).transpose();
    let address = body.address.as_deref().filter(|address| !address.trim().is_empty());
    let mut storage = body.storage.clone();
    storage.sort_unstable();
    storage.dedup();
    Ok(StoredPlace {
        place: Known {
            id,
            name: non_empty("name", &body.name, 200)?,
            fence: body.fence.clone(),
            opening: body.opening.clone(),
            storage,
        },
        address: address.map(|address| prose("address", address, 500)).transpose()?,
        gln: gln
            .map_err(|error| ApiError::Unprocessable(format!("gln: {error}")))?
            .map(|gln| gln.to_string()),
        operator: body.operator.map(OrganisationId),
        created_at,
    })
}

/// As a request would have written it.
fn as_written(stored: StoredPlace) -> PlaceRequest {
    let StoredPlace { place, address, gln, operator, .. } = stored;
    let Known { name, fence, opening, storage, .. } = place;
    PlaceRequest { name, address, gln, operator: operator.map(|id| id.0), fence, opening, storage }
}

async fn check_operator(
    db: &mut Connection,
    tenant: OrganisationId,
    operator: Option<OrganisationId>,
) -> Result<Names, ApiError> {
    let names = db.circle_names(tenant, operator.as_slice()).await?;
    match operator.filter(|operator| !names.contains_key(operator)) {
        Some(unknown) => Err(no_partner("operator", unknown)),
        None => Ok(names),
    }
}

pub(super) fn no_partner(field: &str, id: OrganisationId) -> ApiError {
    ApiError::Unprocessable(format!("{field}: {id} is neither this organisation nor a partner of it"))
}

fn taken(error: StoreError, stored: &StoredPlace) -> ApiError {
    if error.is_refused_by("places_organisation_id_name_key") {
        return ApiError::Conflict(format!("a place with the name {} exists", stored.place.name));
    }
    named("place")(error)
}

pub(super) fn audit<G: Grant>(
    caller: &Caller<G>,
    action: &'static str,
    subject: Uuid,
    detail: serde_json::Value,
) -> AuditEntry {
    let (organisation, actor) = (caller.organisation, Some(caller.user));
    AuditEntry { organisation, actor, action, subject: subject.to_string(), detail }
}
