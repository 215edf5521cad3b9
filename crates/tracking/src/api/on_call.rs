//! Who is on call: read, and replaced as a whole. And what became of each attempt to tell somebody of an alert.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use chrono::{DateTime, Utc};
use domain::access::{Permission, Sight};
use domain::alert::Severity;
use domain::escalation::{LONGEST_WAIT, MOST_STEPS, Step};
use domain::{AlertId, Duration, StepId, UserId};
use serde::{Deserialize, Serialize};
use store::{Attempt, Connection, OnCallStep};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ManageAlerting, ReadAlerts};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use crate::Service;

/// Those who are told of an alert that nobody acknowledges, one after the other.
#[derive(Serialize, ToSchema)]
pub struct OnCall {
    steps: Vec<OnCallStepView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OnCallStep)]
pub struct OnCallStepView {
    user: Uuid,
    name: String,
    email: String,
    /// After the step before; of the first one after the alert.
    wait_minutes: i64,
    /// The lowest of alerts of which the step is told.
    severity: Severity,
    /// A disabled user is told nothing.
    is_disabled: bool,
}

impl OnCall {
    fn of(steps: Vec<OnCallStep>) -> Self {
        let view = |on_call: OnCallStep| OnCallStepView {
            user: on_call.user.0,
            name: on_call.name,
            email: on_call.email,
            wait_minutes: on_call.step.wait.seconds() / 60,
            severity: on_call.step.from,
            is_disabled: on_call.is_disabled,
        };
        Self { steps: steps.into_iter().map(view).collect() }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewOnCall)]
pub struct OnCallRequest {
    /// At most 20, in the order in which they are told.
    steps: Vec<OnCallStepRequest>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewOnCallStep)]
pub struct OnCallStepRequest {
    /// The id of a user of the organisation who may acknowledge alerts.
    user: Uuid,
    /// 0 to 1440.
    wait_minutes: u32,
    #[schema(value_type = Severity)]
    severity: String,
}

/// Who is on call.
#[utoipa::path(tag = "alerts", responses((status = 200, body = OnCall)))]
#[get("/on-call")]
pub async fn show_on_call(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
) -> Result<HttpResponse, ApiError> {
    let steps = service.store.connect().await?.on_call(caller.organisation).await?;
    Ok(HttpResponse::Ok().json(OnCall::of(steps)))
}

/// Replaces the whole list. It holds at once, also for alerts of the last day that are open; who was told stays told.
#[utoipa::path(tag = "alerts", request_body = OnCallRequest, responses(
    (status = 200, body = OnCall), (status = 422, body = Problem)))]
#[put("/on-call")]
pub async fn replace_on_call(
    service: web::Data<Service>,
    caller: Caller<ManageAlerting>,
    request: HttpRequest,
    body: web::Json<OnCallRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    if body.steps.len() > MOST_STEPS {
        return Err(ApiError::Unprocessable(format!("steps: write at most {MOST_STEPS}")));
    }
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_alerting(caller.organisation).await?;
    let former = db.on_call(caller.organisation).await?;
    let mut free: Vec<(UserId, StepId)> = former.iter().map(|step| (step.user, step.step.id)).collect();
    let mut steps = Vec::new();
    for (place, asked) in body.steps.iter().enumerate() {
        let field = |name: &str| format!("steps[{place}].{name}");
        let user = able_user(&mut db, &caller, UserId(asked.user), &field("user")).await?;
        let (wait, from) = written(asked, field)?;
        // Who stays on the list is the same step wherever it is moved, and is not told again.
        let known = free.iter().position(|(who, _)| *who == user).map(|place| free.remove(place).1);
        let id = known.unwrap_or_else(|| StepId(Uuid::now_v7()));
        steps.push((Step { id, wait, from }, user));
    }
    db.replace_on_call(caller.organisation, &steps, now).await?;
    let list = OnCall::of(db.on_call(caller.organisation).await?);
    let detail = serde_json::json!({ "from": OnCall::of(former), "to": list });
    db.write_audit(&[caller.audit("on_call.changed", "on-call".to_owned(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &list).await
}

fn written(
    asked: &OnCallStepRequest,
    field: impl Fn(&str) -> String,
) -> Result<(Duration, Severity), ApiError> {
    let wait =
        Duration::from_seconds(i64::from(asked.wait_minutes) * 60).filter(|wait| *wait <= LONGEST_WAIT);
    let wait = wait.ok_or_else(|| {
        let most = LONGEST_WAIT.seconds() / 60;
        ApiError::Unprocessable(format!("{}: write 0 to {most} minutes", field("wait_minutes")))
    })?;
    let from = asked.severity.parse();
    let from = from.map_err(|error| ApiError::Unprocessable(format!("{}: {error}", field("severity"))))?;
    Ok((wait, from))
}

/// A user of the organisation itself who can log in and may acknowledge: the others could do nothing once they are woken.
async fn able_user(
    db: &mut Connection,
    caller: &Caller<ManageAlerting>,
    user: UserId,
    field: &str,
) -> Result<UserId, ApiError> {
    let sight = Sight::of(caller.organisation, caller.organisation);
    let nobody = |_| ApiError::Unprocessable(format!("{field}: there is no such user"));
    let found = db.user_record(sight, user).await.map_err(|error| match error {
        store::StoreError::NotFound => nobody(()),
        other => other.into(),
    })?;
    if found.organisation != caller.organisation {
        return Err(nobody(()));
    }
    if found.disabled_at.is_some() {
        return Err(ApiError::Unprocessable(format!("{field}: {} is disabled", found.email)));
    }
    if !found.role.may(Permission::AcknowledgeAlerts) {
        let role = found.role;
        return Err(ApiError::Unprocessable(format!(
            "{field}: {} may not acknowledge alerts as {role}: choose an admin, a coordinator or quality",
            found.email
        )));
    }
    Ok(user)
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AttemptOutcome {
    /// The mail server took it.
    Delivered,
    /// It is tried again.
    Failed,
    CalledOff,
}

/// An attempt to tell somebody of an alert.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    at: DateTime<Utc>,
    name: String,
    email: String,
    outcome: AttemptOutcome,
    /// The mail server's, or why it was called off.
    words: String,
    /// Of somebody on call, from 1; null: everybody of a role was told when the alert was raised or withdrawn.
    round: Option<i32>,
    step: Option<i32>,
    /// How many steps the list had.
    steps: Option<i32>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { at, name, email, outcome, words, step, .. } = attempt;
        let (round, place, steps) = step.map_or((None, None, None), |(r, p, n)| (Some(r), Some(p), Some(n)));
        let outcome = match outcome.as_str() {
            "delivered" => AttemptOutcome::Delivered,
            "called_off" => AttemptOutcome::CalledOff,
            _ => AttemptOutcome::Failed,
        };
        Self { at, name, email, outcome, words, round, step: place, steps }
    }
}

/// Every attempt to tell somebody of an alert, the earliest first.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<AttemptView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/alerts/{id}/attempts")]
pub async fn list_attempts(
    service: web::Data<Service>,
    caller: Caller<ReadAlerts>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let alert = db.alert(caller.organisation, AlertId(id.into_inner())).await.map_err(named("alert"))?;
    let rows = db.attempts(caller.organisation, alert.id, after, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |row| row.id.to_string(), AttemptView::from)))
}
