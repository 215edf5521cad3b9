//! Lanes: listed, made and changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::plan::{DarkStretch, Lane as Known};
use domain::route::Corridor;
use domain::{Duration, LaneId, PlaceId};
use serde::{Deserialize, Serialize};
use store::{Connection, StoreError, StoredPlace};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadPlaces, WritePlaces};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::places::audit;
use super::problem::{ApiError, Problem, named};
use super::text::non_empty;
use crate::Service;

/// A lane as it is written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLane)]
pub struct LaneRequest {
    /// Unique in the organisation.
    #[schema(example = "Wholesaler to hospital, night")]
    name: String,
    /// A place's id. A lane's ends never change.
    from: Uuid,
    to: Uuid,
    /// `{"path": [{"lat", "lon"}], "width_m"}`: the way that is expected, and how far to either side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corridor: Option<Corridor>,
    /// How long it usually takes.
    #[schema(value_type = String, example = "4h")]
    duration: Duration,
    /// Where no radio is expected, from and to after departure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dark: Vec<DarkStretch>,
    /// How long the packaging that is used on it holds its temperature; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "72h")]
    hold_time: Option<Duration>,
    /// Whether boxes may be left where nobody takes them over.
    #[serde(default)]
    unattended: bool,
}

/// A way that is driven again and again.
#[derive(Serialize, ToSchema)]
pub struct Lane {
    id: Uuid,
    name: String,
    from: PlaceName,
    to: PlaceName,
    corridor: Option<Corridor>,
    #[schema(value_type = String, example = "4h")]
    duration: Duration,
    dark: Vec<DarkStretch>,
    #[schema(value_type = Option<String>)]
    hold_time: Option<Duration>,
    unattended: bool,
}

#[derive(Serialize, Clone, ToSchema)]
pub struct PlaceName {
    id: Uuid,
    name: String,
}

pub(super) fn place_name(id: PlaceId, places: &[StoredPlace]) -> PlaceName {
    let known = places.iter().find(|stored| stored.place.id == id);
    PlaceName { id: id.0, name: known.map(|stored| stored.place.name.clone()).unwrap_or_default() }
}

fn view(lane: Known, places: &[StoredPlace]) -> Lane {
    let (from, to) = (place_name(lane.from, places), place_name(lane.to, places));
    let Known { id, name, corridor, duration, dark, hold_time, unattended, .. } = lane;
    Lane { id: id.0, name, from, to, corridor, duration, dark, hold_time, unattended }
}

/// Lanes in the order of their names.
#[utoipa::path(tag = "places", params(PageQuery),
    responses((status = 200, body = Page<Lane>), (status = 400, body = Problem)))]
#[get("/lanes")]
pub async fn list_lanes(
    service: web::Data<Service>,
    caller: Caller<ReadPlaces>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?.map(LaneId);
    let mut db = service.store.connect().await?;
    let rows = db.lanes(caller.organisation, after, limit + 1).await?;
    let ends: Vec<PlaceId> = rows.iter().flat_map(|lane| [lane.from, lane.to]).collect();
    let places = db.places_of(caller.organisation, &ends).await?;
    let page = Page::of(rows, limit, |lane| lane.id.to_string(), |lane| view(lane, &places));
    Ok(HttpResponse::Ok().json(page))
}

/// Makes a lane.
#[utoipa::path(tag = "places", request_body = LaneRequest, responses(
    (status = 201, body = Lane), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/lanes")]
pub async fn add_lane(
    service: web::Data<Service>,
    caller: Caller<WritePlaces>,
    request: HttpRequest,
    body: web::Json<LaneRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let lane = written(&body, LaneId(Uuid::now_v7()))?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let places = ends(&mut db, &caller, &lane).await?;
    db.add_lane(caller.organisation, &lane, now).await.map_err(|error| taken(error, &lane))?;
    let detail = serde_json::json!({ "to": &*body });
    db.write_audit(&[audit(&caller, "lane.made", lane.id.0, detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &view(lane, &places)).await
}

/// Changes a lane in all but its ends; what stood before stays in the audit trail. Shipments that are planned on it go by
/// the lane as it is now.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)), request_body = LaneRequest, responses(
    (status = 200, body = Lane), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/lanes/{id}")]
pub async fn change_lane(
    service: web::Data<Service>,
    caller: Caller<WritePlaces>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<LaneRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let lane = written(&body, LaneId(id.into_inner()))?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let former = db.lock_lane(caller.organisation, lane.id).await.map_err(named("lane"))?;
    if (former.from, former.to) != (lane.from, lane.to) {
        return Err(ApiError::Unprocessable(
            "from and to: a lane's ends never change, for plans rest on them; make another lane".into(),
        ));
    }
    let places = ends(&mut db, &caller, &lane).await?;
    db.change_lane(caller.organisation, &lane).await.map_err(|error| taken(error, &lane))?;
    db.mark_watches_of(caller.organisation, None, now).await?;
    let detail = serde_json::json!({ "from": as_written(former), "to": &*body });
    db.write_audit(&[audit(&caller, "lane.changed", lane.id.0, detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &view(lane, &places)).await
}

fn written(body: &LaneRequest, id: LaneId) -> Result<Known, ApiError> {
    let lane = Known {
        id,
        name: non_empty("name", &body.name, 200)?,
        from: PlaceId(body.from),
        to: PlaceId(body.to),
        corridor: body.corridor.clone(),
        duration: body.duration,
        dark: body.dark.clone(),
        hold_time: body.hold_time,
        unattended: body.unattended,
    };
    lane.check().map_err(|error| ApiError::Unprocessable(error.to_string()))?;
    Ok(lane)
}

/// As a request would have written it.
fn as_written(lane: Known) -> LaneRequest {
    let Known { name, from, to, corridor, duration, dark, hold_time, unattended, .. } = lane;
    LaneRequest { name, from: from.0, to: to.0, corridor, duration, dark, hold_time, unattended }
}

async fn ends(
    db: &mut Connection,
    caller: &Caller<WritePlaces>,
    lane: &Known,
) -> Result<Vec<StoredPlace>, ApiError> {
    let places = db.places_of(caller.organisation, &[lane.from, lane.to]).await?;
    for (field, end) in [("from", lane.from), ("to", lane.to)] {
        if !places.iter().any(|stored| stored.place.id == end) {
            return Err(ApiError::Unprocessable(format!("{field}: there is no such place")));
        }
    }
    Ok(places)
}

fn taken(error: StoreError, lane: &Known) -> ApiError {
    if error.is_refused_by("lanes_organisation_id_name_key") {
        return ApiError::Conflict(format!("a lane with the name {} exists", lane.name));
    }
    named("lane")(error)
}
