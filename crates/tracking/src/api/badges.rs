//! Badges of people without an account, who show them at somebody else's device.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::qualification::Person;
use domain::{BadgeId, OrganisationId};
use serde::{Deserialize, Serialize};
use store::{Badge as StoredBadge, Connection, NewBadge};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadQualifications, WritePartners};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::non_empty;
use super::validity::{EndRequest, ValidityView, span};
use crate::Service;

/// Its number is kept nowhere, and so shown nowhere.
#[derive(Serialize, ToSchema)]
pub struct Badge {
    id: Uuid,
    /// The id of the holder's organisation.
    organisation: i32,
    /// The holder's name as printed.
    holder: String,
    /// Whether a training of the holder in good distribution practice holds now.
    trained: bool,
    #[serde(flatten)]
    validity: ValidityView,
}

fn view(badge: StoredBadge, trained: bool, now: DateTime<Utc>) -> Badge {
    let StoredBadge { id, organisation, holder, validity, ended_reason } = badge;
    let validity = ValidityView::of(validity, ended_reason, now);
    Badge { id: id.0, organisation: organisation.0, holder, trained, validity }
}

/// Badges with whether their holders are trained now.
async fn show<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    badges: Vec<StoredBadge>,
    now: DateTime<Utc>,
) -> Result<Vec<Badge>, ApiError> {
    let asked: Vec<_> = badges.iter().map(|it| (it.organisation, Some(Person::Badge(it.id)))).collect();
    let qualified = db.qualified_at(caller.tenant, &asked, now).await?;
    Ok(badges.into_iter().zip(qualified).map(|(badge, what)| view(badge, what.trained, now)).collect())
}

async fn show_one<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    id: BadgeId,
    now: DateTime<Utc>,
) -> Result<Badge, ApiError> {
    let badge = db.badge(caller.sight(), id).await?;
    show(db, caller, vec![badge], now).await?.pop().ok_or(ApiError::NotFound("badge"))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewBadge)]
pub struct BadgeRequest {
    /// The holder's name as it shall be printed.
    holder: String,
    /// As the scanner reads it: 4 to 64 characters, their case does not matter. A number is given out once.
    number: String,
    /// It holds from then on; from now where absent.
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// And until just before; without an end where absent.
    #[serde(default)]
    until: Option<DateTime<Utc>>,
}

/// What is kept of a request: the number's keyed hash in place of the number.
#[derive(Serialize)]
struct WithoutNumber<'a> {
    holder: &'a str,
    number_hmac: String,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// An organisation's badges, those that were revoked included.
#[utoipa::path(tag = "partners", params(("id" = i32, Path), PageQuery), responses(
    (status = 200, body = Page<Badge>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/organisations/{id}/badges")]
pub async fn list_badges(
    service: web::Data<Service>,
    caller: Caller<ReadQualifications>,
    id: web::Path<i32>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let (id, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let mut db = service.store.connect().await?;
    db.partner(caller.sight(), id).await.map_err(named("organisation"))?;
    let rows = db.badges(caller.tenant, id, after, limit + 1).await?;
    let page = Page::of(rows, limit, |badge| badge.id.to_string(), |badge| badge);
    let items = show(&mut db, &caller, page.items, now).await?;
    Ok(HttpResponse::Ok().json(Page { items, next: page.next }))
}

/// Gives a badge out to somebody of the tenant or of one of its partners.
#[utoipa::path(tag = "partners", params(("id" = i32, Path)), request_body = BadgeRequest, responses(
    (status = 201, body = Badge), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/organisations/{id}/badges")]
pub async fn add_badge(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<i32>,
    body: web::Json<BadgeRequest>,
) -> Result<HttpResponse, ApiError> {
    let BadgeRequest { holder, number, from, until } = body.into_inner();
    let (organisation, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let (holder, number) = (non_empty("holder", &holder, 200)?, non_empty("number", &number, 64)?);
    if number.chars().count() < 4 {
        return Err(ApiError::Unprocessable("number: write 4 to 64 characters".into()));
    }
    let number_hmac = service.badges.hash(caller.tenant, &number);
    let told = WithoutNumber { holder: &holder, number_hmac: hex::encode(number_hmac), from, until };
    let once = Once::new(&request, &told)?;
    let (from, until) = span(from.unwrap_or(now), until)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.partner(caller.sight(), organisation).await.map_err(named("organisation"))?;
    let new = NewBadge { organisation, holder, number_hmac, from, until };
    let id = db.add_badge(caller.tenant, &new, now).await.map_err(|error| {
        if error.is_refused_by("badges_organisation_id_number_hmac_key") {
            let told =
                "number: a badge with this number was given out before: a number never means two people";
            return ApiError::Conflict(told.into());
        }
        error.into()
    })?;
    let made = show_one(&mut db, &caller, id, now).await?;
    let detail = serde_json::json!({
        "organisation": organisation, "holder": new.holder, "from": from, "until": until,
    });
    db.write_audit(&[caller.audit("badge.added", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &made).await
}

/// Revokes a badge, for good: who needs another one gets another number.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = EndRequest, responses(
    (status = 200, body = Badge), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/badges/{id}/revoke")]
pub async fn revoke_badge(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EndRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, now) = (BadgeId(id.into_inner()), (service.clock)());
    let (once, (at, reason)) = (Once::new(&request, &body)?, body.check(now)?);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.badge(caller.sight(), id).await.map_err(named("badge"))?;
    if !db.revoke_badge(caller.tenant, id, at, &reason).await? {
        return Err(ApiError::Conflict("the badge is revoked already".into()));
    }
    let revoked = show_one(&mut db, &caller, id, now).await?;
    let detail = serde_json::json!({ "at": at, "reason": reason });
    db.write_audit(&[caller.audit("badge.revoked", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &revoked).await
}
