//! A shipment in the words of GS1's EPCIS 2.0, for other companies' programs. What is told how is `domain::epcis`'s.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::access::Sight;
use domain::epcis::{Document, HoldChange, Known, document};
use domain::shipment::HoldReason;
use domain::{OrganisationId, ShipmentId};
use serde::Deserialize;
use store::{AuditRecord, Connection, Shipment};
use uuid::Uuid;

use super::access::{Caller, ExportEvidence};
use super::evidence::{AT_ONCE, attachment};
use super::problem::{ApiError, Problem, named};
use crate::Service;
use crate::handover::Book;
use crate::summary::series;

/// What is known of a shipment as an EPCIS 2.0 document (JSON-LD) in the words of CBV 2.0: packing, handovers, trackers, the
/// temperature of each hour, times out of range, holds and decisions. An event keeps its `eventID` in every export; what was
/// corrected is repeated with an `errorDeclaration`.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), responses(
    (status = 200, content_type = "application/ld+json", body = Object), (status = 404, body = Problem),
    (status = 409, body = Problem)))]
#[get("/shipments/{id}/epcis")]
pub async fn export_epcis(
    service: web::Data<Service>,
    caller: Caller<ExportEvidence>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let now = (service.clock)();
    let id = ShipmentId(id.into_inner());
    let mut db = service.store.snapshot().await?;
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let file = attachment(&format!("{}-epcis.jsonld", shipment.reference));
    let told = tell(&service, &mut db, caller.sight(), shipment, now).await?;
    let text = serde_json::to_vec(&told).map_err(ApiError::internal)?;
    let mut db = service.store.begin().await?;
    let detail = serde_json::json!({ "events": told.events().len(), "bytes": text.len() });
    db.write_audit(&[caller.audit("epcis.exported", id.to_string(), detail)], now).await?;
    db.commit().await?;
    Ok(HttpResponse::Ok().content_type("application/ld+json").insert_header(file).body(text))
}

async fn tell(
    service: &Service,
    db: &mut Connection,
    sight: Sight,
    shipment: Shipment,
    now: DateTime<Utc>,
) -> Result<Document, ApiError> {
    let (owner, id) = (sight.tenant, shipment.id);
    let profile = service.profiles.get_one(db, shipment.profile).await?;
    let boxes = db.boxes(sight, id).await?;
    let rides = db.rides(&[id]).await?;
    let readings = series(db, &profile.profile, &rides).await?;
    let holds = holds(db, owner, id).await?;
    // Sorted from the latest first used to the earliest.
    let first_key = db.keys().await?.pop().map(|key| key.id);
    let turned_back_at = shipment.turned_back.as_ref().map(|halt| halt.at);
    let book = Book::read(db, owner, shipment).await?;
    let ride = |ride: &store::Ride| domain::epcis::Ride {
        assignment: ride.assignment,
        dev_eui: ride.dev_eui,
        in_box: ride.in_box.filter(|number| boxes.iter().any(|one| one.number == *number)),
        from: ride.from,
        until: ride.until,
        readings: readings.get(&ride.assignment).map(Vec::as_slice).unwrap_or_default(),
    };
    let known = Known {
        shipment: id,
        owner,
        installation: first_key.unwrap_or_else(|| service.ledger_key.id.clone()),
        boxes: &boxes,
        ledger: &book.ledger.read,
        custody: &book.ledger.custody,
        consignees: book.sent_to(),
        turned_back_at,
        profile: &profile.profile,
        rides: rides.iter().map(ride).collect(),
        holds,
    };
    Ok(document(&known, now))
}

/// What the audit trail says of a shipment's hold.
#[derive(Deserialize)]
struct Held {
    /// Before and after.
    hold: [Option<HoldReason>; 2],
}

async fn holds(
    db: &mut Connection,
    owner: OrganisationId,
    shipment: ShipmentId,
) -> Result<Vec<HoldChange>, ApiError> {
    let change = |record: &AuditRecord| {
        let [before, after] = Held::deserialize(&record.detail).ok()?.hold;
        Some(HoldChange { number: record.id, at: record.at, before, after })
    };
    let (mut holds, mut after) = (Vec::new(), None);
    loop {
        let records = db.audit_of(owner, &shipment.to_string(), after, AT_ONCE).await?;
        holds.extend(records.iter().filter_map(change));
        after = records.last().map(|last| last.id);
        if i64::try_from(records.len()).is_ok_and(|count| count < AT_ONCE) {
            return Ok(holds);
        }
    }
}
