//! Boxes change hands: packed, offered, accepted, refused, withdrawn, sealed anew; and entries are corrected.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::custody::{Act, Actor, Addressee, Effect as Correction, Entry, EntryHash, Strength};
use domain::shipment::Act as BoxAct;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, CorrectCustody, Grant, TransferCustody};
use super::custody::{CustodyView, ExceptionView, SealView, WhereaboutsView, in_words, view};
use super::meant::{addressed, chosen, exceptions, hash, held, open_offer, saw, seals, whereabouts};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::text::{happened, non_empty, optional, prose};
use crate::Service;
use crate::handover::Book;

/// What every entry says.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Given by the writer: what is sent again under the same id is written once.
    id: Option<Uuid>,
    /// By the writer's clock; absent: now.
    at: Option<DateTime<Utc>>,
    whereabouts: Option<WhereaboutsView>,
}

/// What was seen of the boxes.
#[derive(Serialize, Deserialize, ToSchema, Default)]
pub struct SeenRequest {
    /// The seals as they were read.
    #[serde(default)]
    pub seals: Vec<SealView>,
    /// intact, damaged, wet or opened.
    pub condition: Option<String>,
    pub note: Option<String>,
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
    organisation: i32,
    person: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct AcceptRequest {
    #[serde(flatten)]
    written: Written,
    /// The hash of the offer; absent: the only open one to the caller's organisation.
    answers: Option<String>,
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
    /// The hash of the offer; absent: the only open one to the caller's organisation.
    answers: Option<String>,
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
    /// annulled (it counts no more), stands (of contradictory answers this one is as it was) or noted.
    effect: String,
    reason: String,
}

/// What was written, and the custody with it.
#[derive(Serialize, ToSchema)]
pub struct WrittenView {
    /// The hash of the entry.
    entry: String,
    /// The shipment's status now.
    status: String,
    custody: CustodyView,
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

/// Accepts boxes that were offered: from now on the caller's organisation answers for them.
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
    let (seen, exceptions) = (saw(&body.seen)?, exceptions(&body.exceptions)?);
    let quarantine = body.quarantine;
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, by| {
        let hold = book.shipment.hold;
        if let Some(hold) = hold.filter(|_| !quarantine && !BoxAct::AcceptIntoStock.is_permitted(hold, None)) {
            return Err(ApiError::Conflict(format!(
                "the shipment is on hold ({hold}): accept it with \"quarantine\": true, keep it apart and do not use it"
            )));
        }
        let (answers, offered) = addressed(book, by, body.answers.as_deref())?;
        let boxes = chosen(&offered, body.boxes.as_deref(), &exceptions)?;
        Ok(Act::Accepted { answers, boxes, exceptions, quarantine, seen })
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
    let (seen, reason) = (saw(&body.seen)?, prose("reason", &body.reason, 1000)?);
    write(&service, &caller, &request, (*id, &body.written, &*body), |book, by| {
        let (answers, offered) = addressed(book, by, body.answers.as_deref())?;
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
        let answers = open_offer(book, body.answers.as_deref(), |entry| {
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

/// Writes what `act` makes of the book as it stands, and answers with the custody after it. What would change nothing,
/// or contradict what is written, is refused: whoever is there can still do something about it.
async fn write<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    request: &HttpRequest,
    (id, written, body): (Uuid, &Written, &impl Serialize),
    act: impl FnOnce(&Book, &Actor) -> Result<Act, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(request, body)?;
    let now = (service.clock)();
    let at = written.at.unwrap_or(now);
    happened("at", at, now)?;
    let whereabouts = whereabouts(written.whereabouts.as_ref())?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, caller).await? {
        return Ok(answer);
    }
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(id)).await.map_err(named("shipment"))?;
    db.lock_intake().await?;
    let mut book = Book::open(&mut db, caller.tenant, shipment.id).await.map_err(named("shipment"))?;
    let by = actor(&mut db, caller, &book).await?;
    if let Some((hash, entry)) = written.id.and_then(|id| book.entry_of(id)) {
        if entry.by.user != by.user || written.at.is_some_and(|at| at != entry.at) {
            return Err(ApiError::Conflict(
                "id: another entry of this shipment bears it: use a new one".into(),
            ));
        }
        let answer = answer(&book, hash);
        return once.finish(service, db, caller, StatusCode::OK, &answer).await;
    }
    let act = act(&book, &by)?;
    let entry = Entry {
        shipment: shipment.id,
        id: written.id.unwrap_or_else(Uuid::now_v7),
        at: at.min(now),
        by,
        whereabouts,
        act,
    };
    let foreseen = book.foresee(&entry)?;
    if let Some(why) = foreseen.ignored {
        return Err(ApiError::Conflict(format!("nothing was written: {}", in_words(why))));
    }
    if foreseen.conflict.is_some() && !matches!(entry.act, Act::Corrected { .. }) {
        return Err(ApiError::Conflict(
            "nothing was written: the offer was answered otherwise; see the shipment's custody".into(),
        ));
    }
    let action = "custody.written";
    let detail =
        serde_json::json!({ "entry": foreseen.entry, "act": entry.act, "strength": entry.by.strength });
    let changes = book.write(service, &mut db, entry, now).await?;
    db.write_audit(&[caller.audit(action, shipment.id.to_string(), detail)], now).await?;
    let answer = answer(&book, foreseen.entry);
    let answer = once.finish(service, db, caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

/// What quality has signed stands in the ledger, too. One that nobody has opened has nothing to continue.
pub(super) async fn write_decision<G: Grant>(
    service: &Service,
    db: &mut store::Connection,
    caller: &Caller<G>,
    (id, decision): (ShipmentId, &store::Decision),
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let mut book = Book::open(db, caller.tenant, id).await.map_err(named("shipment"))?;
    if book.ledger.rows.is_empty() {
        return Ok(());
    }
    let by = Actor { person: Some(decision.printed_name.clone()), ..actor(db, caller, &book).await? };
    let act = Act::Decided {
        decision: decision.decision,
        meaning: decision.meaning.clone(),
        reason: decision.reason.clone(),
    };
    let entry = Entry { shipment: id, id: Uuid::now_v7(), at: now, by, whereabouts: None, act };
    book.write(service, db, entry, now).await?;
    Ok(())
}

fn answer(book: &Book, entry: EntryHash) -> WrittenView {
    WrittenView {
        entry: entry.to_string(),
        status: book.shipment.status.to_string(),
        custody: view(&book.ledger),
    }
}

/// The caller as who writes: for its organisation, known by an account.
pub(super) async fn actor<G: Grant>(
    db: &mut store::Connection,
    caller: &Caller<G>,
    book: &Book,
) -> Result<Actor, ApiError> {
    let user = db.user_by_id(caller.user).await.map_err(named("user"))?;
    let party = book.party(caller.organisation).ok_or(ApiError::NotFound("organisation"))?;
    Ok(Actor {
        organisation: party,
        person: Some(user.name),
        user: Some(caller.user),
        strength: Strength::Account,
    })
}
