//! What a link leads to: one offer, shown to and answered by somebody without an account.
//!
//! These routes are public: what entitles is the link's secret, 256 random bits that nobody guesses however often he
//! asks. It stands in the body, so that no log of addresses holds it; and it shows one offer, and nothing that was
//! measured.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::access::Sight;
use domain::custody::{Act, Actor, Addressee, Entry, EntryHash, Strength};
use domain::shipment::HoldReason;
use serde::{Deserialize, Serialize};
use store::{AcceptanceCode, AuditEntry, CodeUse, Connection};
use utoipa::ToSchema;

use super::boxes::PackedBoxView;
use super::custody::{ExceptionView, WhereaboutsView, excepted};
use super::entries::{audited, foresee};
use super::handover::SeenRequest;
use super::meant::{accepted, addressed, chosen, exceptions, open_offer, saw, whereabouts};
use super::photos::check_photo;
use super::problem::{ApiError, Problem, named};
use super::shipments::{RangeView, range};
use super::text::{non_empty, prose};
use crate::Service;
use crate::handover::Book;
use crate::ledger::Ledger;

/// A link that was opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LinkSecret)]
pub struct LinkRequest {
    /// What stands in the link behind `/#/sign/`.
    secret: String,
}

/// What is offered, by whom, to whom.
#[derive(Serialize, ToSchema)]
pub struct LinkedOffer {
    /// The shipment's.
    reference: String,
    from: PartyView,
    to: PartyView,
    offered_at: DateTime<Utc>,
    /// Those that nobody has answered for.
    boxes: Vec<PackedBoxView>,
    /// Of what else was to come, and why it did not.
    exceptions: Vec<ExceptionView>,
    /// What the offerer noted.
    note: Option<String>,
    /// The label's storage range.
    range: Option<RangeView>,
    /// Where it is on hold: it is accepted into quarantine only.
    hold_reason: Option<HoldReason>,
    /// The link answers until just before.
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyView {
    organisation: String,
    person: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct LinkedAcceptance {
    secret: String,
    /// The person's name as printed.
    name: String,
    whereabouts: Option<WhereaboutsView>,
    /// Absent: all that were offered.
    boxes: Option<Vec<u32>>,
    #[serde(default)]
    exceptions: Vec<ExceptionView>,
    #[serde(default)]
    quarantine: bool,
    #[serde(flatten)]
    seen: SeenRequest,
}

#[derive(Deserialize, ToSchema)]
pub struct LinkedRefusal {
    secret: String,
    /// The person's name as printed.
    name: String,
    whereabouts: Option<WhereaboutsView>,
    boxes: Option<Vec<u32>>,
    reason: String,
    #[serde(flatten)]
    seen: SeenRequest,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct LinkedAnswer {
    /// The hash of the entry.
    entry: String,
    at: DateTime<Utc>,
    boxes: Vec<u32>,
}

/// Shows the offer that a link answers.
#[utoipa::path(tag = "custody", request_body = LinkRequest, security(()), responses(
    (status = 200, body = LinkedOffer), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/sign/offer")]
pub async fn show_linked_offer(
    service: web::Data<Service>,
    body: web::Json<LinkRequest>,
) -> Result<HttpResponse, ApiError> {
    let now = (service.clock)();
    // It shows, and so it waits for nobody and keeps nobody waiting.
    let mut db = service.store.snapshot().await?;
    let (link, _) = link(&service, &mut db, &body.secret).await?;
    if let Some(error) = ended(&link, now) {
        return Err(error);
    }
    let shipment = db.shipment(link.tenant, link.shipment).await.map_err(named("link"))?;
    let ledger = Ledger::open(&mut db, link.tenant, shipment.id).await?;
    let (offer, numbers) =
        open_offer(&ledger, None, |entry| entry.id == link.offer).map_err(|_| answered())?;
    let entries = ledger.entries();
    let Some((Act::Offered { to, exceptions, seen, .. }, entry)) =
        entries.get(&offer).map(|entry| (&entry.act, *entry))
    else {
        return Err(answered());
    };
    let packed = db.boxes(Sight::of(link.tenant, link.tenant), link.shipment).await?;
    let profile = service.profiles.get_one(&mut db, shipment.profile).await?;
    let Addressee { organisation, person } = to;
    Ok(HttpResponse::Ok().json(LinkedOffer {
        reference: shipment.reference.clone(),
        from: PartyView { organisation: entry.by.organisation.name.clone(), person: entry.by.person.clone() },
        to: PartyView {
            organisation: organisation.name.clone(),
            person: link.receiver_name.or_else(|| person.clone()),
        },
        offered_at: entry.at,
        boxes: packed
            .into_iter()
            .filter(|one| numbers.contains(&one.number))
            .map(PackedBoxView::from)
            .collect(),
        exceptions: excepted(exceptions),
        note: seen.note.clone(),
        range: range(&profile.profile),
        hold_reason: shipment.hold,
        expires_at: link.expires_at,
    }))
}

/// Accepts what a link offers, in the addressee's name. A link answers once; the same answer again is the first one.
#[utoipa::path(tag = "custody", request_body = LinkedAcceptance, security(()), responses(
    (status = 200, body = LinkedAnswer), (status = 201, body = LinkedAnswer), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sign/accept")]
pub async fn accept_by_link(
    service: web::Data<Service>,
    body: web::Json<LinkedAcceptance>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let (seen, exceptions) = (saw(&body.seen)?, exceptions(&body.exceptions)?);
    let who = (&*body.secret, &*body.name, body.whereabouts.as_ref());
    answer(&service, who, |book, by, offer| {
        accepted(book, by, Some(offer), body.boxes.as_deref(), (exceptions, body.quarantine, seen))
    })
    .await
}

/// Refuses what a link offers; the custodian stays. A link answers once; the same answer again is the first one.
#[utoipa::path(tag = "custody", request_body = LinkedRefusal, security(()), responses(
    (status = 200, body = LinkedAnswer), (status = 201, body = LinkedAnswer), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sign/refuse")]
pub async fn refuse_by_link(
    service: web::Data<Service>,
    body: web::Json<LinkedRefusal>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let (seen, reason) = (saw(&body.seen)?, prose("reason", &body.reason, 1000)?);
    let who = (&*body.secret, &*body.name, body.whereabouts.as_ref());
    answer(&service, who, |book, by, offer| {
        let (answers, offered) = addressed(book, by, Some(offer))?;
        let boxes = chosen(&offered, body.boxes.as_deref(), &[])?;
        Ok(Act::Refused { answers, boxes, reason, seen })
    })
    .await
}

/// Writes the answer under the link's own id, so that a link that answered is found by what it wrote.
async fn answer(
    service: &Service,
    (secret, name, whereabouts_view): (&str, &str, Option<&WhereaboutsView>),
    act: impl FnOnce(&Book, &Actor, &str) -> Result<Act, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let (now, name) = ((service.clock)(), non_empty("name", name, 200)?);
    let whereabouts = whereabouts(whereabouts_view)?;
    let mut db = service.store.begin().await?;
    let (link, hash) = link(service, &mut db, secret).await?;
    db.lock_intake().await?;
    let mut book = Book::open(&mut db, link.tenant, link.shipment).await.map_err(named("link"))?;
    if let Some((hash, entry)) = book.entry_of(link.id) {
        let offer = entry.link().map(|offer| offer.to_string()).unwrap_or_default();
        let act = act(&book.before(hash), &entry.by, &offer);
        let is_same = act.is_ok_and(|act| entry.act.differences(&act).is_empty());
        return if is_same && entry.by.person.as_ref() == Some(&name) {
            Ok(told(StatusCode::OK, hash, entry))
        } else {
            Err(used())
        };
    }
    if let Some(error) = ended(&link, now) {
        return Err(error);
    }
    let (offer, _) =
        open_offer(&book.ledger, None, |entry| entry.id == link.offer).map_err(|_| answered())?;
    let by = signer(&book, link.receiver, name)?;
    let act = act(&book, &by, &offer.to_string())?;
    check_photo(&mut db, link.shipment, &act).await?;
    let entry = Entry { shipment: link.shipment, id: link.id, at: now, by, whereabouts, act };
    let written = foresee(&book, &entry)?;
    if !matches!(db.use_acceptance_code(link.tenant, link.offer, &hash, now).await?, CodeUse::Used(_)) {
        return Err(used());
    }
    let answer = told(StatusCode::CREATED, written, &entry);
    let detail = audited(written, &entry);
    let (action, subject) = ("custody.written", link.shipment.to_string());
    let audit = AuditEntry { organisation: link.tenant, actor: None, action, subject, detail };
    let changes = book.write(service, &mut db, entry, now).await?;
    db.write_audit(&[audit], now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(answer)
}

/// Without the secret there is nothing; whose it is says the link.
async fn link(
    service: &Service,
    db: &mut Connection,
    secret: &str,
) -> Result<(AcceptanceCode, [u8; 32]), ApiError> {
    let hash = service.badges.hash_link(secret);
    let link = db.acceptance_link(&hash).await?.ok_or(ApiError::NotFound("link"))?;
    Ok((link, hash))
}

fn ended(link: &AcceptanceCode, now: DateTime<Utc>) -> Option<ApiError> {
    if link.used_at.is_some() {
        return Some(used());
    }
    let told = "the link has expired: ask who offered for a new one";
    (now >= link.expires_at).then(|| ApiError::Conflict(told.into()))
}

fn used() -> ApiError {
    ApiError::Conflict("the link was used: what was answered stands in the shipment's record".into())
}

fn answered() -> ApiError {
    ApiError::Conflict("the offer is no longer open: it was answered or taken back; ask who offered".into())
}

fn signer(book: &Book, receiver: OrganisationId, person: String) -> Result<Actor, ApiError> {
    let organisation = book.party(receiver).ok_or(ApiError::NotFound("link"))?;
    let (user, badge, written_on) = (None, None, None);
    Ok(Actor { organisation, person: Some(person), user, badge, written_on, strength: Strength::Link })
}

fn told(status: StatusCode, hash: EntryHash, entry: &Entry) -> HttpResponse {
    let (entry_hash, boxes) = (hash.to_string(), entry.boxes().to_vec());
    HttpResponse::build(status).json(LinkedAnswer { entry: entry_hash, at: entry.at, boxes })
}
