//! Who was trained in what, from when until when: users and holders of badges.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::qualification::{Person, TrainingTopic};
use domain::{BadgeId, TrainingId, UserId};
use serde::{Deserialize, Serialize};
use store::Training as StoredTraining;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadQualifications, WritePartners};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::validity::{EndRequest, ValidityView, span};
use crate::Service;

#[derive(Serialize, ToSchema)]
pub struct Training {
    id: Uuid,
    /// Null where it is a badge holder's.
    user: Option<Uuid>,
    badge: Option<Uuid>,
    topic: TrainingTopic,
    #[serde(flatten)]
    validity: ValidityView,
}

fn view(training: StoredTraining, now: DateTime<Utc>) -> Training {
    let StoredTraining { id, person, topic, validity, ended_reason } = training;
    let (user, badge) = match person {
        Person::User(user) => (Some(user.0), None),
        Person::Badge(badge) => (None, Some(badge.0)),
    };
    Training { id: id.0, user, badge, topic, validity: ValidityView::of(validity, ended_reason, now) }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewTraining)]
pub struct TrainingRequest {
    /// Custody asks for `gdp`.
    #[schema(value_type = TrainingTopic)]
    topic: String,
    /// It holds from then on.
    from: DateTime<Utc>,
    /// And until just before; without an end where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
}

/// A user's trainings, those that ended included.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<Training>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/users/{id}/trainings")]
pub async fn list_user_trainings(
    service: web::Data<Service>,
    caller: Caller<ReadQualifications>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&service, &caller, Person::User(UserId(id.into_inner())), &page).await
}

/// The trainings of a badge's holder, those that ended included.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<Training>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/badges/{id}/trainings")]
pub async fn list_badge_trainings(
    service: web::Data<Service>,
    caller: Caller<ReadQualifications>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&service, &caller, Person::Badge(BadgeId(id.into_inner())), &page).await
}

async fn list<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    person: Person,
    page: &PageQuery,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    db.organisation_of(caller.sight(), person).await.map_err(named(noun(person)))?;
    let rows = db.trainings(caller.tenant, person, after, limit + 1).await?;
    let now = (service.clock)();
    let page = Page::of(rows, limit, |training| training.id.to_string(), |training| view(training, now));
    Ok(HttpResponse::Ok().json(page))
}

/// Records that a user was trained.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = TrainingRequest, responses(
    (status = 201, body = Training), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/users/{id}/trainings")]
pub async fn add_user_training(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<TrainingRequest>,
) -> Result<HttpResponse, ApiError> {
    add(&service, &caller, &request, Person::User(UserId(id.into_inner())), &body).await
}

/// Records that a badge's holder was trained.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = TrainingRequest, responses(
    (status = 201, body = Training), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/badges/{id}/trainings")]
pub async fn add_badge_training(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<TrainingRequest>,
) -> Result<HttpResponse, ApiError> {
    add(&service, &caller, &request, Person::Badge(BadgeId(id.into_inner())), &body).await
}

async fn add<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    request: &HttpRequest,
    person: Person,
    body: &TrainingRequest,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(request, body)?;
    let topic: TrainingTopic =
        body.topic.parse().map_err(|error| ApiError::Unprocessable(format!("topic: {error}")))?;
    let (span, now) = (span(body.from, body.until)?, (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, caller).await? {
        return Ok(answer);
    }
    let employer = db.organisation_of(caller.sight(), person).await.map_err(named(noun(person)))?;
    let id = db.add_training(caller.tenant, person, topic, span, now).await?;
    db.mark_watches_of(caller.tenant, Some(employer), now).await?;
    let made = view(db.training(caller.tenant, id).await?, now);
    let detail = serde_json::json!({ "user": made.user, "badge": made.badge, "request": body });
    db.write_audit(&[caller.audit("training.added", id.to_string(), detail)], now).await?;
    once.finish(service, db, caller, StatusCode::CREATED, &made).await
}

/// Ends a training. It stays on record, and counts for what was done before.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = EndRequest, responses(
    (status = 200, body = Training), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/trainings/{id}/revoke")]
pub async fn revoke_training(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EndRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, now) = (TrainingId(id.into_inner()), (service.clock)());
    let (once, (at, reason)) = (Once::new(&request, &body)?, body.check(now)?);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.training(caller.tenant, id).await.map_err(named("training"))?;
    if !db.end_training(caller.tenant, id, at, &reason).await? {
        return Err(ApiError::Conflict("the training is revoked already".into()));
    }
    db.mark_watches_of(caller.tenant, None, now).await?;
    let ended = db.training(caller.tenant, id).await?;
    let detail = serde_json::json!({ "at": at, "reason": reason });
    db.write_audit(&[caller.audit("training.revoked", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &view(ended, now)).await
}

fn noun(person: Person) -> &'static str {
    match person {
        Person::User(_) => "user",
        Person::Badge(_) => "badge",
    }
}
