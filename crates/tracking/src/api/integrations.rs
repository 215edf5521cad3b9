//! Integrations: by which webhooks come in, whether each of them is alive, and its credential.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::refusal::RefusalReason;
use domain::sender::AddressRange;
use networks::Network;
use serde::{Deserialize, Serialize, Serializer};
use store::{Connection, Credential, IntakeCount, Integration, RefusalCount, StoreError};
use utoipa::ToSchema;

use super::access::{Caller, ManageIntegrations};
use super::once::Once;
use super::page::Page;
use super::problem::{ApiError, Problem};
use crate::Service;
use crate::credentials::{given_credential, new_credential};

/// More than any network's sender has; each is tried at each webhook.
const MOST_RANGES: usize = 100;

/// One webhook source, without what is secret of it, and what came by it.
#[derive(Serialize, ToSchema)]
#[schema(as = Integration)]
pub struct IntegrationView {
    /// In the address of its webhooks: `/webhooks/{id}`.
    #[schema(example = "depot-chirpstack")]
    id: String,
    /// One of those that `GET /networks` names.
    #[schema(example = "chirpstack")]
    network: String,
    created_at: DateTime<Utc>,
    /// Since when nothing of it is taken in; null: it is.
    disabled_at: Option<DateTime<Utc>>,
    /// While the queue is away its webhooks are answered with 503, which is right where the sender tries again; otherwise
    /// they are kept and answered as always.
    refuse_when_broker_away: bool,
    /// The token before the present one counts, too.
    has_older_credential: bool,
    /// Where its webhooks may come from, in CIDR notation; empty: from anywhere.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_addresses: Vec<String>,
    /// Events that were taken in, each once.
    accepted: i64,
    /// Events that came again, and changed nothing.
    repeated: i64,
    /// Bodies that nobody can read, however often each of them came.
    unreadable: i64,
    /// When something of it came in for the first time since this is counted, and for the last; null: never.
    first_seen_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    refused: Vec<Refused>,
    /// Where a person says that the network may post here, where it asked; anybody may have asked it. Null: nothing was asked.
    confirm_url: Option<String>,
    confirm_asked_at: Option<DateTime<Utc>>,
}

/// Webhooks that were turned away for one reason. Most senders send once, so what was in them is lost.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedWebhooks)]
pub struct Refused {
    reason: RefusalReason,
    count: i64,
    first_refused_at: DateTime<Utc>,
    /// Up to a minute later than the last of them.
    last_refused_at: DateTime<Utc>,
}

impl IntegrationView {
    fn of(
        (integration, created_at): (Integration, DateTime<Utc>),
        came: Option<&IntakeCount>,
        refused: Vec<Refused>,
    ) -> Self {
        let (confirm_url, confirm_asked_at) =
            integration.question.map(|question| (question.url, question.asked_at)).unzip();
        let count = |of: fn(&IntakeCount) -> i64| came.map_or(0, of);
        Self {
            id: integration.id,
            network: integration.network,
            created_at,
            disabled_at: integration.disabled_at,
            refuse_when_broker_away: integration.refuse_when_broker_away,
            has_older_credential: integration.older.is_some(),
            allowed_addresses: integration.allowed.iter().map(ToString::to_string).collect(),
            accepted: count(|came| came.accepted),
            repeated: count(|came| came.repeated),
            unreadable: count(|came| came.unreadable),
            first_seen_at: came.map(|came| came.first_seen_at),
            last_seen_at: came.map(|came| came.last_seen_at),
            refused,
            confirm_url,
            confirm_asked_at,
        }
    }
}

impl From<&RefusalCount> for Refused {
    fn from(refused: &RefusalCount) -> Self {
        let RefusalCount { reason, count, first_refused_at, last_refused_at, .. } = *refused;
        Self { reason, count, first_refused_at, last_refused_at }
    }
}

/// An integration's token, told this once.
#[derive(Serialize, ToSchema)]
pub struct IntegrationToken {
    #[serde(flatten)]
    integration: IntegrationView,
    /// `Authorization: Bearer …` of its webhooks; with ThingPark the key by which it signs.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    token: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewIntegration)]
pub struct IntegrationRequest {
    /// 1 to 63 lower-case letters, digits and hyphens, the first of them no hyphen. It is no other's of the installation.
    #[schema(example = "depot-chirpstack")]
    id: String,
    /// One of those that `GET /networks` names.
    #[schema(example = "chirpstack")]
    network: String,
    #[serde(flatten)]
    settings: IntegrationSettings,
    /// Only where the network server made it itself: 20 to 200 visible characters, with ThingPark an AS key of 32 hex digits.
    /// Without it a new one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<GivenToken>,
}

/// A token that the network server made.
#[derive(Deserialize, ToSchema)]
pub struct GivenToken(String);

impl Serialize for GivenToken {
    /// That it was given is written down, and not what it is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("given")
    }
}

/// A token to change over to.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewCredential)]
pub struct CredentialRequest {
    /// Only where the network server made it itself; without it a new one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<GivenToken>,
}

/// What can be changed of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationSettings {
    refuse_when_broker_away: bool,
    /// At most 100, in CIDR notation or single; empty: from anywhere.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_addresses: Vec<String>,
}

/// The network servers that an integration may be of, by their names.
#[utoipa::path(tag = "intake", responses((status = 200, body = [String])))]
#[get("/networks")]
pub async fn list_networks(_caller: Caller<ManageIntegrations>) -> HttpResponse {
    HttpResponse::Ok().json(Network::ALL.map(Network::name))
}

/// The organisation's integrations by id, disabled ones too, and what came by each.
#[utoipa::path(tag = "intake", responses((status = 200, body = Page<IntegrationView>)))]
#[get("/integrations")]
pub async fn list_integrations(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    // As many as an organisation has network servers: one page.
    Ok(HttpResponse::Ok().json(Page { items: views(&mut db, caller.organisation).await?, next: None }))
}

async fn views(db: &mut Connection, owner: OrganisationId) -> Result<Vec<IntegrationView>, ApiError> {
    let came = db.intake_counts(owner).await?;
    let refused = db.refusal_counts(owner).await?;
    let view = |(integration, created_at): (Integration, DateTime<Utc>)| {
        let came = came.iter().find(|came| came.integration == integration.id);
        let refused = refused.iter().filter(|refused| refused.integration == integration.id);
        let refused = refused.map(Refused::from).collect();
        IntegrationView::of((integration, created_at), came, refused)
    };
    Ok(db.integrations_with_age(owner).await?.into_iter().map(view).collect())
}

/// `NotFound` where the organisation has no such integration.
async fn view(db: &mut Connection, owner: OrganisationId, id: &str) -> Result<IntegrationView, ApiError> {
    let found = views(db, owner).await?.into_iter().find(|view| view.id == id);
    found.ok_or(ApiError::NotFound("integration"))
}

/// Makes an integration. Its token is told once: the same request again is refused.
#[utoipa::path(tag = "intake", request_body = IntegrationRequest, responses(
    (status = 201, body = IntegrationToken), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/integrations")]
pub async fn add_integration(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    body: web::Json<IntegrationRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    check_id(&body.id)?;
    let network: Network = body.network.parse().map_err(unprocessable("network"))?;
    let allowed = ranges(&body.settings.allowed_addresses)?;
    let (token, credential) = credential(network, body.token.as_ref())?;
    let now = (service.clock)();
    let integration = Integration {
        allowed,
        refuse_when_broker_away: body.settings.refuse_when_broker_away,
        ..Integration::new(&body.id, caller.organisation, network.name(), credential)
    };
    let mut db = service.store.begin().await?;
    told_once(&once, &mut db, &caller).await?;
    db.add_integration(&integration, now).await.map_err(|error| refusal(&body.id, error))?;
    let entry = caller.audit("integration.added", subject(&body.id), serde_json::json!(*body));
    db.write_audit(&[entry], now).await?;
    let integration = view(&mut db, caller.organisation, &body.id).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &integration).await?;
    Ok(with_token(HttpResponse::Created(), integration, token))
}

/// Gives an integration a new token, which is told once; the one before counts, too, until it is retired.
#[utoipa::path(tag = "intake", params(("id" = String, Path)), request_body = CredentialRequest, responses(
    (status = 200, body = IntegrationToken), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/integrations/{id}/credential")]
pub async fn rotate_credential(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Json<CredentialRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let owner = caller.organisation;
    let mut db = service.store.begin().await?;
    told_once(&once, &mut db, &caller).await?;
    let before = view(&mut db, owner, &id).await?;
    if before.disabled_at.is_some() {
        return Err(ApiError::Conflict(format!("`{id}` is disabled: enable it first")));
    }
    let network = before.network.parse().map_err(ApiError::internal)?;
    let (token, credential) = credential(network, body.token.as_ref())?;
    if !db.rotate_integration(owner, &id, &credential).await? {
        return Err(ApiError::Conflict(format!(
            "`{id}` has an older token still, and its sender may be using it: retire it first"
        )));
    }
    let entry = caller.audit("integration.rotated", subject(&id), serde_json::json!({}));
    db.write_audit(&[entry], (service.clock)()).await?;
    let integration = view(&mut db, owner, &id).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &integration).await?;
    Ok(with_token(HttpResponse::Ok(), integration, token))
}

/// Drops the older token: what is still sent with it is refused.
#[utoipa::path(tag = "intake", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[delete("/integrations/{id}/older-credential")]
pub async fn retire_credential(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &())?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    view(&mut db, caller.organisation, &id).await?;
    if !db.retire_integration(caller.organisation, &id).await? {
        return Err(ApiError::Conflict(format!("`{id}` has no older token")));
    }
    changed(&service, db, &caller, once, &id, ("integration.retired", serde_json::json!({}))).await
}

/// Says what is done while the queue is away, and where its webhooks may come from.
#[utoipa::path(tag = "intake", params(("id" = String, Path)), request_body = IntegrationSettings, responses(
    (status = 200, body = IntegrationView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[put("/integrations/{id}")]
pub async fn change_integration(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Json<IntegrationSettings>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let allowed = ranges(&body.allowed_addresses)?;
    let owner = caller.organisation;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let before = view(&mut db, owner, &id).await?;
    db.allow_integration(owner, &id, &allowed).await?;
    db.set_broker_away(owner, &id, body.refuse_when_broker_away).await?;
    let from = IntegrationSettings {
        refuse_when_broker_away: before.refuse_when_broker_away,
        allowed_addresses: before.allowed_addresses,
    };
    let detail = serde_json::json!({ "from": from, "to": *body });
    changed(&service, db, &caller, once, &id, ("integration.changed", detail)).await
}

/// Takes nothing of an integration in any more, within a second.
#[utoipa::path(tag = "intake", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/integrations/{id}/disable")]
pub async fn disable_integration(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    switch(&service, &caller, &request, &id, false).await
}

/// Takes in again what comes of an integration.
#[utoipa::path(tag = "intake", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/integrations/{id}/enable")]
pub async fn enable_integration(
    service: web::Data<Service>,
    caller: Caller<ManageIntegrations>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    switch(&service, &caller, &request, &id, true).await
}

async fn switch(
    service: &Service,
    caller: &Caller<ManageIntegrations>,
    request: &HttpRequest,
    id: &str,
    on: bool,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(request, &())?;
    let (owner, now) = (caller.organisation, (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, caller).await? {
        return Ok(answer);
    }
    view(&mut db, owner, id).await?;
    let (action, word) =
        if on { ("integration.enabled", "enabled") } else { ("integration.disabled", "disabled") };
    if !db.disable_integration(owner, id, (!on).then_some(now)).await? {
        return Err(ApiError::Conflict(format!("`{id}` is {word} already")));
    }
    changed(service, db, caller, once, id, (action, serde_json::json!({}))).await
}

/// Puts it on record and answers with what is.
async fn changed(
    service: &Service,
    mut db: Connection,
    caller: &Caller<ManageIntegrations>,
    once: Once,
    id: &str,
    (action, detail): (&'static str, serde_json::Value),
) -> Result<HttpResponse, ApiError> {
    db.write_audit(&[caller.audit(action, subject(id), detail)], (service.clock)()).await?;
    let integration = view(&mut db, caller.organisation, id).await?;
    once.finish(service, db, caller, StatusCode::OK, &integration).await
}

/// A token is nowhere kept, so a request that was answered cannot be answered again.
async fn told_once(
    once: &Once,
    db: &mut Connection,
    caller: &Caller<ManageIntegrations>,
) -> Result<(), ApiError> {
    match once.first_answer(db, caller).await? {
        None => Ok(()),
        Some(_) => Err(ApiError::Conflict(
            "a token was made for this Idempotency-Key and is told once: make another one with a new Idempotency-Key"
                .into(),
        )),
    }
}

fn with_token(
    mut answer: actix_web::HttpResponseBuilder,
    integration: IntegrationView,
    token: String,
) -> HttpResponse {
    answer.insert_header(("Cache-Control", "no-store")).json(IntegrationToken { integration, token })
}

fn subject(id: &str) -> String {
    format!("integration {id}")
}

fn ranges(texts: &[String]) -> Result<Vec<AddressRange>, ApiError> {
    if texts.len() > MOST_RANGES {
        return Err(ApiError::Unprocessable(format!("allowed_addresses: write at most {MOST_RANGES}")));
    }
    texts.iter().map(|text| text.parse().map_err(unprocessable("allowed_addresses"))).collect()
}

fn credential(network: Network, given: Option<&GivenToken>) -> Result<(String, Credential), ApiError> {
    let Some(GivenToken(token)) = given else { return Ok(new_credential(network)) };
    given_credential(network, token).map_err(unprocessable("token"))
}

fn unprocessable<E: std::fmt::Display>(field: &'static str) -> impl Fn(E) -> ApiError {
    move |error| ApiError::Unprocessable(format!("{field}: {error}"))
}

/// As `integrations_id_check` has it; the database would not be asked for what it cannot even hold.
fn check_id(id: &str) -> Result<(), ApiError> {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_id = (1..=63).contains(&id.len())
        && id.bytes().all(|c| is_plain(c) || c == b'-')
        && id.bytes().next().is_some_and(is_plain);
    if is_id {
        return Ok(());
    }
    Err(ApiError::Unprocessable(
        "id: write 1 to 63 lower-case letters, digits and hyphens, the first of them no hyphen".into(),
    ))
}

fn refusal(id: &str, error: StoreError) -> ApiError {
    if error.is_refused_by("integrations_pkey") {
        return ApiError::Conflict(format!("id: an integration `{id}` exists already; take another id"));
    }
    error.into()
}
