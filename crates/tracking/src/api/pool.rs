//! The tracker pool: somebody says that a tracker is back, or lost.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use domain::pool::{PoolState, Whereabouts};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, Connection, PooledTracker};
use utoipa::ToSchema;

use super::access::{BindTracker, Caller};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::text::{dev_eui, prose};
use super::trackers::Tracker;
use crate::Service;
use crate::live::Change;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReturnedRequest {
    /// A remark, in at most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Came with the empty boxes")]
    remark: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct LostRequest {
    /// Why, in at most 2000 characters.
    #[schema(example = "The hospital cannot find it")]
    reason: String,
}

/// A tracker is back: it may ride again.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path)), request_body = ReturnedRequest, responses(
    (status = 200, body = Tracker), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/trackers/{dev_eui}/returned")]
pub async fn note_returned(
    service: web::Data<Service>,
    caller: Caller<BindTracker>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<ReturnedRequest>,
) -> Result<HttpResponse, ApiError> {
    let remark = body.remark.as_deref().filter(|remark| !remark.trim().is_empty());
    let remark = remark.map(|remark| prose("remark", remark, 2000)).transpose()?;
    let once = Once::new(&request, &body)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let (pooled, now) = open(&service, &mut db, &caller, &path).await?;
    let state = pooled.whereabouts.state(now);
    if !pooled.whereabouts.may_be_returned(now) {
        let name = &pooled.tracker.name;
        return Err(ApiError::Conflict(match (state, &pooled.last_shipment) {
            (PoolState::Available, _) | (_, None) => format!("tracker {name} is not out"),
            (_, Some((_, reference))) => {
                format!("tracker {name} rides with shipment {reference}: end its ride first")
            }
        }));
    }
    db.note_returned(pooled.tracker.id, now).await?;
    let detail = serde_json::json!({ "dev_eui": pooled.tracker.dev_eui, "was": state, "remark": remark });
    finish(&service, db, once, &caller, (pooled, "tracker.returned", detail), now).await
}

/// A tracker is lost. It stays so until somebody says that it is back, whatever is heard of it.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path)), request_body = LostRequest, responses(
    (status = 200, body = Tracker), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/trackers/{dev_eui}/lost")]
pub async fn note_lost(
    service: web::Data<Service>,
    caller: Caller<BindTracker>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<LostRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = prose("reason", &body.reason, 2000)?;
    let once = Once::new(&request, &body)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let (pooled, now) = open(&service, &mut db, &caller, &path).await?;
    let state = pooled.whereabouts.state(now);
    if state == PoolState::Lost {
        return Err(ApiError::Conflict(format!("tracker {} is lost already", pooled.tracker.name)));
    }
    db.note_lost(pooled.tracker.id, now).await?;
    let detail = serde_json::json!({ "dev_eui": pooled.tracker.dev_eui, "was": state, "reason": reason });
    finish(&service, db, once, &caller, (pooled, "tracker.lost", detail), now).await
}

async fn open(
    service: &Service,
    db: &mut Connection,
    caller: &Caller<BindTracker>,
    path: &str,
) -> Result<(PooledTracker, DateTime<Utc>), ApiError> {
    let dev_eui = dev_eui(path)?;
    // No ride begins or ends meanwhile.
    db.lock_intake().await?;
    let pooled = db.pooled_tracker(caller.organisation, dev_eui).await.map_err(named("tracker"))?;
    Ok((pooled, (service.clock)()))
}

async fn finish(
    service: &Service,
    mut db: Connection,
    once: Once,
    caller: &Caller<BindTracker>,
    (pooled, action, detail): (PooledTracker, &'static str, serde_json::Value),
    now: DateTime<Utc>,
) -> Result<HttpResponse, ApiError> {
    let (organisation, dev_eui) = (caller.organisation, pooled.tracker.dev_eui);
    let subject = dev_eui.to_string();
    let entry = AuditEntry { organisation, actor: Some(caller.user), action, subject, detail };
    db.write_audit(&[entry], now).await?;
    let answer = Tracker::of(db.pooled_tracker(organisation, dev_eui).await?, now);
    let answer = once.finish(service, db, caller, StatusCode::OK, &answer).await?;
    service.live.publish([(organisation, Change::Tracker { dev_eui })]);
    Ok(answer)
}

/// Whether a tracker may be bound as far as its whereabouts go, and what speaks against it.
pub(super) fn check_free(pooled: &PooledTracker, now: DateTime<Utc>) -> Result<Option<String>, ApiError> {
    let Whereabouts { last_ride, lost_at, .. } = pooled.whereabouts;
    let (name, dev_eui) = (&pooled.tracker.name, pooled.tracker.dev_eui);
    let time = |at: Option<DateTime<Utc>>| {
        at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
    };
    match pooled.whereabouts.state(now) {
        PoolState::Available | PoolState::Bound => Ok(None),
        PoolState::ToReturn | PoolState::Overdue => {
            let reference = pooled.last_shipment.as_ref().map(|(_, reference)| reference.as_str());
            Ok(Some(format!(
                "tracker {name} left shipment {} at {}, and nobody has said that it is back: see that it is this one",
                reference.unwrap_or_default(),
                time(last_ride.and_then(|ride| ride.until)),
            )))
        }
        PoolState::Lost => Err(ApiError::Conflict(format!(
            "tracker {name} is lost since {}: if you have it, say first that it is back (POST /trackers/{dev_eui}/returned)",
            time(lost_at)
        ))),
    }
}
