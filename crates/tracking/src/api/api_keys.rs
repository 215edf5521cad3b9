//! Keys by which programs of a tenant's partners act: made, listed, revoked.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Role;
use domain::{OrganisationId, UserId};
use serde::{Deserialize, Serialize};
use store::{ApiKeyRecord, NewApiKey, StoreError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, ManageUsers};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::non_empty;
use crate::Service;
use crate::keys::{self, ApiKey};
use crate::watch::log_failure;

const LONGEST_LIFE: TimeDelta = TimeDelta::days(3653);

/// A key, without what is secret of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    id: Uuid,
    organisation: i32,
    /// As printed beside what is done with it.
    #[schema(example = "Batch release system")]
    name: String,
    role: Role,
    /// What the key begins with; its client id (OAuth 2.0).
    #[schema(example = "ist_4f1c0a92be")]
    prefix: String,
    created_at: DateTime<Utc>,
    /// It counts until just before; null: until it is revoked.
    expires_at: Option<DateTime<Utc>>,
    /// Up to an hour older than its last use; null: never.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_reason: Option<String>,
}

impl From<ApiKeyRecord> for ApiKeyView {
    fn from(key: ApiKeyRecord) -> Self {
        Self {
            id: key.id.0,
            organisation: key.organisation.0,
            name: key.name,
            role: key.role,
            prefix: key.prefix,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
            revoked_reason: key.revoked_reason,
        }
    }
}

/// A key when it is made.
#[derive(Serialize, ToSchema)]
pub struct MadeApiKey {
    #[serde(flatten)]
    made: ApiKeyView,
    /// The key itself, told this once: `Authorization: Bearer …`, or the client secret of `/token`.
    #[schema(example = "ist_4f1c0a92be_9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    key: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewApiKey)]
pub struct ApiKeyRequest {
    /// The id of a partner: in its name it acts.
    organisation: i32,
    /// 1 to 200 characters.
    #[schema(example = "Batch release system")]
    name: String,
    /// `supplier` (reads of its products) or `dispatcher` (a carrier's system, which hands in handovers).
    #[schema(value_type = Role)]
    role: String,
    /// At most ten years ahead; absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, IntoParams)]
pub struct ApiKeyQuery {
    /// The id of a partner: its keys alone.
    organisation: Option<i32>,
}

/// The keys of the tenant's partners, in the order in which they were made, revoked ones included.
#[utoipa::path(tag = "partners", params(ApiKeyQuery, PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), (status = 400, body = Problem)))]
#[get("/api-keys")]
pub async fn list_api_keys(
    service: web::Data<Service>,
    caller: Caller<ManageUsers>,
    query: web::Query<ApiKeyQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok().map(UserId))?;
    let mut db = service.store.connect().await?;
    let rows = db.api_keys(caller.tenant, query.organisation.map(OrganisationId), after, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |key| key.id.to_string(), ApiKeyView::from)))
}

/// Makes a key with which a program of a partner acts. It is told once: the same request again is refused, and another
/// one makes another key.
#[utoipa::path(tag = "partners", request_body = ApiKeyRequest, responses(
    (status = 201, body = MadeApiKey), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/api-keys")]
pub async fn add_api_key(
    service: web::Data<Service>,
    caller: Caller<ManageUsers>,
    request: HttpRequest,
    body: web::Json<ApiKeyRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let now = (service.wall_clock)();
    let key = ApiKey::draw();
    let new = read(&caller, &body, &key, now)?;
    let mut db = service.store.begin().await?;
    if once.first_answer(&mut db, &caller).await?.is_some() {
        return Err(ApiError::Conflict(
            "a key was made for this Idempotency-Key and is told once: revoke it and use a new Idempotency-Key".into(),
        ));
    }
    let partner = db.partner(caller.sight(), new.organisation).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::Unprocessable("organisation: there is no such organisation".into()),
        other => other.into(),
    })?;
    if partner.is_tenant {
        return Err(ApiError::Unprocessable("organisation: keys are partners'; name one of them".into()));
    }
    let added = keys::add_api_key(&mut db, &partner.text.name, &new, now).await?;
    let id = added.map_err(|too_many| ApiError::Conflict(too_many.to_string()))?;
    let made = ApiKeyView::from(db.api_key(caller.tenant, id).await?);
    let detail = serde_json::json!({ "request": &*body, "prefix": key.prefix });
    db.write_audit(&[caller.audit("api_key.added", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &made).await?;
    // Made it is, and told it must be: where it cannot be looked up now, it counts a round later.
    log_failure("looking for keys", service.learn_api_keys().await);
    Ok(HttpResponse::Created()
        .insert_header(("Cache-Control", "no-store"))
        .json(MadeApiKey { made, key: key.key }))
}

fn read(
    caller: &Caller<ManageUsers>,
    body: &ApiKeyRequest,
    key: &ApiKey,
    now: DateTime<Utc>,
) -> Result<NewApiKey, ApiError> {
    let role: Role = body.role.parse().map_err(|error| ApiError::Unprocessable(format!("role: {error}")))?;
    if !role.is_partners_alone() {
        return Err(ApiError::Unprocessable(
            "role: a key is a supplier's or a dispatcher's: write one of them".into(),
        ));
    }
    if body.expires_at.is_some_and(|end| end <= now || end > now + LONGEST_LIFE) {
        return Err(ApiError::Unprocessable("expires_at: write a time from now to ten years ahead".into()));
    }
    Ok(NewApiKey {
        tenant: caller.tenant,
        organisation: OrganisationId(body.organisation),
        name: non_empty("name", &body.name, 200)?,
        role,
        prefix: key.prefix.clone(),
        sha256: key.sha256(),
        expires_at: body.expires_at,
        created_by: Some(caller.user),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RevokeKeyRequest {
    /// Kept with the key.
    #[schema(example = "Replaced by a new one")]
    reason: String,
}

/// Revokes a key, with the tokens that it was exchanged for: at once here, and within a second in every other process.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = RevokeKeyRequest, responses(
    (status = 200, body = ApiKeyView), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/api-keys/{id}/revoke")]
pub async fn revoke_api_key(
    service: web::Data<Service>,
    caller: Caller<ManageUsers>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<RevokeKeyRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, reason) = (UserId(id.into_inner()), non_empty("reason", &body.reason, 500)?);
    let once = Once::new(&request, &body)?;
    // By the clock that keys and tokens go by.
    let now = (service.wall_clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let key = db.api_key(caller.tenant, id).await.map_err(named("key"))?;
    if !db.revoke_api_key(id, &reason, now).await? {
        return Err(ApiError::Conflict(format!("the key {} is revoked already", key.name)));
    }
    let revoked = ApiKeyView::from(db.api_key(caller.tenant, id).await?);
    let detail = serde_json::json!({ "prefix": key.prefix, "reason": reason });
    db.write_audit(&[caller.audit("api_key.revoked", id.to_string(), detail)], now).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &revoked).await?;
    service.disabled_users.add([id]);
    Ok(answer)
}
