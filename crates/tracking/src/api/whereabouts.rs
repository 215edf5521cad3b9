//! Where a shipment was and is: its positions, and what they say of places and of its plan.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::access::Sight;
use domain::place::{Ending, Position, PositionSource, Stay};
use domain::route::{Arrival, Monitoring, NoArrival};
use domain::whereabouts::{LegProgress, Whereabouts as Known};
use domain::{DevEui, PlaceId, ShipmentId};
use serde::Serialize;
use store::{PositionCursor, StoredPlace};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadTransport};
use super::lanes::{PlaceName, place_name};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use crate::Service;
use crate::whereabouts::{KnownPlaces, Way, way};

/// Somewhere within `accuracy_m` of a point.
#[derive(Serialize, ToSchema)]
#[schema(as = Position)]
pub struct PositionView {
    at: DateTime<Utc>,
    lat: f64,
    lon: f64,
    accuracy_m: u32,
    source: PositionSource,
    /// The tracker; null where the whole shipment is meant.
    dev_eui: Option<String>,
}

fn position(position: &Position, dev_eui: Option<DevEui>) -> PositionView {
    PositionView {
        at: position.at,
        lat: position.point.lat(),
        lon: position.point.lon(),
        accuracy_m: position.accuracy_m,
        source: position.source,
        dev_eui: dev_eui.map(|dev_eui| dev_eui.to_string()),
    }
}

/// Where a shipment's trackers were while they rode with it, newest first.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<PositionView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/shipments/{id}/positions")]
pub async fn list_positions(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.parse(|text| {
        let (micros, id) = text.split_once('_')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(PositionCursor { at, id: id.parse().ok()? })
    })?;
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let rows = db.list_positions(id, before, limit + 1).await?;
    let cursor = |(place, _, _): &(PositionCursor, DevEui, Position)| {
        format!("{}_{}", place.at.timestamp_micros(), place.id)
    };
    let item = |(_, dev_eui, known): (PositionCursor, DevEui, Position)| position(&known, Some(dev_eui));
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, cursor, item)))
}

/// Where a shipment is, as far as its positions say.
#[derive(Serialize, ToSchema)]
pub struct Whereabouts {
    monitoring: Watch,
    last_position: Option<PositionView>,
    /// Visits to known places, in order of their beginning; to a partner's people those to places of the plan and of their
    /// own.
    visits: Vec<Visit>,
    /// Standing outside known places.
    standing: Vec<Stood>,
    /// How each leg of the plan goes.
    legs: Vec<LegView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Monitoring)]
#[serde(rename_all = "snake_case")]
enum Watch {
    /// No position has come.
    NotMonitored,
    Monitored,
    /// The last position is too old.
    Unknown,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StayEnding {
    Lasts,
    /// Positions said so.
    Changed,
    /// Positions failed for too long.
    Unknown,
}

#[derive(Serialize, ToSchema)]
pub struct Visit {
    place: PlaceName,
    #[serde(flatten)]
    stay: StayView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Stay)]
pub struct StayView {
    from: DateTime<Utc>,
    /// The last position that did not contradict.
    last_seen_at: DateTime<Utc>,
    /// Null: it lasts.
    until: Option<DateTime<Utc>>,
    ending: StayEnding,
}

fn stay(stay: &Stay) -> StayView {
    let ending = match stay.ending {
        Ending::Lasts => StayEnding::Lasts,
        Ending::Changed(_) => StayEnding::Changed,
        Ending::Lost(_) => StayEnding::Unknown,
    };
    StayView { from: stay.from, last_seen_at: stay.last_at, until: stay.until(), ending }
}

#[derive(Serialize, ToSchema)]
pub struct Stood {
    from: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    lat: f64,
    lon: f64,
    lasts: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LegProgress)]
pub struct LegView {
    number: u32,
    departed_at: Option<DateTime<Utc>>,
    arrived_at: Option<DateTime<Utc>>,
    off_route: Vec<StayView>,
    expected: Option<ExpectedArrival>,
    /// Why no arrival is expected; null where one is.
    not_expected_because: Option<String>,
}

/// It is not certain to lie between the earliest and the latest.
#[derive(Serialize, ToSchema)]
pub struct ExpectedArrival {
    earliest: DateTime<Utc>,
    expected: DateTime<Utc>,
    latest: DateTime<Utc>,
    remaining_m: u32,
}

/// Where a shipment is, and how its plan goes, as far as positions say; `not_monitored` where none came.
#[utoipa::path(tag = "places", params(("id" = Uuid, Path)),
    responses((status = 200, body = Whereabouts), (status = 404, body = Problem)))]
#[get("/shipments/{id}/whereabouts")]
pub async fn show_whereabouts(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let sight = caller.sight();
    db.shipment_seen_by(sight, id).await.map_err(named("shipment"))?;
    let mut way = way(&mut db, (sight.tenant, id), &mut KnownPlaces::default(), (service.clock)()).await?;
    hide_from(sight, &mut way);
    Ok(HttpResponse::Ok().json(view(&way.whereabouts, &way.places)))
}

/// A van's stops at others' doors are not a partner's business: of visits it sees those to places of the plan and of its own.
fn hide_from(sight: Sight, way: &mut Way) {
    let legs = way.plan.as_ref().map(|stored| stored.plan.legs()).unwrap_or_default();
    let is_planned = |place: PlaceId| legs.iter().any(|leg| leg.from == place || leg.to == place);
    let is_own = |place: PlaceId| {
        let known = way.places.iter().find(|stored| stored.place.id == place);
        known.and_then(|stored| stored.operator).is_some_and(|operator| sight.covers(operator))
    };
    way.whereabouts
        .visits
        .retain(|(place, _)| sight.partner().is_none() || is_planned(*place) || is_own(*place));
}

fn view(known: &Known, places: &[StoredPlace]) -> Whereabouts {
    let visit = |(place, visit): &(domain::PlaceId, Stay)| Visit {
        place: place_name(*place, places),
        stay: stay(visit),
    };
    let stood = |dwell: &domain::route::Dwell| Stood {
        from: dwell.from,
        last_seen_at: dwell.last_at,
        lat: dwell.point.lat(),
        lon: dwell.point.lon(),
        lasts: dwell.lasts,
    };
    Whereabouts {
        monitoring: match known.monitoring {
            Monitoring::NotMonitored => Watch::NotMonitored,
            Monitoring::Monitored { .. } => Watch::Monitored,
            Monitoring::Lost { .. } => Watch::Unknown,
        },
        last_position: known.last.as_ref().map(|last| position(last, None)),
        visits: known.visits.iter().map(visit).collect(),
        standing: known.dwells.iter().map(stood).collect(),
        legs: known.legs.iter().map(leg).collect(),
    }
}

fn leg(leg: &LegProgress) -> LegView {
    let expected = |arrival: Arrival| {
        let Arrival { earliest, expected, latest, remaining_m } = arrival;
        ExpectedArrival { earliest, expected, latest, remaining_m }
    };
    LegView {
        number: leg.number,
        departed_at: leg.departed,
        arrived_at: leg.arrived,
        off_route: leg.off_route.iter().map(stay).collect(),
        expected: leg.expected.ok().map(expected),
        not_expected_because: leg.expected.err().as_ref().map(NoArrival::to_string),
    }
}
