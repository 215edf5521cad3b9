//! Shipments: listed, made and shown.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::access::{Permission, Role, Sight, Viewer};
use domain::evaluate::{Coverage, Verdict};
use domain::packing::{NewBox, PackedBox};
use domain::pool::DAYS_TO_RETURN;
use domain::profile::Profile;
use domain::shipment::{Act, Disposition, HoldReason, ShipmentStatus, holds};
use domain::{ProfileId, ShipmentId};
use serde::{Deserialize, Serialize};
use store::{
    AuditEntry, Halt, KeptDecision, NewShipment, Ride, Shipment as StoredShipment, ShipmentFilter,
    StoreError, StoredProfile,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, ReadShipments, WriteShipments};
use super::boxes::{AskedBoxes, BoxRequest, PackedBoxView, key, pack, read_boxes};
use super::dispositions::DispositionView;
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::parents::in_query;
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, non_empty, optional, percent};
use crate::Service;
use crate::live::Change;
use crate::summary::{Summary, summarise};

#[derive(Serialize, ToSchema)]
pub struct Shipment {
    id: Uuid,
    reference: String,
    status: ShipmentStatus,
    on_hold: bool,
    hold_reason: Option<HoldReason>,
    /// Everything that keeps it on hold, the gravest first: a recall does not hide what readings say.
    hold_reasons: Vec<HoldReason>,
    /// What must not be done with its boxes now.
    forbidden: Vec<Act>,
    /// Quality's last decision; null before the first.
    disposition: Option<DispositionView>,
    origin: Option<String>,
    destination: Option<String>,
    /// How many days its trackers may take to come back.
    days_to_return: i32,
    /// Called off before anybody took it over.
    cancelled: Option<HaltView>,
    /// Turned back on its way.
    turned_back: Option<HaltView>,
    profile: ShipmentProfile,
    last_reading: Option<LastReading>,
    /// Up to now; null without a tracker.
    assessment: Option<Verdict>,
    /// Null without a tracker.
    coverage: Option<Coverage>,
    /// Alerts that are neither acknowledged nor closed. Null for those who may not read alerts.
    open_alerts: Option<i64>,
    trackers: Vec<RidingTracker>,
    box_count: i64,
    /// What it holds. Absent in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    boxes: Option<Vec<PackedBoxView>>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Halt)]
pub struct HaltView {
    at: DateTime<Utc>,
    reason: String,
}

impl From<Halt> for HaltView {
    fn from(Halt { at, reason }: Halt) -> Self {
        Self { at, reason }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ShipmentProfile {
    id: Uuid,
    name: String,
    version: i32,
    range: Option<RangeView>,
    /// Whether quality has signed this version.
    approved: bool,
}

/// The label's storage range in °C, ends inside.
#[derive(Serialize, ToSchema)]
#[schema(as = Range)]
pub struct RangeView {
    min_c: Option<f64>,
    max_c: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct LastReading {
    measured_at: DateTime<Utc>,
    temperature_c: f64,
    humidity_pct: Option<f64>,
    dev_eui: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ride)]
pub struct RidingTracker {
    dev_eui: String,
    name: String,
    /// The number of the box that it rides in, where somebody said so.
    r#box: Option<u32>,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize, IntoParams)]
pub struct ShipmentQuery {
    /// A part of the reference.
    reference: Option<String>,
    #[param(value_type = Option<ShipmentStatus>)]
    status: Option<String>,
    /// The same as `status`.
    #[param(value_type = Option<ShipmentStatus>)]
    state: Option<String>,
    /// Of one of its boxes, or of a pallet, roll cage or manifest that one of them is or was in: 18 digits.
    sscc: Option<String>,
    /// Of something in it: 8, 12, 13 or 14 digits.
    gtin: Option<String>,
    /// Of something in it, the whole of it; with `gtin`, of the same thing.
    lot: Option<String>,
}

impl ShipmentQuery {
    fn filter(&self, page: &PageQuery) -> Result<ShipmentFilter, ApiError> {
        let status = |field: &str, text: &Option<String>| -> Result<Option<ShipmentStatus>, ApiError> {
            let status = text.as_deref().map(str::parse).transpose();
            status.map_err(|error| ApiError::BadRequest(format!("{field}: {error}")))
        };
        let (status, state) = (status("status", &self.status)?, status("state", &self.state)?);
        if status.is_some() && state.is_some() && status != state {
            return Err(ApiError::BadRequest("status and state are the same: write one of them".into()));
        }
        Ok(ShipmentFilter {
            reference: optional("reference", self.reference.as_deref(), 100)?,
            status: status.or(state),
            under_way: false,
            sscc: key("sscc", self.sscc.as_deref()).map_err(in_query)?,
            gtin: key("gtin", self.gtin.as_deref()).map_err(in_query)?,
            lot: key("lot", self.lot.as_deref()).map_err(in_query)?,
            before: page.before()?.map(|(at, id)| (at, ShipmentId(id))),
        })
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewShipment)]
pub struct ShipmentRequest {
    /// Unique in the organisation.
    #[schema(example = "PO-2026-0042")]
    reference: String,
    /// The id of a profile's version.
    profile: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    /// How many days its trackers may take to come back (1 to 365; 14 where absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days_to_return: Option<i32>,
    /// What it holds, numbered in this order from 1; where it is absent, one box of which nothing is known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boxes: Option<Vec<BoxRequest>>,
}

/// A shipment after it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeShipment)]
pub struct Made {
    #[serde(flatten)]
    shipment: Shipment,
    /// What speaks against this shipment without forbidding it.
    warnings: Vec<String>,
}

/// Shipments, newest first.
#[utoipa::path(tag = "shipments", params(ShipmentQuery, PageQuery),
    responses((status = 200, body = Page<Shipment>), (status = 400, body = Problem)))]
#[get("/shipments")]
pub async fn list_shipments(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    query: web::Query<ShipmentQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(500);
    let filter = query.filter(&page)?;
    let mut db = service.store.connect().await?;
    let rows = db.shipments(caller.sight(), &filter, limit + 1).await?;
    let page = Page::of(rows, limit, |s| cursor_before(s.created_at, s.id.0), |shipment| shipment);
    let items = show(&service, &mut db, (caller.sight(), caller.role), page.items, &[]).await?;
    Ok(HttpResponse::Ok().json(Page { items, next: page.next }))
}

/// One shipment.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)),
    responses((status = 200, body = Shipment), (status = 404, body = Problem)))]
#[get("/shipments/{id}")]
pub async fn show_shipment(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    Ok(HttpResponse::Ok().json(show_one(&service, &mut db, (caller.sight(), caller.role), shipment).await?))
}

/// Makes a draft.
#[utoipa::path(tag = "shipments", request_body = ShipmentRequest, responses(
    (status = 201, body = Made), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/shipments")]
pub async fn add_shipment(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    body: web::Json<ShipmentRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    if body.days_to_return.is_some_and(|days| !(1..=365).contains(&days)) {
        return Err(ApiError::Unprocessable("days_to_return: write 1 to 365 days".into()));
    }
    let shipment = NewShipment {
        organisation: caller.organisation,
        reference: non_empty("reference", &body.reference, 100)?,
        profile: ProfileId(body.profile),
        origin: optional("origin", body.origin.as_deref(), 200)?,
        destination: optional("destination", body.destination.as_deref(), 200)?,
        days_to_return: body.days_to_return,
        created_by: Some(caller.user),
    };
    let now = (service.clock)();
    // Absent and empty are two things: a shipment without a box is none.
    let boxes = body.boxes.as_deref().map(|asked| read_boxes(asked, now.date_naive())).transpose()?;
    let one_box = || AskedBoxes { boxes: vec![NewBox::default()], warnings: Vec::new() };
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.profile(caller.organisation, shipment.profile).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::Unprocessable("profile: there is no such profile".into()),
        other => other.into(),
    })?;
    let id = db.add_shipment(&shipment, now).await.map_err(|error| {
        if error.is_refused_by("shipments_organisation_id_reference_key") {
            return ApiError::Conflict(format!(
                "a shipment with the reference {} exists",
                shipment.reference
            ));
        }
        error.into()
    })?;
    let warnings = pack(&mut db, &caller, id, boxes.unwrap_or_else(one_box), now).await?;
    let stored = db.shipment(caller.organisation, id).await?;
    let made = Made::new(show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?, warnings);
    let detail = serde_json::json!({ "request": &*body, "profile_approved": made.shipment.profile.approved });
    db.write_audit(&[audit(&caller, "shipment.made", id, detail)], now).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &made).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id })]);
    Ok(answer)
}

impl Shipment {
    pub(super) fn id(&self) -> Uuid {
        self.id
    }
}

impl Made {
    /// `warnings` are about what it holds.
    pub(super) fn new(shipment: Shipment, mut warnings: Vec<String>) -> Self {
        let ShipmentProfile { name, version, approved, .. } = &shipment.profile;
        if !approved {
            warnings.insert(0, format!("profile: quality has not approved version {version} of {name}"));
        }
        Self { shipment, warnings }
    }
}

pub(super) fn audit<G: super::access::Grant>(
    caller: &Caller<G>,
    action: &'static str,
    shipment: ShipmentId,
    detail: serde_json::Value,
) -> AuditEntry {
    let (organisation, actor) = (caller.organisation, Some(caller.user));
    AuditEntry { organisation, actor, action, subject: shipment.to_string(), detail }
}

pub(super) async fn show_one(
    service: &Service,
    db: &mut store::Connection,
    (sight, role): (Sight, Role),
    shipment: StoredShipment,
) -> Result<Shipment, ApiError> {
    let boxes = db.boxes(sight, shipment.id).await?;
    let shown = show(service, db, (sight, role), vec![shipment], &boxes).await?;
    let shown = shown.into_iter().next().ok_or(ApiError::NotFound("shipment"))?;
    Ok(Shipment { boxes: Some(boxes.into_iter().map(PackedBoxView::from).collect()), ..shown })
}

/// `boxes` are those of the one shipment that is shown as a whole. In which of others' boxes a tracker rides a supplier does
/// not see.
pub(super) async fn show(
    service: &Service,
    db: &mut store::Connection,
    (sight, role): (Sight, Role),
    shipments: Vec<StoredShipment>,
    boxes: &[PackedBox],
) -> Result<Vec<Shipment>, ApiError> {
    let ids: Vec<ShipmentId> = shipments.iter().map(|shipment| shipment.id).collect();
    let profile_ids: Vec<ProfileId> = shipments.iter().map(|shipment| shipment.profile).collect();
    let profiles = service.profiles.get(db, &profile_ids).await?;
    let approvals = db.approvals(&profile_ids).await?;
    let decided = db.last_dispositions(&ids).await?;
    let mut rides: HashMap<ShipmentId, Vec<Ride>> = HashMap::new();
    let is_supplier = matches!(sight.viewer, Viewer::Supplier(_));
    for mut ride in db.rides(&ids).await? {
        ride.in_box = ride.in_box.filter(|n| !is_supplier || boxes.iter().any(|one| one.number == *n));
        rides.entry(ride.shipment).or_default().push(ride);
    }
    let now = (service.clock)();
    let one = |shipment: StoredShipment| {
        let stored = profiles.get(&shipment.profile).ok_or(ApiError::NotFound("profile"))?;
        let rides = rides.remove(&shipment.id).unwrap_or_default();
        let summary = summarise(&stored.profile, &rides, now);
        let approved = approvals.contains_key(&stored.id);
        let decided = decided.get(&shipment.id);
        let shown = view(shipment, profile_view(stored, approved), decided, &rides, &summary);
        let open_alerts = shown.open_alerts.filter(|_| role.may(Permission::ReadAlerts));
        Ok(Shipment { open_alerts, ..shown })
    };
    shipments.into_iter().map(one).collect()
}

fn profile_view(stored: &StoredProfile, approved: bool) -> ShipmentProfile {
    ShipmentProfile {
        id: stored.id.0,
        name: stored.profile.name().to_owned(),
        version: stored.version,
        range: range(&stored.profile),
        approved,
    }
}

fn view(
    shipment: StoredShipment,
    profile: ShipmentProfile,
    decided: Option<&KeptDecision>,
    rides: &[Ride],
    summary: &Summary,
) -> Shipment {
    let overall = summary.overall;
    let reasons = holds(shipment.hold, shipment.hold_before_recall, overall.map(|overall| overall.verdict));
    Shipment {
        id: shipment.id.0,
        reference: shipment.reference,
        status: shipment.status,
        on_hold: shipment.hold.is_some(),
        hold_reason: shipment.hold,
        hold_reasons: reasons,
        forbidden: forbidden(shipment.hold, decided.map(|kept| kept.decision.decision)),
        disposition: decided.map(DispositionView::from),
        origin: shipment.origin,
        destination: shipment.destination,
        days_to_return: shipment.days_to_return.unwrap_or(DAYS_TO_RETURN),
        cancelled: shipment.cancelled.map(HaltView::from),
        turned_back: shipment.turned_back.map(HaltView::from),
        profile,
        last_reading: summary.latest.map(|(dev_eui, latest)| LastReading {
            measured_at: latest.measured_at,
            temperature_c: celsius(latest.temperature),
            humidity_pct: latest.humidity.map(percent),
            dev_eui: dev_eui.to_string(),
        }),
        assessment: overall.map(|overall| overall.verdict),
        coverage: overall.map(|overall| overall.coverage),
        open_alerts: Some(shipment.open_alerts),
        trackers: rides.iter().map(riding).collect(),
        box_count: shipment.boxes,
        boxes: None,
        created_at: shipment.created_at,
    }
}

fn forbidden(hold: Option<HoldReason>, decided: Option<Disposition>) -> Vec<Act> {
    Act::ALL.iter().copied().filter(|act| !act.is_permitted(hold, decided)).collect()
}

pub(super) fn range(profile: &Profile) -> Option<RangeView> {
    let range = profile.range()?;
    Some(RangeView { min_c: range.min_c.map(celsius), max_c: range.max_c.map(celsius) })
}

fn riding(ride: &Ride) -> RidingTracker {
    RidingTracker {
        dev_eui: ride.dev_eui.to_string(),
        name: ride.name.clone(),
        r#box: ride.in_box,
        from: ride.from,
        until: ride.until,
    }
}
