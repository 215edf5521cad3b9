//! Log-in with e-mail and password.

use std::time::Duration;

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::access::{Permission, Role};
use serde::{Deserialize, Serialize};
use store::{StoreError, User};
use tokio::sync::SemaphorePermit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, LoggedIn};
use super::problem::{ApiError, Problem};
use crate::Service;
use crate::credentials::{CredentialError, Holder, hash_password, verify_password};

/// How long a log-in may wait for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Deserialize, ToSchema)]
#[schema(as = Credentials)]
pub struct LoginRequest {
    #[schema(example = "quality@example.org")]
    email: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LogIn)]
pub struct LoginAnswer {
    /// To be sent as `Authorization: Bearer …`.
    access_token: String,
    expires_at: DateTime<Utc>,
    user: UserView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    id: Uuid,
    email: String,
    /// As printed beside what the user does.
    name: String,
    role: Role,
    organisation: String,
    /// Whether that is the tenant; else it is a partner of it, whose people see less.
    of_tenant: bool,
    /// What the role may do.
    permissions: Vec<Permission>,
}

fn view(user: &User) -> UserView {
    UserView {
        id: user.id.0,
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role,
        organisation: user.organisation_name.clone(),
        of_tenant: user.organisation == user.tenant,
        permissions: user.role.permissions().to_vec(),
    }
}

/// Exchanges e-mail and password for an access token.
#[utoipa::path(tag = "session", request_body = LoginRequest, security(()), responses(
    (status = 200, body = LoginAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 429, body = Problem)))]
#[post("/login")]
pub async fn log_in(
    service: web::Data<Service>,
    request: web::Json<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let LoginRequest { email, password } = request.into_inner();
    if email.contains(char::is_control) {
        return Err(ApiError::WrongLogin);
    }
    let user = match service.store.connect().await?.user_by_email(&email).await {
        Ok(user) => Some(user),
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = check_password(&service, password, hash).await?;
    let user = user.filter(|_| matches).ok_or(ApiError::WrongLogin)?;
    let now = (service.wall_clock)();
    let User { id, organisation, tenant, role, .. } = user;
    let (access_token, expires_at) = service
        .tokens
        .sign(Holder { user: id, organisation, tenant, role }, now)
        .ok_or_else(|| ApiError::internal("the token cannot be signed"))?;
    Ok(HttpResponse::Ok().json(LoginAnswer { access_token, expires_at, user: view(&user) }))
}

/// Hashing is slow on purpose: a few at a time, so that a flood of log-ins cannot take every core, and those who
/// would wait for long are told so.
async fn turn(service: &Service) -> Result<SemaphorePermit<'_>, ApiError> {
    match tokio::time::timeout(LONGEST_WAIT, service.login_turns.acquire()).await {
        Ok(turn) => turn.map_err(ApiError::internal),
        Err(_) => Err(ApiError::TooMany),
    }
}

/// Whether the password is the hash's.
async fn check_password(service: &Service, password: String, hash: Option<String>) -> Result<bool, ApiError> {
    let _turn = turn(service).await?;
    web::block(move || verify_password(&password, hash.as_deref())).await.map_err(ApiError::internal)
}

/// What is kept of a new password.
pub(super) async fn hash_in_turn(service: &Service, password: String) -> Result<String, ApiError> {
    let _turn = turn(service).await?;
    let hash = web::block(move || hash_password(&password)).await.map_err(ApiError::internal)?;
    hash.map_err(|error| match error {
        CredentialError::PasswordTooShort => ApiError::Unprocessable(format!("password: {error}")),
        other => ApiError::internal(other),
    })
}

/// The caller as who signs: the password is asked for at every signature, and the role is the present one, whatever
/// it was when the token was given. Who belongs elsewhere by now signs nothing with an old token.
pub(super) async fn signer<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    password: &str,
) -> Result<User, ApiError> {
    if service.limits.count_signature(caller.user).is_some_and(|count| count.is_over) {
        return Err(ApiError::TooMany);
    }
    let user = service.store.connect().await?.user_by_id(caller.user).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::Unauthenticated,
        other => other.into(),
    })?;
    if (user.organisation, user.tenant) != (caller.organisation, caller.tenant) {
        return Err(ApiError::Unauthenticated);
    }
    if !check_password(service, password.to_owned(), Some(user.password_hash.clone())).await? {
        return Err(ApiError::WrongPassword);
    }
    if G::PERMISSION.is_some_and(|permission| !user.role.may(permission)) {
        return Err(ApiError::Forbidden);
    }
    Ok(user)
}

/// Who is logged in.
#[utoipa::path(tag = "session", responses((status = 200, body = UserView), (status = 401, body = Problem)))]
#[get("/me")]
pub async fn show_me(
    service: web::Data<Service>,
    caller: Caller<LoggedIn>,
) -> Result<HttpResponse, ApiError> {
    let user = service.store.connect().await?.user_by_id(caller.user).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::Unauthenticated,
        other => other.into(),
    })?;
    Ok(HttpResponse::Ok().json(view(&user)))
}
