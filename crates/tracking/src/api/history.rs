//! What was known when: past assessments of a shipment, and what became of an alert.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::because::Cause;
use domain::{AlertId, ShipmentId};
use serde::Serialize;
use store::{AuditRecord, PastAssessment};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::access::{Caller, ReadAlerts, ReadShipments};
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use crate::Service;
use crate::alerting::AlertDetail;

/// One tracker's assessment as it was when its meaning changed.
#[derive(Serialize, ToSchema)]
#[schema(as = PastAssessment)]
pub struct PastAssessmentView {
    recorded_at: DateTime<Utc>,
    dev_eui: String,
    cause: Cause,
    /// What brought it about, in words.
    because: String,
    /// How many readings came, and when the first and last of them were measured.
    new_readings: usize,
    measured_from: Option<DateTime<Utc>>,
    measured_to: Option<DateTime<Utc>>,
    /// It lists none of the episodes that ended before this. Null: it lists all.
    settled_until: Option<DateTime<Utc>>,
    /// Fields as `isotherm evaluate` prints them, but for the mean kinetic temperature.
    #[schema(value_type = domain::evaluate::Assessment)]
    assessment: serde_json::Value,
}

impl From<PastAssessment> for PastAssessmentView {
    fn from(past: PastAssessment) -> Self {
        let (measured_from, measured_to) = past.because.measured.unzip();
        Self {
            recorded_at: past.recorded_at,
            dev_eui: past.dev_eui.to_string(),
            cause: past.because.cause,
            because: past.because.to_string(),
            new_readings: past.because.new_readings,
            measured_from,
            measured_to,
            settled_until: past.settled_until,
            assessment: past.assessment,
        }
    }
}

/// The shipment's assessments at each instant at which their meaning changed, the latest first.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<PastAssessmentView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/shipments/{id}/assessments")]
pub async fn list_past_assessments(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(100);
    let before = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let rows = db.past_assessments(shipment.id, before, limit + 1).await?;
    let page = Page::of(rows, limit, |past| past.id.to_string(), PastAssessmentView::from);
    Ok(HttpResponse::Ok().json(page))
}

/// One entry of the audit trail about an alert.
#[derive(Serialize)]
pub struct AlertChange {
    #[serde(flatten)]
    made: Made,
    #[serde(flatten)]
    kept: Kept,
}

#[derive(Serialize, ToSchema)]
struct Made {
    at: DateTime<Utc>,
    /// The e-mail address of who did it; null where the service itself did.
    #[schema(required = true)]
    actor: Option<String>,
}

/// An [`AlertDetail`] as the audit trail has it.
#[derive(Serialize)]
struct Kept {
    action: String,
    detail: serde_json::Value,
}

/// Alternatives that are whole, each by its `action`: many generators of clients cannot put one together of its parts.
impl PartialSchema for AlertChange {
    fn schema() -> RefOr<Schema> {
        let mut changes = AlertDetail::schema();
        if let (RefOr::T(Schema::OneOf(changes)), RefOr::T(Schema::Object(made))) =
            (&mut changes, Made::schema())
        {
            for change in &mut changes.items {
                if let RefOr::T(Schema::Object(change)) = change {
                    change.properties.extend(made.properties.clone());
                    change.required.extend(made.required.clone());
                }
            }
        }
        changes
    }
}

impl ToSchema for AlertChange {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AlertDetail::schemas(schemas);
    }
}

impl From<AuditRecord> for AlertChange {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { at, action, actor, detail, .. } = record;
        Self { made: Made { at, actor }, kept: Kept { action, detail } }
    }
}

/// What became of an alert, the earliest first.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<AlertChange>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/alerts/{id}/history")]
pub async fn show_alert_history(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let alert = db.alert(caller.organisation, AlertId(id.into_inner())).await.map_err(named("alert"))?;
    let rows = db.audit_of(caller.organisation, &alert.id.to_string(), after, limit + 1).await?;
    let page = Page::of(rows, limit, |record| record.id.to_string(), AlertChange::from);
    Ok(HttpResponse::Ok().json(page))
}
