//! Boxes change hands: packed, offered, accepted, refused, withdrawn, sealed anew; and entries are corrected.

use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::custody::{Act, Addressee, Condition, Effect as Correction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, CorrectCustody, TransferCustody};
use super::custody::{ExceptionView, SealView};
use super::entries::{Written, WrittenView, write, write_for};
use super::meant::{accepted, addressed, chosen, exceptions, hash, held, open_offer, saw, seals};
use super::problem::{ApiError, Problem};
use super::signer::{Signer, SignerRequest};
use super::text::{non_empty, optional, prose};
use crate::Service;

/// What was seen of the boxes.
#[derive(Serialize, Deserialize, ToSchema, Default)]
pub struct SeenRequest {
    /// The seals as they were read.
    #[serde(default)]
    pub seals: Vec<SealView>,
    #[schema(value_type = Option<Condition>)]
    pub condition: Option<String>,
    pub note: Option<String>,
    /// A photo that is kept of this shipment, by its SHA-256.
    pub photo: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct PackRequest {
    #[serde(flatten)]
    written: Written,
    #[serde(default)]
    seals: Vec<SealView>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct OfferRequest {
    #[serde(flatten)]
    written: Written,
    /// Absent: all that the caller's organisation has.
    boxes: Option<Vec<u32>>,
    /// Boxes that are not handed over, and why.
    #[serde(default)]
    exceptions: Vec<ExceptionView>,
    to: AddresseeRequest,
    #[serde(flatten)]
    seen: SeenRequest,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct AddresseeRequest {
    /// The id of an organisation: the shipment's own or one of its partners.
    pub organisation: i32,
    pub person: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct AcceptRequest {
    #[serde(flatten)]
    written: Written,
    /// The hash of the offer; absent: the only open one to the caller's organisation, or with `signs` of it.
    answers: Option<String>,
    /// Who accepts, where it is nobody with an account.
    signs: Option<SignerRequest>,
    /// Nobody is there: the boxes were left at the end of the last leg, whose lane allows it. Who carries it writes
    /// that for the consignee, and where: with `lat` and `lon` where the shipment's positions are known.
    #[serde(default)]
    unattended: bool,
    /// Absent: all that were offered.
    boxes: Option<Vec<u32>>,
    /// Boxes that were offered and are not there, or not taken.
    #[serde(default)]
    exceptions: Vec<ExceptionView>,
    /// Kept apart and marked; a shipment on hold is accepted in no other way.
    #[serde(default)]
    quarantine: bool,
    #[serde(flatten)]
    seen: SeenRequest,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RefuseRequest {
    #[serde(flatten)]
    written: Written,
    /// The hash of the offer; absent: the only open one to the caller's organisation, or with `signs` of it.
    answers: Option<String>,
    /// Who refuses, where it is nobody with an account.
    signs: Option<SignerRequest>,
    boxes: Option<Vec<u32>>,
    reason: String,
    #[serde(flatten)]
    seen: SeenRequest,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct WithdrawRequest {
    #[serde(flatten)]
    written: Written,
    /// The hash of the offer; absent: the only open one of the caller's organisation.
    answers: Option<String>,
    reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SealRequest {
    #[serde(flatten)]
    written: Written,
    boxes: Vec<u32>,
    seal: String,
    reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CorrectRequest {
    #[serde(flatten)]
    written: Written,
    /// The hash of the entry that is not as it was.
    corrects: String,
    #[schema(value_type = Correction)]
    effect: String,
    reason: String,
}

/// Says that the boxes are packed, with their seals: it opens the shipment's ledger. Binding a tracker does so, too.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = PackRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/pack")]
pub async fn pack_boxes(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<PackRequest>,
) -> Result<HttpResponse, ApiError> {
    let seals = seals(&body.seals)?;
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, _| {
        Ok(Act::Packed { boxes: book.boxes.clone(), seals })
    })
    .await
}

/// Offers boxes to the next custodian. Custody moves only when they are accepted.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = OfferRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/offer")]
pub async fn offer_custody(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<OfferRequest>,
) -> Result<HttpResponse, ApiError> {
    let (seen, exceptions) = (saw(&body.seen)?, exceptions(&body.exceptions)?);
    let person = optional("to.person", body.to.person.as_deref(), 200)?;
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, by| {
        let party = book.party(domain::OrganisationId(body.to.organisation)).ok_or_else(|| {
            ApiError::Unprocessable(
                "to.organisation: there is no such organisation; see /organisations".into(),
            )
        })?;
        let to = Addressee { organisation: party, person };
        let (continues, boxes) = held(book, by, body.boxes.as_deref(), &exceptions)?;
        Ok(Act::Offered { continues, boxes, exceptions, parent: None, to, seen })
    })
    .await
}

/// Accepts boxes that were offered: from now on the addressee answers for them. That is the caller's organisation, or
/// with `signs` whoever shows a badge or tells a code on the caller's account, or with `unattended` nobody.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = AcceptRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/accept")]
pub async fn accept_custody(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<AcceptRequest>,
) -> Result<HttpResponse, ApiError> {
    let mut body = body.into_inner();
    let (seen, exceptions) = (saw(&body.seen)?, exceptions(&body.exceptions)?);
    let signer = match (Signer::read(body.signs.as_mut(), &service, caller.tenant)?, body.unattended) {
        (Signer::Account, true) => Signer::Unattended,
        (_, true) => return Err(ApiError::Unprocessable("signs: nobody signs where boxes are left".into())),
        (signer, false) => signer,
    };
    let answers = body.answers.as_deref();
    let what = (*id, &body.written, &body);
    write_for(&service, &caller, &request, what, (&signer, answers), |book, by| {
        accepted(book, by, answers, body.boxes.as_deref(), (exceptions, body.quarantine, seen))
    })
    .await
}

/// Refuses boxes that were offered; their custodian stays.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = RefuseRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/refuse")]
pub async fn refuse_custody(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<RefuseRequest>,
) -> Result<HttpResponse, ApiError> {
    let mut body = body.into_inner();
    let (seen, reason) = (saw(&body.seen)?, prose("reason", &body.reason, 1000)?);
    let signer = Signer::read(body.signs.as_mut(), &service, caller.tenant)?;
    let answers = body.answers.as_deref();
    let what = (*id, &body.written, &body);
    write_for(&service, &caller, &request, what, (&signer, answers), |book, by| {
        let (answers, offered) = addressed(book, by, answers)?;
        let boxes = chosen(&offered, body.boxes.as_deref(), &[])?;
        Ok(Act::Refused { answers, boxes, reason, seen })
    })
    .await
}

/// Takes an offer back that nobody has answered.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = WithdrawRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/withdraw")]
pub async fn withdraw_offer(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<WithdrawRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = prose("reason", &body.reason, 1000)?;
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, by| {
        let answers = open_offer(&book.ledger, body.answers.as_deref(), |entry| {
            entry.by.organisation.id == by.organisation.id
        })?;
        Ok(Act::Withdrawn { answers: answers.0, reason })
    })
    .await
}

/// Says that the custodian put a new seal on boxes, and why.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = SealRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/seal")]
pub async fn seal_boxes(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<SealRequest>,
) -> Result<HttpResponse, ApiError> {
    let (seal, reason) = (non_empty("seal", &body.seal, 100)?, prose("reason", &body.reason, 1000)?);
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, by| {
        let (continues, boxes) = held(book, by, Some(&body.boxes), &[])?;
        Ok(Act::Sealed { continues, boxes, seal, reason })
    })
    .await
}

/// Says that an entry is not as it was. The entry stays; the correction is a further one, with its reason.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = CorrectRequest, responses(
    (status = 201, body = WrittenView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/correct")]
pub async fn correct_custody(
    service: web::Data<Service>,
    caller: Caller<CorrectCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<CorrectRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = prose("reason", &body.reason, 1000)?;
    let effect: Correction =
        body.effect.parse().map_err(|error| ApiError::Unprocessable(format!("effect: {error}")))?;
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, _| {
        let corrects = hash("corrects", &body.corrects)?;
        if !book.ledger.entries().contains_key(&corrects) {
            return Err(ApiError::Unprocessable(
                "corrects: the ledger of this shipment has no such entry".into(),
            ));
        }
        Ok(Act::Corrected { corrects, effect, reason })
    })
    .await
}
