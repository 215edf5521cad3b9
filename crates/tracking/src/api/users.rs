//! The people of a tenant and of its partners who can log in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::access::Role;
use domain::qualification::{Person as Somebody, Qualified};
use domain::{OrganisationId, UserId};
use serde::{Deserialize, Serialize};
use store::{Connection, NewUser, StoreError, UserFilter, UserRecord};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, Grant, ManageUsers, ReadQualifications};
use super::login::hash_in_turn;
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{non_empty, optional};
use crate::Service;
use crate::credentials::is_email;

#[derive(Serialize, ToSchema)]
pub struct Person {
    id: Uuid,
    email: String,
    /// As printed beside what the user does.
    name: String,
    role: Role,
    organisation: i32,
    organisation_name: String,
    created_at: DateTime<Utc>,
    /// Since when the user can no longer log in; null: can.
    disabled_at: Option<DateTime<Utc>>,
    /// Whether a training in good distribution practice holds now.
    trained: bool,
    /// Whether a contract with the organisation holds now; the tenant itself needs none.
    under_contract: bool,
}

impl Person {
    fn new(user: UserRecord, Qualified { trained, under_contract }: Qualified) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            name: user.name,
            role: user.role,
            organisation: user.organisation.0,
            organisation_name: user.organisation_name,
            created_at: user.created_at,
            disabled_at: user.disabled_at,
            trained,
            under_contract,
        }
    }
}

/// Users with what entitles them now.
async fn people<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    users: Vec<UserRecord>,
    now: DateTime<Utc>,
) -> Result<Vec<Person>, ApiError> {
    let asked: Vec<_> = users.iter().map(|user| (user.organisation, Some(Somebody::User(user.id)))).collect();
    let qualified = db.qualified_at(caller.tenant, &asked, now).await?;
    Ok(users.into_iter().zip(qualified).map(|(user, qualified)| Person::new(user, qualified)).collect())
}

async fn person<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    id: UserId,
    now: DateTime<Utc>,
) -> Result<Person, ApiError> {
    let user = db.user_record(caller.sight(), id).await?;
    people(db, caller, vec![user], now).await?.pop().ok_or(ApiError::NotFound("user"))
}

#[derive(Deserialize, IntoParams)]
pub struct UserQuery {
    /// The id of the tenant or of one of its partners: its people alone.
    organisation: Option<i32>,
}

/// Users in the order in which they were made; a partner's people see their own.
#[utoipa::path(tag = "partners", params(UserQuery, PageQuery),
    responses((status = 200, body = Page<Person>), (status = 400, body = Problem)))]
#[get("/users")]
pub async fn list_users(
    service: web::Data<Service>,
    caller: Caller<ReadQualifications>,
    query: web::Query<UserQuery>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let filter = UserFilter {
        organisation: query.organisation.map(OrganisationId),
        after: page.parse(|text| text.parse().ok())?,
    };
    let mut db = service.store.connect().await?;
    let rows = db.users(caller.sight(), &filter, limit + 1).await?;
    let page = Page::of(rows, limit, |user| user.id.to_string(), |user| user);
    let items = people(&mut db, &caller, page.items, (service.clock)()).await?;
    Ok(HttpResponse::Ok().json(Page { items, next: page.next }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewPerson)]
pub struct UserRequest {
    #[schema(example = "courier@carrier.example")]
    email: String,
    /// As printed beside what the user does; the e-mail address where absent.
    #[serde(default)]
    name: Option<String>,
    /// A partner's people are `courier`, `receiver`, `dispatcher`, `supplier` or `auditor`; `dispatcher` and
    /// `supplier` are a partner's alone.
    #[schema(value_type = Role)]
    role: String,
    /// The id of a partner; the tenant itself where absent.
    #[serde(default)]
    organisation: Option<i32>,
    /// At least 8 characters; to be told to the user.
    password: String,
}

/// What is kept and repeated of a request: nothing that helps to guess the password.
#[derive(Serialize)]
struct WithoutPassword<'a> {
    email: &'a str,
    name: Option<&'a str>,
    role: Role,
    organisation: OrganisationId,
}

/// Makes a user of the tenant or of one of its partners.
#[utoipa::path(tag = "partners", request_body = UserRequest, responses(
    (status = 201, body = Person), (status = 409, body = Problem), (status = 422, body = Problem),
    (status = 429, body = Problem)))]
#[post("/users")]
pub async fn add_user(
    service: web::Data<Service>,
    caller: Caller<ManageUsers>,
    request: HttpRequest,
    body: web::Json<UserRequest>,
) -> Result<HttpResponse, ApiError> {
    let UserRequest { email, name, role, organisation, password } = body.into_inner();
    let (email, name) = (email.trim(), optional("name", name.as_deref(), 200)?);
    if !is_email(email) {
        return Err(ApiError::Unprocessable(
            "email: write an address such as courier@carrier.example".into(),
        ));
    }
    let role: Role = role.parse().map_err(|error| ApiError::Unprocessable(format!("role: {error}")))?;
    let organisation = organisation.map_or(caller.tenant, OrganisationId);
    check_role(role, organisation == caller.tenant)?;
    let told = WithoutPassword { email, name: name.as_deref(), role, organisation };
    let once = Once::new(&request, &told)?;
    let detail = serde_json::json!({ "request": told });
    let password_hash = hash_in_turn(&service, password).await?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.partner(caller.sight(), organisation).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::Unprocessable("organisation: there is no such organisation".into()),
        other => other.into(),
    })?;
    let user = NewUser { organisation, email: email.to_owned(), name, role, password_hash };
    let id = db.add_user(&user, now).await.map_err(|error| match error {
        error if error.is_refused_by("users_email_key") => {
            ApiError::Conflict(format!("email: a user {email} exists already"))
        }
        other => other.into(),
    })?;
    let made = person(&mut db, &caller, id, now).await?;
    db.write_audit(&[caller.audit("user.added", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &made).await
}

/// Whoever acts for the tenant belongs to it.
fn check_role(role: Role, is_tenants: bool) -> Result<(), ApiError> {
    match is_tenants {
        true if role.is_partners_alone() => Err(ApiError::Unprocessable(format!(
            "role: {role} is a partner's: name its organisation, or another role"
        ))),
        false if !role.is_for_partners() => Err(ApiError::Unprocessable(format!(
            "role: {role} acts for the tenant: a partner's people are courier, receiver, dispatcher, supplier or auditor"
        ))),
        _ => Ok(()),
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DisableRequest {
    /// Kept in the audit trail.
    #[schema(example = "Left the company")]
    reason: String,
}

/// Disables a user at once, open sessions included. What the user did stays under the user's name.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = DisableRequest, responses(
    (status = 200, body = Person), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/users/{id}/disable")]
pub async fn disable_user(
    service: web::Data<Service>,
    caller: Caller<ManageUsers>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<DisableRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, reason) = (UserId(id.into_inner()), non_empty("reason", &body.reason, 500)?);
    let once = Once::new(&request, &body)?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let user = db.user_record(caller.sight(), id).await.map_err(named("user"))?;
    if id == caller.user {
        // Somebody must be left who can make users.
        return Err(ApiError::Unprocessable("id: you cannot disable yourself; another admin can".into()));
    }
    // By the clock that tokens go by.
    if !db.disable_user(id, (service.wall_clock)()).await? {
        return Err(ApiError::Conflict(format!("the user {} is disabled already", user.email)));
    }
    let disabled = person(&mut db, &caller, id, now).await?;
    let detail = serde_json::json!({ "email": user.email, "reason": reason });
    db.write_audit(&[caller.audit("user.disabled", id.to_string(), detail)], now).await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &disabled).await?;
    service.disabled_users.add([id]);
    Ok(answer)
}
