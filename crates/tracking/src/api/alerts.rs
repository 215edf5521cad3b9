//! Alerts: listed, and acknowledged with a name, a time and a reason.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::access::Sight;
use domain::alert::{AlertKind, Severity};
use domain::own_alarm::{Excursion, OwnAlarm};
use domain::runbook::Runbook;
use domain::tracker_report::Limits;
use domain::{AlertId, Duration, ShipmentId};
use serde::{Deserialize, Serialize};
use store::{AffectedRide, AlertFilter, AlertView, Connection, Episode, StoreError, extreme_temperature};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{AcknowledgeAlerts, Caller, ReadAlerts};
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, Problem, named};
use super::runbooks::RunbookText;
use super::text::{celsius, prose};
use super::tracker_report::{LimitsView, limits_of};
use crate::Service;
use crate::alerting::{AlertDetail, EndedDetail};
use crate::live::Change;
use crate::runbooks::Runbooks;

#[derive(Serialize, ToSchema)]
pub struct Alert {
    id: Uuid,
    kind: AlertKind,
    /// The name of the profile's alarm.
    alarm: Option<String>,
    severity: Severity,
    shipment: Option<Uuid>,
    shipment_reference: Option<String>,
    dev_eui: Option<String>,
    /// What the alert is about where that is no shipment.
    subject: Option<String>,
    /// What to know of it, in words, of alerts about custody.
    detail: Option<String>,
    began_at: DateTime<Utc>,
    alarmed_at: DateTime<Utc>,
    /// Null while it lasts.
    ended_at: Option<DateTime<Utc>>,
    exposure_s: Option<i64>,
    /// The worst value in °C, of temperature alerts.
    extreme_c: Option<f64>,
    state: AlertState,
    acknowledged_at: Option<DateTime<Utc>>,
    /// The e-mail address; for a partner's people the tenant's name.
    acknowledged_by: Option<String>,
    acknowledge_reason: Option<String>,
    closed_at: Option<DateTime<Utc>>,
    closed_reason: Option<String>,
    merged_into: Option<Uuid>,
    /// What to do, and who to call.
    runbook: RunbookText,
    /// Of `readings_missing`.
    missing: Option<MissingReadings>,
    /// What the tracker made of it, of temperature alerts that have ended, where all that it wrote down until then is here.
    own_alarm: Option<OwnAlarm>,
    /// The tracker's own limits as they are now, where that is said and they are known.
    own_limits: Option<LimitsView>,
    /// Of `gateway_silent`: how many trackers are or were silent because of it.
    affected_trackers: Option<i64>,
    /// At most 50 of them, those that are still silent first.
    affected: Vec<AffectedTracker>,
}

/// What became of an alert. A person acknowledges it; what is known closes it, withdraws it, or joins it with another one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Open,
    Acknowledged,
    Closed,
    Withdrawn,
    Merged,
}

impl AlertState {
    fn of(alert: &AlertView) -> Self {
        match alert.closed_as.as_deref() {
            Some("withdrawn") => Self::Withdrawn,
            Some("merged") => Self::Merged,
            Some(_) => Self::Closed,
            None if alert.acknowledged_at.is_some() => Self::Acknowledged,
            None => Self::Open,
        }
    }
}

/// How many of the tracker's readings are missing, and the lowest and highest of their numbers.
#[derive(Serialize, ToSchema)]
pub struct MissingReadings {
    readings: i32,
    first_sequence: i32,
    last_sequence: i32,
}

/// A tracker under way that is silent because of its gateway.
#[derive(Serialize, ToSchema)]
pub struct AffectedTracker {
    dev_eui: String,
    shipment: Uuid,
    shipment_reference: String,
    silent_since: DateTime<Utc>,
    /// Null while the gateway is why it is silent.
    until: Option<DateTime<Utc>>,
}

impl From<AffectedRide> for AffectedTracker {
    fn from(ride: AffectedRide) -> Self {
        Self {
            dev_eui: ride.dev_eui.to_string(),
            shipment: ride.shipment.0,
            shipment_reference: ride.shipment_reference,
            silent_since: ride.silent_since,
            until: ride.until,
        }
    }
}

impl Alert {
    pub fn of(alert: AlertView, runbook: Runbook) -> Self {
        let state = AlertState::of(&alert);
        let own_limits = alert.own_alarm.and(alert.in_force.as_ref()).and_then(limits_of);
        let own_alarm = own_alarm(&alert, own_limits.as_ref());
        Self {
            extreme_c: extreme_temperature(&alert).map(celsius),
            id: alert.id.0,
            kind: alert.kind,
            alarm: alert.alarm,
            severity: alert.severity,
            shipment: alert.shipment.map(|id| id.0),
            shipment_reference: alert.shipment_reference,
            dev_eui: alert.dev_eui.map(|dev_eui| dev_eui.to_string()),
            subject: alert.subject,
            detail: alert.detail,
            began_at: alert.episode.began_at,
            alarmed_at: alert.episode.alarmed_at,
            ended_at: alert.episode.ended_at,
            exposure_s: alert.episode.exposure_s,
            state,
            acknowledged_at: alert.acknowledged_at,
            acknowledged_by: alert.acknowledged_by,
            acknowledge_reason: alert.acknowledge_reason,
            closed_at: alert.closed_at,
            closed_reason: alert.closed_reason,
            merged_into: alert.merged_into.map(|id| id.0),
            runbook: runbook.into(),
            missing: alert.missing.map(|missing| MissingReadings {
                readings: missing.readings,
                first_sequence: missing.first,
                last_sequence: missing.last,
            }),
            own_alarm,
            own_limits: own_limits.map(LimitsView::from),
            affected_trackers: alert.rides,
            affected: alert.affected.into_iter().map(AffectedTracker::from).collect(),
        }
    }
}

fn own_alarm(alert: &AlertView, limits: Option<&Limits>) -> Option<OwnAlarm> {
    let Episode { began_at, ended_at, .. } = alert.episode;
    let lasted = Duration::from_seconds((ended_at? - began_at).num_seconds())?;
    let excursion = Excursion { kind: alert.kind, extreme: extreme_temperature(alert), lasted };
    Some(OwnAlarm::of(alert.own_alarm?, &excursion, limits))
}

/// How somebody sees alerts: the tenant's own people all of them; a partner's what concerns the shipment, and neither who
/// works in the tenant's house, nor its own runbooks, nor other shipments that a gateway carries.
pub(super) struct SeenAlerts {
    sight: Sight,
    shipment: Option<ShipmentId>,
    runbooks: Runbooks,
    /// The tenant's name.
    house: String,
}

impl SeenAlerts {
    pub async fn of(
        db: &mut Connection,
        sight: Sight,
        shipment: Option<ShipmentId>,
    ) -> Result<Self, StoreError> {
        let is_own = sight.partner().is_none();
        let runbooks = Runbooks::of(db, is_own.then_some(sight.tenant).into_iter()).await?;
        let house = db.circle_names(sight.tenant, &[sight.tenant]).await?.remove(&sight.tenant);
        Ok(Self { sight, shipment, runbooks, house: house.unwrap_or_default() })
    }

    pub fn view(&self, alert: AlertView) -> Alert {
        let runbook = self.runbooks.get(self.sight.tenant, alert.kind);
        let mut alert = Alert::of(alert, runbook);
        if self.sight.partner().is_some() {
            alert.acknowledged_by = self.person(alert.acknowledged_by);
            alert.affected.retain(|ride| Some(ShipmentId(ride.shipment)) == self.shipment);
            alert.affected_trackers = alert.affected_trackers.and(i64::try_from(alert.affected.len()).ok());
        }
        alert
    }

    /// Somebody of the tenant's; a partner's people read whose he is, not who.
    pub fn person(&self, email: Option<String>) -> Option<String> {
        email.map(|email| if self.sight.partner().is_some() { self.house.clone() } else { email })
    }
}

#[derive(Deserialize, IntoParams)]
pub struct AlertQuery {
    /// `open` (neither acknowledged nor closed; the default) or `all`.
    #[serde(default)]
    #[param(inline)]
    state: ShownAlerts,
}

#[derive(Deserialize, ToSchema, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum ShownAlerts {
    #[default]
    Open,
    All,
}

/// Alerts, newest first.
#[utoipa::path(tag = "alerts", params(AlertQuery, PageQuery),
    responses((status = 200, body = Page<Alert>), (status = 400, body = Problem)))]
#[get("/alerts")]
pub async fn list_alerts(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
    query: web::Query<AlertQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let open_only = query.state == ShownAlerts::Open;
    let mut db = service.store.connect().await?;
    // A partner's people have none of their own, and look at those of a shipment.
    let own = Sight::of(caller.organisation, caller.organisation);
    let filter = AlertFilter { open_only, ..AlertFilter::default() };
    let page = alerts_page(&mut db, own, filter, &page).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// All alerts of a shipment, newest first, and those about gateways that took a tracker of it out of hearing.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<Alert>), (status = 404, body = Problem)))]
#[get("/shipments/{id}/alerts")]
pub async fn list_shipment_alerts(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let shipment = ShipmentId(id.into_inner());
    let mut db = service.store.connect().await?;
    db.shipment_seen_by(caller.sight(), shipment).await.map_err(named("shipment"))?;
    let filter = AlertFilter { shipment: Some(shipment), ..AlertFilter::default() };
    Ok(HttpResponse::Ok().json(alerts_page(&mut db, caller.sight(), filter, &page).await?))
}

async fn alerts_page(
    db: &mut Connection,
    sight: Sight,
    filter: AlertFilter,
    page: &PageQuery,
) -> Result<Page<Alert>, ApiError> {
    let limit = page.limit()?;
    let before = page.before()?.map(|(at, id)| (at, AlertId(id)));
    let filter = AlertFilter { before, partner: sight.partner(), ..filter };
    let rows = db.alerts(sight.tenant, filter, limit + 1).await?;
    let seen = SeenAlerts::of(db, sight, filter.shipment).await?;
    let item = |alert: AlertView| seen.view(alert);
    Ok(Page::of(rows, limit, |alert| cursor_before(alert.created_at, alert.id.0), item))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// What was found and done.
    #[schema(example = "Driver reached; box moved to a working refrigerator at 14:20")]
    reason: String,
}

/// Acknowledges an open alert. A temperature alert stays recorded; its shipment stays on hold.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), request_body = Acknowledgement, responses(
    (status = 200, body = Alert), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/alerts/{id}/acknowledge")]
pub async fn acknowledge_alert(
    service: web::Data<Service>,
    caller: Caller<AcknowledgeAlerts>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<Acknowledgement>,
) -> Result<HttpResponse, ApiError> {
    let (id, reason) = (AlertId(id.into_inner()), prose("reason", &body.reason, 2000)?);
    let once = Once::new(&request, &body)?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    if !db.acknowledge_alert(caller.organisation, id, caller.user, &reason, now).await? {
        let alert = db.alert(caller.organisation, id).await.map_err(named("alert"))?;
        let how = alert.closed_as.unwrap_or_else(|| "acknowledged".to_owned());
        return Err(ApiError::Conflict(format!("the alert is {how} already")));
    }
    let (action, detail) = AlertDetail::Acknowledged(EndedDetail { reason }).into_audit();
    let entry = caller.audit(action, id.to_string(), detail);
    db.write_audit(&[entry], now).await?;
    let alert = db.alert(caller.organisation, id).await?;
    let shipment = alert.shipment;
    let runbooks = Runbooks::of(&mut db, [caller.organisation].into_iter()).await?;
    let runbook = runbooks.get(caller.organisation, alert.kind);
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &Alert::of(alert, runbook)).await?;
    service.live.publish([(caller.organisation, Change::Alert { id, shipment })]);
    Ok(answer)
}
