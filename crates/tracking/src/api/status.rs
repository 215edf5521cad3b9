//! How the service is: for load balancers, for Prometheus, and for whoever looks at the page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::access::Permission;
use domain::sender::SharedKey;
use serde::Serialize;
use store::Credential;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::access::{Caller, LoggedIn, bearer};
use super::problem::{ApiError, Problem, problem};
use crate::Service;
use crate::credentials::hash_token;

#[derive(Serialize, ToSchema)]
pub struct Status {
    /// The service's clock; a demonstration's runs faster than the machine's.
    now: DateTime<Utc>,
    /// Whether everything that was sent has been worked off, so that silence can be told.
    caught_up: bool,
    /// Null for those who may not know.
    notifications: Option<Notifications>,
}

#[derive(Serialize, ToSchema)]
pub struct Notifications {
    /// Whether e-mail can go out at all.
    configured: bool,
    /// Not sent yet.
    pending: i64,
    /// Of the pending, those of which at least one attempt failed.
    failing: i64,
    sent: i64,
}

/// The service's clock and health, as its users see them.
#[utoipa::path(tag = "session", responses((status = 200, body = Status), (status = 401, body = Problem)))]
#[get("/status")]
pub async fn show_status(
    service: web::Data<Service>,
    caller: Caller<LoggedIn>,
) -> Result<HttpResponse, ApiError> {
    let notifications = match caller.role.may(Permission::ReadNotifications) {
        true => Some(count_notifications(&service, caller.organisation).await?),
        false => None,
    };
    let (now, caught_up) = ((service.clock)(), service.is_caught_up());
    Ok(HttpResponse::Ok().json(Status { now, caught_up, notifications }))
}

async fn count_notifications(
    service: &Service,
    organisation: OrganisationId,
) -> Result<Notifications, ApiError> {
    let counts = service.store.connect().await?.notification_counts(organisation).await?;
    Ok(Notifications {
        configured: service.mailer.is_some(),
        pending: counts.pending,
        failing: counts.failing,
        sent: counts.sent,
    })
}

/// Whether the process runs.
#[get("/healthz")]
pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// Whether the service can work: its database answers.
#[get("/readyz")]
pub async fn show_readiness(service: web::Data<Service>) -> HttpResponse {
    match service.check_database().await {
        Ok(()) => HttpResponse::Ok().json(serde_json::json!({
            "database": "ok",
            "queue": service.queue_problem().unwrap_or_else(|| "ok".to_owned()),
            "caught_up": service.is_caught_up(),
        })),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer".into()),
    }
}

#[get("/metrics")]
pub async fn show_metrics(service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    let text = service.metrics.text().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

/// One integration as an ingester needs it.
#[derive(Serialize)]
struct IngesterIntegration {
    id: String,
    organisation: i32,
    network: String,
    #[serde(flatten)]
    credential: IngesterCredential,
    older: Option<IngesterCredential>,
    allowed: Vec<String>,
    refuse_when_broker_away: bool,
}

#[derive(Serialize)]
struct IngesterCredential {
    token_sha256: String,
    key: Option<SharedKey>,
}

impl From<Credential> for IngesterCredential {
    fn from(Credential { token_sha256, key }: Credential) -> Self {
        Self { token_sha256: hex::encode(token_sha256), key }
    }
}

/// Whether a request bears what the ingesters of a split installation ask with.
pub fn is_ingester(service: &Service, request: &HttpRequest) -> bool {
    match (service.ingester_token_sha256, bearer(request).map(hash_token)) {
        (Some(expected), Some(given)) => bool::from(expected.ct_eq(&given)),
        _ => false,
    }
}

/// The integrations, for the ingesters of a split installation: not for users, and not in the document.
#[get("/ingester/integrations")]
pub async fn list_ingester_integrations(
    service: web::Data<Service>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if !is_ingester(&service, &request) {
        return Err(ApiError::Unauthenticated);
    }
    let integrations = service.store.connect().await?.integrations().await?;
    let copy = integrations.into_iter().map(|integration| IngesterIntegration {
        id: integration.id,
        organisation: integration.organisation.0,
        network: integration.network,
        credential: integration.credential.into(),
        older: integration.older.map(Into::into),
        allowed: integration.allowed.iter().map(ToString::to_string).collect(),
        refuse_when_broker_away: integration.refuse_when_broker_away,
    });
    Ok(HttpResponse::Ok().json(copy.collect::<Vec<_>>()))
}
