//! A pallet, a roll cage or a manifest changes hands as one, with exceptions: forty boxes, one scan.

use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::custody::Condition;
use domain::shipment::ShipmentStatus;
use domain::{OrganisationId, ParentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, TransferCustody};
use super::custody::ExceptionView;
use super::deed::{Answers, Deed};
use super::entries::Written;
use super::fan_out::{Said, hand_over};
use super::handover::{AddresseeRequest, SeenRequest};
use super::meant::{MOST_BOXES, hash, saw};
use super::problem::{ApiError, Problem};
use super::text::{optional, prose};
use crate::Service;

/// A box in the parent: by its SSCC, or by its shipment and its number there.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BoxRef {
    /// 18 digits.
    pub sscc: Option<String>,
    pub shipment: Option<Uuid>,
    pub r#box: Option<u32>,
}

/// A box that is not part of the handover, and why.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentException {
    #[serde(flatten)]
    pub of: BoxRef,
    pub reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentSeal {
    #[serde(flatten)]
    pub of: BoxRef,
    pub seal: String,
}

/// What was seen of the parent and its boxes.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentSeen {
    /// The seals as they were read.
    #[serde(default)]
    pub seals: Vec<ParentSeal>,
    #[schema(value_type = Option<Condition>)]
    condition: Option<String>,
    note: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentOfferRequest {
    #[serde(flatten)]
    written: Written,
    /// Boxes in the parent that are not handed over, and why.
    #[serde(default)]
    exceptions: Vec<ParentException>,
    to: AddresseeRequest,
    #[serde(flatten)]
    seen: ParentSeen,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentAcceptRequest {
    #[serde(flatten)]
    written: Written,
    /// Boxes that were offered and are not there, or not taken.
    #[serde(default)]
    exceptions: Vec<ParentException>,
    /// Shipments on hold are kept apart and marked; they are accepted in no other way.
    #[serde(default)]
    quarantine: bool,
    /// The offers that are answered, by the hashes of their entries; none named: whichever are open. Where one of them is
    /// not open any more, nothing is written.
    #[serde(default)]
    answers: Vec<String>,
    #[serde(flatten)]
    seen: ParentSeen,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParentRefuseRequest {
    #[serde(flatten)]
    written: Written,
    reason: String,
    /// As of an acceptance.
    #[serde(default)]
    answers: Vec<String>,
    #[serde(flatten)]
    seen: ParentSeen,
}

/// What was written of the shipments in a parent.
#[derive(Serialize, ToSchema)]
pub struct ParentHandover {
    pub parent: Uuid,
    /// One for each entry. A shipment whose boxes came by several handovers has several.
    pub shipments: Vec<HandedOver>,
    /// Boxes in the parent that the handover is not about. Empty where the request was here before.
    pub left_out: Vec<LeftOut>,
}

#[derive(Serialize, ToSchema)]
pub struct HandedOver {
    pub shipment: Uuid,
    pub reference: String,
    /// The hash of the entry; null where every box of the shipment is an exception, and nothing was written.
    pub entry: Option<String>,
    /// The shipment's status now.
    pub status: ShipmentStatus,
    pub boxes: Vec<u32>,
    pub exceptions: Vec<ExceptionView>,
    pub quarantine: bool,
}

#[derive(Serialize, ToSchema)]
pub struct LeftOut {
    pub shipment: Uuid,
    pub reference: String,
    pub boxes: Vec<u32>,
    pub why: String,
}

/// Offers everything in the parent that the caller's organisation has, but for the exceptions: an entry for each shipment,
/// all or none. At most 1000 boxes of 50 shipments.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = ParentOfferRequest, responses(
    (status = 201, body = ParentHandover), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/parents/{id}/custody/offer")]
pub async fn offer_parent(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<ParentOfferRequest>,
) -> Result<HttpResponse, ApiError> {
    let person = optional("to.person", body.to.person.as_deref(), 200)?;
    let deed = Deed::Offer { to: OrganisationId(body.to.organisation), person };
    let said = said(&body.written, &body.exceptions, &body.seen, deed)?;
    hand_over(&service, &caller, &request, (ParentId(*id), &*body), said).await
}

/// Accepts everything in the parent that was offered to the caller's organisation, but for the exceptions: an entry for
/// each shipment, all or none. At most 1000 boxes of 50 shipments.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = ParentAcceptRequest, responses(
    (status = 201, body = ParentHandover), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/parents/{id}/custody/accept")]
pub async fn accept_parent(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<ParentAcceptRequest>,
) -> Result<HttpResponse, ApiError> {
    let deed = Deed::Accept { quarantine: body.quarantine, answers: answers(&body.answers)? };
    let said = said(&body.written, &body.exceptions, &body.seen, deed)?;
    hand_over(&service, &caller, &request, (ParentId(*id), &*body), said).await
}

/// Refuses everything in the parent that was offered to the caller's organisation: an entry for each shipment, all or
/// none. At most 1000 boxes of 50 shipments.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = ParentRefuseRequest, responses(
    (status = 201, body = ParentHandover), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/parents/{id}/custody/refuse")]
pub async fn refuse_parent(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<ParentRefuseRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = prose("reason", &body.reason, 1000)?;
    let deed = Deed::Refuse { reason, answers: answers(&body.answers)? };
    let said = said(&body.written, &[], &body.seen, deed)?;
    hand_over(&service, &caller, &request, (ParentId(*id), &*body), said).await
}

fn answers(named: &[String]) -> Result<Answers, ApiError> {
    if named.len() > MOST_BOXES {
        return Err(ApiError::Unprocessable(format!("answers: name at most {MOST_BOXES}")));
    }
    named.iter().map(|one| hash("answers", one)).collect()
}

fn said<'a>(
    written: &'a Written,
    exceptions: &'a [ParentException],
    seen: &'a ParentSeen,
    deed: Deed,
) -> Result<Said<'a>, ApiError> {
    let (condition, note) = (seen.condition.clone(), seen.note.clone());
    let saw = saw(&SeenRequest { condition, note, ..SeenRequest::default() })?;
    Ok(Said { written, exceptions, seals: &seen.seals, seen: saw, deed })
}
