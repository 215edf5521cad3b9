//! Codes and links with which somebody without an account answers an offer.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::custody::{Act, Entry, EntryHash, Organisation};
use domain::{Duration, ShipmentId};
use serde::{Deserialize, Serialize};
use store::{CodePurpose, Connection, NewAcceptanceCode};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, TransferCustody};
use super::meant::open_offer;
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::text::optional;
use crate::Service;
use crate::credentials::{new_code, new_token};
use crate::handover::Book;

/// How long a code may be good for, in seconds: a box is handed over within minutes, or while somebody drives.
const SHORTEST_S: i64 = 60;
const LONGEST_S: i64 = 7 * 24 * 3600;
const USUAL_S: i64 = 24 * 3600;

/// The most codes of one offer that are good at the same time: each is one more that might be guessed.
const MOST_OPEN: usize = 10;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// The hash of the offer; absent: the only open one that the caller's organisation made.
    answers: Option<String>,
    /// Who is expected to use it.
    person: Option<String>,
    /// From a minute to seven days; 24 hours where it is absent.
    #[schema(value_type = Option<String>, example = "24h")]
    valid_for: Option<Duration>,
}

/// Told once and kept nowhere.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeCode)]
pub struct CodeView {
    /// The hash of the offer that it answers.
    answers: String,
    /// Eight digits, to be told to the addressee and typed on the account of who hands over.
    #[schema(example = "04718253")]
    code: String,
    /// To be sent to the addressee, to be opened without an account: the page's address from `/` on. Its secret stands
    /// behind the `#`, where no log sees it.
    #[schema(example = "/#/sign/6b1f…")]
    link: String,
    /// Both answer until just before, and the offer once.
    expires_at: DateTime<Utc>,
}

/// Makes a code and a link with which the addressee of an open offer answers it without an account. Only who offered
/// makes them. They are told once: the same request again is refused, and another one makes others.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)), request_body = CodeRequest, responses(
    (status = 201, body = CodeView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/codes")]
pub async fn make_code(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<CodeRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &*body)?;
    let now = (service.clock)();
    let person = optional("person", body.person.as_deref(), 200)?;
    let seconds = body.valid_for.map_or(USUAL_S, Duration::seconds);
    if !(SHORTEST_S..=LONGEST_S).contains(&seconds) {
        return Err(ApiError::Unprocessable("valid_for: write from 1m to 7d".into()));
    }
    let expires_at = now + TimeDelta::seconds(seconds);
    let mut db = service.store.begin().await?;
    if once.first_answer(&mut db, &caller).await?.is_some() {
        return Err(ApiError::Conflict(
            "a code was made for this Idempotency-Key and is told once: use a new key for another one".into(),
        ));
    }
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(*id)).await.map_err(named("shipment"))?;
    let book = Book::open(&mut db, caller.tenant, shipment.id).await.map_err(named("shipment"))?;
    let (offer, entry, receiver) = offered(&book, body.answers.as_deref(), &caller)?;
    let (code, secret) = (new_code(), new_token());
    let new = NewAcceptanceCode {
        tenant: caller.tenant,
        shipment: shipment.id,
        offer: entry.id,
        purpose: CodePurpose::Code,
        secret_hmac: service.badges.hash_code(caller.tenant, entry.id, &code),
        receiver: receiver.id,
        receiver_name: person,
        expires_at,
    };
    let link = NewAcceptanceCode {
        purpose: CodePurpose::Link,
        secret_hmac: service.badges.hash_link(&secret),
        ..new.clone()
    };
    add(&mut db, &[new, link], now).await?;
    let detail = serde_json::json!({ "offer": offer, "receiver": receiver.id, "expires_at": expires_at });
    db.write_audit(&[caller.audit("custody.code_made", shipment.id.to_string(), detail)], now).await?;
    let kept = serde_json::json!({ "answers": offer, "expires_at": expires_at });
    once.finish(&service, db, &caller, StatusCode::CREATED, &kept).await?;
    let link = format!("/#/sign/{secret}");
    Ok(HttpResponse::Created().json(CodeView { answers: offer.to_string(), code, link, expires_at }))
}

/// The open offer of the caller's organisation, and to whom it was made.
fn offered<'a>(
    book: &'a Book,
    answers: Option<&str>,
    caller: &Caller<TransferCustody>,
) -> Result<(EntryHash, &'a Entry, &'a Organisation), ApiError> {
    let (offer, _) = open_offer(&book.ledger, answers, |entry| {
        matches!(entry.act, Act::Offered { .. }) && entry.by.organisation.id == caller.organisation
    })?;
    let entry = book.ledger.read.iter().find(|(record, _)| record.entry == offer).map(|(_, entry)| entry);
    match entry.map(|entry| (entry, &entry.act)) {
        Some((entry, Act::Offered { to, .. })) => Ok((offer, entry, &to.organisation)),
        _ => Err(ApiError::NotFound("offer")),
    }
}

async fn add(db: &mut Connection, new: &[NewAcceptanceCode; 2], now: DateTime<Utc>) -> Result<(), ApiError> {
    let [code, _] = new;
    let there = db.acceptance_codes(code.tenant, code.offer).await?;
    let is_open = |one: &&store::AcceptanceCode| one.purpose == CodePurpose::Code && one.is_open_at(now);
    if there.iter().filter(is_open).count() >= MOST_OPEN {
        return Err(ApiError::Conflict(format!(
            "the offer has {MOST_OPEN} codes that can still be used: use one of them, or take the offer back"
        )));
    }
    for new in new {
        db.add_acceptance_code(new, now).await.map_err(|error| {
            if error.is_refused_by("acceptance_codes_offer_id_secret_hmac_key") {
                return ApiError::Conflict(
                    "the code that was drawn is one that the offer has: try again".into(),
                );
            }
            error.into()
        })?;
    }
    Ok(())
}
