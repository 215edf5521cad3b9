//! The plan of a shipment: its legs are set, and shown.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Sight;
use domain::place::Place;
use domain::plan::{Lane, Leg as Known, Plan as KnownPlan, TimeWindow};
use domain::shipment::ShipmentStatus;
use domain::{LaneId, OrganisationId, PlaceId, ShipmentId, UserId};
use serde::{Deserialize, Serialize};
use store::{Connection, Shipment, StoredPlace, StoredPlan};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadTransport, WriteShipments};
use super::lanes::{PlaceName, place_name};
use super::once::Once;
use super::places::{OrganisationName, no_partner, organisation};
use super::problem::{ApiError, Problem, named};
use super::shipments::audit;
use crate::Service;
use crate::arrived::FARTHEST_BACK;
use crate::live::Change;

const FARTHEST_AHEAD: TimeDelta = TimeDelta::days(730);

/// A plan as it is written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPlan)]
pub struct PlanRequest {
    /// To whom it goes: the organisation itself or a partner of it. Absent: whose the last place is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consignee: Option<i32>,
    /// In the order of the way, 1 to 20.
    legs: Vec<LegRequest>,
}

/// One carrier's part of the way.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLeg)]
pub struct LegRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lane: Option<Uuid>,
    /// A place's id; absent: the lane's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Uuid>,
    /// A partner of the organisation; absent: the organisation itself, with drivers of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carrier: Option<i32>,
    /// A user of the carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    courier: Option<Uuid>,
    #[schema(example = json!({"from": "2026-03-01T08:00:00Z", "to": "2026-03-01T09:00:00Z"}))]
    pick_up: TimeWindow,
    #[schema(example = json!({"from": "2026-03-01T10:00:00Z", "to": "2026-03-01T12:00:00Z"}))]
    delivery: TimeWindow,
}

/// The plan of a shipment.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    /// Null as long as nothing is planned.
    consignee: Option<OrganisationName>,
    planned_at: Option<DateTime<Utc>>,
    legs: Vec<Leg>,
    /// What speaks against this plan without forbidding it; to a partner's people nothing.
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Leg {
    /// From 1.
    number: u32,
    lane: Option<LaneName>,
    from: PlaceName,
    to: PlaceName,
    carrier: OrganisationName,
    /// To a partner's people: only of their own organisation's legs.
    courier: Option<Uuid>,
    pick_up: TimeWindow,
    delivery: TimeWindow,
    /// Whether boxes may be left at its end where nobody takes them over.
    unattended: bool,
}

impl Plan {
    /// A partner's people see the way, by whom and when; which driver of somebody else's comes, and what the tenant doubts, is
    /// those people's business.
    fn seen_by(mut self, sight: Sight) -> Self {
        if sight.partner().is_some() {
            self.warnings.clear();
        }
        for leg in &mut self.legs {
            leg.courier = leg.courier.filter(|_| sight.covers(OrganisationId(leg.carrier.id)));
        }
        self
    }
}

#[derive(Serialize, ToSchema)]
pub struct LaneName {
    id: Uuid,
    name: String,
}

/// The plan of a shipment; without legs as long as nothing is planned.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)),
    responses((status = 200, body = Plan), (status = 404, body = Problem)))]
#[get("/shipments/{id}/plan")]
pub async fn show_plan(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let sight = caller.sight();
    let shipment = db.shipment_seen_by(sight, id).await.map_err(named("shipment"))?;
    let stored = db.plan(id).await?;
    let plan = show(&service, &mut db, sight.tenant, &shipment, stored).await?;
    Ok(HttpResponse::Ok().json(plan.seen_by(sight)))
}

/// Sets the legs of a shipment in the place of those before, which stay in the audit trail. Its carriers and its
/// consignee see the shipment from then on.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)), request_body = PlanRequest, responses(
    (status = 201, body = Plan), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/legs")]
pub async fn set_legs(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<PlanRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let id = ShipmentId(id.into_inner());
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let shipment = db.shipment(caller.organisation, id).await.map_err(named("shipment"))?;
    if !matches!(shipment.status, ShipmentStatus::Draft | ShipmentStatus::Packed | ShipmentStatus::InTransit)
    {
        return Err(ApiError::Conflict(format!(
            "the shipment is {}: its way is over, and its plan stays as it was",
            shipment.status
        )));
    }
    let plan = read(&mut db, &caller, &body, now).await?;
    let former = db.plan(id).await?;
    db.set_plan(caller.organisation, id, &plan, caller.user, now).await?;
    db.mark_watch(caller.organisation, id, now).await?;
    let detail = serde_json::json!({
        "from": former.as_ref().map(|former| text(&former.plan)), "to": text(&plan),
    });
    db.write_audit(&[audit(&caller, "shipment.planned", id, detail)], now).await?;
    // As it is kept, for the database keeps microseconds.
    let stored = db.plan(id).await?;
    let answer = show(&service, &mut db, caller.organisation, &shipment, stored).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id })]);
    Ok(answer)
}

fn text(plan: &KnownPlan) -> serde_json::Value {
    serde_json::json!({ "consignee": plan.consignee(), "legs": plan.legs() })
}

/// A plan whose every name is one of this organisation's.
async fn read<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    body: &PlanRequest,
    now: DateTime<Utc>,
) -> Result<KnownPlan, ApiError> {
    let lanes: Vec<LaneId> = body.legs.iter().filter_map(|leg| leg.lane.map(LaneId)).collect();
    let lanes = db.lanes_of(caller.organisation, &lanes).await?;
    let legs: Result<Vec<Known>, ApiError> = (1..)
        .zip(&body.legs)
        .map(|(number, leg)| read_leg(number, leg, &lanes, caller.organisation))
        .collect();
    let legs = legs?;
    let places: Vec<PlaceId> = legs.iter().flat_map(|leg| [leg.from, leg.to]).collect();
    let places = db.places_of(caller.organisation, &places).await?;
    let is_place = |id: PlaceId| places.iter().any(|stored| stored.place.id == id);
    if let Some(leg) = legs.iter().find(|leg| !is_place(leg.from) || !is_place(leg.to)) {
        return Err(ApiError::Unprocessable(format!("leg {}: there is no such place", leg.number)));
    }
    let consignee = body.consignee.map(OrganisationId).or_else(|| operator_of_end(&legs, &places));
    let consignee = consignee.ok_or_else(|| {
        ApiError::Unprocessable("consignee: nobody said whose the last place is; say to whom it goes".into())
    })?;
    check_people(db, caller, &legs, consignee).await?;
    check_times(&legs, now)?;
    KnownPlan::new(consignee, legs, &lanes).map_err(|error| ApiError::Unprocessable(error.to_string()))
}

fn operator_of_end(legs: &[Known], places: &[StoredPlace]) -> Option<OrganisationId> {
    let end = legs.last()?.to;
    places.iter().find(|stored| stored.place.id == end)?.operator
}

fn read_leg(number: u32, leg: &LegRequest, lanes: &[Lane], own: OrganisationId) -> Result<Known, ApiError> {
    let refused = |what: &str| ApiError::Unprocessable(format!("leg {number}: {what}"));
    let lane = leg.lane.map(|id| lanes.iter().find(|lane| lane.id.0 == id));
    let lane = lane.map(|known| known.ok_or_else(|| refused("there is no such lane"))).transpose()?;
    let end = |given: Option<Uuid>, of: fn(&Lane) -> PlaceId| given.map(PlaceId).or_else(|| lane.map(of));
    let (from, to) = (end(leg.from, |lane| lane.from), end(leg.to, |lane| lane.to));
    Ok(Known {
        number,
        lane: leg.lane.map(LaneId),
        from: from.ok_or_else(|| refused("write a lane, or from and to"))?,
        to: to.ok_or_else(|| refused("write a lane, or from and to"))?,
        carrier: leg.carrier.map_or(own, OrganisationId),
        courier: leg.courier.map(UserId),
        pick_up: leg.pick_up,
        delivery: leg.delivery,
    })
}

/// Nobody plans further ahead than two years, and what lies further back than readings are kept is over.
fn check_times(legs: &[Known], now: DateTime<Utc>) -> Result<(), ApiError> {
    let believed = now - FARTHEST_BACK..=now + FARTHEST_AHEAD;
    let is_odd = |window: &TimeWindow| !believed.contains(&window.from) || !believed.contains(&window.to);
    match legs.iter().find(|leg| is_odd(&leg.pick_up) || is_odd(&leg.delivery)) {
        Some(leg) => Err(ApiError::Unprocessable(format!(
            "leg {}: its times lie more than 400 days back or two years ahead",
            leg.number
        ))),
        None => Ok(()),
    }
}

async fn check_people<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    legs: &[Known],
    consignee: OrganisationId,
) -> Result<(), ApiError> {
    let named: Vec<OrganisationId> = legs.iter().map(|leg| leg.carrier).chain([consignee]).collect();
    let circle = db.circle_names(caller.organisation, &named).await?;
    if let Some(leg) = legs.iter().find(|leg| !circle.contains_key(&leg.carrier)) {
        return Err(no_partner(&format!("leg {}: carrier", leg.number), leg.carrier));
    }
    if !circle.contains_key(&consignee) {
        return Err(no_partner("consignee", consignee));
    }
    let couriers: Vec<UserId> = legs.iter().filter_map(|leg| leg.courier).collect();
    let belongs = db.organisations_of_users(&couriers).await?;
    let stranger = |leg: &&Known| leg.courier.is_some_and(|user| belongs.get(&user) != Some(&leg.carrier));
    match legs.iter().find(stranger) {
        Some(leg) => {
            Err(ApiError::Unprocessable(format!("leg {}: the courier is no user of the carrier", leg.number)))
        }
        None => Ok(()),
    }
}

async fn show(
    service: &Service,
    db: &mut Connection,
    tenant: OrganisationId,
    shipment: &Shipment,
    stored: Option<StoredPlan>,
) -> Result<Plan, ApiError> {
    let Some(StoredPlan { plan, planned_at }) = stored else {
        return Ok(Plan { consignee: None, planned_at: None, legs: Vec::new(), warnings: Vec::new() });
    };
    let places: Vec<PlaceId> = plan.legs().iter().flat_map(|leg| [leg.from, leg.to]).collect();
    let lanes: Vec<LaneId> = plan.legs().iter().filter_map(|leg| leg.lane).collect();
    let (places, lanes) = (db.places_of(tenant, &places).await?, db.lanes_of(tenant, &lanes).await?);
    let names = db.circle_names(tenant, &plan.parties()).await?;
    let profiles = service.profiles.get(db, &[shipment.profile]).await?;
    let label = profiles.get(&shipment.profile).and_then(|stored| stored.profile.range());
    let known: Vec<Place> = places.iter().map(|stored| stored.place.clone()).collect();
    let leg = |leg: &Known| {
        let lane = lanes.iter().find(|lane| Some(lane.id) == leg.lane);
        Leg {
            number: leg.number,
            lane: lane.map(|lane| LaneName { id: lane.id.0, name: lane.name.clone() }),
            from: place_name(leg.from, &places),
            to: place_name(leg.to, &places),
            carrier: organisation(leg.carrier, &names),
            courier: leg.courier.map(|courier| courier.0),
            pick_up: leg.pick_up,
            delivery: leg.delivery,
            unattended: lane.is_some_and(|lane| lane.unattended),
        }
    };
    Ok(Plan {
        consignee: Some(organisation(plan.consignee(), &names)),
        planned_at: Some(planned_at),
        legs: plan.legs().iter().map(leg).collect(),
        warnings: plan.doubts(&known, &lanes, label).iter().map(ToString::to_string).collect(),
    })
}
