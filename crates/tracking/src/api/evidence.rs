//! Everything that is known of a shipment in one file, which anybody can check without the service.

use std::fmt::Write;

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::ShipmentId;
use domain::access::{Permission, Role, Sight};
use domain::custody::{Entry, PhotoHash};
use domain::evidence::{Evidence, PublicKey};
use serde::Serialize;
use store::{AlertFilter, AuditRecord, Connection, SeriesPoint, Shipment, StoredProfile};
use uuid::Uuid;

use super::access::{Caller, ExportEvidence};
use super::alerts::{Alert, SeenAlerts};
use super::document::File;
use super::history::{AlertChange, PastAssessmentView};
use super::on_call::AttemptView;
use super::problem::{ApiError, Problem, named};
use super::series::{AssessmentView, assessment};
use super::shipments::show_one;
use super::text::{celsius, file_name, percent};
use crate::Service;

/// Rows that are read at once.
pub(super) const AT_ONCE: i64 = 10_000;

/// A signature on the profile or the shipment.
#[derive(Serialize)]
struct SignatureView {
    what: String,
    printed_name: String,
    at: DateTime<Utc>,
    meaning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// By whom and when a package was asked for, and what he may see.
struct Exported {
    by: String,
    at: DateTime<Utc>,
    sight: Sight,
    role: Role,
}

/// An alert with everything that became of it.
#[derive(Serialize)]
struct AlertWithHistory {
    #[serde(flatten)]
    alert: Alert,
    history: Vec<AlertChange>,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize)]
struct Assessments {
    now: AssessmentView,
    /// What was known when, the latest first.
    past: Vec<PastAssessmentView>,
}

/// The evidence package of a shipment: a ZIP file with readings, assessments, alerts, signatures and the custody
/// ledger, signed by the service. `isotherm verify` checks it. A supplier's holds the whole ledger and every reading, since a
/// chain is checked whole, of the contents its own products alone, and no alerts.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), responses(
    (status = 200, content_type = "application/zip", body = File), (status = 404, body = Problem)))]
#[get("/shipments/{id}/evidence")]
pub async fn export_evidence(
    service: web::Data<Service>,
    caller: Caller<ExportEvidence>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let now = (service.clock)();
    let id = ShipmentId(id.into_inner());
    let mut db = service.store.snapshot().await?;
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let user = db.user_by_id(caller.user).await.map_err(named("user"))?;
    let exported = Exported { by: user.name, at: now, sight: caller.sight(), role: caller.role };
    let evidence = gather(&service, &mut db, shipment, exported).await?;
    let key = &service.ledger_key;
    let package =
        (service.package)(&evidence, &key.id, &|text| key.sign(text)).map_err(ApiError::internal)?;
    let mut db = service.store.begin().await?;
    let detail = serde_json::json!({ "bytes": package.len(), "ledger_rows": evidence.ledger.len() });
    db.write_audit(&[caller.audit("evidence.exported", id.to_string(), detail)], now).await?;
    db.commit().await?;
    let file = attachment(&format!("{}-evidence.zip", evidence.reference));
    Ok(HttpResponse::Ok().content_type("application/zip").insert_header(file).body(package))
}

/// Under a name that every file system takes.
pub(super) fn attachment(name: &str) -> ContentDisposition {
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(file_name(name))],
    }
}

async fn gather(
    service: &Service,
    db: &mut Connection,
    shipment: Shipment,
    exported: Exported,
) -> Result<Evidence, ApiError> {
    let Exported { by: exported_by, at: exported_at, sight, role } = exported;
    let owner = sight.tenant;
    // As it stands, even where it was tampered with: that is for whoever checks the package to see.
    let ledger_length = db.ledger_length(shipment.id).await?;
    let ledger = db.ledger(shipment.id).await?;
    let signed = |key: &PublicKey| ledger.iter().any(|row| row.key == key.id);
    let present = service.ledger_key.public(exported_at);
    let mut keys: Vec<PublicKey> = db.keys().await?.into_iter().filter(signed).collect();
    if !keys.iter().any(|key| key.id == present.id) {
        keys.push(present);
    }
    let (id, reference) = (shipment.id, shipment.reference.clone());
    let stored = db.profile(owner, shipment.profile).await.map_err(named("profile"))?;
    let signatures = signatures(db, id, &stored).await?;
    let assessments =
        Assessments { now: assessment(service, db, &shipment).await?, past: past_assessments(db, id).await? };
    let about = serde_json::json!({
        "profile": { "name": stored.profile.name(), "version": stored.version, "rules": stored.profile },
        "shipment": show_one(service, db, (sight, role), shipment).await?,
    });
    let named: Vec<PhotoHash> =
        ledger.iter().filter_map(|row| Entry::from_text(&row.entry).ok()?.act.photo()).collect();
    let photos = db.photos(id, &named).await?.into_iter();
    let photos = photos.map(|photo| (photo.hash, photo.kind, photo.content)).collect();
    let mut documents = vec![
        ("shipment.json".to_owned(), json(&about)?),
        ("readings.csv".to_owned(), readings(db, id).await?.into_bytes()),
        ("assessment.json".to_owned(), json(&assessments)?),
    ];
    // What somebody may not read he does not take along either.
    if role.may(Permission::ReadAlerts) {
        documents.push(("alerts.json".to_owned(), json(&alerts(db, sight, id).await?)?));
    }
    documents.push(("signatures.json".to_owned(), json(&signatures)?));
    Ok(Evidence {
        shipment: id,
        reference,
        organisation: owner,
        exported_at,
        exported_by,
        ledger,
        ledger_length,
        keys,
        documents,
        photos,
    })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(ApiError::internal)?;
    text.push(b'\n');
    Ok(text)
}

async fn signatures(
    db: &mut Connection,
    shipment: ShipmentId,
    profile: &StoredProfile,
) -> Result<Vec<SignatureView>, ApiError> {
    let approval = db.approvals(&[profile.id]).await?.remove(&profile.id);
    let approved = approval.map(|approval| SignatureView {
        what: format!("version {} of profile {} is approved", profile.version, profile.profile.name()),
        printed_name: approval.printed_name,
        at: approval.at,
        meaning: approval.meaning,
        reason: None,
    });
    let decided = db.dispositions(shipment, None, AT_ONCE).await?;
    let decided = decided.into_iter().map(|kept| SignatureView {
        what: format!("the shipment: {}", kept.decision.decision),
        printed_name: kept.decision.printed_name,
        at: kept.decision.at,
        meaning: kept.decision.meaning,
        reason: Some(kept.decision.reason),
    });
    Ok(approved.into_iter().chain(decided).collect())
}

/// Readings as `isotherm evaluate` reads them, with where each came from beside.
async fn readings(db: &mut Connection, shipment: ShipmentId) -> Result<String, ApiError> {
    let mut csv = String::from(
        "measured_at,temperature_c,min_c,max_c,humidity_pct,out_of_range_s,dev_eui,sequence,received_at\n",
    );
    let mut after = None;
    loop {
        let rows = db.shipment_series(shipment, None, None, after, AT_ONCE).await?;
        rows.iter().for_each(|(_, point)| line(&mut csv, point));
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == AT_ONCE);
        let Some((last, _)) = rows.last().filter(|_| is_full) else { return Ok(csv) };
        after = Some(*last);
    }
}

fn line(csv: &mut String, point: &SeriesPoint) {
    let reading = &point.reading;
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let number = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
    // Writing to a text does not fail.
    let _ = writeln!(
        csv,
        "{},{},{},{},{},{},{},{},{}",
        time(reading.measured_at),
        number(Some(celsius(reading.temperature))),
        number(reading.min.map(celsius)),
        number(reading.max.map(celsius)),
        number(reading.humidity.map(percent)),
        reading.out_of_range_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
        point.dev_eui,
        point.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
        time(point.received_at),
    );
}

async fn past_assessments(
    db: &mut Connection,
    shipment: ShipmentId,
) -> Result<Vec<PastAssessmentView>, ApiError> {
    let mut past = Vec::new();
    let mut before = None;
    loop {
        let rows = db.past_assessments(shipment, before, AT_ONCE).await?;
        before = rows.last().map(|last| last.id);
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < AT_ONCE);
        past.extend(rows.into_iter().map(PastAssessmentView::from));
        if is_last {
            return Ok(past);
        }
    }
}

async fn alerts(
    db: &mut Connection,
    sight: Sight,
    shipment: ShipmentId,
) -> Result<Vec<AlertWithHistory>, ApiError> {
    let (owner, partner) = (sight.tenant, sight.partner());
    let filter = AlertFilter { shipment: Some(shipment), partner, ..AlertFilter::default() };
    let mut found = Vec::new();
    let seen = SeenAlerts::of(db, sight, Some(shipment)).await?;
    for alert in db.alerts(owner, filter, AT_ONCE).await? {
        let history = db.audit_of(owner, &alert.id.to_string(), None, AT_ONCE).await?;
        let known = |record: AuditRecord| AuditRecord { actor: seen.person(record.actor), ..record };
        let history = history.into_iter().map(known).map(AlertChange::from).collect();
        // Whom the tenant told, and where, is its own affair.
        let attempts = match partner {
            None => db.attempts(owner, alert.id, None, AT_ONCE).await?,
            Some(_) => Vec::new(),
        };
        let attempts = attempts.into_iter().map(AttemptView::from).collect();
        found.push(AlertWithHistory { alert: seen.view(alert), history, attempts });
    }
    Ok(found)
}
