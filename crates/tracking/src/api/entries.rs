//! An entry is written into a shipment's ledger, once, and answered with the custody after it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::custody::{Act, Actor, Entry, EntryHash, Strength};
use domain::shipment::ShipmentStatus;
use serde::{Deserialize, Serialize};
use store::Connection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant};
use super::custody::{CustodyView, WhereaboutsView, in_words, view};
use super::meant::{check_possible, whereabouts};
use super::once::Once;
use super::photos::check_photo;
use super::problem::{ApiError, named};
use super::signer::{Meant, Refused, SIGNATURE_REFUSED, Signer};
use super::text::happened;
use crate::Service;
use crate::handover::Book;

/// What every entry says.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = EntryRequest)]
pub struct Written {
    /// Given by the writer: what is sent again under the same id is written once.
    pub id: Option<Uuid>,
    /// By the writer's clock; absent: now.
    pub at: Option<DateTime<Utc>>,
    pub whereabouts: Option<WhereaboutsView>,
}

/// What was written, and the custody with it.
#[derive(Serialize, ToSchema)]
#[schema(as = Written)]
pub struct WrittenView {
    /// The hash of the entry.
    entry: String,
    /// The shipment's status now.
    status: ShipmentStatus,
    custody: CustodyView,
}

/// Writes what `act` makes of the book as it stands, and answers with the custody after it. What would change nothing,
/// or contradict what is written, is refused: whoever is there can still do something about it.
pub(super) async fn write<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    request: &HttpRequest,
    what: (Uuid, &Written, &impl Serialize),
    act: impl FnOnce(&Book, &Actor) -> Result<Act, ApiError>,
) -> Result<HttpResponse, ApiError> {
    write_for(service, caller, request, what, (&Signer::Account, None), act).await
}

/// As [`write`], in the name of the signer. A wrong badge or code is on record although nothing is written.
pub(super) async fn write_for<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    request: &HttpRequest,
    (id, written, body): (Uuid, &Written, &impl Serialize),
    (signer, answers): (&Signer, Option<&str>),
    act: impl FnOnce(&Book, &Actor) -> Result<Act, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(request, body)?;
    let now = (service.clock)();
    let at = written.at.unwrap_or(now);
    happened("at", at, now)?;
    let whereabouts = whereabouts(written.whereabouts.as_ref())?;
    let mut db = service.store.begin().await?;
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(id)).await.map_err(named("shipment"))?;
    db.lock_intake().await?;
    // Under the lock: the same request at the same instant finds what the first one was answered.
    if let Some(answer) = once.first_answer(&mut db, caller).await? {
        return Ok(answer);
    }
    let mut book = Book::open(&mut db, caller.tenant, shipment.id).await.map_err(named("shipment"))?;
    let account = actor(&mut db, caller, &book).await?;
    if let Some((hash, entry)) = written.id.and_then(|id| book.entry_of(id)) {
        let signed = signer.signed(&mut db, &book, &entry.by).await?;
        let act = act(&book.before(hash), &entry.by);
        let at = written.at.filter(|at| !book.ledger.was_clamped(hash, *at));
        check_repeated(entry, (at, &account, signed), act)?;
        let answer = answer(&book, hash);
        return once.finish(service, db, caller, StatusCode::OK, &answer).await;
    }
    let made = async {
        let meant = Meant { answers, at, now, whereabouts: whereabouts.as_ref() };
        let by = signer.actor(&mut db, &book, account, meant).await?;
        let act = act(&book, &by)?;
        check_photo(&mut db, shipment.id, &act).await?;
        let id = written.id.unwrap_or_else(Uuid::now_v7);
        let entry = Entry { shipment: shipment.id, id, at: at.min(now), by, whereabouts, act };
        let hash = foresee(&book, &entry)?;
        signer.use_up(service, &mut db, &book, &entry, now).await?;
        Ok::<_, Refused>((hash, entry))
    };
    let (hash, entry) = match made.await {
        Ok(made) => made,
        Err(refused) => return Err(note(db, caller, shipment.id, refused, now).await?),
    };
    let detail = audited(hash, &entry);
    let changes = book.write(service, &mut db, entry, now).await?;
    db.write_audit(&[caller.audit("custody.written", shipment.id.to_string(), detail)], now).await?;
    let answer = answer(&book, hash);
    let answer = once.finish(service, db, caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

/// Whether a request whose id an entry bears is the one that wrote it; refused with what differs. `act` is what it would
/// have written then, `at` when it says that it was.
fn check_repeated(
    entry: &Entry,
    (at, account, is_signed_so): (Option<DateTime<Utc>>, &Actor, bool),
    act: Result<Act, ApiError>,
) -> Result<(), ApiError> {
    let taken = |why: &str| {
        Err(ApiError::Conflict(format!("id: another entry of this shipment bears it: use a new one ({why})")))
    };
    if entry.by.account() != account.user {
        return taken("somebody else wrote it");
    }
    let act = match act {
        Ok(act) => act,
        Err(error) => return taken(&format!("it was written where this would have been refused: {error}")),
    };
    let mut differences = entry.act.differences(&act);
    differences.extend(at.filter(|at| *at != entry.at).map(|_| "at".to_owned()));
    differences.extend((!is_signed_so).then(|| "signs".to_owned()));
    match &differences[..] {
        [] => Ok(()),
        all => taken(&format!("it differs in {}", all.join(", "))),
    }
}

/// Keeps what is to be kept of a refusal, and gives the reason.
async fn note<G: Grant>(
    mut db: Connection,
    caller: &Caller<G>,
    shipment: ShipmentId,
    refused: Refused,
    now: DateTime<Utc>,
) -> Result<ApiError, ApiError> {
    match refused {
        Refused::Plain(error) => Ok(error),
        Refused::Noted(error) => {
            let detail = serde_json::json!({ "reason": error.to_string() });
            let noted = caller.audit(SIGNATURE_REFUSED, shipment.to_string(), detail);
            db.write_audit(&[noted], now).await?;
            db.commit().await?;
            Ok(error)
        }
    }
}

/// The hash of what will be written. What would change nothing, or contradict what is written, is refused.
pub(super) fn foresee(book: &Book, entry: &Entry) -> Result<EntryHash, ApiError> {
    check_possible(book, entry)?;
    let foreseen = book.foresee(entry)?;
    if let Some(why) = foreseen.ignored {
        return Err(ApiError::Conflict(format!("nothing was written: {}", in_words(why))));
    }
    if foreseen.conflict.is_some() && !matches!(entry.act, Act::Corrected { .. }) {
        return Err(ApiError::Conflict(
            "nothing was written: the offer was answered otherwise; see the shipment's custody".into(),
        ));
    }
    Ok(foreseen.entry)
}

/// What the audit trail says of an entry.
pub(super) fn audited(hash: EntryHash, entry: &Entry) -> serde_json::Value {
    serde_json::json!({ "entry": hash, "act": entry.act, "strength": entry.by.strength })
}

/// What quality has signed stands in the ledger, too. One that nobody has opened has nothing to continue.
pub(super) async fn write_decision<G: Grant>(
    service: &Service,
    db: &mut Connection,
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

pub(super) fn answer(book: &Book, entry: EntryHash) -> WrittenView {
    WrittenView { entry: entry.to_string(), status: book.shipment.status, custody: view(&book.ledger) }
}

/// The caller as who writes: for its organisation, known by an account.
pub(super) async fn actor<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    book: &Book,
) -> Result<Actor, ApiError> {
    let user = db.user_by_id(caller.user).await.map_err(named("user"))?;
    let party = book.party(caller.organisation).ok_or(ApiError::NotFound("organisation"))?;
    Ok(Actor {
        organisation: party,
        person: Some(user.name),
        user: Some(caller.user),
        badge: None,
        written_on: None,
        strength: Strength::Account,
    })
}
