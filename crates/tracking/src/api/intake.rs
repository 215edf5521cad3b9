//! What came in and could not be used: bodies that nobody can read, and dead letters. Kept, shown, and tried again.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::{AuditEntry, UnreadableBody as StoredBody, UnreadableCursor};
use utoipa::ToSchema;

use super::access::{Caller, Grant, ManageIntegrations, ReadTrackers};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem};
use crate::Service;

/// The largest page of these lists: an element may have 64 KiB.
const MAX_LIMIT: i64 = 100;

/// A webhook's body that could not be read, though its sender is known.
#[derive(Serialize, ToSchema)]
pub struct UnreadableBody {
    integration: String,
    arrived_at: DateTime<Utc>,
    reason: String,
    /// Its first 64 KiB; what is no UTF-8 is replaced.
    body: String,
}

impl From<StoredBody> for UnreadableBody {
    fn from(stored: StoredBody) -> Self {
        let StoredBody { integration, arrived_at, reason, body, .. } = stored;
        Self { integration, arrived_at, reason, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

/// Webhooks' bodies that were answered with 400, newest first.
#[utoipa::path(tag = "intake", params(PageQuery),
    responses((status = 200, body = Page<UnreadableBody>), (status = 400, body = Problem)))]
#[get("/unreadable-bodies")]
pub async fn list_unreadable_bodies(
    service: web::Data<Service>,
    caller: Caller<ReadTrackers>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(MAX_LIMIT);
    let after = page.parse(|text| {
        let (micros, sha256) = text.split_once('_')?;
        let arrived_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(UnreadableCursor { arrived_at, sha256: hex::decode(sha256).ok()? })
    })?;
    let mut db = service.store.connect().await?;
    let rows = db.unreadable_bodies(caller.organisation, after, limit + 1).await?;
    let cursor =
        |body: &StoredBody| format!("{}_{}", body.arrived_at.timestamp_micros(), hex::encode(&body.sha256));
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, cursor, UnreadableBody::from)))
}

/// A message that this release cannot read, or whose values the database refused.
#[derive(Serialize, ToSchema)]
pub struct DeadLetter {
    reason: String,
    /// The message as it came; what is no UTF-8 is replaced.
    line: String,
}

/// The oldest dead letters, for whoever runs the installation. They are of all organisations.
#[utoipa::path(tag = "intake", params(PageQuery), responses(
    (status = 200, body = Page<DeadLetter>), (status = 400, body = Problem), (status = 403, body = Problem)))]
#[get("/dead-letters")]
pub async fn list_dead_letters(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    check_operator(&service, &caller).await?;
    let limit = usize::try_from(page.limit()?.min(MAX_LIMIT)).unwrap_or_default();
    // The queue shows its head only: the next ones come into view when these have been dealt with.
    let letters = service.queue.dead_letters(limit).await?;
    let view = |letter: queue::DeadLetter| DeadLetter {
        reason: letter.reason,
        line: String::from_utf8_lossy(&letter.line).into_owned(),
    };
    Ok(HttpResponse::Ok().json(Page { items: letters.into_iter().map(view).collect(), next: None }))
}

#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// How many went back to the queue.
    replayed: u64,
}

/// Sends all dead letters of this moment through the queue again; one that still cannot be read comes back.
#[utoipa::path(tag = "intake", responses((status = 200, body = Replayed), (status = 403, body = Problem)))]
#[post("/dead-letters/replay")]
pub async fn replay_dead_letters(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    check_operator(&service, &caller).await?;
    let once = Once::new(&request, &())?;
    if let Some(answer) = once.first_answer(&mut service.store.connect().await?, &caller).await? {
        return Ok(answer);
    }
    // In no transaction: it may take long.
    let replayed = service.queue.replay_dead_letters().await?;
    let mut db = service.store.begin().await?;
    let entry = AuditEntry {
        organisation: caller.organisation,
        actor: Some(caller.user),
        action: "dead_letters.replayed",
        subject: "queue".to_owned(),
        detail: serde_json::json!({ "replayed": replayed }),
    };
    db.write_audit(&[entry], (service.clock)()).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &Replayed { replayed }).await
}

/// Messages name no organisation that could be believed, so only the first one, which runs the installation, sees them.
async fn check_operator<G: Grant>(service: &Service, caller: &Caller<G>) -> Result<(), ApiError> {
    let operator = service.store.connect().await?.first_organisation().await?;
    if caller.organisation == operator { Ok(()) } else { Err(ApiError::Forbidden) }
}
