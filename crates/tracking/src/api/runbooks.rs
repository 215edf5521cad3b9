//! Runbooks: the house's of each kind of alert, or the organisation's own in its place.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, put, web};
use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::alert::AlertKind;
use domain::runbook::{MOST_TO_CALL, MOST_TO_DO, Runbook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Caller, ManageAlerting, ReadAlerts};
use super::once::Once;
use super::page::Page;
use super::problem::{ApiError, Problem};
use super::text::{non_empty, prose};
use crate::Service;
use crate::runbooks::Runbooks;

/// What to do about an alert, and who to call.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Runbook)]
pub struct RunbookText {
    /// One step a line; at most 2000 characters.
    #[schema(example = "Call the driver and ask why.\nHave the box brought into the cold.")]
    what_to_do: String,
    /// One line of at most 200 characters.
    #[schema(example = "The carrier's dispatcher; then logistics")]
    who_to_call: String,
}

impl From<Runbook> for RunbookText {
    fn from(runbook: Runbook) -> Self {
        let Runbook { what_to_do, who_to_call } = runbook;
        Self { what_to_do: what_to_do.into_owned(), who_to_call: who_to_call.into_owned() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct KindRunbook {
    kind: AlertKind,
    what_to_do: String,
    who_to_call: String,
    /// Whether the organisation wrote it; false: it is the house's.
    is_own: bool,
    /// Of an own one: by whom and when it was last changed.
    changed_by: Option<String>,
    changed_at: Option<DateTime<Utc>>,
}

impl KindRunbook {
    fn of(runbooks: &Runbooks, organisation: OrganisationId, kind: AlertKind) -> Self {
        let RunbookText { what_to_do, who_to_call } = runbooks.get(organisation, kind).into();
        let own = runbooks.own(organisation, kind);
        Self {
            kind,
            what_to_do,
            who_to_call,
            is_own: own.is_some(),
            changed_by: own.map(|own| own.changed_by.clone()),
            changed_at: own.map(|own| own.changed_at),
        }
    }
}

/// The runbooks of all kinds of alerts.
#[utoipa::path(tag = "alerts", responses((status = 200, body = Page<KindRunbook>)))]
#[get("/runbooks")]
pub async fn list_runbooks(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let runbooks = Runbooks::of(&mut db, [caller.organisation].into_iter()).await?;
    let items = AlertKind::ALL.iter().map(|kind| KindRunbook::of(&runbooks, caller.organisation, *kind));
    Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }))
}

/// Puts the organisation's own runbook in the place of the house's, or of its former one.
#[utoipa::path(tag = "alerts", params(("kind" = AlertKind, Path)), request_body = RunbookText, responses(
    (status = 200, body = KindRunbook), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[put("/runbooks/{kind}")]
pub async fn set_runbook(
    service: web::Data<Service>,
    caller: Caller<ManageAlerting>,
    request: HttpRequest,
    kind: web::Path<String>,
    body: web::Json<RunbookText>,
) -> Result<HttpResponse, ApiError> {
    let kind = kind_named(&kind)?;
    let runbook = Runbook {
        what_to_do: prose("what_to_do", &body.what_to_do, MOST_TO_DO)?.into(),
        who_to_call: non_empty("who_to_call", &body.who_to_call, MOST_TO_CALL)?.into(),
    };
    change(service, caller, Once::new(&request, &body)?, kind, Some(runbook)).await
}

/// Goes back to the house's runbook.
#[utoipa::path(tag = "alerts", params(("kind" = AlertKind, Path)), responses(
    (status = 200, body = KindRunbook), (status = 404, body = Problem)))]
#[delete("/runbooks/{kind}")]
pub async fn reset_runbook(
    service: web::Data<Service>,
    caller: Caller<ManageAlerting>,
    request: HttpRequest,
    kind: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let kind = kind_named(&kind)?;
    change(service, caller, Once::new(&request, &())?, kind, None).await
}

/// Writes the own runbook, or removes it; what stood before is in the audit trail.
async fn change(
    service: web::Data<Service>,
    caller: Caller<ManageAlerting>,
    once: Once,
    kind: AlertKind,
    own: Option<Runbook>,
) -> Result<HttpResponse, ApiError> {
    let (now, organisation) = ((service.clock)(), caller.organisation);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_alerting(organisation).await?;
    let before = Runbooks::of(&mut db, [organisation].into_iter()).await?;
    let was = before.own(organisation, kind).map(|own| RunbookText::from(own.runbook.clone()));
    match &own {
        Some(runbook) => db.set_runbook(organisation, kind, runbook, caller.user, now).await?,
        None if was.is_none() => return Err(ApiError::NotFound("runbook of your own")),
        None => drop(db.remove_runbook(organisation, kind).await?),
    }
    let action = if own.is_some() { "runbook.changed" } else { "runbook.reset" };
    let detail = serde_json::json!({ "from": was, "to": own.map(RunbookText::from) });
    db.write_audit(&[caller.audit(action, format!("runbook {kind}"), detail)], now).await?;
    let after = Runbooks::of(&mut db, [organisation].into_iter()).await?;
    let view = KindRunbook::of(&after, organisation, kind);
    once.finish(&service, db, &caller, StatusCode::OK, &view).await
}

fn kind_named(text: &str) -> Result<AlertKind, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound("kind of alert"))
}
